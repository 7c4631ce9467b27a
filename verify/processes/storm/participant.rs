//! One process of the storm, or one thread in its place: it calls at random moments, runs when it is its
//! turn, and writes down what happens.

use super::order::Order;
use super::watched::Watched;
use ::processes::log::{Event, Log, now};
use ::processes::participant::Receiver;
use atomic_throttle_cluster::register::Register;
use atomic_throttle_cluster::{ClusterThrottled, Run, Ticket, Trouble};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand_distr::{Distribution, Exp};
use std::collections::VecDeque;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// How often it checks whether it must end.
const TICK: Duration = Duration::from_millis(20);

/// Calls and runs until `ends` says so, and then until its calls are covered.
pub fn live(order: &Order, register: Arc<dyn Register>, ends: &AtomicBool) -> Result<(), String> {
    let log =
        Log::create(&order.log()).map_err(|e| format!("cannot write {}: {e}", order.log().display()))?;
    let log = Arc::new(log);
    log.write(Event::Opened { pid: process::id() });
    let receiver = Receiver::open(&order.receiver()).map_err(|e| format!("the receiver of tokens: {e}"))?;
    let watched = Arc::new(Watched::new(register, Arc::clone(&log)));
    let (of_errors, of_runs, run_time) = (Arc::clone(&log), Arc::clone(&log), order.run_time);
    let throttled = ClusterThrottled::builder(order.threshold)
        .register(Arc::clone(&watched) as Arc<dyn Register>)
        .lease(order.lease)
        .on_error(move |trouble| {
            if matches!(trouble, Trouble::Register(_)) {
                of_errors.write(Event::Failed);
            }
        })
        .spawn(move |run| perform(run, run_time, &of_runs, &receiver))
        .map_err(|e| e.to_string())?;

    let mut caller = Caller { throttled: &throttled, log: &log, calls: 0, owed: VecDeque::new() };
    caller.call(order, ends)?;
    let left = throttled.shutdown(order.patience());
    caller.tell();
    log.write(Event::Closed { covered: left.is_ok(), commands: watched.commands() });
    Ok(())
}

/// The function of the throttle. At its end it does something that no superseded run must do: it offers its
/// token to a receiver that keeps the greatest one.
fn perform(run: &Run<'_>, run_time: Duration, log: &Log, receiver: &Receiver) {
    let epoch = run.token();
    log.write(Event::Started { epoch });
    thread::sleep(run_time);
    let asked = now();
    let current = run.is_current().ok();
    let answered = |accepted| {
        log.write(Event::Offered { epoch, accepted });
    };
    receiver.offer(epoch, answered).expect("the file of the receiver can be read and written");
    log.write(Event::Ended { epoch, asked, current });
}

struct Caller<'t> {
    throttled: &'t ClusterThrottled,
    log: &'t Log,
    calls: u64,
    /// Calls that are not reported as covered yet, oldest first.
    owed: VecDeque<(u64, Ticket<'t>)>,
}

impl Caller<'_> {
    fn call(&mut self, order: &Order, ends: &AtomicBool) -> Result<(), String> {
        let gaps = Exp::new(order.rate).map_err(|e| e.to_string())?;
        let mut random = StdRng::seed_from_u64(order.seed);
        let mut due = Instant::now();
        loop {
            due += Duration::from_secs_f64(gaps.sample(&mut random));
            // A process that was stopped does not catch up.
            due = due.max(Instant::now());
            loop {
                if ends.load(Relaxed) {
                    return Ok(());
                }
                let left = due.saturating_duration_since(Instant::now()).min(TICK);
                if left.is_zero() {
                    break;
                }
                self.wait(left);
            }
            self.call_once();
        }
    }

    fn call_once(&mut self) {
        self.calls += 1;
        let call = self.calls;
        self.log.write(Event::Calling { call });
        match self.throttled.trigger() {
            Ok(ticket) => {
                self.log.write(Event::Called { call });
                self.owed.push_back((call, ticket));
            }
            Err(_) => {
                self.log.write(Event::Refused { call });
            }
        }
    }

    /// Waits, and if a call is covered meanwhile, notes that at once.
    fn wait(&mut self, limit: Duration) {
        match self.owed.front() {
            Some((_, ticket)) => {
                if ticket.wait_for(limit).is_ok() {
                    self.tell();
                }
            }
            None => thread::sleep(limit),
        }
    }

    /// Notes which calls are covered.
    fn tell(&mut self) {
        let covered = self.owed.iter().take_while(|(_, ticket)| ticket.is_covered()).count();
        if let Some((call, _)) = self.owed.drain(..covered).next_back() {
            self.log.write(Event::Covered { call });
        }
    }
}
