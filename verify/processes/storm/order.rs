//! What a process of the storm is told.

use super::options::Options;
use ::processes::log::Who;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What one process is to do. It gets this on its standard input: a location may hold a password, and arguments can
/// be read by everybody on the machine.
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
            threshold: options.threshold,
            lease,
            run_time: options.run_time,
            rate: options.rate,
            // Each life has calls at other moments, and the same ones in each storm of this seed.
            seed: seed ^ (u64::from(who.seat) << 32 | u64::from(who.incarnation)).wrapping_add(1),
            folder: folder.to_path_buf(),
        }
    }

    /// The file that the process writes.
    pub fn log(&self) -> PathBuf {
        log_of(&self.folder, self.who)
    }

    /// The file of the one that all offer their tokens to.
    pub fn receiver(&self) -> PathBuf {
        self.folder.join("receiver")
    }

    /// How long it waits at the end for its last calls to be covered: whoever runs may be stopped for a lease and a
    /// half, and the one after that may be, too.
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
