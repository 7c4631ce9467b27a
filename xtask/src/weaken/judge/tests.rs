use super::*;
use crate::weaken::reply::Ending::{Afterwards, Broken, Passed, TimedOut};
use std::sync::Mutex;
use std::sync::atomic::Ordering;

const SITE: &str = "START";
const WEAKER: Weaker = Weaker::Ordering(Ordering::Relaxed);

fn model(test: &str) -> Model {
    Model { test: test.to_owned(), ..Model::default() }
}

fn control(test: &str, reached: &[&str], seconds: Option<u64>) -> Control {
    let reached = reached.iter().map(|&name| name.to_owned()).collect();
    Control { model: model(test), orders: BTreeSet::new(), reached, time: seconds.map(Duration::from_secs) }
}

/// A model that reaches the order and ends so.
fn reaching(ending: Ending) -> Reply {
    Reply { ending, orders: BTreeSet::new(), reached: BTreeSet::from([SITE.to_owned()]) }
}

fn broken() -> Ending {
    Broken("lost".to_owned())
}

/// Judges with models whose names and plan say how they end, and returns which models were asked.
fn judged(
    controls: &[Control],
    ending: impl Fn(&str, &str) -> Reply + Sync,
) -> (Result<Judgement, String>, Vec<String>) {
    let asked = Mutex::new(Vec::new());
    let run = |model: &Model, plan: &str, _: Duration| {
        asked.lock().unwrap().push(format!("{} {plan}", model.test));
        Ok((ending(&model.test, plan), Duration::from_secs(1)))
    };
    let judgement = judge(&run, SITE, WEAKER, controls);
    (judgement, asked.into_inner().unwrap())
}

#[test]
fn the_quickest_that_reaches_the_order_is_asked_first_and_the_rest_is_spared() {
    let controls = [
        control("slow", &[SITE], Some(2)),
        control("other", &["LOOK"], Some(0)),
        control("quick", &[SITE], Some(1)),
    ];
    let (judgement, asked) = judged(&controls, |_, _| reaching(broken()));
    let killed =
        Judgement::Killed { model: "::quick".into(), how: "lost".into(), time: Duration::from_secs(1) };
    assert_eq!(judgement, Ok(killed));
    assert_eq!(asked, ["quick START=Relaxed"]);
}

#[test]
fn an_order_that_no_model_needs_survives() {
    let controls = [control("a", &[SITE], Some(1)), control("b", &[SITE], Some(2))];
    let (judgement, asked) = judged(&controls, |_, _| reaching(Passed));
    assert_eq!(judgement, Ok(Judgement::Survived { seen: vec![] }));
    assert_eq!(asked.len(), 2);
}

#[test]
fn what_fails_after_the_model_does_not_kill() {
    let (judgement, _) =
        judged(&[control("a", &[SITE], Some(1))], |_, _| reaching(Afterwards("explored 3".into())));
    let seen = vec!["::a noticed afterwards: explored 3".to_owned()];
    assert_eq!(judgement, Ok(Judgement::Survived { seen }));
}

#[test]
fn a_time_limit_does_not_kill() {
    let (judgement, _) = judged(&[control("a", &[SITE], Some(1))], |_, _| reaching(TimedOut));
    assert_eq!(judgement, Ok(Judgement::Undecided { model: "::a".into() }));
}

#[test]
fn an_order_where_no_model_comes_is_said_to_be_one() {
    let (judgement, asked) = judged(&[control("a", &["LOOK"], Some(1))], |_, _| unreachable!());
    assert_eq!(judgement, Ok(Judgement::Unreached));
    assert!(asked.is_empty());
}

#[test]
fn a_model_that_was_stopped_is_asked_last_and_must_pass_with_nothing_weakened() {
    let controls =
        [control("stopped", &[], None), control("seen", &[SITE], None), control("quick", &[SITE], Some(1))];
    let answer = |test: &str, plan: &str| match (test, plan) {
        ("stopped", "START=Relaxed") => reaching(broken()),
        _ => reaching(Passed),
    };
    let (judgement, asked) = judged(&controls, answer);
    assert!(matches!(judgement, Ok(Judgement::Killed { .. })), "{judgement:?}");
    assert_eq!(
        asked,
        ["quick START=Relaxed", "seen START=Relaxed", "stopped START=Relaxed", "stopped nothing"]
    );

    let (judgement, _) =
        judged(&controls, |_, plan| reaching(if plan == NOTHING { TimedOut } else { broken() }));
    // The quick one is known to pass.
    assert!(matches!(judgement, Ok(Judgement::Killed { .. })), "{judgement:?}");
    let (judgement, _) = judged(&controls[..2], |_, _| reaching(broken()));
    assert!(judgement.is_err(), "{judgement:?}");
}

#[test]
fn a_model_that_fails_by_itself_is_an_error() {
    let fails = |_: &Model, _: &str, _: Duration| Ok((reaching(broken()), Duration::ZERO));
    assert!(super::control(&fails, &model("a")).is_err());
    let unreached = Reply { ending: broken(), orders: BTreeSet::new(), reached: BTreeSet::new() };
    let (judgement, _) = judged(&[control("a", &[], None)], |_, _| unreached.clone());
    assert!(judgement.is_err(), "{judgement:?}");
}
