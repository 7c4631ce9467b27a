//! What the terms mean is the same to this program and to the solver.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use prove::solver::{Question, is_installed};
use prove::term::{Op, Term, Terms, computed, cut};
use watchdog as _;

const OPS: [Op; 14] = [
    Op::Add,
    Op::Sub,
    Op::Mul,
    Op::Div,
    Op::Rem,
    Op::Shl,
    Op::Shr,
    Op::ShrSigned,
    Op::And,
    Op::Or,
    Op::Xor,
    Op::Equal,
    Op::Less,
    Op::LessSigned,
];

/// Numbers of so many bits, often at an edge.
fn number(width: u32) -> impl Strategy<Value = u128> {
    let edge =
        prop_oneof![Just(0u128), Just(1), Just(u128::MAX), Just(1 << (width - 1)), Just(u128::from(width))];
    prop_oneof![edge, any::<u128>(), 0u128..130].prop_map(move |value| cut(value, width))
}

/// Everything that is made of two variables of this width, and what it must be for two values.
fn made(terms: &Terms, (x, y): (Term, Term), (a, b): (u128, u128), width: u32) -> Vec<(Term, u128)> {
    let mut made: Vec<_> = OPS.iter().map(|op| (terms.of(*op, x, y), computed(*op, a, b, width))).collect();
    let mut plain: Vec<Term> = vec![terms.not(x), terms.part(width / 2, width / 4, x)];
    plain.extend([terms.least(x, y), terms.greatest(x, y)]);
    plain.extend([terms.extend(x, width + 3), terms.extend_signed(x, width + 3), terms.join(x, y)]);
    // Some are made in one step where they are written in two, and must still be what the solver makes of two.
    let of_two = [(terms.part(1, width - 1, x), cut(a >> 1, width - 1)), (terms.extend(x, width + 2), a)];
    made.extend(of_two.iter().map(|(inner, value)| (terms.part(1, 2, *inner), cut(value >> 1, 2))));
    made.extend(of_two.iter().map(|(inner, value)| (terms.extend(*inner, width + 5), *value)));
    let choice = terms.choose(terms.less(x, y), terms.constant(9, width), terms.constant(4, width));
    let chosen = if a < b { 9 } else { 4 };
    made.push((terms.part(0, 3, choice), cut(chosen, 3)));
    made.push((terms.of(Op::And, choice, terms.constant(5, width)), chosen & 5));
    let values = terms.values(&plain, &|name| if name == "x" { a } else { b });
    made.extend(plain.into_iter().zip(values));
    made
}

#[test]
fn the_solver_computes_the_same() {
    if !is_installed() {
        println!("SKIPPED: z3 is not installed");
        return;
    }
    let numbers = prop_oneof![Just(8u32), Just(13), Just(64)]
        .prop_flat_map(|width| (Just(width), number(width), number(width)));
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    runner
        .run(&numbers, |(width, a, b)| {
            let terms = Terms::default();
            let (x, y) = (terms.variable("x", width), terms.variable("y", width));
            let made = made(&terms, (x, y), (a, b), width);
            let differ = made.iter().map(|(term, value)| {
                let value = terms.constant(*value, terms.width(*term));
                terms.not(terms.equal(*term, value))
            });
            let is = |variable, value| terms.equal(variable, terms.constant(value, width));
            let together = [is(x, a), is(y, b), terms.any(differ)];
            prop_assert_eq!(Question::can(&terms, &together).ask(), Ok(None));
            Ok(())
        })
        .unwrap();
}

#[test]
fn folded_terms_are_the_values_of_those_that_are_not() {
    let numbers =
        (1u32..65).prop_flat_map(|width| (Just(width.max(4)), number(width.max(4)), number(width.max(4))));
    let mut runner = TestRunner::new(Config { cases: 5000, failure_persistence: None, ..Config::default() });
    runner
        .run(&numbers, |(width, a, b)| {
            let terms = Terms::default();
            let variables = (terms.variable("x", width), terms.variable("y", width));
            let constants = (terms.constant(a, width), terms.constant(b, width));
            let unfolded = made(&terms, variables, (a, b), width);
            let folded = made(&terms, constants, (a, b), width);
            let mixed = made(&terms, (variables.0, constants.1), (a, b), width);
            let of = |terms_: &[(Term, u128)]| {
                let made: Vec<_> = terms_.iter().map(|(term, _)| *term).collect();
                terms.values(&made, &|name| if name == "x" { a } else { b })
            };
            let expected: Vec<_> = unfolded.iter().map(|(_, value)| *value).collect();
            for found in [of(&unfolded), of(&folded), of(&mixed)] {
                prop_assert_eq!(&found, &expected);
            }
            Ok(())
        })
        .unwrap();
}
