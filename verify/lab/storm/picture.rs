//! A slice of the storm as a timeline: a lane for the runs, and one for each thread with its calls.

use lab::options::Options;
use lab::record::{CallMark, Kind, Run, RunLog, Testimony};
use lab::slice::Slice;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::cmp::Reverse;
use std::time::Duration;

/// How many threads are drawn.
const LANES: usize = 32;

const LEFT: i32 = 110;
/// One pixel for each cell.
const PLOT: i32 = 1200;
const WIDTH: i32 = LEFT + PLOT + 40;
/// Where the lane of the runs begins.
const TOP: i32 = 148;
const RUNS_LANE: i32 = 44;

// The palette of Okabe and Ito, which the colour-blind can tell apart.
const GREEN: RGBColor = RGBColor(0, 158, 115);
const ORANGE: RGBColor = RGBColor(230, 159, 0);
const BLUE: RGBColor = RGBColor(0, 114, 178);
const PURPLE: RGBColor = RGBColor(204, 121, 167);
const VERMILLION: RGBColor = RGBColor(213, 94, 0);
const INK: RGBColor = RGBColor(40, 40, 40);
const GREY: RGBColor = RGBColor(110, 110, 110);
const WINDOW: [RGBColor; 2] = [RGBColor(243, 243, 243), RGBColor(229, 229, 229)];

