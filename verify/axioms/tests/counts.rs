//! The argument of a count, whose call is decided without a fence, in its smallest form: the call adds and
//! then reads the word, the run moves the word and then exchanges. It is read off
//! `src/front/payload/count.rs` by hand.

use axioms::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::{FinalState, Judgement, Location, Model, Program, Thread};
use evidence::Check;
use evidence::Guarantee::{G3, G10};
use std::collections::BTreeSet;
use watchdog as _;

const ALL: [Order; 5] = [Relaxed, Acquire, Release, AcqRel, SeqCst];

/// The word, which moves by one from one to the next: a run is pending, a run is in progress, the next one is
/// pending, the next one is in progress.
const PENDING: u64 = 0;
const RUNNING: u64 = 1;
const PENDING_AGAIN: u64 = 2;
const RUNNING_AGAIN: u64 = 3;

/// How the parts are ordered. As a fence, Relaxed means none.
#[derive(Clone, Copy, Debug)]
struct Orders {
    add: Order,
    start: Order,
    exchange: Order,
}

/// As in the sources.
const SHIPPED: Orders = Orders { add: AcqRel, start: SeqCst, exchange: Acquire };

#[derive(Clone, Copy)]
struct Places {
    word: Location,
    count: Location,
    data: Location,
}

/// A call writes, is counted, and reads the word: whether a run is pending then, and which.
fn program(add: Order) -> (Program, Places) {
    let mut program = Program::new();
    let places =
        Places { word: program.location(PENDING), count: program.location(0), data: program.location(0) };
    let Places { word, count, data } = places;
    program.thread(move |t| {
        t.store(data, 1, Relaxed);
        t.fetch_add(count, 1, add);
        [t.load(word, Relaxed)]
    });
    (program, places)
}

/// Moves the word on, by a compare-and-swap as in the sources. It succeeds, because no other thread moves it.
fn moves(t: &mut Thread, places: Places, from: u64, order: Order) {
    let _moved = t.compare_exchange(places.word, from, from + 1, order, Relaxed);
}

/// A run that is pending starts: what it is told, and what it sees of what the call wrote.
fn run(t: &mut Thread, places: Places, pending: u64, orders: Orders) -> [u64; 2] {
    moves(t, places, pending, Relaxed);
    t.fence(orders.start);
    let told = t.exchange(places.count, 0, orders.exchange);
    [told, t.load(places.data, Relaxed)]
}

/// Judges all executions by C++20, after the neighbouring models were seen to agree.
fn judged(program: &Program, wrong: impl Fn(&FinalState) -> bool) -> (usize, usize) {
    let judgement = program.judge(Model::CPP20);
    assert_eq!(program.judge(Model::RC11), judgement, "nothing rests on what C++20 changed");
    let buffered = program.judge_candidates(Model::BUFFERED).judgement;
    assert_eq!(buffered, judgement, "nothing rests on the axiom against thin air");
    assert_eq!(program.judge(Model::BUFFERED), judgement, "the builder misses none that is buffered");
    (judgement.count(wrong), judgement.executions)
}

const PROCESSORS: [(&str, Model); 4] = [
    ("ARMv8, exclusives", Model::ARMV8),
    ("ARMv8, LSE", Model::ARMV8_LSE),
    ("RISC-V, lr/sc", Model::RISCV),
    ("RISC-V, amo", Model::RISCV_AMO),
];

/// A call against one run. Whether the run is told of the call or not, it has to see what the call wrote
/// where the call coalesces into it; and where it is told of it. And a call that coalesces is one that it is
/// told of.
fn one_run(orders: Orders) -> Program {
    let (mut program, places) = program(orders.add);
    program.thread(move |t| run(t, places, PENDING, orders));
    program
}

fn is_wrong(outcome: &FinalState) -> bool {
    let coalesces = outcome.threads[0] == [PENDING];
    let [told, seen] = [outcome.threads[1][0], outcome.threads[1][1]];
    (coalesces && told == 0) || ((coalesces || told == 1) && seen == 0)
}

