//! Two log lines, each written at most ten times a second, however often its event happens. Each line says how many
//! events it stands for, and no event is left out: the last ones, after which nobody calls, have their line too.

use atomic_throttle::{Count, Monotonic, Site, Throttle};
use main_error::MainResult;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const LINE_EVERY: Duration = Duration::from_millis(100);

/// Has a trailing edge: one receiver waits for the window to end and writes the line for all of them. The others go
/// on.
static BAD_CHECKSUMS: Throttle<Monotonic, Count> = Throttle::counting(LINE_EVERY);

/// No receiver ever waits, so the program must ask for what comes after the last line.
static TOO_SHORT: Site = Site::new(LINE_EVERY);

/// How often each happened, and how often the log says so.
#[derive(Default)]
struct Tally {
    bad: AtomicU64,
    bad_in_the_log: AtomicU64,
    short: AtomicU64,
    short_in_the_log: AtomicU64,
}

fn receive(packet: u64, tally: &Tally) -> io::Result<()> {
    if packet % 3 == 0 {
        tally.bad.fetch_add(1, Relaxed);
        let outcome = BAD_CHECKSUMS.run(|calls| {
            tally.bad_in_the_log.fetch_add(calls, Relaxed);
            writeln!(io::stdout(), "bad checksum: {calls} packets")
        });
        // No value if another receiver writes the line.
        outcome.into_value().transpose()?;
    }
    if packet % 5 == 0 {
        tally.short.fetch_add(1, Relaxed);
        if let Some(entry) = TOO_SHORT.enter() {
            let more = entry.suppressed();
            tally.short_in_the_log.fetch_add(1 + more, Relaxed);
            writeln!(io::stdout(), "too short: packet {packet}, and {more} since the last line")?;
        }
    }
    Ok(())
}

fn main() -> MainResult {
    let tally = Tally::default();
    let start = Instant::now();
    thread::scope(|scope| {
        let receivers = [0, 1, 2, 3].map(|receiver| {
            let tally = &tally;
            scope.spawn(move || {
                (receiver..)
                    .step_by(4)
                    .take_while(|_| start.elapsed() <= Duration::from_millis(500))
                    .try_for_each(|packet| receive(packet, tally))
            })
        });
        receivers.into_iter().try_for_each(|receiver| receiver.join().expect("a receiver does not panic"))
    })?;
    // Nobody calls any more. The last bad checksums have their line; the last short packets get theirs here.
    assert_eq!(tally.bad_in_the_log.load(Relaxed), tally.bad.load(Relaxed));
    let more = TOO_SHORT.take_suppressed();
    writeln!(io::stdout(), "too short: {more} more since the last line")?;
    assert_eq!(more + tally.short_in_the_log.load(Relaxed), tally.short.load(Relaxed));
    Ok(())
}
