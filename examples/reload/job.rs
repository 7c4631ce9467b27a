//! The command, as it is started for every run.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

pub struct Job {
    program: OsString,
    arguments: Vec<OsString>,
    /// Its path, so that a folder of that name is found that has been made again.
    folder: PathBuf,
}

impl Job {
    /// Refuses a command that cannot be found, before anything is watched.
    pub fn new(command: Vec<OsString>, folder: PathBuf) -> Result<Self, String> {
        let mut words = command.into_iter();
        let program = words.next().ok_or("no command")?;
        which::which(&program).map_err(|error| format!("no such command: {program:?}: {error}"))?;
        Ok(Self { program, arguments: words.collect(), folder })
    }

    /// Runs the command to its end and says what became of it.
    pub fn perform(&self) -> String {
        let start = Instant::now();
        let result = self.command().status();
        let took = humantime::format_duration(whole_millis(start.elapsed()));
        match result {
            Ok(status) if status.success() => format!("{status}, took {took}"),
            Ok(status) => format!("FAILED, {status}, took {took}"),
            Err(error) => format!("FAILED, cannot start {:?}: {error}", self.program),
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        // In its own process group it may not read from the terminal: the attempt would stop it for ever.
        command.args(&self.arguments).current_dir(&self.folder).stdin(Stdio::null());
        // A terminal sends Ctrl-C to a whole group. It is meant for this program, not for the command.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }
}

fn whole_millis(duration: Duration) -> Duration {
    Duration::new(duration.as_secs(), duration.subsec_millis() * 1_000_000)
}
