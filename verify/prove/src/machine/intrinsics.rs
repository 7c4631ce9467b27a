//! Functions that LLVM itself defines.

use super::Machine;
use super::memory::Byte;
use super::state::{End, Path, Value};
use crate::ir::{Binary, Call, Type};
use crate::term::{Op, Term};

impl Machine<'_> {
    /// What the function returns, if it returns anything.
    ///
    /// # Errors
    ///
    /// If it is not known.
    pub(super) fn intrinsic(
        &self,
        path: &mut Path,
        call: &Call,
        arguments: &[Value],
        text: &str,
        ends: &mut Vec<End>,
    ) -> Result<Option<Value>, String> {
        let name = call.function.trim_start_matches("llvm.");
        // For numbers of so many bits.
        let name = name.find(".i").map_or(name, |end| &name[..end]);
        match (name, arguments) {
            ("memcpy.p0.p0", [to, from, length, volatile]) => {
                Self::copy(path, to, from, self.length(length, volatile)?)?;
                Ok(None)
            }
            ("memset.p0", [to, what, length, volatile]) => {
                let length = self.length(length, volatile)?;
                let (term, poison) = Self::bits(what)?;
                let (allocation, offset) = Self::within(path, to, length, 1)?;
                path.memory[allocation][offset..offset + length].fill(Byte::Of { term, poison, place: 0 });
                Ok(None)
            }
            ("assume", [it]) => {
                let (it, poison) = Self::bits(it)?;
                self.never(path, self.terms.or(poison, self.terms.not(it)), text, ends);
                Ok(None)
            }
            // Which way is likely.
            ("expect", [it, _]) => Ok(Some(it.clone())),
            (_, [one, other]) => self.of_two(name, call, Self::bits(one)?, Self::bits(other)?).map(Some),
            _ => Err("an intrinsic that is not known".to_owned()),
        }
    }

    /// How many bytes, which must be a constant.
    fn length(&self, length: &Value, volatile: &Value) -> Result<usize, String> {
        let constant = |value: &Value| self.terms.value(Self::bits(value)?.0).ok_or("no constant".to_owned());
        if constant(volatile)? != 0 {
            return Err("it is volatile".to_owned());
        }
        usize::try_from(constant(length)?).map_err(|why| why.to_string())
    }

    fn of_two(
        &self,
        name: &str,
        call: &Call,
        (a, poisoned): (Term, Term),
        (b, also): (Term, Term),
    ) -> Result<Value, String> {
        let terms = self.terms;
        let poison = terms.or(poisoned, also);
        let bits = |term: Term| Value::Bits { term, poison };
        let width = terms.width(a);
        let saturated = |operation, op, limit| -> Result<Value, String> {
            let overflows = self.overflows(operation, a, b)?;
            Ok(bits(terms.choose(overflows, terms.constant(limit, width), terms.of(op, a, b))))
        };
        let overflowing = |operation, op| -> Result<Value, String> {
            Ok(Value::Aggregate(vec![bits(terms.of(op, a, b)), bits(self.overflows(operation, a, b)?)]))
        };
        match name {
            "umin" => Ok(bits(terms.least(a, b))),
            "umax" => Ok(bits(terms.greatest(a, b))),
            "uadd.sat" => saturated(Binary::Add, Op::Add, u128::MAX),
            "usub.sat" => saturated(Binary::Sub, Op::Sub, 0),
            "uadd.with.overflow" => overflowing(Binary::Add, Op::Add),
            "usub.with.overflow" => overflowing(Binary::Sub, Op::Sub),
            "umul.with.overflow" => overflowing(Binary::Mul, Op::Mul),
            // -1, 0 or 1.
            "ucmp" => {
                let Some(Type::Bits(to)) = call.returns else { return Err("no number".to_owned()) };
                let number = |number: u128| terms.constant(number, to);
                let greater = terms.choose(terms.less(b, a), number(1), number(0));
                Ok(bits(terms.choose(terms.less(a, b), number(u128::MAX), greater)))
            }
            _ => Err("an intrinsic that is not known".to_owned()),
        }
    }
}
