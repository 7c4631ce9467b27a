//! The packaged crates laid out side by side, outside of the checkout, as somebody has them who depends on them.

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

/// Makes a workspace of its own of a package. It takes the other packages from beside it, since a registry has
/// not got them yet, and asks for nothing that only its tests need: they are not in it.
fn stand_alone(folder: &Path, crates: &[Packed]) -> Result<(), String> {
    let path = folder.join("Cargo.toml");
    let mut manifest = Manifest::read(&path)?.without_dev_dependencies();
    let others =
        crates.iter().filter(|packed| manifest.get(&["dependencies", packed.published.name]).is_some());
    let places: Table =
        others.map(|packed| (packed.published.name.to_owned(), beside(&packed.label))).collect();
    // Its profiles speak of packages of the workspace that it came from.
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
