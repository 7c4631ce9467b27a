//! The drivers of this crate.

#[cfg(feature = "redis")]
use super::error::SEVERAL_HOSTS;
#[cfg(any(feature = "redis", feature = "shm"))]
use super::notation;
use super::{Drivers, Failure, Location, NameError, OpenError};
#[cfg(feature = "redis")]
use crate::register::RedisOptions;
use crate::register::{Memory, Register};
use std::sync::Arc;

/// The names of the driver for Redis and Valkey.
const REDIS: [&str; 6] = ["redis", "rediss", "redis+unix", "redis+sentinel", "valkey", "valkeys"];

pub(super) fn register_all(drivers: &mut Drivers) -> Result<(), NameError> {
    drivers.register("atomic_throttle_cluster::register::Memory", &["memory"], memory)?;
    drivers.register("atomic_throttle_cluster::register::SharedMemory", &["shm"], shared_memory)?;
    drivers.register("atomic_throttle_cluster::register::Redis", &REDIS, redis)
}

/// The location cannot be read; `what` says why, and what to write.
fn malformed(location: &Location, what: &'static str) -> Failure {
    OpenError::Malformed { name: location.name().to_owned(), what, source: None }.into()
}

fn memory(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    if location.host().is_some() || !location.path().is_empty() {
        return Err(malformed(
            location,
            "a register in memory has no place: write only parameters after the colon",
        ));
    }
    Ok(Arc::new(Memory::new()))
}

#[cfg(feature = "shm")]
fn shared_memory(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    use crate::register::SharedMemory;
    use std::path::Path;

    let path = location.path();
    if location.host().is_some() {
        return Err(malformed(location, "a file has a path and no host: write `shm:/run/agent/reload`"));
    }
    if !Path::new(&path).is_absolute() {
        return Err(malformed(
            location,
            "the path must be absolute, because a relative one is another file in each working directory: write \
             `shm:/run/agent/reload`; neither `~` nor a variable is expanded",
        ));
    }
    if path.ends_with('/') {
        return Err(malformed(
            location,
            "the path of a file has no `/` at its end: write `shm:/run/agent/reload`",
        ));
    }
    if notation::holds_parameter(&path) {
        return Err(malformed(
            location,
            "there is a parameter in the path: write `?` before the first one, and `&` between two",
        ));
    }
    let mut options = SharedMemory::options();
    if let Some(mode) = location.take_as("mode", notation::mode)? {
        options = options.mode(mode);
    }
    if let Some(limit) = location.take_as("timeout", notation::time)? {
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
    use crate::register::Redis;

    let (by_socket, by_tls) = match location.name() {
        "redis+unix" => (true, false),
        "rediss" | "valkeys" => (false, true),
        _ => (false, false),
    };
    if by_tls && cfg!(not(feature = "tls")) {
        return Err(not_built_in(location, "tls"));
    }
    check_place(location, by_socket)?;
    let prefix = location.take("prefix");
    // The key of a throttle without a name is the prefix that it has without this parameter.
    let put_before = prefix.clone().unwrap_or_else(|| RedisOptions::new("").key());
    let name = redis_name(location, by_socket, &put_before)?;
    let mut options = RedisOptions::new(name);
    options = if by_socket {
        options.unix_socket(location.path())
    } else {
        options.host(location.host().unwrap_or_default()).tls(by_tls)
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
    if let Some(prefix) = prefix {
        options = options.prefix(prefix);
    }
    if let Some(db) = location.take_as("db", notation::database)? {
        options = options.db(db);
    }
    if let Some(retention) = location.take_as("retention", notation::time)? {
        options = options.retention(retention);
    }
    if let Some(timeout) = location.take_as("timeout", notation::time)? {
        options = options.timeout(timeout);
    }
    if let Some(replicas) = location.take_as("replicas", notation::number)? {
        options = options.replicas(replicas);
    }
    if location.name() == "redis+sentinel" {
        options = watched(location, options)?;
    }
    Ok(Arc::new(Redis::new(options)?))
}

/// The primary that these sentinels watch: the host, and those in the parameter.
#[cfg(feature = "redis")]
fn watched(location: &mut Location, options: RedisOptions) -> Result<RedisOptions, Failure> {
    let primary = location.take("master").filter(|name| !name.is_empty()).ok_or_else(|| {
        malformed(location, "the sentinels need the name of the primary: write it as in `?master=mymaster`")
    })?;
    let first = (location.host().unwrap_or_default(), location.port().unwrap_or(notation::SENTINEL));
    let others = location.take_as("sentinels", notation::sentinels)?.unwrap_or_default();
    let options = options.sentinels(primary, [first].into_iter().chain(others));
    match (location.take("sentinel-user"), location.take("sentinel-password")) {
        (user, Some(password)) => Ok(options.sentinel_password(user, password)),
        (None, None) => Ok(options),
        (Some(_), None) => Err(malformed(location, "a user of the sentinels needs a `sentinel-password`")),
    }
}

/// Checks that it says where the server is.
#[cfg(feature = "redis")]
fn check_place(location: &Location, by_socket: bool) -> Result<(), Failure> {
    let is_here = location.host().is_none_or(|host| host == "localhost") && location.port().is_none();
    let host = location.host().unwrap_or_default();
    if by_socket && !(is_here && location.path().starts_with('/')) {
        return Err(malformed(
            location,
            "a socket has an absolute path and no host: write `redis+unix:/run/redis.sock?name=NAME`, and with a \
             password `redis+unix://USER:PASSWORD@localhost/run/redis.sock?name=NAME`",
        ));
    }
    // Without a host the credentials would be part of the path.
    if !by_socket && host.is_empty() {
        return Err(malformed(location, "the server has no host: write `redis://HOST/NAME`"));
    }
    if host.contains(',') {
        return Err(malformed(location, SEVERAL_HOSTS));
    }
    if location.port() == Some(0) {
        return Err(malformed(location, "no server has the port 0"));
    }
    Ok(())
}

/// The name of the throttle.
#[cfg(feature = "redis")]
fn redis_name(location: &mut Location, by_socket: bool, prefix: &str) -> Result<String, Failure> {
    let path = location.path();
    let name = if by_socket { location.take("name") } else { path.strip_prefix('/').map(str::to_owned) };
    let without = if by_socket {
        "the throttle has no name: write it as a parameter, as in `redis+unix:/run/redis.sock?name=NAME`"
    } else {
        "the throttle has no name: write it as the path, as in `redis://HOST/NAME`"
    };
    let name = name.filter(|name| !name.is_empty()).ok_or_else(|| malformed(location, without))?;
    let write = if by_socket {
        "redis+unix:PATH?name=NAME".to_owned()
    } else {
        format!("{}://HOST/NAME", location.name())
    };
    match notation::no_name(&name, prefix, &write) {
        Some(what) => Err(OpenError::NotAName { location: location.to_string(), name, what }.into()),
        None => Ok(name),
    }
}

#[cfg(not(feature = "redis"))]
fn redis(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    Err(not_built_in(location, "redis"))
}

#[allow(dead_code, reason = "not used if all features are on")]
fn not_built_in(location: &Location, feature: &'static str) -> Failure {
    OpenError::NotBuiltIn { name: location.name().to_owned(), feature }.into()
}
