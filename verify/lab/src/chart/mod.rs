//! Pictures as SVG, drawn with one hand: figures as [`Panel`]s of lines, time as [`Lanes`].

mod labels;
mod lane;
mod lanes;
#[cfg(feature = "legible")]
pub mod legible;
mod palette;
mod panel;
mod paper;
mod scale;

pub use self::lane::Lane;
pub use self::lanes::{Lanes, Sample, Timeline, Window};
pub use self::palette::{
    BLUE, Colour, GREEN, GREY, GRID, INK, ORANGE, PALE, PALETTE, PURPLE, SKY, VERMILLION, dark,
};
pub use self::panel::{Line, Panel, Pen, Plot, Point};
pub use self::paper::{Letters, Paper};
pub use self::scale::Scale;
