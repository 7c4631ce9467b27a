//! One axis as a picture: a panel for the time of a call, and below it, on the same sizes, panels for the runs of a
//! window and for memory. Each line has its name at its end.

mod panel;
mod scale;

use self::panel::{Line, Panel, Point};
use self::scale::Scale;
use crate::axis::{Axis, Place, Role, Row};
use benches::machine::Machine;
use benches::statistics::{float, quartiles};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

pub const WIDTH: i32 = 800;
const INK: RGBColor = RGBColor(40, 40, 40);
const GREY: RGBColor = RGBColor(110, 110, 110);

// The palette of Okabe and Ito, which the colour-blind can tell apart.
const OURS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115)];
const PEERS: [RGBColor; 2] = [RGBColor(204, 121, 167), RGBColor(190, 140, 0)];
const REFERENCES: [RGBColor; 2] = [RGBColor(70, 70, 70), RGBColor(140, 140, 140)];

const TIME_HEIGHT: i32 = 300;
const RUNS_HEIGHT: i32 = 90;
const MEMORY_HEIGHT: i32 = 150;
/// The room above the first panel, for the title and the machine.
const HEAD: i32 = 62;
/// The room above each panel, for what it shows.
const CAPTION: i32 = 34;
/// The room below the last panel, for the sizes.
const FOOT: i32 = 62;

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Draws it, as SVG.
pub fn draw(axis: &Axis, machine: &Machine) -> Result<String, String> {
    let mut svg = String::new();
    all(axis, machine, &mut svg).map_err(|why| format!("cannot draw: {why}"))?;
    Ok(svg)
}

fn all(axis: &Axis, machine: &Machine, svg: &mut String) -> Drawn {
    let panels = panels(axis);
    let heights: i32 = panels.iter().map(|panel| panel.height + CAPTION).sum();
    let height = HEAD + heights + FOOT;
    let area =
        SVGBackend::with_string(svg, (WIDTH.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
    area.fill(&WHITE)?;
    text(&area, axis.text.title, (panel::LEFT, 22), 19, HPos::Left, INK)?;
    text(&area, &machine.to_string(), (panel::LEFT, 46), 11, HPos::Left, GREY)?;
    let mut top = HEAD;
    for panel in &panels {
        text(&area, &panel.caption, (panel::LEFT, top + CAPTION / 2), 13, HPos::Left, INK)?;
        top += CAPTION;
        panel.draw(&area, top)?;
        top += panel.height;
    }
    if let Some(panel) = panels.last() {
        panel.sizes(&area, top, axis.text.along)?;
    }
    let rounds =
        axis.rows.iter().flat_map(|row| &row.places).map(|place| place.nanos.len()).max().unwrap_or(0);
    let note = format!("Points: medians of {rounds} rounds. Bars: from quartile to quartile.");
    text(&area, &note, (panel::LEFT, top + 50), 11, HPos::Left, GREY)?;
    area.present()?;
    Ok(())
}

/// The panels with something to draw.
fn panels(axis: &Axis) -> Vec<Panel> {
    let point = |value: f64| Point { value, from: value, to: value };
    let time = lines(axis, |place| {
        let (from, to) = quartiles(&place.nanos);
        Some(Point { value: place.time()?, from, to })
    });
    let runs = lines(axis, |place| {
        let runs = place.all_runs()?;
        Some(point(float(runs.started) / float(runs.windows.max(1))))
    });
    let memory = lines(axis, |place| place.memory().map(point));
    let sizes = || axis.sizes.iter().map(|size| float(*size)).collect::<Vec<_>>();
    let panel = |caption: String, lines: Vec<Line>, height, scale| Panel {
        caption,
        lines,
        height,
        scale,
        sizes: sizes(),
    };
    let logarithmic = |lines: &[Line]| {
        Scale::logarithmic(
            lines.iter().flat_map(|line| &line.points).flatten().flat_map(|point| [point.from, point.to]),
        )
    };
    let mut panels = Vec::new();
    if !time.is_empty() {
        let scale = logarithmic(&time);
        panels.push(panel("nanoseconds a call (logarithmic)".to_owned(), time, TIME_HEIGHT, scale));
    }
    if let Some(caption) = axis.text.runs.filter(|_| !runs.is_empty()) {
        panels.push(panel(caption.to_owned(), runs, RUNS_HEIGHT, Scale::linear(1.25, 0.5)));
    }
    if !memory.is_empty() {
        let scale = logarithmic(&memory);
        let caption = format!("bytes {} (logarithmic)", axis.text.bytes);
        panels.push(panel(caption, memory, MEMORY_HEIGHT, scale));
    }
    panels
}

/// The lines of the rows with something to draw.
fn lines(axis: &Axis, point: impl Fn(&Place) -> Option<Point>) -> Vec<Line> {
    let line = |(row, colour): (&Row, RGBColor)| {
        let points: Vec<Option<Point>> = row.places.iter().map(&point).collect();
        let width = if row.role == Role::Ours { 3 } else { 1 };
        points.iter().any(Option::is_some).then_some(Line { name: row.name, colour, width, points })
    };
    coloured(&axis.rows).filter_map(line).collect()
}

/// Each row with its colour, the same in all panels.
fn coloured(rows: &[Row]) -> impl Iterator<Item = (&Row, RGBColor)> {
    let palette = |role: Role| -> &[RGBColor] {
        match role {
            Role::Ours => &OURS,
            Role::Peer => &PEERS,
            Role::Reference => &REFERENCES,
        }
    };
    rows.iter().enumerate().map(move |(place, row)| {
        let before = rows[..place].iter().filter(|other| other.role == row.role).count();
        let palette = palette(row.role);
        (row, palette[before % palette.len()])
    })
}

fn text(area: &Area<'_>, text: &str, at: (i32, i32), size: u32, anchor: HPos, colour: RGBColor) -> Drawn {
    let style = ("sans-serif", size).into_font().color(&colour).pos(Pos::new(anchor, VPos::Center));
    area.draw(&Text::new(text, at, style))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::axis::planted;
    use benches::machine::Machine;

    #[test]
    fn each_row_is_drawn_where_something_is_known_of_it() {
        let svg = draw(&planted(), &Machine::here()).unwrap();
        let named = |name: &str| svg.lines().filter(|line| line.trim().starts_with(name)).count();
        assert_eq!((named("least\u{a0}"), named("ours\u{a0}"), named("peer\u{a0}")), (1, 3, 1), "{svg}");
        assert!(
            ["nanoseconds a call", "runs a window", "bytes a throttle"]
                .into_iter()
                .all(|panel| named(panel) == 1)
        );
    }
}
