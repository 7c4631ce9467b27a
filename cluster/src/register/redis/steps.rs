//! [`Steps`]: the steps of one throttle, and what replicas must have before their answers count.

use super::connection::Connection;
use super::deadline::Deadline;
use super::failure::Failure;
use super::step::{Answer, Step};
use core::time::Duration;
use redis::{Value, cmd};
use std::sync::{Mutex, PoisonError};

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
