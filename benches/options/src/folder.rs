//! A folder on the command line that a program writes to.

use std::path::{Path, PathBuf};

/// Reads the path of a folder that exists, or that can be created because no part of it is a file. It creates
/// nothing.
pub fn writable(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let existing = path.ancestors().find(|part| part.symlink_metadata().is_ok());
    match existing {
        Some(part) if !part.is_dir() => Err(format!("{} is not a folder", part.display())),
        Some(part) if is_read_only(part) => Err(format!("{} cannot be written to", part.display())),
        _ if path.as_os_str().is_empty() => Err("must name a folder".to_owned()),
        _ => Ok(path),
    }
}

fn is_read_only(folder: &Path) -> bool {
    folder.metadata().is_ok_and(|metadata| metadata.permissions().readonly())
}

#[cfg(test)]
mod tests {
    use super::writable;
    use std::path::Path;

    #[test]
    fn takes_a_folder_that_exists_or_can_be_created() {
        for folder in ["src", "./src", "/", "absent", "src/absent/below"] {
            assert_eq!(writable(folder).as_deref(), Ok(Path::new(folder)));
        }
    }

    #[test]
    fn refuses_a_file_wherever_it_stands_in_the_path() {
        for path in ["Cargo.toml", "Cargo.toml/below", "./Cargo.toml/below/it", "/dev/null/below", ""] {
            assert!(writable(path).is_err(), "{path} was taken");
        }
    }

    #[test]
    fn creates_nothing() {
        writable("src/absent").unwrap();
        assert!(!Path::new("src/absent").exists());
    }
}
