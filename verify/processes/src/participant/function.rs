//! [`Function`]: what a participant does in a run.

use super::{Fault, Options, Receiver, Span};
use crate::log::{Event, Log, now};
use atomic_throttle_cluster::Run;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub(super) struct Function {
    log: Arc<Log>,
    run_for: Span,
    hold: Option<PathBuf>,
    receiver: Option<Receiver>,
    rng: StdRng,
    fault: Option<Fault>,
}

impl Function {
    pub(super) fn new(options: &Options, log: Arc<Log>) -> io::Result<Self> {
        Ok(Self {
            log,
            run_for: options.run_for,
            hold: options.hold.clone(),
            receiver: options.receiver.as_deref().map(Receiver::open).transpose()?,
            rng: StdRng::seed_from_u64(options.seed),
            fault: options.fault,
        })
    }

    pub(super) fn into_run(mut self) -> impl FnMut(&Run<'_>) + Send + 'static {
        move |run| {
            self.perform(run);
            if self.fault == Some(Fault::Twice) {
                self.perform(run);
            }
        }
    }

    fn perform(&mut self, run: &Run<'_>) {
        let epoch = run.token();
        self.log.write(Event::Started { epoch });
        if self.fault == Some(Fault::Dies) {
            std::process::exit(0);
        }
        thread::sleep(self.run_for.draw(&mut self.rng));
        while self.hold.as_ref().is_some_and(|hold| hold.exists()) {
            thread::sleep(Duration::from_millis(1));
        }
        let asked = now();
        let current = run.is_current().ok();
        if let Some(receiver) = &self.receiver {
            let offered = |accepted| {
                self.log.write(Event::Offered { epoch, accepted });
            };
            receiver.offer(epoch, offered).expect("the receiver's file can be written");
        }
        self.log.write(Event::Ended { epoch, asked, current });
    }
}
