//! What instructions do to values, and when the result is poison.

use super::Machine;
use super::state::Value;
use crate::ir::{Binary, Cast, Claims, Flags, Operand, Predicate, Type};
use crate::term::{Op, Term, unsigned};

impl Machine<'_> {
    pub(super) fn bits(value: &Value) -> Result<(Term, Term), String> {
        match *value {
            Value::Bits { term, poison } => Ok((term, poison)),
            ref other => Err(format!("{other:?} is no number")),
        }
    }

    /// A value of a type that is poison all over.
    pub(super) fn poison(&self, of: &Type) -> Result<Value, String> {
        Ok(match of {
            Type::Bits(width) => Value::Bits { term: self.anything(*width), poison: self.terms.yes() },
            Type::Aggregate(parts) => {
                Value::Aggregate(parts.iter().map(|part| self.poison(part)).collect::<Result<_, _>>()?)
            }
            Type::Pointer => return Err("a pointer that points nowhere".to_owned()),
        })
    }

    /// Under which condition anything in it is poison.
    pub(super) fn is_poison(&self, value: &Value) -> Term {
        match value {
            Value::Bits { poison, .. } => *poison,
            Value::Pointer { .. } => self.terms.no(),
            Value::Aggregate(parts) => self.terms.any(parts.iter().map(|part| self.is_poison(part))),
        }
    }

    /// The value with what is claimed of it, and the condition under which the claim makes it undefined behaviour.
    pub(super) fn claimed(&self, claims: &Claims, value: Value) -> Result<(Value, Term), String> {
        let terms = self.terms;
        let value = match claims.range {
            None => value,
            Some((from, below)) => {
                let (term, poison) = Self::bits(&value)?;
                let width = terms.width(term);
                let number = |number: i128| terms.constant(unsigned(number), width);
                // The range may go over the highest number, and on from 0.
                let above = terms.of(Op::Sub, term, number(from));
                let is_within = terms.less(above, number(below.wrapping_sub(from)));
                Value::Bits { term, poison: terms.or(poison, terms.not(is_within)) }
            }
        };
        let undefined = if claims.defined { self.is_poison(&value) } else { terms.no() };
        Ok((value, undefined))
    }

    /// The result, and when computing it is undefined behaviour.
    pub(super) fn binary(
        &self,
        operation: Binary,
        flags: Flags,
        one: &Value,
        other: &Value,
    ) -> Result<(Value, Term), String> {
        let ((a, poisoned), (b, also)) = (Self::bits(one)?, Self::bits(other)?);
        let terms = self.terms;
        let width = terms.width(a);
        let (zero, bits) = (terms.constant(0, width), terms.constant(width.into(), width));
        let op = match operation {
            Binary::Add => Op::Add,
            Binary::Sub => Op::Sub,
            Binary::Mul => Op::Mul,
            Binary::Div => Op::Div,
            Binary::Rem => Op::Rem,
            Binary::Shl => Op::Shl,
            Binary::Shr => Op::Shr,
            Binary::ShrSigned => Op::ShrSigned,
            Binary::And => Op::And,
            Binary::Or => Op::Or,
            Binary::Xor => Op::Xor,
        };
        let result = terms.of(op, a, b);
        let mut poison = terms.or(poisoned, also);
        let mut spoil = |when: Term| poison = terms.or(poison, when);
        if flags.nuw {
            spoil(self.overflows(operation, a, b)?);
        }
        if flags.nsw {
            spoil(self.overflows_signed(operation, a, b)?);
        }
        if flags.disjoint {
            spoil(terms.not(terms.equal(terms.and(a, b), zero)));
        }
        if flags.exact {
            let back = match operation {
                Binary::Div => terms.of(Op::Mul, result, b),
                _ => terms.of(Op::Shl, result, b),
            };
            spoil(terms.not(terms.equal(back, a)));
        }
        if matches!(operation, Binary::Shl | Binary::Shr | Binary::ShrSigned) {
            spoil(terms.at_most(bits, b));
        }
        let undefined = match operation {
            Binary::Div | Binary::Rem => terms.or(also, terms.equal(b, zero)),
            _ => terms.no(),
        };
        Ok((Value::Bits { term: result, poison }, undefined))
    }

    /// Whether the result does not fit, as an unsigned number.
    pub(super) fn overflows(&self, operation: Binary, a: Term, b: Term) -> Result<Term, String> {
        let terms = self.terms;
        Ok(match operation {
            Binary::Add => terms.less(terms.of(Op::Add, a, b), a),
            Binary::Sub => terms.less(a, b),
            Binary::Mul => {
                let width = terms.width(a);
                let wide = |term| terms.extend(term, 2 * width);
                let upper = terms.part(width, width, terms.of(Op::Mul, wide(a), wide(b)));
                terms.not(terms.equal(upper, terms.constant(0, width)))
            }
            Binary::Shl => {
                let back = terms.of(Op::Shr, terms.of(Op::Shl, a, b), b);
                terms.not(terms.equal(back, a))
            }
            other => return Err(format!("nuw of {other:?}")),
        })
    }

    /// Whether the result does not fit, as a signed number.
    fn overflows_signed(&self, operation: Binary, a: Term, b: Term) -> Result<Term, String> {
        let terms = self.terms;
        let width = terms.width(a);
        let is_negative = |term| terms.part(width - 1, 1, term);
        let differ = |one, other| terms.of(Op::Xor, is_negative(one), is_negative(other));
        Ok(match operation {
            Binary::Add => {
                let sum = terms.of(Op::Add, a, b);
                terms.and(differ(a, sum), differ(b, sum))
            }
            Binary::Sub => {
                let rest = terms.of(Op::Sub, a, b);
                terms.and(differ(a, b), differ(a, rest))
            }
            Binary::Mul => {
                let wide = |term| terms.extend_signed(term, 2 * width);
                let product = terms.of(Op::Mul, wide(a), wide(b));
                terms.not(terms.equal(product, wide(terms.part(0, width, product))))
            }
            Binary::Shl => {
                let back = terms.of(Op::ShrSigned, terms.of(Op::Shl, a, b), b);
                terms.not(terms.equal(back, a))
            }
            other => return Err(format!("nsw of {other:?}")),
        })
    }

    pub(super) fn compare(
        &self,
        predicate: Predicate,
        (is_signed, same_sign): (bool, bool),
        [one, other]: [&Value; 2],
    ) -> Result<Value, String> {
        let ((a, poisoned), (b, also)) = (Self::bits(one)?, Self::bits(other)?);
        let terms = self.terms;
        let less = |a, b| terms.of(if is_signed { Op::LessSigned } else { Op::Less }, a, b);
        let term = match predicate {
            Predicate::Equal => terms.equal(a, b),
            Predicate::Different => terms.not(terms.equal(a, b)),
            Predicate::Less => less(a, b),
            Predicate::AtMost => terms.not(less(b, a)),
            Predicate::Greater => less(b, a),
            Predicate::AtLeast => terms.not(less(a, b)),
        };
        let mut poison = terms.or(poisoned, also);
        if same_sign {
            let sign = |term| terms.part(terms.width(term) - 1, 1, term);
            poison = terms.or(poison, terms.of(Op::Xor, sign(a), sign(b)));
        }
        Ok(Value::Bits { term, poison })
    }

    pub(super) fn cast(&self, cast: Cast, flags: Flags, to: u32, value: &Value) -> Result<Value, String> {
        let (from, mut poison) = Self::bits(value)?;
        let terms = self.terms;
        let width = terms.width(from);
        let mut spoil = |when: Term| poison = terms.or(poison, when);
        let term = match cast {
            Cast::Extend => terms.extend(from, to),
            Cast::ExtendSigned => terms.extend_signed(from, to),
            Cast::Truncate => terms.part(0, to, from),
        };
        if flags.nneg {
            spoil(terms.part(width - 1, 1, from));
        }
        if flags.nuw {
            spoil(terms.not(terms.equal(terms.extend(term, width), from)));
        }
        if flags.nsw {
            spoil(terms.not(terms.equal(terms.extend_signed(term, width), from)));
        }
        Ok(Value::Bits { term, poison })
    }

    /// A choice between values that are no pointers. What is not chosen may be poison.
    pub(super) fn choose(&self, condition: &Value, yes: &Value, no: &Value) -> Result<Value, String> {
        let (condition, unsure) = Self::bits(condition)?;
        self.chosen(condition, unsure, yes, no)
    }

    fn chosen(&self, condition: Term, unsure: Term, yes: &Value, no: &Value) -> Result<Value, String> {
        let terms = self.terms;
        if let (Value::Aggregate(yes), Value::Aggregate(no)) = (yes, no) {
            let parts = yes.iter().zip(no).map(|(yes, no)| self.chosen(condition, unsure, yes, no));
            return Ok(Value::Aggregate(parts.collect::<Result<_, _>>()?));
        }
        let ((yes, poisoned), (no, also)) = (Self::bits(yes)?, Self::bits(no)?);
        let poison = terms.or(unsure, terms.choose(condition, poisoned, also));
        Ok(Value::Bits { term: terms.choose(condition, yes, no), poison })
    }

    /// A value that was poison is anything, but no longer poison.
    pub(super) fn frozen(&self, value: &Value) -> Result<Value, String> {
        match value {
            Value::Bits { term, poison } if self.terms.value(*poison) == Some(0) => {
                Ok(Value::sure(self.terms, *term))
            }
            Value::Bits { term, poison } => {
                let other = self.anything(self.terms.width(*term));
                Ok(Value::sure(self.terms, self.terms.choose(*poison, other, *term)))
            }
            other => Err(format!("{other:?} is frozen")),
        }
    }

    /// The constants of the IR are signed.
    pub(super) fn constant(&self, number: i128, of: &Type) -> Result<Value, String> {
        match of {
            Type::Bits(width) => {
                let is_fit = *width >= 127 || (-(1 << (width - 1)) - 1 < number && number < 1 << width);
                if !is_fit {
                    return Err(format!("{number} does not fit"));
                }
                Ok(Value::sure(self.terms, self.terms.constant(unsigned(number), *width)))
            }
            other => Err(format!("{number} is no {other:?}")),
        }
    }

    pub(super) fn operand(
        &self,
        frame: &super::Frame,
        of: &Type,
        operand: &Operand,
    ) -> Result<Value, String> {
        match operand {
            Operand::Local(name) => {
                let value = frame.variables.get(name).ok_or_else(|| format!("%{name} has no value"))?;
                if !self.fits(value, of) {
                    return Err(format!("%{name} is no {of:?}"));
                }
                Ok(value.clone())
            }
            Operand::Constant(number) => self.constant(*number, of),
            Operand::Poison => self.poison(of),
            Operand::Global => Err("it reads what belongs to the whole program".to_owned()),
        }
    }

    fn fits(&self, value: &Value, of: &Type) -> bool {
        match (value, of) {
            (Value::Bits { term, .. }, Type::Bits(width)) => self.terms.width(*term) == *width,
            (Value::Pointer { .. }, Type::Pointer) => true,
            (Value::Aggregate(values), Type::Aggregate(types)) => {
                values.len() == types.len()
                    && values.iter().zip(types).all(|(value, of)| self.fits(value, of))
            }
            _ => false,
        }
    }
}
