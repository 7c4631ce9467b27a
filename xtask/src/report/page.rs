//! The assurance report as one HTML page that needs nothing else.

use super::transitions::{EVENTS, LATE, Shape, When};
use super::{Row, Summary, diagram, seconds, summaries};
use crate::rung::Done;
use evidence::{GUARANTEES, Line};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1180px; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; }
th, td { text-align: left; vertical-align: top; padding: .25em .6em; border-bottom: 1px solid #ddd; }
th { border-bottom: 2px solid #888; }
td.number, th.number { text-align: right; white-space: nowrap; }
tr.guarantee td { background: #eef3f8; font-weight: 600; }
.matrix td, .matrix th { font-size: 12px; padding: .2em .35em; border: 1px solid #ddd; }
.matrix .moved { background: #fdf3dc; }
svg { width: 100%; height: auto; }
";

/// The page. `rows` are the checks of each guarantee, in the order of `GUARANTEES`.
pub fn page(done: &[Done], rows: &[Vec<Row<'_>>], depth: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "atomic-throttle: what has been shown" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "atomic-throttle: what has been shown" }
                p {
                    "Written by " code { "cargo xtask verify" } ", " (depth) ", on " (std::env::consts::ARCH)
                    " " (std::env::consts::OS) ". Each line is what a check said of itself after it had \
                    passed; verify/README.md says what each rung can and cannot show."
                }
                h2 { "Guarantees" }
                (summary(rows))
                h2 { "Each check" }
                (guarantees(rows))
                h2 { "Planted faults that were found" }
                (faults(done))
                h2 { "Rungs" }
                (rungs(done))
                h2 { "States" }
                p {
                    "Drawn from the shipped transitions. " em { "open" } " and " em { "closed" }
                    " say whether the window is over; an event without them does the same in both. "
                    em { "fire" } ", " em { "abandon" } " and " em { "finish" }
                    " are those of the guard that the state speaks of."
                }
                (diagram::draw())
                (matrix())
            }
        }
    };
    page.into_string()
}

fn summary(rows: &[Vec<Row<'_>>]) -> Markup {
    html! {
        table {
            tr { th { "rung" } th.number { "checks" } th { "looked at" } th.number { "seconds" } }
            @for ((guarantee, promise), rows) in GUARANTEES.iter().zip(rows) {
                tr.guarantee { td colspan="4" { (guarantee) " " (promise) } }
                @for Summary { rung, checks, looked_at, time } in summaries(rows) {
                    tr {
                        td { (rung) }
                        td.number { (checks) }
                        td { (looked_at) }
                        td.number { (seconds(time)) }
                    }
                }
            }
        }
    }
}

fn guarantees(rows: &[Vec<Row<'_>>]) -> Markup {
    html! {
        table {
            tr { th { "evidence" } th { "rung" } th.number { "looked at" } th.number { "seconds" } }
            @for ((guarantee, promise), rows) in GUARANTEES.iter().zip(rows) {
                tr.guarantee { td colspan="4" { (guarantee) " " (promise) } }
                @for row in rows {
                    tr {
                        td { (row.what) }
                        td { (row.rung) }
                        td.number { (row.count) " " (row.unit) }
                        td.number { (seconds(row.time)) }
                    }
                }
            }
        }
    }
}

fn faults(done: &[Done]) -> Markup {
    html! {
        table {
            tr { th { "planted" } th { "found by" } th { "rung" } }
            @for rung in done {
                @for line in &rung.lines {
                    @if let Line::Caught { fault, how } = line {
                        tr { td { (fault) } td { (how) } td { (rung.name) } }
                    }
                }
            }
        }
    }
}

fn rungs(done: &[Done]) -> Markup {
    html! {
        table {
            tr { th { "rung" } th { "what it came to" } th.number { "seconds, with building" } }
            @for rung in done {
                tr {
                    td { (rung.name) }
                    td { (rung.count) }
                    td.number { (format!("{:.1}", rung.time.as_secs_f64())) }
                }
            }
        }
    }
}

/// Every event in every state: the outcome, and the next state if the word is moved.
fn matrix() -> Markup {
    html! {
        table.matrix {
            tr { th { "event" } th { } @for shape in Shape::all() { th { (shape.name()) } } }
            @for event in EVENTS.iter().chain([&LATE]) {
                @for when in When::ALL {
                    tr {
                        th { (event.name) }
                        th { (when.name()) }
                        @for shape in Shape::all() {
                            @let done = event.on(shape, when);
                            @if done.moved {
                                td.moved { (done.outcome) " → " (done.next.name()) }
                            } @else {
                                td { (done.outcome) }
                            }
                        }
                    }
                }
            }
        }
    }
}
