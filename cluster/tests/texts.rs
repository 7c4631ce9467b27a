//! The texts that stand in files of their own have links that work in the repository and in the documentation of the
//! crate. Rustdoc reports no broken path to a file, so this looks for them.

use watchdog as _;

const LIB: &str = include_str!("../src/lib.rs");
const DESIGN: &str = include_str!("../DESIGN.md");
const PROMISES: &str = include_str!("../PROMISES.md");

/// The labels that a text gives to targets, by lines such as `[label]: target`.
fn labels(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).map(|(label, _)| label)
}

/// The targets of links that stand in the sentences themselves.
fn inline(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap_or_default())
}

#[test]
fn each_label_of_the_design_has_a_target_in_the_documentation_too() {
    assert!(labels(DESIGN).count() > 0);
    for label in labels(DESIGN) {
        assert!(
            LIB.contains(&format!("//! [{label}]: ")),
            "[{label}] is a path to a file in the documentation"
        );
    }
}

#[test]
fn a_link_within_a_sentence_leads_to_a_page_of_the_web() {
    for target in [DESIGN, PROMISES].into_iter().flat_map(inline) {
        assert!(target.starts_with("https://"), "{target} does not exist in the documentation");
    }
}
