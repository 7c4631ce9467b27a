//! One transition at full width, also under a lease, beside the reference model.

use crate::bytes::numbers;
use crate::subject::Subject;
use evidence::Guarantee::{self, G1, G2, G3, G4, G8};
use reference::planted::{Fault, Judge};
use reference::reached::Reached;
use reference::{Event, MAX, Model, NEVER, Promise, edges, shipped};

pub struct Transitions;

impl Subject for Transitions {
    type Fault = Fault;
    const TARGET: &'static str = "transitions";
    const CLAIM: &'static str = "one transition at full width, also under a lease";
    const GUARANTEES: &'static [Guarantee] = &[G1, G2, G3, G4, G8];
    // What a cancel does to a later call shows in a sequence only.
    const FAULTS: &'static [Fault] = &{
        let [over_early, saturates, ignored, opens, ends_the_run, late_finish] = Fault::OF_A_LEASE;
        [
            Fault::OpensEarly,
            Fault::StampRepeats,
            Fault::FinishClears,
            Fault::OweForgotten,
            over_early,
            saturates,
            ignored,
            opens,
            ends_the_run,
            late_finish,
        ]
    };

    fn name(fault: Fault) -> &'static str {
        fault.name()
    }

    fn reached() -> Vec<&'static str> {
        [edges::OF_A_STEP, edges::OF_A_LEASE].concat()
    }

    fn check(fault: Option<Fault>, input: &[u8]) -> Reached {
        transition(fault, input).unwrap_or_default()
    }
}

/// Flags and event, then four numbers of eight bytes: start, threshold, now, and epoch or latest; then a
/// lease, if there is one, which events of a gate ignore. Compares the shipped transition with the model;
/// `None` if the input is too short.
fn transition(fault: Option<Fault>, input: &[u8]) -> Option<Reached> {
    let (&[flags, kind], rest) = input.split_first_chunk::<2>()?;
    let [start, threshold, now, other] = numbers(rest)?;
    let promise = [Promise::Nothing, Promise::Owned, Promise::TakenBack, Promise::Orphaned]
        [usize::from(flags >> 1 & 3)];
    // The very last start has a test of its own.
    let latest_start = start % ((1 << 61) - 1);
    // Chance does not find two numbers of 64 bits that are as far apart as a third.
    let longest = MAX.saturating_sub(latest_start);
    let threshold = [threshold, longest, longest + 1, 0][usize::from(flags >> 4 & 3)].min(MAX);
    let model = Model { threshold, latest_start, in_progress: flags & 1 == 1, promise };
    let due = model.deadline();
    let now = [now, due, due.saturating_sub(1), latest_start][usize::from(flags >> 6)].min(MAX);
    let relation = usize::from(kind / 10);
    let lease = numbers(rest).map(|[_, _, _, _, lease]: [u64; 5]| {
        [lease, threshold, longest, longest + 1][relation % 4].clamp(1, MAX)
    });
    let end = lease.map(|lease| model.lease_end(lease));
    let now = end.map_or(now, |end| [now, now, end, end - 1, MAX, now][relation / 4 % 6].min(MAX));
    let latest = if other > MAX { NEVER } else { other };
    let epoch = if flags & 8 == 0 { model.latest_start } else { other >> 3 };
    let event = match kind % 10 {
        0 => Event::Arrive { now },
        1 => Event::ArriveBy { now, latest },
        2 => Event::Request,
        3 => Event::TryStart { now },
        4 => Event::Fire { epoch, now },
        5 => Event::Abandon { epoch },
        6 => Event::Cancel,
        7 => Event::Flush { now },
        8 => Event::Owe,
        _ => Event::Finish { epoch },
    };
    let lease = lease.filter(|_| !event.is_of_a_gate());
    let policy = shipped::policy(threshold, lease);
    let before = shipped::encode(&model);
    let (state, told) = match lease {
        None => shipped::step(before, policy.threshold, event),
        Some(_) => shipped::step_under(before, policy, event),
    };
    let mut judge = Judge::new(model, fault);
    assert_eq!(told, judge.step_under(lease, event), "{event:?} in {model:?}, {policy:?}");
    assert_eq!(shipped::decode(state, policy.threshold), judge.model, "{event:?} in {model:?}, {policy:?}");
    Some(judge.edges)
}
