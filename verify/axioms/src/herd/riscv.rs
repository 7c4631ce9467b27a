//! The instructions that `axioms/riscv.rs` speaks of.

use super::dialect::{Access, Dialect, Text, table};
use crate::order::Order;

pub(super) struct Riscv {
    pub(super) one_instruction: bool,
}

fn register(read: usize) -> String {
    format!("x{}", 5 + read)
}

fn status(read: usize) -> String {
    format!("x{}", 16 + read)
}

/// The register of a value that is written, and how it comes there.
fn value(access: &Access, value: u64) -> (&'static str, Vec<String>) {
    let lines = match access.depends.map(register) {
        None => vec![format!("ori x12,x0,{value}")],
        Some(read) => vec![format!("xor x13,{read},{read}"), format!("ori x12,x13,{value}")],
    };
    ("x12", lines)
}

fn amo(operation: &str, Access { order, address, read, .. }: &Access, value: &str) -> String {
    let bits = [(order.is_acquire(), ".aq"), (order.is_release(), ".rl")];
    let bits: String = bits.iter().filter(|(has, _)| *has).map(|(_, bit)| *bit).collect();
    format!("{operation}.w{bits} {},{value},({address})", register(*read))
}

fn load_reserved(Access { order, address, read, .. }: &Access) -> String {
    let bits = match order {
        Order::SeqCst => ".aq.rl",
        order if order.is_acquire() => ".aq",
        _ => "",
    };
    format!("lr.w{bits} {},({address})", register(*read))
}

fn store_conditional(Access { order, address, read, .. }: &Access, value: &str) -> String {
    let releases = if order.is_release() { ".rl" } else { "" };
    format!("sc.w{releases} {},{value},({address})", status(*read))
}

impl Dialect for Riscv {
    fn name(&self) -> &'static str {
        "RISCV"
    }

    fn address_of(&self, location: usize) -> Option<String> {
        Some(format!("x{}", 24 + location))
    }

    fn found(&self, read: usize) -> String {
        register(read)
    }

    /// A compare-and-swap is a pair in any case; what is no pair leaves the register at 0.
    fn status(&self, read: usize) -> Option<String> {
        Some(status(read))
    }

    fn depending(&self, address: &str, read: usize) -> (String, Vec<String>) {
        let read = register(read);
        ("x14".to_owned(), vec![format!("xor x13,{read},{read}"), format!("add x14,{address},x13")])
    }

    fn branch(&self, read: usize, label: &str) -> Vec<String> {
        vec![format!("bne {},x0,{label}", register(read)), format!("{label}:")]
    }

    fn fence(&self, order: Order) -> Vec<String> {
        let fence = match order {
            Order::SeqCst => "fence rw,rw",
            Order::Acquire => "fence r,rw",
            Order::Release => "fence rw,w",
            _ => "fence.tso",
        };
        vec![fence.to_owned()]
    }

    fn load(&self, Access { order, address, read, .. }: &Access) -> Vec<String> {
        let before = (*order == Order::SeqCst).then(|| "fence rw,rw".to_owned());
        let after = order.is_acquire().then(|| "fence r,rw".to_owned());
        let load = format!("lw {},0({address})", register(*read));
        before.into_iter().chain([load]).chain(after).collect()
    }

    fn store(&self, access: &Access, stored: u64) -> Vec<String> {
        let (register, mut lines) = value(access, stored);
        lines.extend(access.order.is_release().then(|| "fence rw,w".to_owned()));
        lines.push(format!("sw {register},0({})", access.address));
        lines
    }

    fn add(&self, access: &Access, added: u64) -> Vec<String> {
        if self.one_instruction {
            let (register, mut lines) = value(access, added);
            lines.push(amo("amoadd", access, register));
            return lines;
        }
        let add = format!("addi x12,{},{added}", register(access.read));
        vec![load_reserved(access), add, store_conditional(access, "x12")]
    }

    fn exchange(&self, access: &Access, new: u64) -> Vec<String> {
        let (register, mut lines) = value(access, new);
        if self.one_instruction {
            lines.push(amo("amoswap", access, register));
        } else {
            lines.extend([load_reserved(access), store_conditional(access, register)]);
        }
        lines
    }

    fn compare(
        &self,
        access: &Access,
        [expected, new]: [u64; 2],
        failure: Order,
        label: &str,
    ) -> Option<Vec<String>> {
        let (new, mut lines) = value(access, new);
        let stronger = match (access.order, failure) {
            (Order::Relaxed, Order::Acquire) => Order::Acquire,
            (Order::Release, Order::Acquire) => Order::AcqRel,
            (order, _) => order,
        };
        let access = &Access { order: stronger, ..*access };
        lines.extend([
            format!("ori x15,x0,{expected}"),
            load_reserved(access),
            format!("bne {},x15,{label}", register(access.read)),
            store_conditional(access, new),
            format!("{label}:"),
        ]);
        Some(lines)
    }

    fn body(&self, texts: &[Text], _: usize) -> String {
        table(texts)
    }
}
