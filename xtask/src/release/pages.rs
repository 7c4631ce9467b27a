//! The pages as docs.rs builds them: their notes on availability must be meaningful to users.

use super::copies::Copies;
use super::findings::Verdict;
use super::packed::Packed;
use super::text;
use super::tools::{Tools, run};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Cfgs that tools set by themselves, for any package.
const BY_TOOLS: [&str; 4] = ["doc", "docsrs", "doctest", "test"];

/// The mark on a page that says where an item is available.
const MARK: &str = "stab portability";

pub fn check(crates: &[Packed], tools: &Tools) -> Verdict {
    if let Some(skipped) = tools.without_nightly() {
        return skipped;
    }
    let copies = match Copies::new(crates) {
        Ok(copies) => copies,
        Err(why) => return Verdict::failed(why),
    };
    let (mut faults, mut shown) = (Vec::new(), Vec::new());
    for packed in crates {
        match marks(packed, &copies, tools) {
            Ok(marks) => {
                faults.extend(wrong(packed, &marks));
                shown.push(format!("{} shows {}", packed.label, packed.published.gates.join(", ")));
            }
            Err(why) => faults.push(why),
        }
    }
    Verdict::of(faults, format!("{}, and no cfg of its own", shown.join("; ")))
}

/// Builds the pages of a package, and returns the words of their marks.
fn marks(packed: &Packed, copies: &Copies, tools: &Tools) -> Result<BTreeSet<String>, String> {
    let pages = tools.target.join("doc").join(packed.published.name.replace('-', "_"));
    if pages.exists() {
        fs::remove_dir_all(&pages).map_err(|why| format!("{}: {why}", pages.display()))?;
    }
    let command = tools.nightly(
        "doc --lib --no-deps --all-features",
        &copies.folder(packed),
        &[("RUSTDOCFLAGS", "--cfg docsrs")],
    );
    run(&command, &format!("{}: cargo doc", packed.label))?;
    let mut marks = BTreeSet::new();
    collect(&pages, &mut marks)?;
    Ok(marks)
}

fn collect(folder: &Path, marks: &mut BTreeSet<String>) -> Result<(), String> {
    let failed = |why| format!("{}: {why}", folder.display());
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_dir() {
            collect(&path, marks)?;
        } else if path.extension().is_some_and(|extension| extension == "html") {
            marks.extend(words(&text(&path)?));
        }
    }
    Ok(())
}

/// The words of all marks of a page.
fn words(page: &str) -> Vec<String> {
    let end = |mark: &str| [mark.find("</div>"), mark.find("</span>")].into_iter().flatten().min();
    let marks = page.split(MARK).skip(1).map(|mark| &mark[..end(mark).unwrap_or(mark.len())]);
    let separates = |character: char| !character.is_alphanumeric() && character != '_';
    marks.flat_map(|mark| mark.split(separates)).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The marks that should not be there, and those that are missing.
fn wrong(packed: &Packed, marks: &BTreeSet<String>) -> Vec<String> {
    let explored = packed.published.explored.iter().flat_map(|explored| explored.cfgs);
    let internal = explored.chain(&BY_TOOLS).copied().collect();
    compare(marks, &internal, packed.published.gates)
        .into_iter()
        .map(|fault| format!("{}: {fault}", packed.label))
        .collect()
}

fn compare(marks: &BTreeSet<String>, internal: &BTreeSet<&str>, gates: &[&str]) -> Vec<String> {
    let shown = internal.iter().filter(|&&cfg| marks.contains(cfg));
    let missing = gates.iter().filter(|&&gate| !marks.contains(gate));
    let shown = shown.map(|cfg| format!("an item is available only with or without the internal cfg {cfg}"));
    shown.chain(missing.map(|gate| format!("no item shows that it needs {gate}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::{compare, words};

    const PAGE: &str = "<p>loom</p><div class=\"stab portability\">Available on <strong>non-<code>a_loom</code>\
        </strong> only.</div><p>text</p><span class=\"stab portability\" title=\"\"><code>keyed</code></span><div>tsc</div>";

    #[test]
    fn the_words_of_marks_are_found_and_no_others() {
        let words = words(PAGE);
        for word in ["a_loom", "keyed"] {
            assert!(words.contains(&word.to_owned()), "{word}");
        }
        for word in ["loom", "text", "tsc"] {
            assert!(!words.contains(&word.to_owned()), "{word}");
        }
    }

    #[test]
    fn an_internal_cfg_and_a_missing_gate_are_found() {
        let marks = words(PAGE).into_iter().collect();
        assert!(compare(&marks, &["loom"].into(), &["keyed"]).is_empty());
        let faults = compare(&marks, &["a_loom"].into(), &["keyed", "tsc"]);
        assert!(matches!(&faults[..], [a, b] if a.contains("a_loom") && b.contains("tsc")), "{faults:?}");
    }
}
