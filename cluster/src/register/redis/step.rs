//! [`Step`]: one execution of the script that is a step of the register.

use super::connection::Connection;
use super::deadline::Deadline;
use super::failure::Failure;
use rand::RngExt;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use redis::{Value, cmd};
use std::sync::LazyLock;

const SCRIPT: &str = include_str!("step.lua");

static DIGEST: LazyLock<String> = LazyLock::new(|| digest(SCRIPT));

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
    pub(super) fn new(key: &str, arguments: &[&str]) -> Self {
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
