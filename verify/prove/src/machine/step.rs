//! One instruction of a path.

use super::Machine;
use super::state::{End, How, Path, Value};
use crate::ir::{Action, Instruction, Operand, Type};
use crate::term::Term;

/// Bits that choose between two ways.
const TRUTH: Type = Type::Bits(1);

impl Machine<'_> {
    /// Takes the next step of a path. It may go on in several ways, and end.
    pub(super) fn step(
        &self,
        mut path: Path,
        open: &mut Vec<Path>,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        let frame = path.frames.last_mut().ok_or("a path that has ended")?;
        let instruction = frame.next()?;
        let name = frame.function.name.clone();
        self.take(path, &instruction, open, ends)
            .map_err(|why| format!("{why}: {} in {name}", instruction.text))
    }

    /// Notes that what happens under this condition is undefined.
    pub(super) fn never(&self, path: &Path, when: Term, what: &str, ends: &mut Vec<End>) {
        let condition = self.terms.and(path.condition, when);
        if self.terms.value(condition) != Some(0) {
            ends.push(End { condition, how: How::Undefined(what.to_owned()) });
        }
    }

    /// Restricts a path to where `when` holds. Whether that is possible, as far as it is seen here.
    fn assume(&self, path: &mut Path, when: Term) -> bool {
        if let Some(holds) = path.decided(self.terms, when) {
            return holds;
        }
        path.decide(self.terms, when, true);
        path.condition = self.terms.and(path.condition, when);
        self.terms.value(path.condition) != Some(0)
    }

    /// Goes on where `when` holds, unless that is impossible.
    fn fork(&self, mut path: Path, when: Term, label: &str, open: &mut Vec<Path>) -> Result<(), String> {
        if self.assume(&mut path, when) {
            let frame = path.frames.last_mut().ok_or("a path that has ended")?;
            frame.enter(label)?;
            self.merge(&mut path)?;
            open.push(path);
        }
        Ok(())
    }

    /// The values that depend on where a block was entered from. They are all taken at once.
    fn merge(&self, path: &mut Path) -> Result<(), String> {
        let frame = path.frames.last_mut().ok_or("a path that has ended")?;
        let from = frame.came_from.ok_or("a first block that is entered")?;
        let label = &frame.function.blocks[from].label;
        let mut merged = Vec::new();
        for instruction in &frame.function.blocks[frame.block].instructions {
            let (Action::Phi(of, ways), Some(result)) = (&instruction.action, &instruction.result) else {
                break;
            };
            let way = ways.iter().find(|(_, before)| before == label);
            let (operand, _) = way.ok_or_else(|| format!("not from {label}: {}", instruction.text))?;
            merged.push((result.clone(), self.operand(frame, of, operand)?));
        }
        frame.at = merged.len();
        frame.variables.extend(merged);
        Ok(())
    }

    #[allow(clippy::too_many_lines, reason = "a line or two for each instruction")]
    fn take(
        &self,
        mut path: Path,
        Instruction { result, action, text }: &Instruction,
        open: &mut Vec<Path>,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        let terms = self.terms;
        let frame = path.frames.last().ok_or("a path that has ended")?;
        let get = |of: &Type, operand: &Operand| self.operand(frame, of, operand);
        let bits = |width: &u32, operand: &Operand| get(&Type::Bits(*width), operand);
        let value = match action {
            Action::Binary(operation, flags, width, one, other) => {
                let (one, other) = (bits(width, one)?, bits(width, other)?);
                let (value, undefined) = self.binary(*operation, *flags, &one, &other)?;
                self.never(&path, undefined, text, ends);
                value
            }
            Action::Compare { predicate, is_signed, same_sign, width, of: [one, other] } => {
                let of = [&bits(width, one)?, &bits(width, other)?];
                self.compare(*predicate, (*is_signed, *same_sign), of)?
            }
            Action::Cast { cast, flags, from, to, operand } => {
                self.cast(*cast, *flags, *to, &bits(from, operand)?)?
            }
            Action::Select { condition, of: Type::Pointer, yes, no } => {
                return self.select_pointer(&path, result.as_deref(), condition, [yes, no], text, open, ends);
            }
            Action::Select { condition, of, yes, no } => {
                self.choose(&get(&TRUTH, condition)?, &get(of, yes)?, &get(of, no)?)?
            }
            Action::Freeze(of, operand) => self.frozen(&get(of, operand)?)?,
            Action::Phi(..) => return Err("in the middle of a block".to_owned()),
            Action::Extract(of, from, place) => match get(of, from)? {
                Value::Aggregate(parts) => parts.get(*place).ok_or("no such part")?.clone(),
                _ => return Err("no aggregate".to_owned()),
            },
            Action::Insert { whole, into, of, part, place } => match get(whole, into)? {
                Value::Aggregate(mut parts) => {
                    *parts.get_mut(*place).ok_or("no such part")? = get(of, part)?;
                    Value::Aggregate(parts)
                }
                _ => return Err("no aggregate".to_owned()),
            },
            Action::Allocate(bytes) => {
                path.memory.push(vec![super::memory::Byte::Unknown; *bytes]);
                Value::place(path.memory.len() - 1)
            }
            Action::Offset(base, by) => match get(&Type::Pointer, base)? {
                Value::Pointer { allocation, offset } => {
                    let by = isize::try_from(*by).map_err(|_| "too far")?;
                    let end = path.memory[allocation].len();
                    let offset = offset.checked_add_signed(by).filter(|offset| *offset <= end);
                    Value::Pointer { allocation, offset: offset.ok_or("outside of memory")? }
                }
                _ => return Err("no pointer".to_owned()),
            },
            Action::Load { of, from, align, claims } => {
                let loaded = self.load(&path, of, &get(&Type::Pointer, from)?, *align)?;
                let (value, undefined) = self.claimed(claims, loaded)?;
                self.never(&path, undefined, text, ends);
                value
            }
            Action::Store { of, what, to, align } => {
                let (what, to) = (get(of, what)?, get(&Type::Pointer, to)?);
                Self::store(&mut path, of, &what, &to, *align)?;
                open.push(path);
                return Ok(());
            }
            Action::Call(call) => return self.call(path, result.as_deref(), call, text, open, ends),
            Action::Jump(label) => return self.fork(path, terms.yes(), label, open),
            Action::Branch { condition, yes, no } => {
                let (condition, unsure) = Self::bits(&get(&TRUTH, condition)?)?;
                self.never(&path, unsure, text, ends);
                self.fork(path.clone(), condition, yes, open)?;
                return self.fork(path, terms.not(condition), no, open);
            }
            Action::Switch { width, on, otherwise, cases } => {
                let (on, unsure) = Self::bits(&bits(width, on)?)?;
                self.never(&path, unsure, text, ends);
                for (case, label) in cases {
                    let (case, _) = Self::bits(&self.constant(*case, &Type::Bits(*width))?)?;
                    let is_it = terms.equal(on, case);
                    self.fork(path.clone(), is_it, label, open)?;
                    if !self.assume(&mut path, terms.not(is_it)) {
                        return Ok(());
                    }
                }
                return self.fork(path, terms.yes(), otherwise, open);
            }
            Action::Return(returned) => {
                let value = returned.as_ref().map(|(of, operand)| get(of, operand)).transpose()?;
                return self.leave(path, value, text, open, ends);
            }
            Action::Unreachable => {
                self.never(&path, terms.yes(), text, ends);
                return Ok(());
            }
        };
        Self::set(&mut path, result.as_deref(), value)?;
        open.push(path);
        Ok(())
    }

    pub(super) fn set(path: &mut Path, result: Option<&str>, value: Value) -> Result<(), String> {
        let name = result.ok_or("a result without a name")?;
        let frame = path.frames.last_mut().ok_or("a path that has ended")?;
        frame.variables.insert(name.to_owned(), value);
        Ok(())
    }

    /// Which pointer it is must be known, so the path goes on with either.
    #[allow(clippy::too_many_arguments, reason = "what an instruction has")]
    fn select_pointer(
        &self,
        path: &Path,
        result: Option<&str>,
        condition: &Operand,
        pointers: [&Operand; 2],
        text: &str,
        open: &mut Vec<Path>,
        ends: &mut Vec<End>,
    ) -> Result<(), String> {
        let frame = path.frames.last().ok_or("a path that has ended")?;
        let (condition, unsure) = Self::bits(&self.operand(frame, &TRUTH, condition)?)?;
        self.never(path, unsure, text, ends);
        for (when, pointer) in [condition, self.terms.not(condition)].into_iter().zip(pointers) {
            let pointer = self.operand(frame, &Type::Pointer, pointer)?;
            let mut path = path.clone();
            if self.assume(&mut path, when) {
                Self::set(&mut path, result, pointer)?;
                open.push(path);
            }
        }
        Ok(())
    }
}
