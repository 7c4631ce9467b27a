//! `ARMv8`: Pulte, Flur, Deacon, French, Sarkar, Sewell, *Simplifying ARM Concurrency*, POPL 2018, section 4, and
//! `aarch64.cat`. The names of the paper stand beside ours. One rule is weaker than in the paper, as it is in the
//! manual since issue H.a: a read-modify-write may be read back early, also by a load that acquires.
//!
//! The accesses are compiled as LLVM does it. An acquiring load is `ldapr`, which is the weaker choice, and an
//! SC load is `ldar`. A releasing or SC store is `stlr`. A fence that only acquires is `dmb ishld`, each other
//! one is `dmb ish`. A read-modify-write is a pair of exclusives, or one instruction of LSE: `ldaxr` or the `a`
//! form if it acquires, `stlxr` or the `l` form if it releases. There is no `isb`.

use super::{is_atomic, is_coherent, overwritten};
use crate::execution::Execution;
use crate::model::{Departure, Model, Rules};
use crate::relation::{Events, Relation};

pub(super) fn allows(model: Model, execution: &Execution) -> bool {
    let overwritten = overwritten(execution);
    if !model.has(Departure::NoAtomicity) && !is_atomic(execution, &overwritten) {
        return false;
    }
    // "internal"
    if !model.has(Departure::NoCoherence) && !is_coherent(execution, &overwritten) {
        return false;
    }
    let Execution { before, read_from, modified, .. } = execution;
    if model.has(Departure::OneOrder) {
        return before.or(read_from).or(modified).or(&overwritten).is_acyclic();
    }
    // "external"
    ordered(model, execution, &overwritten).is_acyclic()
}

/// One step of `ob`.
fn ordered(model: Model, execution: &Execution, overwritten: &Relation) -> Relation {
    let reads = if model.has(Departure::ForwardingOrders) {
        execution.read_from
    } else {
        execution.external(&execution.read_from)
    };
    // `obs`
    let observed = if model.has(Departure::NothingObserved) {
        Relation::EMPTY
    } else {
        reads.or(&execution.external(overwritten)).or(&execution.external(&execution.modified))
    };
    observed
        .or(&by_dependencies(model, execution))
        .or(&by_updates(model, execution))
        .or(&by_barriers(model, execution))
}

/// `dob`, without `isb`.
fn by_dependencies(model: Model, execution: &Execution) -> Relation {
    let Execution { before, address, data, control, writes, .. } = execution;
    let without = |departure, relation: &Relation| {
        if model.has(departure) { Relation::EMPTY } else { *relation }
    };
    let forwarded = address.or(data).then(&execution.internal(&execution.read_from));
    without(Departure::NoAddresses, &address.or(&address.then(before).to(*writes)))
        .or(&without(Departure::NoData, &data.or(&data.then(&execution.internal(&execution.modified)))))
        .or(&without(Departure::NoControl, &control.to(*writes)))
        .or(&without(Departure::NoForwarding, &forwarded))
}

/// `aob`
fn by_updates(model: Model, execution: &Execution) -> Relation {
    if model.has(Departure::NoUpdateOrder) {
        return Relation::EMPTY;
    }
    let forwarded = execution.internal(&execution.read_from).to(execution.acquire & execution.reads);
    execution.update.or(&execution.update.then(&forwarded))
}

/// `bob`
fn by_barriers(model: Model, execution: &Execution) -> Relation {
    let Execution { before, reads, writes, acquire, release, seq_cst, fences, update, .. } = execution;
    let unless = |departure, events: Events| if model.has(departure) { 0 } else { events };
    let acquiring = unless(Departure::NoAcquireLoads, acquire & reads);
    // `A`, and not `Q`: an acquiring load that is not SC is `ldapr`.
    let ldar = acquiring & (seq_cst | update.domain());
    let releasing = unless(Departure::NoReleaseStores, release & writes);
    let mut full = unless(Departure::NoFullBarriers, release & fences);
    let mut of_loads = unless(Departure::NoLoadBarriers, acquire & !release & fences);
    if model.has(Departure::EveryFenceSc) {
        full |= of_loads;
        of_loads = 0;
    }
    let mut order = before.to(full).then(before);
    order = order.or(&before.from(*reads).to(of_loads).then(before));
    order = order.or(&before.from(acquiring)).or(&before.to(releasing));
    order = order.or(&before.to(releasing).then(&execution.internal(&execution.modified)));
    if !model.has(Departure::NoReleaseToAcquire) {
        order = order.or(&before.from(releasing).to(ldar));
    }
    if model.rules() == (Rules::Armv8 { one_instruction: true }) && !model.has(Departure::NoUpdateBarrier) {
        let both = update.from(acquiring).to(releasing);
        order = order.or(&before.then(&both).then(before));
    }
    order
}
