//! Prints the table of transitions as `Rows.v`: a relation with one constructor for each row.

use rows::{Condition, Deferral, Next, Row};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The file of these rows.
///
/// # Errors
///
/// If there is none, or an event or an outcome is not a name with arguments.
pub fn print(rows: &[Row]) -> Result<String, String> {
    if rows.is_empty() {
        return Err("the table has no rows".to_owned());
    }
    let (mut events, mut outcomes, mut constructors) = (Vec::new(), Vec::new(), String::new());
    let mut numbers = BTreeMap::<&str, usize>::new();
    for row in rows {
        let (name, arguments) = event(row)?;
        let number = numbers.entry(name).or_default();
        *number += 1;
        if *number == 1 {
            events.push(declaration(name, &arguments));
        }
        let outcome = outcome(&row.outcome)?;
        if !outcomes.contains(&outcome) {
            outcomes.push(outcome);
        }
        constructors.push_str(&constructor(row, &format!("{name}_{number}"), name, &arguments, outcome));
    }
    Ok(format!(
        "(** Printed from the {} rows of the table of transitions in docs/word.md. *)\n\
         Require Import Word.\n\n\
         Inductive event :=\n{}.\n\n\
         Inductive outcome :=\n| {}.\n\n\
         (** [row p e w w' o]: by the policy [p] the event [e] makes [w'] of [w], with outcome [o]. *)\n\
         Inductive row : policy -> event -> word -> word -> outcome -> Prop :=\n{constructors}.\n",
        rows.len(),
        events.concat(),
        outcomes.join(" | "),
    ))
}

/// The name of an event, and those of its arguments.
fn event(row: &Row) -> Result<(&str, Vec<&str>), String> {
    let parts = row.event.split_once('(').and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
    let (name, arguments) = parts.ok_or_else(|| format!("no event: {}", row.event))?;
    let arguments: Vec<_> = arguments.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
    match std::iter::once(&name).chain(&arguments).find(|word| !is_name(word)) {
        None => Ok((name, arguments)),
        Some(word) => Err(format!("no name: {word:?} in {}", row.event)),
    }
}

fn outcome(name: &str) -> Result<&str, String> {
    match name {
        "true" => Ok("Yes"),
        "false" => Ok("No"),
        name if is_name(name) => Ok(name),
        name => Err(format!("no outcome: {name:?}")),
    }
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|it| it.is_ascii_alphabetic() || it == '_')
}

fn declaration(name: &str, arguments: &[&str]) -> String {
    if arguments.is_empty() {
        format!("| {name}\n")
    } else {
        format!("| {name} ({} : N)\n", arguments.join(" "))
    }
}

fn constructor(row: &Row, constructor: &str, name: &str, arguments: &[&str], outcome: &str) -> String {
    let mut text = format!("| {constructor} : forall {} p w,", arguments.join(" "));
    for premise in premises(row) {
        let _ = write!(text, " {premise} ->");
    }
    let call =
        if arguments.is_empty() { name.to_owned() } else { format!("({name} {})", arguments.join(" ")) };
    let _ = writeln!(text, "\n    row p {call} w {} {outcome}", next(row.next));
    text
}

/// What must hold for the row to apply.
fn premises(row: &Row) -> Vec<String> {
    let mut premises: Vec<String> = row.when.iter().map(|it| condition(*it).to_owned()).collect();
    premises.extend(row.running.map(|running| format!("r w = {running}")));
    if row.deferral != Deferral::ALL {
        let any: Vec<_> = row.deferral.iter().map(|it| format!("d w = {}", deferral(*it))).collect();
        premises.push(if any.len() == 1 { any.concat() } else { format!("({})", any.join(" \\/ ")) });
    }
    premises
}

fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Open => "open now p w",
        Condition::Closed => "closed now p w",
        Condition::LeaseOver => "lease_over now p w",
        Condition::LeaseHolds => "lease_holds now p w",
        Condition::DueByLatest => "due p w <= latest",
        Condition::DueAfterLatest => "latest < due p w",
        Condition::OfThisEpoch => "last w = epoch",
        Condition::OfAnotherEpoch => "last w <> epoch",
    }
}

fn deferral(deferral: Deferral) -> &'static str {
    match deferral {
        Deferral::None => "none",
        Deferral::Pending => "pending",
        Deferral::Cancelled => "cancelled",
        Deferral::Owed => "owed",
    }
}

fn next(next: Next) -> String {
    match next {
        Next::Same => "w".to_owned(),
        Next::Start => "(start now w)".to_owned(),
        Next::Finished => "(set_r false w)".to_owned(),
        Next::Deferral(d) => format!("(set_d {} w)", deferral(d)),
    }
}

#[cfg(test)]
mod tests {
    use super::print;
    use rows::rows;

    fn printed(row: &str) -> Result<String, String> {
        let table = format!("| event | when | r | d | next | outcome |\n|---|---|---|---|---|---|\n{row}\n");
        print(&rows(&table).unwrap())
    }

    #[test]
    fn a_row_is_printed() {
        let text =
            printed("| `fire(epoch, now)` | last == epoch, open | 0 | none, owed | start | `Run` |").unwrap();
        assert!(text.contains("| fire (epoch now : N)\n"), "{text}");
        assert!(text.contains(
            "| fire_1 : forall epoch now p w, last w = epoch -> open now p w -> r w = false -> \
             (d w = none \\/ d w = owed) ->\n    row p (fire epoch now) w (start now w) Run\n"
        ));
    }

    #[test]
    fn a_row_without_conditions_is_printed() {
        let text = printed("| `cancel()` | | any | any | d=none | `true` |").unwrap();
        assert!(
            text.contains("| cancel_1 : forall  p w,\n    row p cancel w (set_d none w) Yes\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_a_name_is_an_error() {
        for row in [
            "| `cancel` | | any | any | same | `true` |",
            "| `can cel()` | | any | any | same | `true` |",
            "| `cancel(-)` | | any | any | same | `true` |",
            "| `cancel()` | | any | any | same | `so so` |",
        ] {
            assert!(printed(row).is_err(), "{row}");
        }
        assert!(print(&[]).is_err());
    }
}
