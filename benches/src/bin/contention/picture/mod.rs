//! The picture: a panel for each scenario, which shows at a glance who scales. A line that stays flat up to the
//! cores does.

mod panel;
mod scale;

use self::panel::{Line, Panel};
use self::scale::Scale;
use crate::contestants::{Contestant, Role};
use crate::figures::Place;
use crate::report::Report;
use measure_options::contention::Scenario;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

const WIDTH: i32 = 900;
const HEADER: i32 = 62;
/// The size of one panel with everything around it.
const CELL: (i32, i32) = (WIDTH / 2, 322);

const INK: RGBColor = RGBColor(40, 40, 40);
const GREY: RGBColor = RGBColor(110, 110, 110);
// The strong ones of the palette of Okabe and Ito, which the colour-blind can tell apart.
const OURS: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
];
/// Muted colours, because peers are thin lines with their names beside them.
const PEERS: [RGBColor; 6] = [
    RGBColor(120, 98, 70),
    RGBColor(98, 98, 150),
    RGBColor(92, 128, 92),
    RGBColor(150, 92, 110),
    RGBColor(80, 128, 140),
    RGBColor(138, 122, 60),
];
const LIMIT: RGBColor = RGBColor(150, 150, 150);

type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn<'a> = Result<(), DrawingAreaErrorKind<<SVGBackend<'a> as DrawingBackend>::ErrorType>>;

/// Draws it, as SVG.
pub fn draw(report: &Report) -> Result<String, String> {
    let panels = panels(report);
    // The words are in the last cell.
    let rows = i32::try_from(panels.len() + 1).unwrap_or(i32::MAX).saturating_add(1) / 2;
    let height = HEADER + rows * CELL.1;
    let mut text = String::new();
    let canvas = SVGBackend::with_string(&mut text, (WIDTH.unsigned_abs(), height.unsigned_abs()));
    let canvas = canvas.into_drawing_area();
    all(&canvas, report, &panels).map_err(|why| format!("cannot draw: {why}"))?;
    drop(canvas);
    Ok(text)
}

fn all<'a>(canvas: &Canvas<'a>, report: &Report, panels: &[Panel]) -> Drawn<'a> {
    canvas.fill(&WHITE)?;
    let title = "What a call costs as threads are added";
    write(canvas, title, (16, 22), 25, HPos::Left, INK, true)?;
    let machine = format!("{}, {} cores", report.machine.cpu, report.machine.cores);
    let rounds = match report.rounds {
        1 => "one round".to_owned(),
        rounds => format!("medians of {rounds} rounds"),
    };
    let how = format!("{machine}; {rounds} of {:?}", report.time);
    write(canvas, &how, (16, 44), 15, HPos::Left, GREY, false)?;
    let corners = (0..).map(|place| ((place % 2) * CELL.0, HEADER + (place / 2) * CELL.1));
    let mut last = (0, HEADER);
    for (panel, corner) in panels.iter().zip(corners.clone()) {
        panel.draw(canvas, corner)?;
    }
    if let Some(corner) = corners.clone().nth(panels.len()) {
        last = corner;
    }
    words(canvas, last, report.machine.cores)?;
    canvas.present()
}

