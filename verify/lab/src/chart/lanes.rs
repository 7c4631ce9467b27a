//! A slice of time: a lane for all runs, and below it one for each that calls.

use super::lane::Lane;
use super::palette::{Colour, GREY, GRID, PALE, VERMILLION};
use super::paper::{At, Letters, Paper};
use super::scale::Scale;
use std::time::Duration;

/// How many pixels the slice takes.
pub(super) const WIDE: i32 = 1200;
pub(super) const LEFT: i32 = 110;
const PAPER: i32 = LEFT + WIDE + 40;
/// The room of a paragraph.
const TEXT: i32 = WIDE + 30;
/// The lane of all runs.
const ALL: i32 = 44;
/// The room of the axis.
const AXIS: i32 = 52;

const TITLE: Letters = Letters::of(24).bold();
const WORDS: Letters = Letters::of(18);
const SMALL: Letters = Letters::of(16);
const LEGEND: i32 = 27;

/// What is drawn, but for the marks in the lanes. Moments are in nanoseconds.
pub struct Timeline<'t> {
    pub title: &'t str,
    /// The paragraphs below the title.
    pub story: Vec<String>,
    pub legend: Vec<(Sample, &'t str)>,
    /// Those that are wide enough to be seen.
    pub windows: Vec<Window>,
    /// The paragraphs below the lanes.
    pub notes: Vec<String>,
    pub from: u64,
    pub until: u64,
    /// How many lanes there are below that of all runs.
    pub rows: usize,
}

/// A window, and whether it ended by itself.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub from: u64,
    pub until: u64,
    pub ended: bool,
}

/// What something looks like in its lane.
#[derive(Clone, Copy, Debug)]
pub enum Sample {
    Tick(Colour),
    /// A tick at the beginning of a pale bar.
    Wait(Colour),
    Bar(Colour),
    Pale(Colour),
    Cross,
    Window,
    WindowEnd,
}

impl Sample {
    const fn wide(self) -> i32 {
        match self {
            Self::Tick(_) | Self::WindowEnd => 3,
            Self::Bar(_) | Self::Cross => 16,
            Self::Wait(_) | Self::Pale(_) | Self::Window => 26,
        }
    }

    fn draw(self, paper: &Paper, (x, y): At) {
        let (a, b) = ((x, y - 9), (x + self.wide(), y + 9));
        match self {
            Self::Tick(colour) | Self::Bar(colour) => paper.rect(a, b, colour),
            Self::Wait(colour) => {
                paper.pale((x, y - 5), (b.0, y + 5), colour);
                paper.rect(a, (x + 3, b.1), colour);
            }
            Self::Pale(colour) => paper.pale(a, b, colour),
            Self::Cross => cross(paper, (x + 8, y)),
            Self::Window => paper.rect(a, b, PALE[1]),
            Self::WindowEnd => dashes(paper, x + 1, y - 9, y + 9),
        }
    }
}

/// The mark of a death.
pub(super) fn cross(paper: &Paper, (x, y): At) {
    const HALF: i32 = 7;
    for rise in [-HALF, HALF] {
        paper.path(&[(x - HALF, y - rise), (x + HALF, y + rise)], 3, VERMILLION);
    }
}

fn dashes(paper: &Paper, x: i32, top: i32, bottom: i32) {
    paper.dashes(&[(x, top), (x, bottom)], GREY);
}

/// The lanes, to be filled.
pub struct Lanes<'p> {
    pub(super) paper: &'p Paper,
    from: u64,
    until: u64,
    top: i32,
    bottom: i32,
    high: i32,
}

