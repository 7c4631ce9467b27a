//! The log of a process: one line for each thing that happened, in a file of its own.

use atomic_throttle::{Clock, Monotonic};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Time in nanoseconds on the monotonic clock of the machine: one for all its processes.
pub type Nanos = u64;

/// The present time on the clock of the machine.
#[must_use]
pub fn now() -> Nanos {
    Monotonic.now().as_nanos()
}

/// A process: its seat in the trial, and how many processes had that seat before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Who {
    /// The seat.
    pub seat: u32,
    /// How many processes had it before.
    pub incarnation: u32,
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seat, self.incarnation)
    }
}

/// One line: when, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When it was written.
    pub at: Nanos,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happens to a process. Calls are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// It has begun.
    Opened {
        /// Its process id.
        pid: u32,
    },
    /// It is about to make a call.
    Calling {
        /// Which.
        call: u64,
    },
    /// The call was taken.
    Called {
        /// Which.
        call: u64,
    },
    /// The call was refused: the throttle had ended.
    Refused {
        /// Which.
        call: u64,
    },
    /// It learned that this call is covered, and so all before it.
    Covered {
        /// Which.
        call: u64,
    },
    /// The limit of a wait has passed; the call stays owed.
    TimedOut {
        /// Which.
        call: u64,
        /// Whether the wait reported that the register does not answer.
        unanswered: bool,
    },
    /// It has made a run pending, and owns it.
    Deferred {
        /// The epoch of the run before.
        epoch: u64,
    },
    /// The first thing in the function.
    Started {
        /// The epoch of the run.
        epoch: u64,
    },
    /// The run has offered its token to a receiver that keeps the greatest one.
    Offered {
        /// The epoch of the run.
        epoch: u64,
        /// Whether the receiver accepted it.
        accepted: bool,
    },
    /// The last thing in the function.
    Ended {
        /// The epoch of the run.
        epoch: u64,
        /// When it asked whether it is the latest run.
        asked: Nanos,
        /// What it learned, if the register answered.
        current: Option<bool>,
    },
    /// The register did not answer.
    Failed,
    /// It has ended by itself.
    Closed {
        /// Whether all its calls were covered.
        covered: bool,
        /// How many commands it sent to the register.
        commands: u64,
    },
}

/// The log of a process that writes.
///
/// A record is one unbuffered `write`: what was written stays when the process is killed.
#[derive(Debug)]
pub struct Log {
    file: File,
}

impl Log {
    /// A log in the file at `path`, which is new.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: OpenOptions::new().append(true).create_new(true).open(path)? })
    }

    /// Writes that this happens now, and returns the time.
    ///
    /// # Panics
    ///
    /// If the system refuses it: a log with holes could not be judged.
    #[allow(clippy::must_use_candidate, reason = "as a rule only the writing matters")]
    pub fn write(&self, event: Event) -> Nanos {
        let at = now();
        let mut line = serde_json::to_string(&Record { at, event }).expect("a record has no maps");
        line.push('\n');
        (&self.file).write_all(line.as_bytes()).expect("the log of a trial can be written");
        at
    }
}

/// The records in the file at `path`. A torn last line, which its writer did not live to complete, is left
/// out; a file that does not exist has no records.
///
/// # Errors
///
/// The error of the system, or of a whole line that is not a record.
pub fn read(path: &Path) -> io::Result<Vec<Record>> {
    match fs::read(path) {
        Ok(bytes) => parse(&bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn parse(bytes: &[u8]) -> io::Result<Vec<Record>> {
    let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    bytes[..whole]
        .split_inclusive(|&byte| byte == b'\n')
        .map(|line| serde_json::from_slice(line).map_err(io::Error::from))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_event() -> [Event; 12] {
        [
            Event::Opened { pid: 7 },
            Event::Calling { call: 1 },
            Event::Called { call: 1 },
            Event::Refused { call: 2 },
            Event::Covered { call: 1 },
            Event::TimedOut { call: 1, unanswered: true },
            Event::Deferred { epoch: u64::MAX >> 3 },
            Event::Started { epoch: 5 },
            Event::Offered { epoch: 5, accepted: false },
            Event::Ended { epoch: 5, asked: 9, current: None },
            Event::Failed,
            Event::Closed { covered: true, commands: 3 },
        ]
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = Log::create(&path).unwrap();
        let written = every_event().map(|event| Record { at: log.write(event), event });
        assert_eq!(read(&path).unwrap(), written);
        assert!(Log::create(&path).is_err(), "two processes would share it");
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_only_that() {
        let line = |event| serde_json::to_string(&Record { at: 1, event }).unwrap();
        let [first, second] = [Event::Failed, Event::Started { epoch: 3 }].map(line);
        let whole = format!("{first}\n{second}\n");
        for cut in first.len() + 1..whole.len() {
            assert_eq!(parse(&whole.as_bytes()[..cut]).unwrap().len(), 1, "cut at {cut}");
        }
        assert_eq!(parse(whole.as_bytes()).unwrap().len(), 2);
        let torn_before_the_end = format!("{}\n{second}\n", &first[..5]);
        assert!(parse(torn_before_the_end.as_bytes()).is_err());
    }

    #[test]
    fn a_process_that_was_killed_before_its_first_line_has_no_record() {
        assert!(read(Path::new("/nowhere/at/all")).unwrap().is_empty());
        assert!(parse(b"").unwrap().is_empty());
    }
}
