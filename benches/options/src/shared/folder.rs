//! `--out`: the folder that a program writes to.

use clap::Args;
use std::path::{Path, PathBuf};

#[derive(Args, Clone, Debug, Default)]
pub struct Folder {
    /// The folder for tables, pictures and pages [default: one in target, with the name of the program]
    #[arg(long, value_name = "FOLDER", value_parser = writable)]
    out: Option<PathBuf>,
}

impl Folder {
    /// Where the program with this name writes to.
    #[must_use]
    pub fn of(&self, program: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("target").join(program))
    }
}

/// Reads the path of a folder that exists, or that can be created because no part of it is a file. It creates
/// nothing.
fn writable(text: &str) -> Result<PathBuf, String> {
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
    use super::{Folder, writable};
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
    fn a_program_has_a_folder_of_its_own() {
        assert_eq!(Folder::default().of("growth"), Path::new("target/growth"));
        assert_eq!(Folder { out: Some("src".into()) }.of("growth"), Path::new("src"));
    }

    #[test]
    fn creates_nothing() {
        writable("src/absent").unwrap();
        assert!(!Path::new("src/absent").exists());
    }
}
