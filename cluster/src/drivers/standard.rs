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
    Err(OpenError::NotBuiltIn { name: location.name().to_owned(), feature: "shm" }.into())
}

fn redis(location: &mut Location) -> Result<Arc<dyn Register>, Failure> {
    Err(OpenError::NotBuiltIn { name: location.name().to_owned(), feature: "redis" }.into())
}
