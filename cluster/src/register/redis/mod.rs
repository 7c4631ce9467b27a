//! [`Redis`]: a register in a Redis or Valkey server.

mod error;
mod failure;
mod link;
mod options;
mod text;
mod time;

pub use self::error::RedisOptionsError;
pub use self::options::RedisOptions;

use self::failure::{Blanked, NotACell};
use self::link::{Link, WhenCut};
use super::{Mark, Reading, Register, RegisterError, RegisterErrorKind, Swap};
use crate::cell::Cell;
use core::fmt;
use core::time::Duration;
use redis::{RedisError, RedisResult, Script};
use std::sync::Arc;

/// A register in one key of a Redis or Valkey server, for processes on any number of machines.
///
/// An operation is one short script, which the server executes as one step. It is one round trip, once the
/// server knows the script. The clock is the clock of the server (`TIME`).
///
/// ```no_run
/// use atomic_throttle_cluster::register::{Redis, RedisOptions, Register};
///
/// let options = RedisOptions::new("reload-keepalived").host("redis.example.org");
/// // This does not connect. While the server is down, each operation is an error.
/// let register = Redis::new(options)?;
/// println!("{:?}", register.read()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The server
///
/// * Redis 5 or later, or Valkey: only there a script that has read the time may write.
/// * One server that accepts writes. A node of a Redis Cluster is one for the keys that it holds; for other
///   keys it answers with an error. Redirections are not followed.
/// * The user needs the key, and `+evalsha +script|load +getrange +exists +time +set`; with a
///   database other than 0 also `+select`.
/// * A server that loses its data, or hands over to a replica that was behind, shows an older cell. With
///   `appendonly yes` and `appendfsync always` it does not lose what it has confirmed. With `maxmemory-policy
///   noeviction` it does not drop the key.
/// * NTP should keep its clock. Readings are nanoseconds since 2020-01-01T00:00:00Z, until 2090.
///
/// # The key
///
/// It holds one line of text: `at2`, the word and the epoch of the last finished run in hexadecimal, the mark of
/// the latest start, and its terms. Any other value is foreign, and is never overwritten. Each swap sets the expiry
/// again ([`retention`](RedisOptions::retention)): a throttle that is not used for that long starts as a new
/// one.
///
/// # Failures
///
/// The connection is made when it is needed, kept, and dropped after any failure; the next operation makes a
/// new one. Nothing is tried again here, with one exception: if the kept connection of a read turns out to be
/// cut, for example by a restart of the server, the read is sent once more on a new one.
///
/// A swap is never sent again. Its command may have been executed, or not yet: a command that has reached the
/// machine of a stopped server is executed when the server goes on, even after the connection is closed. So
/// no later reading shows that the command will never be executed. But if it started a run, the mark shows
/// that, at whatever time it was executed. After an error, look at the mark of each later reading.
///
/// Operations of several threads wait for each other, each for at most the timeouts of those before it.
pub struct Redis {
    link: Link,
    script: Script,
    options: RedisOptions,
    key: String,
    description: Arc<str>,
}

/// The answer of the script.
type Answer = (bool, i64, u32, Vec<u8>);

impl Redis {
    /// A register with these options. It does not connect.
    ///
    /// # Errors
    ///
    /// Options that are wrong for every server.
    pub fn new(options: RedisOptions) -> Result<Self, RedisOptionsError> {
        let client = options.client()?;
        Ok(Self {
            link: Link::new(client, options.connect_timeout, options.response_timeout),
            script: Script::new(include_str!("step.lua")),
            key: options.key(),
            description: options.description().into(),
            options,
        })
    }

    /// Whether the register can be read now: the server is there, accepts our credentials and executes the
    /// script, and the key belongs to a throttle or is free. Use it to learn this before a program begins.
    ///
    /// # Errors
    ///
    /// The error of [`read`](Register::read).
    pub fn check(&self) -> Result<(), RegisterError> {
        self.read().map(|_| ())
    }

    fn reading(&self, (_, seconds, micros, held): Answer) -> Result<Reading, RegisterError> {
        let Some((cell, mark)) = text::parse(&held) else {
            let foreign = RegisterError::new(RegisterErrorKind::Foreign, &self.description);
            return Err(foreign.with_source(NotACell { held }));
        };
        Ok(Reading { cell, now: time::timestamp(seconds, micros), mark })
    }

    fn answer(&self, answer: RedisResult<Answer>) -> Result<Answer, RegisterError> {
        answer.map_err(|error| self.failed(error))
    }

    fn failed(&self, error: RedisError) -> RegisterError {
        let failed = RegisterError::new(failure::kind(&error), &self.description);
        match self.options.secret() {
            Some(secret) if failure::tells(&error, secret) => {
                failed.with_source(Blanked::new(&error, secret))
            }
            _ => failed.with_source(error),
        }
    }
}

impl Register for Redis {
    fn read(&self) -> Result<Reading, RegisterError> {
        let read = self.script.key(&self.key);
        self.reading(
            self.answer(self.link.perform(WhenCut::SendAgain, |connection| read.invoke(connection)))?,
        )
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        let starts = new.epoch() != old.epoch();
        let mut swap = self.script.key(&self.key);
        swap.arg(text::of_cell(old)).arg(text::of_cell(new));
        swap.arg(if starts { text::of_mark(mark) } else { String::new() })
            .arg(self.options.retention_millis());
        let answer = self.answer(self.link.perform(WhenCut::GiveUp, |connection| swap.invoke(connection)))?;
        let (done, seconds, micros, _) = answer;
        if done {
            Ok(Swap::Done(time::timestamp(seconds, micros)))
        } else {
            Ok(Swap::Differs(self.reading(answer)?))
        }
    }

    fn describe(&self) -> String {
        self.description.to_string()
    }

    fn forgets_after(&self) -> Option<Duration> {
        Some(Duration::from_millis(self.options.retention_millis()))
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redis").field(&format_args!("{}", self.description)).finish()
    }
}
