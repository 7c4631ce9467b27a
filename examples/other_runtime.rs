//! An `AsyncThrottle` on a runtime that the library does not know, here smol: a screen that is redrawn at most every
//! 50 ms, however fast its numbers change. Its last number is always the right one.

use atomic_throttle::{AsyncThrottle, Clock, Monotonic, NoRuntime, Runtime, Timestamp};
use main_error::MainResult;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// What a throttle needs of smol.
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
        // Smol has one executor for the whole program, so there is always a runtime.
        smol::spawn(task).detach();
        Ok(())
    }
}

/// The number to show, and what was drawn.
#[derive(Default)]
struct Screen {
    downloaded: AtomicU32,
    drawn: AtomicU32,
    redraws: AtomicU32,
    /// A task of the throttle draws, so the error waits here for `main`.
    failed: OnceLock<io::Error>,
}

impl Screen {
    async fn redraw(&self) {
        let downloaded = self.downloaded.load(Ordering::Relaxed);
        // A slow terminal. Runs do not overlap; the next one draws what comes meanwhile.
        smol::Timer::after(Duration::from_millis(5)).await;
        if let Err(error) = writeln!(io::stdout(), "{downloaded:>4} files downloaded") {
            self.failed.get_or_init(|| error);
        }
        self.drawn.store(downloaded, Ordering::Relaxed);
        self.redraws.fetch_add(1, Ordering::Relaxed);
    }
}

fn main() -> MainResult {
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
                    // A run after this call draws what was counted before it (G3).
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
        redraw.all().await?;
        if let Some(error) = screen.failed.get() {
            return Err(format!("cannot draw: {error}").into());
        }
        let (drawn, redraws) = (screen.drawn.load(Ordering::Relaxed), screen.redraws.load(Ordering::Relaxed));
        assert_eq!(drawn, DOWNLOADS * FILES, "the last number is on the screen");
        writeln!(io::stdout(), "{drawn} changes, {redraws} redraws")?;
        Ok(())
    })
}
