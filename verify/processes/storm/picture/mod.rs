//! A slice of the storm as a timeline: a lane for the runs, and one for each process with its calls, its runs, its
//! deaths and its next lives.

mod brush;
mod lane;

use self::brush::{
    BLUE, Brush, Drawn, GREEN, GREY, INK, LEFT, ORANGE, PLOT, PURPLE, VERMILLION, WIDTH, WINDOW,
};
use self::lane::Lane;
use super::slice::Slice;
use super::story::{RunStory, Story};
use ::processes::judge::Trial;
use ::processes::log::Nanos;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;
use std::time::Duration;

/// Where the lane of the runs begins.
const TOP: i32 = 136;
const RUNS_LANE: i32 = 44;

/// Draws the best slice, as SVG. `row` is the word for a row.
pub fn draw(described: &str, row: &str, trial: &Trial, story: &Story) -> Result<String, String> {
    let lanes = i32::try_from(story.seats.len()).unwrap_or(64).max(1);
    let lane_height = (640 / lanes).clamp(22, 52);
    let bottom = TOP + RUNS_LANE + lane_height * lanes;
    let height = bottom + 100;
    let mut text = String::new();
    let canvas = SVGBackend::with_string(&mut text, (WIDTH.unsigned_abs(), height.unsigned_abs()));
    let brush = Brush { root: canvas.into_drawing_area(), slice: Slice::of(trial, story) };
    let picture = Picture { brush, row, trial, story, bottom, lane_height };
    picture.all(described).map_err(|e| format!("cannot draw: {e}"))?;
    drop(picture);
    Ok(text)
}

