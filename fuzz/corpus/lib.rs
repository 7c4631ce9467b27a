//! The inputs that fuzzing found worth keeping: for each target one file, `fuzz/corpus/TARGET.corpus`.
//!
//! # Format
//!
//! The number of inputs, then the inputs in ascending byte order, each preceded by its length in bytes. Numbers
//! are 32 bits, little endian. No input occurs twice, and nothing follows the last one.
//!
//! So the same inputs always give the same file, and a file that was cut short anywhere is an error.
//!
//! # Why this is a package
//!
//! Two programs need the format: the replay in `verify/sequences` reads it, and `cargo xtask fuzz` reads and
//! writes it. Neither can depend on the package of the fuzz targets, which links the fuzzer's runtime. So
//! they share this library, which has no dependencies.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(test)]
use watchdog as _;

#[cfg(test)]
mod tests;

/// The inputs of one target. Ordered, and each only once, as in the file.
pub type Inputs = BTreeSet<Vec<u8>>;

/// Where the inputs of a target are, in the repository at `root`.
#[must_use]
pub fn file(root: &Path, target: &str) -> PathBuf {
    root.join("fuzz/corpus").join(format!("{target}.corpus"))
}

/// Reads the inputs of a file.
///
/// # Errors
/// If the file cannot be read, with the kind of that error; if its content is damaged, `InvalidData`. Both
/// name the file.
pub fn read(file: &Path) -> io::Result<Inputs> {
    let path = file.display();
    let bytes = fs::read(file).map_err(|why| io::Error::new(why.kind(), format!("{path}: {why}")))?;
    decode(&bytes).map_err(|fault| {
        let repair = format!(
            "Restore it: `git restore {path}`. Or pack it again: `cargo xtask fuzz --pack DIR TARGET`"
        );
        io::Error::new(io::ErrorKind::InvalidData, format!("{path} is spoilt: {fault}. {repair}"))
    })
}

/// Writes a file that holds these inputs and no others.
///
/// # Errors
///
/// If the file cannot be written. The error names it.
pub fn write(file: &Path, inputs: &Inputs) -> io::Result<()> {
    let failed = |why: io::Error| io::Error::new(why.kind(), format!("{}: {why}", file.display()));
    fs::write(file, encode(inputs)).map_err(failed)
}

fn encode(inputs: &Inputs) -> Vec<u8> {
    let number = |of: usize| u32::try_from(of).expect("a corpus far below 4 GiB").to_le_bytes();
    let mut bytes = number(inputs.len()).to_vec();
    for input in inputs {
        bytes.extend(number(input.len()));
        bytes.extend(input);
    }
    bytes
}

/// The opposite of `encode`, or what is wrong with the bytes.
fn decode(bytes: &[u8]) -> Result<Inputs, &'static str> {
    let (count, mut rest) = number(bytes).ok_or("it ends before the number of inputs")?;
    let mut inputs = Inputs::new();
    for _ in 0..count {
        let (length, after) = number(rest).ok_or("it ends before the length of an input")?;
        let (input, after) = after.split_at_checked(length).ok_or("an input goes beyond its end")?;
        if inputs.last().is_some_and(|last| last.as_slice() >= input) {
            return Err("its inputs are not in ascending order");
        }
        inputs.insert(input.to_vec());
        rest = after;
    }
    if rest.is_empty() { Ok(inputs) } else { Err("something follows its last input") }
}

/// The number at the beginning, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}
