//! Two log lines, each written at most ten times a second, however often its event happens. Each says how many events it
//! stands for. No thread that receives packets waits for a line.

use atomic_throttle::{Throttled, every};
use main_error::MainResult;
use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const LINE_EVERY: Duration = Duration::from_millis(100);
const LENGTH: Duration = Duration::from_millis(550);

fn main() -> MainResult {
    let logged = Arc::new(AtomicU64::new(0));
    let summed = Arc::clone(&logged);
    // With a trailing edge: the last events have their line, too, although nobody calls any more.
    let bad_checksum = Throttled::builder(LINE_EVERY).counting().spawn(move |packets| {
        summed.fetch_add(packets, Relaxed);
        writeln!(io::stdout(), "bad checksum: {packets} packets")
    })?;
    let start = Instant::now();
    let receive = |receiver: u64| -> Result<u64, Box<dyn Error + Send + Sync>> {
        let mut bad = 0;
        for packet in (receiver..).step_by(4).take_while(|_| start.elapsed() < LENGTH) {
            if packet % 3 == 0 {
                bad += 1;
                bad_checksum.trigger()?;
            }
            if packet % 5 == 0 {
                // Without one, and without a thread: the line is written here, and what comes after the last one is not said.
                every!(LINE_EVERY, |more| writeln!(
                    io::stdout(),
                    "packet {packet} is short, as were {more}"
                )?);
            }
        }
        Ok(bad)
    };
    let bad: u64 = thread::scope(|scope| {
        let receivers: Vec<_> = (0..4).map(|receiver| scope.spawn(move || receive(receiver))).collect();
        receivers
            .into_iter()
            .map(|receiver| receiver.join().expect("a receiver does not panic"))
            .sum::<Result<_, _>>()
    })
    .map_err(|error| error.to_string())?;
    bad_checksum.all().wait()?; // Until the last line is written.
    assert_eq!(logged.load(Relaxed), bad);
    writeln!(io::stdout(), "{bad} bad checksums in {} lines", bad_checksum.runs())?;
    Ok(())
}
