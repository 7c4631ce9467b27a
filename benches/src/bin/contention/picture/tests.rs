//! Reads the picture back: which contestants are in it, and whether its words are legible.

use super::*;
use crate::samples::{report, usual};
use roxmltree::Document;

/// Some words, and the largest box that they may fill.
struct Words {
    text: String,
    left: f64,
    right: f64,
    middle: f64,
    high: f64,
}

impl Words {
    fn overlap(&self, other: &Self) -> bool {
        let apart = (self.middle - other.middle).abs() >= 0.45 * (self.high + other.high);
        !apart && self.left < other.right && other.left < self.right
    }
}

fn words(svg: &str) -> Vec<Words> {
    let document = Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts
        .map(|node| {
            let number = |name| node.attribute(name).unwrap().parse::<f64>().unwrap();
            let text = node.text().unwrap_or_default().trim().to_owned();
            let high = number("font-size");
            // The width of wide fonts; those of most systems are narrower.
            let letter = if node.attribute("font-weight") == Some("bold") { 0.68 } else { 0.6 };
            #[allow(clippy::cast_precision_loss, reason = "short")]
            let wide = high * letter * text.chars().count() as f64;
            let left = match node.attribute("text-anchor").unwrap() {
                "end" => number("x") - wide,
                "middle" => number("x") - wide / 2.0,
                _ => number("x"),
            };
            Words { text, left, right: left + wide, middle: number("y"), high }
        })
        .filter(|words| !words.text.is_empty())
        .collect()
}

/// Asserts that nothing is written over anything else, or outside.
fn assert_legible(report: &Report) {
    let words = words(&draw(report).unwrap());
    for (place, one) in words.iter().enumerate() {
        assert!(one.left >= 0.0 && one.right <= f64::from(WIDTH), "{} {}", one.text, one.right);
        for other in &words[..place] {
            assert!(!one.overlap(other), "{} over {}", one.text, other.text);
        }
    }
}

#[test]
fn each_contestant_has_its_name_in_each_panel() {
    let report = usual();
    let words = words(&draw(&report).unwrap());
    let times = |text: &str| words.iter().filter(|words| words.text == text).count();
    for it in report.contestants.iter().filter(|it| it.name != "an empty call") {
        let panels = report.scenarios.iter().filter(|scenario| it.takes_part(**scenario)).count();
        let runs = usize::from(it.takes_part(Scenario::Window) && it.role != Role::Limit);
        assert_eq!(times(it.name), panels + runs, "{}", it.name);
    }
    for scenario in Scenario::ALL {
        assert!(words.iter().any(|words| words.text.starts_with(scenario.name())));
    }
    assert_eq!(times("2 cores"), 1);
}

#[test]
fn nothing_is_written_over_anything_else() {
    assert_legible(&usual());
    // All lines end in one point.
    assert_legible(&report(&[1, 2, 4, 8], 2, |_, _| 1000));
    // The extremes, and as many thread counts as there may be.
    assert_legible(&report(
        &[1, 2, 4, 8, 12, 16, 32, 48],
        12,
        |contestant, _| if contestant % 2 == 0 { 1 } else { 1 << 40 },
    ));
    let many = [1, 2, 4, 8, 16, 32, 64, 120, 128, 256, 480, 512, 1024];
    assert_legible(&report(&many, 120, |contestant, threads| (contestant * threads + 1) as u64));
    assert_legible(&report(&[1], 1, |contestant, _| 10 + contestant as u64));
}

#[test]
fn words_over_others_would_be_seen() {
    let at = |x: f64, y: f64| Words { text: String::new(), left: x, right: x + 50.0, middle: y, high: 11.0 };
    assert!(at(0.0, 0.0).overlap(&at(49.0, 9.0)) && at(10.0, 5.0).overlap(&at(0.0, 0.0)));
    assert!(!at(0.0, 0.0).overlap(&at(51.0, 0.0)) && !at(0.0, 0.0).overlap(&at(0.0, 11.0)));
}

#[test]
fn a_picture_without_some_scenarios_is_drawn() {
    for scenarios in
        [vec![Scenario::Refused], vec![Scenario::Window], vec![Scenario::Admitted, Scenario::Coalesced]]
    {
        assert_legible(&Report { scenarios, ..usual() });
    }
}
