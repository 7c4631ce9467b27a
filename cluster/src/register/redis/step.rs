//! [`Step`]: one execution of the script that is a step of the register.

use super::connection::Connection;
use super::deadline::Deadline;
use super::failure::Failure;
use redis::{FromRedisValue, Value, cmd};

const SCRIPT: &str = include_str!("step.lua");

/// What the script is given.
pub(super) struct Step {
    digest: String,
    key: String,
    arguments: Vec<String>,
}

impl Step {
    pub(super) fn new(key: &str, arguments: Vec<String>) -> Self {
        Self { digest: digest(SCRIPT), key: key.to_owned(), arguments }
    }

    /// Names the script by its digest, and sends it if the server does not know it. A server, a proxy or an
    /// access list may refuse scripts by their digest; then this connection sends it each time.
    ///
    /// In both cases the server has executed nothing, so that a swap may be sent again.
    pub(super) fn perform<T: FromRedisValue>(
        &self,
        connection: &mut Connection,
        deadline: Deadline,
    ) -> Result<T, Failure> {
        if !connection.whole_scripts {
            match self.send("EVALSHA", &self.digest, connection, deadline) {
                Err(failure) if failure.is_unknown_script() => {}
                Err(failure) if failure.is_unknown_command() => connection.whole_scripts = true,
                other => return other.and_then(read),
            }
        }
        self.send("EVAL", SCRIPT, connection, deadline).and_then(read)
    }

    fn send(
        &self,
        command: &str,
        script: &str,
        connection: &mut Connection,
        deadline: Deadline,
    ) -> Result<Value, Failure> {
        let call = cmd(command).arg(script).arg(1).arg(&self.key).arg(&self.arguments).take();
        connection.ask(&call, deadline)
    }
}

fn read<T: FromRedisValue>(value: Value) -> Result<T, Failure> {
    redis::from_redis_value(value).map_err(|_| Failure::OutOfStep)
}

fn digest(text: &str) -> String {
    sha1_smol::Sha1::from(text).digest().to_string()
}
