//! A Cargo.toml, as a table.

use super::text;
use std::path::Path;
use toml::{Table, Value};

pub struct Manifest {
    pub table: Table,
}

impl Manifest {
    /// # Errors
    ///
    /// If there is none, or it is no TOML.
    pub fn read(path: &Path) -> Result<Self, String> {
        let table = text(path)?.parse().map_err(|why| format!("{}: {why}", path.display()))?;
        Ok(Self { table })
    }

    /// The value at a path of keys.
    pub fn get(&self, keys: &[&str]) -> Option<&Value> {
        let (first, rest) = keys.split_first()?;
        rest.iter().try_fold(self.table.get(*first)?, |value, key| value.get(*key))
    }

    /// The text of a key of the package; empty if there is none.
    pub fn key(&self, key: &str) -> &str {
        self.get(&["package", key]).and_then(Value::as_str).unwrap_or_default()
    }

    /// The names of its features, but for `default`.
    pub fn features(&self) -> Vec<&str> {
        let features = self.table.get("features").and_then(Value::as_table).into_iter();
        features.flat_map(Table::keys).map(String::as_str).filter(|&feature| feature != "default").collect()
    }

    /// All its dependencies, including those of platforms and of tests: name and entry.
    pub fn dependencies(&self) -> Vec<(&str, &Value)> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let systems = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
        let tables = std::iter::once(&self.table).chain(systems);
        let kinds = ["dependencies", "build-dependencies", "dev-dependencies"];
        let each = tables.flat_map(|table| kinds.iter().filter_map(|&kind| table.get(kind)?.as_table()));
        each.flatten().map(|(name, entry)| (name.as_str(), entry)).collect()
    }

    /// Removes the dependencies that only its tests need.
    pub fn without_dev_dependencies(mut self) -> Self {
        self.table.remove("dev-dependencies");
        if let Some(Value::Table(targets)) = self.table.get_mut("target") {
            for system in targets.iter_mut().filter_map(|(_, system)| system.as_table_mut()) {
                system.remove("dev-dependencies");
            }
        }
        self
    }
}

#[cfg(test)]
pub mod tests {
    use super::Manifest;

    pub fn of(toml: &str) -> Manifest {
        Manifest { table: toml.parse().unwrap() }
    }

    const EXAMPLE: &str = r#"
        [package]
        name = "it"
        [features]
        default = ["one"]
        one = []
        two = []
        [dependencies]
        a = "1"
        [dev-dependencies]
        b = "1"
        [target.'cfg(unix)'.dependencies]
        c = { version = "1" }
        [target.'cfg(unix)'.dev-dependencies]
        d = "1"
    "#;

    #[test]
    fn keys_are_found() {
        let manifest = of(EXAMPLE);
        assert_eq!((manifest.key("name"), manifest.key("license")), ("it", ""));
        assert_eq!(manifest.features(), ["one", "two"]);
    }

    #[test]
    fn dependencies_of_tests_are_taken_away_also_those_of_a_system() {
        let names = |manifest: &Manifest| -> Vec<_> {
            manifest.dependencies().iter().map(|&(name, _)| name.to_owned()).collect()
        };
        let manifest = of(EXAMPLE);
        assert_eq!(names(&manifest), ["a", "b", "c", "d"]);
        assert_eq!(names(&manifest.without_dev_dependencies()), ["a", "c"]);
    }
}
