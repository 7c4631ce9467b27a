//! One process of a storm: what the program does when it was started by itself.

use super::order::Order;
use super::participant;
use atomic_throttle_cluster::Drivers;
use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

/// Executes the order in the first line of the standard input, until that input ends.
pub fn run() -> Result<(), String> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).map_err(|e| format!("cannot read the order: {e}"))?;
    let order: Order = serde_json::from_str(&line).map_err(|_| {
        "the order is read from the standard input: the storm starts this process by itself".to_owned()
    })?;
    let opened = Drivers::standard().open(&order.driver).map_err(|e| super::with_causes(&e))?;
    let ends = Arc::new(AtomicBool::new(false));
    // The input also ends if the parent was killed.
    let at_the_end = Arc::clone(&ends);
    thread::spawn(move || {
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        at_the_end.store(true, Relaxed);
    });
    participant::live(&order, opened.register, &ends)
}
