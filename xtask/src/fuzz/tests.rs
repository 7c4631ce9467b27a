//! Fuzzing with a cargo that is a script, and what is unpacked and packed without fuzzing.

use super::*;
use clap::FromArgMatches;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// A root whose cargo is a script.
struct Root(PathBuf);

impl Root {
    fn new(test: &str, script: &str) -> Self {
        let root = std::env::temp_dir().join(format!("fuzz-{test}-{}", std::process::id()));
        fs::create_dir_all(root.join("fuzz/corpus")).unwrap();
        fuzz_corpus::write(&fuzz_corpus::file(&root, "a"), &inputs(&["known"])).unwrap();
        fs::write(root.join("cargo.sh"), script).unwrap();
        Self(root)
    }

    /// The packed inputs of the target `a`.
    fn packed(&self) -> fuzz_corpus::Inputs {
        corpus::packed(&self.0, "a").unwrap()
    }

    /// The folder in which the target `a` is fuzzed.
    fn folder(&self) -> PathBuf {
        self.0.join("fuzz/corpus/a")
    }

    fn all(&self, asked: &[&str]) -> Result<Vec<Done>, FuzzError> {
        let asked: Vec<String> = asked.iter().map(|&name| name.to_owned()).collect();
        self.fuzzer().all(&asked)
    }

    fn fuzzer(&self) -> Fuzzer<'_> {
        let cargo = vec!["sh".into(), self.0.join("cargo.sh").into()];
        Fuzzer { cargo, root: &self.0, seconds: 1 }
    }
}

fn inputs(of: &[&str]) -> fuzz_corpus::Inputs {
    of.iter().map(|input| input.as_bytes().to_vec()).collect()
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Two targets; what fuzzing one does, and what minimising does, is put in.
const TWO: &str = r#"
    case "$1 $2" in
    "metadata "*) echo '{"packages":[{"targets":[
        {"kind":["bin"],"name":"a"},{"kind":["lib"],"name":"l"},{"kind":["bin"],"name":"b"}]}]}' ;;
    "fuzz run") RUN ;;
    "fuzz cmin") CMIN ;;
    esac"#;

fn script(run: &str, minimise: &str) -> String {
    TWO.replace("RUN", run).replace("CMIN", minimise)
}

const EXECUTED: &str = "echo 'stat::number_of_executed_units: 12'";

#[test]
fn each_target_is_fuzzed() {
    let run = format!("test $5 = b || printf new >fuzz/corpus/a/name; echo '#9 NEW'; {EXECUTED}");
    let root = Root::new("each", &script(&run, ":"));
    let done =
        |target: &str, added, inputs| Done { target: target.to_owned(), executions: 12, added, inputs };
    assert_eq!(root.all(&[]).unwrap(), [done("a", 1, 2), done("b", 0, 0)]);
    assert_eq!(root.packed(), inputs(&["known", "new"]));
    assert_eq!(root.all(&["b"]).unwrap(), [done("b", 0, 0)]);
    assert_eq!(root.all(&["a"]).unwrap(), [done("a", 0, 2)], "the same input again");
    let text = table(&[done("a", 1, 2)]);
    assert!(text.contains("12 executions,     1 new of     2 inputs in fuzz/corpus/a.corpus"), "{text}");
    let unknown = root.all(&["c"]).unwrap_err();
    assert!(unknown.to_string().ends_with("no fuzz target c: there are a, b"), "{unknown}");
}

/// The fuzzer finds the known inputs in the folder, and what minimising leaves there is packed.
#[test]
fn what_minimising_leaves_is_packed_and_nothing_else_stays() {
    let run = format!("cat fuzz/corpus/$5/* >fuzz/corpus/$5/found; {EXECUTED}");
    let minimise = "rm fuzz/corpus/$5/0*; printf small >fuzz/corpus/$5/smaller";
    let root = Root::new("minimise", &script(&run, minimise));
    root.all(&["a"]).unwrap();
    // What was found has the same content as the known input.
    assert_eq!(root.packed(), inputs(&["known", "small"]));
    let left: Vec<_> = fs::read_dir(root.0.join("fuzz/corpus")).unwrap().collect();
    assert_eq!(left.len(), 1, "the packed file alone: {left:?}");
}

#[test]
fn nothing_is_packed_unless_it_was_minimised() {
    let found = format!("printf new >fuzz/corpus/$5/found; {EXECUTED}");
    let root = Root::new("not-minimised", &script(&found, "exit 1"));
    let text = root.all(&["a"]).unwrap_err().to_string();
    assert!(text.contains("cmin: exit status: 1") && text.contains("inputs are in fuzz/corpus/a"), "{text}");
    assert_eq!(root.packed(), inputs(&["known"]));
    assert!(root.folder().join("found").exists());

    let root = Root::new("emptied", &script(&found, "rm fuzz/corpus/$5/*"));
    assert!(root.all(&["a"]).unwrap_err().to_string().ends_with("fuzz/corpus/a has no files"));
    assert_eq!(root.packed(), inputs(&["known"]));
}

