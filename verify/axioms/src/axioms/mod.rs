//! What each model demands of an execution.

mod armv8;
mod language;
mod riscv;

use crate::execution::Execution;
use crate::model::{Model, Rules};
use crate::relation::Relation;

/// Whether `model` allows `execution`. If it does not, it allows no execution that has all of it and more.
pub(crate) fn allows(model: Model, execution: &Execution) -> bool {
    match model.rules() {
        Rules::Language { .. } => language::allows(model, execution),
        Rules::Armv8 { .. } => armv8::allows(model, execution),
        Rules::Riscv { .. } => riscv::allows(model, execution),
    }
}

/// Whether a plain access races with another one. Only in the language is that an error: a processor knows no
/// plain accesses.
pub(crate) fn has_race(model: Model, execution: &Execution) -> bool {
    matches!(model.rules(), Rules::Language { .. }) && language::has_race(model, execution)
}

/// `rb`, or `fr`: from a read to the writes after the one that it read.
fn overwritten(execution: &Execution) -> Relation {
    execution.read_from.inverse().then(&execution.modified)
}

/// No write of another thread comes between the halves of a read-modify-write.
fn is_atomic(execution: &Execution, overwritten: &Relation) -> bool {
    let between = execution.external(overwritten).then(&execution.external(&execution.modified));
    !execution.update.meets(&between)
}

/// The accesses of each location, alone, have one order.
fn is_coherent(execution: &Execution, overwritten: &Relation) -> bool {
    let in_order = execution.before.keep(|event| execution.same_location(event));
    in_order.or(&execution.read_from).or(&execution.modified).or(overwritten).is_acyclic()
}
