//! `--svg`: a picture of what was seen.

use clap::Args;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args, Clone, Debug, Default)]
pub struct Picture {
    /// Draw what was seen into this file, as SVG
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// The open file of a picture. What was in it stays there until there is another picture.
#[derive(Debug)]
pub struct Sheet<'p> {
    file: File,
    path: &'p Path,
}

impl Picture {
    /// Opens the file, if a picture is wanted. So a path that cannot be written is known before the work.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn open(&self) -> Result<Option<Sheet<'_>>, String> {
        let open = |path: &Path| OpenOptions::new().write(true).create(true).truncate(false).open(path);
        self.svg
            .as_deref()
            .map(|path| open(path).map(|file| Sheet { file, path }).map_err(|why| cannot_write(path, &why)))
            .transpose()
    }
}

impl Sheet<'_> {
    /// Writes the picture.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(mut self, svg: &str) -> Result<(), String> {
        let written = self.file.write_all(svg.as_bytes()).and_then(|()| {
            // A pipe has no end that could be moved.
            if self.file.metadata()?.is_file() { self.file.set_len(svg.len() as u64) } else { Ok(()) }
        });
        written.map_err(|why| cannot_write(self.path, &why))
    }
}

fn cannot_write(path: &Path, why: &std::io::Error) -> String {
    format!("--svg: cannot write {}: {why}", path.display())
}

#[cfg(test)]
mod tests {
    use super::Picture;
    use std::fs;

    fn picture(path: impl Into<std::path::PathBuf>) -> Picture {
        Picture { svg: Some(path.into()) }
    }

    #[test]
    fn a_picture_that_cannot_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        for bad in [folder.path().join("absent/it.svg"), folder.path().to_owned(), "".into()] {
            let why = picture(&bad).open().unwrap_err();
            assert!(why.starts_with("--svg: cannot write"), "{}: {why}", bad.display());
        }
        assert!(Picture::default().open().unwrap().is_none());
    }

    #[test]
    fn the_picture_before_stays_until_there_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it.svg");
        fs::write(&path, "the one before, which is longer").unwrap();
        let picture = picture(&path);
        let sheet = picture.open().unwrap().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "the one before, which is longer");
        sheet.write("another").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "another");
    }
}
