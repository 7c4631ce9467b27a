//! An `AsyncThrottle` on a runtime of one's own, here smol: a screen that is redrawn at most every 50 ms,
//! however fast the numbers on it change, and whose last number is always the right one.

use atomic_throttle::{AsyncThrottle, Clock, Monotonic, NoRuntime, Runtime, Timestamp};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// All that a throttle needs of smol.
struct Smol;

impl Clock for Smol {
    fn now(&self) -> Timestamp {
        Monotonic.now()
    }
}

impl Runtime for Smol {
    fn sleep_until(&self, deadline: Timestamp) -> impl Future<Output = ()> + Send + 'static {
        let timer = smol::Timer::after(deadline.saturating_since(self.now()));
        async move {
            timer.await;
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Result<(), NoRuntime> {
        // Smol has one executor for the whole program, so there always is a runtime.
        smol::spawn(task).detach();
        Ok(())
    }
}

/// What is to be seen, and what was drawn of it.
#[derive(Default)]
struct Screen {
    downloaded: AtomicU32,
    drawn: AtomicU32,
    redraws: AtomicU32,
}

impl Screen {
    async fn redraw(&self) {
        let downloaded = self.downloaded.load(Ordering::Relaxed);
        // A slow terminal. Runs do not overlap, and what comes meanwhile is drawn by the next one.
        smol::Timer::after(Duration::from_millis(5)).await;
        println!("{downloaded:>4} files downloaded");
        self.drawn.store(downloaded, Ordering::Relaxed);
        self.redraws.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    const DOWNLOADS: u32 = 8;
    const FILES: u32 = 250;
    let screen = Arc::new(Screen::default());
    let redraw = AsyncThrottle::with_runtime(Duration::from_millis(50), Smol);

    let downloads: Vec<_> = (0..DOWNLOADS)
        .map(|_| {
            let (screen, redraw) = (Arc::clone(&screen), redraw.clone());
            smol::spawn(async move {
                for _ in 0..FILES {
                    smol::Timer::after(Duration::from_millis(1)).await;
                    screen.downloaded.fetch_add(1, Ordering::Relaxed);
                    // Whatever was counted before this call is drawn by a run after it (G3).
                    let screen = Arc::clone(&screen);
                    redraw.trigger(move || async move { screen.redraw().await })?;
                }
                Ok::<_, NoRuntime>(())
            })
        })
        .collect();

    smol::block_on(async {
        for download in downloads {
            download.await?;
        }
        redraw.wait().await?;
        let (drawn, redraws) = (screen.drawn.load(Ordering::Relaxed), screen.redraws.load(Ordering::Relaxed));
        assert_eq!(drawn, DOWNLOADS * FILES, "the last number is on the screen");
        println!("{drawn} changes, {redraws} redraws");
        Ok(())
    })
}
