//! One axis as a picture: a panel for the time of a call, and below it, on the same sizes, panels for the
//! runs of a window and for memory.

use crate::axis::{Axis, Place, Role, Row};
use benches::machine::Machine;
use benches::statistics::{float, quartiles};
use lab::chart::{Letters, Line, Panel, Paper, Pen, Plot, Point, Scale};
use lab::table::digits;

const WIDTH: i32 = 900;
const LEFT: i32 = 62;
/// The room for the names of the lines.
const NAMES: i32 = 330;
/// The room above the first panel, for the title and the machine.
const HEAD: i32 = 62;
/// The room above each panel, for what it shows.
const CAPTION: i32 = 40;
/// The room below the last panel, for the sizes and the note.
const FOOT: i32 = 72;

/// What a panel shows, and how high it is.
struct Part {
    caption: String,
    high: i32,
    up: Scale,
    lines: Vec<Line>,
}

/// Draws it, as SVG.
pub fn draw(axis: &Axis, machine: &Machine) -> Result<String, String> {
    let parts = parts(axis);
    let heights: i32 = parts.iter().map(|part| part.high + CAPTION).sum();
    let sizes: Vec<f64> = axis.sizes.iter().map(|size| float(*size)).collect();
    let rounds = axis.rows.iter().flat_map(|row| &row.places).map(|place| place.nanos.len()).max();
    let count = parts.len();
    Paper::draw((WIDTH, HEAD + heights + FOOT), |paper| {
        paper.text(axis.text.title, (LEFT, 22), Letters::of(25).bold());
        paper.text(&machine.to_string(), (LEFT, 48), Letters::of(15).grey());
        let mut top = HEAD;
        for (place, Part { caption, high, up, lines }) in parts.into_iter().enumerate() {
            paper.text(&caption, (LEFT, top + CAPTION / 2), Letters::of(17).bold());
            top += CAPTION;
            let plot = Plot { left: LEFT, top, wide: WIDTH - NAMES - LEFT, high };
            let along = (place + 1 == count).then(|| format!("{} (logarithmic)", axis.text.along));
            Panel { plot, across: Scale::of(&sizes), up, lines, along, mark: None, below: 0 }.draw(paper);
            top += high;
        }
        let rounds = rounds.unwrap_or(0);
        let note = format!(
            "Medians of {rounds} rounds; bars from quartile to quartile. Thin: a peer. Dashed: what cannot be avoided."
        );
        paper.text(&note, (LEFT, top + 58), Letters::of(14).grey());
    })
}

/// The panels with something to draw.
fn parts(axis: &Axis) -> Vec<Part> {
    let time = lines(axis, |place| Some((place.time()?, Some(quartiles(&place.nanos)))));
    let runs = lines(axis, |place| {
        let runs = place.all_runs()?;
        Some((float(runs.started) / float(runs.windows.max(1)), None))
    });
    let memory = lines(axis, |place| Some((place.memory()?, None)));
    let holding = |lines: &[Line]| {
        let points = lines.iter().flat_map(|line| &line.points);
        let ends = |point: &Point| point.range.map_or([point.value; 2], |(from, to)| [from, to]);
        Scale::logarithmic(points.flat_map(ends).collect::<Vec<_>>())
    };
    let mut parts = Vec::new();
    if !time.is_empty() {
        let (caption, up) = ("nanoseconds a call (logarithmic)".to_owned(), holding(&time));
        parts.push(Part { caption, high: 300, up, lines: time });
    }
    if let Some(caption) = axis.text.runs.filter(|_| !runs.is_empty()) {
        let up = Scale::linear(1.25, 4);
        parts.push(Part { caption: caption.to_owned(), high: 90, up, lines: runs });
    }
    if !memory.is_empty() {
        let (caption, up) = (format!("bytes {} (logarithmic)", axis.text.bytes), holding(&memory));
        parts.push(Part { caption, high: 150, up, lines: memory });
    }
    parts
}

type Range = Option<(f64, f64)>;

/// The lines of the rows with something to draw, each with its last value beside its name.
fn lines(axis: &Axis, value: impl Fn(&Place) -> Option<(f64, Range)>) -> Vec<Line> {
    let line = |(row, line): (&Row, Line)| {
        let known = axis.sizes.iter().zip(&row.places).filter_map(|(size, place)| {
            let (value, range) = value(place)?;
            Some(Point { across: float(*size), value, range })
        });
        let points: Vec<Point> = known.collect();
        let name = format!("{}\u{a0}\u{a0}{}", row.name, digits(points.last()?.value));
        Some(Line { name, points, ..line })
    };
    drawn(&axis.rows).filter_map(line).collect()
}

/// Each row with the look of its line, the same in all panels.
fn drawn(rows: &[Row]) -> impl Iterator<Item = (&Row, Line)> {
    rows.iter().enumerate().map(move |(place, row)| {
        let pen = match row.role {
            Role::Ours => Pen::Strong,
            Role::Peer => Pen::Thin,
            Role::Reference => Pen::Dashed,
        };
        let before = rows[..place].iter().filter(|other| other.role == row.role).count();
        let line =
            Line { name: String::new(), colour: pen.colour(before), pen, dots: true, points: Vec::new() };
        (row, line)
    })
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::axis::planted;
    use benches::machine::Machine;
    use lab::chart::legible::{faults, forms, words};
    use lab::chart::{BLUE, Pen, SKY, dark};

    #[test]
    fn each_row_is_drawn_where_something_is_known_of_it() {
        let svg = draw(&planted(), &Machine::here()).unwrap();
        let words = words(&svg);
        let named = |name: &str| words.iter().filter(|words| words.text.starts_with(name)).count();
        assert_eq!((named("least\u{a0}"), named("ours\u{a0}"), named("peer\u{a0}")), (1, 3, 1), "{svg}");
        let panels = ["nanoseconds a call", "runs a window", "bytes a throttle"];
        assert!(panels.into_iter().all(|panel| named(panel) == 1));
        assert_eq!(
            (named("10k"), named("100k"), named("calls (logarithmic)")),
            (1, 1, 1),
            "one axis below all"
        );
        assert_eq!(faults(&svg), [""; 0]);
    }

    #[test]
    fn rows_that_cost_the_same_can_be_told_apart() {
        let mut axis = planted();
        let places = axis.rows[1].places.clone();
        axis.rows.iter_mut().for_each(|row| row.places.clone_from(&places));
        let svg = draw(&axis, &Machine::here()).unwrap();
        assert_eq!(faults(&svg), [""; 0]);
        let named = |name: &str| words(&svg).iter().filter(|words| words.text.starts_with(name)).count();
        assert_eq!(["least\u{a0}", "ours\u{a0}", "peer\u{a0}"].map(named), [3; 3]);
        // Three sizes in three panels; what cannot be avoided has no dots.
        let dots = |pen: Pen| forms(&svg, "circle", if pen == Pen::Strong { BLUE } else { dark(SKY) });
        assert_eq!([Pen::Strong, Pen::Thin].map(dots), [9, 9]);
        assert_eq!(svg.matches("<circle").count(), 18);
    }
}
