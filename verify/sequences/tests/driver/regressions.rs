//! Inputs that failed once, one in a line of `regressions/TARGET.txt`: its bytes in hexadecimal digits, and after a bar
//! the planted fault that it finds, if it is kept for that.

use reference::planted::contradicts;
use sequences::Subject;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The file of a subject. There is none as long as nothing failed.
pub fn file<S: Subject>() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions").join(S::TARGET).with_extension("txt")
}

/// Adds an input to a file that does not have it.
pub fn keep(file: &Path, input: &[u8]) {
    if kept(file).iter().any(|(known, _)| known == input) {
        return;
    }
    let digits = input.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    let kept = OpenOptions::new().create(true).append(true).open(file);
    let kept = kept.and_then(|mut file| writeln!(file, "{digits}"));
    kept.unwrap_or_else(|why| panic!("{digits} cannot be kept in {}: {why}", file.display()));
}

/// The inputs of a file, each with the name of the fault that it finds.
pub fn kept(file: &Path) -> Vec<(Vec<u8>, Option<String>)> {
    let text = match fs::read_to_string(file) {
        Err(why) if why.kind() == ErrorKind::NotFound => String::new(),
        text => text.unwrap_or_else(|why| panic!("{}: {why}", file.display())),
    };
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| read(line).unwrap_or_else(|| panic!("{}: {line:?}", file.display()))).collect()
}

fn read(line: &str) -> Option<(Vec<u8>, Option<String>)> {
    let (digits, fault) =
        line.split_once(" | ").map_or((line, None), |(digits, fault)| (digits, Some(fault.to_owned())));
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) || digits.len() % 2 == 1 {
        return None;
    }
    let byte = |place| u8::from_str_radix(&digits[place..place + 2], 16).ok();
    Some(((0..digits.len()).step_by(2).map(byte).collect::<Option<_>>()?, fault))
}

pub fn what_failed_once_does_not_fail_again<S: Subject>() {
    for (input, name) in kept(&file::<S>()) {
        S::check(None, &input);
        // An input that was found by a planted fault still is what it is kept for.
        if let Some(name) = name {
            let fault = S::FAULTS.iter().find(|fault| S::name(**fault) == name);
            let &fault = fault.unwrap_or_else(|| panic!("{name:?} is not a fault of {}", S::TARGET));
            assert!(contradicts(|| S::check(Some(fault), &input)), "{name}: keep a new input for it");
        }
    }
}
