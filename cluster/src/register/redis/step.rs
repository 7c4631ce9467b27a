//! [`Steps`]: the steps of one throttle, each of them one execution of the script, and what replicas must have
//! before their answers count.

use super::connection::Connection;
use super::deadline::Deadline;
use super::failure::Failure;
use core::time::Duration;
use rand::RngExt;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use redis::{Value, cmd};
use std::sync::{LazyLock, Mutex, PoisonError};

const SCRIPT: &str = include_str!("step.lua");

static DIGEST: LazyLock<String> = LazyLock::new(|| digest(SCRIPT));

pub(super) struct Steps {
    key: String,
    /// In milliseconds.
    expiry: String,
    /// How many must have what was written. If none must, there is nothing to confirm.
    replicas: u32,
    /// Whether a swap of ours may have been done that too few replicas have.
    unconfirmed: Mutex<bool>,
}

impl Steps {
    pub(super) fn new(key: String, expiry: u64, replicas: u32) -> Self {
        Self { key, expiry: expiry.to_string(), replicas, unconfirmed: Mutex::new(false) }
    }

    pub(super) fn swap(&self, old: &str, new: &str, mark: &str) -> Step {
        Step::new(&self.key, &["swap", &self.expiry, old, new, mark])
    }

    pub(super) fn read(&self, connection: &mut Connection, deadline: Deadline) -> Result<Answer, Failure> {
        if self.is_unconfirmed() {
            return self.confirm(connection, deadline);
        }
        Step::new(&self.key, &["read", &self.expiry]).perform(connection, deadline)
    }

    /// A swap without an answer counts as unconfirmed too: it may have been done.
    pub(super) fn perform_swap(
        &self,
        swap: &Step,
        connection: &mut Connection,
        deadline: Deadline,
    ) -> Result<Answer, Failure> {
        if self.is_unconfirmed() {
            self.confirm(connection, deadline)?;
        }
        self.set_unconfirmed(self.replicas > 0);
        let answer = swap.perform(connection, deadline)?;
        if answer.swapped {
            self.wait(connection, deadline)?;
        }
        self.set_unconfirmed(false);
        Ok(answer)
    }

    /// Writes what the key holds once more, and waits until the replicas have it: they have all that was
    /// written before it, too. A server waits only for what was written on the same connection.
    fn confirm(&self, connection: &mut Connection, deadline: Deadline) -> Result<Answer, Failure> {
        let answer = Step::new(&self.key, &["touch", &self.expiry]).perform(connection, deadline)?;
        self.wait(connection, deadline)?;
        self.set_unconfirmed(false);
        Ok(answer)
    }

    /// Leaves a quarter of the time for the answer.
    fn wait(&self, connection: &mut Connection, deadline: Deadline) -> Result<(), Failure> {
        let wanted = self.replicas;
        if wanted == 0 {
            return Ok(());
        }
        let left = deadline.left().map_err(|error| Failure::asking(error, deadline))?;
        let limit = (left * 3 / 4).max(Duration::from_millis(1));
        // A server takes 0 for "without end".
        let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let answer = connection.ask(cmd("WAIT").arg(wanted).arg(millis), deadline)?;
        match answer {
            Value::Int(replicas) if replicas >= i64::from(wanted) => Ok(()),
            Value::Int(replicas) => {
                let replicas = u32::try_from(replicas).unwrap_or_default();
                Err(Failure::Unconfirmed { replicas, wanted, limit })
            }
            _ => Err(Failure::OutOfStep),
        }
    }

    fn is_unconfirmed(&self) -> bool {
        *self.unconfirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_unconfirmed(&self, unconfirmed: bool) {
        *self.unconfirmed.lock().unwrap_or_else(PoisonError::into_inner) = unconfirmed;
    }
}

/// What the script is asked for.
pub(super) struct Step {
    key: String,
    /// What it must do, the expiry, and what is swapped for what.
    arguments: Vec<String>,
}

/// What the script answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) swapped: bool,
    pub(super) seconds: i64,
    pub(super) micros: u32,
    /// The value of the key, if nothing was swapped.
    pub(super) held: Vec<u8>,
}

impl Step {
    fn new(key: &str, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { key: key.to_owned(), arguments }
    }

    /// Names the script by its digest, and sends it if the server does not know it. A server, a proxy or an
    /// access list may refuse scripts by their digest; then this connection sends it each time.
    ///
    /// In both cases the server has executed nothing, so that a swap may be sent again.
    pub(super) fn perform(&self, connection: &mut Connection, deadline: Deadline) -> Result<Answer, Failure> {
        if !connection.whole_scripts {
            match self.send("EVALSHA", &DIGEST, connection, deadline) {
                Err(failure) if failure.is_unknown_script() => {}
                Err(failure) if failure.is_unknown_command() => connection.whole_scripts = true,
                other => return other,
            }
        }
        self.send("EVAL", SCRIPT, connection, deadline)
    }

    /// Seals the request with a number that was never used before, and accepts no answer without it: a
    /// connection on which answers were repeated, or belong to somebody else, tells nothing false.
    fn send(
        &self,
        command: &str,
        script: &str,
        connection: &mut Connection,
        deadline: Deadline,
    ) -> Result<Answer, Failure> {
        let number = fresh();
        let sealed =
            seal(&number, [self.key.as_str()].into_iter().chain(self.arguments.iter().map(String::as_str)));
        let mut call = cmd(command);
        call.arg(script).arg(1).arg(&self.key).arg(sealed).arg(&number).arg(&self.arguments);
        read(connection.ask(&call, deadline)?, &number)
    }
}

fn read(answer: Value, number: &str) -> Result<Answer, Failure> {
    let read: (String, u8, i64, u32, Vec<u8>) =
        redis::from_redis_value(answer).map_err(|_| Failure::OutOfStep)?;
    let (told, swapped, seconds, micros, held) = read;
    let parts = [swapped.to_string(), seconds.to_string(), micros.to_string()];
    let mut text = format!("{number}\n{}\n", parts.join("\n")).into_bytes();
    text.extend_from_slice(&held);
    if told != digest(text) {
        return Err(Failure::OutOfStep);
    }
    Ok(Answer { swapped: swapped == 1, seconds, micros, held })
}

fn seal<'a>(number: &'a str, parts: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = std::iter::once(number).chain(parts).collect();
    digest(all.join("\n"))
}

/// From the system, because the generator of this thread would continue alike in a forked child, which shares
/// the connection.
fn fresh() -> String {
    UnwrapErr(SysRng).random::<u64>().to_string()
}

fn digest(text: impl AsRef<[u8]>) -> String {
    sha1_smol::Sha1::from(text).digest().to_string()
}
