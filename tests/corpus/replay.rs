//! How a corpus is replayed.

use super::reference::planted::contradicts;
use super::reference::reached::Reached;
use std::fs;
use std::path::Path;

/// The inputs of a target's corpus, in a fixed order: at least so many.
pub fn corpus(target: &str, at_least: usize) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let inputs: Vec<_> = paths.iter().map(|path| fs::read(path).expect("a readable file")).collect();
    assert!(inputs.len() >= at_least, "{}: only {} files", folder.display(), inputs.len());
    inputs
}

/// Shows that the shipped code contradicts a model with this fault on some input.
pub fn catch(target: &str, fault: &str, inputs: &[Vec<u8>], replay: impl Fn(&[u8])) {
    let found = inputs.iter().filter(|input| contradicts(|| replay(input))).count();
    assert!(found > 0, "no input of {target} finds: {fault}");
    evidence::caught(fault, &format!("fuzz corpus, {target}: by {found} of {}", inputs.len()));
}

/// What a corpus is for is in it: at least one input for each of these.
pub fn assert_reached(reached: &Reached, all: &[&str]) {
    println!("{reached:?}");
    let missed: Vec<_> = all.iter().filter(|what| reached.of(what) == 0).collect();
    assert!(missed.is_empty(), "not in the corpus: {missed:?}");
}
