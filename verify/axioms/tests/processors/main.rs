//! Compares the models of the processors with known verdicts, allowed and forbidden, as `litmus` compares that of
//! the language. The programs name their dependencies, so the models know them here.

mod armv8;
mod bodies;
mod common;
mod riscv;
mod row;

use axioms::{Departure, FinalState, Model};
use evidence::Check;
use evidence::Guarantee::{G2, G3, G5};
use row::Row;
use std::collections::BTreeSet;
use watchdog as _;

struct Processor {
    name: &'static str,
    /// Each read-modify-write as a pair of instructions, and as one.
    models: [Model; 2],
    rows: Vec<Row>,
    /// The faults of both, and those of the second alone.
    departures: Vec<Departure>,
    of_one_instruction: Vec<Departure>,
}

fn processors() -> [Processor; 2] {
    [
        Processor {
            name: "ARMv8",
            models: [Model::ARMV8, Model::ARMV8_LSE],
            rows: armv8::rows(),
            departures: Departure::OF_ARMV8.to_vec(),
            of_one_instruction: vec![Departure::NoUpdateBarrier],
        },
        Processor {
            name: "RISC-V",
            models: [Model::RISCV, Model::RISCV_AMO],
            rows: riscv::rows(),
            departures: Departure::OF_RISCV.to_vec(),
            of_one_instruction: vec![Departure::AmoInHalves],
        },
    ]
}

impl Processor {
    /// The rows for which `model` gives another verdict than the known one.
    fn wrong(&self, pairs: bool, model: Model) -> Vec<&str> {
        let is_wrong = |row: &&Row| (row.program.judge(model).count(row.asked) > 0) != row.is_allowed(pairs);
        self.rows.iter().filter(is_wrong).map(|row| row.name).collect()
    }

    fn caught(&self, pairs: bool, model: Model, departure: Departure) {
        let wrong = self.wrong(pairs, model.with(departure));
        assert!(!wrong.is_empty(), "{}: {departure:?} is not found", self.name);
        let of = self.rows.len();
        let how = format!("litmus tests: {} of {of} verdicts are wrong, first {}", wrong.len(), wrong[0]);
        evidence::caught(&format!("{} with {departure:?}", self.name), &how);
    }
}

#[test]
fn every_verdict_is_the_known_one() {
    for processor in processors() {
        let what = format!("{}, all executions: the verdicts of known litmus tests", processor.name);
        let check = Check::of(&[G2, G3, G5], what);
        for row in &processor.rows {
            println!("{} | {:?} | {} | {}", processor.name, row.verdict, row.name, row.source);
        }
        let mut executions = 0;
        for (model, pairs) in processor.models.into_iter().zip([true, false]) {
            assert_eq!(processor.wrong(pairs, model), [""; 0], "{model:?}");
            executions += processor.rows.iter().map(|row| row.program.judge(model).executions).sum::<usize>();
        }
        check.passed(executions, "executions");
    }
}

#[test]
fn every_planted_fault_makes_a_row_wrong() {
    for processor in processors() {
        let [pairs, one_instruction] = processor.models;
        for &departure in &processor.departures {
            processor.caught(true, pairs, departure);
        }
        for &departure in &processor.of_one_instruction {
            processor.caught(false, one_instruction, departure);
        }
    }
}

/// Rules 1, 2 and 8 of RISC-V follow from the other ones and from what threads see of each other. So no row can
/// miss them.
#[test]
fn three_rules_of_risc_v_follow_from_the_others() {
    let [_, risc_v] = processors();
    for rule in [1, 2, 8] {
        assert_eq!(risc_v.wrong(true, Model::RISCV.with(Departure::NoRule(rule))), [""; 0], "rule {rule}");
    }
}

#[test]
fn the_builder_finds_what_all_candidates_give() {
    let check = Check::of(&[G2, G3, G5], "processors, all candidates: the builder of executions misses none");
    let mut tried = 0;
    for processor in processors() {
        for row in &processor.rows {
            for model in processor.models {
                let candidates = row.program.judge_candidates(model);
                assert_eq!(row.program.judge(model), candidates.judgement, "{}, {model:?}", row.name);
                tried += candidates.tried;
            }
        }
    }
    check.passed(tried, "cases");
}

/// By hand: `cargo test --release -- --ignored`, with `herd7` in the path.
#[test]
#[ignore = "it needs herd7, which most systems do not package"]
fn herd_finds_the_same_outcomes() {
    for Processor { name, models, rows, departures, of_one_instruction } in processors() {
        for (model, pairs) in models.into_iter().zip([true, false]) {
            let what = format!("{name}, herd7: the same outcomes, pairs: {pairs}");
            let check = Check::of(&[G2, G3, G5], what);
            let all: Vec<_> = rows.iter().map(|row| herd(row, model)).collect();
            let other = |model: Model| {
                let rows = rows.iter().zip(&all);
                let other =
                    rows.filter(|(row, herd)| row.program.judge(model).outcomes.keys().ne(herd.iter()));
                other.map(|(row, _)| row.name).collect::<Vec<_>>()
            };
            assert_eq!(other(model), [""; 0], "{model:?}");
            for departure in departures.iter().chain(of_one_instruction.iter().filter(|_| !pairs)) {
                let rows = other(model.with(*departure));
                assert!(!rows.is_empty(), "{name}: {departure:?} is not found");
                evidence::caught(
                    &format!("{name} with {departure:?}, herd7"),
                    &format!("{} rows", rows.len()),
                );
            }
            check.passed(all.iter().map(BTreeSet::len).sum::<usize>(), "outcomes");
        }
    }
}

fn herd(row: &Row, model: Model) -> BTreeSet<FinalState> {
    let asked = row.program.ask_herd(model).unwrap_or_else(|why| panic!("{}: {why}", row.name));
    asked.unwrap_or_else(|| panic!("{}: it has a branch", row.name))
}
