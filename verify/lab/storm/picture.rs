//! A slice of the storm as a timeline: a lane for the runs, and one for each thread with its calls.

use lab::chart::{
    BLUE, Colour, GREEN, GREY, INK, Lane, ORANGE, PURPLE, Sample, Timeline, VERMILLION, Window,
};
use lab::options::Options;
use lab::record::{CallMark, Kind, Run, RunLog, Testimony};
use lab::slice::Slice;
use std::cmp::Reverse;

/// How many threads are drawn.
const LANES: usize = 32;

const fn colour(kind: Kind) -> Colour {
    match kind {
        Kind::RanAtOnce => GREEN,
        Kind::Deferred => ORANGE,
        Kind::Coalesced | Kind::Taken | Kind::Refused => BLUE,
        Kind::Cancelled => PURPLE,
        Kind::Panicked => VERMILLION,
        Kind::Dropped => GREY,
        Kind::Owed | Kind::NotTaken => INK,
    }
}

/// Whether there are so many calls of that kind that they form bands.
const fn is_dense(kind: Kind) -> bool {
    matches!(kind, Kind::Coalesced | Kind::Taken | Kind::Refused)
}

/// The kinds that may be seen, and what they look like.
fn legend(options: &Options, windows: bool) -> Vec<(Sample, &'static str)> {
    let kinds = options.front.kinds();
    let has_both = kinds.contains(&Kind::Coalesced) && kinds.contains(&Kind::Taken);
    let name = |kind: Kind| match kind {
        Kind::RanAtOnce => Some("ran at once"),
        Kind::Deferred => Some("deferred, until its run"),
        Kind::Coalesced if has_both => Some("coalesced, taken"),
        Kind::Coalesced => Some("coalesced"),
        Kind::Taken if has_both => None,
        Kind::Taken => Some("taken"),
        Kind::Cancelled => options.cancel_every.map(|_| "cancelled, until then"),
        Kind::Panicked => options.panic_every.map(|_| "its run panicked"),
        Kind::Refused => Some("refused"),
        Kind::Dropped => Some("dropped"),
        Kind::Owed | Kind::NotTaken => None,
    };
    let sample = |kind| match kind {
        Kind::Deferred | Kind::Cancelled => Sample::Wait(colour(kind)),
        _ => Sample::Tick(colour(kind)),
    };
    let calls = kinds.iter().filter_map(|&kind| Some((sample(kind), name(kind)?)));
    let all = calls.chain([(Sample::Bar(INK), "run")]);
    let shades = [(Sample::Window, "window"), (Sample::WindowEnd, "end of window")];
    all.chain(shades.into_iter().filter(|_| windows)).collect()
}

/// Draws the slice, as SVG. `threshold` is in nanoseconds.
pub fn draw(
    options: &Options,
    threshold: u64,
    slice: Slice,
    log: &RunLog,
    testimonies: &[Testimony],
) -> Result<String, String> {
    let mut runs: Vec<Run> = log.runs().to_vec();
    runs.sort_by_key(|run| run.stamp);
    let rows = choose_rows(testimonies);
    let last_mark = testimonies.iter().flat_map(|testimony| &testimony.marks).map(|mark| mark.until).max();
    let last = last_mark.max(runs.last().map(|run| run.end)).unwrap_or(slice.until);
    let until = slice.until.min(last.max(slice.from + 1));
    let seen = threshold >= Timeline::shortest_window(slice.from, until);
    let timeline = Timeline {
        title: "A slice of a storm",
        story: vec![format!("{}.", options.describe()), options.front.story().join(" ")],
        legend: legend(options, seen),
        windows: if seen { windows(&runs, threshold) } else { Vec::new() },
        notes: notes(rows.len(), testimonies.len(), seen),
        from: slice.from,
        until,
        rows: rows.len(),
    };
    timeline.draw(|lanes| {
        let all = lanes.all("runs");
        all.bars(runs.iter().map(|run| (run.stamp, run.end)), all.tall(), INK);
        for run in runs.iter().filter(|run| run.flushed && lanes.shows(run.stamp, run.end)) {
            all.word("flushed", run.stamp, run.end);
        }
        for (place, testimony) in rows.iter().enumerate() {
            let lane = lanes.row(place, &format!("thread {}", testimony.thread + 1));
            draw_calls(&lane, testimony, &runs);
        }
    })
}

/// The threads to draw: if there are too many, those that did more than coalesce.
fn choose_rows(testimonies: &[Testimony]) -> Vec<&Testimony> {
    let interest = |testimony: &&Testimony| {
        let dull = testimony.marks.iter().all(|mark| is_dense(mark.kind));
        if dull { usize::from(!testimony.marks.is_empty()) } else { 2 }
    };
    let mut rows: Vec<&Testimony> = testimonies.iter().collect();
    rows.sort_by_key(|testimony| Reverse(interest(testimony)));
    rows.truncate(LANES);
    rows.sort_by_key(|testimony| testimony.thread);
    rows
}

/// A flush may end a window before its time.
fn windows(runs: &[Run], threshold: u64) -> Vec<Window> {
    let next = runs.iter().skip(1).map(|run| run.stamp).chain([u64::MAX]);
    let window = |(run, next): (&Run, u64)| {
        let end = run.stamp.saturating_add(threshold);
        Window { from: run.stamp, until: end.min(next), ended: end <= next }
    };
    runs.iter().zip(next).map(window).collect()
}

