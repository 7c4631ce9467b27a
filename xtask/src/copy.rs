//! A copy of the repository, to change something in it.
//!
//! It is always in the same place of a checkout, so cargo rebuilds only what changed. The build folder is
//! beside it, so that no other checkout uses it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The files that nothing is built from.
const LEFT_OUT: [&str; 2] = ["target", ".git"];

/// Files by their path.
pub type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// Reads all files below `root`.
pub fn read(root: &Path) -> Result<Tree, String> {
    let mut tree = Tree::new();
    for path in files(root)? {
        let content = fs::read(root.join(&path)).map_err(|why| format!("{}: {why}", path.display()))?;
        tree.insert(path, content);
    }
    Ok(tree)
}

/// Makes `folder` hold this tree and nothing else. It does not touch files that are the same, so that they are
/// not built again.
pub fn write(folder: &Path, tree: &Tree) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    for path in files(folder)? {
        if !tree.contains_key(&path) {
            fs::remove_file(folder.join(&path)).map_err(|why| format!("{}: {why}", path.display()))?;
        }
    }
    for (path, content) in tree {
        let path = folder.join(path);
        if fs::read(&path).is_ok_and(|found| found == *content) {
            continue;
        }
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, content))
            .map_err(|why| format!("{}: {why}", path.display()))?;
    }
    Ok(())
}

/// The paths of all files below `root`.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let here = root.join(&folder);
        let entries = fs::read_dir(&here).map_err(|why| format!("{}: {why}", here.display()))?;
        for entry in entries {
            let entry = entry.map_err(|why| format!("{}: {why}", here.display()))?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type().map_err(|why| format!("{}: {why}", path.display()))?;
            if kind.is_dir() && !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                folders.push(path);
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_stale_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = Tree::from([
            (PathBuf::from("src/lib.rs"), b"one".to_vec()),
            (PathBuf::from("loom-tests/.cargo/config.toml"), b"two".to_vec()),
        ]);
        write(folder.path(), &tree).unwrap();
        assert_eq!(read(folder.path()).unwrap(), tree);

        tree.remove(Path::new("src/lib.rs"));
        tree.insert(PathBuf::from("src/main.rs"), b"three".to_vec());
        write(folder.path(), &tree).unwrap();
        assert_eq!(read(folder.path()).unwrap(), tree);
    }

    #[test]
    fn what_is_the_same_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = PathBuf::from("lib.rs");
        let at = || fs::metadata(folder.path().join("lib.rs")).unwrap().modified().unwrap();
        write(folder.path(), &Tree::from([(path.clone(), b"one".to_vec())])).unwrap();
        let long_ago = std::time::SystemTime::UNIX_EPOCH;
        fs::File::options()
            .write(true)
            .open(folder.path().join("lib.rs"))
            .unwrap()
            .set_modified(long_ago)
            .unwrap();
        write(folder.path(), &Tree::from([(path.clone(), b"one".to_vec())])).unwrap();
        assert_eq!(at(), long_ago);
        write(folder.path(), &Tree::from([(path, b"two".to_vec())])).unwrap();
        assert_ne!(at(), long_ago);
    }

    #[test]
    fn builds_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("target")).unwrap();
        fs::write(folder.path().join("target/a"), "a").unwrap();
        fs::write(folder.path().join("b"), "b").unwrap();
        assert_eq!(read(folder.path()).unwrap(), Tree::from([(PathBuf::from("b"), b"b".to_vec())]));
    }
}
