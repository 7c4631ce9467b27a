//! The picture: a panel for each scenario, which shows at a glance who scales. A line that stays flat up to
//! the cores does.

use crate::contestants::{Contestant, Role};
use crate::figures::Place;
use crate::report::Report;
use benches::statistics::float;
use lab::chart::{GREY, INK, Letters, Line, Panel, Paper, Pen, Plot, Point, Scale};
use measure_options::contention::Scenario;

const WIDTH: i32 = 1000;
const HEADER: i32 = 66;
/// The size of one panel with everything around it.
const CELL: (i32, i32) = (WIDTH / 2, 340);
/// The plot in its cell, with the room for the names beside it.
const PLOT: Plot = Plot { left: 50, top: 52, wide: CELL.0 - 50 - 214, high: CELL.1 - 52 - 54 };
/// How far below the plot names may go: there is room beside the label of the axis.
const BELOW: i32 = 40;

/// A panel with its words.
struct Part {
    title: String,
    story: &'static str,
    up: Scale,
    lines: Vec<Line>,
}

/// Draws it, as SVG.
pub fn draw(report: &Report) -> Result<String, String> {
    let parts = parts(report);
    let cores = report.machine.cores;
    let threads: Vec<f64> = report.threads.iter().map(|threads| float(*threads as u64)).collect();
    // The words are in the last cell.
    let rows = i32::try_from(parts.len() + 1).unwrap_or(i32::MAX).saturating_add(1) / 2;
    Paper::draw((WIDTH, HEADER + rows * CELL.1), |paper| {
        header(paper, report);
        let mut corners = (0..).map(|place| ((place % 2) * CELL.0, HEADER + (place / 2) * CELL.1));
        for (Part { title, story, up, lines }, (left, top)) in parts.into_iter().zip(&mut corners) {
            paper.text(&title, (left + 16, top + 10), Letters::of(18).bold());
            paper.text(story, (left + 16, top + 30), Letters::of(14).grey());
            let plot = Plot { left: left + PLOT.left, top: top + PLOT.top, ..PLOT };
            let (across, along) = (Scale::of(&threads), Some("threads".to_owned()));
            let mark = Some(float(cores as u64));
            Panel { plot, across, up, lines, along, mark, below: BELOW }.draw(paper);
        }
        if let Some(corner) = corners.next() {
            words(paper, corner, cores);
        }
    })
}

fn header(paper: &Paper, report: &Report) {
    paper.text("What a call costs as threads are added", (16, 22), Letters::of(25).bold());
    let rounds = match report.rounds {
        1 => "one round".to_owned(),
        rounds => format!("medians of {rounds} rounds"),
    };
    let (cpu, cores) = (&report.machine.cpu, report.machine.cores);
    let how = format!("{cpu}, {cores} cores; {rounds} of {:?}", report.time);
    paper.text(&how, (16, 46), Letters::of(15).grey());
}

const STORY: [&str; 3] = [
    "Both axes are logarithmic, but for runs per second. Each panel has a scale of its own. Lower is better.",
    "Flat up to the cores: it scales. Beyond the dashed line threads share cores; the time of those that can \
     run counts.",
    "What promises less does less: those that decide only (the limiters, the stamp) exclude no overlap and \
     cover no call. In admitted, some refuse or cover the calls that meet with a run, and a mutex makes them \
     wait: hence ns per run.",
];

/// Writes how to read the picture into the cell that is left.
fn words(paper: &Paper, (left, top): (i32, i32), cores: usize) {
    let (x, letters) = (left + 24, Letters::of(14));
    paper.text("How to read it", (x, top + 10), Letters::of(18).bold());
    let mut y = top + 36;
    for paragraph in STORY {
        y = paper.paragraph(paragraph, (x, y), CELL.0 - 60, letters) + 8;
    }
    let keys = [
        ("this library", Pen::Strong, Pen::Strong.colour(0), letters.bold()),
        ("what one would take instead", Pen::Thin, Pen::Thin.colour(0), letters),
        ("what calls are made of", Pen::Dashed, GREY, letters),
    ];
    for (place, (name, pen, colour, letters)) in (0..).zip(keys) {
        let y = y + 6 + 20 * place;
        pen.stroke(paper, &[(x, y), (x + 32, y)], colour);
        paper.text(name, (x + 42, y), letters);
    }
    let plural = if cores == 1 { "" } else { "s" };
    Pen::Dashed.stroke(paper, &[(x + 270, y - 2), (x + 270, y + 14)], INK);
    paper.text(&format!("{cores} core{plural}"), (x + 280, y + 6), letters);
}

fn parts(report: &Report) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for &scenario in &report.scenarios {
        // There the share of calls that run differs, and a refusal is cheap.
        let per_run = scenario == Scenario::Admitted;
        let lines = lines(report, scenario, |place| {
            let run = report.figures.nanos_per_run(place).filter(|_| per_run);
            run.or_else(|| report.figures.nanos(place))
        });
        let values = lines.iter().flat_map(|line| line.points.iter().map(|point| point.value));
        parts.push(Part {
            title: format!("{}: ns per {} and thread", scenario.name(), if per_run { "run" } else { "call" }),
            story: scenario.story(),
            up: Scale::logarithmic(values.collect::<Vec<_>>()),
            lines,
        });
    }
    if report.scenarios.contains(&Scenario::Window) {
        let per_second = |place| report.figures.of_possible(place).map(|share| share * 1000.0);
        let mut lines = lines(report, Scenario::Window, per_second);
        lines.retain(|line| line.pen != Pen::Dashed);
        parts.push(Part {
            title: format!("{}: runs per second", Scenario::Window.name()),
            story: "of 1000 possible: is the trailing edge kept, does nobody starve?",
            up: Scale::linear(1040.0, 6),
            lines,
        });
    }
    parts
}

/// One line for each contestant. An empty call has none: it would only stretch the axis.
fn lines(report: &Report, scenario: Scenario, value: impl Fn(Place) -> Option<f64>) -> Vec<Line> {
    let line = |(contestant, it): (usize, &Contestant)| {
        let before = report.contestants[..contestant].iter().filter(|other| other.role == it.role).count();
        let pen = match it.role {
            Role::Limit => Pen::Dashed,
            Role::Ours => Pen::Strong,
            Role::Peer => Pen::Thin,
        };
        let point = |threads: &usize| {
            let value = value(Report::place(scenario, contestant, *threads))?;
            Some(Point { across: float(*threads as u64), value, range: None })
        };
        let points = report.threads.iter().filter_map(point).collect();
        Line { name: it.name.to_owned(), colour: pen.colour(before), pen, dots: true, points }
    };
    let seen = report.entrants(scenario).filter(|(_, it)| it.name != "an empty call").map(line);
    seen.filter(|line| !line.points.is_empty()).collect()
}

#[cfg(test)]
mod tests;
