//! The platforms, and what of them is installed here.

use super::BUILDS;
use crate::cargo::command;
use duct::Expression;
use std::env;
use std::path::{Path, PathBuf};

/// A target, and what it needs besides its standard library.
pub struct Platform {
    pub target: &'static str,
    /// Whether its tests can run somewhere below Linux.
    pub tests: bool,
    /// The name of its cross tools, as Debian has them, and what qemu calls it.
    tools: &'static str,
    emulator: &'static str,
    /// What it differs in.
    pub differs: &'static str,
}

const fn emulated(
    target: &'static str,
    tools: &'static str,
    emulator: &'static str,
    differs: &'static str,
) -> Platform {
    Platform { target, tests: true, tools, emulator, differs }
}

const fn built(target: &'static str, differs: &'static str) -> Platform {
    Platform { target, tests: false, tools: "", emulator: "", differs }
}

pub const PLATFORMS: [Platform; 10] = [
    emulated("x86_64-unknown-linux-gnu", "x86_64-linux-gnu", "qemu-x86_64", "64 bits"),
    emulated("i686-unknown-linux-gnu", "i686-linux-gnu", "qemu-i386", "32 bits"),
    emulated("aarch64-unknown-linux-gnu", "aarch64-linux-gnu", "qemu-aarch64", "64 bits, weakly ordered"),
    emulated("armv7-unknown-linux-gnueabihf", "arm-linux-gnueabihf", "qemu-arm", "32 bits, weakly ordered"),
    emulated("riscv64gc-unknown-linux-gnu", "riscv64-linux-gnu", "qemu-riscv64", "64 bits, weakly ordered"),
    emulated("s390x-unknown-linux-gnu", "s390x-linux-gnu", "qemu-s390x", "64 bits, big-endian"),
    built("wasm32-unknown-unknown", "no threads, no clock of its own"),
    built("wasm32-wasip1", "no threads"),
    built("x86_64-pc-windows-gnu", "no Unix"),
    built("aarch64-apple-darwin", "another clock"),
];

impl Platform {
    /// The features that it can have: tokio and the thread of the precise timer need a system below them.
    pub fn builds(&self) -> &'static [&'static str] {
        const WITHOUT_SYSTEM: [&str; 3] =
            ["--no-default-features", "", "--no-default-features --features async,keyed,tracing"];
        if self.target.starts_with("wasm32") { &WITHOUT_SYSTEM } else { &BUILDS }
    }
}

/// The processor runs these programs, but the system needs their loader. Without it an emulator finds that of the cross
/// tools.
const LOADER_OF_I686: &str = "/lib/ld-linux.so.2";

/// What this machine has.
pub struct Installed {
    pub host: String,
    pub compiler: String,
    root: PathBuf,
}

impl Installed {
    /// # Errors
    ///
    /// If there is no compiler.
    pub fn here(root: &Path) -> Result<Self, String> {
        let said = rustc(root, &["-vV"]).ok_or("rustc does not start")?;
        let of = |key: &str| {
            let mut lines = said.lines().filter_map(|line| line.strip_prefix(key));
            lines.next().unwrap_or_default().to_owned()
        };
        Ok(Self { host: of("host: "), compiler: of("release: "), root: root.to_owned() })
    }

    /// Why it cannot be built for, if it cannot.
    pub fn lacks_library(&self, platform: &Platform) -> Option<String> {
        let target = platform.target;
        let libraries = rustc(&self.root, &["--print", "target-libdir", "--target", target]);
        let is_there = libraries.is_some_and(|folder| {
            let entries = Path::new(folder.trim()).read_dir();
            entries.is_ok_and(|entries| {
                entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
            })
        });
        (!is_there).then(|| format!("no standard library (`rustup target add {target}`)"))
    }

    /// Why nothing can be run, if nothing can.
    pub fn lacks_runner(&self, platform: &Platform) -> Option<String> {
        let lacks = |kind: &str, program: String| {
            let is_missing = env::var_os(variable(platform, kind)).is_none() && !is_program(&program);
            is_missing.then(|| format!("no {program}"))
        };
        if platform.target == self.host {
            return None;
        }
        let runner = || lacks("RUNNER", platform.emulator.to_owned());
        lacks("LINKER", linker(platform)).or_else(|| if self.runs(platform) { None } else { runner() })
    }