const fn colour(kind: Kind) -> RGBColor {
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
fn legend_of(options: &Options) -> Vec<(Kind, &'static str)> {
    let kinds = options.front.kinds();
    let has_both = kinds.contains(&Kind::Coalesced) && kinds.contains(&Kind::Taken);
    let legend = |&kind: &Kind| match kind {
        Kind::RanAtOnce => Some((kind, "ran at once")),
        Kind::Deferred => Some((kind, "deferred, until its run")),
        Kind::Coalesced => Some((kind, if has_both { "coalesced, taken" } else { "coalesced" })),
        Kind::Taken if has_both => None,
        Kind::Taken => Some((kind, "taken")),
        Kind::Cancelled => options.cancel_every.map(|_| (kind, "cancelled, until then")),
        Kind::Panicked => options.panic_every.map(|_| (kind, "its run panicked")),
        Kind::Refused => Some((kind, "refused")),
        Kind::Dropped => Some((kind, "dropped")),
        Kind::Owed | Kind::NotTaken => None,
    };
    kinds.iter().filter_map(legend).collect()
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
    let lanes = choose_lanes(testimonies);
    let last_mark = testimonies.iter().flat_map(|testimony| &testimony.marks).map(|mark| mark.until).max();
    let last = last_mark.max(runs.last().map(|run| run.end)).unwrap_or(slice.until);
    let until = slice.until.min(last.max(slice.from + 1));

    let lane_height = (640 / i32::try_from(lanes.len()).unwrap_or(1).max(1)).clamp(19, 44);
    let bottom = TOP + RUNS_LANE + lane_height * i32::try_from(lanes.len()).unwrap_or(0);
    let height = bottom + 100;
    let mut text = String::new();
    let canvas = SVGBackend::with_string(&mut text, (WIDTH.unsigned_abs(), height.unsigned_abs()));
    let canvas = Picture {
        root: canvas.into_drawing_area(),
        from: slice.from,
        until,
        bottom,
        lane_height,
        runs: &runs,
        threshold,
    };
    canvas.all(options, &lanes, testimonies.len()).map_err(|e| format!("cannot draw: {e}"))?;
    drop(canvas);
    Ok(text)
}

/// The threads to draw: if there are too many, those that did more than coalesce.
fn choose_lanes(testimonies: &[Testimony]) -> Vec<&Testimony> {
    let interest = |testimony: &&Testimony| {
        let dull = testimony.marks.iter().all(|mark| is_dense(mark.kind));
        if dull { usize::from(!testimony.marks.is_empty()) } else { 2 }
    };
    let mut lanes: Vec<&Testimony> = testimonies.iter().collect();
    lanes.sort_by_key(|testimony| Reverse(interest(testimony)));
    lanes.truncate(LANES);
    lanes.sort_by_key(|testimony| testimony.thread);
    lanes
}

/// A distance between labels that is 1, 2 or 5 times a power of 10, for about ten labels.
fn label_step(length: f64) -> f64 {
    let power = 10f64.powf((length / 10.0).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    steps.into_iter().find(|step| length / step <= 12.0).unwrap_or(length)
}

type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

struct Picture<'a, 'r> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
    from: u64,
    until: u64,
    bottom: i32,
    lane_height: i32,
    runs: &'r [Run],
    threshold: u64,
}

impl<'a> Picture<'a, '_> {
    fn all(&self, options: &Options, lanes: &[&Testimony], threads: usize) -> Drawn<'a> {
        self.root.fill(&WHITE)?;
        let windows = self.windows()?;
        self.header(options)?;
        self.legend(options, windows)?;
        self.axis()?;
        self.text("runs", (LEFT - 12, TOP + RUNS_LANE / 2), 18, HPos::Right, INK)?;
        self.run_lane()?;
        for (place, testimony) in lanes.iter().enumerate() {
            let top = TOP + RUNS_LANE + self.lane_height * i32::try_from(place).unwrap_or(0);
            self.lane(top, testimony)?;
        }
        self.caption(lanes.len(), threads, windows)?;
        self.root.present()
    }

    fn header(&self, options: &Options) -> Drawn<'a> {
        let title = format!("A slice of a storm: {}", options.describe());
        // Smaller if it would not fit.
        let size = (2950 / u32::try_from(title.len()).unwrap_or(100)).min(24);
        self.text(&title, (LEFT, 26), size, HPos::Left, INK)?;
        for (y, line) in [54, 75].into_iter().zip(options.front.story()) {
            self.text(line, (LEFT, y), 18, HPos::Left, GREY)?;
        }
        Ok(())
    }

    fn legend(&self, options: &Options, windows: bool) -> Drawn<'a> {
        let y = 110;
        let mut x = LEFT;
        for (kind, name) in legend_of(options) {
            let waits = matches!(kind, Kind::Deferred | Kind::Cancelled);
            if waits {
                self.span(x, x + 24, y, 10, colour(kind))?;
            }
            self.tick(x + 1, y, 18, colour(kind))?;
            let begin = if waits { x + 32 } else { x + 10 };
            x = self.entry(name, begin, y)?;
        }
        self.rect((x, y - 8), (x + 18, y + 8), INK)?;
        x = self.entry("run", x + 26, y)?;
        if windows {
            self.rect((x, y - 9), (x + 28, y + 9), WINDOW[1])?;
            x = self.entry("window", x + 36, y)?;
            self.dashes(x, y - 9, y + 9)?;
            self.entry("end of window", x + 8, y)?;
        }
        Ok(())
    }

    /// A name in the legend. Returns where the next may begin.
    fn entry(&self, name: &str, x: i32, y: i32) -> Result<i32, DrawingError<'a>> {
        self.text(name, (x, y), 18, HPos::Left, INK)?;
        Ok(x + 7 * i32::try_from(name.len()).unwrap_or(0) + 32)
    }

    /// Windows as shades, if they are wide enough to be seen. Returns whether they are.
    fn windows(&self) -> Result<bool, DrawingError<'a>> {
        let wide = self.x(self.from.saturating_add(self.threshold)) - LEFT >= 8;
        if !wide {
            return Ok(false);
        }
        for (place, run) in self.runs.iter().enumerate() {
            let end = run.stamp.saturating_add(self.threshold);
            if end < self.from || run.stamp > self.until {
                continue;
            }
            // A flush may end a window before its time.
            let next = self.runs.get(place + 1).map_or(u64::MAX, |next| next.stamp);
            let (left, right) = (self.x(run.stamp), self.x(end.min(next)));
            self.rect((left, TOP), (right, self.bottom), WINDOW[place % 2])?;
            if end <= self.until && end <= next {
                self.dashes(self.x(end), TOP - 6, self.bottom + 6)?;
            }
        }
        Ok(true)
    }

    fn run_lane(&self) -> Drawn<'a> {
        let (top, bottom) = (TOP + 8, TOP + RUNS_LANE - 8);
        let mut bars: Vec<(i32, i32)> = Vec::new();
        for run in self.runs.iter().filter(|run| run.end >= self.from && run.stamp <= self.until) {
            let left = self.x(run.stamp);
            let right = (self.x(run.end) - 1).max(left + 2);
            if run.flushed {
                let side = if left > WIDTH / 2 { HPos::Right } else { HPos::Left };
                let beside = if left > WIDTH / 2 { left - 6 } else { right + 6 };
                self.text("flushed", (beside, TOP + RUNS_LANE / 2), 17, side, INK)?;
            }
            match bars.last_mut() {
                // What is too close to be told apart becomes one bar.
                Some(last) if left <= last.1 && right - left < 4 => last.1 = last.1.max(right),
                _ => bars.push((left, right)),
            }
        }
        bars.into_iter().try_for_each(|(left, right)| self.rect((left, top), (right, bottom), INK))
    }

    fn lane(&self, top: i32, testimony: &Testimony) -> Drawn<'a> {
        let middle = top + self.lane_height / 2;
        let name = format!("thread {}", testimony.thread + 1);
        self.text(&name, (LEFT - 12, middle), 17, HPos::Right, INK)?;
        self.line((LEFT, top), (LEFT + PLOT, top), RGBColor(205, 205, 205))?;

        let (tall, thin) = (self.lane_height * 7 / 10, self.lane_height * 3 / 10);
        let shown = |mark: &&CallMark| mark.called <= self.until;
        for mark in testimony.marks.iter().filter(shown) {
            let (left, right) = (self.x(mark.called), self.x(mark.until));
            if right - left >= 3 {
                self.span(left, right, middle, thin, colour(mark.kind))?;
            }
            if let Ok(run) = self.runs.binary_search_by_key(&mark.until, |run| run.stamp) {
                let end = self.x(self.runs[run].end) - 1;
                if end - right >= 2 {
                    self.rect((right, middle - thin / 2), (end, middle + thin / 2), INK)?;
                }
            }
        }
        let mut band: Option<(i32, i32)> = None;
        for mark in testimony.marks.iter().filter(shown).filter(|mark| is_dense(mark.kind)) {
            let x = self.x(mark.called);
            band = match band {
                Some((left, right)) if x <= right + 1 => Some((left, x + 1)),
                _ => {
                    self.band(band, middle, tall)?;
                    Some((x, x + 1))
                }
            };
        }
        self.band(band, middle, tall)?;
        let mut ticks: Vec<&CallMark> =
            testimony.marks.iter().filter(shown).filter(|mark| !is_dense(mark.kind)).collect();
        ticks.sort_by_key(|mark| mark.kind != Kind::RanAtOnce);
        for mark in ticks {
            // Higher, so that it is not hidden by a deferral at the same place.
            let tall = if mark.kind == Kind::RanAtOnce { self.lane_height - 2 } else { tall };
            self.tick(self.x(mark.called), middle, tall, colour(mark.kind))?;
        }
        Ok(())
    }

    fn axis(&self) -> Drawn<'a> {
        let length = millis(self.until - self.from);
        let step = label_step(length);
        let decimals = usize::from(step < 1.0) + usize::from(step < 0.1) + usize::from(step < 0.01);
        self.line((LEFT, self.bottom), (LEFT + PLOT, self.bottom), GREY)?;
        let labels =
            std::iter::successors(Some(0u32), |place| Some(place + 1)).map(|place| step * f64::from(place));
        for at in labels.take_while(|at| *at <= length) {
            #[allow(clippy::cast_possible_truncation, reason = "at most the width of the plot")]
            let x = LEFT + (f64::from(PLOT) * at / length).round() as i32;
            self.line((x, self.bottom), (x, self.bottom + 7), GREY)?;
            self.text(&format!("{at:.decimals$}"), (x, self.bottom + 20), 18, HPos::Center, INK)?;
        }
        self.text("ms", (LEFT - 32, self.bottom + 20), 18, HPos::Right, INK)
    }

    fn caption(&self, lanes: usize, threads: usize, windows: bool) -> Drawn<'a> {
        let mut notes = vec![format!(
            "Marks are thinned: a thread has at most one of a kind for each {}th of the slice, and marks that touch \
             form a band. A pale bar: inside a call.",
            Slice::CELLS
        )];
        if lanes < threads {
            notes.push(format!("{lanes} of {threads} threads are drawn."));
        }
        self.text(&notes.join(" "), (LEFT, self.bottom + 52), 17, HPos::Left, GREY)?;
        let mut rest =
            "An empty stretch of a lane: the thread waits for its next call, or for a core.".to_owned();
        rest += if windows {
            " White: the window is over, and no call has come, or a run or the lack of a core delays the next."
        } else {
            " The windows are too short to be drawn."
        };
        self.text(&rest, (LEFT, self.bottom + 73), 17, HPos::Left, GREY)
    }

    /// Where a moment is, at the nearer end if it is outside.
    fn x(&self, moment: u64) -> i32 {
        let at = moment.clamp(self.from, self.until) - self.from;
        let x = u128::from(at) * u128::from(PLOT.unsigned_abs()) / u128::from(self.until - self.from);
        LEFT + i32::try_from(x).unwrap_or(PLOT)
    }

    fn tick(&self, x: i32, middle: i32, tall: i32, colour: RGBColor) -> Drawn<'a> {
        self.rect((x - 1, middle - tall / 2), (x + 2, middle + tall / 2), colour)
    }

    fn band(&self, band: Option<(i32, i32)>, middle: i32, tall: i32) -> Drawn<'a> {
        let Some((left, right)) = band else { return Ok(()) };
        self.rect((left, middle - tall / 2), (right + 1, middle + tall / 2), BLUE)
    }

    fn span(&self, left: i32, right: i32, middle: i32, thin: i32, colour: RGBColor) -> Drawn<'a> {
        let corners = [(left, middle - thin / 2), (right, middle + thin / 2)];
        self.root.draw(&Rectangle::new(corners, colour.mix(0.55).filled()))
    }

    fn rect(&self, a: (i32, i32), b: (i32, i32), colour: RGBColor) -> Drawn<'a> {
        self.root.draw(&Rectangle::new([a, b], colour.filled()))
    }

    fn line(&self, a: (i32, i32), b: (i32, i32), colour: RGBColor) -> Drawn<'a> {
        self.root.draw(&PathElement::new([a, b], colour))
    }

    fn dashes(&self, x: i32, top: i32, bottom: i32) -> Drawn<'a> {
        (top..bottom).step_by(7).try_for_each(|y| self.line((x, y), (x, (y + 4).min(bottom)), GREY))
    }

    fn text(&self, text: &str, at: (i32, i32), size: u32, anchor: HPos, colour: RGBColor) -> Drawn<'a> {
        let style = ("sans-serif", size).into_font().color(&colour).pos(Pos::new(anchor, VPos::Center));
        self.root.draw(&Text::new(text, at, style))
    }
}

type DrawingError<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;

fn millis(nanos: u64) -> f64 {
    Duration::from_nanos(nanos).as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::{PLOT, label_step};
    use lab::slice::Slice;

    #[test]
    fn a_cell_is_a_pixel() {
        assert_eq!(PLOT.unsigned_abs(), Slice::CELLS);
    }

    #[test]
    fn labels_are_round_and_few() {
        for (length, step) in [(140.0, 20.0), (100.0, 10.0), (0.2, 0.02), (2200.0, 200.0)] {
            let got = label_step(length);
            assert!((got - step).abs() < step / 1e6, "{length}: {got}");
        }
    }
}
