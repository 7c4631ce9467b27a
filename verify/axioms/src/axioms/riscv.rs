//! RISC-V: the model RVWMO, from the chapter of that name in the unprivileged manual, in the form of its
//! appendix on axioms (`riscv.cat`): a global order that keeps the *preserved program order*, whose thirteen
//! rules stand below by their numbers.
//!
//! The accesses are compiled as its table "Mappings from C/C++ primitives to RISC-V primitives" says and LLVM
//! does: loads and stores with `fence` before or after, a read-modify-write with `aq` and `rl`. A
//! compare-and-swap is `lr` and `sc`. An addition or an exchange is so, too, or one `amo`.

use super::{is_atomic, is_coherent, overwritten};
use crate::execution::Execution;
use crate::model::{Departure, Model, Rules};
use crate::relation::{Events, Relation};

pub(super) fn allows(model: Model, execution: &Execution) -> bool {
    let overwritten = overwritten(execution);
    if !model.has(Departure::NoAtomicity) && !is_atomic(execution, &overwritten) {
        return false;
    }
    if !model.has(Departure::NoCoherence) && !is_coherent(execution, &overwritten) {
        return false;
    }
    let Execution { before, read_from, modified, .. } = execution;
    if model.has(Departure::OneOrder) {
        return before.or(read_from).or(modified).or(&overwritten).is_acyclic();
    }
    let reads =
        if model.has(Departure::ForwardingOrders) { *read_from } else { execution.external(read_from) };
    let mut order = preserved(model, execution);
    if !model.has(Departure::NothingObserved) {
        order = order.or(&reads).or(modified).or(&overwritten);
    }
    if model.rules() == (Rules::Riscv { one_instruction: true }) && !model.has(Departure::AmoInHalves) {
        order = with_whole_amos(execution, &order);
    }
    order.is_acyclic()
}

/// An `amo` is one operation, so what comes after its read comes after its write, and what comes before its write
/// comes before its read.
fn with_whole_amos(Execution { update, compared, .. }: &Execution, order: &Relation) -> Relation {
    let halves = update.from(!compared);
    let back = halves.inverse();
    let order = order.without(&halves);
    let after = order.or(&back.then(&order));
    after.or(&after.then(&back)).or(&halves)
}

/// `ppo`
fn preserved(model: Model, execution: &Execution) -> Relation {
    let Execution { before, address, data, control, update, reads, writes, .. } = execution;
    let accesses = reads | writes;
    let at_one_place = before.keep(|event| execution.same_location(event));
    let forwarded = execution.internal(&execution.read_from);
    let (acquiring, releasing) = annotated(model, execution);
    let annotated = acquiring | releasing;
    let rules = [
        (1, at_one_place.from(accesses).to(*writes)),
        (2, reads_of_two_writes(execution, &at_one_place)),
        (3, forwarded.from(update.range())),
        (4, fences(model, execution)),
        (5, before.from(acquiring).to(accesses)),
        (6, before.from(accesses).to(releasing)),
        (7, before.from(annotated).to(annotated)),
        (8, *update),
        (9, *address),
        (10, *data),
        (11, control.to(*writes)),
        (12, address.or(data).to(*writes).then(&forwarded)),
        (13, address.to(accesses).then(&before.to(*writes))),
    ];
    let kept = rules.iter().filter(|(number, _)| !model.has(Departure::NoRule(*number)));
    kept.fold(Relation::EMPTY, |all, (_, rule)| all.or(rule))
}

/// Two reads of one location without a write between them in their thread, which take their values from two
/// writes.
fn reads_of_two_writes(execution: &Execution, at_one_place: &Relation) -> Relation {
    let Execution { reads, writes, read_from, .. } = execution;
    let past_a_write = at_one_place.to(*writes).then(at_one_place);
    let of_one_write = read_from.inverse().then(read_from);
    at_one_place.from(*reads).to(*reads).without(&past_a_write).without(&of_one_write)
}

/// The accesses with `aq`, and those with `rl`. Both bits are `RCsc`.
fn annotated(model: Model, execution: &Execution) -> (Events, Events) {
    let Execution { acquire, release, seq_cst, reads, writes, update, exclusive, compared, .. } = execution;
    let written = update.range();
    // `lr.aq` and `sc.rl`; an SC one is `lr.aqrl` and `sc.rl`.
    let mut acquiring = acquire & reads & exclusive;
    let mut releasing = release & writes & written | seq_cst & reads & exclusive;
    if model.rules() == (Rules::Riscv { one_instruction: true }) {
        // An `amo` is one operation, so both its halves have both bits.
        let one = (exclusive | written) & !compared;
        acquiring |= acquire & one;
        releasing |= release & one;
    }
    (acquiring, releasing)
}

/// All fences, those that belong to loads and stores as well.
fn fences(model: Model, execution: &Execution) -> Relation {
    let Execution { before, reads, writes, fences, acquire, release, seq_cst, exclusive, update, .. } =
        execution;
    let accesses = reads | writes;
    let between = |from: Events, fence: Events, to: Events| before.from(from).to(fence).then(&before.to(to));
    let (mut full, acquiring, releasing) = (seq_cst & fences, acquire & fences, release & fences);
    if model.has(Departure::EveryFenceSc) {
        full = *fences;
    }
    // `fence rw,rw`; `fence r,rw`; `fence rw,w`. What both acquires and releases is `fence.tso`.
    let both = acquiring & releasing;
    let by_themselves = between(accesses, full, accesses)
        .or(&between(*reads, acquiring, accesses))
        .or(&between(accesses, releasing & !both, *writes))
        .or(&between(*writes, both, *writes));
    let loads = reads & !exclusive;
    let stores = writes & !update.range();
    // A load with `fence r,rw` after it, an SC one with `fence rw,rw` before it; a store with `fence rw,w` before it.
    let after_load = Relation::identity(acquire & loads).or(&before.from(*reads).to(acquire & loads));
    let before_store = Relation::identity(release & stores).or(&before.from(release & stores).to(*writes));
    let before_load = Relation::identity(seq_cst & loads).or(&before.from(seq_cst & loads).to(accesses));
    by_themselves
        .or(&after_load.then(&before.to(accesses)))
        .or(&before.from(accesses).then(&before_store))
        .or(&before.from(accesses).then(&before_load))
}
