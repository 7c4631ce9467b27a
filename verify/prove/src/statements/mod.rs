//! What is promised, in `promises.txt`: one statement a line, in a small language of its own.

mod expression;
mod meaning;

pub use self::expression::{Expression, Operator};
pub use self::meaning::{Called, FUNCTIONS, Scope};

use crate::table::{EVENTS, Event};

/// What a statement is about.
pub enum About {
    /// It holds of every step by these events.
    Steps(Vec<&'static Event>),
    /// It holds of all numbers of these names.
    Numbers(Vec<String>),
}

pub struct Statement {
    /// The guarantees that it is a part of.
    pub guarantees: String,
    pub about: About,
    pub expression: Expression,
    /// As it is written.
    pub text: String,
}

/// Reads all statements.
///
/// # Errors
///
/// If a line is not made up as expected.
pub fn statements(text: &str) -> Result<Vec<Statement>, String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        match lines.last_mut() {
            // It goes on with the line before.
            Some(last) if line.starts_with(' ') => *last = format!("{last} {}", line.trim()),
            _ => lines.push(line.to_owned()),
        }
    }
    lines.iter().map(|line| read(line).map_err(|why| format!("{why}: {line}"))).collect()
}

fn read(line: &str) -> Result<Statement, String> {
    let cells: Vec<_> = line.split('|').map(str::trim).collect();
    let [guarantees, about, text] = cells[..] else { return Err("a statement has three cells".to_owned()) };
    let is_known = |number: &str| evidence::GUARANTEES.iter().any(|(known, _)| known.to_string() == number);
    if guarantees.is_empty() || !guarantees.split(' ').all(is_known) {
        return Err(format!("of what guarantee is {guarantees:?}?"));
    }
    Ok(Statement {
        guarantees: guarantees.to_owned(),
        about: self::about(about)?,
        expression: Expression::read(text)?,
        text: text.to_owned(),
    })
}

/// Events by their names, `all`, `all but` some; otherwise the names of numbers.
fn about(words: &str) -> Result<About, String> {
    let events = |words: &str| -> Option<Vec<_>> {
        words.split_whitespace().map(|name| EVENTS.iter().find(|event| event.name == name)).collect()
    };
    if let Some(others) = words.strip_prefix("all") {
        let others = match others.strip_prefix(" but ") {
            Some(others) => events(others).ok_or_else(|| format!("{others:?} are no events"))?,
            None if others.is_empty() => Vec::new(),
            None => return Err(format!("{words:?} is not known")),
        };
        let is_left = |event: &&Event| !others.iter().any(|other| other.name == event.name);
        return Ok(About::Steps(EVENTS.iter().filter(is_left).collect()));
    }
    if let Some(found) = events(words) {
        return Ok(About::Steps(found));
    }
    let names: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
    match names.iter().find(|name| EVENTS.iter().any(|event| event.name == **name)) {
        Some(event) => Err(format!("{event} is an event among names")),
        None => Ok(About::Numbers(names)),
    }
}

#[cfg(test)]
mod tests {
    use super::{About, statements};

    #[test]
    fn a_statement_goes_on_where_a_line_is_indented() {
        let read =
            statements("# a comment\n\nG1 G8 | a b | a = b\n   or a != b\nG2 | all but fire | r = 0\n");
        let read = read.unwrap();
        assert_eq!(read[0].text, "a = b or a != b");
        assert!(matches!(&read[0].about, About::Numbers(names) if names.len() == 2));
        assert!(matches!(&read[1].about, About::Steps(events) if events.len() == 11));
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for (line, why) in [
            ("G1 | a = b", "three cells"),
            ("G11 | a | a = a", "of what guarantee"),
            (" | a | a = a", "of what guarantee"),
            ("G1 | all but b | a = a", "no events"),
            ("G1 | fire b | a = a", "an event among names"),
            ("G1 | a | a =", "ends too early"),
        ] {
            let found = statements(line).err().expect(line);
            assert!(found.contains(why), "{line}: {found}");
        }
    }
}