    /// Whether programs of it run without an emulator.
    pub fn runs(&self, platform: &Platform) -> bool {
        platform.target == self.host
            || (platform.target == "i686-unknown-linux-gnu"
                && self.host == "x86_64-unknown-linux-gnu"
                && Path::new(LOADER_OF_I686).exists())
    }

    /// The command with the linker, the runner and the libraries of the platform, unless others are set.
    pub fn prepare(&self, platform: &Platform, command: Expression) -> Expression {
        let set = |command: Expression, kind: &str, program: String| {
            let variable = variable(platform, kind);
            if env::var_os(&variable).is_some() { command } else { command.env(variable, program) }
        };
        if !platform.tests || platform.target == self.host {
            return command;
        }
        let linked = set(command, "LINKER", linker(platform));
        if self.runs(platform) {
            return linked;
        }
        let libraries = Path::new("/usr").join(platform.tools);
        // An emulator takes some ten times as long; optimized programs, with all their checks, make up for much of it.
        let run = set(linked, "RUNNER", platform.emulator.to_owned()).env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
        if libraries.is_dir() { run.env("QEMU_LD_PREFIX", libraries) } else { run }
    }
}

fn linker(platform: &Platform) -> String {
    format!("{}-gcc", platform.tools)
}

/// The variable by which cargo is told.
fn variable(platform: &Platform, kind: &str) -> String {
    format!("CARGO_TARGET_{}_{kind}", platform.target.replace('-', "_").to_uppercase())
}

fn rustc(root: &Path, arguments: &[&str]) -> Option<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    command(rustc, arguments, root).stderr_null().read().ok()
}

fn is_program(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::{Installed, PLATFORMS, Platform, built, emulated, variable};
    use std::path::Path;

    fn here() -> Installed {
        Installed::here(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("a compiler")
    }

    fn named(target: &str) -> &'static Platform {
        PLATFORMS.iter().find(|platform| platform.target == target).expect("a platform")
    }

    #[test]
    fn this_machine_can_run_its_own_programs() {
        let here = here();
        assert!(!here.host.is_empty() && !here.compiler.is_empty());
        let Some(own) = PLATFORMS.iter().find(|platform| platform.target == here.host) else { return };
        assert_eq!((here.lacks_library(own), here.lacks_runner(own)), (None, None));
    }

    #[test]
    fn what_is_missing_is_named() {
        let absent = emulated("no-such-target", "no-such", "qemu-no-such", "");
        let why = |why: Option<String>| why.expect("it is missing");
        assert!(why(here().lacks_library(&absent)).contains("rustup target add no-such-target"));
        assert_eq!(why(here().lacks_runner(&absent)), "no no-such-gcc");
        assert!(!built("no-such-target", "").tests);
    }

    #[test]
    fn cargo_is_told_by_these_variables() {
        let of = |kind| variable(named("armv7-unknown-linux-gnueabihf"), kind);
        assert_eq!(of("LINKER"), "CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER");
    }

    #[test]
    fn the_workflow_tests_with_the_oldest_compiler() {
        let manifest = include_str!("../../../Cargo.toml");
        let mut oldest = manifest.lines().filter_map(|line| line.strip_prefix("rust-version = "));
        let oldest = oldest.next().expect("a version").trim_matches('"');
        let workflow = include_str!("../../../.github/workflows/platforms.yml");
        assert!(workflow.contains(&format!("cargo +{oldest} test")));
    }

    /// Each has a row on the page, and a job.
    #[test]
    fn the_page_and_the_workflow_name_each_platform() {
        let page = include_str!("../../../docs/platforms.md");
        let workflow = include_str!("../../../.github/workflows/platforms.yml");
        for Platform { target, differs, .. } in &PLATFORMS {
            assert!(page.contains(&format!("| `{target}` | {differs} |")), "{target}");
            assert!(workflow.contains(target), "{target}");
        }
    }
}
