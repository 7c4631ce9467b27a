//! The rung of the programs that show something by themselves.

use crate::rung::{Rung, Step};
use std::path::Path;

/// The storms, the simulation, and the programs of `examples/` that end by themselves. A test drives `reload`.
const EXAMPLES: &[&str] = &[
    "storm -- --seconds 1",
    "storm -- --seconds 1 --threshold 1us",
    "storm -- --seconds 1 --threshold 5ms --run-time 12ms --threads 100",
    "storm -- --seconds 1 --threshold 2ms --cancel-every 100 --panic-every 3",
    // One caller and no window: here a missing fence shows most often.
    "storm -- --seconds 1 --front background --threshold 0 --threads 1",
    "storm -- --seconds 1 --front background --threshold 5ms --run-time 12ms --threads 50 --rate 300 \
     --cancel-every 20 --panic-every 1 --wait-every 10",
    "storm -- --seconds 1 --front background --threshold 1us --payload latest --fail-every 3 --wait-every 100",
    "storm -- --seconds 1 --front background --threshold 1ms --payload collect --delay 2ms --flush-every 100 \
     --rate 3000 --fail-every 5 --cancel-every 50 --wait-every 10",
    "storm -- --seconds 1 --front background --threshold 500us --payload merge --runner task --rate 3000 \
     --debounce 300us:2ms --flush-every 100 --panic-every 5 --wait-every 10",
    "storm -- --seconds 1 --front async --threshold 1us",
    "storm -- --seconds 1 --front async --threshold 2ms --run-time 3ms --threads 50 \
     --rate 300 --cancel-every 20 --panic-every 3 --wait-every 10",
    "storm -- --seconds 1 --front keyed --threshold 100us --keys 4 --wait-every 1000 --payload count",
    "storm -- --seconds 1 --front keyed --threshold 500us --keys 3 --payload merge --runner task --rate 3000 \
     --delay 300us --fail-every 5 --flush-every 100 --wait-every 10",
    "storm -- --seconds 1 --front keyed --threshold 2ms --keys 40 --run-time 20us --payload count \
     --threads 50 --rate 300 --cancel-every 20 --panic-every 3 --wait-every 10",
    "storm -- --seconds 1 --front keyed-leading --threshold 1us --keys 40",
    "storm -- --seconds 1 --front keyed-leading --threshold 1ms --run-time 3ms \
     --panic-every 3",
    "storm --package processes -- --seconds 1",
    "simulate --package processes -- --processes 100",
    "cache_refresh",
    "gate_by_hand",
    "group_commit",
    "http_metrics",
    "keyed_alerts",
    "lateness -- --rounds 10",
    "log_summary",
    "other_runtime",
    "reload_daemon",
    "tenant_webhooks",
    "ui_refresh",
];

pub fn examples() -> Rung {
    let mut examples: Vec<String> = EXAMPLES.iter().copied().map(str::to_owned).collect();
    if cfg!(target_os = "linux") {
        // Where nothing needs to be installed for processes to be killed at.
        let register = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("storm-register");
        let register = register.display().to_string().replace(' ', "%20");
        examples.push(format!(
            "storm --package processes -- --driver shm:{register}?lease=500ms \
             --threshold 100ms --seconds 3 --kill-every 300ms --stop-every 600ms"
        ));
    }
    let run = |example| Step::cargo(&format!("run --release --quiet --example {example}"));
    Rung::of_commands("examples", examples.into_iter().map(run).collect::<Vec<_>>())
}
