//! All mutants in one build: each function has its block once for each of them, and a variable chooses one when a program
//! starts. So a mutant costs the time of its tests, and none to build them.

use super::mutants::Mutant;
use crate::cargo::{cargo, command, with_own_flags};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Chooses a mutant by its number. Without it, or with 0, nothing is changed.
pub const CHOICE: &str = "ATOMIC_THROTTLE_SWAP";

/// Names a file to which a program adds the number of each changed block that it reaches.
pub const REACHED: &str = "ATOMIC_THROTTLE_SWAP_REACHED";

/// What the libraries are given to ask for it, and to say that they came here.
const ASKS: &str = r#"
#[cfg(feature = "std")]
pub(crate) fn swapped(block: usize) -> usize {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicBool, Ordering};
    static CHOSEN: OnceLock<usize> = OnceLock::new();
    static FILE: OnceLock<Option<std::ffi::OsString>> = OnceLock::new();
    static REACHED: [AtomicBool; 10_000] = [const { AtomicBool::new(false) }; 10_000];
    if let Some(file) = FILE.get_or_init(|| std::env::var_os("ATOMIC_THROTTLE_SWAP_REACHED")) {
        if !REACHED[block].swap(true, Ordering::Relaxed) {
            let file = std::fs::OpenOptions::new().create(true).append(true).open(file);
            // Without an allocation: some tests count them.
            std::io::Write::write_fmt(&mut file.unwrap(), format_args!("{block}\n")).unwrap();
        }
    }
    *CHOSEN.get_or_init(|| std::env::var("ATOMIC_THROTTLE_SWAP").map_or(0, |number| number.parse().unwrap_or(0)))
}
"#;

/// The library files, and the feature that each of them asks under.
const LIBRARIES: [(&str, &str); 2] = [("src/lib.rs", ASKS), ("cluster/src/lib.rs", ASKS)];

/// A source file, and its mutants with their numbers.
pub struct Source {
    pub path: String,
    pub text: String,
    pub mutants: Vec<(usize, Mutant)>,
}

/// A build in which they must compile: where, and by which arguments of cargo.
pub struct Build {
    pub folder: &'static str,
    pub arguments: &'static str,
}

/// A file with mutants, and where in it each of them is.
#[derive(Debug, PartialEq)]
struct Composed {
    text: String,
    places: Places,
}

/// A mutant that is in a file.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    /// Where it is.
    at: Range<usize>,
    number: usize,
    /// The number of the first mutant of the same block: the block's own.
    block: usize,
}

/// The mutants of a file.
type Places = Vec<Place>;

/// Writes a copy in which all mutants are that compile. Returns the numbers of those that do not, and of those that must be
/// the only ones.
pub fn write(copy: &Path, sources: &[Source], builds: &[Build]) -> Result<Left, String> {
    let mut left = Left::default();
    for (library, asks) in LIBRARIES {
        let path = copy.join(library);
        let text = fs::read_to_string(&path).map_err(|why| format!("{library}: {why}"))?;
        let asks =
            if library.starts_with("src/") { asks } else { &asks.replace("#[cfg(feature = \"std\")]\n", "") };
        fs::write(&path, text + asks).map_err(|why| format!("{library}: {why}"))?;
    }
    loop {
        let mut places = Vec::new();
        for source in sources {
            let is_in =
                |(number, mutant): &&(usize, Mutant)| !left.broken.contains(number) && mutant.block.is_some();
            let mutants: Vec<_> = source.mutants.iter().filter(is_in).collect();
            let composed = compose(&source.text, &mutants);
            let path = copy.join(&source.path);
            fs::write(&path, &composed.text).map_err(|why| format!("{}: {why}", source.path))?;
            places.push((path, composed.places));
        }
        let mut found = BTreeSet::new();
        for build in builds {
            found.extend(broken(copy, build, &places)?);
            if !found.is_empty() {
                break;
            }
        }
        if found.is_empty() {
            let places = places.into_iter().flat_map(|(_, places)| places);
            left.blocks = places.map(|place| (place.number, place.block)).collect();
            let all = sources.iter().flat_map(|source| &source.mutants).map(|(number, _)| *number);
            left.alone = all
                .filter(|number| !left.blocks.contains_key(number) && !left.broken.contains(number))
                .collect();
            return Ok(left);
        }
        left.broken.extend(found);
    }
}

#[derive(Debug, Default)]
pub struct Left {
    pub broken: BTreeSet<usize>,
    pub alone: BTreeSet<usize>,
    /// The block of each of the others.
    pub blocks: BTreeMap<usize, usize>,
}

