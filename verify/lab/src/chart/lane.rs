//! One lane, and the marks in it.

use super::lanes::{LEFT, Lanes, cross};
use super::palette::{Colour, INK};
use super::paper::Letters;

/// Between two lines.
pub struct Lane<'l> {
    lanes: &'l Lanes<'l>,
    middle: i32,
    high: i32,
}

impl<'l> Lane<'l> {
    pub(super) fn named(lanes: &'l Lanes<'l>, name: &str, top: i32, high: i32) -> Self {
        let middle = top + high / 2;
        lanes.paper.text(name, (LEFT - 12, middle), Letters::of(17).right());
        Self { lanes, middle, high }
    }

    /// The height of what fills the lane.
    #[must_use]
    pub fn whole(&self) -> i32 {
        self.high - 2
    }

    /// The height of what happens at a moment.
    #[must_use]
    pub fn tall(&self) -> i32 {
        self.high * 7 / 10
    }

    /// The height of what lasts.
    #[must_use]
    pub fn thin(&self) -> i32 {
        self.high * 3 / 10
    }

    /// Something that happened at a moment of the slice.
    pub fn tick(&self, moment: u64, tall: i32, colour: Colour) {
        if self.lanes.shows(moment, moment) {
            let x = self.lanes.x(moment);
            self.rect((x - 1, x + 2), tall, colour);
        }
    }

    /// The same many times, in ascending order. Those that touch form a band.
    pub fn ticks(&self, moments: impl IntoIterator<Item = u64>, tall: i32, colour: Colour) {
        let mut bands: Vec<(i32, i32)> = Vec::new();
        for moment in moments.into_iter().filter(|moment| self.lanes.shows(*moment, *moment)) {
            let x = self.lanes.x(moment);
            match bands.last_mut() {
                Some((_, right)) if x <= *right + 1 => *right = (*right).max(x + 1),
                _ => bands.push((x, x + 1)),
            }
        }
        for (left, right) in bands {
            self.rect((left, right + 1), tall, colour);
        }
    }

    /// Something that lasted, and can be seen however short it was.
    pub fn bar(&self, from: u64, until: u64, tall: i32, colour: Colour) {
        if self.lanes.shows(from, until) {
            let left = self.lanes.x(from);
            self.rect((left, (self.lanes.x(until) - 1).max(left + 2)), tall, colour);
        }
    }

    /// The same many times, in ascending order. Those too close to be told apart become one.
    pub fn bars(&self, spans: impl IntoIterator<Item = (u64, u64)>, tall: i32, colour: Colour) {
        let mut bars: Vec<(i32, i32)> = Vec::new();
        for (from, until) in spans.into_iter().filter(|(from, until)| self.lanes.shows(*from, *until)) {
            let left = self.lanes.x(from);
            let right = (self.lanes.x(until) - 1).max(left + 2);
            match bars.last_mut() {
                Some(last) if left <= last.1 && right - left < 4 => last.1 = last.1.max(right),
                _ => bars.push((left, right)),
            }
        }
        for bar in bars {
            self.rect(bar, tall, colour);
        }
    }

    /// Something that lasted while other things went on, if it can be seen.
    pub fn pale(&self, from: u64, until: u64, tall: i32, colour: Colour) {
        let (left, right) = (self.lanes.x(from), self.lanes.x(until));
        if self.lanes.shows(from, until) && right - left >= 3 {
            let (top, bottom) = self.edges(tall);
            self.lanes.paper.pale((left, top), (right, bottom), colour);
        }
    }

    /// A thin line in the middle.
    pub fn line(&self, from: u64, until: u64, colour: Colour) {
        if self.lanes.shows(from, until) {
            let (left, right) = (self.lanes.x(from), self.lanes.x(until));
            self.lanes.paper.line((left, self.middle), (right, self.middle), colour);
        }
    }

    /// A death.
    pub fn cross(&self, moment: u64) {
        if self.lanes.shows(moment, moment) {
            cross(self.lanes.paper, (self.lanes.x(moment), self.middle));
        }
    }

    /// A word beside what lasted, on the side with more room.
    pub fn word(&self, word: &str, from: u64, until: u64) {
        let (left, right) = (self.lanes.x(from), self.lanes.x(until).max(self.lanes.x(from) + 2));
        let letters = Letters::of(17).coloured(INK);
        let fits = right + 6 + letters.width(word) <= LEFT + super::lanes::WIDE;
        let (x, letters) = if fits { (right + 6, letters) } else { (left - 6, letters.right()) };
        self.lanes.paper.text(word, (x, self.middle), letters);
    }

    fn rect(&self, (left, right): (i32, i32), tall: i32, colour: Colour) {
        let (top, bottom) = self.edges(tall);
        self.lanes.paper.rect((left, top), (right, bottom), colour);
    }

    fn edges(&self, tall: i32) -> (i32, i32) {
        (self.middle - tall / 2, self.middle + tall / 2)
    }
}
