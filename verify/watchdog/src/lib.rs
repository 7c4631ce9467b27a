//! Ends a test program that hangs, and names the tests that hang.
//!
//! ```text
//! use watchdog as _;
//! ```
//!
//! in a test program is enough. A lost wake-up leaves a test waiting for ever; without this, the terminal would
//! wait with it. The limit is for a whole program, far beyond what the slowest one takes on a busy machine, so it
//! decides no test: only a hang reaches it. The test harness has by then named each test that runs for over 60
//! seconds; on Linux the names of the threads that are left are added here, a thread being named after its test.

use std::time::Duration;
use std::{env, fs, process, thread};

/// The environment variable that sets another limit, in seconds.
pub const LIMIT: &str = "ATOMIC_THROTTLE_TEST_LIMIT";

/// The variable that asks the checks for their full depth (`cargo xtask verify --deep`).
const DEEP: &str = "ATOMIC_THROTTLE_DEEP";

const USUAL_LIMIT: Duration = Duration::from_secs(20 * 60);
const DEEP_LIMIT: Duration = Duration::from_secs(24 * 60 * 60);

#[ctor::ctor(unsafe)]
fn watch() {
    let limit = limit();
    let watch = move || {
        thread::sleep(limit);
        eprintln!(
            "\nwatchdog: this test program hangs: it runs for over {} s. {}",
            limit.as_secs(),
            threads()
        );
        process::abort();
    };
    // If no thread can be started, the program runs unwatched.
    let _ = thread::Builder::new().name("watchdog".to_owned()).spawn(watch);
}

fn limit() -> Duration {
    let asked = env::var(LIMIT).ok().and_then(|text| text.parse().ok()).map(Duration::from_secs);
    asked.unwrap_or(if env::var_os(DEEP).is_some() { DEEP_LIMIT } else { USUAL_LIMIT })
}

/// The threads that are left, as the system names them: by the first 15 bytes.
fn threads() -> String {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    let mut names: Vec<_> = names.map(|name| name.trim_end().to_owned()).collect();
    names.retain(|name| name != "watchdog");
    names.sort();
    format!("Its threads: {}.", names.join(", "))
}
