//! The shipped rules: every promise holds in every state that is reached.

use crate::exploration::{Explored, explore};
use crate::judge::Counted;
use crate::setting::{Faults, Loss, PLAIN, Setting};
use evidence::Guarantee::{self, C1, C2, C3, C4, C5, C6, C7, C8, C9};
use evidence::{Check, depth};

/// A window shorter than the lease, and one longer than the lease.
const POLICIES: [(u64, u64); 2] = [(2, 3), (3, 2)];

/// Explores `setting` under both policies. Returns all states and transitions together, and the highest
/// number of each.
fn all_promises_hold(claims: &'static [Guarantee], what: &str, setting: &Setting) -> Explored {
    let check = Check::of(claims, format!("exploration: across processes, {what}"));
    let mut all = Explored::default();
    for (threshold, lease) in POLICIES {
        let lease = setting.lease.map(|_| lease);
        match explore(&Setting { threshold, lease, ..*setting }) {
            Ok(explored) => all = all.and(explored),
            Err(found) => panic!("{what}, threshold {threshold}, lease {lease:?}: {found:?}"),
        }
    }
    assert!(all.told > 0, "no call was ever covered");
    check.passed(all.states, "states");
    println!("{what}: {all:?}");
    all
}

/// No start came early, none beside another, and none out of order.
fn is_on_time(counted: Counted) -> bool {
    counted == Counted { starts: counted.starts, ..Counted::default() }
}

#[test]
fn nothing_fails() {
    let setting = Setting { prompt: true, calls: depth(2, 3), ..PLAIN };
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], "nothing fails", &setting);
    assert!(is_on_time(all.most));
}

/// All calls of one window: the first run covers the call that opened it, and one more run covers all others.
#[test]
fn one_process_runs_twice_for_the_calls_of_a_window() {
    let check =
        Check::of(&[C3, C4, C7], "exploration: across processes, one process and one window: two runs");
    let mut states = 0;
    for calls in 2..=4 {
        let setting =
            Setting { processes: 1, calls, threshold: 4, lease: Some(4), horizon: 6, prompt: true, ..PLAIN };
        let explored = explore(&setting).expect("all promises hold");
        assert_eq!(explored.most.starts, 2);
        states += explored.states;
    }
    check.passed(states, "states");
}

#[test]
fn runs_take_too_long() {
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], "runs outlast their lease", &PLAIN);
    assert!(is_on_time(all.most));
}

#[test]
fn processes_die() {
    let faults = Faults { deaths: 2, ..Faults::NONE };
    let setting = Setting { processes: 3, calls: 3, horizon: depth(2, 4), faults, ..PLAIN };
    let all = all_promises_hold(&[C1, C2, C3, C5, C6], "3 processes, 2 die at any step", &setting);
    assert!(is_on_time(all.most));
    assert!(all.lost > 0, "no call died with its process");
}

/// The processes that live may have no calls of their own.
#[test]
fn processes_die_and_others_run_for_them() {
    let faults = Faults { deaths: 1, ..Faults::NONE };
    let setting = Setting { idle_looks: true, horizon: depth(5, 7), faults, ..PLAIN };
    let what = "a process dies at any step, and one without calls runs what it left";
    let all = all_promises_hold(&[C1, C2, C3, C5, C6], what, &setting);
    assert!(is_on_time(all.most));
    assert!(all.inherited > 0 && all.lost > 0);
}

#[test]
fn two_of_three_processes_die_and_the_last_runs_for_them() {
    let faults = Faults { deaths: 2, ..Faults::NONE };
    let setting = Setting { idle_looks: true, processes: 3, calls: 2, horizon: depth(2, 4), faults, ..PLAIN };
    let what = "2 of 3 processes die at any step, and one without calls runs what they left";
    let all = all_promises_hold(&[C1, C2, C3, C5, C6], what, &setting);
    assert!(is_on_time(all.most));
    assert!(all.inherited > 0 && all.lost > 0);
}

#[test]
fn an_answer_is_lost_and_a_process_dies_and_others_run_for_it() {
    let faults = Faults { deaths: 1, unanswered: 1, ..Faults::NONE };
    let setting = Setting { idle_looks: true, horizon: depth(2, 4), faults, ..PLAIN };
    let what = "an answer is lost, a process dies, and one without calls runs what it left";
    let all = all_promises_hold(&[C1, C2, C3, C5, C6], what, &setting);
    assert!(is_on_time(all.most));
    assert!(all.inherited > 0);
}

#[test]
fn idle_processes_run_for_nobody_without_need() {
    let setting = Setting { idle_looks: true, prompt: true, ..PLAIN };
    let all =
        all_promises_hold(&[C1, C2, C3, C5, C7], "processes without calls look, and nothing fails", &setting);
    assert!(is_on_time(all.most));
}

/// Only the states that they reach within one moment; the continuations show what follows.
#[test]
fn two_of_four_processes_die() {
    let faults = Faults { deaths: 2, ..Faults::NONE };
    let setting = Setting { processes: 4, calls: 4, horizon: depth(0, 1), faults, ..PLAIN };
    let all = all_promises_hold(&[C1, C2, C3, C5, C6], "4 processes, 2 die at any step", &setting);
    assert!(is_on_time(all.most));
    assert!(all.lost > 0, "no call died with its process");
}

#[test]
fn answers_are_slow() {
    let setting = Setting { slow_answers: true, horizon: depth(6, 8), ..PLAIN };
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], "answers are slow", &setting);
    assert!(is_on_time(all.most));
}

