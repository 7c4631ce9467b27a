//! Two log lines that come at most ten times a second each, however often the event does, that say how many
//! events they stand for, and that leave out none: not the last ones either, after which nobody calls.

use atomic_throttle::{Counted, Site};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

const LINE_EVERY: Duration = Duration::from_millis(100);

/// Has a trailing edge: one receiver waits for the window to end and writes the line of all, the others go
/// on.
static BAD_CHECKSUMS: Counted = Counted::new(LINE_EVERY);

/// No receiver ever waits, so what comes after the last line has to be asked for.
static TOO_SHORT: Site = Site::new(LINE_EVERY);

/// How often each happened, and how often the log says so.
#[derive(Default)]
struct Tally {
    bad: AtomicU64,
    bad_in_the_log: AtomicU64,
    short: AtomicU64,
    short_in_the_log: AtomicU64,
}

fn receive(packet: u64, tally: &Tally) {
    if packet % 3 == 0 {
        tally.bad.fetch_add(1, Relaxed);
        let _ = BAD_CHECKSUMS.run(|calls| {
            println!("bad checksum: {calls} packets");
            tally.bad_in_the_log.fetch_add(calls, Relaxed);
        });
    }
    if packet % 5 == 0 {
        tally.short.fetch_add(1, Relaxed);
        if let Some(entry) = TOO_SHORT.enter() {
            let more = entry.suppressed();
            println!("too short: packet {packet}, and {more} since the last line");
            tally.short_in_the_log.fetch_add(1 + more, Relaxed);
        }
    }
}

fn main() {
    let tally = Tally::default();
    let start = Instant::now();
    thread::scope(|scope| {
        for receiver in 0..4 {
            let tally = &tally;
            scope.spawn(move || {
                for packet in (receiver..).step_by(4) {
                    receive(packet, tally);
                    if start.elapsed() > Duration::from_millis(500) {
                        break;
                    }
                }
            });
        }
    });
    // Nobody calls any more. The last bad checksums have their line; the last short packets get it here.
    assert_eq!(tally.bad_in_the_log.load(Relaxed), tally.bad.load(Relaxed));
    let more = TOO_SHORT.take_suppressed();
    println!("too short: {more} more since the last line");
    assert_eq!(more + tally.short_in_the_log.load(Relaxed), tally.short.load(Relaxed));
}
