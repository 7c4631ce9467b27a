//! The compiler: it emits the IR of the library and of the wrappers.

use crate::ir::{Module, Program};
use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

/// How far the compiler optimizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As in a release.
    Release,
    /// As in a debug build: nothing is optimized, and an overflow panics.
    Debug,
}

impl Level {
    pub const ALL: [Self; 2] = [Self::Release, Self::Debug];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Release => "opt-level 3",
            Self::Debug => "opt-level 0 with overflow checks",
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Release => &["-Copt-level=3", "-Coverflow-checks=off", "-Cdebug-assertions=off"],
            Self::Debug => &["-Copt-level=0", "-Coverflow-checks=on", "-Cdebug-assertions=on"],
        }
    }
}

/// The sources: the name of each crate, and its root below that of the repository. Each uses those after it.
///
/// Of the cluster only the cell is built, which needs no more than the library: it stands for the whole crate.
const CRATES: [(&str, &str); 3] = [
    ("exports", "verify/prove/exports/src/lib.rs"),
    ("atomic_throttle_cluster", "cluster/src/cell.rs"),
    ("atomic_throttle", "src/lib.rs"),
];

/// Builds what lies below `root`, with the files of the build in `out`. The wrappers are the first module.
///
/// # Errors
///
/// If it does not build, or the IR is not made up as expected.
pub fn compile(root: &Path, out: &Path, level: Level) -> Result<Program, String> {
    fs::create_dir_all(out).map_err(|why| format!("{}: {why}", out.display()))?;
    let mut modules = Vec::new();
    for (at, (name, source)) in CRATES.iter().enumerate().rev() {
        let uses = CRATES[at + 1..].iter().map(|(name, _)| *name);
        rustc(root, out, level, (name, source), uses)?;
        let path = out.join(name).with_extension("ll");
        let text = fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
        modules.insert(0, Module::read(&text).map_err(|why| format!("{}: {why}", path.display()))?);
    }
    Ok(Program::new(modules))
}

fn rustc<'n>(
    root: &Path,
    out: &Path,
    level: Level,
    (name, source): (&str, &str),
    uses: impl Iterator<Item = &'n str>,
) -> Result<(), String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .current_dir(root)
        .args(["--edition=2024", "--crate-type=rlib", "--cap-lints=allow", "--emit=llvm-ir,link"])
        .args(["-Ccodegen-units=1", "-Cdebuginfo=0", "-Csymbol-mangling-version=v0"])
        .args(level.flags())
        .args(["--crate-name", name, source])
        .args(uses.map(|used| format!("--extern={used}")))
        .arg("--out-dir")
        .arg(out)
        .arg("-L")
        .arg(out)
        .output()
        .map_err(|why| format!("rustc: {why}"))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("{name} does not build:\n{}", String::from_utf8_lossy(&output.stderr)))
    }
}
