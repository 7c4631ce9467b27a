//! What was measured, as Markdown.

use crate::axis::{Axis, Place, Row};
use crate::judge::{Flatness, flatness};
use benches::machine::Machine;
use benches::statistics::median_ratio;
use lab::table::{self, Table, digits, short};

/// The page of one axis.
pub fn markdown(axis: &Axis, machine: &Machine) -> String {
    let (notes, heading, flat) = (axis.text.notes.join("\n- "), flat_heading(axis), flat(axis).join("\n- "));
    format!("# {}\n\n{machine}\n\n{}\n\n- {notes}\n\n{heading}\n\n- {flat}\n", axis.text.title, table(axis))
}

/// A line for each known value of each row, and a column for each size.
pub fn table(axis: &Axis) -> Table {
    let mut table = table::markdown();
    let sizes = axis.sizes.iter().map(|size| short(*size));
    table.set_header([axis.text.along.to_owned(), String::new()].into_iter().chain(sizes));
    for (what, cells) in blocks(axis) {
        for (name, cells) in cells {
            table.add_row([what.clone(), name.to_owned()].into_iter().chain(cells));
        }
    }
    table::figures_from(2, table)
}

type Lines = Vec<(&'static str, Vec<String>)>;

/// The known values of the rows, each with the lines of the rows that have it.
fn blocks(axis: &Axis) -> Vec<(String, Lines)> {
    let reference = axis.rows.first();
    let ratio = |row: &Row| {
        let others = reference.map(|reference| reference.places.as_slice()).unwrap_or_default();
        let cells = row.places.iter().zip(others);
        cells.map(|(place, other)| digits(median_ratio(&place.nanos, &other.nanos))).collect()
    };
    let each = |cell: fn(&Place) -> Option<String>| {
        let line = |row: &Row| {
            let cells: Vec<Option<String>> = row.places.iter().map(cell).collect();
            let known = cells.iter().any(Option::is_some);
            known.then(|| (row.name, cells.into_iter().map(Option::unwrap_or_default).collect()))
        };
        axis.rows.iter().filter_map(line).collect()
    };
    let compared = axis.rows.iter().skip(1).map(|row| (row.name, ratio(row))).collect();
    let of = reference.map_or("", |reference| reference.name);
    vec![
        ("ns a call".to_owned(), each(|place| place.time().map(digits))),
        (format!("x {of}"), compared),
        (
            format!("runs / {}", axis.text.due),
            each(|place| {
                place.all_runs().map(|runs| format!("{} / {}", short(runs.started), short(runs.windows)))
            }),
        ),
        (format!("bytes {}", axis.text.bytes), each(|place| place.memory().map(digits))),
        (
            "thrown away".to_owned(),
            each(|place| (place.thrown_away > 0).then(|| place.thrown_away.to_string())),
        ),
    ]
}

/// What the lines of [`flat`] say.
pub fn flat_heading(axis: &Axis) -> String {
    format!("Largest / smallest median, from {} {} on:", short(axis.text.flat_from), axis.text.along)
}

/// How flat the rows of the library are, and the references.
pub fn flat(axis: &Axis) -> Vec<String> {
    let reference = axis.rows.first().map_or("", |reference| reference.name);
    let ratio = format!("time x {reference}");
    let line = |row: Flatness| {
        let bytes = match row.memory_from {
            1 => "bytes".to_owned(),
            from => format!("bytes from {} {} on", short(from), axis.text.along),
        };
        let compared = row.ratio.filter(|_| row.name != reference);
        let parts = [("time", row.time), (&ratio, compared), (&bytes, row.memory)];
        let known = parts.into_iter().filter_map(|(what, spread)| Some(format!("{what} {:.2}", spread?)));
        format!("{}: {}", row.name, known.collect::<Vec<_>>().join("; "))
    };
    flatness(axis).into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::markdown;
    use crate::axis::planted;
    use benches::machine::Machine;

    #[test]
    fn each_row_is_written() {
        let (axis, machine) = (planted(), Machine::here());
        let text = markdown(&axis, &machine);
        assert!(text.contains(&machine.to_string()) && text.contains("a note"), "{text}");
        let cells = |what: &str, name: &str| {
            let line =
                text.lines().find(|line| line.starts_with(&format!("| {what}")) && line.contains(name));
            let cells = line.unwrap_or_else(|| panic!("no {what} of {name} in {text}")).split('|').skip(3);
            cells
                .map(|cell| cell.trim().to_owned())
                .filter(|cell| !cell.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(cells("calls", ""), "1 10k 100k");
        assert_eq!(cells("ns a call", "least"), "2.00 2.00 2.00");
        assert_eq!(cells("ns a call", "ours"), "3.00 3.00 3.00");
        assert_eq!(cells("ns a call", "peer"), "4.00 4.00 4.00");
        assert_eq!(cells("x least", "ours"), "1.50 1.50 1.50");
        assert_eq!(cells("runs / windows", "ours"), "1 / 1 1 / 1 1 / 1");
        assert_eq!(cells("bytes a throttle", "ours"), "200 200 200");
        assert_eq!(cells("thrown away", "ours"), "7");
    }
}
