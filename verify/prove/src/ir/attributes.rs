//! What the compiler claims of values, pointers and functions.

use super::tokens::{Cursor, Token};
use super::{Type, Unreadable};
use std::collections::HashMap;

/// What is claimed of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// From, and below: what lies outside is poison.
    pub range: Option<(i128, i128)>,
    /// Poison here is undefined behaviour.
    pub defined: bool,
}

/// What is claimed of a pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointed {
    pub align: Option<usize>,
    pub bytes: Option<usize>,
    /// No other argument points there.
    pub alone: bool,
    /// The place for the result.
    pub is_result: bool,
}

/// Attributes of a pointer that say what the function does with it, or how it gets there.
///
/// They are taken: the machine knows where each pointer points, and does each load and store as it is written.
const OF_POINTERS: [&str; 8] =
    ["readonly", "readnone", "writeonly", "writable", "dead_on_unwind", "nonnull", "nocapture", "nofree"];

/// Those of them that have arguments in brackets.
const OF_POINTERS_WITH: [&str; 2] = ["captures", "initializes"];

/// How a value is passed, which matters to no value.
const OF_PASSING: [&str; 3] = ["zeroext", "signext", "inreg"];

/// What functions may say of themselves. None of it makes poison. Whether such a function returns, and what it reads
/// and writes, the machine sees itself.
const OF_FUNCTIONS: [&str; 26] = [
    "mustprogress",
    "nofree",
    "noinline",
    "norecurse",
    "nosync",
    "nounwind",
    "nonlazybind",
    "willreturn",
    "memory",
    "uwtable",
    "inlinehint",
    "cold",
    "noreturn",
    "nocallback",
    "nocreateundeforpoison",
    "speculatable",
    "alwaysinline",
    "minsize",
    "optsize",
    "argmem",
    "inaccessiblemem",
    "read",
    "write",
    "readwrite",
    "none",
    "target_mem0",
];

/// Annotations of a load or store about which pointers differ, and of branches about which is likely. The machine
/// knows which pointers differ.
const TAKEN: [&str; 5] = ["alias.scope", "noalias", "prof", "nonnull", "noundef"];

/// Reads the attributes before a value, until something else comes.
pub fn value(cursor: &mut Cursor) -> Result<(Claims, Pointed), Unreadable> {
    let (mut claims, mut pointed) = (Claims::default(), Pointed::default());
    while let Some(Token::Word(word)) = cursor.peek() {
        match word.as_str() {
            "noundef" => claims.defined = true,
            "noalias" => pointed.alone = true,
            word if OF_POINTERS.contains(&word) || OF_PASSING.contains(&word) => {}
            word if OF_POINTERS_WITH.contains(&word) => {
                cursor.next()?;
                brackets(cursor)?;
                continue;
            }
            "range" => {
                cursor.next()?;
                claims.range = Some(range(cursor)?);
                continue;
            }
            "sret" => {
                cursor.next()?;
                brackets(cursor)?;
                pointed.is_result = true;
                continue;
            }
            "align" => {
                cursor.next()?;
                pointed.align = Some(cursor.number()?);
                continue;
            }
            "dereferenceable" => {
                cursor.next()?;
                cursor.sign('(')?;
                pointed.bytes = Some(cursor.number()?);
                cursor.sign(')')?;
                continue;
            }
            // A value, such as `true` or `7`.
            _ => break,
        }
        cursor.next()?;
    }
    Ok((claims, pointed))
}

/// `(i64 0, 7)`.
fn range(cursor: &mut Cursor) -> Result<(i128, i128), Unreadable> {
    cursor.sign('(')?;
    cursor.word()?;
    let from = cursor.number()?;
    cursor.sign(',')?;
    let below = cursor.number()?;
    cursor.sign(')')?;
    Ok((from, below))
}

/// Passes what stands in brackets.
fn brackets(cursor: &mut Cursor) -> Result<(), Unreadable> {
    cursor.sign('(')?;
    let mut open = 1;
    while open > 0 {
        match cursor.next()? {
            Token::Sign('(') => open += 1,
            Token::Sign(')') => open -= 1,
            _ => {}
        }
    }
    Ok(())
}

/// The annotations of a module that say something of values, by their numbers.
pub type Annotations = HashMap<String, (i128, i128)>;

/// Reads `, !range !7, !noundef !3` to the end of the line.
pub fn annotations(cursor: &mut Cursor, ranges: &Annotations) -> Result<Claims, Unreadable> {
    let mut claims = Claims::default();
    while cursor.peek().is_some() {
        cursor.sign(',')?;
        let (Token::Metadata(name), Token::Metadata(number)) = (cursor.next()?, cursor.next()?) else {
            return Err("an annotation expected".to_owned());
        };
        match name.as_str() {
            "range" => {
                let range = ranges.get(number).ok_or_else(|| format!("!{number} is no range"))?;
                claims.range = Some(*range);
            }
            "noundef" => claims.defined = true,
            name if TAKEN.contains(&name) => {}
            name => return Err(format!("!{name} is not known")),
        }
    }
    Ok(claims)
}

/// Reads the attributes of a function after its arguments: `unnamed_addr #4`, and the `{` of a definition.
///
/// Returns the number of the group.
pub fn after_arguments(cursor: &mut Cursor) -> Result<Option<String>, Unreadable> {
    let mut group = None;
    while let Some(token) = cursor.peek() {
        match token {
            Token::Word(word) if word == "unnamed_addr" || word == "local_unnamed_addr" => {}
            Token::Group(number) => group = Some(number.clone()),
            Token::Sign('{') => {
                cursor.next()?;
                return cursor.end().map(|()| group);
            }
            // Annotations of a call.
            Token::Sign(',') => break,
            token => return Err(format!("{token:?} is not known here")),
        }
        cursor.next()?;
    }
    Ok(group)
}

/// Whether every attribute of a group is one that makes no poison. Texts such as `"target-cpu"="x86-64"` are for the
/// code generator.
pub fn of_function(group: &[Token]) -> Result<(), Unreadable> {
    for token in group {
        match token {
            Token::Word(word) if !OF_FUNCTIONS.contains(&word.as_str()) && word != "target_mem1" => {
                return Err(format!("the attribute {word} of a function is not known"));
            }
            Token::Word(_) | Token::Text(_) | Token::Sign(_) => {}
            token => return Err(format!("{token:?} is not known among attributes")),
        }
    }
    Ok(())
}

/// A type.
pub fn of_type(cursor: &mut Cursor) -> Result<Type, Unreadable> {
    match cursor.next()? {
        Token::Word(word) if word == "ptr" => Ok(Type::Pointer),
        Token::Word(word) => match word.strip_prefix('i').and_then(|width| width.parse().ok()) {
            Some(width @ 1..=128) => Ok(Type::Bits(width)),
            _ => Err(format!("the type {word} is not known")),
        },
        Token::Sign('{') => {
            let mut parts = vec![of_type(cursor)?];
            while cursor.has(',') {
                parts.push(of_type(cursor)?);
            }
            cursor.sign('}')?;
            Ok(Type::Aggregate(parts))
        }
        token => Err(format!("{token:?} is no type")),
    }
}
