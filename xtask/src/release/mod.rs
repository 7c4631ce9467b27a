//! Decides whether both packages may be published. It checks the files that would be uploaded, and one
//! failure does not hide the next.

mod bounds;
mod breaks;
mod copies;
mod dependencies;
pub mod findings;
mod keys;
mod links;
mod manifest;
mod packed;
mod pages;
pub mod published;
pub mod tools;

use crate::print::print;
use findings::{Findings, Verdict};
use manifest::Manifest;
use published::PUBLISHED;
use std::fs;
use std::path::Path;
use tools::Tools;

/// What nobody can take back is left to a person.
const NEXT: &str = "Nothing is published yet. Tag the commit vVERSION, then: \
                    cargo publish -p atomic-throttle -p atomic-throttle-cluster";

/// Runs every check and says what each found. A draft needs neither the address of the repository nor a commit.
///
/// # Errors
///
/// If any of them failed.
pub fn release(root: &Path, is_draft: bool) -> Result<(), String> {
    let unless_draft = |verdict: Verdict| match verdict {
        Verdict::Failed(why) if is_draft => {
            Verdict::Skipped(format!("a draft needs none: {}", why.join("; ")))
        }
        verdict => verdict,
    };
    let mut findings = Findings::default();
    let tools = Tools::new(root);
    match source_manifests(root) {
        Ok((workspace, manifests)) => {
            findings.add("repository", &unless_draft(keys::repository(&workspace)))?;
            findings.add("keys", &keys::complete(&manifests))?;
            findings.add("versions", &keys::versions(&manifests))?;
            findings.add("breaks", &breaks::check(root, &manifests))?;
        }
        Err(why) => findings.add("manifests", &Verdict::failed(why))?,
    }
    let tracked = tools.tracked_files();
    findings.add("dependencies", &dependencies::check(&tools))?;
    findings.add("commit", &unless_draft(tools.committed()))?;
    let (packaged, crates) = packed::pack(&tools);
    findings.add("cargo package", &packaged)?;
    match crates {
        Ok(crates) => {
            findings.add("contents", &packed::contents(&crates))?;
            findings.add("licences", &packed::licences(&crates, root))?;
            findings.add("other places", &packed::other_places(&crates, root))?;
            findings.add("links", &links::check(&crates, root, &tracked))?;
            findings.add("docs.rs", &pages::check(&crates, &tools))?;
            findings.add("lower bounds", &bounds::check(&crates, &tools))?;
        }
        Err(why) => findings.add("files", &Verdict::failed(format!("there are none to look at: {why}")))?,
    }
    findings.end().map_err(|why| format!("no release: {why}"))?;
    if is_draft { Ok(()) } else { print(NEXT) }
}

/// The manifest of the workspace, and those of the packages.
fn source_manifests(root: &Path) -> Result<(Manifest, Vec<Manifest>), String> {
    let read = |folder| Manifest::read(&root.join(folder).join("Cargo.toml"));
    let manifests = PUBLISHED.iter().map(|package| read(package.folder)).collect::<Result<_, _>>()?;
    Ok((read("")?, manifests))
}

/// The text of a file.
pub fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|why| format!("{}: {why}", path.display()))
}
