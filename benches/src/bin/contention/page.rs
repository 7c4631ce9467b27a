//! The report as one HTML page that needs nothing else.

use crate::report::{LIMITS, Report};
use crate::tables::{Table, star};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1020px; margin: 2em auto; padding: 0 1em; color: #222; }
h1, h2, h3 { line-height: 1.2; }
h2 { margin-top: 2em; }
table { border-collapse: collapse; margin: .5em 0 1.5em; font-size: 14px; }
caption { text-align: left; font-weight: 600; padding: .3em 0; }
th, td { text-align: left; padding: .2em .7em; border-bottom: 1px solid #ddd; white-space: nowrap; }
th { border-bottom: 2px solid #888; }
.numbers td:not(:first-child), .numbers th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
tr.ours td { background: #eef3f8; font-weight: 600; }
.wide { overflow-x: auto; }
.warning { background: #fdf3dc; border-left: 4px solid #d55e00; padding: .6em 1em; }
.note { color: #666; }
svg { width: 100%; height: auto; }
";

pub fn page(report: &Report, picture: &str) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { "atomic-throttle: contention" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "atomic-throttle: contention" }
                p { "Written by " code { "cargo xtask contention" } "." }
                @if let Some(warning) = report.machine.warning() { p.warning { (warning) } }
                (PreEscaped(inline(picture)))
                (machine(report))
                h2 { "What each promises" }
                (drawn(&report.promises(), false))
                h2 { "Throughput" }
                @for &scenario in &report.scenarios {
                    h3 { (scenario.name()) }
                    p { (scenario.story()) "." }
                    @for table in report.throughputs(scenario) { (drawn(&table, true)) }
                }
                p.note { (star(report.machine.cores)) }
                h2 { "Latency" }
                @for &scenario in &report.scenarios {
                    h3 { (scenario.name()) }
                    @for &threads in &report.threads { (drawn(&report.latencies(scenario, threads), true)) }
                }
                h2 { "How it was measured" }
                @for paragraph in report.method() { p { (paragraph) } }
                h2 { "What these figures cannot show" }
                ul { @for limit in LIMITS { li { (limit) } } }
            }
        }
    };
    page.into_string()
}

/// Leaves out the head that only a file of its own may begin with.
fn inline(picture: &str) -> &str {
    picture.find("<svg").map_or(picture, |at| &picture[at..])
}

fn machine(report: &Report) -> Markup {
    html! {
        h2 { "Machine" }
        table {
            @for (name, value) in report.machine.lines() { tr { td { (name) } td { (value) } } }
        }
    }
}

fn drawn(table: &Table, numbers: bool) -> Markup {
    html! {
        div.wide {
            table.numbers[numbers] {
                @if numbers { caption { (table.title) } }
                tr { @for name in &table.head { th { (name) } } }
                @for row in &table.rows {
                    tr.ours[row.ours] { @for cell in &row.cells { td { (cell) } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::report::LIMITS;
    use crate::samples::usual;

    #[test]
    fn the_page_has_everything_and_needs_nothing_else() {
        let mut report = usual();
        report.machine.load = 9.0;
        let text = page(&report, "<?xml version=\"1.0\"?>\n<svg>drawn</svg>");
        assert!(text.contains("<svg>drawn</svg>") && !text.contains("<?xml"));
        for (name, value) in report.machine.lines() {
            assert!(text.contains(&format!("<td>{name}</td><td>{value}</td>")), "{name}");
        }
        for it in &report.contestants {
            assert!(text.contains(it.name) && text.contains(it.note), "{}", it.name);
        }
        assert!(LIMITS.iter().all(|limit| text.contains(limit)));
        assert!(report.method().iter().all(|paragraph| text.contains(paragraph.as_str())));
        for expected in
            ["not quiet", "What each promises", "millions of calls per second", "p99.9", "class=\"ours\""]
        {
            assert!(text.contains(expected), "{expected}");
        }
        assert!(!text.contains("src=") && !text.contains("http"), "nothing is fetched");
        assert_eq!(text.matches("<table").count(), text.matches("</table>").count());
    }
}
