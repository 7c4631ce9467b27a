//! Each planted fault is found, and breaks the promise that it concerns.

use crate::exploration::explore;
use crate::judge::Broken;
use crate::setting::{Faults, Loss, PLAIN, Rule, Setting};

const ONE_DEATH: Setting = Setting { calls: 3, faults: Faults { deaths: 1, ..Faults::NONE }, ..PLAIN };
const ONE_LOSS: Setting = Setting { calls: 3, faults: Faults { losses: 1, ..Faults::NONE }, ..PLAIN };
const CLOCK_BACK: Setting = Setting { faults: Faults { back: 1, ..Faults::NONE }, ..PLAIN };
const UNANSWERED: Setting = Setting { faults: Faults { unanswered: 1, ..Faults::NONE }, ..PLAIN };
const SLOW: Setting = Setting { calls: 3, slow_answers: true, ..PLAIN };

/// The setting in which the fault `rule` is found. Without the fault the same setting is explored to its end.
fn is_found(fault: &str, rule: Rule, setting: Setting, breaks: Broken) {
    let found = explore(&Setting { rule, ..setting }).expect_err(fault);
    assert_eq!(found.broken, breaks, "{fault}: {found:?}");
    let (steps, states) = (found.way.len(), found.states);
    evidence::caught(fault, &format!("exploration: {breaks:?}; {steps} steps, {states} states"));
}

#[test]
fn what_covers_is_found() {
    let deaths = ONE_DEATH;
    is_found("a run covers when it starts", Rule::CoversAtStart, deaths, Broken::COVERAGE);
    is_found("a finish ignores the epoch", Rule::FinishIgnoresEpoch, PLAIN, Broken::COVERAGE);
    is_found("calls are taken after the reading", Rule::TakesAfterReading, SLOW, Broken::COVERAGE);
    let any = Rule::AnyFinishCovers;
    let superseded = Setting { horizon: 3, ..SLOW };
    is_found("a run that is superseded covers by the other one", any, superseded, Broken::COVERAGE);
    let faults = Faults { losses: 1, ..Faults::NONE };
    let forgotten = Setting { horizon: 1, faults, ..SLOW };
    is_found("a run that is forgotten covers by another one", any, forgotten, Broken::COVERAGE);
    let prompt = Setting { prompt: true, ..PLAIN };
    is_found("the finish is two steps", Rule::FinishedInSecondStep, prompt, Broken::NEEDLESS);
}

#[test]
fn what_takes_over_is_found() {
    is_found("watchers do not take over", Rule::NobodyTakesOver, ONE_DEATH, Broken::LIVENESS);
    is_found("the lease counts from the look", Rule::LeaseFromTheLook, ONE_DEATH, Broken::LIVENESS);
}

#[test]
fn what_idle_processes_do_is_found() {
    let idle = Setting { idle_looks: true, calls: 2, ..ONE_DEATH };
    is_found("idle processes look away", Rule::IdleLooksAway, idle, Broken::LIVENESS);
    let only_pending = Rule::IdleTakesOnlyWhatIsPending;
    is_found("idle processes take only what is pending", only_pending, idle, Broken::LIVENESS);
    let prompt = Setting { idle_looks: true, prompt: true, ..PLAIN };
    let without_need = Rule::IdleRunsWithoutNeed;
    is_found("idle processes run without need", without_need, prompt, Broken::NEEDLESS);
}

#[test]
fn a_late_answer_is_found() {
    let late = Rule::BeginsAfterItsLease;
    is_found("a run begins although its lease is over", late, SLOW, Broken::LATE);
}

#[test]
fn what_a_loss_does_is_found() {
    let remembered = Setting { processes: 1, loss: Loss::Remembered, ..ONE_LOSS };
    let forgets = Rule::ForgetsWithTheRegister;
    is_found("a process forgets with the register", forgets, remembered, Broken::SPACING);
    let puts_back = Rule::PutsBackWhatHasFinished;
    is_found("what had finished is put back", puts_back, ONE_LOSS, Broken::COVERAGE);
    let three = Setting { processes: 3, horizon: 2, ..ONE_LOSS };
    let unmarked = Rule::PutsBackAsIfNothingWere;
    is_found("what is put back is not told from what stood there", unmarked, three, Broken::COVERAGE);
    let covers = Rule::ForgottenRunCovers;
    is_found("a run covers whose start was forgotten", covers, ONE_LOSS, Broken::COVERAGE);
    let own = Rule::PutsBackUnderItsOwnMark;
    is_found("a process takes what it put back for its own run", own, ONE_LOSS, Broken::EXCLUSION);
}

#[test]
fn what_clocks_do_is_found() {
    let register = Rule::TimeOnlyFromTheRegister;
    is_found("time is only what the register says", register, CLOCK_BACK, Broken::LIVENESS);
    let before = Rule::LocalTimeFromBeforeTheReading;
    is_found("the own clock is read before the register", before, SLOW, Broken::SPACING);
}

#[test]
fn what_an_answer_that_is_lost_does_is_found() {
    let for_ever = Setting { lease: None, ..UNANSWERED };
    is_found("a lost answer to a start, without marks", Rule::WithoutMarks, for_ever, Broken::LIVENESS);
    let by_cell = Rule::KnowsItsRunByTheCell;
    is_found("a process knows its run by the cell, not by a mark", by_cell, UNANSWERED, Broken::EXCLUSION);
}
