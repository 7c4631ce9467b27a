//! The command line.

use atomic_throttle::Threshold;
use clap::Parser;
use std::ffi::OsString;
use std::path::PathBuf;

/// Run a command when files change: soon after the first change, at most once per threshold after it,
/// and always once after the last change.
#[derive(Parser)]
#[command(name = "reload", after_help = NOTES)]
pub struct Args {
    /// Shortest time between the starts of two runs, such as 2s, 500ms or 1h
    #[arg(long, default_value = "2s", value_parser = threshold)]
    pub threshold: Threshold,

    /// Files and directories to watch; directories with all that is below them
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    pub watch: Vec<PathBuf>,

    /// The command and its arguments; it is no shell line, unless you make it one by `sh -c`
    #[arg(value_name = "COMMAND", required = true, last = true)]
    pub command: Vec<OsString>,
}

const NOTES: &str = "\
It looks at the files ten times a second, or less often: a look may take a tenth of the time. It follows
links. What it may not look at, it says.
A command that writes into a watched path triggers itself, once per threshold: let it write elsewhere.
A command that fails is reported, and run again on the next change. No command is ever killed, and none
reads from the terminal.
Ctrl-C ends the program when a run in progress has finished and a pending one is done, which starts at
once. So do SIGTERM and SIGHUP, also under nohup. A second one ends it now, and leaves a running command
to itself. It is no init: in a container start it by one, which reaps what commands leave behind.";

fn threshold(text: &str) -> Result<Threshold, String> {
    let threshold = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; a duration is written as 2s, 500ms or 1h"))?;
    Threshold::try_new(threshold).map_err(|error| error.to_string())
}

/// The message of a usage error without the hints that follow it.
///
/// clap separates the two by an empty line, and lists missing arguments one a line.
pub fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let message: Vec<&str> = text.lines().map(str::trim).take_while(|line| !line.is_empty()).collect();
    message.join(" ")
}
