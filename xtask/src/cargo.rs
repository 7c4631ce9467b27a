//! How every command is started: by the cargo that started this program, and without what would mislead it.

use duct::{Expression, cmd};
use std::env;
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

/// These variables say how this program itself was built. With them cargo would build the started program
/// again.
const OWN: [&str; 3] = ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_PKG_VERSION"];

/// The cargo that started this program.
pub fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A command that is to run in `folder`.
pub fn command<A: Into<OsString>>(
    program: impl Into<OsString>,
    arguments: impl IntoIterator<Item = A>,
    folder: &Path,
) -> Expression {
    let program: OsString = program.into();
    OWN.iter().fold(cmd(program, arguments).dir(folder), |command, variable| command.env_remove(variable))
}

/// The command with the flags of the configuration that cargo finds in its folder, and no others: flags from
/// the environment would take their place.
pub fn with_own_flags(command: &Expression) -> Expression {
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS")
}

/// Runs a command, and hands each line that it writes to `look`. Bytes that are not UTF-8 are replaced.
///
/// # Errors
///
/// If it does not start, or does not succeed; or the first error of `look`, which ends the command.
pub fn lines(command: &Expression, mut look: impl FnMut(&str) -> Result<(), String>) -> io::Result<()> {
    let output = command.stderr_to_stdout().unchecked().reader()?;
    for line in BufReader::new(&output).split(b'\n') {
        look(String::from_utf8_lossy(&line?).trim_end_matches('\r')).map_err(io::Error::other)?;
    }
    match output.try_wait()? {
        Some(ended) if ended.status.success() => Ok(()),
        Some(ended) => Err(io::Error::other(ended.status.to_string())),
        None => Err(io::Error::other("it closed its output and did not end")),
    }
}

/// Runs a command that shows what it does by itself, and returns its exit status.
///
/// # Errors
///
/// If it does not start.
pub fn status(name: &str, command: &Expression) -> Result<ExitCode, String> {
    let output = command.unchecked().run().map_err(|why| format!("{name}: {why}"))?;
    // There is no status if a signal ended it.
    let status = output.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(status))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_shell(script: &str) -> (io::Result<()>, Vec<String>) {
        let mut said = Vec::new();
        let ended = lines(&command("sh", ["-c", script], Path::new(".")), |line| {
            said.push(line.to_owned());
            Ok(())
        });
        (ended, said)
    }

    #[test]
    fn each_line_is_seen_also_what_is_no_text() {
        let (ended, said) = of_shell(r"printf 'one\r\n\377two\n'; echo three >&2; printf four");
        assert!(ended.is_ok());
        assert_eq!(said, ["one", "\u{fffd}two", "three", "four"]);
    }

    #[test]
    fn a_command_that_fails_is_an_error_after_its_last_line() {
        let (ended, said) = of_shell("echo one; exit 3");
        assert_eq!((ended.unwrap_err().to_string().as_str(), said.len()), ("exit status: 3", 1));
        assert!(lines(&command("no-such-program", [""], Path::new(".")), |_| Ok(())).is_err());
    }

    #[test]
    fn the_first_error_of_look_ends_the_command() {
        let script = command("sh", ["-c", "echo one; sleep 600"], Path::new("."));
        let ended = lines(&script, |line| Err(format!("cannot print {line}")));
        assert_eq!(ended.unwrap_err().to_string(), "cannot print one");
    }

    #[test]
    fn the_status_of_a_command_is_handed_on() {
        let of = |script: &str| status("it", &command("sh", ["-c", script], Path::new(".")));
        assert_eq!(of("exit 2"), Ok(ExitCode::from(2)));
        assert_eq!(of("true"), Ok(ExitCode::SUCCESS));
        assert_eq!(of("kill -9 $$"), Ok(ExitCode::FAILURE));
        assert!(
            status("it", &command("no-such-program", [""], Path::new("."))).unwrap_err().starts_with("it: ")
        );
    }

    #[test]
    fn the_environment_is_spared() {
        let shell = |variable: &str| {
            let absent = format!("test -z \"${variable}\"");
            // The outer command stands for the environment of this program.
            command("sh", ["-c", &absent], Path::new("."))
        };
        let succeeds = |command: Expression| command.unchecked().run().unwrap().status.success();
        for variable in OWN {
            assert!(succeeds(shell(variable).env(variable, "set")), "{variable}");
        }
        for flags in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"] {
            assert!(!succeeds(shell(flags).env(flags, "set")), "{flags}");
            assert!(succeeds(with_own_flags(&shell(flags)).env(flags, "set")), "{flags}");
        }
    }
}
