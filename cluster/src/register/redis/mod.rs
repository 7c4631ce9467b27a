//! [`Redis`]: a register in a Redis or Valkey server.

mod connection;
mod deadline;
mod error;
mod failure;
mod hints;
mod link;
mod options;
mod sentinel;
mod socket;
mod step;
mod text;
mod time;
#[cfg(feature = "tls")]
mod tls;
mod way;

pub use self::error::RedisOptionsError;
pub use self::options::RedisOptions;

use self::failure::{Blanked, Failure};
use self::link::{Link, WhenCut};
use self::step::{Answer, Steps};
use super::{Mark, Reading, Register, RegisterError, Swap};
use crate::cell::Cell;
use core::fmt;
use core::time::Duration;
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
/// * One server that accepts writes, or the primary that [sentinels](RedisOptions::sentinels) watch. A node of a
///   Redis Cluster will do as well: if it does not hold the key, it names the node that does, and one such
///   redirection is followed.
/// * The user needs the key, and `+evalsha +eval +getrange +exists +time +set`; with a database other than 0
///   also `+select`, with sentinels `+role`, with replicas `+wait`. Without `+evalsha`, each operation sends the
///   whole script, of 2 kB. `SCRIPT` is not used. A user of the sentinels needs
///   `+sentinel|get-master-addr-by-name`.
/// * A server that loses its data, or hands over to a replica that was behind, shows an older cell. With
///   `appendonly yes` and `appendfsync always` it does not lose what it has confirmed. With `maxmemory-policy
///   noeviction` it does not drop the key.
/// * NTP should keep its clock. Readings are nanoseconds since 2020-01-01T00:00:00Z, until 2090.
///
/// # Failover
///
/// A replica that is promoted knows what it has received. What it has not received is forgotten, as after a
/// crash: a run in progress may be forgotten, and one run may come early or beside it (C1, C2).
///
/// With [`replicas`](RedisOptions::replicas) a swap counts as done only when so many replicas have received what
/// it wrote. A run begins only after its start counts as done. So no start of a run that has begun is forgotten
/// by a failover to a replica that has confirmed it. If `replicas` is the number of all replicas, that is each of
/// them. If it is smaller, it is so as long as the promoted one has received most, and Sentinel looks for that one
/// among those that it reaches.
///
/// It does not help against a clock that is behind at the new primary. An old primary that is cut off and still
/// answers shows an older cell; it confirms starts only if as many replicas as are asked for are cut off with it,
/// so never if that is all of them. A replica confirms what it has in memory: what all of them lose is lost.
///
/// # The key
///
/// It holds one line of text: `at2`, the word and the epoch of the last finished run in hexadecimal, the mark of
/// the latest start, and its terms. Any other value is foreign, and is never overwritten. Each swap sets the
/// expiry again ([`retention`](RedisOptions::retention)): a throttle that is not used for that long starts as a
/// new one.
///
/// # Failures
///
/// Each operation ends within [`timeout`](RedisOptions::timeout), whatever it waits for and however slowly the
/// answer comes. Only the lookup of the host's name can last longer, if the system's resolver lets it.
///
/// The connection is made when it is needed, kept, and dropped after any failure; the next operation makes a new
/// one. Request and answer carry a digest of their contents and of a number that is used once. So an answer that
/// was changed, repeated or meant for somebody else is an error
/// ([`Garbled`](super::RegisterErrorKind::Garbled)), and a request that was changed is not executed. What is not
/// protected: the text of the script where it is sent whole, and the number of the database.
///
/// Nothing is tried again here, with one exception: if the kept connection of a read turns out to be cut or out of
/// step, for example after a restart of the server, the read is sent once more on a new one.
///
/// A swap is never sent again after it may have been executed. Its command may have been executed, or not yet: a
/// command that has reached the machine of a stopped server is executed when the server goes on, even after the
/// connection is closed. So no later reading shows that the command will never be executed. But if it started a
/// run, the mark shows that, at whatever time it was executed. After an error, look at the mark of each later
/// reading.
///
/// Operations of several threads wait for each other, and this counts towards their timeouts.
pub struct Redis {
    link: Link,
    options: RedisOptions,
    steps: Steps,
    description: Arc<str>,
}

impl Redis {
    /// A register with these options. It does not connect.
    ///
    /// # Errors
    ///
    /// Options that are wrong for every server.
    pub fn new(options: RedisOptions) -> Result<Self, RedisOptionsError> {
        Ok(Self {
            link: Link::new(options.way()?, options.limit()),
            steps: Steps::new(options.key(), options.retention_millis(), options.replicas),
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

    fn failed(&self, failure: Failure) -> RegisterError {
        let failed = RegisterError::new(failure.kind(), &self.description);
        if self.options.secrets().any(|secret| failure::tells(&failure, secret)) {
            failed.with_source(Blanked::new(&failure, self.options.secrets()))
        } else {
            failed.with_source(failure)
        }
    }
}

fn reading(answer: Answer) -> Result<Reading, Failure> {
    let Answer { seconds, micros, held, .. } = answer;
    match text::parse(&held) {
        Some((cell, mark)) => Ok(Reading { cell, now: time::timestamp(seconds, micros), mark }),
        None => Err(Failure::NotACell { held }),
    }
}

impl Register for Redis {
    fn read(&self) -> Result<Reading, RegisterError> {
        let answer = self
            .link
            .perform(WhenCut::SendAgain, |connection, deadline| self.steps.read(connection, deadline));
        answer.and_then(reading).map_err(|failure| self.failed(failure))
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        let starts = new.epoch() != old.epoch();
        let mark = if starts { text::of_mark(mark) } else { String::new() };
        let (old, new) = (text::of_cell(old), text::of_cell(new));
        let swap = self.steps.swap(&old, &new, &mark);
        let answer = self.link.perform(WhenCut::GiveUp, |connection, deadline| {
            self.steps.perform_swap(&swap, connection, deadline)
        });
        let swapped = answer.and_then(|answer| {
            if answer.swapped {
                return Ok(Swap::Done(time::timestamp(answer.seconds, answer.micros)));
            }
            reading(answer).map(Swap::Differs)
        });
        swapped.map_err(|failure| self.failed(failure))
    }

    fn answers_within(&self) -> Option<Duration> {
        Some(self.options.limit())
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
