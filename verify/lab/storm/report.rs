//! The result, for people and for machines.

use crate::judge::Verdict;
use crate::options::Options;
use crate::record::{self, Kind, Testimony, Times, no_times};
use crate::recorder::AnyClock;
use atomic_throttle::Clock;
use lab::table::{self, NONE, Table, count, figures_from, figures_in, plain};
use serde_json::{Value, json};
use std::time::Duration;

/// Everything to report about a storm.
pub struct Report<'s> {
    pub options: &'s Options,
    pub verdict: &'s Verdict,
    /// By key, and for each key by thread.
    pub testimonies: &'s [Vec<Testimony>],
    /// What measuring a call costs, and adds to every time.
    pub measuring: Times,
    pub lasted: Duration,
    /// Whether the storm ended early because the log was full.
    pub full: bool,
}

/// Times two clock readings, back to back.
pub fn measure_measuring(clock: &AnyClock) -> Times {
    let mut times = no_times();
    for _ in 0..100_000 {
        let before = clock.now().as_nanos();
        record::add(&mut times, clock.now().as_nanos() - before);
    }
    times
}

impl Report<'_> {
    pub fn as_table(&self) -> String {
        let early =
            if self.full { ": ended early, because the memory for the records was used up" } else { "" };
        let held = match (self.verdict.broken.is_empty(), self.options.front.defers()) {
            (true, true) => "G1 spacing, G2 exclusion and G3 coverage held.",
            (true, false) => "G1 spacing and G2 exclusion held. Nothing was promised that G3 could cover.",
            (false, _) => "Not every guarantee held.",
        };
        format!(
            "{}\n{:.2} s{early}\n\n{}\n\n{}\n\n{held}",
            self.options.describe(),
            self.lasted.as_secs_f64(),
            self.calls_table(),
            self.runs_table(),
        )
    }

    fn calls_table(&self) -> Table {
        let mut table = plain();
        table.set_header(["time per call, wait and run included", "calls", "median ns", "p99 ns", "max ns"]);
        for kind in self.kinds() {
            table.add_row(row(kind.name(), &self.times(kind)));
        }
        table.add_row(row("all", &self.all_times()));
        // Its count says nothing about the storm.
        let mut measuring = row("measuring alone: two clock readings", &self.measuring);
        measuring[1] = String::new();
        table.add_row(measuring);
        figures_from(1, table)
    }

    fn runs_table(&self) -> Table {
        let verdict = self.verdict;
        let mut table = plain();
        let mut line = |what: &str, value: String, note: &str| {
            table.add_row([what, &value, note]);
        };
        let flushed = match verdict.flushed {
            0 => "",
            _ => "the last was flushed, since its window would have lasted on",
        };
        line("runs", count(verdict.runs), flushed);
        line("shortest gap between two starts", gap(verdict.shortest_gap), "by their stamps: decides G1");
        line(
            "the same seen from inside the runs",
            gap(verdict.shortest_gap_inside),
            "decides nothing: a run that is scheduled late shortens it",
        );
        line("overlaps", count(verdict.overlaps), "decides G2");
        line(
            "uncovered calls",
            count(verdict.uncovered),
            "decides G3; of each thread and window one is counted",
        );
        line("  excused: cancelled", count(verdict.cancelled), "explicitly, and no run came after");
        line("  excused: still owed", count(verdict.still_owed), "visibly, at the end");
        line(
            "longest delay",
            table::time(Duration::from_nanos(verdict.longest_delay)),
            "from a call to the start of the run that covers it",
        );
        line("cancels that gave up a run", count(verdict.cancels), "");
        figures_in(1, table)
    }

    pub fn as_json(&self) -> String {
        let (options, verdict) = (self.options, self.verdict);
        let kinds = options.front.kinds();
        let calls: serde_json::Map<String, Value> = kinds
            .iter()
            .map(|&kind| (kind.name().replace(' ', "_"), summary(&self.times(kind))))
            .chain([("all".to_owned(), summary(&self.all_times()))])
            .collect();
        let broken: Vec<Value> = verdict
            .broken
            .iter()
            .map(|broken| json!({ "guarantee": broken.guarantee, "how": broken.how }))
            .collect();
        let result = json!({
            "front": options.front.name(),
            "threads": options.threads(),
            "keys": options.keys(),
            "threshold_ns": nanos(options.threshold),
            "run_time_ns": nanos(options.run_time),
            "rate": options.rate,
            "cancel_every": options.cancel_every,
            "wait_every": options.wait_every,
            "panic_every": options.panic_every,
            "seconds": self.lasted.as_secs_f64(),
            "ended_early": self.full,
            "calls": calls,
            "two_clock_readings": summary(&self.measuring),
            "runs": verdict.runs,
            "flushed": verdict.flushed,
            "shortest_gap_ns": verdict.shortest_gap,
            "shortest_gap_seen_inside_ns": verdict.shortest_gap_inside,
            "longest_delay_ns": verdict.longest_delay,
            "overlaps": verdict.overlaps,
            "uncovered": verdict.uncovered,
            "excused_cancelled": verdict.cancelled,
            "excused_still_owed": verdict.still_owed,
            "cancels": verdict.cancels,
            "broken": broken,
        });
        format!("{result:#}")
    }

    /// Panics only where they were asked for.
    fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        let shown = |kind: &Kind| *kind != Kind::Panicked || self.options.panic_every.is_some();
        self.options.front.kinds().iter().copied().filter(shown)
    }

    fn times(&self, kind: Kind) -> Times {
        let mut all = no_times();
        for testimony in self.testimonies.iter().flatten() {
            all.add(&testimony.times[kind as usize]).expect("it grows as needed");
        }
        all
    }

    fn all_times(&self) -> Times {
        let mut all = no_times();
        for &kind in self.options.front.kinds() {
            all.add(self.times(kind)).expect("it grows as needed");
        }
        all
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn row(name: &str, times: &Times) -> Vec<String> {
    let mut row = vec![name.to_owned(), count(times.len())];
    if times.is_empty() {
        row.extend([NONE; 3].map(str::to_owned));
    } else {
        let values = [times.value_at_quantile(0.5), times.value_at_quantile(0.99), times.max()];
        row.extend(values.map(count));
    }
    row
}

fn summary(times: &Times) -> Value {
    if times.is_empty() {
        return json!({ "count": 0 });
    }
    json!({
        "count": times.len(),
        "median_ns": times.value_at_quantile(0.5),
        "p99_ns": times.value_at_quantile(0.99),
        "max_ns": times.max(),
    })
}

fn gap(nanos: Option<u64>) -> String {
    nanos.map_or_else(|| NONE.to_owned(), |nanos| format!("{} ns", count(nanos)))
}
