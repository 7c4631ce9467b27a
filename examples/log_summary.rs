//! A log line that comes at most ten times a second, however often the event does, and that says how
//! many were left out.

use atomic_throttle::every;
use std::thread;
use std::time::{Duration, Instant};

fn receive(packet: u64) {
    if packet % 3 == 0 {
        every!(Duration::from_millis(100), |suppressed| {
            println!("packet {packet}: bad checksum ({suppressed} more since the last line)");
        });
    }
}

fn main() {
    let start = Instant::now();
    thread::scope(|scope| {
        for receiver in 0..4 {
            scope.spawn(move || {
                for packet in (receiver..).step_by(4) {
                    receive(packet);
                    if start.elapsed() > Duration::from_millis(500) {
                        break;
                    }
                }
            });
        }
    });
}
