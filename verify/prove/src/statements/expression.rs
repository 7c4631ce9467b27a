//! The language of the statements: comparisons of sums, joined by `not`, `and`, `or` and `implies`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Implies,
    Or,
    And,
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Plus,
    Minus,
    Times,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    Number(u128),
    Name(String),
    Call(String, Vec<Self>),
    /// One of the numbers that a call gives, from 0 on.
    Place(Box<Self>, usize),
    Not(Box<Self>),
    Of(Operator, Box<Self>, Box<Self>),
}

/// What binds least comes first. `implies` and comparisons stand alone in their brackets.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("implies", Operator::Implies)],
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[
        ("=", Operator::Equal),
        ("!=", Operator::Different),
        ("<", Operator::Less),
        ("<=", Operator::AtMost),
        (">", Operator::Greater),
        (">=", Operator::AtLeast),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times)],
];

/// The level of the comparisons, which `not` stands above.
const COMPARISONS: usize = 3;

impl Expression {
    /// # Errors
    ///
    /// If it is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let words = words(text)?;
        let mut reader = Reader { words: &words };
        let expression = reader.level(0)?;
        match reader.words.first() {
            None => Ok(expression),
            Some(word) => Err(format!("{word:?} is not expected")),
        }
    }
}

fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '\'';
        let length = if is_name(first) {
            rest.find(|letter| !is_name(letter)).unwrap_or(rest.len())
        } else if ["!=", "<=", ">="].iter().any(|sign| rest.starts_with(sign)) {
            2
        } else if "=<>+-*(),.".contains(first) {
            1
        } else {
            return Err(format!("{first:?} is not known"));
        };
        let (word, after) = rest.split_at(length);
        words.push(word.to_owned());
        rest = after.trim_start();
    }
    Ok(words)
}

struct Reader<'w> {
    words: &'w [String],
}

impl Reader<'_> {
    fn next(&mut self) -> Result<String, String> {
        let (first, rest) = self.words.split_first().ok_or("it ends too early")?;
        self.words = rest;
        Ok(first.clone())
    }

    fn has(&mut self, word: &str) -> bool {
        let is_there = self.words.first().is_some_and(|first| first == word);
        if is_there {
            self.words = &self.words[1..];
        }
        is_there
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.has(word) {
            Ok(())
        } else {
            Err(format!("{word:?} expected, {:?} found", self.words.first()))
        }
    }

    fn level(&mut self, level: usize) -> Result<Expression, String> {
        let Some(operators) = LEVELS.get(level) else { return self.single() };
        if level == COMPARISONS && self.has("not") {
            return Ok(Expression::Not(Box::new(self.level(level)?)));
        }
        let mut one = self.level(level + 1)?;
        while let Some((word, operator)) =
            operators.iter().find(|(word, _)| self.words.first().is_some_and(|it| it == word))
        {
            self.expect(word)?;
            let other = self.level(level + 1)?;
            one = Expression::Of(*operator, Box::new(one), Box::new(other));
            if level == 0 || level == COMPARISONS {
                break;
            }
        }
        Ok(one)
    }

    fn single(&mut self) -> Result<Expression, String> {
        let word = self.next()?;
        let mut it = if word == "(" {
            let inside = self.level(0)?;
            self.expect(")")?;
            inside
        } else if word.starts_with(|first: char| first.is_ascii_digit()) {
            Expression::Number(word.parse().map_err(|_| format!("{word} is no number"))?)
        } else if !word.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(format!("{word:?} is not expected"));
        } else if self.has("(") {
            let mut arguments = vec![self.level(0)?];
            while self.has(",") {
                arguments.push(self.level(0)?);
            }
            self.expect(")")?;
            Expression::Call(word, arguments)
        } else {
            Expression::Name(word)
        };
        while self.has(".") {
            let place = self.next()?;
            let place = place.parse().map_err(|_| format!("{place} is no place"))?;
            it = Expression::Place(Box::new(it), place);
        }
        Ok(it)
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, Operator};

    fn name(name: &str) -> Expression {
        Expression::Name(name.to_owned())
    }

    fn of(operator: Operator, one: Expression, other: Expression) -> Expression {
        Expression::Of(operator, Box::new(one), Box::new(other))
    }

    #[test]
    fn operators_bind_as_usual() {
        let read = Expression::read("a and not b < c + d * e or f implies g' = h(i, 7).1").unwrap();
        let product = of(Operator::Times, name("d"), name("e"));
        let less = of(Operator::Less, name("b"), of(Operator::Plus, name("c"), product));
        let both = of(Operator::And, name("a"), Expression::Not(Box::new(less)));
        let call = Expression::Call("h".to_owned(), vec![name("i"), Expression::Number(7)]);
        let equal = of(Operator::Equal, name("g'"), Expression::Place(Box::new(call), 1));
        assert_eq!(read, of(Operator::Implies, of(Operator::Or, both, name("f")), equal));
    }

    #[test]
    fn sums_go_from_left_to_right() {
        let read = Expression::read("a - b - c").unwrap();
        assert_eq!(read, of(Operator::Minus, of(Operator::Minus, name("a"), name("b")), name("c")));
    }

    #[test]
    fn what_is_no_expression_is_an_error() {
        for text in
            ["", "a b", "a <", "a < b < c", "a implies b implies c", "(a", "f()", "7a", "a ? b", "a.b", "- a"]
        {
            assert!(Expression::read(text).is_err(), "{text}");
        }
    }
}