/// The mutants in which the compiler finds an error.
fn broken(copy: &Path, build: &Build, places: &[(PathBuf, Places)]) -> Result<BTreeSet<usize>, String> {
    let arguments = build.arguments.split_whitespace().chain(["--message-format=json"]);
    let folder = &copy.join(build.folder);
    let checked = copy.with_file_name("build").join(build.folder);
    let output = with_own_flags(&command(cargo(), arguments, folder))
        .env("CARGO_TARGET_DIR", checked)
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run();
    let output = output.map_err(|why| format!("cargo: {why}"))?;
    let mut found = BTreeSet::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        let message = &message["message"];
        if message["level"] == "error" {
            found.extend(spans(message).filter_map(|(file, at)| {
                let path = fs::canonicalize(folder.join(file)).ok()?;
                let (_, places) =
                    places.iter().find(|(of, _)| fs::canonicalize(of).is_ok_and(|of| of == path))?;
                places.iter().find(|place| place.at.contains(&at)).map(|place| place.number)
            }));
        }
    }
    if found.is_empty() && !output.status.success() {
        return Err(format!(
            "it does not compile, and no mutant is why: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(found)
}

/// The places that an error is about.
fn spans(message: &Value) -> impl Iterator<Item = (&str, usize)> {
    message["spans"].as_array().into_iter().flatten().filter(|span| span["is_primary"] == true).filter_map(
        |span| Some((span["file_name"].as_str()?, usize::try_from(span["byte_start"].as_u64()?).ok()?)),
    )
}

/// A function whose block lies in that of another one that is changed keeps it: its mutants are left out.
fn compose(text: &str, mutants: &[&(usize, Mutant)]) -> Composed {
    let mut blocks: Vec<Range<usize>> =
        mutants.iter().filter_map(|(_, mutant)| mutant.block.clone()).collect();
    blocks.sort_by_key(|block| (block.start, block.end));
    blocks.dedup();
    let mut composed = Composed { text: String::new(), places: Vec::new() };
    let mut done = 0;
    for block in blocks {
        if block.start < done {
            continue;
        }
        composed.text.push_str(&text[done..block.start]);
        let within: Vec<_> =
            mutants.iter().filter(|(_, mutant)| mutant.block.as_ref() == Some(&block)).collect();
        let first = within.first().map_or(0, |(number, _)| *number);
        // Writing to a string does not fail.
        let _ = write!(composed.text, "{{ match crate::swapped({first}) {{ ");
        for (number, mutant) in within {
            let _ = write!(composed.text, "{number} => ");
            let begin = composed.text.len();
            composed.text.push_str(&mutant.text[block.start..mutant.text.len() - (text.len() - block.end)]);
            let at = begin..composed.text.len();
            composed.places.push(Place { at, number: *number, block: first });
        }
        let _ = write!(composed.text, " _ => {} }} }}", &text[block.clone()]);
        done = block.end;
    }
    composed.text.push_str(&text[done..]);
    composed
}

#[cfg(test)]
mod tests {
    use super::{Composed, compose};
    use crate::swaps::mutants;

    const SOURCE: &str = "fn f() { one(); two(); }\nfn g() { three(); }\nconst fn h() { four(); five(); }\n";

    #[test]
    fn each_mutant_is_a_choice_and_the_source_is_the_rest() {
        let mutants: Vec<_> =
            mutants::of(SOURCE).unwrap().into_iter().zip(7..).map(|(mutant, n)| (n, mutant)).collect();
        let Composed { text, places } = compose(SOURCE, &mutants.iter().collect::<Vec<_>>());
        assert_eq!(
            text,
            "fn f() { match crate::swapped(7) { 7 => { two(); one(); } _ => { one(); two(); } } }\n\
             fn g() { three(); }\nconst fn h() { four(); five(); }\n"
        );
        assert_eq!(places.len(), 1);
        assert_eq!((&text[places[0].at.clone()], places[0].number), ("{ two(); one(); }", 7));
    }

    #[test]
    fn a_block_within_a_block_is_left_out() {
        let nested = "fn f() { one(); two(); fn g() { three(); four(); } }";
        let mutants: Vec<_> =
            mutants::of(nested).unwrap().into_iter().zip(1..).map(|(mutant, n)| (n, mutant)).collect();
        let composed = compose(nested, &mutants.iter().collect::<Vec<_>>());
        let within: Vec<_> = composed.places.iter().map(|place| (place.number, place.block)).collect();
        assert_eq!((mutants.len(), within), (2, vec![(1, 1)]));
        assert!(syn::parse_file(&composed.text).is_ok());
    }
}
