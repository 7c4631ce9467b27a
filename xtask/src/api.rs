//! The public items of both packages, as `xtask/api` lists them: no change of them is an accident. And each type has
//! an example.

mod examples;

use crate::release::findings::{Findings, Verdict};
use crate::release::published::{PUBLISHED, Published};
use crate::release::text;
use crate::release::tools::{Tools, run};
use public_api::Builder;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Compares the lists with the sources, or renews them.
///
/// # Errors
///
/// If they differ, or if a package does not build.
pub fn api(root: &Path, record: bool) -> Result<(), String> {
    let mut findings = Findings::default();
    let tools = Tools::new(root);
    for package in &PUBLISHED {
        findings.add(package.name, &verdict(package, &tools, record))?;
        findings.add("examples", &exemplified(package, &tools))?;
    }
    findings.end()
}

fn verdict(package: &Published, tools: &Tools, record: bool) -> Verdict {
    if let Some(skipped) = tools.without_nightly() {
        return skipped;
    }
    let list = tools.root.join("xtask/api").join(package.name).with_extension("txt");
    let compared = items(package, tools).and_then(|items| {
        if record {
            fs::write(&list, &items).map_err(|why| format!("{}: {why}", list.display()))?;
        }
        Ok((text(&list)?, items))
    });
    match compared {
        Ok((listed, items)) => {
            Verdict::of(differences(&listed, &items), format!("{} lines", items.lines().count()))
        }
        Err(why) => Verdict::failed(why),
    }
}

/// The items, one a line, with all features. Without what the compiler implements by itself.
fn items(package: &Published, tools: &Tools) -> Result<String, String> {
    let arguments = format!(
        "rustdoc --locked --lib --package {} --all-features -- -Z unstable-options --output-format json",
        package.name
    );
    run(&tools.nightly(&arguments, tools.root, &[]), &format!("cargo {arguments}"))?;
    let api = Builder::from_rustdoc_json(described(package, tools))
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|why| format!("this nightly describes items in another way than is read here: {why}"))?;
    let lines: Vec<_> = api.items().map(ToString::to_string).collect();
    Ok(lines.join("\n") + "\n")
}

/// Whether types begin with an example, by what was described for the list.
fn exemplified(package: &Published, tools: &Tools) -> Verdict {
    if let Some(skipped) = tools.without_nightly() {
        return skipped;
    }
    let read = text(&described(package, tools));
    match read.and_then(|json| serde_json::from_str(&json).map_err(|why| why.to_string())) {
        Ok(described) => {
            Verdict::of(examples::missing(&described), "every type begins with an example".to_owned())
        }
        Err(why) => Verdict::failed(why),
    }
}

fn described(package: &Published, tools: &Tools) -> PathBuf {
    tools.target.join("doc").join(package.name.replace('-', "_")).with_extension("json")
}

/// What is listed and is no longer there, and what is there and is not listed.
fn differences(listed: &str, items: &str) -> Vec<String> {
    let set = |text: &'_ str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (listed, items) = (set(listed), set(items));
    let gone = listed.difference(&items).map(|item| format!("gone: {item}"));
    let new = items.difference(&listed).map(|item| format!("new: {item}"));
    let mut differences: Vec<_> = gone.chain(new).collect();
    if !differences.is_empty() {
        differences
            .push("if this is meant, `cargo xtask api --record`, and say it in the changelog".to_owned());
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::differences;

    #[test]
    fn a_line_that_is_gone_or_new_is_named() {
        assert!(differences("a\nb\n", "b\na\n").is_empty(), "the order is not looked at");
        let found = differences("pub fn old()\npub fn same()\n", "pub fn new()\npub fn same()\n");
        assert_eq!(found[..2], ["gone: pub fn old()", "new: pub fn new()"]);
    }
}
