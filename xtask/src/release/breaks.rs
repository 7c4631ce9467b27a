//! The public items against those of the last release: one that is gone breaks somebody's build, so it needs a version
//! that may do so.
//!
//! It compares the lists of `xtask/api`, which `cargo xtask api` keeps true, with those at the last tag `vVERSION`. A
//! changed item is one that is gone. It cannot see what a new line breaks: a method that a trait now requires, a variant
//! of an enumeration that was complete, an item that hides another one of a glob import.

use super::findings::Verdict;
use super::manifest::Manifest;
use super::published::{PUBLISHED, Published};
use super::text;
use crate::cargo::command;
use std::collections::BTreeSet;
use std::path::Path;

pub fn check(root: &Path, manifests: &[Manifest]) -> Verdict {
    let Some(tag) = git(root, &["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]) else {
        return Verdict::Skipped("there is no release to compare with: no tag vVERSION".to_owned());
    };
    let (mut faults, mut items) = (Vec::new(), 0);
    for (published, manifest) in PUBLISHED.iter().zip(manifests) {
        match compared(root, tag.trim(), published, manifest.key("version")) {
            Ok((number, gone)) => {
                items += number;
                faults.extend(gone);
            }
            Err(why) => faults.push(why),
        }
    }
    Verdict::of(faults, format!("{items} items of {} are still there, or the version may break", tag.trim()))
}

/// How many items there were, and those that must not be gone.
fn compared(
    root: &Path,
    tag: &str,
    published: &Published,
    version: &str,
) -> Result<(usize, Vec<String>), String> {
    let list = format!("xtask/api/{}.txt", published.name);
    let at_tag =
        |path: &str| git(root, &["show", &format!("{tag}:{path}")]).ok_or(format!("{tag} has no {path}"));
    let old = at_tag(&list)?;
    let folder = if published.folder.is_empty() { String::new() } else { format!("{}/", published.folder) };
    let manifest = at_tag(&format!("{folder}Cargo.toml"))?.parse().map_err(|why| format!("{tag}: {why}"))?;
    let released = Manifest { table: manifest };
    let gone = if may_break(released.key("version"), version) {
        Vec::new()
    } else {
        let label = format!("{} {version}", published.name);
        gone(&old, &text(&root.join(&list))?)
            .map(|item| format!("{label} may not break, but it lacks: {item}"))
            .collect()
    };
    Ok((old.lines().count(), gone))
}

fn gone<'o>(old: &'o str, new: &str) -> impl Iterator<Item = &'o str> {
    let new: BTreeSet<String> = new.lines().map(str::to_owned).collect();
    old.lines().filter(move |item| !new.contains(*item))
}

/// By the rules of cargo: the first number that is not zero has grown.
fn may_break(old: &str, new: &str) -> bool {
    let numbers = |version: &str| {
        let mut numbers = version.split(['.', '-', '+']).map(|number| number.parse::<u64>().unwrap_or(0));
        [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)]
    };
    let (old, new) = (numbers(old), numbers(new));
    let first = old.iter().position(|&number| number != 0).unwrap_or(2);
    new[..=first] > old[..=first]
}

/// What git prints, if it succeeds.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    command("git", arguments, root).stderr_null().read().ok()
}

#[cfg(test)]
mod tests {
    use super::super::findings::Verdict;
    use super::super::manifest::tests::of;
    use super::{check, may_break};
    use crate::cargo::command;
    use std::fs;

    #[test]
    fn which_versions_may_break() {
        for (old, new) in [("0.1.0", "0.2.0"), ("0.1.9", "1.0.0"), ("1.4.0", "2.0.0"), ("0.0.1", "0.0.2")] {
            assert!(may_break(old, new), "{old} {new}");
        }
        for (old, new) in [("0.1.0", "0.1.1"), ("0.1.0", "0.1.0"), ("1.4.0", "1.5.0"), ("0.2.0", "0.1.0")] {
            assert!(!may_break(old, new), "{old} {new}");
        }
    }

    /// A repository of two packages with lists, as of the release 0.1.0; then an item is removed.
    #[test]
    fn an_item_that_is_gone_needs_a_version_that_may_break() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a folder"))
                .and_then(|()| fs::write(path, text))
                .expect("a file");
        };
        let manifest = |version: &str| format!("[package]\nname = 'it'\nversion = '{version}'\n");
        for (package, path) in [("atomic-throttle", ""), ("atomic-throttle-cluster", "cluster/")] {
            write(&format!("{path}Cargo.toml"), &manifest("0.1.0"));
            write(&format!("xtask/api/{package}.txt"), "pub fn kept()\npub fn old()\n");
        }
        let git = |arguments: &[&str]| {
            let who = ["-c", "user.name=it", "-c", "user.email=it@example.org"];
            command("git", who.iter().chain(arguments).copied(), root)
                .stdout_null()
                .run()
                .expect("git succeeds");
        };
        let of = |version: &str| check(root, &[of(&manifest(version)), of(&manifest("0.1.0"))]);
        git(&["init", "--quiet"]);
        git(&["add", "."]);
        git(&["commit", "--quiet", "--message", "it"]);
        assert!(matches!(of("0.1.1"), Verdict::Skipped(why) if why.contains("no tag")));
        git(&["tag", "v0.1.0"]);
        assert!(matches!(of("0.1.1"), Verdict::Passed(_)));
        write("xtask/api/atomic-throttle.txt", "pub fn kept()\npub fn new()\n");
        let gone = "atomic-throttle 0.1.1 may not break, but it lacks: pub fn old()";
        assert_eq!(of("0.1.1"), Verdict::failed(gone));
        assert!(matches!(of("0.2.0"), Verdict::Passed(_)));
    }
}
