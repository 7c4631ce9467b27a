//! How a corpus is replayed.

use super::reference::planted::contradicts;
use super::reference::reached::Reached;
use std::path::Path;

/// The inputs of a target's corpus, in a fixed order: at least so many.
pub fn corpus(target: &str, at_least: usize) -> Vec<Vec<u8>> {
    let file = fuzz_corpus::file(Path::new(env!("CARGO_MANIFEST_DIR")), target);
    let inputs = fuzz_corpus::read(&file).unwrap_or_else(|why| panic!("{why}"));
    assert!(inputs.len() >= at_least, "{}: only {} inputs", file.display(), inputs.len());
    inputs.into_iter().collect()
}

/// Shows that the shipped code contradicts a model with this fault on some input.
pub fn catch(target: &str, fault: &str, inputs: &[Vec<u8>], replay: impl Fn(&[u8])) {
    let found = inputs.iter().filter(|input| contradicts(|| replay(input))).count();
    assert!(found > 0, "no input of {target} finds: {fault}");
    evidence::caught(fault, &format!("fuzz corpus, {target}: by {found} of {}", inputs.len()));
}

/// Asserts that the corpus still holds at least one input for each of these.
pub fn assert_reached(reached: &Reached, all: &[&str]) {
    println!("{reached:?}");
    let missed: Vec<_> = all.iter().filter(|what| reached.of(what) == 0).collect();
    assert!(missed.is_empty(), "not in the corpus: {missed:?}");
}
