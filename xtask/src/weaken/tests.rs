use super::*;
use std::sync::atomic::Ordering;
use std::time::Duration;
use weaker::Weaker;

/// A row for a weakened fence with this judgement.
fn row(judgement: Judgement) -> Row {
    let site = Site {
        line: 1,
        function: "Gate::started".to_owned(),
        what: "fence".to_owned(),
        was: Ordering::SeqCst,
        weaker: vec![Weaker::Removed],
        ordering: None,
        fence: None,
    };
    Row { file: "src/gate/mod.rs".to_owned(), site, weakened: Some((Weaker::Removed, judgement)) }
}

#[test]
fn all_that_are_weakened_must_be_killed() {
    let model =
        || Judgement::Killed { model: "a::b".into(), how: "lost".into(), time: Duration::from_millis(20) };
    let fault = "Gate::started, fence: SeqCst -> removed".to_owned();
    assert_eq!(killed(&[row(model())]), Ok(vec![(fault.clone(), "loom a::b, in 0.02 s".to_owned())]));
    for other in [
        Judgement::Survived { seen: vec![] },
        Judgement::Undecided { model: "a::b".into() },
        Judgement::Unreached,
    ] {
        let failed = killed(&[row(model()), row(other)]).unwrap_err();
        assert!(failed.contains(&fault), "{failed}");
    }
}

#[test]
fn the_sources_are_understood() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let found = write_copy(root, folder.path()).unwrap();
    let names: Vec<_> = found.iter().map(|found| found.site.function.as_str()).collect();
    for function in ["Gate::started", "Gate::finish", "Gate::state", "Waiting::notify", "Registered::new"] {
        assert!(names.contains(&function), "{function} is not in {names:?}");
    }
}
