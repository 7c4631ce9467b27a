//! The words of a line of IR, and a cursor over them.

use super::Unreadable;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A word or a number.
    Word(String),
    Local(String),
    Global(String),
    Metadata(String),
    /// The number of a group of attributes.
    Group(String),
    Text(String),
    Sign(char),
}

/// Splits a line. A comment begins with `;`.
pub fn tokens(line: &str) -> Result<Vec<Token>, Unreadable> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == ';' {
            break;
        }
        let after = &rest[first.len_utf8()..];
        let token;
        (token, rest) = match first {
            '%' => name(after).map(|(name, rest)| (Token::Local(name), rest))?,
            '@' => name(after).map(|(name, rest)| (Token::Global(name), rest))?,
            '!' => {
                let (word, rest) = after.split_at(word_end(after));
                (Token::Metadata(word.to_owned()), rest)
            }
            '#' => {
                let (word, rest) = after.split_at(word_end(after));
                (Token::Group(word.to_owned()), rest)
            }
            '"' => quoted(after).map(|(text, rest)| (Token::Text(text), rest))?,
            '(' | ')' | '[' | ']' | '{' | '}' | ',' | '=' | '*' | ':' => (Token::Sign(first), after),
            _ if word_end(rest) > 0 => {
                let (word, rest) = rest.split_at(word_end(rest));
                (Token::Word(word.to_owned()), rest)
            }
            _ => return Err(format!("{first:?} is not known: {line}")),
        };
        tokens.push(token);
        rest = rest.trim_start();
    }
    Ok(tokens)
}

fn word_end(text: &str) -> usize {
    text.find(|letter: char| !(letter.is_ascii_alphanumeric() || "._$-".contains(letter)))
        .unwrap_or(text.len())
}

fn name(text: &str) -> Result<(String, &str), Unreadable> {
    if let Some(text) = text.strip_prefix('"') {
        return quoted(text);
    }
    match text.split_at(word_end(text)) {
        ("", _) => Err(format!("a name is missing: {text}")),
        (name, rest) => Ok((name.to_owned(), rest)),
    }
}

fn quoted(text: &str) -> Result<(String, &str), Unreadable> {
    let (inside, rest) = text.split_once('"').ok_or_else(|| format!("a quote is not closed: {text}"))?;
    Ok((inside.to_owned(), rest))
}

/// Reads tokens one after the other.
pub struct Cursor<'t> {
    tokens: &'t [Token],
}

impl<'t> Cursor<'t> {
    pub fn new(tokens: &'t [Token]) -> Self {
        Self { tokens }
    }

    pub fn peek(&self) -> Option<&'t Token> {
        self.tokens.first()
    }

    pub fn next(&mut self) -> Result<&'t Token, Unreadable> {
        let (first, rest) = self.tokens.split_first().ok_or("it ends too early")?;
        self.tokens = rest;
        Ok(first)
    }

    /// Passes this sign, if it is there.
    pub fn has(&mut self, sign: char) -> bool {
        let is_there = self.peek() == Some(&Token::Sign(sign));
        if is_there {
            self.tokens = &self.tokens[1..];
        }
        is_there
    }

    /// Passes this word, if it is there.
    pub fn has_word(&mut self, word: &str) -> bool {
        let is_there = matches!(self.peek(), Some(Token::Word(found)) if found == word);
        if is_there {
            self.tokens = &self.tokens[1..];
        }
        is_there
    }

    pub fn sign(&mut self, sign: char) -> Result<(), Unreadable> {
        if self.has(sign) { Ok(()) } else { Err(format!("{sign:?} expected, {:?} found", self.peek())) }
    }

    pub fn word(&mut self) -> Result<&'t str, Unreadable> {
        match self.next()? {
            Token::Word(word) => Ok(word),
            other => Err(format!("a word expected, {other:?} found")),
        }
    }

    pub fn this_word(&mut self, word: &str) -> Result<(), Unreadable> {
        if self.has_word(word) { Ok(()) } else { Err(format!("{word} expected, {:?} found", self.peek())) }
    }

    pub fn number<T: std::str::FromStr>(&mut self) -> Result<T, Unreadable> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("{word} is no number that fits"))
    }

    pub fn local(&mut self) -> Result<String, Unreadable> {
        match self.next()? {
            Token::Local(name) => Ok(name.clone()),
            other => Err(format!("a name expected, {other:?} found")),
        }
    }

    /// # Errors
    ///
    /// If something is left.
    pub fn end(&self) -> Result<(), Unreadable> {
        match self.peek() {
            None => Ok(()),
            Some(token) => Err(format!("{token:?} is not known here")),
        }
    }
}
