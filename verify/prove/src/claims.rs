//! Everything that is claimed of a build, and whether it holds.

use crate::machine::{End, How, Machine, Summary};
use crate::solver::{Question, Values};
use crate::statements::{About, Called, Scope, Statement};
use crate::table::{Case, Event, RESULTS};
use crate::term::{Term, Terms};
use rows::Row;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// One claim: what it says, and when it is broken.
#[derive(Clone, Debug)]
pub struct Claim {
    pub what: String,
    pub broken: Term,
}

/// Claims that are asked together.
pub struct Group {
    pub name: String,
    /// They are claimed only where this holds.
    pub when: Term,
    pub claims: Vec<Claim>,
}

/// A claim that does not hold, and values that show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The group, and the claims in it that these values break.
    pub what: String,
    pub values: Values,
}

impl Breach {
    /// The values, for a person to read. Those that are called unknown may be anything.
    #[must_use]
    pub fn values(&self) -> String {
        let mut text = String::new();
        for (name, value) in self.values.iter().filter(|(name, _)| !name.starts_with("unknown")) {
            let _ = write!(text, "{}{name} = {value:#x}", if text.is_empty() { "" } else { ", " });
        }
        if text.is_empty() { "always".to_owned() } else { text }
    }
}

/// The steps of one event: its case, and what the build makes of it.
pub struct Steps<'t> {
    pub event: &'static Event,
    pub case: Case<'t>,
    pub summary: Summary,
}

impl<'t> Steps<'t> {
    /// # Errors
    ///
    /// If the machine cannot execute the wrapper.
    pub fn new(terms: &'t Terms, machine: &Machine, event: &'static Event) -> Result<Self, String> {
        let names = std::iter::once(&"word").chain(event.arguments);
        let raw: BTreeMap<_, _> = names.clone().map(|name| (*name, terms.variable(name, 64))).collect();
        let arguments: Vec<_> = names.map(|name| raw[name]).collect();
        let summary = machine.summary(&format!("transitions::{}", event.name), &arguments, RESULTS)?;
        Ok(Self { event, case: Case::new(terms, event, &raw), summary })
    }
}

/// Exactly one row applies.
///
/// # Errors
///
/// If a row asks for what its event does not have.
pub fn one_row(terms: &Terms, case: &Case, event: &Event, rows: &[Row]) -> Result<Group, String> {
    let applies = rows.iter().map(|row| case.applies(row)).collect::<Result<Vec<_>, _>>()?;
    let none = terms.not(terms.any(applies.iter().copied()));
    let (mut before, mut two) = (terms.no(), terms.no());
    for row in applies {
        two = terms.or(two, terms.and(before, row));
        before = terms.or(before, row);
    }
    let claims = vec![
        Claim { what: "some row applies".to_owned(), broken: none },
        Claim { what: "no two rows apply".to_owned(), broken: two },
    ];
    Ok(Group { name: event.name.to_owned(), when: terms.yes(), claims })
}

/// It returns: it does not panic, and what it does is defined.
#[must_use]
pub fn returns(terms: &Terms, name: &str, summary: &Summary) -> Group {
    let ways = summary.ends.iter().filter_map(|End { condition, how }| {
        let what = match how {
            How::Returned(_) => return None,
            How::Gave(_) => "nothing is left to be merged".to_owned(),
            How::Panicked(function) => format!("it does not panic by {function}"),
            How::Undefined(what) => format!("what it does is defined: {what}"),
        };
        Some(Claim { what, broken: *condition })
    });
    let mut claims: Vec<_> = ways.collect();
    let ended = terms.any(summary.ends.iter().map(|end| end.condition));
    claims.push(Claim { what: "every value leads to an end".to_owned(), broken: terms.not(ended) });
    Group { name: name.to_owned(), when: terms.yes(), claims }
}

/// The paths that return: when they are taken, and what they return.
fn returned(summary: &Summary) -> impl Iterator<Item = (Term, &[Term])> {
    summary.ends.iter().filter_map(|end| match &end.how {
        How::Returned(results) => Some((end.condition, &results[..])),
        _ => None,
    })
}

/// What each path returns is what the row says that applies.
///
/// # Errors
///
/// If a row asks for what its event does not have.
pub fn by_rows(terms: &Terms, steps: &Steps, rows: &[Row]) -> Result<Vec<Group>, String> {
    let said = |row: &Row| Ok((row.text.clone(), steps.case.applies(row)?, steps.case.results(row)?));
    let said: Vec<_> = rows.iter().map(said).collect::<Result<_, String>>()?;
    let group = |(when, results): (Term, &[Term])| {
        let claim = |(text, applies, said): &(String, Term, [Term; RESULTS])| {
            let equal = said.iter().zip(results).map(|(said, found)| terms.equal(*said, *found));
            Claim { what: text.clone(), broken: terms.and(*applies, terms.not(terms.all(equal))) }
        };
        Group { name: steps.event.name.to_owned(), when, claims: said.iter().map(claim).collect() }
    };
    Ok(returned(&steps.summary).map(group).collect())
}

