//! A panel: lines over an axis, with the name of each line at its end.

use super::labels::spread;
use super::palette::{Colour, GREY, GRID, INK, PALETTE, dark};
use super::paper::{At, Letters, Paper, pixel};
use super::scale::Scale;

/// The letters of names and of ticks.
const LETTERS: Letters = Letters::of(14);
/// The distance from one name to the next.
const GAP: f64 = 14.0;

/// The rectangle that the lines are in.
#[derive(Clone, Copy, Debug)]
pub struct Plot {
    pub left: i32,
    pub top: i32,
    pub wide: i32,
    pub high: i32,
}

impl Plot {
    fn right(self) -> i32 {
        self.left + self.wide
    }

    fn bottom(self) -> i32 {
        self.top + self.high
    }
}

/// What plays which part: the same in every picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pen {
    /// For this library.
    Strong,
    /// For what one would take instead.
    Thin,
    /// For what calls are made of.
    Dashed,
}

impl Pen {
    /// The colour of a line before which there are so many of its kind. What calls are made of is grey; the
    /// others begin at either end of the palette.
    #[must_use]
    pub fn colour(self, before: usize) -> Colour {
        let place = before % PALETTE.len();
        match self {
            Self::Strong => PALETTE[place],
            Self::Thin => PALETTE[PALETTE.len() - 1 - place],
            Self::Dashed => GREY,
        }
    }

    pub fn stroke(self, paper: &Paper, path: &[At], colour: Colour) {
        match self {
            Self::Strong => paper.path(path, 3, self.ink(colour)),
            Self::Thin => paper.path(path, 1, self.ink(colour)),
            Self::Dashed => paper.dashes(path, self.ink(colour)),
        }
    }

    /// A thin line must be dark to be seen.
    fn ink(self, colour: Colour) -> Colour {
        if self == Self::Strong { colour } else { dark(colour) }
    }

    const fn dot(self) -> u32 {
        match self {
            Self::Strong => 4,
            Self::Thin => 2,
            Self::Dashed => 0,
        }
    }
}

/// A value, and the range that holds half of what was measured.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub across: f64,
    pub value: f64,
    pub range: Option<(f64, f64)>,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub name: String,
    pub colour: Colour,
    pub pen: Pen,
    /// Whether each point was measured by itself, and so is marked.
    pub dots: bool,
    pub points: Vec<Point>,
}

#[derive(Clone, Debug)]
pub struct Panel {
    pub plot: Plot,
    pub across: Scale,
    pub up: Scale,
    pub lines: Vec<Line>,
    /// What the axis below counts. Without it there is none: another panel follows.
    pub along: Option<String>,
    /// A value of that axis with a meaning of its own.
    pub mark: Option<f64>,
    /// How far names may go below the plot.
    pub below: i32,
}

impl Panel {
    pub fn draw(&self, paper: &Paper) {
        self.grid(paper);
        if let Some(along) = &self.along {
            self.axis(paper, along);
        }
        // Ours come last, above the others.
        for ours in [false, true] {
            for line in self.lines.iter().filter(|line| (line.pen == Pen::Strong) == ours) {
                self.line(paper, line);
            }
        }
        self.names(paper);
    }

    fn grid(&self, paper: &Paper) {
        let plot = self.plot;
        for &tick in &self.up.ticks {
            let y = self.y(tick);
            paper.line((plot.left, y), (plot.right(), y), GRID);
            paper.text(&self.up.name(tick), (plot.left - 7, y), LETTERS.right());
        }
        for &tick in &self.across.ticks {
            let x = self.x(tick);
            paper.line((x, plot.top), (x, plot.bottom()), GRID);
        }
        paper.line((plot.left, plot.bottom()), (plot.right(), plot.bottom()), GREY);
        if let Some(mark) = self.mark.filter(|mark| self.across.holds(*mark)) {
            let x = self.x(mark);
            Pen::Dashed.stroke(paper, &[(x, plot.top), (x, plot.bottom())], INK);
        }
    }

    fn axis(&self, paper: &Paper, along: &str) {
        let bottom = self.plot.bottom();
        let mut free = i32::MIN;
        for &tick in &self.across.ticks {
            let (x, name) = (self.x(tick), self.across.name(tick));
            paper.line((x, bottom), (x, bottom + 5), GREY);
            // What was measured may be close to its neighbour.
            let half = LETTERS.width(&name) / 2 + 3;
            if x - half >= free {
                paper.text(&name, (x, bottom + 15), LETTERS.centred());
                free = x + half;
            }
        }
        paper.text(along, (self.plot.left + self.plot.wide / 2, bottom + 32), LETTERS.grey().centred());
    }

