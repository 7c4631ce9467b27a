//! The files that would be uploaded, and what must be in them.

use super::findings::Verdict;
use super::manifest::Manifest;
use super::published::{PUBLISHED, Published};
use super::tools::{Tools, run};
use flate2::read::GzDecoder;
use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const LICENCES: [&str; 2] = ["LICENSE-MIT", "LICENSE-APACHE"];
const EXPECTED: [&str; 5] = ["Cargo.toml", "README.md", "CHANGELOG.md", "Cargo.lock", "src/lib.rs"];

/// One packaged crate, unpacked.
pub struct Packed {
    pub published: &'static Published,
    /// NAME-VERSION, the one folder that is in it.
    pub label: String,
    /// The file that would be uploaded.
    archive: PathBuf,
    /// The folder that it was unpacked into, removed with this value.
    unpacked: TempDir,
    /// What it holds, below its folder.
    pub files: Vec<String>,
    pub manifest: Manifest,
}

impl Packed {
    pub fn folder(&self) -> PathBuf {
        self.unpacked.path().join(&self.label)
    }

    /// Unpacks it once more.
    pub fn unpack(&self, into: &Path) -> io::Result<()> {
        unpack(&self.archive, into)
    }
}

/// Packages all of them together, and checks that cargo can build each against the other packaged ones.
/// Returns the files even if they do not build.
pub fn pack(tools: &Tools) -> (Verdict, Result<Vec<Packed>, String>) {
    let output = match package(tools, "") {
        Ok(output) => output,
        Err(why) => {
            return (Verdict::failed(why), package(tools, "--no-verify").and_then(|_| open_all(tools)));
        }
    };
    match open_all(tools) {
        Ok(crates) => (
            Verdict::of(
                unverified(&crates, &output),
                format!("each builds from its files alone: {}", sizes(&crates)),
            ),
            Ok(crates),
        ),
        Err(why) => (Verdict::failed(why.clone()), Err(why)),
    }
}

fn package(tools: &Tools, how: &str) -> Result<Vec<String>, String> {
    forget_unpacked(tools)?;
    let packages = PUBLISHED.each_ref().map(|package| format!("-p {}", package.name)).join(" ");
    // Another check reports uncommitted files; the others go on all the same.
    let arguments = format!("package --locked --allow-dirty {packages} {how}");
    run(&tools.cargo(&arguments, tools.root, &[]), &format!("cargo {arguments}"))
}

/// Cargo verifies a package against the others from a registry of its own. It unpacks and builds these once for each
/// version: what has changed since an earlier check would not be seen.
fn forget_unpacked(tools: &Tools) -> Result<(), String> {
    let built = tools.target.join("debug/.fingerprint");
    remove_beginning_with(&built, PUBLISHED[0].name).map_err(|why| format!("{}: {why}", built.display()))?;
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let Some(sources) = home.map(|home| home.join("registry/src")) else { return Ok(()) };
    for published in &PUBLISHED {
        let manifest = Manifest::read(&tools.root.join(published.folder).join("Cargo.toml"))?;
        let label = format!("{}-{}", published.name, manifest.key("version"));
        remove_from_nameless(&sources, &label).map_err(|why| format!("{}: {why}", sources.display()))?;
    }
    Ok(())
}

/// Removes the folders in it whose names begin so.
fn remove_beginning_with(folder: &Path, name: &str) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(name) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Removes this package from the registries that have no host: those that cargo has made itself.
fn remove_from_nameless(sources: &Path, label: &str) -> io::Result<()> {
    let Ok(registries) = fs::read_dir(sources) else { return Ok(()) };
    for registry in registries {
        let registry = registry?;
        let unpacked = registry.path().join(label);
        if registry.file_name().to_string_lossy().starts_with('-') && unpacked.exists() {
            fs::remove_dir_all(unpacked)?;
        }
    }
    Ok(())
}

fn open_all(tools: &Tools) -> Result<Vec<Packed>, String> {
    PUBLISHED.iter().map(|published| open(published, tools)).collect()
}

