//! What a statement means, in terms.

use super::expression::{Expression, Operator};
use crate::machine::{Machine, Summary};
use crate::table::{self, Case, Event, LAST, MAX, NEVER, WIDE, number};
use crate::term::{Op, Term, Terms};
use rows::Deferral;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// The wrappers beside the transitions that statements may call: path, arguments, results.
pub const FUNCTIONS: [(&str, usize, usize); 22] = [
    ("values::timestamp_from_nanos", 1, 1),
    ("values::threshold_from_nanos", 1, 1),
    ("values::lease_from_nanos", 1, 1),
    ("values::threshold_new", 2, 1),
    ("values::lease_new", 2, 1),
    ("values::saturating_add", 3, 1),
    ("values::saturating_sub", 3, 1),
    ("values::saturating_since", 2, 2),
    ("values::timestamp_order", 2, 3),
    ("values::epoch_order", 2, 3),
    ("values::epoch", 1, 2),
    ("values::view", 1, 6),
    ("values::window", 3, 2),
    ("values::lease_end", 2, 1),
    ("values::refusal", 3, 3),
    ("cells::cell", 2, 2),
    ("cells::cell_view", 2, 4),
    ("cells::cell_join", 4, 2),
    ("cells::cell_arrive", 6, 2),
    ("cells::cell_arrive_told", 6, 2),
    ("cells::cell_finish", 3, 2),
    ("cells::cell_finish_told", 3, 1),
];

#[derive(Clone, Debug)]
enum Value {
    Truth(Term),
    /// Of 64 bits where they are raw, and [`WIDE`] otherwise.
    Numbers(Vec<Term>),
}

/// The calls that were executed, with their arguments.
pub type Called = RefCell<HashMap<(String, Vec<Term>), Rc<Summary>>>;

/// What the names of a statement stand for.
pub struct Scope<'m, 'p> {
    terms: &'m Terms,
    machine: &'m Machine<'p>,
    called: &'m Called,
    names: BTreeMap<String, Value>,
    /// Where a function that was called does not return.
    fails: Cell<Term>,
}

impl<'m, 'p> Scope<'m, 'p> {
    /// Names of numbers that may have any value.
    #[must_use]
    pub fn of_numbers(
        terms: &'m Terms,
        machine: &'m Machine<'p>,
        called: &'m Called,
        names: &[String],
    ) -> Self {
        let value = |name: &String| (name.clone(), Value::Numbers(vec![terms.variable(name, 64)]));
        let names = names.iter().map(value).collect();
        Self { terms, machine, called, names, fails: Cell::new(terms.no()) }.with_constants()
    }

    /// The names of a step: what was before, the arguments, what comes after, and the outcome.
    ///
    /// # Errors
    ///
    /// If an argument of the event is not known.
    pub fn of_step(
        terms: &'m Terms,
        machine: &'m Machine<'p>,
        called: &'m Called,
        event: &Event,
        case: &Case,
        results: &[Term],
    ) -> Result<Self, String> {
        let mut names = BTreeMap::new();
        let mut name = |name: &str, term| names.insert(name.to_owned(), Value::Numbers(vec![term]));
        for (word, prime) in [(case.word, ""), (results[0], "'")] {
            let [last, d, r] = table::fields(terms, word);
            for (field, term) in [("word", word), ("last", last), ("d", d), ("r", r)] {
                name(&format!("{field}{prime}"), term);
            }
        }
        for argument in event.arguments.iter().filter(|argument| **argument != "has_lease") {
            name(argument, case.number(argument)?);
        }
        name("due'", results[2]);
        name("refused_at'", results[3]);
        if event.arguments.contains(&"has_lease") {
            let has_none = terms.equal(case.number("has_lease")?, number(terms, 0));
            names.insert("has_lease".to_owned(), Value::Truth(terms.not(has_none)));
        }
        for outcome in table::OUTCOMES {
            let number = terms.constant(table::outcome(outcome).unwrap_or_default(), 64);
            names.insert(outcome.to_owned(), Value::Truth(terms.equal(results[1], number)));
        }
        Ok(Self { terms, machine, called, names, fails: Cell::new(terms.no()) }.with_constants())
    }

