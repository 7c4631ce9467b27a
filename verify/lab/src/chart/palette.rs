//! The colours of every picture: those of Okabe and Ito, which the colour-blind can tell apart.

use plotters::style::{RGBColor, WHITE};

pub type Colour = RGBColor;

pub const BLUE: Colour = RGBColor(0, 114, 178);
pub const VERMILLION: Colour = RGBColor(213, 94, 0);
pub const GREEN: Colour = RGBColor(0, 158, 115);
pub const PURPLE: Colour = RGBColor(204, 121, 167);
pub const ORANGE: Colour = RGBColor(230, 159, 0);
pub const SKY: Colour = RGBColor(86, 180, 233);

/// The colours of lines, by turns. The yellow of the palette is left out: it does not show on white.
pub const PALETTE: [Colour; 6] = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY];

pub const PAPER: Colour = WHITE;
pub const INK: Colour = RGBColor(40, 40, 40);
/// Words that are read second.
pub const GREY: Colour = RGBColor(110, 110, 110);
/// Lines that only guide the eye.
pub const GRID: Colour = RGBColor(212, 212, 212);
/// The shades of two neighbours.
pub const PALE: [Colour; 2] = [RGBColor(243, 243, 243), RGBColor(229, 229, 229)];

/// The same colour for letters and thin lines, which are hard to see if they are bright.
#[must_use]
pub fn dark(RGBColor(red, green, blue): Colour) -> Colour {
    let RGBColor(ink, ..) = INK;
    let mixed = |part: u8| u8::try_from((u16::from(part) * 3 + u16::from(ink) * 2) / 5).unwrap_or(part);
    RGBColor(mixed(red), mixed(green), mixed(blue))
}

#[cfg(test)]
mod tests {
    use super::{Colour, GREY, INK, PALETTE, PAPER, dark};

    /// The contrast of WCAG between a colour and the paper, from 1 to 21.
    fn contrast(colour: Colour) -> f64 {
        let light = |Colour { 0: red, 1: green, 2: blue }: Colour| {
            let linear = |part: u8| {
                let part = f64::from(part) / 255.0;
                if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
        };
        (light(PAPER) + 0.05) / (light(colour) + 0.05)
    }

    #[test]
    fn letters_can_be_read() {
        for colour in PALETTE.map(dark).into_iter().chain([INK, GREY]) {
            assert!(contrast(colour) >= 4.5, "{colour:?}: {}", contrast(colour));
        }
        assert!(contrast(PALETTE[4]) < 4.5, "bright letters would be seen");
    }
}
