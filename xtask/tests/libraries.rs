//! The page that says which libraries a feature brings says the same as `Cargo.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use toml::Table;
use watchdog as _;

/// The libraries of each feature that brings one.
type Libraries = BTreeMap<String, BTreeSet<String>>;

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// From the features of a manifest: each `dep:` of a feature.
fn of_manifest(text: &str) -> Libraries {
    let manifest: Table = text.parse().unwrap();
    let of_feature = |(feature, enables): (&String, &toml::Value)| {
        let names = enables.as_array().unwrap().iter().filter_map(|name| name.as_str()?.strip_prefix("dep:"));
        (feature.clone(), names.map(str::to_owned).collect::<BTreeSet<_>>())
    };
    let each = manifest["features"].as_table().unwrap().iter().map(of_feature);
    each.filter(|(_, libraries)| !libraries.is_empty()).collect()
}

/// From the table of a page: a row for each feature, with the libraries in its second column.
fn of_page(text: &str) -> Libraries {
    let table = text.split("| feature | libraries |").nth(1).unwrap().trim_start();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let code = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let of_row = |row: &str| {
        let mut cells = row.split('|').skip(1).map(code);
        (cells.next().unwrap().pop_first().unwrap(), cells.next().unwrap())
    };
    rows.map(of_row).collect()
}

#[test]
fn the_page_names_the_libraries_of_each_feature() {
    assert_eq!(of_page(&read("docs/why.md")), of_manifest(&read("Cargo.toml")));
}

#[test]
fn a_library_that_is_left_out_is_found() {
    let manifest =
        "[features]\ndefault = [\"std\"]\nstd = [\"dep:one\", \"dep:two\"]\nmore = [\"std\", \"dep:three\"]";
    let page = |of_std: &str| {
        of_page(&format!(
            "text\n\n| feature | libraries |\n|---|---|\n| `std` | {of_std} |\n| `more` | `three` |\n\ntext"
        ))
    };
    assert_eq!(page("`one`, `two`"), of_manifest(manifest));
    assert_ne!(page("`one`"), of_manifest(manifest));
    assert_ne!(page("`one`, `two`, `four`"), of_manifest(manifest));
}
