//! What the machine makes of the IR is what the compiled functions do.

use exports::{cells, transitions as t, values as v};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use prove::compile::{Level, compile};
use prove::machine::Machine;
use prove::proof::VALUES;
use prove::statements::FUNCTIONS;
use prove::table::EVENTS;
use prove::term::Terms;
use std::path::Path;
use watchdog as _;

/// A wrapper: its path, how many numbers it takes, and itself.
type Wrapper = (&'static str, usize, fn(&[u64]) -> Vec<u64>);

/// What a wrapper returns, as a list.
trait Numbers {
    fn numbers(self) -> Vec<u64>;
}

impl Numbers for u64 {
    fn numbers(self) -> Vec<u64> {
        vec![self]
    }
}

macro_rules! numbers {
    ($($name:ident: $of:ty),*) => {
        impl Numbers for ($($of),*) {
            fn numbers(self) -> Vec<u64> {
                let ($($name),*) = self;
                vec![$($name),*]
            }
        }
    };
}

numbers!(a: u64, b: u64);
numbers!(a: u64, b: u64, c: u64);
numbers!(a: u64, b: u64, c: u64, d: u64);
numbers!(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64);

macro_rules! wrapper {
    ($path:literal, $function:path, [$($place:literal)*]) => {
        ($path, [$($place),*].len(), |given: &[u64]| $function($(given[$place]),*).numbers())
    };
}

const WRAPPERS: [Wrapper; 34] = [
    wrapper!("transitions::arrive", t::arrive, [0 1 2]),
    wrapper!("transitions::arrive_under", t::arrive_under, [0 1 2 3 4]),
    wrapper!("transitions::arrive_by", t::arrive_by, [0 1 2 3]),
    wrapper!("transitions::request", t::request, [0]),
    wrapper!("transitions::owe", t::owe, [0]),
    wrapper!("transitions::try_start", t::try_start, [0 1 2]),
    wrapper!("transitions::fire", t::fire, [0 1 2 3]),
    wrapper!("transitions::abandon", t::abandon, [0 1]),
    wrapper!("transitions::cancel", t::cancel, [0]),
    wrapper!("transitions::flush", t::flush, [0 1]),
    wrapper!("transitions::flush_under", t::flush_under, [0 1 2 3 4]),
    wrapper!("transitions::finish", t::finish, [0 1]),
    wrapper!("values::timestamp_from_nanos", v::timestamp_from_nanos, [0]),
    wrapper!("values::threshold_from_nanos", v::threshold_from_nanos, [0]),
    wrapper!("values::lease_from_nanos", v::lease_from_nanos, [0]),
    wrapper!("values::threshold_new", v::threshold_new, [0 1]),
    wrapper!("values::lease_new", v::lease_new, [0 1]),
    wrapper!("values::saturating_add", v::saturating_add, [0 1 2]),
    wrapper!("values::saturating_sub", v::saturating_sub, [0 1 2]),
    wrapper!("values::saturating_since", v::saturating_since, [0 1]),
    wrapper!("values::timestamp_order", v::timestamp_order, [0 1]),
    wrapper!("values::epoch_order", v::epoch_order, [0 1]),
    wrapper!("values::epoch", v::epoch, [0]),
    wrapper!("values::view", v::view, [0]),
    wrapper!("values::window", v::window, [0 1 2]),
    wrapper!("values::lease_end", v::lease_end, [0 1]),
    wrapper!("values::refusal", v::refusal, [0 1 2]),
    wrapper!("cells::cell", cells::cell, [0 1]),
    wrapper!("cells::cell_view", cells::cell_view, [0 1]),
    wrapper!("cells::cell_join", cells::cell_join, [0 1 2 3]),
    wrapper!("cells::cell_arrive", cells::cell_arrive, [0 1 2 3 4 5]),
    wrapper!("cells::cell_arrive_told", cells::cell_arrive_told, [0 1 2 3 4 5]),
    wrapper!("cells::cell_finish", cells::cell_finish, [0 1 2]),
    wrapper!("cells::cell_finish_told", cells::cell_finish_told, [0 1 2]),
];

/// Numbers that are often near each other, as times or as words, and often at an edge.
fn number() -> impl Strategy<Value = u64> {
    const MAX: u64 = (1 << 61) - (1 << 56);
    let near = prop_oneof![Just(0), Just(50), Just(MAX), Just((1u64 << 61) - 1), Just(u64::MAX)];
    let near = (near, 0u64..100).prop_map(|(edge, off)| edge.wrapping_add(off).wrapping_sub(50));
    let word = (near.clone(), 0u64..8).prop_map(|(last, low)| last << 3 | low);
    prop_oneof![near, word, any::<u64>(), 0u64..20]
}

fn check(level: Level, wrappers: &[Wrapper]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = tempfile::tempdir().unwrap();
    let program = compile(&root, out.path(), level).unwrap();
    for (path, takes, function) in wrappers {
        let terms = Terms::default();
        let machine = Machine::new(&terms, &program);
        let gives = function(&[0; 6]).len();
        let variables: Vec<_> = (0..*takes).map(|place| terms.variable(&place.to_string(), 64)).collect();
        let summary = machine.summary(path, &variables, gives).unwrap_or_else(|why| panic!("{why}"));
        let mut found = summary.results.clone();
        found.push(summary.fails);
        let mut runner =
            TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
        runner
            .run(&prop::collection::vec(number(), 6), |given| {
                let mut expected: Vec<u128> = function(&given).into_iter().map(u128::from).collect();
                // It does not fail.
                expected.push(0);
                let value = |name: &str| name.parse::<usize>().map_or(0, |place| given[place].into());
                prop_assert_eq!(&terms.values(&found, &value), &expected, "{}", path);
                // The same with constants from the beginning: one path is left.
                let constants: Vec<_> =
                    given[..*takes].iter().map(|it| terms.constant((*it).into(), 64)).collect();
                let summary = machine.summary(path, &constants, gives).unwrap();
                let mut folded: Vec<_> =
                    summary.results.iter().map(|term| terms.value(*term).unwrap()).collect();
                folded.push(terms.value(summary.fails).unwrap());
                prop_assert_eq!(&folded, &expected, "{}", path);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn every_wrapper_is_asked_and_every_statement_has_one() {
    let events =
        EVENTS.iter().map(|event| (format!("transitions::{}", event.name), event.arguments.len() + 1));
    let others = FUNCTIONS.iter().map(|(path, takes, _)| ((*path).to_owned(), *takes));
    let known: Vec<_> = events.chain(others).collect();
    let asked: Vec<_> = WRAPPERS.iter().map(|(path, takes, _)| ((*path).to_owned(), *takes)).collect();
    assert_eq!(asked, known);
    for (path, ..) in FUNCTIONS {
        let name = path.rsplit("::").next().unwrap();
        assert!(VALUES.contains(&format!("{name}(")), "nothing is said of {name}");
    }
}

#[test]
fn optimized_functions_do_what_the_machine_says() {
    check(Level::Release, &WRAPPERS);
}

#[test]
fn functions_of_a_debug_build_do_what_the_machine_says() {
    let transitions = WRAPPERS.iter().filter(|(path, ..)| path.starts_with("transitions::"));
    check(Level::Debug, &transitions.copied().collect::<Vec<_>>());
}