    fn with_constants(mut self) -> Self {
        let deferral = |deferral| table::bits(deferral);
        let constants = [
            ("MAX", MAX),
            ("LAST", LAST),
            ("NEVER", NEVER),
            ("none", deferral(Deferral::None)),
            ("pending", deferral(Deferral::Pending)),
            ("cancelled", deferral(Deferral::Cancelled)),
            ("owed", deferral(Deferral::Owed)),
        ];
        for (name, value) in constants {
            self.names.insert(name.to_owned(), Value::Numbers(vec![number(self.terms, value)]));
        }
        for outcome in table::OUTCOMES {
            let value = number(self.terms, table::outcome(outcome).unwrap_or_default());
            self.names.insert(format!("told_{outcome}"), Value::Numbers(vec![value]));
        }
        self
    }

    /// Whether the statement holds; if not all that it calls returns, it does not.
    ///
    /// # Errors
    ///
    /// If a name is not known, or numbers stand where truths are expected.
    pub fn holds(&self, statement: &Expression) -> Result<Term, String> {
        self.fails.set(self.terms.no());
        let holds = self.truth(statement)?;
        Ok(self.terms.and(holds, self.terms.not(self.fails.get())))
    }

    fn truth(&self, expression: &Expression) -> Result<Term, String> {
        match self.value(expression)? {
            Value::Truth(term) => Ok(term),
            Value::Numbers(_) => Err(format!("{expression:?} is a number, and no truth")),
        }
    }

    fn wide(&self, term: Term) -> Term {
        self.terms.extend(term, WIDE)
    }

    fn numbers(&self, expression: &Expression) -> Result<Vec<Term>, String> {
        match self.value(expression)? {
            Value::Numbers(terms) => Ok(terms),
            Value::Truth(_) => Err(format!("{expression:?} is a truth, and no number")),
        }
    }

    fn number(&self, expression: &Expression) -> Result<Term, String> {
        match self.numbers(expression)?[..] {
            [term] => Ok(self.wide(term)),
            _ => Err(format!("{expression:?} is several numbers")),
        }
    }

    fn value(&self, expression: &Expression) -> Result<Value, String> {
        let terms = self.terms;
        Ok(match expression {
            Expression::Number(value) => Value::Numbers(vec![number(terms, *value)]),
            Expression::Name(name) => {
                self.names.get(name).ok_or_else(|| format!("{name} is not known here"))?.clone()
            }
            Expression::Place(of, place) => {
                let numbers = self.numbers(of)?;
                Value::Numbers(vec![*numbers.get(*place).ok_or_else(|| format!("there is no .{place}"))?])
            }
            Expression::Not(inner) => Value::Truth(terms.not(self.truth(inner)?)),
            Expression::Of(operator, one, other) => self.of(*operator, one, other)?,
            Expression::Call(name, arguments) => self.call(name, arguments)?,
        })
    }

    fn of(&self, operator: Operator, one: &Expression, other: &Expression) -> Result<Value, String> {
        let terms = self.terms;
        let truths = |join: &dyn Fn(Term, Term) -> Term| -> Result<Value, String> {
            Ok(Value::Truth(join(self.truth(one)?, self.truth(other)?)))
        };
        let numbers = |compare: &dyn Fn(Term, Term) -> Term| -> Result<Value, String> {
            Ok(Value::Truth(compare(self.number(one)?, self.number(other)?)))
        };
        let sum = |op| -> Result<Value, String> {
            Ok(Value::Numbers(vec![terms.of(op, self.number(one)?, self.number(other)?)]))
        };
        match operator {
            Operator::Implies => truths(&|one, other| terms.or(terms.not(one), other)),
            Operator::Or => truths(&|one, other| terms.or(one, other)),
            Operator::And => truths(&|one, other| terms.and(one, other)),
            Operator::Equal => Ok(Value::Truth(self.are_equal(one, other)?)),
            Operator::Different => Ok(Value::Truth(terms.not(self.are_equal(one, other)?))),
            Operator::Less => numbers(&|one, other| terms.less(one, other)),
            Operator::AtMost => numbers(&|one, other| terms.at_most(one, other)),
            Operator::Greater => numbers(&|one, other| terms.less(other, one)),
            Operator::AtLeast => numbers(&|one, other| terms.at_most(other, one)),
            Operator::Plus => sum(Op::Add),
            Operator::Minus => sum(Op::Sub),
            Operator::Times => sum(Op::Mul),
        }
    }

