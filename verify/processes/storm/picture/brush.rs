//! Marks on the canvas: colours, and the few forms that the picture is made of.

use crate::slice::Slice;
use ::processes::log::Nanos;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

// The palette of Okabe and Ito, which the colour-blind can tell apart.
pub(super) const GREEN: RGBColor = RGBColor(0, 158, 115);
pub(super) const ORANGE: RGBColor = RGBColor(230, 159, 0);
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
pub(super) const PURPLE: RGBColor = RGBColor(204, 121, 167);
pub(super) const VERMILLION: RGBColor = RGBColor(213, 94, 0);
pub(super) const INK: RGBColor = RGBColor(40, 40, 40);
pub(super) const GREY: RGBColor = RGBColor(110, 110, 110);
pub(super) const PALE: RGBColor = RGBColor(205, 205, 205);
pub(super) const WINDOW: [RGBColor; 2] = [RGBColor(243, 243, 243), RGBColor(229, 229, 229)];

pub(super) const LEFT: i32 = 110;
pub(super) const PLOT: i32 = 1200;
pub(super) const WIDTH: i32 = LEFT + PLOT + 40;

pub(super) type Failure<'a> = DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>;
pub(super) type Drawn<'a, T = ()> = Result<T, Failure<'a>>;

pub(super) struct Brush<'a> {
    pub(super) root: DrawingArea<SVGBackend<'a>, Shift>,
    pub(super) slice: Slice,
}

impl<'a> Brush<'a> {
    /// The position of a moment; the nearer end if it is outside.
    pub(super) fn x(&self, moment: Nanos) -> i32 {
        let Slice { from, until } = self.slice;
        let at = moment.clamp(from, until) - from;
        let x = u128::from(at) * u128::from(PLOT.unsigned_abs()) / u128::from((until - from).max(1));
        LEFT + i32::try_from(x).unwrap_or(PLOT)
    }

    /// Whether any part of the span between two moments is visible.
    pub(super) fn shows(&self, from: Nanos, until: Nanos) -> bool {
        from <= self.slice.until && until >= self.slice.from
    }

    pub(super) fn tick(&self, x: i32, middle: i32, tall: i32, colour: RGBColor) -> Drawn<'a> {
        self.rect((x - 1, middle - tall / 2), (x + 2, middle + tall / 2), colour)
    }

    /// The mark of a death.
    pub(super) fn cross(&self, x: i32, middle: i32) -> Drawn<'a> {
        const HALF: i32 = 7;
        let stroke = VERMILLION.stroke_width(3);
        let (left, right, top, bottom) = (x - HALF, x + HALF, middle - HALF, middle + HALF);
        self.root.draw(&PathElement::new([(left, top), (right, bottom)], stroke))?;
        self.root.draw(&PathElement::new([(left, bottom), (right, top)], stroke))
    }

    /// A pale bar.
    pub(super) fn span(&self, a: (i32, i32), b: (i32, i32), colour: RGBColor) -> Drawn<'a> {
        self.root.draw(&Rectangle::new([a, b], colour.mix(0.45).filled()))
    }

    pub(super) fn rect(&self, a: (i32, i32), b: (i32, i32), colour: RGBColor) -> Drawn<'a> {
        self.root.draw(&Rectangle::new([a, b], colour.filled()))
    }

    pub(super) fn line(&self, a: (i32, i32), b: (i32, i32), colour: RGBColor) -> Drawn<'a> {
        self.root.draw(&PathElement::new([a, b], colour))
    }

    pub(super) fn dashes(&self, x: i32, top: i32, bottom: i32) -> Drawn<'a> {
        (top..bottom).step_by(7).try_for_each(|y| self.line((x, y), (x, (y + 4).min(bottom)), GREY))
    }

    pub(super) fn text(
        &self,
        text: &str,
        at: (i32, i32),
        size: u32,
        anchor: HPos,
        colour: RGBColor,
    ) -> Drawn<'a> {
        let style = ("sans-serif", size).into_font().color(&colour).pos(Pos::new(anchor, VPos::Center));
        self.root.draw(&Text::new(text, at, style))
    }
}