#[test]
fn what_a_stopped_fuzzer_found_is_taken_in() {
    let root = Root::new("stopped", &script(EXECUTED, ":"));
    fs::create_dir(root.folder()).unwrap();
    fs::write(root.folder().join("found"), "before").unwrap();
    root.all(&["a"]).unwrap();
    assert_eq!(root.packed(), inputs(&["before", "known"]));
}

#[test]
fn a_spoilt_corpus_is_not_fuzzed() {
    let root = Root::new("spoilt", &script("echo fuzzed >&2; exit 1", ":"));
    fs::write(fuzz_corpus::file(&root.0, "a"), "").unwrap();
    let spoilt = root.all(&["a"]).unwrap_err();
    assert!(matches!(spoilt, FuzzError::Corpus(_)), "{spoilt:?}");
    assert!(spoilt.to_string().contains("a.corpus is spoilt"), "{spoilt}");
}

#[test]
fn the_first_crash_stops_it_and_is_told() {
    let run = r#"echo "artifact_prefix='x'; Test unit written to $PWD/fuzz/artifacts/a/crash-1"; exit 77"#;
    let root = Root::new("crash", &script(run, ":"));
    let crashed = root.all(&[]).unwrap_err();
    assert!(matches!(&crashed, FuzzError::Crashed { target, .. } if target == "a"), "{crashed:?}");
    let text = crashed.to_string();
    assert!(text.contains("again:   cargo fuzz run -s none a fuzz/artifacts/a/crash-1\n"), "{text}");
    assert!(text.ends_with("inputs are in fuzz/corpus/a, and the next run goes on with them"), "{text}");
    assert!(root.folder().join("0000").exists());
}

#[test]
fn a_target_that_does_not_build_or_run_has_not_passed() {
    let root = Root::new("build", &script("echo error; exit 1", ":"));
    assert!(matches!(root.all(&[]), Err(FuzzError::Failed { .. })));
    let root = Root::new("nothing", &script("echo done", ":"));
    assert!(root.all(&[]).unwrap_err().to_string().contains("executed nothing"));
}

#[test]
fn without_cargo_fuzz_it_says_how_to_get_it() {
    let root = Root::new("absent", "echo 'error: no such command: `fuzz`'; exit 101");
    let error = root.all(&[]).unwrap_err();
    assert!(matches!(error, FuzzError::NotInstalled));
    assert!(error.to_string().contains("cargo install cargo-fuzz"));
}

#[test]
fn the_targets_of_this_repository_are_found() {
    let targets = Fuzzer { cargo: vec![cargo()], root: &crate::root(), seconds: 1 }.targets().unwrap();
    let models = ["arithmetic", "gate", "threads", "transitions"];
    let fronts = [
        "async_payloads",
        "asynchronous",
        "keyed",
        "keyed_payloads",
        "keyed_throttled",
        "payloads",
        "throttle",
        "throttle_payloads",
        "throttled",
    ];
    let all: BTreeSet<_> = models.into_iter().chain(fronts).map(str::to_owned).collect();
    assert_eq!(targets.into_iter().collect::<BTreeSet<_>>(), all);
}
fn parsed(words: &[&str]) -> Result<Arguments, clap::Error> {
    let parser = Arguments::augment_args(clap::Command::new("fuzz"));
    let matches = parser.try_get_matches_from([&["fuzz"], words].concat())?;
    Ok(Arguments::from_arg_matches(&matches).unwrap())
}

#[test]
fn what_contradicts_itself_is_refused() {
    let refused: [&[&str]; 4] = [
        &["--seconds", "0"],
        &["--unpack", "d", "--pack", "d"],
        &["--unpack", "d", "--seconds", "1"],
        &["--pack", "d", "--seconds", "1"],
    ];
    for words in refused {
        assert!(parsed(words).is_err(), "{words:?}");
    }
    assert_eq!(parsed(&[]).unwrap().seconds, 60);
}

/// Also without cargo-fuzz.
#[test]
fn inputs_are_unpacked_and_packed_for_the_targets_that_there_are() {
    let root = Root::new("files", &script("exit 1", "exit 1"));
    let folder = root.0.join("look");
    let serve = |way: &str, target: &str| {
        root.fuzzer().serve(&parsed(&[way, folder.to_str().unwrap(), target]).unwrap())
    };
    serve("--unpack", "a").unwrap();
    assert_eq!(corpus::gather(&folder.join("a")).unwrap(), inputs(&["known"]));
    fs::write(folder.join("a/mine"), "mine").unwrap();
    serve("--pack", "a").unwrap();
    assert_eq!(root.packed(), inputs(&["known", "mine"]));
    for way in ["--unpack", "--pack"] {
        let unknown = serve(way, "c").unwrap_err();
        assert!(matches!(unknown, FuzzError::NoSuchTarget { .. }), "{unknown:?}");
    }
}
