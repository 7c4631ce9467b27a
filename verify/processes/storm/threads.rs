//! A storm in memory, which no other process reaches: threads of this one, each with a front end and a log of
//! its own, share the register. None of them dies.

use super::clocks::{self, Clocks};
use super::participant;
use super::storm::{Past, Setting};
use ::processes::log::Who;
use atomic_throttle_cluster::register::Register;
use indicatif::ProgressBar;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// The storm. The time that has passed is drawn on `bar`, in milliseconds.
pub fn rage(setting: &Setting<'_>, register: &Arc<dyn Register>, bar: &ProgressBar) -> Result<Past, String> {
    let whos: Vec<Who> = (0..setting.options.processes).map(|seat| Who { seat, incarnation: 0 }).collect();
    let ends = AtomicBool::new(false);
    let mut clocks = Clocks::default();
    let (lives, lasted) = thread::scope(|scope| {
        let live = |&who: &Who| {
            let (order, register, ends) = (setting.order(who), Arc::clone(register), &ends);
            scope.spawn(move || participant::live(&order, register, ends))
        };
        let threads: Vec<_> = whos.iter().map(live).collect();
        let began = Instant::now();
        loop {
            let left = setting.options.lasts().saturating_sub(began.elapsed());
            if left.is_zero() {
                break;
            }
            clocks.sample(&**register);
            bar.set_position(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
            thread::sleep(left.min(clocks::EVERY).min(Duration::from_millis(100)));
        }
        let lasted = began.elapsed();
        ends.store(true, Relaxed);
        bar.finish_and_clear();
        let lives: Vec<_> = threads.into_iter().map(thread::ScopedJoinHandle::join).collect();
        (lives, lasted)
    });
    let mut stuck = Vec::new();
    for (who, life) in whos.iter().zip(lives) {
        match life {
            Ok(result) => result?,
            Err(_) => stuck.push(format!("C6: the thread {who} panicked")),
        }
    }
    Ok(Past { whos, facts: Vec::new(), clocks, lasted, stuck })
}
