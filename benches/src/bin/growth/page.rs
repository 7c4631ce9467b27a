//! All axes on one HTML page that needs nothing else.

use crate::axis::Axis;
use crate::table;
use benches::machine::Machine;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1080px; margin: 2em auto; padding: 0 1em; color: #222; }
table { border-collapse: collapse; margin: 1em 0; font-size: 13px; }
th, td { text-align: right; padding: .2em .6em; border-bottom: 1px solid #ddd; white-space: nowrap; }
th { border-bottom: 2px solid #888; }
td:nth-child(1), td:nth-child(2), th:nth-child(1) { text-align: left; }
.machine { color: #666; }
.wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; }
";

/// The page. `pictures` are SVG, one for each axis; `faults` are what was wrong.
pub fn page(axes: &[Axis], pictures: &[String], faults: &[String], machine: &Machine) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "atomic-throttle: cost as work grows" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "atomic-throttle: cost as work grows" }
                p.machine { (machine) ", " (machine.date) }
                @if let Some(warning) = machine.warning() { p { strong { (warning) } } }
                p {
                    "Written by " code { "cargo xtask growth" } ". Every row is measured once a round, one after \
                     the other; figures are medians of the rounds, and ratios are of the same round. Only ratios \
                     can be compared with those of another machine."
                }
                (verdict(faults))
                @for (axis, picture) in axes.iter().zip(pictures) { (section(axis, picture)) }
            }
        }
    };
    page.into_string()
}

fn verdict(faults: &[String]) -> Markup {
    html! {
        @if faults.is_empty() {
            p { "All counts are right: no window has two runs, no run is lost, no memory grows." }
        } @else {
            p { strong { "Counts that are wrong:" } }
            ul { @for fault in faults { li { (fault) } } }
        }
    }
}

fn section(axis: &Axis, picture: &str) -> Markup {
    let table = table::table(axis);
    html! {
        h2 { (axis.text.title) }
        (PreEscaped(picture))
        div.wide {
            table {
                tr { @for cell in table.header().into_iter().flat_map(|header| header.cell_iter()) { th { (cell.content()) } } }
                @for row in table.row_iter() {
                    tr { @for cell in row.cell_iter() { td { (cell.content()) } } }
                }
            }
        }
        ul { @for note in &axis.text.notes { li { (note) } } }
        p { (table::flat_heading(axis)) }
        ul { @for line in table::flat(axis) { li { (line) } } }
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::axis::planted;
    use benches::machine::Machine;

    #[test]
    fn the_page_has_each_row_and_each_fault() {
        let machine = Machine::here();
        let of = |faults: &[String]| page(&[planted()], &["<svg>planted</svg>".to_owned()], faults, &machine);
        let good = of(&[]);
        for held in ["<td>least</td>", "<td>ours</td>", "<td>peer</td>", "<svg>planted</svg>", "a note"] {
            assert!(good.contains(held), "no {held} in {good}");
        }
        assert!(good.contains("All counts are right"));
        let bad = of(&["two runs in a window".to_owned()]);
        assert!(bad.contains("two runs in a window") && !bad.contains("All counts are right"));
    }
}
