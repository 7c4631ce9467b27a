//! Runs the ladder, and reports the result of each rung and what all have shown.

use crate::ladder::{Depth, models, not_quick, rungs};
use crate::lock::alone;
use crate::print::print;
use crate::report::{forget, report};
use crate::rung::{Done, Rung};
use std::path::Path;
use std::time::Instant;

/// Runs the rungs of a depth, or only the named ones. Prints the result of each and what all have shown, and
/// writes the report. Stops at the first rung that fails.
pub fn verify(root: &Path, depth: Depth, only: &[String]) -> Result<(), String> {
    let rungs = chosen(rungs(depth), only)?;
    // Examples and reports leave files in one place.
    alone(root, "verify", || climb(root, depth, &rungs, only.is_empty()))
}

fn climb(root: &Path, depth: Depth, rungs: &[Rung], is_whole: bool) -> Result<(), String> {
    let start = Instant::now();
    forget(root)?;
    let done = rungs.iter().map(|rung| rung.run(root)).collect::<Result<Vec<Done>, String>>()?;

    print("")?;
    for Done { name, count, time, .. } in &done {
        print(format_args!("{name:<14} {:>7.1} s  {count}", time.as_secs_f64()))?;
    }
    let is_everything = is_whole && depth != Depth::Quick;
    let page = report(root, &done, depth.name(), is_everything)?;
    let seconds = start.elapsed().as_secs_f64();
    if is_whole && depth == Depth::Quick {
        let (in_part, left_out) = not_quick();
        print(format_args!("in part: {}; left out: {}.", in_part.join(", "), left_out.join(", ")))?;
        print("`cargo xtask verify --full` runs all of them.")?;
    }
    print(format_args!("all checks passed, {seconds:.1} s, {}; {}", depth.name(), page.display()))?;
    print(format_args!("{} passed, 0 failed", done.iter().map(|done| done.passed).sum::<usize>()))
}

/// The requested rungs, in their order.
fn chosen(rungs: Vec<Rung>, only: &[String]) -> Result<Vec<Rung>, String> {
    let names: Vec<_> = rungs.iter().map(Rung::name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("there is no rung {unknown:?} here: there are {}", names.join(", ")));
    }
    let is_asked_for = |rung: &Rung| only.is_empty() || only.iter().any(|name| name == rung.name());
    Ok(rungs.into_iter().filter(is_asked_for).collect())
}

/// Runs the loom models alone.
pub fn loom(root: &Path) -> Result<(), String> {
    let Done { count, time, .. } = models().run(root)?;
    print(format_args!("\nloom: {count}, {:.1} s", time.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_chosen_by_their_names_and_keep_their_order() {
        let all = || rungs(Depth::Full);
        let names = |rungs: Vec<Rung>| rungs.iter().map(Rung::name).collect::<Vec<_>>();
        assert_eq!(names(chosen(all(), &[]).unwrap()), names(all()));
        let some = ["weaken".to_owned(), "loom".to_owned()];
        assert_eq!(names(chosen(all(), &some).unwrap()), ["loom", "weaken"]);
        let why = chosen(all(), &["lom".to_owned()]).err().unwrap();
        assert!(why.contains("\"lom\"") && why.contains("loom, downstream"), "{why}");
    }
}
