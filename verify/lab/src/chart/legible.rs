//! Reads a picture back: whether it is well-formed, and whether its words can be read. For tests.

use super::palette::Colour;
use plotters::style::RGBColor;
use roxmltree::{Document, Node};

/// Some words, and the largest box that they may fill.
#[derive(Clone, Debug)]
pub struct Words {
    pub text: String,
    left: f64,
    right: f64,
    middle: f64,
    high: f64,
}

impl Words {
    fn of(node: Node<'_, '_>) -> Option<Self> {
        let number = |name| node.attribute(name)?.parse::<f64>().ok();
        let text = node.text().unwrap_or_default().trim().to_owned();
        let high = number("font-size")?;
        // The width of wide fonts; those of most systems are narrower.
        let letter = if node.attribute("font-weight") == Some("bold") { 0.66 } else { 0.6 };
        #[allow(clippy::cast_precision_loss, reason = "short")]
        let wide = high * letter * text.chars().count() as f64;
        let left = match node.attribute("text-anchor")? {
            "end" => number("x")? - wide,
            "middle" => number("x")? - wide / 2.0,
            _ => number("x")?,
        };
        Some(Self { text, left, right: left + wide, middle: number("y")?, high })
    }

    fn overlap(&self, other: &Self) -> bool {
        let apart = (self.middle - other.middle).abs() >= 0.45 * (self.high + other.high);
        !apart && self.left < other.right && other.left < self.right
    }

    fn inside(&self, (wide, high): (f64, f64)) -> bool {
        let half = self.high / 2.0;
        self.left >= 0.0 && self.right <= wide && self.middle >= half && self.middle + half <= high
    }
}

/// Everything that is written in the picture.
///
/// # Panics
///
/// If it is no well-formed SVG.
#[must_use]
pub fn words(svg: &str) -> Vec<Words> {
    read(svg).1
}

/// What is written over something else, or leaves the picture.
///
/// # Panics
///
/// If it is no well-formed SVG.
#[must_use]
pub fn faults(svg: &str) -> Vec<String> {
    let (size, words) = read(svg);
    let outside =
        words.iter().filter(|words| !words.inside(size)).map(|words| format!("{words:?} is outside"));
    let pairs = words
        .iter()
        .enumerate()
        .flat_map(|(place, one)| words[..place].iter().map(move |other| (one, other)));
    let over = pairs.filter(|(one, other)| one.overlap(other));
    outside.chain(over.map(|(one, other)| format!("{one:?} is over {other:?}"))).collect()
}

/// How many forms of this kind (`rect`, `circle`, `polyline`, `line`) have the colour.
///
/// # Panics
///
/// If it is no well-formed SVG.
#[must_use]
pub fn forms(svg: &str, kind: &str, RGBColor(red, green, blue): Colour) -> usize {
    let document = Document::parse(svg).expect("well-formed SVG");
    let colour = format!("#{red:02X}{green:02X}{blue:02X}");
    let is_it = |node: &Node<'_, '_>| {
        let has = |name| node.attribute(name) == Some(colour.as_str());
        node.tag_name().name() == kind && (has("fill") || has("stroke"))
    };
    document.descendants().filter(is_it).count()
}

fn read(svg: &str) -> ((f64, f64), Vec<Words>) {
    let document = Document::parse(svg).expect("well-formed SVG");
    let root = document.root_element();
    let number = |name| root.attribute(name).and_then(|number| number.parse().ok()).expect("a size");
    let texts = document
        .descendants()
        .filter(|node| node.has_tag_name((root.tag_name().namespace().unwrap_or_default(), "text")));
    let words =
        texts.map(|node| Words::of(node).expect("words with a place")).filter(|words| !words.text.is_empty());
    ((number("width"), number("height")), words.collect())
}

#[cfg(test)]
mod tests {
    use super::{faults, forms};
    use crate::chart::{BLUE, GREY, INK, Letters, Paper};

    fn faults_of(draw: impl FnOnce(&Paper)) -> usize {
        faults(&Paper::draw((200, 100), draw).unwrap()).len()
    }

    #[test]
    fn words_that_cannot_be_read_are_found() {
        let letters = Letters::of(14);
        let two = |second: (i32, i32)| {
            faults_of(|paper| {
                paper.text("some words", (10, 40), letters);
                paper.text("and others", second, letters);
            })
        };
        assert_eq!([two((10, 40)), two((60, 45)), two((10, 52)), two((90, 40))], [1, 1, 0, 0]);
        assert_eq!(two((150, 70)), 1, "it leaves the picture on the right");
        assert_eq!(two((10, 97)), 1, "it leaves the picture below");
        assert_eq!(faults_of(|paper| paper.text("words", (30, 40), letters.right())), 1, "on the left");
    }

    #[test]
    fn forms_are_counted_by_their_colour() {
        let svg = Paper::draw((9, 9), |paper| {
            paper.rect((1, 1), (2, 2), BLUE);
            paper.pale((1, 1), (2, 2), BLUE);
            paper.dot((3, 3), 1, BLUE);
            paper.line((1, 1), (2, 2), GREY);
        });
        let count = |kind, colour| forms(svg.as_ref().unwrap(), kind, colour);
        assert_eq!((count("rect", BLUE), count("circle", BLUE), count("polyline", GREY)), (2, 1, 1));
        assert_eq!((count("rect", INK), count("polyline", BLUE)), (0, 0));
    }

    #[test]
    #[should_panic(expected = "well-formed")]
    fn what_is_no_picture_is_found() {
        let _ = faults("<svg width='1' height='1'><text></svg>");
    }
}
