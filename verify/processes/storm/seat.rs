//! [`Seat`]: the place of one process. When the process is killed, another one takes the place.

use super::order::{Order, log_of};
use ::processes::judge::{Fact, What};
use ::processes::log::{Nanos, Who, now};
use rustix::process::{Pid, Signal, kill_process};
use std::env;
use std::io::{self, Write};
use std::mem;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Instant;

pub struct Seat {
    /// The latest process that took it.
    pub who: Who,
    state: State,
}

enum State {
    Awake(Process),
    Stopped {
        process: Process,
        /// A moment before the stop.
        from: Nanos,
        until: Instant,
    },
    /// No process, until then.
    Empty(Instant),
    /// No process any more: it has ended by itself.
    Gone,
}

struct Process {
    child: Child,
    /// When this is closed, the process ends.
    input: ChildStdin,
}

impl Seat {
    /// No process has taken it yet.
    pub fn first(order: &Order) -> Result<Self, String> {
        Ok(Self { who: order.who, state: State::Awake(start(order)?) })
    }

    pub fn is_awake(&self) -> bool {
        matches!(self.state, State::Awake(_))
    }

    pub fn is_gone(&self) -> bool {
        matches!(self.state, State::Gone)
    }

    /// Whether another process must take it.
    pub fn is_due(&self) -> bool {
        matches!(self.state, State::Empty(until) if Instant::now() >= until)
    }

    /// Another process takes it.
    pub fn take(&mut self, order: &Order) -> Result<(), String> {
        self.who = order.who;
        self.state = State::Awake(start(order)?);
        Ok(())
    }

    /// The log of the process that has it.
    pub fn log(&self, folder: &Path) -> PathBuf {
        log_of(folder, self.who)
    }

    /// Checks whether the process has ended by itself, which it should not.
    pub fn look(&mut self) -> io::Result<()> {
        if let State::Awake(process) = &mut self.state {
            if process.child.try_wait()?.is_some() {
                self.state = State::Gone;
            }
        }
        Ok(())
    }

    /// Kills the process. Until `next` the place is empty.
    pub fn kill(&mut self, next: Instant) -> io::Result<Option<Fact>> {
        let State::Awake(process) = &mut self.state else { return Ok(None) };
        // A process that has ended by itself was not killed.
        if process.child.try_wait()?.is_some() {
            self.state = State::Gone;
            return Ok(None);
        }
        let from = now();
        process.child.kill()?;
        process.child.wait()?;
        let fact = Fact { from, until: now(), what: What::Killed { who: self.who } };
        self.state = State::Empty(next);
        Ok(Some(fact))
    }

    /// Stops the process, which does not notice it.
    pub fn stop(&mut self, until: Instant) -> io::Result<()> {
        match mem::replace(&mut self.state, State::Gone) {
            State::Awake(process) => {
                let from = now();
                kill_process(Pid::from_child(&process.child), Signal::STOP)?;
                self.state = State::Stopped { process, from, until };
            }
            other => self.state = other,
        }
        Ok(())
    }

    /// Continues the process, if it was stopped and it is time for that, or `at_once`.
    pub fn go_on(&mut self, at_once: bool) -> io::Result<Option<Fact>> {
        match mem::replace(&mut self.state, State::Gone) {
            State::Stopped { process, from, until } if at_once || Instant::now() >= until => {
                kill_process(Pid::from_child(&process.child), Signal::CONT)?;
                self.state = State::Awake(process);
                Ok(Some(Fact { from, until: now(), what: What::Stopped { who: self.who } }))
            }
            other => {
                self.state = other;
                Ok(None)
            }
        }
    }

    /// Asks the process to end, and returns it to wait for.
    pub fn end(mut self) -> Option<(Who, Child)> {
        match mem::replace(&mut self.state, State::Gone) {
            State::Awake(Process { child, input }) => {
                drop(input);
                Some((self.who, child))
            }
            State::Stopped { .. } | State::Empty(_) | State::Gone => None,
        }
    }
}

/// Its process then ends by itself, since its input is closed; a stopped process does not.
impl Drop for Seat {
    fn drop(&mut self) {
        let _ = self.go_on(true);
    }
}

fn start(order: &Order) -> Result<Process, String> {
    let started = || {
        let mut child = Command::new(env::current_exe()?)
            .arg("process")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()?;
        let mut input = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = serde_json::to_string(order)?;
        line.push('\n');
        input.write_all(line.as_bytes())?;
        Ok(Process { child, input })
    };
    started().map_err(|e: io::Error| format!("cannot start a process: {e}"))
}
