//! Plays scripts on a throttle with real threads, and writes down each decision of their calls.
//!
//! The test that includes this file chooses the throttle: the shipped one, or one with a planted fault.
//! `throttle_spec` says which decisions a call makes between which moments.

#[path = "clock.rs"]
mod clock;

use self::clock::{Reading, RecordedClock};
use crate::state::{DeferralStatus, Refused};
use crate::{Coalesced, NotFlushed, Outcome, Throttle, Timestamp, WaitError};
use histories::answer::Answer;
use histories::history::History;
use histories::record::{Lane, Moments};
use histories::throttle_script::{Ask, Body, Plan};
use histories::throttle_spec::{Asked, Decision, NO_LIMIT};
use reference::{Event, Model, Promise, Told};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Barrier;
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

/// Plays `plan`. Each thread calls `prepare` first.
pub fn play(plan: &Plan, seed: u64, prepare: impl Fn(u64) + Sync) -> History<Decision, Answer> {
    let moments = Moments::default();
    let clock = RecordedClock::new(&moments);
    let throttle = Throttle::with_clock(Duration::from_nanos(plan.threshold), &clock);
    let start = Barrier::new(plan.scripts.len());
    let follow = |thread: usize, script: &[Ask]| {
        let own_seed = seed ^ (thread as u64) << 32;
        prepare(own_seed);
        let mut player = Player::new(&throttle, Lane::new(thread, &moments, own_seed));
        start.wait();
        for ask in script {
            player.perform(ask);
        }
        player.lane.into_calls()
    };
    let mut calls = thread::scope(|scope| {
        let follow = &follow;
        let scripts = plan.scripts.iter().enumerate();
        let players: Vec<_> =
            scripts.map(|(thread, script)| scope.spawn(move || follow(thread, script))).collect();
        move_the_clock_for(&players, &clock, plan.threshold + 1);
        players.into_iter().flat_map(|player| player.join().expect("a player")).collect::<Vec<_>>()
    });

    // The state that is left when all are done is a part of the history.
    let mut last = Player::new(&throttle, Lane::new(plan.scripts.len(), &moments, seed));
    last.perform(&Ask::State);
    calls.append(&mut last.lane.into_calls());
    History { seed, threshold: plan.threshold, calls }
}

