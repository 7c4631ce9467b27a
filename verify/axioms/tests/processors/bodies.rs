//! The threads that several rows have in common. In their names a write stands before the barrier that follows
//! it, `full` is a full barrier, and a dependency is on the read before it.

use axioms::Dependency::{Address, Control, Data};
use axioms::Order::{Acquire, Relaxed, SeqCst};
use axioms::{Dependency, Location, Order, Thread};

type Places = [Location; 3];

fn write_fence_write(
    t: &mut Thread,
    first: (Location, u64),
    fence: Order,
    second: (Location, u64),
) -> [u64; 2] {
    t.store(first.0, first.1, Relaxed);
    t.fence(fence);
    t.store(second.0, second.1, Relaxed);
    [0; 2]
}

fn write_fence_read(t: &mut Thread, written: Location, fence: Order, read: Location) -> [u64; 2] {
    t.store(written, 1, Relaxed);
    t.fence(fence);
    [t.load(read, Relaxed), 0]
}

fn read_fence_read(t: &mut Thread, first: Location, fence: Order, second: Location) -> [u64; 2] {
    let seen = t.load(first, Relaxed);
    t.fence(fence);
    [seen, t.load(second, Relaxed)]
}

fn read_fence_write(t: &mut Thread, read: Location, fence: Order, written: Location) -> [u64; 2] {
    let seen = t.load(read, Relaxed);
    t.fence(fence);
    t.store(written, 1, Relaxed);
    [seen, 0]
}

fn read_depending_read(t: &mut Thread, first: Location, how: Dependency, second: Location) -> [u64; 2] {
    let seen = t.load(first, Relaxed);
    t.depend(how);
    [seen, t.load(second, Relaxed)]
}

fn read_write(t: &mut Thread, read: Location, how: Option<Dependency>, written: Location) -> [u64; 2] {
    let seen = t.load(read, Relaxed);
    if let Some(how) = how {
        t.depend(how);
    }
    t.store(written, 1, Relaxed);
    [seen, 0]
}

pub fn wx(t: &mut Thread, [x, ..]: &Places) -> [u64; 2] {
    t.store(*x, 1, Relaxed);
    [0; 2]
}

pub fn wy(t: &mut Thread, [_, y, _]: &Places) -> [u64; 2] {
    t.store(*y, 1, Relaxed);
    [0; 2]
}

pub fn wx_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_write(t, (x, 1), Relaxed, (y, 1))
}

pub fn wx_full_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_write(t, (x, 1), SeqCst, (y, 1))
}

/// As the first thread of S and of 2+2W, which ends with the value 2 of `x`.
pub fn wx2_full_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_write(t, (x, 2), SeqCst, (y, 1))
}

pub fn wx2_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_write(t, (x, 2), Relaxed, (y, 1))
}

/// As the first thread of R.
pub fn wx_full_wy2(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_write(t, (x, 1), SeqCst, (y, 2))
}

pub fn wy2_full_wx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_write(t, (y, 2), SeqCst, (x, 1))
}

pub fn wy2_wx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_write(t, (y, 2), Relaxed, (x, 1))
}

pub fn wx_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_read(t, x, Relaxed, y)
}

pub fn wx_full_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_read(t, x, SeqCst, y)
}

pub fn wy_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_read(t, y, Relaxed, x)
}

pub fn wy_full_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_read(t, y, SeqCst, x)
}

pub fn wx_acquire_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_read(t, x, Acquire, y)
}

pub fn wy_acquire_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    write_fence_read(t, y, Acquire, x)
}

pub fn ry_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_fence_read(t, y, Relaxed, x)
}

pub fn rx_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_fence_read(t, x, Relaxed, y)
}

pub fn ry_full_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_fence_read(t, y, SeqCst, x)
}

pub fn rx_full_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_fence_read(t, x, SeqCst, y)
}

pub fn ry_acquire_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_fence_read(t, y, Acquire, x)
}

pub fn ry_address_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_depending_read(t, y, Address, x)
}

pub fn rx_address_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_depending_read(t, x, Address, y)
}

