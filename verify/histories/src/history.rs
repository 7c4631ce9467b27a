//! A recorded history, and the question whether it is linearizable.

use crate::record::Call;
use crate::remembering::Remembering;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};
use std::fmt;

/// The calls of all threads, and what they were made from.
#[derive(Clone, Debug)]
pub struct History<O, A> {
    pub seed: u64,
    pub threshold: u64,
    pub calls: Vec<Call<O, A>>,
}

impl<O, A> History<O, A>
where
    O: Clone + fmt::Debug + fmt::Display,
    A: Clone + fmt::Debug + fmt::Display + PartialEq,
{
    /// Asserts that the history is linearizable. If it is not, prints it, and the moment up to which one has
    /// to read it to see that.
    ///
    /// # Panics
    ///
    /// If it is not linearizable.
    pub fn assert_linearizable<S>(&self, spec: &S)
    where
        S: SequentialSpec<Op = O, Ret = A> + Clone + PartialEq,
    {
        if !self.is_linearizable(spec.clone()) {
            let mut returns = self.calls.iter().map(|call| call.returned).collect::<Vec<_>>();
            returns.sort_unstable();
            let until = returns.into_iter().find(|&until| !self.is_linearizable_until(until, spec.clone()));
            let until = until.expect("all of it is not linearizable");
            panic!("not linearizable: no order of the calls until moment {until} has these answers\n{self}");
        }
    }

    /// Whether some order of the calls respects their moments and gets the same answers from `spec`.
    pub fn is_linearizable<S>(&self, spec: S) -> bool
    where
        S: SequentialSpec<Op = O, Ret = A> + Clone + PartialEq,
    {
        self.is_linearizable_until(u64::MAX, spec)
    }

    fn is_linearizable_until<S>(&self, until: u64, spec: S) -> bool
    where
        S: SequentialSpec<Op = O, Ret = A> + Clone + PartialEq,
    {
        let threads = self.calls.iter().map(|call| call.thread + 1).max().unwrap_or(0);
        let remembering = Remembering::new(spec, threads);
        let tester = LinearizabilityTester::new(remembering);
        self.tell(until, tester, |call| (call.thread, call.operation.clone()))
    }

    /// The same question to the bare tester, which takes exponential time to reject a long history.
    pub fn is_linearizable_by_all_orders<S>(&self, spec: S) -> bool
    where
        S: SequentialSpec<Op = O, Ret = A> + Clone,
    {
        self.tell(u64::MAX, LinearizabilityTester::new(spec), |call| call.operation.clone())
    }

    /// Feeds `tester` with everything that happened until then.
    fn tell<S>(
        &self,
        until: u64,
        mut tester: LinearizabilityTester<usize, S>,
        operation: impl Fn(&Call<O, A>) -> S::Op,
    ) -> bool
    where
        S: SequentialSpec<Ret = A> + Clone,
        S::Op: Clone + fmt::Debug,
    {
        let mut moments = Vec::new();
        for call in &self.calls {
            moments.push((call.called, Moment::Called(call)));
            moments.push((call.returned, Moment::Returned(call)));
        }
        moments.retain(|(moment, _)| *moment <= until);
        moments.sort_by_key(|(moment, _)| *moment);
        for (_, moment) in moments {
            match moment {
                Moment::Called(call) => tester.on_invoke(call.thread, operation(call)),
                Moment::Returned(call) => tester.on_return(call.thread, call.answer.clone()),
            }
            .expect("one call at a time in each thread");
        }
        tester.is_consistent()
    }

    /// How many pairs of calls overlap in time.
    #[must_use]
    pub fn overlaps(&self) -> usize {
        let overlap = |a: &Call<O, A>, b: &Call<O, A>| a.called < b.returned && b.called < a.returned;
        let after = |index: usize| self.calls.iter().skip(index + 1);
        self.calls.iter().enumerate().map(|(i, a)| after(i).filter(|b| overlap(a, b)).count()).sum()
    }
}

enum Moment<'h, O, A> {
    Called(&'h Call<O, A>),
    Returned(&'h Call<O, A>),
}

impl<O: fmt::Display, A: fmt::Display> fmt::Display for History<O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "seed {}, threshold {}", self.seed, self.threshold)?;
        writeln!(f, "moments      thread  operation -> answer")?;
        let mut calls: Vec<_> = self.calls.iter().collect();
        calls.sort_by_key(|call| call.called);
        for call in calls {
            let Call { thread, called, returned, operation, answer } = call;
            writeln!(f, "{called:>4} to {returned:<4} {thread:>6}  {operation} -> {answer}")?;
        }
        Ok(())
    }
}