impl Timeline<'_> {
    /// How long a window must be at least to be seen in a slice.
    #[must_use]
    pub fn shortest_window(from: u64, until: u64) -> u64 {
        (until - from) / (u64::from(WIDE.unsigned_abs()) / 8)
    }

    /// Draws it, as SVG. `fill` makes the marks in the lanes.
    ///
    /// # Errors
    ///
    /// If something could not be drawn.
    pub fn draw(&self, fill: impl FnOnce(&Lanes<'_>)) -> Result<String, String> {
        let rows = i32::try_from(self.rows).unwrap_or(i32::MAX).max(1);
        let high = (640 / rows).clamp(20, 50);
        let story: i32 = self.story.iter().map(|text| SMALL.height(text, TEXT)).sum();
        let legend = 26 + TITLE.height(self.title, WIDE) + story + 14;
        let last = self.legend_places(legend).last().map_or(legend, |(_, y)| *y);
        let top = last + 34;
        let bottom = top + ALL + high.saturating_mul(rows);
        let notes: i32 = self.notes.iter().map(|text| SMALL.height(text, TEXT)).sum();
        Paper::draw((PAPER, bottom + AXIS + notes), |paper| {
            let lanes = Lanes { paper, from: self.from, until: self.until, top, bottom, high };
            lanes.windows(&self.windows);
            let below = paper.paragraph(self.title, (LEFT, 26), WIDE, TITLE);
            paragraphs(paper, &self.story, below);
            for ((sample, name), at) in self.legend.iter().zip(self.legend_places(legend)) {
                sample.draw(paper, at);
                paper.text(name, (at.0 + sample.wide() + 7, at.1), WORDS);
            }
            lanes.axis();
            fill(&lanes);
            paragraphs(paper, &self.notes, bottom + AXIS);
        })
    }

    /// Where the entries of the legend begin, one beside the other, and below if they do not fit.
    fn legend_places(&self, top: i32) -> Vec<At> {
        let mut at = (LEFT, top);
        let place = |(sample, name): &(Sample, &str)| {
            let wide = sample.wide() + 7 + WORDS.width(name);
            if at.0 + wide > LEFT + WIDE {
                at = (LEFT, at.1 + LEGEND);
            }
            let here = at;
            at.0 += wide + 18;
            here
        };
        self.legend.iter().map(place).collect()
    }
}

fn paragraphs(paper: &Paper, texts: &[String], top: i32) {
    texts.iter().fold(top, |y, text| paper.paragraph(text, (LEFT, y), TEXT, SMALL.grey()));
}

impl Lanes<'_> {
    /// The lane of all runs.
    #[must_use]
    pub fn all(&self, name: &str) -> Lane<'_> {
        Lane::named(self, name, self.top, ALL)
    }

    /// The lane of one that calls.
    #[must_use]
    pub fn row(&self, place: usize, name: &str) -> Lane<'_> {
        let top = self.top + ALL + self.high * i32::try_from(place).unwrap_or(0);
        self.paper.line((LEFT, top), (LEFT + WIDE, top), GRID);
        Lane::named(self, name, top, self.high)
    }

    /// Where a moment is; at the nearer end if it is outside.
    #[must_use]
    pub fn x(&self, moment: u64) -> i32 {
        let at = moment.clamp(self.from, self.until) - self.from;
        let length = u128::from((self.until - self.from).max(1));
        let x = u128::from(at) * u128::from(WIDE.unsigned_abs()) / length;
        LEFT + i32::try_from(x).unwrap_or(WIDE)
    }

    /// Whether any part of what lasts from one moment to another is in the slice.
    #[must_use]
    pub fn shows(&self, from: u64, until: u64) -> bool {
        from <= self.until && until >= self.from
    }

    fn windows(&self, windows: &[Window]) {
        for (place, window) in windows.iter().enumerate() {
            if !self.shows(window.from, window.until) {
                continue;
            }
            let (left, right) = (self.x(window.from), self.x(window.until));
            self.paper.rect((left, self.top), (right, self.bottom), PALE[place % 2]);
            if window.ended && window.until <= self.until {
                dashes(self.paper, right, self.top - 6, self.bottom + 6);
            }
        }
    }

    fn axis(&self) {
        let paper = self.paper;
        let length = Duration::from_nanos(self.until - self.from).as_secs_f64() * 1e3;
        let scale = Scale::linear(length, 12);
        paper.line((LEFT, self.bottom), (LEFT + WIDE, self.bottom), GREY);
        for &tick in &scale.ticks {
            let x = scale.place(tick, (LEFT, LEFT + WIDE));
            paper.line((x, self.bottom), (x, self.bottom + 7), GREY);
            paper.text(&scale.name(tick), (x, self.bottom + 20), WORDS.centred());
        }
        paper.text("ms", (LEFT - 32, self.bottom + 20), WORDS.right());
    }
}

#[cfg(test)]
mod tests;
