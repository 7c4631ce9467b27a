//! The inputs that fuzzing found worth keeping. To play them again shows that old findings are still found; it looks
//! for nothing new.

use evidence::Check;
use reference::planted::contradicts;
use reference::reached::Reached;
use sequences::Subject;
use std::path::Path;

pub fn the_corpus_is_replayed<S: Subject>() {
    let check = Check::of(S::GUARANTEES, format!("fuzz corpus: {}", S::CLAIM));
    let file = fuzz_corpus::file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."), S::TARGET);
    let inputs = fuzz_corpus::read(&file).unwrap_or_else(|why| panic!("{why}"));
    assert!(inputs.len() >= S::INPUTS, "{}: only {} inputs", file.display(), inputs.len());
    let mut reached = Reached::default();
    for input in &inputs {
        reached.add(&S::check(None, input));
    }
    println!("{reached:?}");
    let missed: Vec<_> = S::reached().into_iter().filter(|what| reached.of(what) == 0).collect();
    assert!(missed.is_empty(), "not in the corpus: {missed:?}");
    check.passed(inputs.len(), "inputs");
    if evidence::shallow() {
        return;
    }

    // The comparison bites, on these inputs, too.
    for &fault in S::FAULTS {
        let found = inputs.iter().filter(|input| contradicts(|| S::check(Some(fault), input))).count();
        let name = S::name(fault);
        assert!(found > 0, "no input of {} finds: {name}", S::TARGET);
        evidence::caught(name, &format!("fuzz corpus, {}: by {found} of {}", S::TARGET, inputs.len()));
    }
}
