//! The packaged crates side by side, outside of the checkout, as a user of them has them.

use super::manifest::Manifest;
use super::packed::Packed;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use toml::{Table, Value};

/// Their folders, removed with this value.
pub struct Copies(TempDir);

impl Copies {
    /// # Errors
    ///
    /// If a file cannot be written.
    pub fn new(crates: &[Packed]) -> Result<Self, String> {
        let copies = Self(TempDir::new().map_err(|why| why.to_string())?);
        for packed in crates {
            packed.unpack(copies.0.path()).map_err(|why| format!("{}: {why}", packed.label))?;
            stand_alone(&copies.folder(packed), crates)?;
        }
        Ok(copies)
    }

    pub fn folder(&self, packed: &Packed) -> PathBuf {
        self.0.path().join(&packed.label)
    }
}

/// Turns a package into a workspace of its own. The other packages are taken from the folders beside it,
/// because no registry has them yet. Dependencies of tests are removed: the tests are not in a package.
fn stand_alone(folder: &Path, crates: &[Packed]) -> Result<(), String> {
    let path = folder.join("Cargo.toml");
    let mut manifest = Manifest::read(&path)?.without_dev_dependencies();
    let others =
        crates.iter().filter(|packed| manifest.get(&["dependencies", packed.published.name]).is_some());
    let places: Table =
        others.map(|packed| (packed.published.name.to_owned(), beside(&packed.label))).collect();
    // Its profiles name packages of the original workspace.
    manifest.table.remove("profile");
    manifest.table.insert("workspace".into(), Table::new().into());
    manifest
        .table
        .insert("patch".into(), Table::from_iter([("crates-io".to_owned(), Value::from(places))]).into());
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let written = toml::to_string(&manifest.table).map_err(|why| failed(&why))?;
    fs::write(&path, written).map_err(|why| failed(&why))?;
    fs::remove_file(folder.join("Cargo.lock")).map_err(|why| failed(&why))
}

fn beside(label: &str) -> Value {
    Table::from_iter([("path".to_owned(), Value::from(format!("../{label}")))]).into()
}
