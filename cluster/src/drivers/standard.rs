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
            what: "a register in memory has no place: write only parameters after the colon",
            source: None,
        }
        .into());
    }
    Ok(Arc::new(Memory::new()))
}

#[cfg(feature = "shm")]
fn shared_memory(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    use crate::register::SharedMemory;

    let path = location.path();
    if path.is_empty() || location.host().is_some() {
        return Err(OpenError::Malformed {
            name: location.name().to_owned(),
            what: "a file has a path and no host: write `shm:/run/agent/reload`",
            source: None,
        }
        .into());
    }
    let mut options = SharedMemory::options();
    if let Some(mode) = location.take_as("mode", |mode| u32::from_str_radix(mode, 8))? {
        options = options.mode(mode);
    }
    if let Some(limit) = location.take_as("timeout", humantime::parse_duration)? {
        options = options.limit(limit);
    }
    // Checked before a file is created: its mode would not be that of a misspelt parameter.
    location.check_nothing_left()?;
    Ok(Arc::new(options.open(path)?))
}

#[cfg(not(feature = "shm"))]
fn shared_memory(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    Err(not_built_in(location, "shm"))
}

#[cfg(feature = "redis")]
fn redis(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    use crate::register::{Redis, RedisOptions};

    if location.name() == "rediss" && cfg!(not(feature = "tls")) {
        return Err(not_built_in(location, "tls"));
    }
    let by_socket = location.name() == "redis+unix";
    let path = location.path();
    let is_here = location.host().is_none_or(|host| host == "localhost") && location.port().is_none();
    if by_socket && !(is_here && path.starts_with('/')) {
        return Err(OpenError::Malformed {
            name: location.name().to_owned(),
            what: "a socket has a path and no host: write `redis+unix:/run/redis.sock?name=NAME`, and with a password \
                   `redis+unix://USER:PASSWORD@localhost/run/redis.sock?name=NAME`",
            source: None,
        }
        .into());
    }
    // Without a host the credentials would be part of the path.
    if !by_socket && location.host().is_none() {
        return Err(OpenError::Malformed {
            name: location.name().to_owned(),
            what: "the server has no host: write `redis://HOST/NAME`",
            source: None,
        }
        .into());
    }
    let name = if by_socket { location.take("name") } else { path.strip_prefix('/').map(str::to_owned) };
    let name = name.filter(|name| !name.is_empty()).ok_or_else(|| OpenError::Malformed {
        name: location.name().to_owned(),
        what: "the throttle has no name: write `redis://HOST/NAME`, or for a socket `redis+unix:PATH?name=NAME`",
        source: None,
    })?;
    let mut options = RedisOptions::new(name);
    options = if by_socket {
        options.unix_socket(path)
    } else {
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
        options = options.timeout(timeout);
    }
    Ok(Arc::new(Redis::new(options)?))
}

#[cfg(not(feature = "redis"))]
fn redis(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    Err(not_built_in(location, "redis"))
}

#[allow(dead_code, reason = "not used if all features are on")]
fn not_built_in(location: &Location, feature: &'static str) -> Failure {
    OpenError::NotBuiltIn { name: location.name().to_owned(), feature }.into()
}
