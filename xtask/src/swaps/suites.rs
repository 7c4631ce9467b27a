//! Which tests are asked about the mutants of a file.

use std::path::Path;

/// Tests that are run on a mutant: where, and by which arguments of cargo.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suite {
    pub folder: &'static str,
    pub arguments: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Depth {
    Quick,
    Schedules,
    Loom,
}

/// The tests of each folder that is mutated, in the order in which they are asked: those that notice most, the others
/// about it, schedules, loom models. Each is asked only about what the ones before it did not notice.
const SUITES: [(&str, [&str; 4]); 17] = [
    ("src/gate/", ["--test gate", CORE, SHIPPED, MODELS]),
    ("src/state/", ["--test gate --test transitions --test table", CORE, SHIPPED, MODELS]),
    ("src/front/wait.rs", ["--test throttle --test idle", BLOCKING, SHIPPED, MODELS]),
    ("src/front/throttled/", [THROTTLED, BACKGROUND, BACKGROUND_SHIPPED, BACKGROUND_MODELS]),
    ("src/front/owner/", [THROTTLED, OWNERS, OWNERS_SHIPPED, BACKGROUND_MODELS]),
    (
        "src/front/payload/",
        [
            "--test payloads --test tasks --test throttle_payloads",
            PAYLOADS,
            PAYLOADS_SHIPPED,
            BACKGROUND_MODELS,
        ],
    ),
    ("src/front/keyed/throttled/", [KEYS_THROTTLED, KEYS_OTHERS, KEYS_SHIPPED, "--test keyed_throttled"]),
    ("src/front/keyed/", [KEYS, KEYS_MORE, "--test keyed --test keyed_throttled", "--test keyed"]),
    (
        "src/front/throttle/",
        ["--test throttle --test idle --test throttle_payloads", BLOCKING, BLOCKING_SHIPPED, MODELS],
    ),
    (
        "src/front/asynchronous/",
        [
            "--test asynchronous --test async_payloads",
            "--lib --test tracing --test idle --test snapshot --test calls --test forks --test precise",
            "--test async_shipped --test async_payloads --test async_forked",
            TASK_MODELS,
        ],
    ),
    (
        "src/front/failure/",
        ["--test failures --test tasks --test keyed_tasks", BACKGROUND, BACKGROUND_SHIPPED, ""],
    ),
    (
        "src/front/pace.rs",
        ["--test paces --test throttled", "--test keyed_tasks --test keyed_throttled", "--test engine", ""],
    ),
    (
        "src/front/every.rs",
        ["--test every", "--lib --test tracing --test statics --test snapshot --test clocks", "", ""],
    ),
    ("src/front/", ["--lib --test tracing --test snapshot --test throttle", BACKGROUND, "", ""]),
    (
        "src/clock/",
        [
            "--lib --test clocks --test throttle",
            "--test idle --test throttled --test every",
            BACKGROUND_SHIPPED,
            "",
        ],
    ),
    ("src/time.rs", ["--lib --test gate --test transitions", CORE, "", ""]),
    ("cluster/src/", [CLUSTER, EXPLORATION, "--test cluster", ""]),
];

/// A front end has tests of one name in both packages: of its operations, and of their sequences.
const LIBRARY: &str = "--package atomic-throttle --package sequences --all-features";
const COUNTED: &str = "--test cost";
const CORE: &str = "--test panics --test throttle --test idle --test snapshot --test statics --test every \
                    --test throttled";
const THROTTLED: &str = "--test throttled --test payloads --test paces --test failures --test tasks";
const BLOCKING: &str = "--lib --test panics --test reentrancy --test calls --test cost --test snapshot \
                        --test edges --test tracing --test clocks --test forks";
const BACKGROUND: &str = "--lib --test idle --test calls --test tracing --test snapshot";
const OWNERS: &str = "--lib --test idle --test calls --test tracing --test snapshot --test asynchronous \
                      --test keyed_throttled --test keyed_tasks --test forks";
const PAYLOADS: &str = "--lib --test idle --test calls --test tracing --test asynchronous --test async_payloads \
                        --test keyed_payloads --test forks";
const KEYS_THROTTLED: &str =
    "--test keyed_throttled --test keyed_tasks --test keyed_payloads --test keyed_thresholds";
const KEYS_OTHERS: &str = "--lib --test keyed_memory --test keyed_linger --test calls --test tracing --test idle \
                           --test attack --test forks";
