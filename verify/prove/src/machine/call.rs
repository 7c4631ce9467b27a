//! Calls: of functions that are there, of those that LLVM itself defines, and of those that never return.

use super::Machine;
use super::state::{End, Expected, Frame, Gives, How, Path, Value};
use crate::ir::{Argument, Call, Found, Function, Parameter, Pointed, Type};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The functions that were read, by the module that asked for them and their names.
#[derive(Default)]
pub struct Known(RefCell<HashMap<(usize, String), Found>>);

/// So many calls within each other are more than any of these functions should need.
const DEEPEST: usize = 50;

/// Whether no pointer is in it.
fn is_plain(of: &Type) -> bool {
    match of {
        Type::Bits(_) => true,
        Type::Pointer => false,
        Type::Aggregate(parts) => parts.iter().all(is_plain),
    }
}

impl Machine<'_> {
    /// `None` if it is only declared.
    pub(super) fn function(
        &self,
        module: usize,
        name: &str,
    ) -> Result<Option<(usize, Rc<Function>)>, String> {
        let key = (module, name.to_owned());
        if let Some(found) = self.known.0.borrow().get(&key) {
            return Ok(Some(found.clone()));
        }
        let Some(found) = self.program.function(module, name) else { return Ok(None) };
        let found = found?;
        self.known.0.borrow_mut().insert(key, found.clone());
        Ok(Some(found))
    }

    /// What is claimed of a pointer is seen at once. What is claimed of a number holds of the arguments of the first
    /// call, which are any numbers, only if nothing is claimed.
    pub(super) fn check_parameter(
        &self,
        parameter: &Parameter,
        value: &Value,
        memory: Option<&Vec<super::memory::Byte>>,
    ) -> Result<(), String> {
        if parameter.claims.range.is_some() {
            return Err(format!("%{} has a range", parameter.name));
        }
        Self::check_pointer(&parameter.pointed, value, memory.map_or(0, Vec::len)).and_then(|()| {
            match (value, &parameter.of) {
                (Value::Bits { term, .. }, Type::Bits(width)) if self.terms.width(*term) == *width => Ok(()),
                (Value::Pointer { .. }, Type::Pointer) => Ok(()),
                _ => Err(format!("%{} is no {:?}", parameter.name, parameter.of)),
            }
        })
    }

    fn check_pointer(pointed: &Pointed, value: &Value, length: usize) -> Result<(), String> {
        let Value::Pointer { offset, .. } = value else { return Ok(()) };
        if pointed.align.is_some_and(|align| offset % align != 0) {
            return Err("a pointer that is not aligned".to_owned());
        }
        if pointed.bytes.is_some_and(|bytes| offset + bytes > length) {
            return Err("a pointer to too few bytes".to_owned());
        }
        Ok(())
    }

    pub(super) fn call(
        &self,
        mut path: Path,
        result: Option<&str>,
        call: &Call,
        text: &str,
        open: &mut Vec<Path>,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        let frame = path.frames.last().ok_or("a path that has ended")?;
        let module = frame.module;
        let mut arguments = Vec::new();
        if call.function.starts_with("llvm.lifetime.")
            || call.function == "llvm.experimental.noalias.scope.decl"
        {
            return self.lifetime(path, call, open);
        }
        let callee = self.function(module, &call.function)?;
        if callee.is_none() && self.program.ends(module, &call.function) {
            ends.push(End { condition: path.condition, how: How::Panicked(call.function.clone()) });
            return Ok(());
        }
        for argument in &call.arguments {
            let value = self.operand(frame, &argument.of, &argument.operand)?;
            let (value, undefined) = self.claimed(&argument.claims, value)?;
            self.never(&path, undefined, text, ends);
            arguments.push(value);
        }
        Self::check_pointers(&path, &call.arguments, &arguments)?;
        if call.function.starts_with("llvm.") {
            let value = self.intrinsic(&mut path, call, &arguments, text, ends)?;
            if let Some(value) = value {
                let (value, undefined) = self.claimed(&call.claims, value)?;
                self.never(&path, undefined, text, ends);
                Self::set(&mut path, result, value)?;
            }
            open.push(path);
            return Ok(());
        }
        match callee {
            Some(found) => {
                let expected = Expected {
                    result: result.map(str::to_owned),
                    returns: call.returns.clone(),
                    claims: call.claims.clone(),
                    text: text.to_owned(),
                };
                self.enter(path, found, arguments, expected, open, ends)
            }
            None => Err("a function that is only declared".to_owned()),
        }
    }

    fn check_pointers(path: &Path, of: &[Argument], values: &[Value]) -> Result<(), String> {
        for (place, (argument, value)) in of.iter().zip(values).enumerate() {
            let Value::Pointer { allocation, .. } = value else { continue };
            Self::check_pointer(&argument.pointed, value, path.memory[*allocation].len())?;
            let also =
                |other: &Value| matches!(other, Value::Pointer { allocation: it, .. } if it == allocation);
            let others = values.iter().enumerate().filter(|(other, value)| *other != place && also(value));
            if argument.pointed.alone && others.count() > 0 {
                return Err("two pointers to one place".to_owned());
            }
        }
        Ok(())
    }

    fn enter(
        &self,
        mut path: Path,
        found: (usize, Rc<Function>),
        arguments: Vec<Value>,
        expected: Expected,
        open: &mut Vec<Path>,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        if path.frames.len() >= DEEPEST {
            return Err("too many calls within each other".to_owned());
        }
        if found.1.parameters.len() != arguments.len() {
            return Err("another number of arguments".to_owned());
        }
        let mut variables = HashMap::new();
        for (parameter, value) in found.1.parameters.iter().zip(arguments) {
            let (value, undefined) = self.claimed(&parameter.claims, value)?;
            self.never(&path, undefined, &expected.text, ends);
            if let Value::Pointer { allocation, .. } = value {
                Self::check_pointer(&parameter.pointed, &value, path.memory[allocation].len())?;
            }
            variables.insert(parameter.name.clone(), value);
        }
        let is_number = |value: &Value| matches!(value, Value::Bits { .. });
        if expected.returns.as_ref().is_some_and(is_plain) && variables.values().all(is_number) {
            return self.merged(path, Frame::new(found, variables, None), &expected, open, ends);
        }
        path.frames.push(Frame::new(found, variables, Some(expected)));
        open.push(path);
        Ok(())
    }

    /// Executes a call that cannot touch the memory of its caller, and goes on with what it gives on all of its paths.
    fn merged(
        &self,
        mut path: Path,
        frame: Frame,
        expected: &Expected,
        open: &mut Vec<Path>,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        let terms = self.terms;
        let (decided, memory) = (path.decided.clone(), Vec::new());
        let inner =
            Path { condition: terms.yes(), decided, memory, frames: vec![frame], gives: Gives::Value };
        let mut merged: Option<Value> = None;
        for End { condition, how } in self.explore(inner)? {
            match (how, merged.as_ref()) {
                (How::Gave(value), None) => merged = Some(value),
                (How::Gave(value), Some(others)) => {
                    merged = Some(self.choose(&Value::sure(terms, condition), &value, others)?);
                }
                (how, _) => ends.push(End { condition: terms.and(path.condition, condition), how }),
            }
        }
        // It never returns.
        let Some(value) = merged else { return Ok(()) };
        let (value, undefined) = self.claimed(&expected.claims, value)?;
        self.never(&path, undefined, &expected.text, ends);
        Self::set(&mut path, expected.result.as_deref(), value)?;
        open.push(path);
        Ok(())
    }

    /// The innermost call returns.
    pub(super) fn leave(
        &self,
        mut path: Path,
        value: Option<Value>,
        text: &str,
        open: &mut Vec<Path>,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        let frame = path.frames.pop().ok_or("a path that has ended")?;
        let value = match value {
            None => None,
            Some(value) => {
                let (value, undefined) = self.claimed(&frame.function.claims, value)?;
                self.never(&path, undefined, text, ends);
                Some(value)
            }
        };
        let Some(expected) = frame.expected else {
            return self.finish(&path, value, text, ends);
        };
        match (value, expected.returns) {
            (None, None) => {}
            (Some(value), Some(_)) => {
                let (value, undefined) = self.claimed(&expected.claims, value)?;
                self.never(&path, undefined, &expected.text, ends);
                Self::set(&mut path, expected.result.as_deref(), value)?;
            }
            _ => return Err("it returns something else".to_owned()),
        }
        open.push(path);
        Ok(())
    }

    /// The first call returns: these are the results.
    fn finish(
        &self,
        path: &Path,
        value: Option<Value>,
        text: &str,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        let number = Type::Bits(64);
        let values = match (path.gives, value) {
            (Gives::Value, Some(value)) => {
                ends.push(End { condition: path.condition, how: How::Gave(value) });
                return Ok(());
            }
            (Gives::Numbers(count), Some(Value::Aggregate(parts))) if parts.len() == count => parts,
            (Gives::Numbers(1), Some(value)) => vec![value],
            (Gives::NumbersByPlace(count), None) => (0..count)
                .map(|place| {
                    let at = Value::Pointer { allocation: 0, offset: 8 * place };
                    self.load(path, &number, &at, 8)
                })
                .collect::<Result<_, _>>()?,
            (_, value) => return Err(format!("it returns {value:?}")),
        };
        let mut results = Vec::new();
        for value in &values {
            let (term, poison) = Self::bits(value)?;
            if self.terms.width(term) != 64 {
                return Err(format!("a result of {} bits", self.terms.width(term)));
            }
            self.never(path, poison, text, ends);
            results.push(term);
        }
        ends.push(End { condition: path.condition, how: How::Returned(results) });
        Ok(())
    }

    /// Where the life of a local variable begins and ends, what was there is lost.
    fn lifetime(&self, mut path: Path, call: &Call, open: &mut Vec<Path>) -> Result<(), String> {
        let frame = path.frames.last().ok_or("a path that has ended")?;
        if let Some(Argument { of: Type::Pointer, operand, .. }) = call.arguments.last() {
            let at = self.operand(frame, &Type::Pointer, operand)?;
            let (allocation, 0) = Self::within(&path, &at, 0, 1)? else {
                return Err("not the begin of a variable".to_owned());
            };
            path.memory[allocation].fill(super::memory::Byte::Unknown);
        }
        open.push(path);
        Ok(())
    }
}
