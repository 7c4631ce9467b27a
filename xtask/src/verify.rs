//! Runs the ladder, and says what each rung came to and what all have shown.

use crate::ladder::{Depth, models, rungs};
use crate::print::print;
use crate::report::{forget, report};
use crate::rung::Done;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Runs every rung, prints what each came to and what all have shown, and writes the report. The first rung
/// that fails ends it.
pub fn verify(root: &Path, depth: Depth) -> Result<(), String> {
    let start = Instant::now();
    forget(root)?;
    // Cargo may build elsewhere; some examples leave files there.
    fs::create_dir_all(root.join("target")).map_err(|why| format!("target: {why}"))?;
    let done = rungs(depth).iter().map(|rung| rung.run(root)).collect::<Result<Vec<Done>, String>>()?;

    print("")?;
    for Done { name, count, time, .. } in &done {
        print(format_args!("{name:<14} {:>7.1} s  {count}", time.as_secs_f64()))?;
    }
    let page = report(root, &done, depth.name())?;
    let seconds = start.elapsed().as_secs_f64();
    print(format_args!("all checks passed, {seconds:.1} s, {}; {}", depth.name(), page.display()))?;
    print(format_args!("{} passed, 0 failed", done.iter().map(|done| done.passed).sum::<usize>()))
}

/// Runs the loom models alone.
pub fn loom(root: &Path) -> Result<(), String> {
    let Done { count, time, .. } = models().run(root)?;
    print(format_args!("\nloom: {count}, {:.1} s", time.as_secs_f64()))
}
