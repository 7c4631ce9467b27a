//! What one call of the compiler emitted, and all of it together.

use super::attributes::{Annotations, after_arguments, of_function, of_type, value};
use super::tokens::{Cursor, Token, tokens};
use super::{Block, Claims, Pointed, Type, Unreadable, instruction};
use std::collections::HashMap;
use std::rc::Rc;

/// A parameter: its name, its type and what is claimed of it.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub of: Type,
    pub claims: Claims,
    pub pointed: Pointed,
}

/// A function with its blocks, the first one first.
#[derive(Debug)]
pub struct Function {
    pub name: String,
    /// What is claimed of its result.
    pub claims: Claims,
    pub parameters: Vec<Parameter>,
    pub blocks: Vec<Block>,
}

/// One file of IR. A function is read when it is asked for, so that what nobody calls may hold anything.
pub struct Module {
    ranges: Annotations,
    groups: HashMap<String, Vec<Token>>,
    /// The first line of each, and the lines up to its end.
    definitions: HashMap<String, (String, Vec<String>)>,
    declarations: HashMap<String, String>,
    /// Other names of functions that are equal.
    aliases: HashMap<String, String>,
}

fn function_name(line: &str) -> Result<String, Unreadable> {
    let name = tokens(line)?.into_iter().find_map(|token| match token {
        Token::Global(name) => Some(name),
        _ => None,
    });
    name.ok_or_else(|| format!("a function without a name: {line}"))
}

impl Module {
    /// # Errors
    ///
    /// If it is not made up as expected.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let mut module = Self {
            ranges: HashMap::new(),
            groups: HashMap::new(),
            definitions: HashMap::new(),
            declarations: HashMap::new(),
            aliases: HashMap::new(),
        };
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line.starts_with("define ") {
                let body: Vec<_> =
                    lines.by_ref().take_while(|line| *line != "}").map(str::to_owned).collect();
                module.definitions.insert(function_name(line)?, (line.to_owned(), body));
            } else if line.starts_with("declare ") {
                module.declarations.insert(function_name(line)?, line.to_owned());
            } else if line.starts_with("attributes ") {
                module.group(line)?;
            } else if let Some((name, function)) = alias(line) {
                module.aliases.insert(name, function);
            } else if let Some((number, range)) = range(line) {
                module.ranges.insert(number, range);
            }
        }
        Ok(module)
    }

    /// `attributes #0 = { ... }`.
    fn group(&mut self, line: &str) -> Result<(), Unreadable> {
        let tokens = tokens(line)?;
        let [_, Token::Group(number), Token::Sign('='), Token::Sign('{'), rest @ .., Token::Sign('}')] =
            &tokens[..]
        else {
            return Err(format!("no attributes: {line}"));
        };
        self.groups.insert(number.clone(), rest.to_vec());
        Ok(())
    }

    fn check_group(&self, number: Option<&String>) -> Result<(), Unreadable> {
        let Some(number) = number else { return Ok(()) };
        let group = self.groups.get(number).ok_or_else(|| format!("there are no attributes #{number}"))?;
        of_function(group)
    }

    /// Whether it is declared here that this function does not return.
    fn ends(&self, name: &str) -> bool {
        let declared = self.declarations.get(name).and_then(|line| tokens(line).ok()).unwrap_or_default();
        declared.iter().any(|token| match token {
            Token::Group(number) => self
                .groups
                .get(number)
                .is_some_and(|group| group.contains(&Token::Word("noreturn".to_owned()))),
            _ => false,
        })
    }

    fn function(&self, name: &str) -> Option<Result<Function, Unreadable>> {
        let name = self.aliases.get(name).map_or(name, String::as_str);
        let (head, body) = self.definitions.get(name)?;
        let read = || {
            let mut function = self.head(name, head)?;
            function.blocks = self.blocks(body)?;
            Ok(function)
        };
        Some(read().map_err(|why: Unreadable| format!("{why}\n  in {name}")))
    }

    /// `define internal noundef i64 @name(i64 noundef %word) unnamed_addr #4 {`.
    fn head(&self, name: &str, line: &str) -> Result<Function, Unreadable> {
        let tokens = tokens(line)?;
        let mut cursor = Cursor::new(&tokens);
        cursor.this_word("define")?;
        for linkage in ["internal", "hidden", "dso_local", "fastcc"] {
            cursor.has_word(linkage);
        }
        let (claims, _) = value(&mut cursor)?;
        if !cursor.has_word("void") {
            of_type(&mut cursor)?;
        }
        cursor.next()?;
        cursor.sign('(')?;
        let mut parameters = Vec::new();
        while !cursor.has(')') {
            if !parameters.is_empty() {
                cursor.sign(',')?;
            }
            let of = of_type(&mut cursor)?;
            let (claims, pointed) = value(&mut cursor)?;
            parameters.push(Parameter { name: cursor.local()?, of, claims, pointed });
        }
        self.check_group(after_arguments(&mut cursor)?.as_ref())?;
        Ok(Function { name: name.to_owned(), claims, parameters, blocks: Vec::new() })
    }

    fn blocks(&self, body: &[String]) -> Result<Vec<Block>, Unreadable> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut lines = body.iter();
        while let Some(line) = lines.next() {
            let text = tokens(line)?;
            if text.is_empty() {
                continue;
            }
            if !line.starts_with(' ') {
                let [Token::Word(label) | Token::Text(label), Token::Sign(':')] = &text[..] else {
                    return Err(format!("no label: {line}"));
                };
                blocks.push(Block { label: label.clone(), instructions: Vec::new() });
                continue;
            }
            let mut whole = line.clone();
            if text[0] == Token::Word("switch".to_owned()) {
                while !whole.trim_end().ends_with(']') {
                    whole += lines.next().ok_or_else(|| format!("it does not end: {line}"))?;
                }
            }
            // The attributes of a call.
            if let Some(Token::Group(number)) = text.iter().find(|token| matches!(token, Token::Group(_))) {
                self.check_group(Some(number)).map_err(|why| format!("{why}: {line}"))?;
            }
            let block = blocks.last_mut().ok_or_else(|| format!("in no block: {line}"))?;
            block.instructions.push(instruction::read(&whole, &self.ranges)?);
        }
        Ok(blocks)
    }
}

