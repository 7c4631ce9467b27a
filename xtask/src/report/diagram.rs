//! The state diagram, drawn from the shipped transitions. This file decides only where a state stands on the
//! page.

use super::transitions::{DEFERRALS, EVENTS, Shape, When};
use maud::{Markup, PreEscaped, html};
use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

const WIDTH: i32 = 1180;
const HEIGHT: i32 = 560;
/// Half the size of a state's box.
const HALF: (i32, i32) = (72, 20);

/// The style is in the drawing itself, so that the drawing can be taken out of the page.
const STYLE: &str = "
.back { fill: #fff; stroke: #d0d7de; }
.idle { fill: #eef3f8; stroke: #456; }
.running { fill: #fdf3dc; stroke: #864; }
.edge { fill: none; stroke: #667; }
.tip { fill: #667; }
.state, .label { font: 14px system-ui, sans-serif; text-anchor: middle; fill: #123; }
.label { font-size: 12px; fill: #234; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
@media (prefers-color-scheme: dark) {
.back { fill: #0d1117; stroke: #30363d; }
.idle { fill: #16263a; stroke: #79a; }
.running { fill: #3a2c12; stroke: #b96; }
.edge { stroke: #8b98a8; }
.tip { fill: #8b98a8; }
.state { fill: #e6edf3; }
.label { fill: #c9d4e0; stroke: #0d1117; }
}
";

/// Where the documents have it.
const PLACE: &str = "docs/states.svg";

/// The labels between two states, by the time at which their events lead there.
type Labels = BTreeMap<(Shape, Shape), Vec<String>>;

/// Draws it where the documents have it.
///
/// # Errors
///
/// If it cannot be written.
pub fn record(root: &Path) -> io::Result<()> {
    fs::write(root.join(PLACE), draw().into_string())
}

/// The diagram as SVG.
pub fn draw() -> Markup {
    let edges = edges();
    html! {
        svg xmlns="http://www.w3.org/2000/svg" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img"
            aria-label="state diagram" {
            style { (PreEscaped(STYLE)) }
            defs {
                marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"
                    orient="auto-start-reverse" { path d="M0 0L10 5L0 10z" class="tip" {} }
            }
            rect x="0.5" y="0.5" width=(WIDTH - 1) height=(HEIGHT - 1) rx="8" class="back" {}
            @for (&(from, to), labels) in &edges { (edge(from, to, &lines(labels))) }
            @for shape in Shape::all() { (state(shape)) }
        }
    }
}

/// Every move from one state to another, each with the events that make it.
fn edges() -> Labels {
    let mut found: BTreeMap<(Shape, Shape), BTreeMap<&str, Vec<&str>>> = BTreeMap::new();
    for from in Shape::all() {
        for event in &EVENTS {
            let [open, closed] = When::ALL.map(|when| event.on(from, when).next);
            let moves =
                if open == closed { vec![("", open)] } else { vec![("open: ", open), ("closed: ", closed)] };
            for (when, to) in moves.into_iter().filter(|(_, to)| *to != from) {
                found.entry((from, to)).or_default().entry(when).or_default().push(event.name);
            }
        }
    }
    let phrase = |(when, events): (&str, Vec<&str>)| format!("{when}{}", events.join(", "));
    found.into_iter().map(|(ends, events)| (ends, events.into_iter().map(phrase).collect())).collect()
}

/// The middle of a state's box: one row without a run, one with.
fn place(shape: Shape) -> (i32, i32) {
    let columns = i32::try_from(DEFERRALS.len()).unwrap_or(1);
    let column = i32::try_from(shape.deferral).unwrap_or(0);
    let x = WIDTH / columns * column + WIDTH / columns / 2;
    (x, if shape.running { HEIGHT - 170 } else { 170 })
}

fn state(shape: Shape) -> Markup {
    let (x, y) = place(shape);
    html! {
        rect x=(x - HALF.0) y=(y - HALF.1) width=(2 * HALF.0) height=(2 * HALF.1) rx="8"
            class=(if shape.running { "running" } else { "idle" }) {}
        text x=(x) y=(y + 5) class="state" { (shape.name()) }
    }
}

/// Joins neighbours by a straight line, others of a row by an arc outside of it, and the rows by lines
/// between them.
fn edge(from: Shape, to: Shape, labels: &[String]) -> Markup {
    let ((x1, y1), (x2, y2)) = (place(from), place(to));
    let outwards = if from.running { 1 } else { -1 };
    let (path, label) = if from.running != to.running {
        // Down on the left of the box, up on its right, so that the two do not cover each other.
        let aside = if from.running { 30 } else { -30 };
        let (top, bottom) = (y1 + HALF.1 * -outwards, y2 + HALF.1 * outwards);
        let (x1, x2) = (x1 + aside, x2 + aside / 2);
        (format!("M{x1} {top}L{x2} {bottom}"), (x1 + (x2 - x1) / 4, top + (bottom - top) / 4))
    } else if from.deferral.abs_diff(to.deferral) == 1 {
        let right = (x2 - x1).signum();
        let y = y1 - 8 * right;
        let path = format!("M{} {y}L{} {y}", x1 + HALF.0 * right, x2 - HALF.0 * right);
        // The labels of the two directions stand on the two sides.
        (path, ((x1 + x2) / 2, if right > 0 { y - 12 * label_lines(labels) + 4 } else { y + 18 }))
    } else {
        let span = i32::try_from(from.deferral.abs_diff(to.deferral)).unwrap_or(2);
        let rightwards = to.deferral > from.deferral;
        let height = if rightwards { 58 } else { 28 } + 42 * (span - 1);
        let y = y1 + HALF.1 * outwards;
        let (x1, x2) = (x1 + if rightwards { 24 } else { -24 }, x2 + if rightwards { -40 } else { 40 });
        let control = y + outwards * height * 4 / 3;
        (
            format!("M{x1} {y}C{x1} {control} {x2} {control} {x2} {y}"),
            ((x1 + x2) / 2, y + outwards * height - 13 * label_lines(labels) + 9),
        )
    };
    html! {
        path d=(path) class="edge" fill="none" marker-end="url(#tip)" {}
        @for (line, text) in (0_i32..).zip(labels) {
            text x=(label.0) y=(label.1 + 13 * line) class="label" { (text) }
        }
    }
}

/// The labels, at most two events a line, so that they fit between two states.
fn lines(labels: &[String]) -> Vec<String> {
    let of_label = |label: &String| {
        let events: Vec<&str> = label.split(", ").collect();
        let last = events.len().div_ceil(2) - 1;
        let line = |(place, events): (usize, &[&str])| {
            format!("{}{}", events.join(", "), if place == last { "" } else { "," })
        };
        events.chunks(2).enumerate().map(line).collect::<Vec<_>>()
    };
    labels.iter().flat_map(of_label).collect()
}

fn label_lines(labels: &[String]) -> i32 {
    i32::try_from(labels.len()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: (bool, &str), to: (bool, &str)) -> Option<Vec<String>> {
        let shape = |(running, name): (bool, &str)| Shape {
            running,
            deferral: DEFERRALS.iter().position(|deferral| *deferral == name).unwrap(),
        };
        edges().remove(&(shape(from), shape(to)))
    }

    #[test]
    fn the_edges_are_what_the_transitions_do() {
        assert_eq!(labels((false, "pending"), (false, "cancelled")).unwrap(), ["cancel"]);
        assert_eq!(labels((true, "pending"), (false, "pending")).unwrap(), ["finish"]);
        assert_eq!(
            labels((false, "pending"), (true, "none")).unwrap(),
            ["flush", "open: arrive, arrive_by, try_start, fire"]
        );
        assert_eq!(labels((false, "pending"), (false, "none")), None);
    }

    #[test]
    fn the_documents_have_it_as_the_transitions_are() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let shown = fs::read_to_string(root.join(PLACE)).unwrap();
        assert!(
            shown == draw().into_string(),
            "cargo xtask diagram draws {PLACE} as the transitions are now"
        );
    }

    #[test]
    fn a_long_label_takes_more_lines() {
        let labels = ["flush".to_owned(), "open: arrive, arrive_by, fire".to_owned()];
        assert_eq!(lines(&labels), ["flush", "open: arrive, arrive_by,", "fire"]);
    }

    #[test]
    fn all_of_them_are_drawn() {
        let drawn = draw().into_string();
        assert_eq!(drawn.matches("class=\"edge\"").count(), edges().len());
        assert_eq!(drawn.matches("class=\"state\"").count(), 8);
    }
}
