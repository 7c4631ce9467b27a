//! A call finds a channel of capacity 1 full. `crossbeam-channel` 0.5.17 and the standard library have such a
//! channel; this library's own shape is in `shapes.rs`. The question is whether the receiver sees what the
//! caller wrote before. The program was read off `start_send` and `start_recv` of the array flavour by hand.

use axioms::Order::{self, AcqRel, Acquire, Relaxed, Release, SeqCst};
use axioms::{Model, Program};
use watchdog as _;

const EMPTY: u64 = 0;
const TAKEN: u64 = 2;
/// The states of the slot: written, and free again.
const WRITTEN: u64 = 1;
const FREE: u64 = 2;
/// A message is there, and only one thread receives, so this never comes.
const NEVER: u64 = 99;

/// `after` is a fence that the receiver might have after it took the message; Relaxed means none.
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

/// The caller found the channel full, and the receiver has not seen what the caller wrote.
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
