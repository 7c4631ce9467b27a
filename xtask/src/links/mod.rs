//! Follows each link and picture of every document of the repository, without a network: a relative one leads to a
//! file, and to a heading where it names one; a reference has a definition. Links to other places are listed.

pub mod markdown;
pub mod tree;

use crate::cargo::command;
use crate::print::print;
use markdown::{links, undefined};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use tree::{Tree, is_document, is_relative};

/// What was found in some documents.
#[derive(Default)]
struct Found {
    followed: usize,
    faults: Vec<String>,
    /// Each address elsewhere, with the documents that lead there.
    elsewhere: BTreeMap<String, BTreeSet<String>>,
}

impl Found {
    fn look(&mut self, tree: &Tree, document: &str) {
        let text = (tree.read)(document);
        for label in undefined(&text) {
            self.faults.push(format!("{document}: [{label}] has no definition"));
        }
        for link in links(&text) {
            if !is_relative(&link) {
                self.elsewhere.entry(link).or_default().insert(document.to_owned());
                continue;
            }
            self.followed += 1;
            if let Some(why) = tree.fault(document, &link) {
                self.faults.push(format!("{document}: {link} {why}"));
            }
        }
    }
}

/// Follows the links of all documents that git has, or would have with the next commit.
///
/// # Errors
///
/// If there is none to follow, or if one leads nowhere.
pub fn check(root: &Path) -> Result<(), String> {
    let listed = command("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], root);
    let listed = listed.read().map_err(|why| format!("git ls-files: {why}"))?;
    let is_there = |path: &&str| root.join(path).is_file();
    let files: BTreeSet<_> = listed.split('\0').filter(is_there).map(str::to_owned).collect();
    let tree = Tree { files: &files, read: &|path| fs::read_to_string(root.join(path)).unwrap_or_default() };
    let mut found = Found::default();
    let documents: Vec<_> = files.iter().filter(|path| is_document(path)).collect();
    for document in &documents {
        found.look(&tree, document);
    }
    print("Links to other places, which are not followed:")?;
    for (link, from) in &found.elsewhere {
        print(format_args!("  {link}   ({})", from.iter().cloned().collect::<Vec<_>>().join(", ")))?;
    }
    if found.followed == 0 {
        return Err("there is no link to follow".into());
    }
    if found.faults.is_empty() {
        return print(format_args!(
            "{} links in {} documents lead somewhere",
            found.followed,
            documents.len()
        ));
    }
    Err(format!("{} of {} links: {}", found.faults.len(), found.followed, found.faults.join("\n  ")))
}

#[cfg(test)]
mod tests {
    use super::{Found, Tree};

    /// What is found in `docs/one.md`, which has this text.
    fn look(text: &str) -> Found {
        let files = ["README.md", "docs/one.md", "docs/two.md", "docs/p.svg"].map(str::to_owned).into();
        let read = |path: &str| if path == "docs/one.md" { text.to_owned() } else { "# Here".to_owned() };
        let mut found = Found::default();
        found.look(&Tree { files: &files, read: &read }, "docs/one.md");
        found
    }

    #[test]
    fn a_link_that_leads_somewhere_is_right() {
        let right = "# One\n[a](two.md) [b](two.md#here) [c](#one) ![d](p.svg) [e](../README.md) [f](..) [g][two]\n\n\
                     [two]: ../README.md#here";
        let found = look(right);
        assert_eq!((found.faults, found.followed), (vec![], 7));
    }

    #[test]
    fn a_broken_link_is_found() {
        for broken in ["[a](three.md)", "![a](q.svg)", "[a](../../README.md)", "[a][x]\n\n[x]: three.md"] {
            assert!(matches!(&look(broken).faults[..], [why] if why.contains("no file")), "{broken}");
        }
    }

    #[test]
    fn a_broken_anchor_is_found() {
        for broken in ["[a](two.md#there)", "# One\n[a](#two)", "[a](../README.md#there)"] {
            assert!(matches!(&look(broken).faults[..], [why] if why.contains("no heading")), "{broken}");
        }
    }

    #[test]
    fn a_reference_without_a_definition_is_found() {
        assert!(matches!(&look("[a][nowhere]").faults[..], [why] if why.contains("no definition")));
        assert_eq!(look("an array, [0] or `[a][b]`").faults, Vec::<String>::new());
    }

    #[test]
    fn an_address_elsewhere_is_listed_and_not_followed() {
        let found = look("<https://example.org/a> and [b](https://example.org/b#c)");
        assert_eq!((found.followed, found.elsewhere.len(), found.faults.len()), (0, 2, 0));
    }
}
