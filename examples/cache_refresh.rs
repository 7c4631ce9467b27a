//! A service on tokio whose requests ask for a fresh cache. The cache is fetched at most every 20 ms, however many ask, and
//! a fetch that fails is tried again with a back-off: those who wait learn of it only where it is given up.

use atomic_throttle::{Retry, Throttled, Tokio};
use main_error::MainResult;
use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What is cached: the version of the data that was fetched last.
#[derive(Default)]
struct Cache {
    origin: AtomicU64,
    fetched: AtomicU64,
    fetches: AtomicU64,
}

impl Cache {
    /// Fetches the data, over a network that fails each third time.
    async fn fetch(&self) -> io::Result<()> {
        let version = self.origin.load(Relaxed);
        tokio::time::sleep(Duration::from_millis(1)).await;
        if self.fetches.fetch_add(1, Relaxed) % 3 == 0 {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        self.fetched.store(version, Relaxed);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> MainResult {
    let cache = Arc::new(Cache::default());
    let its = Arc::clone(&cache);
    let refresh = Throttled::builder(Duration::from_millis(20))
        .retry(Retry::exponential(Duration::from_millis(5), Duration::from_secs(1)).at_most(5))
        .spawn_on(Tokio::current(), async move || its.fetch().await)?;
    let requests = (0..100).map(|request| {
        let (cache, refresh) = (Arc::clone(&cache), refresh.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(request * 5)).await;
            let version = cache.origin.fetch_add(1, Relaxed) + 1;
            // The fetch that covers this call starts after it, so it sees this version or a later one.
            refresh.trigger()?.await?;
            assert!(cache.fetched.load(Relaxed) >= version);
            Ok::<_, Box<dyn Error + Send + Sync>>(())
        })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await?.map_err(|error| error.to_string())?;
    }
    writeln!(io::stdout(), "100 requests, {} fetches", cache.fetches.load(Relaxed))?;
    Ok(())
}