/// Writes how to read the picture into the cell that is left.
fn words<'a>(canvas: &Canvas<'a>, (left, top): (i32, i32), cores: usize) -> Drawn<'a> {
    let x = left + 24;
    write(canvas, "How to read it", (x, top + 10), 18, HPos::Left, INK, true)?;
    let lines = [
        "Both axes are logarithmic, but for runs per second. Each panel",
        "has a scale of its own. Lower is better.",
        "",
        "Flat up to the cores: it scales. Beyond the dashed line",
        "threads share cores; the time of those that can run counts.",
        "",
        "Whoever promises less does less: those that decide only (the",
        "limiters, the stamp) exclude no overlap and cover no call.",
        "In admitted, some refuse or cover the calls that meet with a",
        "run, and a mutex makes them wait: hence ns per run.",
    ];
    for (y, line) in (top + 34..).step_by(17).zip(lines) {
        write(canvas, line, (x, y), 14, HPos::Left, INK, false)?;
    }
    let y = top + 34 + 17 * 10 + 8;
    let keys = [
        ("this library", OURS[0], panel::Pen::Strong),
        ("what one would take instead", PEERS[1], panel::Pen::Thin),
        ("what calls are made of", LIMIT, panel::Pen::Dashed),
    ];
    for (y, (name, colour, pen)) in (y..).step_by(19).zip(keys) {
        pen.stroke(canvas, &[(x, y), (x + 32, y)], colour)?;
        write(canvas, name, (x + 42, y), 14, HPos::Left, INK, pen == panel::Pen::Strong)?;
    }
    let plural = if cores == 1 { "" } else { "s" };
    panel::Pen::Dashed.stroke(canvas, &[(x + 230, y - 6), (x + 230, y + 8)], INK)?;
    write(canvas, &format!("{cores} core{plural}"), (x + 240, y), 14, HPos::Left, INK, false)
}

fn panels(report: &Report) -> Vec<Panel> {
    let mut panels: Vec<Panel> = Vec::new();
    for &scenario in &report.scenarios {
        // There the share of calls that run differs, and a refusal is cheap.
        let per_run = scenario == Scenario::Admitted;
        let lines = lines(report, scenario, |place| {
            let run = report.figures.nanos_per_run(place).filter(|_| per_run);
            run.or_else(|| report.figures.nanos(place))
        });
        let values: Vec<f64> =
            lines.iter().flat_map(|line| line.points.iter().map(|point| point.1)).collect();
        panels.push(Panel {
            title: format!("{}: ns per {} and thread", scenario.name(), if per_run { "run" } else { "call" }),
            story: scenario.story(),
            across: Scale::threads(&report.threads),
            up: Scale::log(values),
            lines,
            cores: report.machine.cores,
        });
    }
    if report.scenarios.contains(&Scenario::Window) {
        let per_second = |place| report.figures.of_possible(place).map(|share| share * 1000.0);
        let mut lines = lines(report, Scenario::Window, per_second);
        lines.retain(|line| line.role != Role::Limit);
        panels.push(Panel {
            title: format!("{}: runs per second", Scenario::Window.name()),
            story: "of 1000 possible: is the trailing edge kept, does nobody starve?",
            across: Scale::threads(&report.threads),
            up: Scale::linear(1000.0),
            lines,
            cores: report.machine.cores,
        });
    }
    panels
}

/// One line for each contestant. An empty call has none: it would only stretch the axis.
fn lines(report: &Report, scenario: Scenario, value: impl Fn(Place) -> Option<f64>) -> Vec<Line> {
    let line = |(contestant, it): (usize, &Contestant)| {
        let alike = report.contestants[..contestant].iter().filter(|other| other.role == it.role).count();
        let colour = match it.role {
            Role::Limit => LIMIT,
            Role::Ours => OURS[alike % OURS.len()],
            Role::Peer => PEERS[alike % PEERS.len()],
        };
        #[allow(clippy::cast_precision_loss, reason = "so many threads cannot be started")]
        let point =
            |threads: &usize| Some((*threads as f64, value(Report::place(scenario, contestant, *threads))?));
        let points = report.threads.iter().filter_map(point).collect();
        Line { name: it.name, role: it.role, colour, points }
    };
    let seen = report.entrants(scenario).filter(|(_, it)| it.name != "an empty call").map(line);
    seen.filter(|line| !line.points.is_empty()).collect()
}

fn write<'a>(
    canvas: &Canvas<'a>,
    text: &str,
    at: (i32, i32),
    size: u32,
    anchor: HPos,
    colour: RGBColor,
    bold: bool,
) -> Drawn<'a> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    let style = ("sans-serif", size, style).into_font().color(&colour).pos(Pos::new(anchor, VPos::Center));
    canvas.draw(&Text::new(text, at, style))
}

#[cfg(test)]
mod tests;
