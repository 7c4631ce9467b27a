//! The README stays a page that is read in one sitting; what is more than that has pages of its own in `docs/`.

use std::fs;
use std::path::Path;
use watchdog as _;

const LINES: usize = 110;
const WORDS: usize = 900;
const COLUMNS: usize = 110;
/// The first example is seen without scrolling.
const FIRST_CODE: usize = 25;

/// Why this is no page for one sitting.
fn faults(text: &str) -> Vec<String> {
    let (lines, words) = (text.lines().count(), text.split_whitespace().count());
    let mut faults = Vec::new();
    if lines > LINES {
        faults.push(format!("{lines} lines"));
    }
    if words > WORDS {
        faults.push(format!("{words} words"));
    }
    if !text.lines().take(FIRST_CODE).any(|line| line == "```rust") {
        faults.push(format!("no code in the first {FIRST_CODE} lines"));
    }
    // A table has no line breaks.
    let too_long = |line: &&str| !line.starts_with('|') && line.chars().count() > COLUMNS;
    faults.extend(text.lines().filter(too_long).map(|line| format!("long: {line}")));
    faults
}

#[test]
fn the_readme_is_read_in_one_sitting() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    assert_eq!(faults(&fs::read_to_string(readme).unwrap()), Vec::<String>::new());
}

#[test]
fn a_page_that_is_too_long_is_found() {
    assert_eq!(faults("```rust"), Vec::<String>::new());
    for (text, fault) in [
        ("```rust\n".repeat(LINES + 1), "lines"),
        (format!("```rust\n{}", "a b\n".repeat(WORDS / 2 + 1)), "words"),
        ("text".to_owned(), "no code"),
        (format!("```rust\n{}", "a".repeat(COLUMNS + 1)), "long"),
    ] {
        assert!(faults(&text).iter().any(|why| why.contains(fault)), "{fault}");
    }
}
