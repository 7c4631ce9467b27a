//! The sheet that everything is drawn on, and the few forms that pictures are made of.

use super::palette::{Colour, GREY, INK, PAPER};
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::cell::RefCell;
use std::error::Error;

/// A place on the paper, from its left upper corner.
pub type At = (i32, i32);

/// How wide a letter is, as a share of its size, in wide fonts; those of most systems are narrower.
const LETTER: f64 = 0.49;

/// A white sheet, and what is drawn on it: one mark above the other.
#[derive(Default)]
pub struct Paper {
    marks: RefCell<Vec<Mark>>,
}

enum Mark {
    Words(String, At, Letters),
    Path(Vec<At>, u32, Colour),
    Dashes(Vec<At>, Colour),
    Dot(At, u32, Colour),
    Rect([At; 2], Colour),
    Pale([At; 2], Colour),
}

/// How words are written.
#[derive(Clone, Copy)]
pub struct Letters {
    size: u32,
    colour: Colour,
    side: HPos,
    bold: bool,
}

impl Letters {
    /// In ink, to the right of where they begin. The size is that of a line of text.
    #[must_use]
    pub const fn of(size: u32) -> Self {
        Self { size, colour: INK, side: HPos::Left, bold: false }
    }

    #[must_use]
    pub const fn grey(self) -> Self {
        self.coloured(GREY)
    }

    #[must_use]
    pub const fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }

    #[must_use]
    pub const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    #[must_use]
    pub const fn centred(self) -> Self {
        Self { side: HPos::Center, ..self }
    }

    /// They end where they are written.
    #[must_use]
    pub const fn right(self) -> Self {
        Self { side: HPos::Right, ..self }
    }

    /// How wide these words are at most.
    #[must_use]
    pub fn width(self, words: &str) -> i32 {
        let letters = u32::try_from(words.chars().count()).unwrap_or(u32::MAX);
        pixel(f64::from(letters) * self.letter())
    }

    fn letter(self) -> f64 {
        f64::from(self.size) * if self.bold { 1.1 * LETTER } else { LETTER }
    }

    fn style(self) -> TextStyle<'static> {
        let style = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let font = ("sans-serif", self.size, style).into_font().color(&self.colour);
        font.pos(Pos::new(self.side, VPos::Center))
    }

    /// The distance from one line to the next.
    fn line(self) -> i32 {
        pixel(f64::from(self.size) * 1.24)
    }

    /// The lines of a paragraph that may be so wide.
    fn lines(self, text: &str, wide: i32) -> Vec<String> {
        let letters = usize::try_from(pixel(f64::from(wide) / self.letter())).unwrap_or(1).max(1);
        textwrap::wrap(text, letters).into_iter().map(std::borrow::Cow::into_owned).collect()
    }

    /// How high a paragraph is.
    #[must_use]
    pub fn height(self, text: &str, wide: i32) -> i32 {
        self.line() * i32::try_from(self.lines(text, wide).len()).unwrap_or(1)
    }
}

impl Paper {
    /// A picture, as SVG.
    ///
    /// # Errors
    ///
    /// If something could not be drawn.
    pub fn draw(size: (i32, i32), draw: impl FnOnce(&Self)) -> Result<String, String> {
        let (paper, mut svg) = (Self::default(), String::new());
        draw(&paper);
        paper.print(size, &mut svg).map_err(|why| format!("cannot draw: {why}"))?;
        Ok(svg)
    }

    fn print(self, (wide, high): (i32, i32), svg: &mut String) -> Result<(), Box<dyn Error>> {
        let size = (wide.unsigned_abs(), high.unsigned_abs());
        let area = SVGBackend::with_string(svg, size).into_drawing_area();
        area.fill(&PAPER)?;
        for mark in self.marks.into_inner() {
            match mark {
                Mark::Words(words, at, letters) => area.draw(&Text::new(words, at, letters.style()))?,
                Mark::Path(path, wide, colour) => {
                    area.draw(&PathElement::new(path, colour.stroke_width(wide)))?;
                }
                Mark::Dashes(path, colour) => {
                    area.draw(&DashedPathElement::new(path, 6, 5, colour.stroke_width(1)))?;
                }
                Mark::Dot(at, radius, colour) => area.draw(&Circle::new(at, radius, colour.filled()))?,
                Mark::Rect(corners, colour) => area.draw(&Rectangle::new(corners, colour.filled()))?,
                Mark::Pale(corners, colour) => {
                    area.draw(&Rectangle::new(corners, colour.mix(0.5).filled()))?;
                }
            }
        }
        Ok(area.present()?)
    }

    fn add(&self, mark: Mark) {
        self.marks.borrow_mut().push(mark);
    }

    /// Words in one line. Their middle is at the height of `at`.
    pub fn text(&self, words: &str, at: At, letters: Letters) {
        self.add(Mark::Words(words.to_owned(), at, letters));
    }

    /// A paragraph that is at most so wide. Returns the height of the line after it.
    pub fn paragraph(&self, text: &str, (x, y): At, wide: i32, letters: Letters) -> i32 {
        letters.lines(text, wide).into_iter().fold(y, |y, line| {
            self.text(&line, (x, y), letters);
            y + letters.line()
        })
    }

    /// A thin line.
    pub fn line(&self, from: At, to: At, colour: Colour) {
        self.path(&[from, to], 1, colour);
    }

    /// A line through these places.
    pub fn path(&self, path: &[At], wide: u32, colour: Colour) {
        self.add(Mark::Path(path.to_vec(), wide, colour));
    }

    /// The same, thin and in dashes.
    pub fn dashes(&self, path: &[At], colour: Colour) {
        self.add(Mark::Dashes(path.to_vec(), colour));
    }

    pub fn dot(&self, at: At, radius: u32, colour: Colour) {
        self.add(Mark::Dot(at, radius, colour));
    }

    pub fn rect(&self, a: At, b: At, colour: Colour) {
        self.add(Mark::Rect([a, b], colour));
    }

    /// A rectangle that other things show through.
    pub fn pale(&self, a: At, b: At, colour: Colour) {
        self.add(Mark::Pale([a, b], colour));
    }
}

#[allow(clippy::cast_possible_truncation, reason = "within a picture")]
pub(super) fn pixel(place: f64) -> i32 {
    place.round() as i32
}

#[cfg(test)]
mod tests {
    use super::{Letters, Paper};

    #[test]
    fn a_paragraph_is_as_high_as_it_is_said_to_be() {
        let (text, letters) = ("words and more words, again and again ".repeat(9), Letters::of(14));
        let mut end = 0;
        let svg =
            Paper::draw((300, 900), |paper| end = paper.paragraph(&text, (0, 10), 300, letters)).unwrap();
        assert_eq!(end, 10 + letters.height(&text, 300));
        let lines: Vec<&str> =
            svg.lines().filter(|line| line.starts_with(|first: char| first.is_alphabetic())).collect();
        assert!(lines.len() > 3 && lines.iter().all(|line| letters.width(line) <= 300 + 14), "{lines:?}");
        assert_eq!(lines.join(" "), text.trim_end(), "nothing is lost");
    }
}
