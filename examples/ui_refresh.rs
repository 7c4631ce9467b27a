//! An event loop that draws the newest of what it is sent, at most every 16 ms. It draws by itself, because a toolkit
//! draws on its main thread alone: so the throttle has no thread, and the loop drives it by hand.

use atomic_throttle::{Pending, Step, Throttled};
use main_error::MainResult;
use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_millis(16);
const LENGTH: Duration = Duration::from_secs(1);

/// What the screen is to show. It is moved, never copied.
struct Model {
    items: u64,
}

/// Sends a new model as fast as it can. Returns the last one that it has sent.
fn work(events: &mpsc::SyncSender<Model>) -> u64 {
    let start = Instant::now();
    let sent =
        (1..).take_while(|items| start.elapsed() < LENGTH && events.send(Model { items: *items }).is_ok());
    sent.last().unwrap_or(0)
}

fn main() -> MainResult {
    let mut screen = io::stdout().lock();
    let mut shown = 0;
    let (repaint, mut painter) = Throttled::builder(FRAME).latest().by_hand(|model: &Model| {
        shown = model.items;
        writeln!(screen, "{shown:>8} items")
    });
    let (events, queue) = mpsc::sync_channel(100);
    let worker = thread::spawn(move || work(&events));
    loop {
        // How long to sleep if there is no event.
        let sleep = match painter.step() {
            Step::Ran => Duration::ZERO,
            Step::Until(due) => due.saturating_since(repaint.clock().now()),
            Step::Idle | Step::Ended(_) => Duration::MAX,
        };
        match queue.recv_timeout(sleep) {
            Ok(model) => {
                repaint.trigger(model)?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // The last model is drawn at once: nobody waits for the end of its window.
    let _ = repaint.shutdown(Pending::Flush);
    while !matches!(painter.step(), Step::Ended(_)) {}
    drop(painter);
    repaint.all().wait()?;
    let sent = worker.join().expect("the worker does not panic");
    assert_eq!(shown, sent, "the screen shows the last model");
    writeln!(screen, "{sent} models, {} frames", repaint.runs())?;
    Ok(())
}