/// Moves the clock when all threads that are left wait.
fn move_the_clock_for<T>(players: &[ScopedJoinHandle<'_, T>], clock: &RecordedClock<'_>, by: u64) {
    loop {
        let left = players.iter().filter(|player| !player.is_finished()).count();
        if left == 0 {
            return;
        }
        clock.advance_for(left, Duration::from_nanos(by));
        thread::yield_now();
    }
}

type Clock<'h> = &'h RecordedClock<'h>;

/// Which method is called.
#[derive(Clone, Copy)]
enum Method {
    Run,
    RunWithin { wait: u64 },
    TryRun,
    Flush,
}

impl Method {
    /// What is decided before the clock is read, if anything.
    fn before_the_clock(self) -> Option<Asked> {
        match self {
            Self::Run | Self::RunWithin { .. } => Some(Asked::Coalesce),
            Self::TryRun | Self::Flush => None,
        }
    }

    /// What is decided after the first reading of the clock.
    fn at(self, now: u64) -> Event {
        match self {
            Self::Run => Event::Arrive { now },
            Self::RunWithin { .. } => Event::ArriveBy { now, latest: self.limit(now) },
            Self::TryRun => Event::TryStart { now },
            Self::Flush => Event::Flush { now },
        }
    }

    /// The time until which the call waits, if its first reading was `now`.
    fn limit(self, now: u64) -> u64 {
        match self {
            Self::RunWithin { wait } => now + wait,
            Self::Run | Self::TryRun | Self::Flush => NO_LIMIT,
        }
    }
}

/// A run whose function has ended.
struct Ran {
    epoch: u64,
    ended: u64,
    deferred: bool,
}

struct Player<'t, 'h> {
    throttle: &'t Throttle<Clock<'h>>,
    lane: Lane<'h, Decision, Answer>,
    latest_handle: Option<Coalesced<'t, Clock<'h>>>,
    /// The runs that this thread is inside of.
    inside: usize,
    ran: Vec<Ran>,
}

impl<'t, 'h> Player<'t, 'h> {
    fn new(throttle: &'t Throttle<Clock<'h>>, lane: Lane<'h, Decision, Answer>) -> Self {
        Self { throttle, lane, latest_handle: None, inside: 0, ran: Vec::new() }
    }

    fn perform(&mut self, ask: &Ask) {
        match ask {
            Ask::Run(body) => self.run(body),
            Ask::RunWithin { wait, body } => self.run_within(*wait, body),
            Ask::TryRun(body) => self.try_run(body),
            Ask::Flush(body) => self.flush(body),
            Ask::Cancel => {
                let called = self.lane.begins();
                let told = if self.throttle.cancel() { Told::Yes } else { Told::No };
                self.decided(called, Asked::Event(Event::Cancel), Answer::Told(told));
            }
            Ask::Look => match self.latest_handle {
                Some(handle) => self.look(handle),
                None => self.state(),
            },
            Ask::State => self.state(),
            Ask::Advance { by } => {
                self.throttle.clock().manual.advance(Duration::from_nanos(*by));
            }
        }
    }

    fn run(&mut self, body: &Body) {
        let (throttle, called) = (self.throttle, self.lane.begins());
        let caught = catch_unwind(AssertUnwindSafe(|| throttle.run(|| self.body(called, Method::Run, body))));
        match caught {
            Ok(outcome) => self.settled(called, Method::Run, &outcome),
            Err(_on_purpose) => self.finished(None),
        }
    }

    fn run_within(&mut self, wait: u64, body: &Body) {
        let (throttle, called, method) = (self.throttle, self.lane.begins(), Method::RunWithin { wait });
        let caught = catch_unwind(AssertUnwindSafe(|| {
            throttle.run_within(Duration::from_nanos(wait), || self.body(called, method, body))
        }));
        match caught {
            Ok(Ok(outcome)) => self.settled(called, method, &outcome),
            Ok(Err(refusal)) => self.answered(called, method, refused(refusal)),
            Err(_on_purpose) => self.finished(None),
        }
    }

    fn try_run(&mut self, body: &Body) {
        let (throttle, called, method) = (self.throttle, self.lane.begins(), Method::TryRun);
        let caught = catch_unwind(AssertUnwindSafe(|| throttle.try_run(|| self.body(called, method, body))));
        match caught {
            Ok(Ok(())) => self.finished(Some(false)),
            Ok(Err(refusal)) => self.answered(called, method, refused(refusal)),
            Err(_on_purpose) => self.finished(None),
        }
    }

    fn flush(&mut self, body: &Body) {
        let (throttle, called, method) = (self.throttle, self.lane.begins(), Method::Flush);
        let caught = catch_unwind(AssertUnwindSafe(|| throttle.flush(|| self.body(called, method, body))));
        let told = match caught {
            Ok(Err(NotFlushed::Running)) => Told::Busy,
            Ok(Err(_nothing_pending)) => Told::Nothing,
            Ok(Ok(())) => return self.finished(Some(false)),
            Err(_on_purpose) => return self.finished(None),
        };
        self.answered(called, method, Answer::Told(told));
    }

    fn look(&mut self, handle: Coalesced<'t, Clock<'h>>) {
        let called = self.lane.begins();
        let answer = match handle.wait_for(Duration::ZERO) {
            Ok(()) => Answer::Told(Told::Finished),
            Err(WaitError::Cancelled) => Answer::Told(Told::Cancelled),
            Err(WaitError::Owed) => Answer::Told(Told::Owed),
            Err(_timed_out_or_inside_run) => Answer::Waits,
        };
        self.throttle.clock().take_readings();
        self.decided(called, Asked::Look { epoch: handle.epoch().as_u64() }, answer);
    }

    fn state(&mut self) {
        let called = self.lane.begins();
        let seen = self.throttle.snapshot();
        let answer = Answer::State(Model {
            threshold: seen.threshold.as_nanos(),
            latest_start: seen.epoch.as_u64(),
            in_progress: seen.running,
            promise: match seen.deferral {
                DeferralStatus::None => Promise::Nothing,
                DeferralStatus::Pending => Promise::Owned,
                DeferralStatus::Cancelled => Promise::TakenBack,
                DeferralStatus::Owed => Promise::Orphaned,
            },
        });
        self.decided(called, Asked::State, answer);
    }

    /// The function of the call.
    fn body(&mut self, called: u64, method: Method, body: &Body) {
        let readings = self.throttle.clock().take_readings();
        let deferred = readings.len() > 1;
        // Inside a run this is the stamp of that run.
        let epoch = self.throttle.snapshot().last_run_at.map_or(0, Timestamp::as_nanos);
        self.made(called, method, &readings, Answer::Run { epoch, released_owner: None });
        self.inside += 1;
        for ask in &body.asks {
            self.perform(ask);
        }
        self.inside -= 1;
        let ended = self.lane.begins();
        self.ran.push(Ran { epoch, ended, deferred });
        if body.panics {
            resume_unwind(Box::new("on purpose"));
        }
    }

    /// The call has returned after its run, and says whether that was deferred, unless it panicked.
    fn finished(&mut self, told_deferred: Option<bool>) {
        let Ran { epoch, ended, deferred } = self.ran.pop().expect("a run whose function has ended");
        let asked = match told_deferred {
            None => Asked::Panic { epoch },
            Some(told) => {
                assert_eq!(told, deferred, "a deferred run reads the clock again");
                Asked::Event(Event::Finish { epoch })
            }
        };
        self.decided(ended, asked, Answer::Told(Told::Finished));
    }

    fn settled(&mut self, called: u64, method: Method, outcome: &Outcome<(), Coalesced<'t, Clock<'h>>>) {
        match *outcome {
            Outcome::RanAtOnce(()) => self.finished(Some(false)),
            Outcome::RanDeferred(()) => self.finished(Some(true)),
            Outcome::Cancelled => self.answered(called, method, Answer::Told(Told::Cancelled)),
            Outcome::Owed => self.answered(called, method, Answer::Told(Told::Owed)),
            Outcome::Coalesced(handle) => {
                self.latest_handle = Some(handle);
                let epoch = handle.epoch().as_u64();
                self.answered(called, method, Answer::In { told: Told::Coalesced, epoch });
            }
        }
    }

    /// The call has returned without a run.
    fn answered(&mut self, called: u64, method: Method, answer: Answer) {
        let readings = self.throttle.clock().take_readings();
        self.made(called, method, &readings, answer);
    }

    /// Writes down the decisions that a call made, of which the last was answered by `answer`.
    fn made(&mut self, called: u64, method: Method, readings: &[Reading], answer: Answer) {
        let (mut since, mut asked) = (called, method.before_the_clock());
        for (earlier, reading) in readings.iter().enumerate() {
            if let Some(asked) = asked {
                // It did not coalesce, or did not get its turn: it went on to read the clock.
                let went_on = if earlier == 0 { Answer::Told(Told::Nothing) } else { Answer::Waits };
                self.lane.between(since, reading.before, self.decision(asked), went_on);
            }
            since = reading.after;
            let now = reading.now;
            asked = Some(if earlier == 0 {
                Asked::Event(method.at(now))
            } else {
                Asked::Turn { now, limit: method.limit(readings[0].now) }
            });
        }
        let (asked, answer) = match (asked.expect("a decision"), answer) {
            // It got neither a turn nor a handle, so it gave up its deferral at its limit.
            (Asked::Turn { now, limit }, Answer::Told(Told::Owed)) => (Asked::Leave { now, limit }, answer),
            // A released owner gets a handle.
            (asked @ Asked::Turn { .. }, Answer::In { epoch, .. }) => {
                (asked, Answer::In { told: Told::Gone, epoch })
            }
            // Inside a run no call reads the clock to wait: it coalesces or leaves the run owed.
            (Asked::Coalesce, answer) if self.inside > 0 => (Asked::Event(Event::Owe), answer),
            decided => decided,
        };
        self.decided(since, asked, answer);
    }

    fn decided(&mut self, since: u64, asked: Asked, answer: Answer) {
        let decision = self.decision(asked);
        self.lane.ended(since, decision, answer);
    }

    fn decision(&self, asked: Asked) -> Decision {
        Decision { thread: self.lane.thread, asked }
    }
}

fn refused(refused: Refused) -> Answer {
    Answer::Told(match refused {
        Refused::Closed { retry_at, .. } => Told::Closed(retry_at.as_nanos()),
        Refused::Running => Told::Running,
        #[allow(unreachable_patterns, reason = "non-exhaustive in the shipped crate, not in its sources")]
        other => panic!("a refusal that the table does not know: {other:?}"),
    })
}