/// What the statements claim, by the paths and the names that they are about.
///
/// # Errors
///
/// If a statement asks for what is not known where it is to hold.
pub fn by_statements<'p>(
    terms: &Terms,
    machine: &Machine<'p>,
    steps: &[Steps],
    statements: &[&Statement],
) -> Result<Vec<Group>, String> {
    let called = Called::default();
    let claim = |Statement { guarantees, text, expression, .. }: &Statement, scope: &Scope<'_, 'p>| {
        let holds = scope.holds(expression).map_err(|why| format!("{why}: {text}"))?;
        Ok(Claim { what: format!("{guarantees}: {text}"), broken: terms.not(holds) })
    };
    let mut groups = Vec::new();
    for statement in statements {
        if let About::Numbers(names) = &statement.about {
            let claims = vec![claim(statement, &Scope::of_numbers(terms, machine, &called, names))?];
            groups.push(Group { name: names.join(" "), when: terms.yes(), claims });
        }
    }
    for Steps { event, case, summary } in steps {
        let is_about = |statement: &&&Statement| match &statement.about {
            About::Steps(events) => events.iter().any(|about| about.name == event.name),
            About::Numbers(_) => false,
        };
        for (when, results) in returned(summary) {
            let scope = Scope::of_step(terms, machine, &called, event, case, results)?;
            let claims = statements.iter().filter(is_about).map(|statement| claim(statement, &scope));
            let claims = claims.collect::<Result<Vec<_>, String>>()?;
            groups.push(Group { name: event.name.to_owned(), when, claims });
        }
    }
    Ok(groups)
}

/// Asks for every group whether values break a claim of it, several at a time.
///
/// # Errors
///
/// If the solver does not answer for certain.
pub fn breaches(terms: &Terms, groups: &[Group]) -> Result<Vec<Breach>, String> {
    found(terms, groups, false)
}

/// The same until some values are found, which is sooner.
///
/// # Errors
///
/// If the solver does not answer for certain.
pub fn some_breach(terms: &Terms, groups: &[Group]) -> Result<Option<Breach>, String> {
    Ok(found(terms, groups, true)?.into_iter().next())
}

fn found(terms: &Terms, groups: &[Group], is_one_enough: bool) -> Result<Vec<Breach>, String> {
    let broken = |group: &Group| terms.any(group.claims.iter().map(|claim| claim.broken));
    let questions: Vec<_> =
        groups.iter().map(|group| Question::can(terms, &[group.when, broken(group)])).collect();
    let mut breaches = Vec::new();
    for (number, answer) in answers(&questions, is_one_enough) {
        let group = &groups[number];
        if let Some(values) = answer.map_err(|why| format!("{}: {why}", group.name))? {
            breaches.push(breach(terms, group, values)?);
        }
    }
    Ok(breaches)
}

/// Which claims these values break, by computing them without the solver.
fn breach(terms: &Terms, group: &Group, values: Values) -> Result<Breach, String> {
    let broken: Vec<_> = group.claims.iter().map(|claim| terms.and(group.when, claim.broken)).collect();
    let found = terms.values(&broken, &|name| values.get(name).copied().unwrap_or(0));
    let claims = group.claims.iter().zip(found).filter(|(_, broken)| *broken == 1);
    let claims: Vec<_> = claims.map(|(claim, _)| claim.what.as_str()).collect();
    if claims.is_empty() {
        return Err(format!("{}: values that break nothing: {values:?}", group.name));
    }
    Ok(Breach { what: format!("{}: {}", group.name, claims.join("; ")), values })
}

/// The answer to a question, by its number.
type Answer = (usize, Result<Option<Values>, String>);

/// The answers, in order: to all questions, or until one is *yes*.
fn answers(questions: &[Question], is_one_enough: bool) -> Vec<Answer> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(questions.len());
    let next = AtomicUsize::new(0);
    let is_enough = AtomicBool::new(false);
    let work = || {
        let mut answers = Vec::new();
        // ORDERING: a worker that sees this late asks one question more.
        while !is_enough.load(Ordering::Relaxed) {
            // ORDERING: each number is given out once, which is all that is asked of it.
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(question) = questions.get(number) else { break };
            let answer = question.ask();
            if is_one_enough && matches!(answer, Ok(Some(_))) {
                // ORDERING: as the load.
                is_enough.store(true, Ordering::Relaxed);
            }
            answers.push((number, answer));
        }
        answers
    };
    let mut answers: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker does not panic")).collect()
    });
    answers.sort_by_key(|(number, _)| *number);
    answers
}
