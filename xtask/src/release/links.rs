//! Checks that each relative link and picture of the packaged documents leads somewhere: into the package, or
//! to a file of the repository, which is where a registry resolves the others.

use super::findings::Verdict;
use super::packed::Packed;
use super::text;
use crate::links::markdown::links;
use crate::links::tree::{Tree, beside, is_document, is_relative, joined};
use std::collections::BTreeSet;
use std::path::Path;

pub fn check(crates: &[Packed], root: &Path, tracked: &BTreeSet<String>) -> Verdict {
    let (mut faults, mut counted) = (Vec::new(), [0, 0]);
    for packed in crates {
        let folder = packed.folder();
        let files = packed.files.iter().cloned().collect();
        let places = Places {
            package: Tree { files: &files, read: &|path| text(&folder.join(path)).unwrap_or_default() },
            repository: Tree { files: tracked, read: &|path| text(&root.join(path)).unwrap_or_default() },
            folder: packed.published.folder,
        };
        for document in packed.files.iter().filter(|file| is_document(file)) {
            let followed = text(&folder.join(document)).map(|text| places.follow(document, &text));
            let found = followed.unwrap_or_else(|why| vec![Err(why)]);
            for link in found {
                match link {
                    Ok(Place::Package) => counted[0] += 1,
                    Ok(Place::Repository) => counted[1] += 1,
                    Err(why) => faults.push(format!("{}: {document}: {why}", packed.label)),
                }
            }
        }
    }
    let [package, repository] = counted;
    Verdict::of(
        faults,
        format!("{package} lead into their package, {repository} to other files of the repository"),
    )
}

/// The target of a link.
#[derive(Debug, PartialEq)]
enum Place {
    Package,
    Repository,
}

/// Everything that the links of a package can lead to.
struct Places<'t> {
    package: Tree<'t>,
    repository: Tree<'t>,
    /// The package's, in the repository.
    folder: &'static str,
}

impl Places<'_> {
    /// Where each relative link of a document leads, or why it leads nowhere.
    fn follow(&self, document: &str, text: &str) -> Vec<Result<Place, String>> {
        let relative = links(text).into_iter().filter(|link| is_relative(link));
        relative.map(|link| self.one(document, &link).map_err(|why| format!("{link} {why}"))).collect()
    }

    fn one(&self, document: &str, link: &str) -> Result<Place, &'static str> {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        // A link without a path leads to a place in the document itself.
        let below = |folder: &str| {
            if path.is_empty() { joined(folder, document) } else { beside(folder, document, path) }
        };
        let in_package = below("").filter(|path| self.package.has(path)).map(|path| (Place::Package, path));
        let in_repository = || {
            let path = below(self.folder).filter(|path| self.repository.has(path))?;
            Some((Place::Repository, path))
        };
        let (place, path) = in_package.or_else(in_repository).ok_or("leads to no file")?;
        let tree = if place == Place::Package { &self.package } else { &self.repository };
        if tree.has_heading(&path, anchor) { Ok(place) } else { Err("leads to no heading") }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Places, Tree};
    use std::collections::BTreeSet;

    /// The result for one link in `document` of a package that lies in `cluster`.
    fn of(document: &str, link: &str) -> Result<Place, String> {
        let files = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let package = files(&["README.md", "docs/how.md", "src/lib.rs"]);
        let repository = files(&["cluster/README.md", "cluster/tests/it.rs", "docs/storm.svg", "README.md"]);
        let read = |_: &str| "# Its heading".to_owned();
        let places = Places {
            package: Tree { files: &package, read: &read },
            repository: Tree { files: &repository, read: &read },
            folder: "cluster",
        };
        let mut found = places.follow(document, &format!("[it]({link})"));
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_link_leads_into_the_package_or_the_repository() {
        for link in
            ["docs/how.md", "docs/how.md#its-heading", "#its-heading", "src/lib.rs#L3", "src", "./README.md"]
        {
            assert_eq!(of("README.md", link), Ok(Place::Package), "{link}");
        }
        for link in ["tests/it.rs", "../docs/storm.svg", "../README.md#its-heading", "tests/", ".."] {
            assert_eq!(of("README.md", link), Ok(Place::Repository), "{link}");
        }
        assert_eq!(of("docs/how.md", "../README.md"), Ok(Place::Package));
        assert_eq!(of("docs/how.md", "../tests/it.rs"), Ok(Place::Repository));
    }

    #[test]
    fn what_leads_nowhere_is_found() {
        for link in [
            "how.md",
            "docs/how",
            "../../README.md",
            "docs/how.md#none",
            "#none",
            "../README.md#none",
            "test",
            "/src",
        ] {
            assert!(of("README.md", link).is_err(), "{link}");
        }
        assert!(of("docs/how.md", "docs/how.md").is_err());
    }
}
