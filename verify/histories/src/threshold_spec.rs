//! A gate whose threshold is changed while others decide.
//!
//! Word and threshold together are not one linearizable object. A decision reads the threshold before it moves
//! the word, so after a change it may still move the word by the old threshold. A thread that made the change
//! and then looked at the word has seen neither order of the two:
//!
//! ```text
//! thread 0   arrive(now):  reads the threshold, 10 ........................ moves the word: Defer
//! thread 1                              sets the threshold to 0, sees that nothing is pending
//! ```
//!
//! The arrival comes before the change, since a threshold of 0 would have let it run. It also comes after the
//! look at the word, which comes after the change.
//!
//! The promise is weaker, and holds: each decision is one point in time of the word, and uses a threshold that
//! was set at some moment of the call. A call that begins after a change has ended uses the new one.

use crate::answer::Answer;
use crate::gate_spec::{GateSpec, Operation};
use crate::history::History;
use crate::record::Call;
use reference::Told;
use stateright::semantics::SequentialSpec;
use std::fmt;

/// An operation, and the thresholds that it may have used.
#[derive(Clone, Debug)]
pub struct Decision {
    operation: Operation,
    /// Empty if it must be the threshold that was set last.
    thresholds: Vec<u64>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by a threshold of {:?}", self.operation, self.thresholds)
    }
}

/// The history as if gate and threshold were one object.
#[must_use]
pub fn as_one_object(history: &History<Operation, Answer>) -> History<Decision, Answer> {
    with(history, |_| true, |_| Vec::new())
}

/// The history of the word alone: each decision uses a threshold that was set at some moment of its call.
#[must_use]
pub fn as_promised(history: &History<Operation, Answer>) -> History<Decision, Answer> {
    with(history, |call| change(call).is_none(), |call| readable(history, call))
}

/// The history as if no decision had noticed a change.
#[must_use]
pub fn as_if_unchanged(history: &History<Operation, Answer>) -> History<Decision, Answer> {
    with(history, |call| change(call).is_none(), |_| vec![history.threshold])
}

fn with(
    history: &History<Operation, Answer>,
    keep: impl Fn(&Call<Operation, Answer>) -> bool,
    thresholds: impl Fn(&Call<Operation, Answer>) -> Vec<u64>,
) -> History<Decision, Answer> {
    let decided = |call: &Call<Operation, Answer>| Call {
        thread: call.thread,
        called: call.called,
        returned: call.returned,
        operation: Decision { operation: call.operation, thresholds: thresholds(call) },
        answer: without_threshold(call.answer),
    };
    let calls = history.calls.iter().filter(|call| keep(call)).map(decided).collect();
    History { seed: history.seed, threshold: history.threshold, calls }
}

fn change(call: &Call<Operation, Answer>) -> Option<u64> {
    match call.operation {
        Operation::SetThreshold(to) => Some(to),
        _ => None,
    }
}

/// All that a load during `call` may return: what was set by the latest change before it, and by each
/// change that overlaps it. Only one thread makes changes, one after the other.
fn readable(history: &History<Operation, Answer>, call: &Call<Operation, Answer>) -> Vec<u64> {
    let mut thresholds = vec![history.threshold];
    for changing in &history.calls {
        let Some(to) = change(changing) else { continue };
        if changing.returned < call.called {
            thresholds = vec![to];
        } else if changing.called < call.returned {
            thresholds.push(to);
        }
    }
    thresholds
}

/// Leaves out the threshold where the caller reads it by a load of its own: that is after the decision, not in
/// it.
fn without_threshold(answer: Answer) -> Answer {
    match answer {
        Answer::In { told: Told::Defer(_), epoch } => Answer::In { told: Told::Defer(0), epoch },
        Answer::State(mut model) => {
            model.threshold = 0;
            Answer::State(model)
        }
        answer => answer,
    }
}

/// What a gate must answer, while its threshold changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThresholdSpec(GateSpec);

impl ThresholdSpec {
    #[must_use]
    pub fn new(threshold: u64) -> Self {
        Self(GateSpec::new(threshold))
    }
}

impl SequentialSpec for ThresholdSpec {
    type Op = Decision;
    type Ret = Answer;

    fn invoke(&mut self, decision: &Decision) -> Answer {
        without_threshold(self.0.invoke(&decision.operation))
    }

    fn is_valid_step(&mut self, decision: &Decision, answer: &Answer) -> bool {
        if decision.thresholds.is_empty() {
            return self.invoke(decision) == *answer;
        }
        // Once the answer is known, the next state does not depend on which threshold it was.
        let before = *self;
        decision.thresholds.iter().any(|&threshold| {
            *self = before;
            self.0.0.threshold = threshold;
            let answered = self.invoke(decision);
            self.0.0.threshold = 0;
            answered == *answer
        })
    }
}
