//! C11, in the part of it that the simulator reads. It knows no dependencies.

use super::dialect::{Access, Dialect, Text};
use super::name;
use crate::order::Order;

pub(super) struct Language;

fn memory_order(order: Order) -> &'static str {
    match order {
        Order::NonAtomic => unreachable!("a plain access has none"),
        Order::Relaxed => "memory_order_relaxed",
        Order::Acquire => "memory_order_acquire",
        Order::Release => "memory_order_release",
        Order::AcqRel => "memory_order_acq_rel",
        Order::SeqCst => "memory_order_seq_cst",
    }
}

fn update(operation: &str, Access { order, address, read, .. }: &Access, value: u64) -> Vec<String> {
    let order = memory_order(*order);
    vec![format!("int r{read} = atomic_{operation}_explicit({address},{value},{order});")]
}

impl Dialect for Language {
    fn name(&self) -> &'static str {
        "C"
    }

    fn address_of(&self, _: usize) -> Option<String> {
        None
    }

    fn found(&self, read: usize) -> String {
        format!("r{read}")
    }

    fn status(&self, _: usize) -> Option<String> {
        None
    }

    fn depending(&self, address: &str, _: usize) -> (String, Vec<String>) {
        (address.to_owned(), Vec::new())
    }

    fn branch(&self, _: usize, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn fence(&self, order: Order) -> Vec<String> {
        vec![format!("atomic_thread_fence({});", memory_order(order))]
    }

    fn load(&self, Access { order, address, read, .. }: &Access) -> Vec<String> {
        vec![match order {
            Order::NonAtomic => format!("int r{read} = *{address};"),
            order => format!("int r{read} = atomic_load_explicit({address},{});", memory_order(*order)),
        }]
    }

    fn store(&self, Access { order, address, .. }: &Access, value: u64) -> Vec<String> {
        vec![match order {
            Order::NonAtomic => format!("*{address} = {value};"),
            order => format!("atomic_store_explicit({address},{value},{});", memory_order(*order)),
        }]
    }

    fn add(&self, access: &Access, added: u64) -> Vec<String> {
        update("fetch_add", access, added)
    }

    fn exchange(&self, access: &Access, new: u64) -> Vec<String> {
        update("exchange", access, new)
    }

    /// The simulator would keep what is expected in a location of its own.
    fn compare(&self, _: &Access, _: [u64; 2], _: Order, _: &str) -> Option<Vec<String>> {
        None
    }

    fn body(&self, texts: &[Text], locations: usize) -> String {
        let names: Vec<_> =
            (0..locations).map(|location| format!("volatile int* {}", name(location))).collect();
        let thread = |(thread, text): (usize, &Text)| {
            format!("P{thread} ({}) {{\n  {}\n}}\n", names.join(", "), text.lines.join("\n  "))
        };
        texts.iter().enumerate().map(thread).collect()
    }
}