fn reaches_all(judgement: &Judgement, orders: Orders) {
    for outcome in [[PENDING, 1, 1], [RUNNING, 1, 1], [RUNNING, 0, 0]] {
        assert!(judgement.count(|o| o.threads.concat() == outcome) > 0, "{orders:?}: {outcome:?} is reached");
    }
}

fn against_one_run(orders: Orders) -> (usize, usize) {
    let program = one_run(orders);
    reaches_all(&program.judge(Model::CPP20), orders);
    judged(&program, is_wrong)
}

fn all_orders() -> impl Iterator<Item = Orders> {
    let pairs = || ALL.into_iter().flat_map(|start| ALL.map(|exchange| (start, exchange)));
    ALL.into_iter().flat_map(move |add| pairs().map(move |(start, exchange)| Orders { add, start, exchange }))
}

/// The run releases its start by the fence or by the exchange, and acquires by the exchange.
fn suffices(Orders { add, start, exchange }: Orders) -> bool {
    let releases = |order| matches!(order, Release | AcqRel | SeqCst);
    let acquires = |order| matches!(order, Acquire | AcqRel | SeqCst);
    releases(add) && acquires(add) && (releases(start) || releases(exchange)) && acquires(exchange)
}

#[test]
fn a_counted_call_is_ordered_against_a_start() {
    let check = Check::of(&[G3, G10], "RC11, all executions: a call that is counted, against a start");
    let (mut executions, mut insufficient) = (0, 0);
    for orders in all_orders() {
        let (wrong, of) = against_one_run(orders);
        assert_eq!(wrong == 0, suffices(orders), "{orders:?}: {wrong} wrong of {of}");
        if suffices(orders) {
            executions += of;
        } else {
            insufficient += 1;
        }
    }
    let how = format!("RC11: each of {insufficient} combinations fails");
    evidence::caught("a call that is counted: any weaker addition, exchange and fence of the start", &how);
    check.passed(executions, "executions");
}

/// No processor does with less than the language asks for, and none needs more.
#[test]
fn a_counted_call_is_ordered_against_a_start_on_each_processor() {
    for (name, model) in PROCESSORS {
        let what = format!("{name}, all executions: a call that is counted, against a start");
        let check = Check::of(&[G3, G10], what);
        let (mut executions, mut insufficient) = (0, 0);
        for orders in all_orders() {
            let judgement = one_run(orders).judge(model);
            reaches_all(&judgement, orders);
            let wrong = judgement.count(is_wrong);
            assert_eq!(wrong == 0, suffices(orders), "{name}, {orders:?}: {wrong} wrong");
            if suffices(orders) {
                executions += judgement.executions;
            } else {
                insufficient += 1;
            }
        }
        evidence::caught(
            &format!(
                "a call that is counted: any weaker addition, exchange and fence of the start, on {name}"
            ),
            &format!("{name}: each of {insufficient} combinations fails"),
        );
        check.passed(executions, "executions");
    }
}

/// Each part of the shipped orders by itself.
#[test]
fn each_order_of_a_count_is_needed() {
    assert_eq!(against_one_run(SHIPPED).0, 0);
    for (what, orders) in [
        ("the addition is Relaxed", Orders { add: Relaxed, ..SHIPPED }),
        ("the addition is an Acquire alone", Orders { add: Acquire, ..SHIPPED }),
        ("the addition is a Release alone", Orders { add: Release, ..SHIPPED }),
        ("the exchange is Relaxed", Orders { exchange: Relaxed, ..SHIPPED }),
        ("no fence after the start", Orders { start: Relaxed, ..SHIPPED }),
    ] {
        let (wrong, of) = against_one_run(orders);
        assert!(wrong > 0, "{what}");
        let fault = format!("a call that is counted: {what}");
        evidence::caught(&fault, &format!("RC11: it goes wrong in {wrong} of {of} executions"));
    }
}

