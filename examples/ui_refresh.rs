//! A picture that is drawn in the background, at most every 16 ms, however fast its model changes.
//!
//! Four producers count as fast as they can, and never wait for the picture. Each frame shows the updates since the
//! frame before; the last frame shows the last update. `cargo run --release --example ui_refresh` draws a bar; into
//! a file or a pipe it writes a line for every tenth frame.

use atomic_throttle::{Pending, Shutdown, Throttled};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use main_error::MainResult;
use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_millis(16);
const LENGTH: Duration = Duration::from_secs(2);

/// What is shown.
#[derive(Default)]
struct Model {
    updates: AtomicU64,
    /// The updates that the latest frame showed.
    drawn: AtomicU64,
    frames: AtomicU64,
    most_in_a_frame: AtomicU64,
    /// The thread of the throttle draws, so the error waits here for `main`.
    failed: OnceLock<io::Error>,
}

impl Model {
    /// Draws a frame. Only the thread of the throttle calls it.
    fn draw(&self, bar: Option<&ProgressBar>, start: Instant) {
        let updates = self.updates.load(Relaxed);
        let new = updates - self.drawn.swap(updates, Relaxed);
        let frame = self.frames.fetch_add(1, Relaxed);
        self.most_in_a_frame.fetch_max(new, Relaxed);
        let text = format!("frame {frame:>3}: {new:>8} updates since the last one, {updates:>10} in all");
        if let Some(bar) = bar {
            bar.set_position(start.elapsed().min(LENGTH).as_millis().try_into().unwrap_or(u64::MAX));
            bar.set_message(text);
            bar.tick();
        } else if frame % 10 == 0 {
            if let Err(error) = writeln!(io::stdout(), "{text}") {
                self.failed.get_or_init(|| error);
            }
        }
    }
}

fn progress_bar() -> Result<ProgressBar, Box<dyn Error>> {
    // It has a throttle of its own, which must not leave out a frame.
    let target = ProgressDrawTarget::stdout_with_hz(250);
    let bar = ProgressBar::with_draw_target(Some(LENGTH.as_millis().try_into()?), target);
    Ok(bar.with_style(ProgressStyle::with_template("[{bar:20}] {msg}")?))
}

fn main() -> MainResult {
    let start = Instant::now();
    let model = Arc::new(Model::default());
    let bar = if io::stdout().is_terminal() { Some(progress_bar()?) } else { None };
    let (shown, on) = (Arc::clone(&model), bar.clone());
    let redraw = Throttled::builder(FRAME).name("redraw").spawn(move || shown.draw(on.as_ref(), start))?;

    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while start.elapsed() < LENGTH {
                    model.updates.fetch_add(1, Relaxed);
                    redraw.trigger().expect("nobody has shut it down");
                }
            });
        }
    });
    // The frame of the last update may be pending, or being drawn.
    redraw.wait()?;
    if let Some(bar) = bar {
        bar.finish();
    }
    if let Some(error) = model.failed.get() {
        return Err(format!("cannot draw: {error}").into());
    }
    let (updates, drawn) = (model.updates.load(Relaxed), model.drawn.load(Relaxed));
    let ended = redraw.shutdown(Pending::Finish).wait()?;
    let text = format!(
        "{updates} updates on {} frames in {:.1?}, up to {} on one; the last frame shows {drawn}",
        redraw.runs(),
        start.elapsed(),
        model.most_in_a_frame.load(Relaxed),
    );
    writeln!(io::stdout(), "{text}")?;
    if drawn != updates || ended != Shutdown::Idle {
        return Err(format!("the last update is not on the last frame ({ended:?})").into());
    }
    Ok(())
}
