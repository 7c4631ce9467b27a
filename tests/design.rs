//! Checks the links between the chapters of `docs/`: each leads to a heading, and works in the documentation
//! of the crate, too.

use std::fs::read_to_string;
use std::path::{Component, Path, PathBuf};
use watchdog as _;

/// Where docs.rs serves the files of the package as they are: pictures.
const SERVED: &str = "https://docs.rs/crate/atomic-throttle/latest/source/docs";

/// The modules that are made of chapters.
const MODULES: [&str; 2] = ["src/design.rs", "src/howto.rs"];

/// The references that a text defines: name and target.
fn references(text: &str) -> Vec<(&str, &str)> {
    text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).collect()
}

/// The files that the source of the module includes, below `docs`.
fn chapters(source: &str) -> Vec<&str> {
    source.split("../docs/").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0)).collect()
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The file beside a chapter, below `docs`, without `..`.
fn beside(chapter: &str, file: &str) -> PathBuf {
    let mut path = Path::new(chapter).parent().expect("it lies below docs").to_owned();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{chapter}: {file} leads out of docs"),
            part => path.push(part),
        }
    }
    path
}

/// The module that shows a chapter.
fn module(file: &Path) -> String {
    // A module is named as its chapter, but has no hyphens.
    let name =
        file.with_extension("").to_str().expect("a name in ASCII").replace('-', "_").replace('/', "::");
    match name.strip_prefix("howto") {
        Some("::README") => "crate::howto".to_owned(),
        Some(page) => format!("crate::howto{page}"),
        None => format!("crate::design::{name}"),
    }
}

/// What `src/design/links.md` has to say of a reference of `chapter`, if it leads to a file or a heading in `docs`.
/// None of an address that is the same in both places.
fn in_the_crate(docs: &Path, chapter: &str, (name, target): (&str, &str)) -> Result<Option<String>, String> {
    if target.starts_with("https://") {
        return Ok(None);
    }
    let (file, fragment) = target.split_once('#').unwrap_or((target, ""));
    let file = beside(chapter, file);
    let text = read_to_string(docs.join(&file)).map_err(|error| format!("{target}: {error}"))?;
    if file.extension().is_some_and(|extension| extension == "svg") {
        return Ok(Some(format!("[{name}]: {SERVED}/{}", file.display())));
    }
    let mut headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_matches(['#', ' ']));
    if !fragment.is_empty() && !headings.any(|heading| anchor(heading) == fragment) {
        return Err(format!("{target}: no such heading"));
    }
    let module = module(&file);
    let place = if fragment.is_empty() { module } else { format!("{module}#{fragment}") };
    Ok(Some(format!("[{name}]: {place}")))
}

#[test]
fn links_between_chapters_lead_somewhere_here_and_in_the_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = root.join("docs");
    let links = read_to_string(root.join("src/design/links.md")).unwrap();
    let mut used = Vec::new();
    let sources = MODULES.map(|module| read_to_string(root.join(module)).unwrap());
    for chapter in sources.iter().flat_map(|source| chapters(source)) {
        let text = read_to_string(docs.join(chapter)).unwrap();
        for reference in references(&text) {
            let wanted =
                in_the_crate(&docs, chapter, reference).unwrap_or_else(|error| panic!("{chapter}: {error}"));
            assert!(text.contains(&format!("][{}]", reference.0)), "{chapter}: unused: {}", reference.0);
            let Some(wanted) = wanted else { continue };
            assert!(links.lines().any(|line| line == wanted), "{chapter}: links.md lacks {wanted}");
            used.push(wanted);
        }
        let inline = text.find("](");
        assert_eq!(inline, None, "{chapter}: a link that is a reference works in both places");
    }
    for line in links.lines() {
        assert!(used.iter().any(|wanted| wanted == line), "links.md: no chapter has {line}");
    }
    let names: Vec<_> = references(&links).into_iter().map(|(name, _)| name).collect();
    for name in &names {
        assert_eq!(
            names.iter().filter(|other| *other == name).count(),
            1,
            "links.md: {name} has two meanings"
        );
    }
}

/// A page that no module includes would be missing at docs.rs.
#[test]
fn every_chapter_is_a_page_of_the_crate() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = MODULES.map(|module| read_to_string(root.join(module)).unwrap());
    let included: Vec<_> = sources.iter().flat_map(|source| chapters(source)).collect();
    for folder in ["", "howto/"] {
        for entry in root.join("docs").join(folder).read_dir().unwrap() {
            let name = format!("{folder}{}", entry.unwrap().file_name().to_str().expect("a name in ASCII"));
            let is_page = Path::new(&name).extension().is_some_and(|extension| extension == "md");
            assert_eq!(included.contains(&name.as_str()), is_page, "{name}");
        }
    }
}