fn draw_calls(lane: &Lane<'_>, testimony: &Testimony, runs: &[Run]) {
    let marks = &testimony.marks;
    for mark in marks {
        lane.pale(mark.called, mark.until, lane.thin(), colour(mark.kind));
        if let Ok(run) = runs.binary_search_by_key(&mark.until, |run| run.stamp) {
            lane.bar(mark.until, runs[run].end, lane.thin(), INK);
        }
    }
    let dense = marks.iter().filter(|mark| is_dense(mark.kind));
    lane.ticks(dense.map(|mark| mark.called), lane.tall(), BLUE);
    let mut ticks: Vec<&CallMark> = marks.iter().filter(|mark| !is_dense(mark.kind)).collect();
    ticks.sort_by_key(|mark| mark.kind != Kind::RanAtOnce);
    for mark in ticks {
        // Higher, so that it is not hidden by a deferral at the same place.
        let tall = if mark.kind == Kind::RanAtOnce { lane.whole() } else { lane.tall() };
        lane.tick(mark.called, tall, colour(mark.kind));
    }
}

fn notes(rows: usize, threads: usize, windows: bool) -> Vec<String> {
    let drawn = match threads - rows {
        0 => String::new(),
        _ => format!(" {rows} of {threads} threads are drawn."),
    };
    let marks = format!(
        "Marks are thinned: a thread has at most one of a kind for each {}th of the slice, and marks that \
         touch form a band. A pale bar: inside a call.{drawn}",
        Slice::CELLS
    );
    let white = if windows {
        "White: the window is over, and no call has come, or a run or the lack of a core delays the next."
    } else {
        "The windows are too short to be drawn."
    };
    let empty = "An empty stretch of a lane: the thread waits for its next call, or for a core.";
    vec![marks, format!("{empty} {white}")]
}

#[cfg(test)]
mod tests {
    use super::{CallMark, Kind, Options, Run, RunLog, Slice, Testimony, draw, windows};
    use clap::Parser;
    use lab::chart::legible::{faults, forms, words};
    use lab::chart::{BLUE, GREEN, INK, ORANGE, PALE, PURPLE, VERMILLION};

    const MILLISECOND: u64 = 1_000_000;

    /// A storm of 140 ms with windows of 20 ms. The run at 40 ms was flushed.
    fn storm(threads: usize, front: &str) -> String {
        let arguments = ["storm", "--front", front, "--cancel-every", "9", "--panic-every", "9"];
        let options = Options::parse_from(arguments);
        let at = |millis: u64| millis * MILLISECOND;
        let mut log = RunLog::new(1, 0, 1, 1 << 20);
        for (stamp, flushed) in [(0, false), (20, false), (40, true), (50, false), (139, true)] {
            log.push(
                Run { stamp: at(stamp), inside: at(stamp), end: at(stamp + 5), flushed, ..Run::default() },
                &[0],
            );
        }
        let kinds = [Kind::RanAtOnce, Kind::Deferred, Kind::Coalesced, Kind::Panicked, Kind::Cancelled];
        let testimony = |thread: usize| {
            let mut testimony = Testimony::new(thread);
            testimony.marks = (0..)
                .zip(kinds)
                .map(|(place, kind)| CallMark {
                    kind,
                    called: at(place * 20 + 3),
                    until: at((place + 1) * 20),
                })
                .collect();
            testimony
        };
        let testimonies: Vec<Testimony> = (0..threads).map(testimony).collect();
        let slice = Slice { from: 0, until: at(140) };
        draw(&options, at(20), slice, &log, &testimonies).unwrap()
    }

    #[test]
    fn each_thread_has_a_lane_and_each_kind_a_name() {
        let svg = storm(6, "blocking");
        let words = words(&svg);
        let named = |name: &str| words.iter().filter(|words| words.text == name).count();
        let names =
            ["runs", "thread 1", "thread 6", "ran at once", "coalesced", "its run panicked", "end of window"];
        assert!(names.into_iter().all(|name| named(name) == 1), "{words:?}");
        assert_eq!(named("flushed"), 2);
        // In the legend, and of each thread its tick and the time inside the call.
        for (colour, names) in [(GREEN, 1), (BLUE, 2), (VERMILLION, 1)] {
            assert_eq!(forms(&svg, "rect", colour), names + 2 * 6, "{colour:?}");
        }
        for colour in [ORANGE, PURPLE] {
            assert_eq!(forms(&svg, "rect", colour), 2 + 2 * 6, "{colour:?}");
        }
        // In the legend, in the lane of all runs, and of each thread the two that its calls waited for.
        assert_eq!(forms(&svg, "rect", INK), 1 + 5 + 2 * 6);
        assert_eq!(
            PALE.map(|shade| forms(&svg, "rect", shade)),
            [3, 1 + 2],
            "the windows, one of them in the legend"
        );
    }

    #[test]
    fn a_flush_ends_the_window_before_it() {
        let run = |stamp| Run { stamp, inside: stamp, end: stamp + 1, ..Run::default() };
        let found = windows(&[0, 20, 30, 70].map(run), 20);
        assert_eq!(found.iter().map(|window| window.until).collect::<Vec<_>>(), [20, 30, 50, 90]);
        assert_eq!(found.iter().map(|window| window.ended).collect::<Vec<_>>(), [true, false, true, true]);
    }

    #[test]
    fn its_words_can_be_read() {
        for threads in [1, 6, 100] {
            for front in ["blocking", "background", "async", "keyed"] {
                let svg = storm(threads, front);
                assert_eq!(faults(&svg), [""; 0], "{front}");
                let all: Vec<_> = words(&svg).into_iter().map(|words| words.text).collect();
                assert_eq!(all.join(" ").contains("32 of 100 threads are drawn"), threads == 100);
            }
        }
    }
}