    /// Of several numbers all must be equal.
    fn are_equal(&self, one: &Expression, other: &Expression) -> Result<Term, String> {
        let terms = self.terms;
        match (self.value(one)?, self.value(other)?) {
            (Value::Truth(one), Value::Truth(other)) => Ok(terms.equal(one, other)),
            (Value::Numbers(ones), Value::Numbers(others)) if ones.len() == others.len() => {
                let pairs = ones.into_iter().zip(others);
                Ok(terms.all(pairs.map(|(one, other)| terms.equal(self.wide(one), self.wide(other)))))
            }
            _ => Err(format!("{one:?} and {other:?} cannot be compared")),
        }
    }

    fn call(&self, name: &str, arguments: &[Expression]) -> Result<Value, String> {
        let terms = self.terms;
        let single = |term| Ok(Value::Numbers(vec![term]));
        let is = |term, deferral| terms.equal(term, number(terms, table::bits(deferral)));
        match (name, arguments) {
            ("min", [one, other]) => single(terms.least(self.number(one)?, self.number(other)?)),
            ("max", [one, other]) => single(terms.greatest(self.number(one)?, self.number(other)?)),
            ("if", [condition, yes, no]) => {
                single(terms.choose(self.truth(condition)?, self.number(yes)?, self.number(no)?))
            }
            // What a raw number counts as.
            ("time", [raw]) => single(table::timestamp(terms, terms.part(0, 64, self.number(raw)?))),
            // What begins at the first and takes the second.
            ("end", [last, length]) => single(table::end(terms, self.number(last)?, self.number(length)?)),
            ("last" | "d" | "r", [word]) => {
                let [last, d, r] = table::fields(terms, terms.part(0, 64, self.number(word)?));
                single(match name {
                    "last" => last,
                    "d" => d,
                    _ => r,
                })
            }
            ("is_due", [d]) => {
                let d = self.number(d)?;
                Ok(Value::Truth(terms.or(is(d, Deferral::Pending), is(d, Deferral::Owed))))
            }
            ("has_owner", [d]) => {
                let d = self.number(d)?;
                Ok(Value::Truth(terms.or(is(d, Deferral::Pending), is(d, Deferral::Cancelled))))
            }
            _ => self.wrapper(name, arguments),
        }
    }

    /// Executes a wrapper. Its arguments are as they come: names and results of other wrappers.
    fn wrapper(&self, name: &str, arguments: &[Expression]) -> Result<Value, String> {
        let mut numbers = Vec::new();
        for argument in arguments {
            numbers.extend(self.numbers(argument)?);
        }
        if numbers.iter().any(|term| self.terms.width(*term) != 64) {
            return Err(format!("an argument of {name} is no plain number"));
        }
        let (path, takes, results) = function(name)?;
        if numbers.len() != takes {
            return Err(format!("{name} takes {takes} numbers, not {}", numbers.len()));
        }
        let key = (path, numbers);
        let called = self.called.borrow().get(&key).cloned();
        let summary = if let Some(summary) = called {
            summary
        } else {
            let summary = Rc::new(self.machine.summary(&key.0, &key.1, results)?);
            self.called.borrow_mut().insert(key, Rc::clone(&summary));
            summary
        };
        self.fails.set(self.terms.or(self.fails.get(), summary.fails));
        Ok(Value::Numbers(summary.results.clone()))
    }
}

/// The path, the arguments and the results of a wrapper.
fn function(name: &str) -> Result<(String, usize, usize), String> {
    if let Some(event) = table::EVENTS.iter().find(|event| event.name == name) {
        return Ok((format!("transitions::{name}"), event.arguments.len() + 1, table::RESULTS));
    }
    let found = FUNCTIONS.iter().find(|(path, ..)| path.rsplit("::").next() == Some(name));
    let (path, takes, results) = found.ok_or_else(|| format!("there is no function {name}"))?;
    Ok(((*path).to_owned(), *takes, *results))
}