fn open(published: &'static Published, tools: &Tools) -> Result<Packed, String> {
    let source = Manifest::read(&tools.root.join(published.folder).join("Cargo.toml"))?;
    let label = format!("{}-{}", published.name, source.key("version"));
    let archive = tools.target.join(format!("package/{label}.crate"));
    let failed = |why: io::Error| format!("{}: {why}", archive.display());
    let unpacked = TempDir::new().map_err(failed)?;
    unpack(&archive, unpacked.path()).map_err(failed)?;
    let folder = unpacked.path().join(&label);
    let mut files = Vec::new();
    list(&folder, "", &mut files).map_err(failed)?;
    files.sort();
    let manifest = Manifest::read(&folder.join("Cargo.toml"))?;
    Ok(Packed { published, label, archive, unpacked, files, manifest })
}

/// Those that cargo does not report as built.
fn unverified(crates: &[Packed], output: &[String]) -> Vec<String> {
    let silent = |packed: &&Packed| !built(packed.published.name, packed.manifest.key("version"), output);
    crates.iter().filter(silent).map(|packed| format!("cargo did not build {}", packed.label)).collect()
}

fn built(name: &str, version: &str, output: &[String]) -> bool {
    let line = format!("Verifying {name} v{version} ");
    output.iter().any(|said| said.contains(&line))
}

fn unpack(archive: &Path, into: &Path) -> io::Result<()> {
    tar::Archive::new(GzDecoder::new(File::open(archive)?)).unpack(into)
}

/// The files below a folder, with `/` between the parts of a path.
fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            list(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// How large they are.
fn sizes(crates: &[Packed]) -> String {
    let size = |packed: &Packed| {
        let bytes = fs::metadata(&packed.archive).map_or(0, |file| file.len());
        let below = |file: &String| fs::metadata(packed.folder().join(file)).map_or(0, |file| file.len());
        let unpacked: u64 = packed.files.iter().map(below).sum();
        let files = packed.files.len();
        format!("{} {} KiB ({files} files, {} KiB unpacked)", packed.label, bytes / 1024, unpacked / 1024)
    };
    crates.iter().map(size).collect::<Vec<_>>().join(", ")
}

/// Checks that each package holds what a reader looks for.
pub fn contents(crates: &[Packed]) -> Verdict {
    let missing = |packed: &Packed| -> Vec<_> {
        let expected = EXPECTED.iter().chain(&LICENCES);
        absent(expected.copied(), &packed.files)
            .map(|file| format!("{} lacks {file}", packed.label))
            .collect()
    };
    let looked_at = format!("{}, {}", EXPECTED.join(", "), LICENCES.join(", "));
    Verdict::of(crates.iter().flat_map(missing).collect(), looked_at)
}

/// Those that are not among `files`.
fn absent<'f>(expected: impl Iterator<Item = &'f str>, files: &[String]) -> impl Iterator<Item = &'f str> {
    expected.filter(|&file| !files.iter().any(|there| there == file))
}

/// Each package has the licences of the repository, byte by byte.
pub fn licences(crates: &[Packed], root: &Path) -> Verdict {
    let folders = crates.iter().map(|packed| (packed.label.as_str(), packed.folder()));
    let faults = folders.flat_map(|(label, folder)| different(label, &folder, root)).collect();
    Verdict::of(faults, "equal to those of the repository")
}

fn different(label: &str, folder: &Path, root: &Path) -> Vec<String> {
    let same = |licence: &&str| match (fs::read(folder.join(licence)), fs::read(root.join(licence))) {
        (Ok(packaged), Ok(own)) => packaged == own,
        _ => false,
    };
    let differs = |licence| format!("{label}: {licence} is not that of the repository");
    LICENCES.iter().filter(|licence| !same(licence)).map(differs).collect()
}

/// Checks that a package depends on nothing elsewhere on this machine, and names no folder of it.
pub fn other_places(crates: &[Packed], root: &Path) -> Verdict {
    let root = root.to_string_lossy();
    let mut faults = Vec::new();
    for packed in crates {
        let label = &packed.label;
        let by_path =
            packed.manifest.dependencies().into_iter().filter(|(_, entry)| entry.get("path").is_some());
        faults.extend(by_path.map(|(name, _)| format!("{label} depends on {name} by a path")));
        for file in &packed.files {
            match fs::read(packed.folder().join(file)) {
                Ok(bytes) if names(&String::from_utf8_lossy(&bytes), &root) => {
                    faults.push(format!("{label}: {file} names {root}"));
                }
                Ok(_) => {}
                Err(why) => faults.push(format!("{label}: {file}: {why}")),
            }
        }
    }
    Verdict::of(faults, "no dependency by a path, and no file that names the folder of this checkout")
}

