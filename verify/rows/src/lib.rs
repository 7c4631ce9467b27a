//! Reads the table of transitions, as it stands in `docs/word.md` and beside each transition.
//!
//! Every check that asks the table reads it here, so it has one meaning. A word that is not known is an error:
//! no check passes over a row that it does not understand.

use std::fmt;

const HEADER: &str = "| event | when | r | d | next | outcome |";

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The row as it is written.
    pub text: String,
    /// The operation with the names of its arguments, such as `fire(epoch, now)`.
    pub event: String,
    /// All of them must hold.
    pub when: Vec<Condition>,
    /// The value that `r` must have; `None` if it may have any.
    pub running: Option<bool>,
    /// One of them must be there.
    pub deferral: Vec<Deferral>,
    pub next: Next,
    /// The name of the outcome.
    pub outcome: String,
}

/// What must hold for a row to apply. The terms are those of the table of terms above the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    Open,
    Closed,
    LeaseOver,
    LeaseHolds,
    DueByLatest,
    DueAfterLatest,
    OfThisEpoch,
    OfAnotherEpoch,
}

/// The deferral, `d`, of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferral {
    None,
    Pending,
    Cancelled,
    Owed,
}

impl Deferral {
    pub const ALL: [Self; 4] = [Self::None, Self::Pending, Self::Cancelled, Self::Owed];
}

/// The next word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Same,
    Start,
    /// `r = 0`, and nothing else changes.
    Finished,
    /// This `d`, and nothing else changes.
    Deferral(Deferral),
}

/// Why a table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    pub line: String,
    pub why: &'static str,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.why, self.line)
    }
}

impl std::error::Error for Unreadable {}

/// The rows of every table of transitions in `text`, in their order. In a doc comment each line begins with `///`.
///
/// # Errors
///
/// If a row has other than six cells, or a word that is not known.
pub fn rows(text: &str) -> Result<Vec<Row>, Unreadable> {
    let mut rows = Vec::new();
    let mut is_inside = false;
    for line in text.lines().map(|line| line.trim().trim_start_matches("///").trim()) {
        if line == HEADER {
            is_inside = true;
        } else if !line.starts_with('|') {
            is_inside = false;
        } else if is_inside && !line.starts_with("|---") {
            rows.push(row(line).map_err(|why| Unreadable { line: line.to_owned(), why })?);
        }
    }
    Ok(rows)
}

fn row(line: &str) -> Result<Row, &'static str> {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [event, when, running, deferral, next, outcome] = cells[..] else {
        return Err("a row has six cells");
    };
    Ok(Row {
        text: line.to_owned(),
        event: event.trim_matches('`').to_owned(),
        when: items(when).map(condition).collect::<Result<_, _>>()?,
        running: match running {
            "any" => None,
            "0" => Some(false),
            "1" => Some(true),
            _ => return Err("r is 0, 1 or any"),
        },
        deferral: match deferral {
            "any" => Deferral::ALL.to_vec(),
            "" => return Err("d is empty"),
            names => items(names).map(self::deferral).collect::<Result<_, _>>()?,
        },
        next: match next.strip_prefix("d=") {
            Some(name) => Next::Deferral(self::deferral(name)?),
            None if next == "same" => Next::Same,
            None if next == "start" => Next::Start,
            None if next == "r=0" => Next::Finished,
            None => return Err("no such next word"),
        },
        outcome: outcome.trim_matches('`').to_owned(),
    })
}

fn items(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn condition(words: &str) -> Result<Condition, &'static str> {
    Ok(match words {
        "open" => Condition::Open,
        "closed" => Condition::Closed,
        "lease over" => Condition::LeaseOver,
        "lease holds" => Condition::LeaseHolds,
        "due <= latest" => Condition::DueByLatest,
        "due > latest" => Condition::DueAfterLatest,
        "last == epoch" => Condition::OfThisEpoch,
        "last != epoch" => Condition::OfAnotherEpoch,
        _ => return Err("no such condition"),
    })
}

fn deferral(name: &str) -> Result<Deferral, &'static str> {
    Ok(match name {
        "none" => Deferral::None,
        "pending" => Deferral::Pending,
        "cancelled" => Deferral::Cancelled,
        "owed" => Deferral::Owed,
        _ => return Err("no such deferral"),
    })
}

#[cfg(test)]
mod tests {
    use super::{Condition, Deferral, HEADER, Next, row, rows};
    use watchdog as _;

    const FIRE: &str = "| `fire(epoch, now)` | last == epoch, open | 0 | pending | start | `Run` |";

    #[test]
    fn a_row_is_read() {
        let fire = row(FIRE).unwrap();
        assert_eq!(fire.event, "fire(epoch, now)");
        assert_eq!(fire.when, [Condition::OfThisEpoch, Condition::Open]);
        assert_eq!((fire.running, fire.deferral), (Some(false), vec![Deferral::Pending]));
        assert_eq!((fire.next, fire.outcome.as_str()), (Next::Start, "Run"));
    }

    #[test]
    fn only_the_tables_of_transitions_are_read_also_in_doc_comments() {
        let text =
            format!("| a | b |\n|---|---|\n| 1 | 2 |\n\n/// {HEADER}\n/// |---|---|\n/// {FIRE}\n\n| 1 |");
        assert_eq!(rows(&text).unwrap(), [row(FIRE).unwrap()]);
    }

    #[test]
    fn a_word_that_is_not_known_is_an_error() {
        for (right, wrong, why) in [
            ("open", "opened", "no such condition"),
            ("| 0 |", "| 2 |", "r is 0, 1 or any"),
            ("pending", "waiting", "no such deferral"),
            ("pending", "", "d is empty"),
            ("start", "begin", "no such next word"),
            ("start", "d=begun", "no such deferral"),
            ("| start", "| start | start", "a row has six cells"),
        ] {
            let text = format!("{HEADER}\n{}", FIRE.replace(right, wrong));
            assert_eq!(rows(&text).unwrap_err().why, why, "{wrong}");
        }
    }
}
