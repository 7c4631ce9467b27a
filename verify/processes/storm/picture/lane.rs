//! The lane of one process, or of all runs.

use super::brush::{BLUE, Brush, Drawn, GREEN, GREY, INK, LEFT, ORANGE, PALE, PLOT, PURPLE, VERMILLION};
use crate::story::{Fate, Life, RunStory, SeatStory};
use plotters::prelude::RGBColor;
use plotters::style::text_anchor::HPos;

/// Between two lines.
#[derive(Clone, Copy)]
pub(super) struct Lane {
    pub(super) top: i32,
    pub(super) height: i32,
}

pub(super) const fn colour(fate: Fate) -> RGBColor {
    match fate {
        Fate::Finished => INK,
        Fate::Superseded => PURPLE,
        Fate::CutShort => VERMILLION,
    }
}

impl Lane {
    fn middle(self) -> i32 {
        self.top + self.height / 2
    }

    pub(super) fn name<'a>(self, brush: &Brush<'a>, name: &str) -> Drawn<'a> {
        brush.text(name, (LEFT - 12, self.middle()), 17, HPos::Right, INK)
    }

    /// The lane of a seat.
    pub(super) fn draw<'a>(self, brush: &Brush<'a>, seat: &SeatStory, runs: &[&RunStory]) -> Drawn<'a> {
        brush.line((LEFT, self.top), (LEFT + PLOT, self.top), PALE)?;
        for &(from, until) in seat.stops.iter().filter(|(from, until)| brush.shows(*from, *until)) {
            let (top, bottom) = (self.top + 2, self.top + self.height - 2);
            brush.span((brush.x(from), top), (brush.x(until), bottom), GREY)?;
        }
        for life in seat.lives.iter().filter(|life| brush.shows(life.from, life.until)) {
            self.deferrals(brush, life)?;
            self.calls(brush, life)?;
        }
        self.runs(brush, runs, self.height * 7 / 10)?;
        self.gaps(brush, seat)
    }

    /// When the seat was empty, why, and until when.
    fn gaps<'a>(self, brush: &Brush<'a>, seat: &SeatStory) -> Drawn<'a> {
        for life in &seat.lives {
            if life.who.incarnation > 0 && brush.shows(life.from, life.from) {
                brush.tick(brush.x(life.from), self.middle(), self.height - 2, GREEN)?;
            }
            let Some(killed) = life.killed else { continue };
            let next = seat.lives.iter().find(|next| next.who.incarnation == life.who.incarnation + 1);
            let until = next.map_or(brush.slice.until, |next| next.from);
            if brush.shows(killed, until) {
                let middle = self.middle();
                brush.line((brush.x(killed), middle), (brush.x(until), middle), VERMILLION)?;
            }
            if brush.shows(killed, killed) {
                brush.cross(brush.x(killed), self.middle())?;
            }
        }
        Ok(())
    }

    fn deferrals<'a>(self, brush: &Brush<'a>, life: &Life) -> Drawn<'a> {
        let half = self.height / 7;
        for deferral in life.deferrals.iter().filter(|deferral| brush.shows(deferral.at, deferral.until)) {
            let (left, right) = (brush.x(deferral.at), brush.x(deferral.until));
            brush.span((left, self.middle() - half), (right, self.middle() + half), ORANGE)?;
            if brush.shows(deferral.at, deferral.at) {
                brush.tick(left, self.middle(), self.height * 7 / 10, ORANGE)?;
            }
        }
        Ok(())
    }

    /// Calls that touch form a band.
    fn calls<'a>(self, brush: &Brush<'a>, life: &Life) -> Drawn<'a> {
        let mut band: Option<(i32, i32)> = None;
        for call in life.calls.iter().filter(|call| brush.shows(call.at, call.at)) {
            let x = brush.x(call.at);
            band = match band {
                Some((left, right)) if x <= right + 1 => Some((left, right.max(x + 1))),
                _ => {
                    self.band(brush, band)?;
                    Some((x, x + 1))
                }
            };
        }
        self.band(brush, band)
    }

    fn band<'a>(self, brush: &Brush<'a>, band: Option<(i32, i32)>) -> Drawn<'a> {
        let Some((left, right)) = band else { return Ok(()) };
        let quarter = self.height / 4;
        brush.rect((left, self.middle() - quarter), (right + 1, self.middle() + quarter), BLUE)
    }

    pub(super) fn runs<'a>(self, brush: &Brush<'a>, runs: &[&RunStory], tall: i32) -> Drawn<'a> {
        let half = tall / 2;
        for run in runs.iter().filter(|run| brush.shows(run.started, run.until)) {
            let left = brush.x(run.started);
            let right = (brush.x(run.until) - 1).max(left + 2);
            let corners = ((left, self.middle() - half), (right, self.middle() + half));
            match run.fate {
                Fate::Finished | Fate::CutShort => brush.rect(corners.0, corners.1, colour(run.fate))?,
                // What it covers goes on meanwhile.
                Fate::Superseded => {
                    brush.span(corners.0, corners.1, PURPLE)?;
                    for end in [left, right] {
                        brush.tick(end, self.middle(), tall, PURPLE)?;
                    }
                }
            }
        }
        Ok(())
    }
}
