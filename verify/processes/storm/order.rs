//! The order that a process of the storm gets.

use super::options::Options;
use ::processes::log::Who;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What one process must do. It gets this on its standard input, because a location may contain a password,
/// and every user of the machine can read arguments.
#[derive(Clone, Serialize, Deserialize)]
pub struct Order {
    pub who: Who,
    pub driver: String,
    pub threshold: Duration,
    pub lease: Duration,
    pub run_time: Duration,
    pub rate: f64,
    pub seed: u64,
    pub folder: PathBuf,
}

impl Order {
    pub fn new(options: &Options, lease: Duration, seed: u64, folder: &Path, who: Who) -> Self {
        Self {
            who,
            driver: options.driver.clone(),
            threshold: options.threshold(),
            lease,
            run_time: options.run_time,
            rate: options.rate,
            // Each life has calls at other times; in each storm with this seed they are the same.
            seed: seed ^ (u64::from(who.seat) << 32 | u64::from(who.incarnation)).wrapping_add(1),
            folder: folder.to_path_buf(),
        }
    }

    /// The file that the process writes.
    pub fn log(&self) -> PathBuf {
        log_of(&self.folder, self.who)
    }

    /// The file of the receiver to which all offer their tokens.
    pub fn receiver(&self) -> PathBuf {
        self.folder.join("receiver")
    }

    /// How long it waits at the end for its last calls to be covered. The process that runs may be stopped
    /// for one and a half leases, and the next one as well.
    pub fn patience(&self) -> Duration {
        patience(self.threshold, self.lease)
    }
}

/// The file that this process writes.
pub fn log_of(folder: &Path, who: Who) -> PathBuf {
    folder.join(format!("{who}.log"))
}

/// See [`Order::patience`].
pub fn patience(threshold: Duration, lease: Duration) -> Duration {
    (lease * 4).saturating_add(threshold * 4).saturating_add(Duration::from_secs(10))
}
