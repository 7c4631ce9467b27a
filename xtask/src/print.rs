//! Printing for the commands. If the output cannot be written, because the disk is full or the reader is
//! gone, the command ends with an error: a check that nobody could read about has not been reported.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line.
pub fn print(line: impl Display) -> Result<(), String> {
    write(&mut io::stdout(), line)
}

fn write(out: &mut impl Write, line: impl Display) -> Result<(), String> {
    writeln!(out, "{line}").map_err(|why| format!("cannot print: {why}"))
}

/// Says why a command failed. If nobody reads that either, the exit status remains.
pub fn complain(why: &str) {
    let _ = writeln!(io::stderr(), "{why}");
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn what_cannot_be_printed_is_an_error() {
        let mut room = [0; 6];
        assert_eq!(write(&mut &mut room[..], "five?"), Ok(()));
        let why = write(&mut &mut room[..5], "five?").unwrap_err();
        assert!(why.starts_with("cannot print: "), "{why}");
    }
}
