//! One panel: values by threads, with the name of each line at its end.

use super::scale::Scale;
use super::{CELL, Canvas, Drawn, GREY, INK, write};
use crate::contestants::Role;
use benches::labels::spread;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

/// The place of the plot, from the corner of its cell.
const LEFT: i32 = 46;
const TOP: i32 = 48;
/// The room for the names beside the plot.
const NAMES: i32 = 188;
const WIDE: i32 = CELL.0 - LEFT - NAMES;
const HIGH: i32 = CELL.1 - TOP - 52;
/// How far below the plot names may go: there is room beside the label of the axis.
const BELOW: i32 = 36;
/// The distance from one name to the next.
const GAP: f64 = 13.0;
const SIZE: u32 = 14;

pub struct Line {
    pub name: &'static str,
    pub role: Role,
    pub colour: RGBColor,
    /// Threads and values.
    pub points: Vec<(f64, f64)>,
}

pub struct Panel {
    pub title: String,
    pub story: &'static str,
    pub across: Scale,
    pub up: Scale,
    pub lines: Vec<Line>,
    pub cores: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Pen {
    Strong,
    Thin,
    Dashed,
}

impl Pen {
    pub fn stroke<'a>(self, canvas: &Canvas<'a>, path: &[(i32, i32)], colour: impl Color) -> Drawn<'a> {
        match self {
            Self::Strong => canvas.draw(&PathElement::new(path.to_vec(), colour.stroke_width(3))),
            Self::Thin => canvas.draw(&PathElement::new(path.to_vec(), colour.stroke_width(1))),
            Self::Dashed => {
                let style = colour.stroke_width(1);
                canvas.draw(&DashedPathElement::new(path.to_vec(), 6, 5, style))
            }
        }
    }
}

impl Panel {
    /// Draws the panel. `corner` is the corner of its cell.
    pub fn draw<'a>(&self, canvas: &Canvas<'a>, corner: (i32, i32)) -> Drawn<'a> {
        let (left, top) = (corner.0 + LEFT, corner.1 + TOP);
        let title = (corner.0 + 16, corner.1 + 10);
        write(canvas, &self.title, title, 18, HPos::Left, INK, true)?;
        write(canvas, self.story, (title.0, title.1 + 19), SIZE, HPos::Left, GREY, false)?;
        self.grid(canvas, (left, top))?;
        // Ours come last, above the others.
        for ours in [false, true] {
            let lines = self.lines.iter().filter(|line| (line.role == Role::Ours) == ours);
            for line in lines {
                self.line(canvas, (left, top), line)?;
            }
        }
        self.names(canvas, (left, top))
    }

    fn grid<'a>(&self, canvas: &Canvas<'a>, (left, top): (i32, i32)) -> Drawn<'a> {
        for (value, label) in &self.up.ticks {
            let y = top + self.y(*value);
            let shade = if label.is_empty() { RGBColor(243, 243, 243) } else { RGBColor(222, 222, 222) };
            Pen::Thin.stroke(canvas, &[(left, y), (left + WIDE, y)], shade)?;
            write(canvas, label, (left - 7, y), SIZE, HPos::Right, INK, false)?;
        }
        let bottom = top + HIGH;
        Pen::Thin.stroke(canvas, &[(left, bottom), (left + WIDE, bottom)], GREY)?;
        let mut free = i32::MIN;
        for (value, label) in &self.across.ticks {
            let x = left + self.x(*value);
            Pen::Thin.stroke(canvas, &[(x, bottom), (x, bottom + 5)], GREY)?;
            // The number of cores may be close to a power of two.
            let half = 4 * i32::try_from(label.len()).unwrap_or(0) + 2;
            if x - half >= free {
                write(canvas, label, (x, bottom + 15), SIZE, HPos::Center, INK, false)?;
                free = x + half;
            }
        }
        write(canvas, "threads", (left + WIDE / 2, bottom + 32), SIZE, HPos::Center, GREY, false)?;
        #[allow(clippy::cast_precision_loss, reason = "so many cores are not built")]
        let x = left + self.x(self.cores as f64);
        if (left..=left + WIDE).contains(&x) {
            Pen::Dashed.stroke(canvas, &[(x, top), (x, bottom)], INK)?;
        }
        Ok(())
    }

    fn line<'a>(&self, canvas: &Canvas<'a>, (left, top): (i32, i32), line: &Line) -> Drawn<'a> {
        let place = |&(threads, value): &(f64, f64)| (left + self.x(threads), top + self.y(value));
        let path: Vec<(i32, i32)> = line.points.iter().map(place).collect();
        let (pen, dot) = match line.role {
            Role::Limit => (Pen::Dashed, 0),
            Role::Ours => (Pen::Strong, 4),
            Role::Peer => (Pen::Thin, 2),
        };
        pen.stroke(canvas, &path, line.colour)?;
        path.into_iter()
            .filter(|_| dot > 0)
            .try_for_each(|place| canvas.draw(&Circle::new(place, dot, line.colour.filled())))
    }

    fn names<'a>(&self, canvas: &Canvas<'a>, (left, top): (i32, i32)) -> Drawn<'a> {
        for (line, (end, place)) in self.lines.iter().zip(self.ends()) {
            let (x, y) = (left + WIDE + 22, top + place);
            let lead = [(left + end.0 + 5, top + end.1), (left + WIDE + 8, top + end.1), (x - 4, y)];
            Pen::Thin.stroke(canvas, &lead, line.colour.mix(0.45))?;
            write(canvas, line.name, (x, y), SIZE, HPos::Left, line.colour, line.role == Role::Ours)?;
        }
        Ok(())
    }

    /// Where each line ends, and how far down its name goes.
    fn ends(&self) -> Vec<((i32, i32), i32)> {
        let last = |line: &Line| line.points.last().copied().unwrap_or_default();
        let ends = self.lines.iter().map(last).map(|(threads, value)| (self.x(threads), self.y(value)));
        let ends: Vec<(i32, i32)> = ends.collect();
        let wanted: Vec<f64> = ends.iter().map(|(_, y)| f64::from(*y)).collect();
        let places = spread(&wanted, GAP, 0.0, f64::from(HIGH + BELOW));
        ends.into_iter().zip(places.into_iter().map(pixel)).collect()
    }

    fn x(&self, threads: f64) -> i32 {
        pixel(self.across.at(threads) * f64::from(WIDE))
    }

    fn y(&self, value: f64) -> i32 {
        pixel((1.0 - self.up.at(value)) * f64::from(HIGH))
    }
}

#[allow(clippy::cast_possible_truncation, reason = "within the picture")]
fn pixel(place: f64) -> i32 {
    place.round() as i32
}
