//! Where a relative link leads among the files of a folder.

use super::markdown::anchors;
use std::collections::BTreeSet;
use std::path::Path;

/// Files, and how to read one.
pub struct Tree<'t> {
    pub files: &'t BTreeSet<String>,
    pub read: &'t dyn Fn(&str) -> String,
}

impl Tree<'_> {
    /// Whether this is one of its files, or a folder of some.
    pub fn has(&self, path: &str) -> bool {
        let folder = if path.is_empty() { String::new() } else { format!("{path}/") };
        self.files.contains(path)
            || self.files.range(folder.clone()..).next().is_some_and(|file| file.starts_with(&folder))
    }

    /// Whether the file has this heading. Any is right where there is none to name, or in another kind of file.
    pub fn has_heading(&self, path: &str, anchor: &str) -> bool {
        anchor.is_empty()
            || !is_document(path)
            || anchors(&(self.read)(path)).iter().any(|name| name == anchor)
    }

    /// Why a relative link of one of its documents leads nowhere.
    pub fn fault(&self, document: &str, link: &str) -> Option<&'static str> {
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let path = if path.is_empty() { Some(document.to_owned()) } else { beside("", document, path) };
        match path.filter(|path| self.has(path)) {
            None => Some("leads to no file"),
            Some(path) if self.has_heading(&path, anchor) => None,
            Some(_) => Some("leads to no heading"),
        }
    }
}

pub fn is_document(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "md")
}

/// Whether it has no scheme such as `https:` or `mailto:`.
pub fn is_relative(link: &str) -> bool {
    let first = link.split(['/', '#']).next().unwrap_or_default();
    !first.contains(':') && !link.starts_with("//")
}

/// A path beside a document that lies in a folder.
pub fn beside(folder: &str, document: &str, path: &str) -> Option<String> {
    // A forge takes a leading slash for the root of the repository, a registry does not.
    if path.starts_with('/') {
        return None;
    }
    let parent = document.rsplit_once('/').map_or("", |(parent, _)| parent);
    joined(folder, &format!("{parent}/{path}"))
}

/// A path in a folder without `.` and `..`; none if it leads out of everything.
pub fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::is_relative;

    #[test]
    fn addresses_elsewhere_are_not_followed() {
        for link in ["https://example.org", "mailto:a@example.org", "//example.org"] {
            assert!(!is_relative(link), "{link}");
        }
        for link in ["a.md", "#a", "a/b:c", "a.md#b:c"] {
            assert!(is_relative(link), "{link}");
        }
    }
}
