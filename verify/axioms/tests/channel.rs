//! A call that finds a channel of capacity 1 full, as `crossbeam-channel` 0.5.17 and the standard library have it,
//! beside this library's own shape (`shapes.rs`): does the receiver see what the caller wrote before? Read off
//! `start_send` and `start_recv` of its array flavour by hand.

use axioms::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::{Model, Program};

const EMPTY: u64 = 0;
const TAKEN: u64 = 2;
/// Of the slot: written, and free again.
const WRITTEN: u64 = 1;
const FREE: u64 = 2;
/// A message is there, and only one receives.
const NEVER: u64 = 99;

/// `after`: a fence that the receiver would have after it took the message; Relaxed is none.
fn full_channel(after: Order) -> Program {
    let mut program = Program::new();
    let (head, stamp, data) = (program.location(EMPTY), program.location(WRITTEN), program.location(0));
    program.thread(move |t| {
        t.store(data, 1, Relaxed);
        let slot = t.load(stamp, Acquire);
        t.fence(SeqCst);
        [slot, t.load(head, Relaxed)]
    });
    program.thread(move |t| {
        if t.compare_exchange(head, EMPTY, TAKEN, SeqCst, Relaxed).is_err() {
            return [NEVER];
        }
        t.store(stamp, FREE, Release);
        t.fence(after);
        [t.load(data, Relaxed)]
    });
    program
}

/// The caller was told that the channel is full, and the receiver has not seen what it wrote.
fn missed(after: Order, model: Model) -> usize {
    full_channel(after).judge(model).count(|o| o.threads == [vec![WRITTEN, EMPTY], vec![0]])
}

#[test]
fn who_finds_a_channel_full_may_not_be_seen() {
    for model in [Model::RC11, Model::CPP20] {
        for after in [Relaxed, Acquire, Release, AcqRel] {
            assert!(missed(after, model) > 0, "{after:?} after a receive is not enough");
        }
        assert_eq!(missed(SeqCst, model), 0, "with a fence it would be seen");
    }
}
