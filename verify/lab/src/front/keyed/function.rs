//! The function that the throttle is bound to, on a thread or in a task.

use super::any::Any;
use super::{Itself, KeyedTrailing};
use crate::front::background::{all, in_time, is_done, merge};
use crate::front::home::Home;
use crate::front::threads::ThreadFront;
use crate::options::Brings;
use crate::record::{Brought, Carried, Spans};
use crate::recorder::Recorder;
use crate::running::{Planned, Running};
use atomic_throttle::{Batch, KeyedThrottledBuilder, NoRuntime, Timestamp};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What a run is given, with what brings it home.
type Guarded<T> = atomic_throttle::Carried<T>;

/// What the function knows.
#[derive(Clone)]
pub struct Inside {
    pub recorder: Arc<Recorder>,
    pub itself: Itself,
}

impl Inside {
    pub fn on_a_thread(self, builder: KeyedThrottledBuilder<usize>, brings: Brings) -> io::Result<Any> {
        let mut seen = self.recorder.room();
        Ok(match brings {
            Brings::None => {
                Any::Nothing(builder.spawn(move |&key| self.begin(key, &mut seen, None).run_or_fail())?)
            }
            Brings::Count => Any::Count(builder.counting().spawn(move |&key, calls| {
                self.begin(key, &mut seen, Some(Carried::Count(calls))).covering(calls).run_or_fail()
            })?),
            Brings::Latest => Any::Latest(builder.latest().spawn(move |&key, newest: &Brought| {
                self.begin(key, &mut seen, Some(Carried::Newest(Some(*newest)))).run_or_fail()
            })?),
            Brings::Merge => Any::Merge(builder.merging(merge).spawn(move |&key, spans: &Spans| {
                self.begin(key, &mut seen, Some(Carried::All(spans.clone()))).run_or_fail()
            })?),
            Brings::Collect => {
                Any::Collect(builder.collecting().spawn(move |&key, batch: &mut Batch<Brought>| {
                    let running = self.begin(key, &mut seen, Some(all(batch)));
                    is_done(&running, batch);
                    running.run_or_fail()
                })?)
            }
        })
    }

    pub fn in_a_task(
        self,
        builder: KeyedThrottledBuilder<usize>,
        brings: Brings,
        home: Home,
    ) -> Result<Any, NoRuntime> {
        Ok(match brings {
            Brings::None => {
                Any::Nothing(builder.spawn_on(home, async move |key| self.perform(key, None).await)?)
            }
            Brings::Count => Any::Count(builder.counting().spawn_on(home, async move |key, calls| {
                let mut seen = self.recorder.room();
                in_time(self.begin(key, &mut seen, Some(Carried::Count(calls))).covering(calls)).await
            })?),
            Brings::Latest => {
                Any::Latest(builder.latest().spawn_on(home, async move |key, newest: Guarded<Brought>| {
                    self.perform(key, Some(Carried::Newest(Some(*newest)))).await
                })?)
            }
            Brings::Merge => Any::Merge(builder.merging(merge).spawn_on(
                home,
                async move |key, spans: Guarded<Spans>| {
                    self.perform(key, Some(Carried::All(spans.clone()))).await
                },
            )?),
            Brings::Collect => Any::Collect(builder.collecting().spawn_on(
                home,
                async move |key, mut batch: Guarded<Batch<Brought>>| {
                    let mut seen = self.recorder.room();
                    let running = self.begin(key, &mut seen, Some(all(&batch)));
                    is_done(&running, &mut batch);
                    in_time(running).await
                },
            )?),
        })
    }

    /// Begins a run that was given this, and does what it does with its own throttle.
    fn begin<'r>(&'r self, key: usize, seen: &'r mut Vec<u64>, given: Option<Carried>) -> Running<'r> {
        let itself = || self.itself.get()?.upgrade();
        let stamp = || itself().and_then(|throttled| throttled.snapshot(key)?.last_run_at);
        let stamp = || stamp().map_or(0, Timestamp::as_nanos);
        let running = self.recorder.begin(key, seen, stamp).given(given);
        if let Some(throttled) = itself() {
            KeyedTrailing::inside(throttled, &self.recorder, Duration::ZERO).nest(&running);
        }
        running
    }

    async fn perform(&self, key: usize, given: Option<Carried>) -> Result<(), Planned> {
        let mut seen = self.recorder.room();
        in_time(self.begin(key, &mut seen, given)).await
    }
}
