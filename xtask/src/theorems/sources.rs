//! The files of the proof: what they promise, what has to be trusted, and that they assume nothing.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The files, in the order in which they need each other. A proof that no longer holds is found in the first
/// one.
pub const FILES: [&str; 26] = [
    "Word",
    "Rows",
    "Protocol",
    "Waiting",
    "Retries",
    "Promises",
    "RowFacts",
    "Invariant",
    "Safety",
    "Liveness",
    "Sleep",
    "Woken",
    "Retried",
    "Range",
    "Examples",
    "Table",
    "Memory",
    "Accesses",
    "Orders",
    "Visible",
    "OneOrder",
    "Covered",
    "Heard",
    "Weak",
    "All",
    "Assumptions",
];

/// The files that are printed by the check.
pub const PRINTED: [&str; 2] = ["Rows", "Assumptions"];

/// What a reader has to agree with. The proofs are checked by Coq, whatever they say.
pub const TRUSTED: [&str; 8] =
    ["Word", "Protocol", "Waiting", "Retries", "Promises", "Memory", "Accesses", "Orders"];

/// Those of them that promise something.
const PROMISING: [&str; 2] = ["Promises", "Orders"];

/// In `Assumptions.v`, all that is shown.
pub const EVERYTHING: &str = "everything";

/// Words by which a file could assume what it ought to prove.
const ASSUMING: [&str; 13] = [
    "Admitted",
    "admit",
    "give_up",
    "Axiom",
    "Axioms",
    "Parameter",
    "Parameters",
    "Conjecture",
    "Conjectures",
    "Unset",
    "bypass_check",
    "Declare",
    "Load",
];

/// A file of the proof.
pub struct Source {
    pub name: &'static str,
    pub text: String,
}

/// Reads the files that are not printed.
pub fn read(folder: &Path) -> Result<Vec<Source>, String> {
    let written = FILES.into_iter().filter(|name| !PRINTED.contains(name));
    written
        .map(|name| {
            let path = folder.join(name).with_extension("v");
            let text = fs::read_to_string(&path).map_err(|why| format!("{}: {why}", path.display()))?;
            Ok(Source { name, text })
        })
        .collect()
}

/// The text without comments, which may be nested.
fn without_comments(text: &str) -> String {
    let (mut depth, mut rest, mut code) = (0_usize, text, String::new());
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("(*") {
            depth += 1;
            rest = &rest[2..];
        } else if rest.starts_with("*)") && depth > 0 {
            depth -= 1;
            rest = &rest[2..];
        } else {
            if depth == 0 || first == '\n' {
                code.push(first);
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    code
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_' && it != '\'').filter(|word| !word.is_empty())
}

/// # Errors
///
/// If a file assumes something.
pub fn assume_nothing(sources: &[Source]) -> Result<(), String> {
    for Source { name, text } in sources {
        let code = without_comments(text);
        if let Some(word) = words(&code).find(|word| ASSUMING.contains(word)) {
            return Err(format!("{name}.v says {word}: a proof assumes nothing"));
        }
    }
    Ok(())
}

/// Lines that are neither empty nor a comment.
pub fn lines_of_code(text: &str) -> usize {
    without_comments(text).lines().filter(|line| !line.trim().is_empty()).count()
}

/// The names that a file defines after `keyword`, if `rest` of the line is accepted.
fn defined<'t>(
    text: &'t str,
    keyword: &'t str,
    accepts: impl Fn(&str) -> bool + 't,
) -> impl Iterator<Item = &'t str> {
    text.lines().filter_map(move |line| {
        let (name, rest) = line.strip_prefix(keyword)?.strip_prefix(' ')?.split_once([' ', ':'])?;
        accepts(rest).then_some(name)
    })
}

/// The promises: the statements of `Promises.v` and of `Orders.v`.
pub fn promises(sources: &[Source]) -> Vec<&str> {
    let promising = sources.iter().filter(|it| PROMISING.contains(&it.name));
    promising.flat_map(|it| defined(&it.text, "Definition", |rest| rest.starts_with(": Prop :="))).collect()
}

/// Prints the file that asks Coq what the promises and the theorems assume. `All.v` has to name a proof of
/// each promise: `kept_G1` has the type `G1`. They are asked together, as Coq looks at all that they use each
/// time.
pub fn print_assumptions(sources: &[Source]) -> Result<String, String> {
    let promises = promises(sources);
    if promises.is_empty() {
        return Err("no file promises anything".to_owned());
    }
    let mut text = format!("Require Import {}.\n", PROMISING.join(" "));
    let mut all = Vec::new();
    for Source { name, text: source } in sources.iter().filter(|it| !TRUSTED.contains(&it.name)) {
        let _ = writeln!(text, "Require {name}.");
        all.extend(defined(source, "Theorem", |_| true).map(|theorem| format!("@{name}.{theorem}")));
    }
    all.extend(promises.iter().map(|promise| format!("(All.kept_{promise} : {promise})")));
    let _ = writeln!(
        text,
        "Definition {EVERYTHING} := (\n  {}).\nPrint Assumptions {EVERYTHING}.",
        all.join(",\n  ")
    );
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &'static str, text: &str) -> Source {
        Source { name, text: text.to_owned() }
    }

    #[test]
    fn comments_are_left_out_also_nested_ones() {
        assert_eq!(without_comments("a (* b (* c *) d\n*) e"), "a \n e");
        assert_eq!(lines_of_code("a\n\n(* b\n c *)\nd (* e *)\n"), 2);
    }

    #[test]
    fn who_assumes_is_found() {
        assert_eq!(assume_nothing(&[source("Word", "(* Axiom *) Lemma admits : True.")]), Ok(()));
        for word in ASSUMING {
            let why = assume_nothing(&[source("Word", &format!("Lemma a : False. {word}."))]).unwrap_err();
            assert!(why.contains(word), "{why}");
        }
    }

    #[test]
    fn each_promise_and_each_theorem_is_asked() {
        let promises =
            "Definition G1 : Prop := 1.\nDefinition f (w : word) : Prop := 1.\nDefinition G2 : Prop := 2.";
        let sources = [
            source("Promises", promises),
            source("Orders", "Definition G3 : Prop := 3."),
            source("Safety", "Theorem t : G1.\nLemma l : G2."),
        ];
        let text = print_assumptions(&sources).unwrap();
        for part in [
            "Require Safety.",
            "@Safety.t,",
            "(All.kept_G1 : G1),",
            "(All.kept_G2 : G2),",
            "(All.kept_G3 : G3)).",
            "Print Assumptions",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("Safety.l"), "{text}");
        assert!(print_assumptions(&[source("Promises", "Lemma l : True.")]).is_err());
    }

    #[test]
    fn the_files_are_those_of_the_folder() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../verify/theorems");
        let sources = read(&folder).unwrap();
        assert_eq!(assume_nothing(&sources), Ok(()));
        let mut found: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|it| it.unwrap().path())
            .filter(|it| it.extension().is_some_and(|it| it == "v"))
            .map(|it| it.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        found.sort_unstable();
        let mut named: Vec<_> = sources.iter().map(|it| it.name).collect();
        named.sort_unstable();
        assert_eq!(found, named);
    }
}
