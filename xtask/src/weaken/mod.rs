//! Shows that each memory ordering and each fence of the library is needed: weakens them one at a time, and looks for a
//! model in which that breaks an execution.
//!
//! The orders have names in the library (`src/sync/orders.rs`), and its hook makes one of them weaker in the process of
//! a model. It shows that a model watches each of them, and that none is stronger than the models need. It cannot show
//! that they are strong enough: the models are for that. It does not know more about memory than loom.

mod judge;
mod models;
mod order;
mod reply;
mod table;
mod weaker;

use crate::lock::alone;
use crate::print::print;
use crate::workers::each;
use evidence::Guarantee::{G2, G3, G5};
use evidence::{Check, Line};
use judge::{Control, Judgement};
use order::Order;
use std::collections::BTreeSet;
use std::path::Path;
use table::{Row, table};

/// Weakens every order in every way.
pub fn weaken(root: &Path) -> Result<(), String> {
    alone(root, "weaken", || weaken_alone(root))
}

fn weaken_alone(root: &Path) -> Result<(), String> {
    let check =
        Check::of(&[G2, G3, G5], "weaken: every ordering and fence, one at a time, is needed by a model");
    let models = models::build(&root.join("loom-tests"))?;
    let controls: Vec<_> =
        each(&models, |model| judge::control(&models::run, model))?.into_iter().flatten().collect();
    print(format_args!("{} of {} tests are models that can be asked", controls.len(), models.len()))?;

    let mut jobs = Vec::new();
    for order in orders(&controls)? {
        jobs.extend(order.weaker()?.into_iter().map(|weaker| (order.clone(), weaker)));
    }
    let rows = each(&jobs, |(order, becomes)| {
        let judgement = judge::judge(&models::run, &order.name, *becomes, &controls)?;
        Ok(Row { order: order.clone(), becomes: *becomes, judgement })
    })?;
    print(table(&rows))?;

    let killed = killed(&rows)?;
    let count = killed.len();
    for (fault, how) in killed {
        print(Line::Caught { fault, how })?;
    }
    print(check.line(count, "weaker orders"))
}

/// The orders of the library: all models tell the same ones.
fn orders(controls: &[Control]) -> Result<BTreeSet<Order>, String> {
    let told: BTreeSet<_> =
        controls.iter().map(|control| &control.orders).filter(|it| !it.is_empty()).collect();
    match told.into_iter().collect::<Vec<_>>()[..] {
        [orders] => Ok(orders.clone()),
        [] => Err("no model tells the orders of the library".to_owned()),
        _ => Err("models tell different orders".to_owned()),
    }
}

/// What was weakened and killed, and how; `Err` names what was not killed.
fn killed(rows: &[Row]) -> Result<Vec<(String, String)>, String> {
    let (mut killed, mut others) = (Vec::new(), Vec::new());
    for row in rows {
        match &row.judgement {
            Judgement::Killed { model, time, .. } => {
                killed.push((row.fault(), format!("loom {model}, in {:.2} s", time.as_secs_f64())));
            }
            _ => others.push(row.fault()),
        }
    }
    if others.is_empty() {
        Ok(killed)
    } else {
        Err(format!("not shown to be needed:\n{}", others.join("\n")))
    }
}

#[cfg(test)]
mod tests;