pub fn ry_control_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_depending_read(t, y, Control, x)
}

pub fn rx_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, x, None, y)
}

pub fn rx_full_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_fence_write(t, x, SeqCst, y)
}

pub fn rx_acquire_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_fence_write(t, x, Acquire, y)
}

pub fn ry_wx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, y, None, x)
}

pub fn rx_data_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, x, Some(Data), y)
}

pub fn ry_data_wx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, y, Some(Data), x)
}

pub fn rx_control_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, x, Some(Control), y)
}

pub fn ry_control_wx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, y, Some(Control), x)
}

pub fn rx_address_wy(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, x, Some(Address), y)
}

pub fn ry_address_wx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    read_write(t, y, Some(Address), x)
}

/// Reads `y`, writes `z` depending on that, reads `z`, and reads `x` depending on that.
fn forwarding(t: &mut Thread, [x, y, z]: Places, how: Dependency) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.depend(how);
    t.store(z, 1, Relaxed);
    t.load(z, Relaxed);
    t.depend(Address);
    [seen, t.load(x, Relaxed)]
}

/// PPOCA.
pub fn ry_control_wz_rz_address_rx(t: &mut Thread, &places: &Places) -> [u64; 2] {
    forwarding(t, places, Control)
}

/// PPOAA.
pub fn ry_address_wz_rz_address_rx(t: &mut Thread, &places: &Places) -> [u64; 2] {
    forwarding(t, places, Address)
}

pub fn ry_data_wz_rz_address_rx(t: &mut Thread, &places: &Places) -> [u64; 2] {
    forwarding(t, places, Data)
}

/// The value that it forwards is not the one that depends on the read.
pub fn ry_data_wz_wz_rz_address_rx(t: &mut Thread, &[x, y, z]: &Places) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.depend(Data);
    t.store(z, 1, Relaxed);
    t.store(z, 2, Relaxed);
    let forwarded = t.load(z, Relaxed);
    t.depend(Address);
    let last = t.load(x, Relaxed);
    [seen, if forwarded == 2 { last } else { 9 }]
}

/// An address depends on the read; the write stands behind that access.
pub fn ry_address_rz_wx(t: &mut Thread, &[x, y, z]: &Places) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.depend(Address);
    t.load(z, Relaxed);
    t.store(x, 1, Relaxed);
    [seen, 0]
}

/// Fri-rfi: it overwrites what it has read, and reads that back.
pub fn ry_wy2_ry_address_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.store(y, 2, Relaxed);
    let own = t.load(y, Relaxed);
    t.depend(Address);
    let last = t.load(x, Relaxed);
    [seen, if own == 2 { last } else { 9 }]
}

/// RSW and RDW: two reads of `z` in the middle. It returns what it saw of `y` and `x`, and 10 more if the two
/// reads of `z` differ.
pub fn ry_address_rz_rz_address_rx(t: &mut Thread, &[x, y, z]: &Places) -> [u64; 2] {
    let seen = t.load(y, Relaxed);
    t.depend(Address);
    let first = t.load(z, Relaxed);
    let second = t.load(z, Relaxed);
    t.depend(Address);
    let last = t.load(x, Relaxed);
    [seen, if first == second { last } else { 10 + last }]
}

pub fn wz(t: &mut Thread, [.., z]: &Places) -> [u64; 2] {
    t.store(*z, 1, Relaxed);
    [0; 2]
}

/// Writes, reads that back, and reads another one depending on that.
pub fn wx_rx_address_ry(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(x, 1, Relaxed);
    read_depending_read(t, x, Address, y)
}

pub fn wy_ry_address_rx(t: &mut Thread, &[x, y, _]: &Places) -> [u64; 2] {
    t.store(y, 1, Relaxed);
    read_depending_read(t, y, Address, x)
}

pub fn ry_data_wz(t: &mut Thread, &[_, y, z]: &Places) -> [u64; 2] {
    read_write(t, y, Some(Data), z)
}

pub fn rz_address_rx(t: &mut Thread, &[x, _, z]: &Places) -> [u64; 2] {
    read_depending_read(t, z, Address, x)
}
