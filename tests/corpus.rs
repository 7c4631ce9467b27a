//! Replays the inputs that fuzzing has found worth keeping.

mod reference;

use reference::input;
use reference::sequence::Reached;
use std::fs;
use std::path::Path;

/// The inputs of a target's corpus, in a fixed order.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let inputs: Vec<_> = paths.iter().map(|path| fs::read(path).expect("a readable file")).collect();
    println!("{target}: {} inputs", inputs.len());
    inputs
}

#[test]
fn sequences() {
    let inputs = corpus("sequences");
    assert!(inputs.len() >= 50, "the corpus is there");
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(input::sequence(input));
    }
    println!("{reached:?}");
    for count in [
        reached.runs,
        reached.deferred,
        reached.coalesced,
        reached.taken_over,
        reached.owed,
        reached.cancelled,
    ] {
        assert!(count > 0, "{reached:?}");
    }
}

#[test]
fn transitions() {
    let inputs = corpus("transitions");
    assert!(inputs.len() >= 50, "the corpus is there");
    let compared = inputs.iter().filter(|bytes| input::transition(bytes)).count();
    assert!(compared >= 50, "{compared}");
}