/// Two runs follow each other. The first may be told of a call that the second one covers, and the function
/// of the second is then not called: so the first has to see what the call wrote. It may also fail and put
/// back what it was told of: then the second is told of it.
#[test]
fn a_call_that_the_run_before_was_told_of_is_seen() {
    for (name, model) in Model::ALL {
        let what =
            format!("{name}, all executions: a call that is counted, against a run and the one after it");
        let check = Check::of(&[G3, G10], what);
        check.passed(against_two_runs(name, model), "executions");
    }
}

/// How many executions there are by `model`, of which none is wrong.
fn against_two_runs(name: &str, model: Model) -> usize {
    let mut executions = 0;
    for puts_back in [false, true] {
        let judge = |orders: Orders| {
            let (mut program, places) = program(orders.add);
            program.thread(move |t| {
                let [told, seen] = run(t, places, PENDING, orders);
                if puts_back {
                    t.fetch_add(places.count, told, Relaxed);
                }
                moves(t, places, RUNNING, Release);
                let [told_again, seen_again] = run(t, places, PENDING_AGAIN, orders);
                [told, seen, told_again, seen_again]
            });
            let judgement = program.judge(model);
            for state in [PENDING, RUNNING, PENDING_AGAIN, RUNNING_AGAIN] {
                assert!(judgement.count(|o| o.threads[0] == [state]) > 0, "{state} is read");
            }
            let wrong = judgement.count(|o| {
                let &[told, seen, told_again, seen_again] = &o.threads[1][..] else { unreachable!() };
                // A run whose function is not called sees nothing.
                let first = told == 1 && seen == 1;
                let second = told_again == 1 && seen_again == 1;
                let counted = if puts_back { told_again <= 1 } else { told + told_again <= 1 };
                let covered = match o.threads[0][0] {
                    PENDING if puts_back => first && second,
                    PENDING => first,
                    RUNNING | PENDING_AGAIN if puts_back => second,
                    RUNNING | PENDING_AGAIN => first || second,
                    _ => true,
                };
                !counted || !covered || (told == 1 && seen == 0) || (told_again == 1 && seen_again == 0)
            });
            (wrong, judgement.executions)
        };
        let (wrong, of) = judge(SHIPPED);
        assert_eq!(wrong, 0, "{name}: of {of}, puts back: {puts_back}");
        executions += of;
        for add in [Relaxed, Acquire, Release] {
            let (wrong, of) = judge(Orders { add, ..SHIPPED });
            assert!(wrong > 0, "{name}, {add:?}, puts back: {puts_back}");
            let fault = format!("two runs, puts back {puts_back}, and the addition is {add:?}, on {name}");
            evidence::caught(&fault, &format!("{name}: it goes wrong in {wrong} of {of} executions"));
        }
    }
    executions
}

/// By hand: `cargo test --release -- --ignored`, with `herd7` in the path.
#[test]
#[ignore = "it needs herd7, which most systems do not package"]
fn herd_finds_the_same_outcomes() {
    for (name, model) in PROCESSORS {
        let what = format!("{name}, herd7, the same outcomes: a call that is counted, against a start");
        let check = Check::of(&[G3, G10], what);
        let mut outcomes = 0;
        for orders in all_orders() {
            let program = one_run(orders);
            let asked = program.ask_herd(model).unwrap_or_else(|why| panic!("{name}, {orders:?}: {why}"));
            let herd = asked.expect("it has no branch");
            let ours: BTreeSet<_> = program.judge(model).outcomes.into_keys().collect();
            assert_eq!(ours, herd, "{name}, {orders:?}");
            assert_eq!(herd.iter().any(is_wrong), !suffices(orders), "{name}, {orders:?}");
            outcomes += herd.len();
        }
        check.passed(outcomes, "outcomes");
    }
}
