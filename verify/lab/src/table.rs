//! Tables and the figures in them, written alike by every program.

pub use comfy_table::Table;

use comfy_table::{CellAlignment, presets};
use hdrhistogram::Histogram;
use indicatif::HumanCount;
use std::time::Duration;

/// Lines above, below and under the heading, and none between the rows.
const LINES: &str = "  ── ══      ──    ";

/// What stands where there is no figure.
pub const NONE: &str = "–";

/// An empty table for a terminal.
#[must_use]
pub fn plain() -> Table {
    with_preset(LINES)
}

/// An empty table that can be pasted into Markdown.
#[must_use]
pub fn markdown() -> Table {
    with_preset(presets::ASCII_MARKDOWN)
}

fn with_preset(preset: &str) -> Table {
    let mut table = Table::new();
    table.load_preset(preset);
    table
}

/// Aligns the columns of figures, which begin at this one, to the right.
#[must_use]
pub fn figures_from(column: usize, mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Aligns one column of figures to the right, between words.
#[must_use]
pub fn figures_in(column: usize, mut table: Table) -> Table {
    if let Some(column) = table.column_mut(column) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// A count, with a comma before every third digit.
#[must_use]
pub fn count(count: impl TryInto<u64>) -> String {
    HumanCount(count.try_into().unwrap_or(u64::MAX)).to_string()
}

/// A count, written shorter if it is round: 10k, 1M.
#[must_use]
pub fn short(count: u64) -> String {
    for (unit, name) in [(1_000_000, "M"), (1_000, "k")] {
        if count >= unit && count % unit == 0 {
            return format!("{}{name}", count / unit);
        }
    }
    count.to_string()
}

/// Three digits, and all of those before the point. Nothing for what is no number.
#[must_use]
pub fn digits(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => String::new(),
        size if size > 0.0 && size < 0.01 => format!("{value:.4}"),
        size if size < 9.995 => format!("{value:.2}"),
        size if size < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// How many times as much: two digits after the point, because what is compared is often almost the same.
#[must_use]
pub fn ratio(ratio: f64) -> String {
    format!("{ratio:.2}")
}

/// A time in three digits, with its unit. Nanoseconds have up to four, so that a grain shows.
#[must_use]
pub fn nanos(nanos: f64) -> String {
    let units =
        [(9_999.5, 1.0, "ns"), (999_500.0, 1e3, "µs"), (999.5e6, 1e6, "ms"), (f64::INFINITY, 1e9, "s")];
    let (_, unit, name) = units.into_iter().find(|(below, ..)| nanos < *below).unwrap_or((0.0, 1e9, "s"));
    format!("{} {name}", digits(nanos / unit))
}

/// A time in three digits, with its unit.
#[must_use]
pub fn time(time: Duration) -> String {
    nanos(time.as_secs_f64() * 1e9)
}

/// The times that these shares of all times do not exceed, to three digits; 1.0 asks for the longest. `None`
/// of no times.
///
/// # Panics
///
/// Never: a histogram that may grow takes every time.
#[must_use]
pub fn quantiles<const N: usize>(
    times: impl IntoIterator<Item = Duration>,
    shares: [f64; N],
) -> Option<[Duration; N]> {
    let mut all = Histogram::<u64>::new(3).expect("three digits are possible");
    for time in times {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        all.record(nanos).expect("it grows with what it is given");
    }
    (!all.is_empty()).then(|| shares.map(|share| Duration::from_nanos(all.value_at_quantile(share))))
}

#[cfg(test)]
mod tests {
    use super::{count, digits, figures_from, figures_in, nanos, plain, quantiles, ratio, short, time};
    use std::time::Duration;

    #[test]
    fn counts_are_grouped_by_three() {
        for (number, text) in [(0_u64, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(count(number), text);
        }
        assert_eq!(count(1_000_usize), "1,000");
    }

    #[test]
    fn round_counts_are_short() {
        assert_eq!([1, 999, 1000, 1024, 10_000_000].map(short), ["1", "999", "1k", "1024", "10M"]);
    }

    #[test]
    fn figures_have_three_digits() {
        let expected = [
            (0.0, "0.00"),
            (0.0031, "0.0031"),
            (0.31, "0.31"),
            (1.234, "1.23"),
            (-1.234, "-1.23"),
            (9.996, "10.0"),
        ];
        let more = [(12.34, "12.3"), (99.96, "100"), (123.4, "123"), (12_345.6, "12346"), (f64::NAN, "")];
        for (value, text) in expected.into_iter().chain(more) {
            assert_eq!(digits(value), text, "{value}");
        }
        assert_eq!([1.0, 1.017, 18.0].map(ratio), ["1.00", "1.02", "18.00"]);
    }

    #[test]
    fn times_have_their_unit() {
        let expected = [
            (0.314, "0.31 ns"),
            (28.14, "28.1 ns"),
            (1234.4, "1234 ns"),
            (12_345.0, "12.3 µs"),
            (400_000.0, "400 µs"),
            (999_600.0, "1.00 ms"),
            (40_000_000.0, "40.0 ms"),
            (999.6e6, "1.00 s"),
            (7_200e9, "7200 s"),
        ];
        for (value, text) in expected {
            assert_eq!(nanos(value), text);
        }
        assert_eq!(time(Duration::from_millis(20)), "20.0 ms");
        assert_eq!(time(Duration::ZERO), "0.00 ns");
    }

    #[test]
    fn a_quantile_is_one_of_the_times() {
        let hundred = || (1..=100).rev().map(Duration::from_nanos);
        let expected = [1, 50, 99, 100].map(Duration::from_nanos);
        assert_eq!(quantiles(hundred(), [0.01, 0.5, 0.99, 1.0]), Some(expected));
        assert_eq!(quantiles([Duration::from_nanos(7)], [0.5, 1.0]), Some([Duration::from_nanos(7); 2]));
        assert_eq!(quantiles([], [0.5]), None);
    }

    #[test]
    fn figures_stand_on_the_right() {
        let filled = || {
            let mut table = plain();
            table.set_header(["what", "calls", "runs"]).add_row(["a", "1", "2"]);
            table
        };
        let row = |text: String| text.lines().find(|line| line.contains('1')).unwrap().to_owned();
        assert_eq!(row(figures_from(1, filled()).to_string()).trim_end(), " a          1      2");
        assert_eq!(row(figures_in(1, filled()).to_string()).trim_end(), " a          1   2");
    }
}
