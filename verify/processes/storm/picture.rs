//! A slice of the storm as a timeline: a lane for the runs, and one for each process with its calls, its
//! runs, its deaths and its next lives.

use super::slice::Slice;
use super::story::{Fate, Life, RunStory, SeatStory, Story};
use ::processes::judge::Trial;
use ::processes::log::Nanos;
use lab::chart::{
    BLUE, Colour, GREEN, GREY, INK, Lane, ORANGE, PURPLE, Sample, Timeline, VERMILLION, Window,
};

/// Draws the best slice, as SVG. `row` is the word for a row.
pub fn draw(described: &str, row: &str, trial: &Trial, story: &Story) -> Result<String, String> {
    let Slice { from, until } = Slice::of(trial, story);
    let windows = windows(trial, story, Timeline::shortest_window(from, until));
    let timeline = Timeline {
        title: "A slice of a storm of processes",
        story: vec![
            format!("At {described}."),
            "A call is covered by a run of any process that starts after it and finishes. The process that \
             makes a run pending owns it; if it dies, another takes over."
                .to_owned(),
        ],
        legend: legend(trial, !windows.is_empty()),
        notes: notes(trial, !windows.is_empty()),
        windows,
        from,
        until,
        rows: story.seats.len(),
    };
    timeline.draw(|lanes| {
        let all = lanes.all("runs of all");
        draw_runs(&all, story.runs.iter());
        for (place, seat) in story.seats.iter().enumerate() {
            let lane = lanes.row(place, &format!("{row} {}", place + 1));
            draw_seat(&lane, seat, until);
            draw_runs(&lane, story.runs_of(place));
            draw_gaps(&lane, seat, until);
        }
    })
}

const fn colour(fate: Fate) -> Colour {
    match fate {
        Fate::Finished => INK,
        Fate::Superseded => PURPLE,
        Fate::CutShort => VERMILLION,
    }
}

fn legend(trial: &Trial, windows: bool) -> Vec<(Sample, &'static str)> {
    let mut legend = vec![
        (Sample::Tick(BLUE), "call"),
        (Sample::Wait(ORANGE), "owns the pending run"),
        (Sample::Bar(colour(Fate::Finished)), "run"),
    ];
    if !trial.facts.is_empty() {
        legend.extend([
            (Sample::Bar(colour(Fate::CutShort)), "run cut short"),
            (Sample::Pale(colour(Fate::Superseded)), "superseded run"),
            (Sample::Cross, "killed"),
            (Sample::Tick(GREEN), "next life"),
            (Sample::Pale(GREY), "stopped"),
        ]);
    }
    if windows {
        legend.extend([(Sample::Window, "window"), (Sample::WindowEnd, "its end")]);
    }
    legend
}

/// The windows, if their positions are known and they can be seen.
fn windows(trial: &Trial, story: &Story, shortest: u64) -> Vec<Window> {
    let Some(ahead) = trial.ahead.filter(|_| trial.threshold >= shortest) else { return Vec::new() };
    let moment = |stamp: u64| Nanos::try_from(i128::from(stamp) + i128::from(ahead)).unwrap_or(0);
    let window = |run: &RunStory| {
        let from = moment(run.epoch);
        Window { from, until: from.saturating_add(trial.threshold), ended: true }
    };
    story.runs.iter().map(window).collect()
}

fn notes(trial: &Trial, windows: bool) -> Vec<String> {
    let marks = "Drawn from the logs that the processes wrote. Calls that touch form a band. A pale bar \
                 lasts until the next run of any process.";
    let white = if windows {
        "A window is the threshold after a start, by its stamp. White: the window is over, and no call has \
         come, or processes wait for the lease of a run to end."
    } else if trial.ahead.is_none() {
        "Windows are not drawn: the clocks of the register and of the machine did not run alike."
    } else {
        "The windows are too short to be drawn."
    };
    [marks, white].map(str::to_owned).into()
}

fn draw_seat(lane: &Lane<'_>, seat: &SeatStory, end: Nanos) {
    for &(from, until) in &seat.stops {
        lane.pale(from, until, lane.whole(), GREY);
    }
    for Life { deferrals, calls, .. } in &seat.lives {
        for deferral in deferrals.iter().filter(|deferral| deferral.at <= end) {
            lane.pale(deferral.at, deferral.until, lane.thin(), ORANGE);
            lane.tick(deferral.at, lane.tall(), ORANGE);
        }
        lane.ticks(calls.iter().map(|call| call.at), lane.tall() * 3 / 4, BLUE);
    }
}

/// When the seat was empty, why, and until when.
fn draw_gaps(lane: &Lane<'_>, seat: &SeatStory, end: Nanos) {
    for life in &seat.lives {
        if life.who.incarnation > 0 {
            lane.tick(life.from, lane.whole(), GREEN);
        }
        if let Some(killed) = life.killed {
            let next = seat.lives.iter().find(|next| next.who.incarnation == life.who.incarnation + 1);
            lane.line(killed, next.map_or(end, |next| next.from), VERMILLION);
            lane.cross(killed);
        }
    }
}

fn draw_runs<'r>(lane: &Lane<'_>, runs: impl Iterator<Item = &'r RunStory>) {
    for run in runs {
        match run.fate {
            Fate::Finished | Fate::CutShort => {
                lane.bar(run.started, run.until, lane.tall(), colour(run.fate));
            }
            // What it covers goes on meanwhile.
            Fate::Superseded => {
                lane.pale(run.started, run.until, lane.tall(), colour(run.fate));
                for end in [run.started, run.until] {
                    lane.tick(end, lane.tall(), colour(run.fate));
                }
            }
        }
    }
}