/// A distance between labels that is 1, 2 or 5 times a power of 10, for about ten labels.
fn label_step(length: f64) -> f64 {
    let power = 10f64.powf((length / 10.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|step| length / step <= 12.0).unwrap_or(length)
}

struct Picture<'a, 's> {
    brush: Brush<'a>,
    row: &'s str,
    trial: &'s Trial,
    story: &'s Story,
    bottom: i32,
    lane_height: i32,
}

impl<'a> Picture<'a, '_> {
    fn all(&self, described: &str) -> Drawn<'a> {
        let brush = &self.brush;
        brush.root.fill(&WHITE)?;
        let windows = self.windows()?;
        self.header(described)?;
        self.legend(windows)?;
        self.axis()?;
        let runs = Lane { top: TOP, height: RUNS_LANE };
        runs.name(brush, "runs of all")?;
        runs.runs(brush, &self.story.runs.iter().collect::<Vec<_>>(), RUNS_LANE - 16)?;
        for (place, seat) in self.story.seats.iter().enumerate() {
            let top = TOP + RUNS_LANE + self.lane_height * i32::try_from(place).unwrap_or(0);
            let lane = Lane { top, height: self.lane_height };
            lane.name(brush, &format!("{} {}", self.row, place + 1))?;
            let runs: Vec<&RunStory> = self.story.runs_of(place).collect();
            lane.draw(brush, seat, &runs)?;
        }
        self.caption(windows)?;
        brush.root.present()
    }

    fn header(&self, described: &str) -> Drawn<'a> {
        let title = format!("A slice of a storm at {described}");
        // Smaller if it would not fit.
        let size = (2950 / u32::try_from(title.len()).unwrap_or(100)).min(24);
        self.brush.text(&title, (LEFT, 26), size, HPos::Left, INK)?;
        let story = "A call is covered by a run that starts after it, in any process, and finishes. The process that makes \
                     a run pending owns it; if it dies, another one takes over.";
        self.brush.text(story, (LEFT, 54), 18, HPos::Left, GREY)
    }

    fn legend(&self, windows: bool) -> Drawn<'a> {
        let (brush, y) = (&self.brush, 92);
        let mut x = LEFT;
        brush.tick(x + 1, y, 14, BLUE)?;
        x = self.entry("call", x + 10, y)?;
        brush.span((x, y - 4), (x + 24, y + 4), ORANGE)?;
        brush.tick(x + 1, y, 18, ORANGE)?;
        x = self.entry("owns the pending run", x + 32, y)?;
        brush.rect((x, y - 8), (x + 14, y + 8), INK)?;
        x = self.entry("run", x + 22, y)?;
        if !self.trial.facts.is_empty() {
            brush.rect((x, y - 8), (x + 14, y + 8), VERMILLION)?;
            x = self.entry("run cut short", x + 22, y)?;
            brush.span((x, y - 8), (x + 24, y + 8), PURPLE)?;
            x = self.entry("superseded run", x + 32, y)?;
            brush.cross(x + 7, y)?;
            x = self.entry("killed", x + 22, y)?;
            brush.tick(x + 1, y, 18, GREEN)?;
            x = self.entry("next life", x + 10, y)?;
            brush.span((x, y - 9), (x + 24, y + 9), GREY)?;
            x = self.entry("stopped", x + 32, y)?;
        }
        if windows {
            brush.rect((x, y - 9), (x + 28, y + 9), WINDOW[1])?;
            x = self.entry("window", x + 36, y)?;
            brush.dashes(x, y - 9, y + 9)?;
            self.entry("its end", x + 8, y)?;
        }
        Ok(())
    }

    /// A name in the legend. Returns where the next may begin.
    fn entry(&self, name: &str, x: i32, y: i32) -> Drawn<'a, i32> {
        self.brush.text(name, (x, y), 18, HPos::Left, INK)?;
        Ok(x + 8 * i32::try_from(name.len()).unwrap_or(0) + 20)
    }

    /// Draws windows as shades, if their positions are known and they are wide enough to be seen. Returns
    /// whether they are.
    fn windows(&self) -> Drawn<'a, bool> {
        let brush = &self.brush;
        let Some(ahead) = self.trial.ahead else { return Ok(false) };
        let moment = |stamp: u64| Nanos::try_from(i128::from(stamp) + i128::from(ahead)).unwrap_or(0);
        if brush.x(brush.slice.from.saturating_add(self.trial.threshold)) - LEFT < 8 {
            return Ok(false);
        }
        for (place, run) in self.story.runs.iter().enumerate() {
            let from = moment(run.epoch);
            let until = from.saturating_add(self.trial.threshold);
            if !brush.shows(from, until) {
                continue;
            }
            brush.rect((brush.x(from), TOP), (brush.x(until), self.bottom), WINDOW[place % 2])?;
            if until <= brush.slice.until {
                brush.dashes(brush.x(until), TOP - 6, self.bottom + 6)?;
            }
        }
        Ok(true)
    }

    fn axis(&self) -> Drawn<'a> {
        let (brush, bottom) = (&self.brush, self.bottom);
        let length = Duration::from_nanos(brush.slice.until - brush.slice.from).as_secs_f64() * 1e3;
        let step = label_step(length);
        let decimals = usize::from(step < 1.0) + usize::from(step < 0.1) + usize::from(step < 0.01);
        brush.line((LEFT, bottom), (LEFT + PLOT, bottom), GREY)?;
        let labels =
            std::iter::successors(Some(0u32), |place| Some(place + 1)).map(|place| step * f64::from(place));
        for at in labels.take_while(|at| *at <= length) {
            #[allow(clippy::cast_possible_truncation, reason = "at most the width of the plot")]
            let x = LEFT + (f64::from(PLOT) * at / length).round() as i32;
            brush.line((x, bottom), (x, bottom + 7), GREY)?;
            brush.text(&format!("{at:.decimals$}"), (x, bottom + 20), 18, HPos::Center, INK)?;
        }
        brush.text("ms", (LEFT - 32, bottom + 20), 18, HPos::Right, INK)
    }

    fn caption(&self, windows: bool) -> Drawn<'a> {
        let first = "Drawn from the logs that the processes wrote. Calls that touch form a band. A pale bar lasts until the \
                     next run of any process.";
        self.brush.text(first, (LEFT, self.bottom + 52), 17, HPos::Left, GREY)?;
        let second = if windows {
            "A window is the threshold after a start, by its stamp. White: the window is over, and no call has come, or \
             processes wait for the lease of a run to end."
        } else if self.trial.ahead.is_none() {
            "Windows are not drawn: the clocks of the register and of the machine did not run alike."
        } else {
            "The windows are too short to be drawn."
        };
        self.brush.text(second, (LEFT, self.bottom + 73), 17, HPos::Left, GREY)
    }
}

#[cfg(test)]
mod tests {
    use super::label_step;

    #[test]
    fn labels_are_round_and_few() {
        for (length, step) in [(140.0, 20.0), (100.0, 10.0), (0.2, 0.02), (2200.0, 200.0)] {
            let got = label_step(length);
            assert!((got - step).abs() < step / 1e6, "{length}: {got}");
        }
    }
}
