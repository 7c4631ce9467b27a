//! How late runs start, from the earliest to the latest of them, on a logarithmic scale.

use crate::Row;
use lab::chart::{Letters, Line, Panel, Paper, Plot, Point, Scale};
use std::time::Duration;

const SIZE: (i32, i32) = (900, 456);
const PLOT: Plot = Plot { left: 62, top: 92, wide: 570, high: 310 };
/// The last of some hundred rounds are a handful of accidents; the table has them.
const LAST: u32 = 95;

/// Draws all rows, as SVG.
pub fn draw(rows: &[Row], threshold: Duration) -> Result<String, String> {
    let lines = lines(rows);
    let values: Vec<f64> = lines.iter().flat_map(|line| &line.points).map(|point| point.value).collect();
    let panel = Panel {
        plot: PLOT,
        across: Scale::linear(f64::from(LAST), 6),
        up: Scale::logarithmic(values),
        lines,
        along: Some("% of the runs started by then".to_owned()),
        mark: None,
        below: 0,
    };
    Paper::draw(SIZE, |paper| {
        let title = format!("How late deferred runs start, window {}", humantime::format_duration(threshold));
        paper.text(&title, (PLOT.left, 24), Letters::of(25).bold());
        let story = "From the earliest run of a row to the 95th of a hundred; beside its name the median. \
                     Dashed: the bare timer. Thin: a peer.";
        paper.text(story, (PLOT.left, 50), Letters::of(14).grey());
        paper.text("microseconds past the deadline (logarithmic)", (PLOT.left, 76), Letters::of(17).bold());
        panel.draw(paper);
    })
}

fn lines(rows: &[Row]) -> Vec<Line> {
    let line = |(place, row): (usize, &Row)| {
        let before = rows[..place].iter().filter(|other| other.pen == row.pen).count();
        let point = |percent: u32| {
            let across = f64::from(percent);
            Point { across, value: micros(row.lateness.value_at_percentile(across)), range: None }
        };
        let name = format!("{}\u{a0}\u{a0}{}", row.name, lab::table::time(row.median()));
        let colour = row.pen.colour(before);
        Line { name, colour, pen: row.pen, dots: false, points: (0..=LAST).map(point).collect() }
    };
    rows.iter().enumerate().map(line).collect()
}

/// Nanoseconds as microseconds.
#[allow(clippy::cast_precision_loss, reason = "only shown")]
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::Row;
    use crate::rows::NAMES;
    use hdrhistogram::Histogram;
    use lab::chart::legible::{faults, words};
    use std::time::Duration;

    /// All rows, each this much later than the one before it.
    fn rows(later: u64) -> Vec<Row> {
        let row = |(place, &(name, pen)): (u64, &_)| {
            let mut lateness = Histogram::new(3).unwrap();
            for nanos in [70_000, 71_000, 90_000] {
                lateness.record(nanos + place * later).unwrap();
            }
            Row { name, pen, measure: Box::new(|| Duration::ZERO), lateness }
        };
        (0..).zip(&NAMES).map(row).collect()
    }

    #[test]
    fn each_row_is_drawn_with_its_name_and_its_median() {
        for later in [0, 10, 50_000, 10_000_000] {
            let svg = draw(&rows(later), Duration::from_millis(5)).unwrap();
            assert_eq!(faults(&svg), [""; 0], "{later}");
            let words = words(&svg);
            for (name, _) in NAMES {
                assert_eq!(words.iter().filter(|words| words.text.starts_with(name)).count(), 1, "{name}");
            }
            assert!(
                words.iter().any(|words| words.text == "Throttle::run\u{a0}\u{a0}71.0 µs") == (later < 100)
            );
        }
    }
}
