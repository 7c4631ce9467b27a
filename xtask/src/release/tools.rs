//! The programs that the checks start: cargo, the nightly's cargo if there is one, and git.

use super::findings::Verdict;
use crate::cargo::{cargo, command, lines, with_own_flags};
use crate::print::print;
use duct::Expression;
use std::collections::BTreeSet;
use std::env;
use std::path::{Path, PathBuf};

/// How much of the output of a command that failed is shown.
const SHOWN: usize = 40;

pub struct Tools<'r> {
    pub root: &'r Path,
    /// The folder in which cargo builds. It is kept from one release check to the next, apart from other
    /// builds.
    pub target: PathBuf,
    nightly: bool,
}

impl<'r> Tools<'r> {
    pub fn new(root: &'r Path) -> Self {
        let asked = command("rustup", ["run", &name_of_nightly(), "cargo", "--version"], root);
        let nightly =
            asked.stdout_null().stderr_null().unchecked().run().is_ok_and(|run| run.status.success());
        Self { root, target: root.join("target/release-check"), nightly }
    }

    /// Cargo in a folder, with these variables and no flags of the environment.
    pub fn cargo(&self, arguments: &str, folder: &Path, variables: &[(&str, &str)]) -> Expression {
        self.here(command(cargo(), arguments.split_whitespace(), folder), variables)
    }

    /// The same with the cargo of the nightly.
    pub fn nightly(&self, arguments: &str, folder: &Path, variables: &[(&str, &str)]) -> Expression {
        let nightly = name_of_nightly();
        let words = ["run", &nightly, "cargo"].into_iter().chain(arguments.split_whitespace());
        self.here(command("rustup", words, folder), variables)
    }

    /// The verdict if a check needs a nightly toolchain and there is none.
    pub fn without_nightly(&self) -> Option<Verdict> {
        let why = "there is no nightly toolchain (`rustup toolchain install nightly`)";
        (!self.nightly).then(|| Verdict::Skipped(why.into()))
    }

    fn here(&self, command: Expression, variables: &[(&str, &str)]) -> Expression {
        let set = |command: Expression, &(name, value): &(&str, &str)| command.env(name, value);
        // The variable that is set first wins.
        with_own_flags(&variables.iter().fold(command, set)).env("CARGO_TARGET_DIR", &self.target)
    }

    /// The files that git tracks, relative to the root. If there are none, [`committed`](Self::committed)
    /// fails.
    pub fn tracked_files(&self) -> BTreeSet<String> {
        let listed = command("git", ["ls-files", "-z"], self.root).stderr_null().read().unwrap_or_default();
        listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect()
    }

    /// Checks that the packaged files are the committed ones.
    pub fn committed(&self) -> Verdict {
        match command("git", ["status", "--porcelain"], self.root).stderr_to_stdout().read() {
            Ok(changed) if changed.is_empty() => Verdict::Passed("everything is committed".into()),
            Ok(changed) => Verdict::failed(format!("not committed:\n{changed}")),
            Err(why) => Verdict::failed(format!("git status: {why}")),
        }
    }
}

/// The toolchain that is taken for the nightly: `NIGHTLY=nightly-2026-05-20` asks for that of one day.
fn name_of_nightly() -> String {
    env::var("NIGHTLY").unwrap_or_else(|_| "nightly".to_owned())
}

/// Runs a command, shows its name, and its output only if it fails.
///
/// # Errors
///
/// If it fails: the end of what it wrote.
pub fn run(command: &Expression, name: &str) -> Result<Vec<String>, String> {
    let name = name.trim_end();
    print(format_args!("$ {name}"))?;
    let mut output = Vec::new();
    let keep = |line: &str| {
        output.push(line.to_owned());
        Ok(())
    };
    match lines(command, keep) {
        Ok(()) => Ok(output),
        Err(why) => {
            let end = output.len().saturating_sub(SHOWN);
            Err(format!("{name}: {why}\n{}", output[end..].join("\n")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::cargo::command;
    use std::path::Path;

    #[test]
    fn a_command_that_fails_shows_its_end() {
        let shell = |script: &str| run(&command("sh", ["-c", script], Path::new(".")), "it");
        assert_eq!(shell("echo one; echo two"), Ok(vec!["one".into(), "two".into()]));
        let failed = shell("seq 100; exit 3").unwrap_err();
        assert!(failed.starts_with("it: exit status: 3\n61\n") && failed.ends_with("\n100"), "{failed}");
    }
}
