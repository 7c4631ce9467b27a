//! Checks the links between the chapters of `docs/`: each leads to a heading, and works in the documentation
//! of the crate, too.

use std::fs::read_to_string;
use std::path::Path;
use watchdog as _;

/// The references that a text defines: name and target.
fn references(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).collect()
}

/// The files that the source of the module includes.
fn chapters(source: &str) -> Vec<&str> {
    source.split("../docs/").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// What `src/design/links.md` has to say of `reference`, if it leads to a heading of a chapter in `docs`.
fn in_the_crate(docs: &Path, (name, target): (&str, &str)) -> Result<String, String> {
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let text = read_to_string(docs.join(file)).map_err(|error| format!("{target}: {error}"))?;
    let mut headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_matches(['#', ' ']));
    if !fragment.is_empty() && !headings.any(|heading| anchor(heading) == fragment) {
        return Err(format!("{target}: no such heading"));
    }
    // A module is named as its chapter, but has no hyphens.
    let module = file.trim_end_matches(".md").replace('-', "_");
    let place = if fragment.is_empty() { module } else { format!("{module}#{fragment}") };
    Ok(format!("[{name}]: crate::design::{place}"))
}

#[test]
fn links_between_chapters_lead_somewhere_here_and_in_the_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = root.join("docs");
    let links = read_to_string(root.join("src/design/links.md")).unwrap();
    let mut used = Vec::new();
    for chapter in chapters(&read_to_string(root.join("src/design.rs")).unwrap()) {
        let text = read_to_string(docs.join(chapter)).unwrap();
        for reference in references(&text) {
            let wanted = in_the_crate(&docs, reference).unwrap_or_else(|error| panic!("{chapter}: {error}"));
            assert!(links.lines().any(|line| line == wanted), "{chapter}: links.md lacks {wanted}");
            assert!(text.contains(&format!("][{}]", reference.0)), "{chapter}: unused: {}", reference.0);
            used.push(wanted);
        }
        let inline = text.find("](");
        assert_eq!(inline, None, "{chapter}: a link that is a reference works in both places");
    }
    for line in links.lines() {
        assert!(used.iter().any(|wanted| wanted == line), "links.md: no chapter has {line}");
    }
}
