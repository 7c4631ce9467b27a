//! G10 through failures: whatever fails, whatever is cancelled, flushed or taken, no value is lost and none is given twice
//! to runs that succeed.

use crate::retries::{at, ms};
use crate::support::panic_quietly;
use atomic_throttle::{Batch, Manual, OwnedTicket, Retry, Shutdown, Step, Throttled, WaitError};
use proptest::collection::vec;
use proptest::prelude::*;
use std::cell::RefCell;
use std::sync::Arc;

#[derive(Clone, Copy, Debug)]
enum Op {
    Bring,
    Cancel,
    Flush,
    Take,
    Wait(u64),
}

/// What a run does: how many values it takes out, and how it ends.
#[derive(Clone, Copy, Debug)]
struct Plan {
    takes: usize,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Well,
    Error,
    Panic,
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        8 => Just(Op::Bring),
        1 => Just(Op::Cancel),
        1 => Just(Op::Flush),
        1 => Just(Op::Take),
        4 => (1_u64..200).prop_map(Op::Wait),
    ];
    vec(op, 1..60)
}

fn plans() -> impl Strategy<Value = Vec<Plan>> {
    let end = prop_oneof![2 => Just(End::Well), 2 => Just(End::Error), 1 => Just(End::Panic)];
    vec((0_usize..3, end).prop_map(|(takes, end)| Plan { takes, end }), 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_value_is_somewhere_once(ops in ops(), plans in plans(), most in 0_u32..4) {
        let clock = Arc::new(Manual::new(at(0)));
        let plans = RefCell::new(plans);
        // Done with, by a run that succeeded, taken out, or given up by the policy.
        let done = RefCell::new(Vec::new());
        let latest = RefCell::new((Vec::new(), 0_u32));
        let retry = Retry::by(|attempt, _| Some(ms(50 * u64::from(attempt)))).at_most(most);
        let builder = Throttled::builder(ms(100)).clock(Arc::clone(&clock)).retry(retry).collecting();
        let (rows, mut by_hand) = builder.by_hand(|batch: &mut Batch<u32>| {
            let plan = plans.borrow_mut().pop().unwrap_or(Plan { takes: 0, end: End::Well });
            for _ in 0..plan.takes {
                done.borrow_mut().extend(batch.pop());
            }
            let left: Vec<u32> = batch.iter().copied().collect();
            let mut latest = latest.borrow_mut();
            if plan.end == End::Well {
                done.borrow_mut().extend(left);
                latest.1 = 0;
                return Ok(());
            }
            latest.1 += 1;
            if latest.1 > most && !left.is_empty() {
                // The policy gives up: it is gone, and known to be.
                done.borrow_mut().extend(left.clone());
            }
            if latest.1 > most || left.is_empty() {
                latest.1 = 0;
            }
            latest.0 = left;
            drop(latest);
            if plan.end == End::Panic { panic_quietly() }
            Err("planted")
        });
        let mut brought = 0;
        let mut taken = Vec::new();
        let mut tickets: Vec<OwnedTicket> = Vec::new();
        for op in ops {
            match op {
                Op::Bring => {
                    tickets.push(rows.trigger(brought).expect("it goes on").into_owned());
                    brought += 1;
                }
                Op::Cancel => {
                    if rows.cancel() {
                        latest.borrow_mut().1 = 0;
                    }
                }
                Op::Flush => drop(rows.flush().map(drop)),
                Op::Take => {
                    let was_pending = rows.is_pending();
                    taken.extend(rows.take());
                    if was_pending {
                        latest.borrow_mut().1 = 0;
                    }
                }
                Op::Wait(time) => {
                    let _ = clock.advance(ms(time));
                },
            }
            while by_hand.step() == Step::Ran {}
        }
        // From now on every run succeeds.
        plans.borrow_mut().clear();
        clock.advance(ms(10_000));
        while by_hand.step() == Step::Ran {}
        prop_assert_eq!(by_hand.step(), Step::Idle);
        for ticket in tickets {
            let told = ticket.wait_for(ms(0));
            prop_assert!(!matches!(told, Err(WaitError::TimedOut | WaitError::Owed)), "{told:?}");
        }
        taken.extend(rows.take());
        drop(rows);
        prop_assert!(matches!(by_hand.step(), Step::Ended(Shutdown::Idle)));
        drop(by_hand);
        let mut all = done.into_inner();
        all.extend(taken);
        all.sort_unstable();
        prop_assert_eq!(all, (0..brought).collect::<Vec<_>>(), "G10");
    }
}
