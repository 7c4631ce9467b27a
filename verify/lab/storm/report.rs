//! The result, for people and for machines.

use atomic_throttle::Clock;
use lab::judge::Verdict;
use lab::options::Options;
use lab::record::{self, Event, Kind, Testimony, Times, no_times};
use lab::recorder::{AnyClock, nanos};
use lab::rows;
use lab::table::{self, NONE, Table, count, figures_from, figures_in, plain};
use serde_json::{Value, json};
use std::time::Duration;

/// What is counted beside the calls and the runs.
const EVENTS: [(Event, &str); 5] = [
    (Event::Cancel, "cancels that gave up a run"),
    (Event::Flushed, "flushes that started a run"),
    (Event::Change, "changes of the threshold"),
    (Event::Wait, "waits for a run"),
    (Event::Nested, "calls, flushes and cancels from inside runs"),
];

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
        let rows = self.verdict.rows();
        format!(
            "{}\n{:.2} s{early}\n\n{}\n\n{}\n\n{}\n\n{}",
            self.options.describe(),
            self.lasted.as_secs_f64(),
            self.calls_table(),
            self.runs_table(),
            rows::table(&rows),
            rows::sentence(&rows),
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
        let flushed = match (verdict.flushed, self.options.flush_every) {
            (0, _) => String::new(),
            (1, None) => "the last was flushed, since its window would have lasted on".to_owned(),
            (flushed, _) => format!("{} of them flushed", count(flushed)),
        };
        line("runs", count(verdict.runs), &flushed);
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
        for (event, what) in EVENTS {
            line(what, count(verdict.tally[event]), "");
        }
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
            .map(|broken| json!({ "guarantee": broken.guarantee.to_string(), "how": broken.how }))
            .collect();
        let result = json!({
            "front": options.front.name(),
            "threads": options.threads(),
            "keys": options.keys(),
            "threshold_ns": nanos(options.threshold),
            "run_time_ns": nanos(options.run_time),
            "rate": options.rate,
            "try_every": options.try_every,
            "within_every": options.within_every,
            "wait_every": options.wait_every,
            "limit_every": options.limit_every,
            "cancel_every": options.cancel_every,
            "flush_every": options.flush_every,
            "change_every": options.change_every,
            "nest_every": options.nest_every,
            "panic_every": options.panic_every,
            "fail_every": options.of_throttled.fail_every,
            "seconds": self.lasted.as_secs_f64(),
            "ended_early": self.full,
            "calls": calls,
            "two_clock_readings": summary(&self.measuring),
            "runs": verdict.runs,
            "flushed": verdict.flushed,
            "failed": verdict.failed,
            "given": verdict.carried,
            "delayed": verdict.paced,
            "shortest_gap_ns": verdict.shortest_gap,
            "shortest_gap_seen_inside_ns": verdict.shortest_gap_inside,
            "longest_delay_ns": verdict.longest_delay,
            "overlaps": verdict.overlaps,
            "uncovered": verdict.uncovered,
            "excused_cancelled": verdict.cancelled,
            "excused_still_owed": verdict.still_owed,
            "cancels": verdict.tally[Event::Cancel],
            "changes": verdict.tally[Event::Change],
            "waits": verdict.tally[Event::Wait],
            "calls_inside_runs": verdict.tally[Event::Nested],
            "broken": broken,
        });
        format!("{result:#}")
    }

    /// What was not asked for only if it was seen.
    fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        let options = self.options;
        let shown = |kind: &Kind| match kind {
            Kind::Panicked if options.panic_every.is_none() => self.verdict.count(*kind) > 0,
            Kind::Refused if options.front.defers() => self.verdict.count(*kind) > 0,
            _ => true,
        };
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
