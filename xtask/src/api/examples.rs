//! Which public types have an example, and have it before anything is promised: a reader copies it first.
//!
//! An enum is shown where it is returned, and an error where it is met. A type of a module that has an example itself is
//! shown there.

use serde_json::Value;
use std::collections::BTreeSet;

/// The items without an example, by what rustdoc describes.
pub fn missing(described: &Value) -> Vec<String> {
    let mut pages = Pages { described, visited: BTreeSet::new(), missing: Vec::new() };
    // A program would start with the page of the crate, which says nothing of each type.
    pages.walk(&described["root"], "", false);
    pages.missing
}

struct Pages<'d> {
    described: &'d Value,
    visited: BTreeSet<String>,
    missing: Vec<String>,
}

impl<'d> Pages<'d> {
    fn item(&self, id: &Value) -> &'d Value {
        &self.described["index"][id.to_string()]
    }

    fn walk(&mut self, module: &Value, path: &str, is_shown: bool) {
        for id in list(&self.item(module)["inner"]["module"]["items"]) {
            self.look(id, path, is_shown);
        }
    }

    fn look(&mut self, id: &Value, path: &str, is_shown: bool) {
        let item = self.item(id);
        let inner = &item["inner"];
        if let Some(reexport) = inner.get("use") {
            return self.look(&reexport["id"], path, is_shown);
        }
        let name = item["name"].as_str().unwrap_or_default();
        let path = format!("{path}{name}");
        if inner.is_null() || !self.visited.insert(id.to_string()) {
            return;
        }
        let has_example = begins_with_example(item["docs"].as_str().unwrap_or_default());
        if inner.get("module").is_some() {
            return self.walk(id, &format!("{path}::"), has_example);
        }
        let is_error = list(&inner["struct"]["impls"]).any(|id| self.is_of_error(id));
        let is_asked = ["struct", "trait", "macro"].iter().any(|&kind| inner.get(kind).is_some());
        if is_asked && !is_error && !is_shown && !has_example {
            self.missing.push(format!("{path} does not begin with an example"));
        }
    }

    fn is_of_error(&self, implemented: &Value) -> bool {
        self.item(implemented)["inner"]["impl"]["trait"]["path"]
            .as_str()
            .is_some_and(|path| path.ends_with("Error"))
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Whether the first code is an example, and stands before the first heading.
fn begins_with_example(docs: &str) -> bool {
    let mut lines = docs.lines().map(str::trim_start);
    let first = lines.find(|line| line.starts_with("```") || line.starts_with('#'));
    first.is_some_and(|line| line == "```" || line == "```no_run")
}

#[cfg(test)]
mod tests {
    use super::missing;
    use serde_json::{Value, json};

    fn of(docs: &str, implemented: &str, docs_of_module: &str) -> Vec<String> {
        let item = |name: &str, docs: &str, inner: Value| json!({"name": name, "docs": docs, "inner": inner});
        missing(&json!({"root": 0, "index": {
            "0": item("it", "", json!({"module": {"items": [1, 4]}})),
            "1": item("inside", docs_of_module, json!({"module": {"items": [2]}})),
            "2": item("Type", docs, json!({"struct": {"impls": [3]}})),
            "3": {"inner": {"impl": {"trait": {"path": implemented}}}},
            "4": item("Outcome", "", json!({"enum": {"impls": []}})),
        }}))
    }

    #[test]
    fn a_type_without_an_example_or_with_a_late_one_is_named() {
        let named = ["inside::Type does not begin with an example"];
        assert_eq!(of("A type.", "Clone", ""), named);
        assert_eq!(of("A type.\n\n# Guarantees\n\n```\nlet it;\n```", "Clone", ""), named);
        assert_eq!(of("A type.\n\n```text\nno example\n```", "Clone", ""), named);
    }

    #[test]
    fn an_example_its_modules_example_or_an_error_is_enough() {
        let example = "It.\n\n```\n# let it = 1;\n```\n\n# Guarantees\n";
        assert!(of(example, "Clone", "").is_empty());
        assert!(of("A type.", "Clone", example).is_empty());
        assert!(of("A type.", "core::error::Error", "").is_empty());
    }
}
