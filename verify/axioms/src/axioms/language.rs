//! The language: the axioms of RC11, section 3 of the paper that the crate's documentation names. The paper's names for the
//! relations stand beside ours.

use crate::execution::Execution;
use crate::model::{Departure, Model, Rules};
use crate::relation::{Events, Relation, members};

pub(super) fn allows(model: Model, execution: &Execution) -> bool {
    let in_order = execution.before.or(&execution.read_from);
    if !model.buffers() && !in_order.is_acyclic() {
        return false;
    }
    let overwritten = super::overwritten(execution);
    if model.has(Departure::OneOrder) && !in_order.or(&execution.modified).or(&overwritten).is_acyclic() {
        return false;
    }
    if !model.has(Departure::NoAtomicity) && execution.update.meets(&overwritten.then(&execution.modified)) {
        return false;
    }
    let happens_before = happens_before(model, execution);
    // `eco`: everything that the values show about the order of two accesses.
    let observed = execution.read_from.or(&execution.modified).or(&overwritten).closure();
    if !model.has(Departure::NoCoherence) && !happens_before.then(&observed.maybe()).is_irreflexive() {
        return false;
    }
    sequentially_consistent_where_asked(model, execution, &happens_before, &overwritten, &observed)
}

/// `hb`.
fn happens_before(model: Model, execution: &Execution) -> Relation {
    execution.before.or(&synchronizes_with(model, execution)).closure()
}

/// Whether a plain access races with another one, plain or atomic.
pub(super) fn has_race(model: Model, execution: &Execution) -> bool {
    let happens_before = happens_before(model, execution);
    let plain = (execution.reads | execution.writes) & !execution.atomic;
    members(plain).any(|access| {
        let mut conflicting = execution.same_location(access) & !(1 << access);
        if execution.reads >> access & 1 == 1 {
            conflicting &= execution.writes;
        }
        members(conflicting)
            .any(|other| !happens_before.has(access, other) && !happens_before.has(other, access))
    })
}

/// `sw`.
fn synchronizes_with(model: Model, execution: &Execution) -> Relation {
    let Execution { before, read_from, release, acquire, fences, atomic, reads, .. } = execution;
    if model.has(Departure::NothingSynchronizes) {
        return Relation::EMPTY;
    }
    if model.has(Departure::RelaxedSynchronizes) {
        return *read_from;
    }
    let mut released = Relation::identity(*release);
    if !model.has(Departure::NoReleaseFences) {
        released = released.or(&before.from(release & fences));
    }
    let mut acquired = Relation::identity(*acquire);
    if !model.has(Departure::NoAcquireFences) {
        acquired = acquired.or(&before.to(acquire & fences));
    }
    let read = read_from.to(reads & atomic);
    released.then(&release_sequence(model, execution)).then(&read).then(&acquired)
}

/// `rs`.
fn release_sequence(model: Model, execution: &Execution) -> Relation {
    let atomic_writes = execution.writes & execution.atomic;
    let mut head = Relation::identity(atomic_writes);
    if matches!(model.rules(), Rules::Language { same_thread_continues_a_release: true, .. }) {
        let later = execution.before.from(execution.writes).to(atomic_writes);
        head = head.or(&later.keep(|event| execution.same_location(event)));
    }
    if model.has(Departure::NoReleaseSequences) {
        return head;
    }
    if model.has(Departure::EndlessReleaseSequences) {
        return head.then(&execution.modified.maybe());
    }
    head.then(&execution.read_from.then(&execution.update).closure().maybe())
}

/// The SC axiom: `psc_base` and `psc_F`, together without a cycle.
fn sequentially_consistent_where_asked(
    model: Model,
    execution: &Execution,
    happens_before: &Relation,
    overwritten: &Relation,
    observed: &Relation,
) -> bool {
    let mut fences = execution.seq_cst & execution.fences;
    if model.has(Departure::EveryFenceSc) {
        fences = execution.fences;
    }
    let of_accesses = if model.has(Departure::NoScAccesses) {
        Relation::EMPTY
    } else {
        between_sc(model, execution, fences, happens_before, overwritten)
    };
    let of_fences = if model.has(Departure::NoScFences) {
        Relation::EMPTY
    } else {
        let through = happens_before.then(observed).then(happens_before);
        happens_before.or(&through).from(fences).to(fences)
    };
    of_accesses.or(&of_fences).is_acyclic()
}

/// `psc_base`: from SC access or fence to SC access or fence, by way of `scb`.
fn between_sc(
    model: Model,
    execution: &Execution,
    fences: Events,
    happens_before: &Relation,
    overwritten: &Relation,
) -> Relation {
    let accesses = execution.seq_cst & !execution.fences;
    let elsewhere = execution.before.keep(|event| !execution.same_location(event));
    let mut ordered = execution
        .before
        .or(&elsewhere.then(happens_before).then(&elsewhere))
        .or(&happens_before.keep(|event| execution.same_location(event)))
        .or(&execution.modified)
        .or(overwritten);
    if model.has(Departure::StrongScAccesses) {
        ordered = ordered.or(happens_before);
    }
    let from = Relation::identity(accesses).or(&happens_before.maybe().from(fences));
    let to = Relation::identity(accesses).or(&happens_before.maybe().to(fences));
    from.then(&ordered).then(&to)
}
