//! One quantity over the sizes.

use super::scale::Scale;
use super::{Area, Drawn, GREY, INK, WIDTH, text};
use crate::table::{number, short};
use benches::labels::spread;
use plotters::prelude::*;
use plotters::style::text_anchor::HPos;

pub const LEFT: i32 = 58;
/// The room for the names of the lines.
const RIGHT: i32 = 232;
/// The room between the edge of the panel and the first and last size.
const INSET: i32 = 14;
const NAME_HEIGHT: f64 = 15.0;
const GRID: RGBColor = RGBColor(228, 228, 228);

/// A median, and the range that holds half of the rounds.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub value: f64,
    pub from: f64,
    pub to: f64,
}

pub struct Line {
    pub name: &'static str,
    pub colour: RGBColor,
    pub width: u32,
    /// One point for each size.
    pub points: Vec<Option<Point>>,
}

pub struct Panel {
    pub caption: String,
    pub lines: Vec<Line>,
    pub height: i32,
    pub scale: Scale,
    pub sizes: Vec<f64>,
}

impl Panel {
    pub fn draw(&self, area: &Area<'_>, top: i32) -> Drawn {
        let right = WIDTH - RIGHT;
        for &tick in &self.scale.ticks {
            let y = self.y(top, tick);
            line(area, (LEFT, y), (right, y), GRID)?;
            text(area, &tick_name(tick), (LEFT - 7, y), 12, HPos::Right, GREY)?;
        }
        for place in 0..self.sizes.len() {
            let x = self.x(place);
            line(area, (x, top), (x, top + self.height), GRID)?;
        }
        line(area, (LEFT, top + self.height), (right, top + self.height), GREY)?;
        for line in &self.lines {
            self.curve(area, top, line)?;
        }
        self.names(area, top)
    }

    /// The sizes below the last panel, and what they are.
    pub fn sizes(&self, area: &Area<'_>, bottom: i32, along: &str) -> Drawn {
        for (place, &size) in self.sizes.iter().enumerate() {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it was a whole number"
            )]
            text(area, &short(size as u64), (self.x(place), bottom + 14), 12, HPos::Center, GREY)?;
        }
        text(
            area,
            &format!("{along} (logarithmic)"),
            ((LEFT + WIDTH - RIGHT) / 2, bottom + 32),
            13,
            HPos::Center,
            INK,
        )
    }

    fn curve(&self, area: &Area<'_>, top: i32, line: &Line) -> Drawn {
        let places = line.points.iter().enumerate();
        let known: Vec<(i32, Point)> =
            places.filter_map(|(place, point)| Some((self.x(place), (*point)?))).collect();
        for (x, point) in &known {
            let ends = [point.from, point.to].map(|value| (*x, self.y(top, value)));
            area.draw(&PathElement::new(ends, line.colour.mix(0.45).stroke_width(4)))?;
        }
        let points: Vec<(i32, i32)> = known.iter().map(|(x, point)| (*x, self.y(top, point.value))).collect();
        area.draw(&PathElement::new(points.clone(), line.colour.stroke_width(line.width.max(2))))?;
        let size = if line.width > 1 { 4 } else { 3 };
        for point in points {
            area.draw(&Circle::new(point, size, line.colour.filled()))?;
        }
        Ok(())
    }

    /// Each line's name beside its last point, with its value.
    fn names(&self, area: &Area<'_>, top: i32) -> Drawn {
        let last = |line: &Line| line.points.iter().rev().find_map(|point| *point);
        let ends: Vec<(&Line, Point)> =
            self.lines.iter().filter_map(|line| Some((line, last(line)?))).collect();
        let wanted: Vec<i32> = ends.iter().map(|(_, point)| self.y(top, point.value)).collect();
        let heights: Vec<f64> = wanted.iter().copied().map(f64::from).collect();
        let (highest, lowest) = (f64::from(top + 4), f64::from(top + self.height - 4));
        let at = spread(&heights, NAME_HEIGHT, highest, lowest).into_iter().map(rounded);
        let right = WIDTH - RIGHT;
        for (((named, point), wanted), y) in ends.iter().zip(wanted).zip(at) {
            line(area, (right - INSET + 7, wanted), (right + 3, y), named.colour)?;
            let name = format!("{}\u{a0}\u{a0}{}", named.name, number(point.value));
            text(area, &name, (right + 7, y), 12, HPos::Left, named.colour)?;
        }
        Ok(())
    }

    fn x(&self, place: usize) -> i32 {
        let (first, last) =
            (self.sizes.first().copied().unwrap_or(1.0), self.sizes.last().copied().unwrap_or(1.0));
        let share = if last > first { (self.sizes[place] / first).ln() / (last / first).ln() } else { 0.5 };
        LEFT + INSET + rounded(f64::from(WIDTH - RIGHT - LEFT - 2 * INSET) * share)
    }

    fn y(&self, top: i32, value: f64) -> i32 {
        top + self.height - rounded(f64::from(self.height) * self.scale.share(value))
    }
}

#[allow(clippy::cast_possible_truncation, reason = "at most the width of the picture")]
fn rounded(pixels: f64) -> i32 {
    pixels.round() as i32
}

/// As few digits as it has.
fn tick_name(tick: f64) -> String {
    let whole = tick.round();
    if (tick - whole).abs() < 1e-9 && tick >= 1.0 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number")]
        return short(whole as u64);
    }
    format!("{tick}")
}

fn line(area: &Area<'_>, from: (i32, i32), to: (i32, i32), colour: RGBColor) -> Drawn {
    area.draw(&PathElement::new([from, to], colour))?;
    Ok(())
}
