//! The core of the library with nothing around it: a gate in a static, moved by hand. Exits with 0 if it
//! decided as it should.

#![no_std]
#![no_main]

use atomic_throttle::gate::{Arrival, Fired};
use atomic_throttle::state::Request;
use atomic_throttle::{Clock, Gate, Manual, Threshold, Timestamp};
use core::arch::asm;
use core::panic::PanicInfo;

static GATE: Gate = Gate::new(Threshold::from_nanos(10));
static CLOCK: Manual = Manual::new(Timestamp::from_nanos(1));

fn decides_as_it_should() -> bool {
    let Arrival::Run(run) = GATE.arrive(CLOCK.now()) else { return false };
    run.finish();
    let Arrival::Defer(deferral) = GATE.arrive(CLOCK.now()) else { return false };
    CLOCK.set(deferral.due());
    let Fired::Run(run) = deferral.fire(CLOCK.now()) else { return false };
    run.finish();
    GATE.try_start(CLOCK.now()).is_err() && claims_what_was_requested()
}

/// As an interrupt handler asks, and a main loop performs.
fn claims_what_was_requested() -> bool {
    let (Request::Requested, epoch) = GATE.request() else { return false };
    let (Request::Coalesced, _) = GATE.request() else { return false };
    let Fired::Early { deferral, due } = GATE.claim(epoch).fire(CLOCK.now()) else { return false };
    let epoch = deferral.detach();
    CLOCK.set(due);
    let Fired::Run(run) = GATE.claim(epoch).fire(CLOCK.now()) else { return false };
    run.finish();
    !GATE.state().is_pending()
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    exit(i32::from(!decides_as_it_should()))
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    exit(101)
}

/// `exit_group(2)`: there is no C library to call.
fn exit(status: i32) -> ! {
    const EXIT_GROUP: u64 = 231;
    // SAFETY: the call takes one integer, touches no memory of this program and does not return.
    unsafe {
        asm!("syscall", in("rax") EXIT_GROUP, in("rdi") i64::from(status), options(noreturn, nostack));
    }
}