/// `@name = unnamed_addr alias i64 (i64), ptr @function`.
fn alias(line: &str) -> Option<(String, String)> {
    let tokens = tokens(line).ok()?;
    let [Token::Global(name), Token::Sign('='), .., Token::Global(function)] = &tokens[..] else {
        return None;
    };
    tokens.contains(&Token::Word("alias".to_owned())).then(|| (name.clone(), function.clone()))
}

/// `!10 = !{i64 0, i64 3}`.
fn range(line: &str) -> Option<(String, (i128, i128))> {
    let tokens = tokens(line).ok()?;
    let [Token::Metadata(number), Token::Sign('='), Token::Metadata(_), rest @ ..] = &tokens[..] else {
        return None;
    };
    let [_, Token::Word(_), Token::Word(from), _, Token::Word(_), Token::Word(below), Token::Sign('}')] =
        rest
    else {
        return None;
    };
    Some((number.clone(), (from.parse().ok()?, below.parse().ok()?)))
}

/// All modules of a build.
pub struct Program {
    modules: Vec<Module>,
}

/// A function that was found, and the module that it is in.
pub type Found = (usize, Rc<Function>);

impl Program {
    #[must_use]
    pub fn new(modules: Vec<Module>) -> Self {
        Self { modules }
    }

    /// The function that is exported as `path`, such as `transitions::arrive`.
    ///
    /// # Errors
    ///
    /// If there is no such function, or two.
    pub fn exported(&self, path: &str) -> Result<String, Unreadable> {
        let mangled: Vec<_> = path.split("::").map(|name| format!("{}{name}", name.len())).collect();
        // By the rules of symbol mangling, version 0: a function, in a module, in a crate.
        let end = format!("_7exports{}", mangled.concat());
        let names =
            self.modules.iter().flat_map(|module| module.definitions.keys().chain(module.aliases.keys()));
        let found: Vec<_> =
            names.filter(|name| name.starts_with("_RNvNtCs") && name.ends_with(&end)).collect();
        match found[..] {
            [name] => Ok(name.clone()),
            _ => Err(format!("{} functions are exported as {path}", found.len())),
        }
    }

    /// The function of this name as `module` sees it: its own, or that of another one.
    #[must_use]
    pub fn function(&self, module: usize, name: &str) -> Option<Result<Found, Unreadable>> {
        let others = (0..self.modules.len()).filter(|other| *other != module);
        std::iter::once(module)
            .chain(others)
            .find_map(|at| Some(self.modules[at].function(name)?.map(|function| (at, Rc::new(function)))))
    }

    /// Whether this function, which only has a declaration, never returns.
    #[must_use]
    pub fn ends(&self, module: usize, name: &str) -> bool {
        self.modules[module].ends(name)
    }
}