/// Whether the text has this absolute path, and not only as the end of another one.
fn names(text: &str, path: &str) -> bool {
    let of_a_path = |character: char| character.is_alphanumeric() || "._-/".contains(character);
    text.match_indices(path).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + path.len()..]);
        !before.ends_with(of_a_path) && !after.starts_with(|character: char| character.is_alphanumeric())
    })
}

#[cfg(test)]
mod tests {
    use super::super::published::PUBLISHED;
    use super::{absent, built, different, names, remove_beginning_with, remove_from_nameless};
    use std::fs;
    use std::path::Path;

    #[test]
    fn a_package_that_cargo_only_packages_is_not_built() {
        let output =
            ["   Packaging it v0.1.0 (/it)", "   Verifying it-too v0.1.0 (/it/too)"].map(str::to_owned);
        assert!(built("it-too", "0.1.0", &output));
        for (name, version) in [("it", "0.1.0"), ("it-too", "0.1"), ("too", "0.1.0")] {
            assert!(!built(name, version, &output), "{name} {version}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let files = ["README.md".to_owned(), "docs/CHANGELOG.md".to_owned()];
        let missing: Vec<_> = absent(["README.md", "CHANGELOG.md"].into_iter(), &files).collect();
        assert_eq!(missing, ["CHANGELOG.md"]);
    }

    #[test]
    fn a_licence_that_differs_is_found() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&one, &other] {
            fs::write(folder.path().join("LICENSE-MIT"), "MIT").unwrap();
            fs::write(folder.path().join("LICENSE-APACHE"), "Apache").unwrap();
        }
        let faults = || different("it", one.path(), other.path());
        assert!(faults().is_empty());
        fs::write(one.path().join("LICENSE-MIT"), "MIT ").unwrap();
        fs::remove_file(one.path().join("LICENSE-APACHE")).unwrap();
        assert_eq!(faults().len(), 2, "{:?}", faults());
    }

    #[test]
    fn what_cargo_unpacked_for_an_earlier_check_is_removed_and_nothing_else() {
        let sources = tempfile::tempdir().unwrap();
        let place = |registry: &str, package: &str| sources.path().join(registry).join(package);
        let others = [place("index.example.org-12ab", "ours-0.1.0"), place("-34cd", "other-0.1.0")];
        let ours = place("-34cd", "ours-0.1.0");
        others.iter().chain([&ours]).for_each(|folder| fs::create_dir_all(folder).unwrap());
        remove_from_nameless(sources.path(), "ours-0.1.0").unwrap();
        assert!(!ours.exists() && others.iter().all(|folder| folder.exists()));
        remove_from_nameless(&sources.path().join("none"), "ours-0.1.0").unwrap();

        let built = tempfile::tempdir().unwrap();
        for folder in ["ours-12ab", "ours-more-34cd", "other-56ef"] {
            fs::create_dir(built.path().join(folder)).unwrap();
        }
        remove_beginning_with(built.path(), "ours").unwrap();
        let left = fs::read_dir(built.path()).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["other-56ef"]);
        remove_beginning_with(&built.path().join("none"), "ours").unwrap();
    }

    #[test]
    fn the_licences_of_the_packages_are_those_of_the_repository() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for package in &PUBLISHED {
            let faults = different(package.name, &root.join(package.folder), &root);
            assert!(faults.is_empty(), "{faults:?}");
        }
    }

    #[test]
    fn a_path_is_found_where_it_stands_by_itself() {
        for text in ["in /home/it/src", "\"/home/it\"", "path=/home/it/Cargo.toml"] {
            assert!(names(text, "/home/it"), "{text}");
        }
        for text in ["nothing", "/other/home/it", "/home/items", "home/it"] {
            assert!(!names(text, "/home/it"), "{text}");
        }
    }
}