/// One process for the run, one for the run that supersedes it, and one between that and the answer to the
/// first.
#[test]
fn answers_are_slow_and_calls_come_meanwhile() {
    let setting = Setting { slow_answers: true, calls: 3, horizon: depth(3, 4), ..PLAIN };
    let all =
        all_promises_hold(&[C1, C2, C3, C5, C9], "answers are slow, and calls come meanwhile", &setting);
    assert!(is_on_time(all.most));
}

#[test]
fn the_register_loses_its_data_and_answers_are_slow() {
    let faults = Faults { losses: 1, ..Faults::NONE };
    let setting = Setting { slow_answers: true, calls: 3, horizon: depth(1, 3), faults, ..PLAIN };
    let what = "answers are slow, and the register forgets everything";
    let _ = all_promises_hold(&[C3, C5], what, &setting);
}

#[test]
fn an_answer_is_lost() {
    let faults = Faults { unanswered: 1, deaths: depth(0, 1), ..Faults::NONE };
    let setting = Setting { horizon: depth(4, 6), faults, ..PLAIN };
    let what = "a compare-and-swap is not answered, and was done, or not, or is late";
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], what, &setting);
    assert!(is_on_time(all.most));
}

/// With marks this works even without a lease.
#[test]
fn an_answer_is_lost_without_a_lease() {
    let faults = Faults { unanswered: 1, ..Faults::NONE };
    let setting = Setting { lease: None, horizon: depth(4, 6), faults, ..PLAIN };
    let all = all_promises_hold(
        &[C1, C2, C3, C5, C9],
        "no lease, and a compare-and-swap is not answered",
        &setting,
    );
    assert!(is_on_time(all.most));
}

#[test]
fn the_clock_steps_back() {
    let faults = Faults { back: depth(1, 2), deaths: 1, ..Faults::NONE };
    let setting = Setting { horizon: depth(5, 7), faults, ..PLAIN };
    let what = "the clock of the register steps back, and a process dies";
    let all = all_promises_hold(&[C1, C2, C3, C5, C8], what, &setting);
    assert!(is_on_time(all.most));
}

#[test]
fn the_clock_steps_forward() {
    let faults = Faults { forward: 1, ..Faults::NONE };
    let setting = Setting { horizon: depth(5, 7), faults, ..PLAIN };
    let what = "the clock of the register steps forward: one run early, and one beside another";
    let all = all_promises_hold(&[C1, C2, C3, C5, C8], what, &setting);
    assert_eq!((all.most.early, all.most.overlaps, all.most.disorders), (1, 1, 0));
}

#[test]
fn the_register_loses_its_data() {
    let faults = Faults { losses: 1, ..Faults::NONE };
    let setting = Setting { calls: 3, horizon: depth(2, 4), loss: Loss::BetweenDecisions, faults, ..PLAIN };
    let what = "the register forgets everything: one run early, and one beside another";
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], what, &setting);
    assert_eq!((all.most.early, all.most.overlaps, all.most.disorders), (1, 1, 0));
}

/// A start that was decided before the loss is done after it. It is one more start that comes early, and its
/// epoch is the time of its decision.
#[test]
fn the_register_loses_its_data_while_a_start_is_under_way() {
    let faults = Faults { losses: 1, ..Faults::NONE };
    let setting = Setting { calls: 3, horizon: depth(2, 4), faults, ..PLAIN };
    let what = "the register forgets everything while a start is under way: two runs early";
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], what, &setting);
    assert_eq!((all.most.early, all.most.overlaps, all.most.disorders), (2, 2, 1));
}

#[test]
fn the_register_falls_back() {
    let faults = Faults { losses: 1, catch_ups: 1, ..Faults::NONE };
    let setting = Setting { horizon: depth(3, 4), faults, ..PLAIN };
    let what = "a replica that is behind is promoted: one run early, beside another or out of order";
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], what, &setting);
    assert_eq!((all.most.early, all.most.overlaps, all.most.disorders), (1, 1, 1));
}

#[test]
fn a_loss_does_no_harm_where_it_is_remembered() {
    let faults = Faults { losses: 2, ..Faults::NONE };
    let setting = Setting { processes: 1, loss: Loss::Remembered, horizon: depth(5, 7), faults, ..PLAIN };
    let what = "the register forgets twice, and the one process remembers";
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], what, &setting);
    assert!(is_on_time(all.most));
}

/// One process remembers the run in progress, and puts it back; another never knew of it.
#[test]
fn the_register_loses_its_data_among_three() {
    let faults = Faults { losses: 1, deaths: depth(0, 1), ..Faults::NONE };
    let setting =
        Setting { processes: 3, calls: 3, horizon: 2, loss: Loss::BetweenDecisions, faults, ..PLAIN };
    let what = "3 processes, and the register forgets everything";
    let all = all_promises_hold(&[C1, C2, C3, C5, C9], what, &setting);
    assert_eq!((all.most.early, all.most.disorders), (1, 0));
}

/// Two faults at once: which promises remain.
#[test]
fn the_register_loses_its_data_and_its_clock_steps_back() {
    let faults = Faults { losses: 1, back: 1, ..Faults::NONE };
    let setting = Setting { horizon: depth(2, 5), timely: false, faults, ..PLAIN };
    let what = "a loss and a clock that steps back";
    let _ = all_promises_hold(&[C3, C5, C8], what, &setting);
}