const KEYS: &str = "--test keyed --test keyed_thresholds --test keyed_linger --test keyed_places";
const KEYS_MORE: &str = "--lib --test keyed_memory --test keyed_throttled --test keyed_tasks --test tracing \
                         --test attack --test forks";
const CLUSTER: &str = "--package atomic-throttle-cluster --all-features --lib --test course --test pace \
                       --test clock_back --test throttled";
const EXPLORATION: &str = "--package atomic-throttle-cluster --all-features --test protocol";
const SHIPPED: &str = "--test shipped";
const BLOCKING_SHIPPED: &str = "--test shipped --test throttle_payloads --test throttle_forked";
const BACKGROUND_SHIPPED: &str = "--test shipped --test payloads --test engine";
const OWNERS_SHIPPED: &str = "--test shipped --test payloads --test engine --test async_shipped --test async_forked --test keyed_throttled";
const PAYLOADS_SHIPPED: &str =
    "--test payloads --test engine --test async_payloads --test throttle_payloads --test keyed_payloads";
const KEYS_SHIPPED: &str = "--test keyed_throttled --test keyed_payloads --test engine";
const MODELS: &str = "--test calls_are_covered --test owner_is_woken --test coalesced_is_woken --test limits --test cancel_against_fire \
                      --test takeover_against_fire --test stale_owner --test finish_publishes --test runs_exclude";
const BACKGROUND_MODELS: &str = "--test background_request --test background_flush --test background_end --test background_wait --test payloads --test failures";
const TASK_MODELS: &str = "--test futures_are_woken";

/// The place of a file in the order, and its tests.
fn of(file: &str) -> Option<(usize, [&'static str; 4])> {
    let found = SUITES.iter().position(|(path, _)| file.starts_with(path))?;
    Some((found, SUITES[found].1))
}

/// When a file is mutated: the earlier, the more depends on its order of statements. `None`: never.
pub fn turn(file: &str) -> Option<usize> {
    let in_cluster = file.starts_with("cluster/src/course/") || file == "cluster/src/throttled/worker.rs";
    let is_source = Path::new(file).extension().is_some_and(|it| it == "rs") && !file.ends_with("/tests.rs");
    if is_source && (in_cluster || file.starts_with("src/")) { of(file).map(|(turn, _)| turn) } else { None }
}

/// The suites for a file, in the order in which they are run; none if it is not mutated.
pub fn suites(file: &str, depth: Depth) -> Vec<Suite> {
    let Some((_, [first, others, schedules, models])) = of(file) else { return Vec::new() };
    let package = if file.starts_with("src/") { LIBRARY } else { "" };
    let is_counted = ["src/gate/", "src/front/keyed/word.rs"].iter().any(|path| file.starts_with(path));
    let counted = if is_counted { COUNTED } else { "" };
    let suites = [
        ("", package, first),
        ("verify/cost", "", counted),
        ("", package, others),
        ("verify/schedules", "--release", if depth == Depth::Quick { "" } else { schedules }),
        ("loom-tests", "--release", if depth == Depth::Loom { models } else { "" }),
    ];
    let suite = |(folder, how, tests)| Suite { folder, arguments: format!("test {how} {tests}") };
    suites.into_iter().filter(|(.., tests)| !tests.is_empty()).map(suite).collect()
}

#[cfg(test)]
mod tests {
    use super::{Depth, suites, turn};

    #[test]
    fn the_files_that_decide_are_mutated() {
        for file in ["src/gate/mod.rs", "src/front/wait.rs", "src/clock/mod.rs", "cluster/src/course/mod.rs"]
        {
            assert!(turn(file).is_some(), "{file}");
        }
        for file in [
            "src/lib.rs",
            "src/sync/mod.rs",
            "src/front/throttle/tests.rs",
            "cluster/src/lib.rs",
            "src/gate/README.md",
        ] {
            assert_eq!(turn(file), None, "{file}");
        }
        assert_eq!(suites("src/gate/mod.rs", Depth::Loom).len(), 5);
        assert_eq!(suites("cluster/src/course/mod.rs", Depth::Loom).len(), 3);
    }

    #[test]
    fn a_folder_comes_before_that_which_holds_it() {
        let keyed = ["src/front/keyed/throttled/task.rs", "src/front/keyed/front.rs", "src/front/observe.rs"];
        assert!(keyed.map(turn).is_sorted(), "{:?}", keyed.map(turn));
        assert_ne!(turn(keyed[0]), turn(keyed[1]));
    }
}
