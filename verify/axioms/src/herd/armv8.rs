//! The instructions that `axioms/armv8.rs` speaks of.

use super::dialect::{Access, Dialect, Text, table};
use crate::order::Order;

pub(super) struct Armv8 {
    pub(super) one_instruction: bool,
}

/// The register of a value that is written, and how it comes there.
fn value(access: &Access, value: u64) -> (&'static str, Vec<String>) {
    let lines = match access.depends {
        None => vec![format!("MOV W6,#{value}")],
        Some(read) => vec![format!("EOR W7,W{read},W{read}"), format!("ADD W6,W7,#{value}")],
    };
    ("W6", lines)
}

fn letters(order: Order) -> String {
    format!("{}{}", if order.is_acquire() { "A" } else { "" }, if order.is_release() { "L" } else { "" })
}

fn exclusive_load(Access { order, address, read, .. }: &Access) -> String {
    let acquires = if order.is_acquire() { "A" } else { "" };
    format!("LD{acquires}XR W{read},[{address}]")
}

fn exclusive_store(Access { order, address, read, .. }: &Access, value: &str) -> String {
    let releases = if order.is_release() { "L" } else { "" };
    format!("ST{releases}XR W{},{value},[{address}]", 10 + read)
}

impl Dialect for Armv8 {
    fn name(&self) -> &'static str {
        "AArch64"
    }

    fn address_of(&self, location: usize) -> Option<String> {
        Some(format!("X{}", 20 + location))
    }

    fn found(&self, read: usize) -> String {
        format!("X{read}")
    }

    fn status(&self, read: usize) -> Option<String> {
        (!self.one_instruction).then(|| format!("X{}", 10 + read))
    }

    fn depending(&self, address: &str, read: usize) -> (String, Vec<String>) {
        let lines = vec![format!("EOR W7,W{read},W{read}"), format!("ADD X8,{address},W7,SXTW")];
        ("X8".to_owned(), lines)
    }

    fn branch(&self, read: usize, label: &str) -> Vec<String> {
        vec![format!("CBNZ W{read},{label}"), format!("{label}:")]
    }

    fn fence(&self, order: Order) -> Vec<String> {
        vec![if order == Order::Acquire { "DMB ISHLD" } else { "DMB ISH" }.to_owned()]
    }

    fn load(&self, Access { order, address, read, .. }: &Access) -> Vec<String> {
        let instruction = match order {
            Order::SeqCst => "LDAR",
            Order::Acquire => "LDAPR",
            _ => "LDR",
        };
        vec![format!("{instruction} W{read},[{address}]")]
    }

    fn store(&self, access: &Access, stored: u64) -> Vec<String> {
        let (register, mut lines) = value(access, stored);
        let instruction = if access.order.is_release() { "STLR" } else { "STR" };
        lines.push(format!("{instruction} {register},[{}]", access.address));
        lines
    }

    fn add(&self, access: &Access, added: u64) -> Vec<String> {
        let Access { order, address, read, .. } = access;
        if self.one_instruction {
            let (register, mut lines) = value(access, added);
            lines.push(format!("LDADD{} {register},W{read},[{address}]", letters(*order)));
            return lines;
        }
        vec![exclusive_load(access), format!("ADD W6,W{read},#{added}"), exclusive_store(access, "W6")]
    }

    fn exchange(&self, access: &Access, new: u64) -> Vec<String> {
        let Access { order, address, read, .. } = access;
        let (register, mut lines) = value(access, new);
        if self.one_instruction {
            lines.push(format!("SWP{} {register},W{read},[{address}]", letters(*order)));
        } else {
            lines.extend([exclusive_load(access), exclusive_store(access, register)]);
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
        let Access { order, address, read, .. } = access;
        let acquires = order.is_acquire() || failure.is_acquire();
        let order = match (acquires, order.is_release()) {
            (true, true) => Order::AcqRel,
            (true, false) => Order::Acquire,
            (false, true) => Order::Release,
            (false, false) => Order::Relaxed,
        };
        let access = &Access { order, ..*access };
        let (register, mut lines) = value(access, new);
        if self.one_instruction {
            lines.push(format!("MOV W{read},#{expected}"));
            lines.push(format!("CAS{} W{read},{register},[{address}]", letters(order)));
            return Some(lines);
        }
        lines.extend([
            exclusive_load(access),
            format!("CMP W{read},#{expected}"),
            format!("B.NE {label}"),
            exclusive_store(access, register),
            format!("{label}:"),
        ]);
        Some(lines)
    }

    fn body(&self, texts: &[Text], _: usize) -> String {
        table(texts)
    }
}
