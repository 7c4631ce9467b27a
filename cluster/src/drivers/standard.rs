//! The drivers of this crate.

use super::{Drivers, Failure, Location, NameError, OpenError};
use crate::register::{Memory, Register};
use std::sync::Arc;

pub(super) fn register_all(drivers: &mut Drivers) -> Result<(), NameError> {
    drivers.register("atomic_throttle_cluster::register::Memory", &["memory"], memory)?;
    drivers.register("atomic_throttle_cluster::register::SharedMemory", &["shm"], shared_memory)?;
    drivers.register("atomic_throttle_cluster::register::Redis", &["redis", "rediss", "redis+unix"], redis)
}

fn memory(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    if location.host().is_some() || !location.path().is_empty() {
        return Err(OpenError::Malformed {
            name: location.name().to_owned(),
            what: "a register in memory has no place: nothing follows the colon but parameters",
            source: None,
        }
        .into());
    }
    Ok(Arc::new(Memory::new()))
}

fn shared_memory(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    Err(not_built_in(location, "shm"))
}

#[cfg(feature = "redis")]
fn redis(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    use crate::register::{Redis, RedisOptions};

    if location.name() == "rediss" && cfg!(not(feature = "tls")) {
        return Err(not_built_in(location, "tls"));
    }
    let mut options = if location.name() == "redis+unix" {
        let name = location.take("name").unwrap_or_default();
        RedisOptions::new(name).unix_socket(location.path())
    } else {
        let options = RedisOptions::new(location.path().trim_start_matches('/'));
        options.host(location.host().unwrap_or_default()).tls(location.name() == "rediss")
    };
    if let Some(port) = location.port() {
        options = options.port(port);
    }
    if let Some(username) = location.username() {
        options = options.username(username);
    }
    if let Some(password) = location.password() {
        options = options.password(password);
    }
    if let Some(prefix) = location.take("prefix") {
        options = options.prefix(prefix);
    }
    if let Some(db) = location.take_as("db", str::parse)? {
        options = options.db(db);
    }
    if let Some(retention) = location.take_as("retention", humantime::parse_duration)? {
        options = options.retention(retention);
    }
    if let Some(timeout) = location.take_as("timeout", humantime::parse_duration)? {
        options = options.connect_timeout(timeout).response_timeout(timeout);
    }
    Ok(Arc::new(Redis::new(options)?))
}

#[cfg(not(feature = "redis"))]
fn redis(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    Err(not_built_in(location, "redis"))
}

#[allow(dead_code, reason = "where all of them are")]
fn not_built_in(location: &Location, feature: &'static str) -> Failure {
    OpenError::NotBuiltIn { name: location.name().to_owned(), feature }.into()
}
