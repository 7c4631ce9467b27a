//! The function that the throttle is bound to, on a thread or in a task.

use super::any::Any;
use super::{Background, Itself};
use crate::front::asynchronous::pause;
use crate::front::home::Home;
use crate::front::threads::ThreadFront;
use crate::options::Brings;
use crate::record::{Brought, Carried, Spans};
use crate::recorder::Recorder;
use crate::running::{Planned, Running};
use atomic_throttle::{Batch, NoRuntime, ThrottledBuilder};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What the function knows.
#[derive(Clone)]
pub struct Inside {
    pub recorder: Arc<Recorder>,
    pub itself: Itself,
}

pub fn merge(older: &mut Spans, newer: Spans) {
    older.merge(newer);
}

pub fn all(batch: &Batch<Brought>) -> Carried {
    Carried::All(Spans::of(batch.iter().copied()))
}

/// Takes all out, unless the run is to be tried again with it.
pub fn is_done(running: &Running<'_>, batch: &mut Batch<Brought>) {
    if running.failing().is_none() {
        batch.drain().for_each(drop);
    }
}

impl Inside {
    pub fn on_a_thread(self, builder: ThrottledBuilder, brings: Brings) -> io::Result<Any> {
        let mut seen = self.recorder.room();
        Ok(match brings {
            Brings::None => Any::Nothing(builder.spawn(move || self.begin(&mut seen, None).run_or_fail())?),
            Brings::Count => Any::Count(
                builder
                    .counting()
                    .spawn(move |calls| self.begin(&mut seen, Some(Carried::Count(calls))).run_or_fail())?,
            ),
            Brings::Latest => Any::Latest(builder.latest().spawn(move |newest: &Brought| {
                self.begin(&mut seen, Some(Carried::Newest(Some(*newest)))).run_or_fail()
            })?),
            Brings::Merge => Any::Merge(builder.merging(merge).spawn(move |spans: &Spans| {
                self.begin(&mut seen, Some(Carried::All(spans.clone()))).run_or_fail()
            })?),
            Brings::Collect => {
                Any::Collect(builder.collecting().spawn(move |batch: &mut Batch<Brought>| {
                    let running = self.begin(&mut seen, Some(all(batch)));
                    is_done(&running, batch);
                    running.run_or_fail()
                })?)
            }
        })
    }

    pub fn in_a_task(self, builder: ThrottledBuilder, brings: Brings, home: Home) -> Result<Any, NoRuntime> {
        Ok(match brings {
            Brings::None => Any::Nothing(builder.spawn_on(home, async move || self.perform(None).await)?),
            Brings::Count => Any::Count(
                builder
                    .counting()
                    .spawn_on(home, async move |calls| self.perform(Some(Carried::Count(calls))).await)?,
            ),
            Brings::Latest => Any::Latest(builder.latest().spawn_on(
                home,
                async move |newest: atomic_throttle::Carried<Brought>| {
                    self.perform(Some(Carried::Newest(Some(*newest)))).await
                },
            )?),
            Brings::Merge => Any::Merge(builder.merging(merge).spawn_on(
                home,
                async move |spans: atomic_throttle::Carried<Spans>| {
                    self.perform(Some(Carried::All(spans.clone()))).await
                },
            )?),
            Brings::Collect => Any::Collect(builder.collecting().spawn_on(
                home,
                async move |mut batch: atomic_throttle::Carried<Batch<Brought>>| {
                    let mut seen = self.recorder.room();
                    let running = self.begin(&mut seen, Some(all(&batch)));
                    is_done(&running, &mut batch);
                    in_time(running).await
                },
            )?),
        })
    }

    /// Begins a run that was given this, and does what it does with its own throttle.
    fn begin<'r>(&'r self, seen: &'r mut Vec<u64>, given: Option<Carried>) -> Running<'r> {
        let itself = || self.itself.get()?.upgrade();
        let stamp = || itself().map_or(0, |throttled| throttled.epoch());
        let running = self.recorder.begin(0, seen, stamp).given(given);
        if let Some(throttled) = itself() {
            let (recorder, patience) = (Arc::clone(&self.recorder), Duration::ZERO);
            Background { throttled, recorder, patience, plant: None, _runtime: None }.nest(&running);
        }
        running
    }

    async fn perform(&self, given: Option<Carried>) -> Result<(), Planned> {
        let mut seen = self.recorder.room();
        in_time(self.begin(&mut seen, given)).await
    }
}

/// Lets the run take its time, and ends it.
pub async fn in_time(running: Running<'_>) -> Result<(), Planned> {
    loop {
        match running.left() {
            0 => return running.end_or_fail(),
            left => pause(left).await,
        }
    }
}
