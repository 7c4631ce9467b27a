//! Compares the model with known verdicts: small programs, an outcome each, and whether it is allowed. There
//! are rows of both kinds, so a model that is too weak goes red, and one that is too strong does, too. The
//! tests try that, with each axiom in turn switched off, and with some made too strong.

mod buffering;
mod coherence;
mod passing;
mod row;
mod sequential;

use axioms::{Departure, FinalState, Model, Order, Program};
use evidence::Check;
use evidence::Guarantee::{G2, G3, G5};
use row::{Row, Verdict};
use std::collections::BTreeSet;
use watchdog as _;

const MODELS: [Model; 3] = [Model::RC11, Model::CPP20, Model::BUFFERED];

const PROCESSORS: [Model; 4] = [Model::ARMV8, Model::ARMV8_LSE, Model::RISCV, Model::RISCV_AMO];

fn table() -> Vec<Row> {
    [buffering::rows(), passing::rows(), coherence::rows(), sequential::rows()]
        .into_iter()
        .flatten()
        .collect()
}

/// The rows for which `model` gives another verdict than `right` should.
fn wrong(table: &[Row], right: Model, judge: impl Fn(&Row) -> bool) -> Vec<&str> {
    let is_wrong = |row: &&Row| judge(row) != row.verdict.allows(right);
    table.iter().filter(is_wrong).map(|row| row.name.as_str()).collect()
}

#[test]
fn every_verdict_is_the_known_one() {
    let check =
        Check::of(&[G2, G3, G5], "RC11 and C++20, all executions: the verdicts of known litmus tests");
    let table = table();
    let mut executions = 0;
    for model in MODELS {
        let judged = |row: &Row| row.program.judge(model).count(row.asked) > 0;
        assert_eq!(wrong(&table, model, judged), [""; 0], "{model:?}");
        executions += table.iter().map(|row| row.program.judge(model).executions).sum::<usize>();
    }
    for verdict in
        [Verdict::Allowed, Verdict::Forbidden, Verdict::AllowedSinceCpp20, Verdict::AllowedBuffered]
    {
        assert!(table.iter().any(|row| row.verdict == verdict), "no row of {verdict:?}");
    }
    for row in &table {
        println!("{:?} | {} | {}", row.verdict, row.name, row.source);
    }
    check.passed(executions, "executions");
}

/// The compiler's choice of instructions is right only if each processor forbids what the language forbids.
#[test]
fn what_the_language_forbids_the_processors_forbid() {
    let check =
        Check::of(&[G2, G3, G5], "ARMv8 and RISC-V, all executions: what the language forbids is forbidden");
    let table = table();
    let mut executions = 0;
    for model in PROCESSORS {
        let judged: Vec<_> = table.iter().map(|row| (row, row.program.judge(model))).collect();
        for (row, judgement) in &judged {
            let shown = judgement.count(row.asked);
            assert!(row.verdict.allows(Model::BUFFERED) || shown == 0, "{}, {model:?}", row.name);
            executions += judgement.executions;
        }
        // One that shows nothing weak would pass.
        let weak = judged.iter().filter(|(row, judgement)| judgement.count(row.asked) > 0).count();
        assert!(weak > 30, "{model:?}: {weak} of {}", table.len());
    }
    check.passed(executions, "executions");
}

/// So where the weaker of two models is judged, the other one need not be.
#[test]
fn a_stronger_model_reaches_no_more() {
    let pairs = [
        (Model::ARMV8_LSE, Model::ARMV8),
        (Model::RISCV_AMO, Model::RISCV),
        (Model::ARMV8, Model::BUFFERED),
        (Model::RISCV, Model::BUFFERED),
        (Model::CPP20, Model::BUFFERED),
        (Model::RC11, Model::CPP20),
    ];
    let (mut fewer, mut missing) = (0, Vec::new());
    for row in table() {
        for (stronger, weaker) in pairs {
            let (strong, weak) = (row.program.judge(stronger), row.program.judge(weaker));
            if strong.outcomes.keys().any(|outcome| !weak.outcomes.contains_key(outcome)) {
                missing.push((row.name.clone(), stronger, weaker));
            }
            fewer += usize::from(strong.outcomes.len() < weak.outcomes.len());
        }
    }
    assert_eq!(missing, []);
    assert!(fewer > 0, "no model is stronger than another");
}

/// The builders leave out what is impossible, and the candidates leave out nothing. They share only the axioms.
#[test]
fn the_builders_find_what_all_candidates_give() {
    let check = Check::of(&[G2, G3, G5], "all models, all candidates: the builders of executions miss none");
    let (mut tried, mut executions) = (0, 0);
    for row in table() {
        for (_, model) in Model::ALL {
            let candidates = row.program.judge_candidates(model);
            assert_eq!(row.program.judge(model), candidates.judgement, "{}, {model:?}", row.name);
            tried += candidates.tried;
            executions += candidates.judgement.executions;
        }
    }
    assert!(tried > 2 * executions, "{executions} of {tried} candidates are allowed: few were left out");
    check.passed(tried, "cases");
}