    fn line(&self, paper: &Paper, line: &Line) {
        let place = |point: &Point| (self.x(point.across), self.y(point.value));
        for point in &line.points {
            if let Some((from, to)) = point.range {
                let x = self.x(point.across);
                paper.pale((x - 2, self.y(to)), (x + 2, self.y(from)), line.colour);
            }
        }
        let path: Vec<At> = line.points.iter().map(place).collect();
        line.pen.stroke(paper, &path, line.colour);
        let dot = if line.dots { line.pen.dot() } else { 0 };
        path.into_iter()
            .filter(|_| dot > 0)
            .for_each(|place| paper.dot(place, dot, line.pen.ink(line.colour)));
    }

    /// Each name as near to the end of its line as the others permit.
    fn names(&self, paper: &Paper) {
        let end = |line: &Line| line.points.last().map(|point| (self.x(point.across), self.y(point.value)));
        let ends: Vec<(&Line, At)> = self.lines.iter().filter_map(|line| Some((line, end(line)?))).collect();
        let wanted: Vec<f64> = ends.iter().map(|(_, (_, y))| f64::from(*y)).collect();
        let (top, lowest) = (f64::from(self.plot.top), f64::from(self.plot.bottom() + self.below));
        for ((line, (x, y)), place) in ends.into_iter().zip(spread(&wanted, GAP, top, lowest)) {
            let (left, middle) = (self.plot.right() + 22, pixel(place));
            let lead = [(x + 5, y), (self.plot.right() + 8, y), (left - 4, middle)];
            paper.path(&lead, 1, line.colour);
            let letters = LETTERS.coloured(dark(line.colour));
            paper.text(
                &line.name,
                (left, middle),
                if line.pen == Pen::Strong { letters.bold() } else { letters },
            );
        }
    }

    fn x(&self, value: f64) -> i32 {
        self.across.place(value, (self.plot.left, self.plot.right()))
    }

    fn y(&self, value: f64) -> i32 {
        self.up.place(value, (self.plot.bottom(), self.plot.top))
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Panel, Pen, Plot, Point};
    use crate::chart::legible::{faults, words};
    use crate::chart::{Paper, Scale};

    /// So many lines that all end in one point, over one to eight.
    fn drawn(lines: usize, mark: f64) -> String {
        let point = |across| Point { across, value: 20.0, range: (across > 4.0).then_some((10.0, 30.0)) };
        let pens = [Pen::Strong, Pen::Thin, Pen::Dashed].into_iter().cycle();
        let line = |(place, pen): (usize, Pen)| {
            let points = [1.0, 2.0, 4.0, 8.0].map(point).into();
            Line { name: format!("line {place}"), colour: pen.colour(place), pen, dots: true, points }
        };
        let panel = Panel {
            plot: Plot { left: 60, top: 20, wide: 300, high: 200 },
            across: Scale::of(&[1.0, 2.0, 4.0, 8.0]),
            up: Scale::logarithmic([10.0, 30.0]),
            lines: (0..lines).zip(pens).map(line).collect(),
            along: Some("threads".to_owned()),
            mark: Some(mark),
            below: 0,
        };
        Paper::draw((500, 280), |paper| panel.draw(paper)).unwrap()
    }

    #[test]
    fn names_do_not_lie_over_each_other() {
        for lines in [0, 1, 2, 9, 14] {
            let svg = drawn(lines, 2.0);
            assert_eq!(faults(&svg), [""; 0], "{lines}");
            let named = |text: &str| words(&svg).iter().filter(|words| words.text == text).count();
            assert!((0..lines).all(|line| named(&format!("line {line}")) == 1), "{lines}");
            assert_eq!((named("threads"), named("8")), (1, 1));
        }
    }

    #[test]
    fn what_was_measured_is_marked() {
        let count = |lines, what: &str| drawn(lines, 2.0).matches(what).count();
        // Four points of a line: three lines, of which the dashed one has no dots.
        assert_eq!(count(3, "<circle"), 2 * 4);
        // The range of the last point of each line is pale.
        assert_eq!(count(3, "opacity=\"0.5\""), 3);
    }

    #[test]
    fn a_mark_beyond_the_axis_is_not_drawn() {
        assert!(drawn(1, 2.0).len() > drawn(1, 64.0).len());
    }
}
