use super::*;
use crate::root;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use weaker::Weaker;

fn start() -> Order {
    Order::read("START Fence SeqCst Gate::started").unwrap()
}

/// A row for a weakened fence with this judgement.
fn row(judgement: Judgement) -> Row {
    Row { order: start(), becomes: Weaker::Removed, judgement }
}

#[test]
fn all_that_are_weakened_must_be_killed() {
    let model =
        || Judgement::Killed { model: "a::b".into(), how: "lost".into(), time: Duration::from_millis(20) };
    let fault = "START: fence of Gate::started: SeqCst -> removed".to_owned();
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
fn all_models_must_tell_the_same_orders() {
    let telling = |orders: &[Order]| Control {
        model: models::Model::default(),
        orders: orders.iter().cloned().collect(),
        reached: BTreeSet::new(),
        time: None,
    };
    let look = Order::read("LOOK Load Acquire Gate::state").unwrap();
    // One that plants a fault of its own tells nothing.
    assert_eq!(orders(&[telling(&[start()]), telling(&[])]), Ok(BTreeSet::from([start()])));
    assert!(orders(&[telling(&[])]).is_err());
    assert!(orders(&[telling(&[start()]), telling(&[look])]).is_err());
}

fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    fn below(folder: PathBuf, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    below(root().join("src"), &mut found);
    found.into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    })
}

/// Whatever is stronger than Relaxed has a name, and each name is used once. So nothing is missed here.
#[test]
fn each_order_of_the_library_has_a_name() {
    let mut uses = String::new();
    for (path, text) in sources() {
        if path == root().join("src/sync/orders.rs") {
            continue;
        }
        for strong in ["Acquire", "Release", "AcqRel", "SeqCst"] {
            let named = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            assert!(
                !named.clone().any(|line| line.contains(strong)),
                "{}: {strong} has no name",
                path.display()
            );
        }
        uses.push_str(&text);
    }
    let table = fs::read_to_string(root().join("src/sync/orders.rs")).unwrap();
    let names: Vec<_> = table
        .lines()
        .filter_map(|line| line.strip_prefix("    ")?.split_once(": \"").map(|(name, _)| name))
        .filter(|name| name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_'))
        .collect();
    assert!(names.contains(&"START"), "{names:?}");
    for name in names {
        assert_eq!(uses.matches(&format!("orders::{name})")).count(), 1, "{name}");
    }
}