#[test]
fn every_planted_fault_makes_a_row_wrong() {
    let table = table();
    for departure in Departure::OF_THE_LANGUAGE {
        let model = Model::CPP20.with(departure);
        let judged = |row: &Row| row.program.judge_candidates(model).judgement.count(row.asked) > 0;
        let wrong = wrong(&table, Model::CPP20, judged);
        assert!(!wrong.is_empty(), "{departure:?} is not found");
        let how = format!(
            "litmus tests: {} of {} verdicts are wrong, first {}",
            wrong.len(),
            table.len(),
            wrong[0]
        );
        evidence::caught(&format!("RC11 with {departure:?}"), &how);
    }
}

/// A compare-and-swap whose orders differ. One instruction reads, with the stronger of the two orders; our models take
/// the order of what came of it, which allows more.
const ORDERS_DIFFER: [&str; 2] = ["CAS succeeds, relaxed", "CAS fails, relaxed"];

/// By hand: `cargo test --release -- --ignored`, with `herd7` in the path.
#[test]
#[ignore = "it needs herd7, which most systems do not package"]
fn herd_finds_the_same_outcomes() {
    let rc11 = ("RC11", Model::RC11);
    let processors = Model::ALL.into_iter().filter(|(_, model)| PROCESSORS.contains(model));
    for (name, model) in std::iter::once(rc11).chain(processors) {
        let check =
            Check::of(&[G2, G3, G5], format!("{name}, herd7: the same outcomes of what the language has"));
        let table = table();
        let ask = |row: &Row| row.program.ask_herd(model).unwrap_or_else(|why| panic!("{}: {why}", row.name));
        let asked: Vec<_> = table.iter().filter_map(|row| Some((row, ask(row)?))).collect();
        assert!(asked.len() > 80, "{name}: {} of {} rows have no branch", asked.len(), table.len());
        for (row, herd) in &asked {
            let ours: BTreeSet<_> = row.program.judge(model).outcomes.into_keys().collect();
            assert!(ours.is_superset(herd), "{name}: {}", row.name);
            assert!(ours == *herd || ORDERS_DIFFER.contains(&row.name.as_str()), "{name}: {}", row.name);
        }
        let faults = Departure::OF_THE_LANGUAGE.into_iter().filter(|_| model == Model::RC11);
        for departure in faults {
            let differs = |(row, herd): &&(&Row, BTreeSet<FinalState>)| {
                let judged = row.program.judge_candidates(model.with(departure)).judgement;
                !judged.outcomes.keys().eq(herd.iter())
            };
            let differ = asked.iter().filter(differs).count();
            assert!(differ > 0, "{departure:?} is not found");
            evidence::caught(&format!("RC11 with {departure:?}, herd7"), &format!("{differ} rows"));
        }
        println!("{name}: {} of {} rows", asked.len(), table.len());
        check.passed(asked.iter().map(|(_, herd)| herd.len()).sum::<usize>(), "outcomes");
    }
}

#[test]
fn plain_memory_races_unless_happens_before_orders_it() {
    let mp = |write: Order, read: Order| {
        let mut program = Program::new();
        let (data, flag) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(data, 1, Order::NonAtomic);
            t.store(flag, 1, write);
            []
        });
        program.thread(move |t| if t.load(flag, read) == 1 { [t.load(data, Order::NonAtomic)] } else { [9] });
        program.judge(Model::CPP20)
    };
    let ordered = mp(Order::Release, Order::Acquire);
    assert!(ordered.count(|o| o.threads[1] == [1]) > 0);
    assert_eq!(ordered.racing, 0);
    assert!(mp(Order::Relaxed, Order::Relaxed).racing > 0);
    assert!(mp(Order::Release, Order::Relaxed).racing > 0);
}

#[test]
fn an_atomic_access_races_with_a_plain_one() {
    let racing = |write: Order, read: Order| {
        let mut program = Program::new();
        let x = program.location(0);
        program.thread(move |t| {
            t.store(x, 1, write);
            []
        });
        program.thread(move |t| [t.load(x, read)]);
        program.judge(Model::CPP20).racing
    };
    assert!(racing(Order::NonAtomic, Order::NonAtomic) > 0);
    assert!(racing(Order::Relaxed, Order::NonAtomic) > 0);
    assert!(racing(Order::NonAtomic, Order::SeqCst) > 0);
    assert_eq!(racing(Order::Relaxed, Order::Relaxed), 0);
}

#[test]
fn a_weak_compare_and_swap_fails_spuriously_as_often_as_said() {
    let failing = |most: usize| {
        let mut program = Program::new();
        program.spurious_failures(most);
        let x = program.location(0);
        program.thread(move |t| {
            let mut failures = 0;
            while t.compare_exchange_weak(x, 0, 1, Order::Relaxed, Order::Relaxed).is_err() {
                failures += 1;
            }
            [failures]
        });
        program.judge(Model::CPP20)
    };
    for most in 0..3 {
        assert_eq!(failing(most).executions, most + 1);
        assert_eq!(failing(most).count(|o| o.threads[0] == [most as u64]), 1);
    }
}
