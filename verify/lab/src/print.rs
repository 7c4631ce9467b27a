//! The result, on the standard output.

use std::io::{self, Write};

/// Prints the result. A reader that closes the pipe has read enough: the verdict is in the exit status, too.
pub fn print(text: &str) -> Result<(), String> {
    match writeln!(io::stdout(), "{text}") {
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|e| format!("cannot print the result: {e}")),
    }
}
