//! Terms: expressions over bit vectors, the common language of the machine, the specification and the solver.
//!
//! A truth is a vector of one bit. Equal terms are one term, and what is constant is folded at once, so the same
//! constructors also compute: with constants in, constants come out.

use std::cell::RefCell;
use std::collections::HashMap;

/// A term of some [`Terms`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(u32);

/// An operation on two vectors of one width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    Add,
    Sub,
    Mul,
    /// By 0 it is all ones, as in SMT-LIB.
    Div,
    /// By 0 it is the dividend.
    Rem,
    /// Shifts by the width or more give 0, or copies of the sign.
    Shl,
    Shr,
    ShrSigned,
    And,
    Or,
    Xor,
    /// The comparisons have one bit.
    Equal,
    Less,
    LessSigned,
}

/// How a term is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Node {
    Constant(u128),
    /// A variable, by its name.
    Variable(String),
    Not(Term),
    Of(Op, Term, Term),
    /// The condition, and the term if it holds and if not.
    If(Term, Term, Term),
    /// The bits from the lowest on, as many as the term is wide.
    Part(u32, Term),
    /// The upper bits, and the lower ones.
    Join(Term, Term),
    Extend(Term),
    ExtendSigned(Term),
}

/// The widest vector.
pub const WIDEST: u32 = 128;

/// All terms that were made. They are shared, so a term can be large without taking much place.
#[derive(Default)]
pub struct Terms {
    made: RefCell<Vec<(u32, Node)>>,
    known: RefCell<HashMap<(u32, Node), Term>>,
}

/// The lowest `width` bits.
#[must_use]
pub fn cut(value: u128, width: u32) -> u128 {
    if width >= WIDEST { value } else { value & ((1 << width) - 1) }
}

fn signed(value: u128, width: u32) -> i128 {
    let up = WIDEST - width;
    i128::from_ne_bytes((value << up).to_ne_bytes()) >> up
}

/// The same bits.
#[must_use]
pub fn unsigned(value: i128) -> u128 {
    u128::from_ne_bytes(value.to_ne_bytes())
}

fn shifted(value: u128, by: u128, width: u32, shift: impl Fn(u128, u32) -> u128) -> Option<u128> {
    let by = u32::try_from(by).ok().filter(|by| *by < width)?;
    Some(shift(value, by))
}

/// What an operation does to numbers.
#[must_use]
pub fn computed(op: Op, one: u128, other: u128, width: u32) -> u128 {
    let result = match op {
        Op::Add => one.wrapping_add(other),
        Op::Sub => one.wrapping_sub(other),
        Op::Mul => one.wrapping_mul(other),
        Op::Div => one.checked_div(other).unwrap_or(u128::MAX),
        Op::Rem => one.checked_rem(other).unwrap_or(one),
        Op::Shl => shifted(one, other, width, |value, by| value << by).unwrap_or(0),
        Op::Shr => shifted(one, other, width, |value, by| value >> by).unwrap_or(0),
        Op::ShrSigned => {
            let by = shifted(0, other, width, |_, by| by.into()).unwrap_or((width - 1).into());
            unsigned(signed(one, width) >> by)
        }
        Op::And => one & other,
        Op::Or => one | other,
        Op::Xor => one ^ other,
        Op::Equal => (one == other).into(),
        Op::Less => (one < other).into(),
        Op::LessSigned => (signed(one, width) < signed(other, width)).into(),
    };
    cut(result, width)
}

impl Terms {
    fn make(&self, width: u32, node: Node) -> Term {
        assert!((1..=WIDEST).contains(&width), "{width} bits: {node:?}");
        let key = (width, node);
        if let Some(term) = self.known.borrow().get(&key) {
            return *term;
        }
        let mut made = self.made.borrow_mut();
        let term = Term(u32::try_from(made.len()).expect("as many terms as fit into memory"));
        made.push(key.clone());
        self.known.borrow_mut().insert(key, term);
        term
    }

    #[must_use]
    pub fn node(&self, term: Term) -> (u32, Node) {
        self.made.borrow()[term.0 as usize].clone()
    }

    #[must_use]
    pub fn width(&self, term: Term) -> u32 {
        self.made.borrow()[term.0 as usize].0
    }

    /// The number, if the term is one.
    #[must_use]
    pub fn value(&self, term: Term) -> Option<u128> {
        match self.made.borrow()[term.0 as usize].1 {
            Node::Constant(value) => Some(value),
            _ => None,
        }
    }

    pub fn constant(&self, value: u128, width: u32) -> Term {
        self.make(width, Node::Constant(cut(value, width)))
    }

    pub fn variable(&self, name: &str, width: u32) -> Term {
        self.make(width, Node::Variable(name.to_owned()))
    }

    pub fn yes(&self) -> Term {
        self.constant(1, 1)
    }

    pub fn no(&self) -> Term {
        self.constant(0, 1)
    }

    pub fn not(&self, term: Term) -> Term {
        let (width, node) = self.node(term);
        match node {
            Node::Constant(value) => self.constant(!value, width),
            Node::Not(inner) => inner,
            _ => self.make(width, Node::Not(term)),
        }
    }

    /// # Panics
    ///
    /// If the widths differ.
    pub fn of(&self, op: Op, one: Term, other: Term) -> Term {
        let width = self.width(one);
        assert_eq!(width, self.width(other), "{op:?} of two widths");
        let result = if matches!(op, Op::Equal | Op::Less | Op::LessSigned) { 1 } else { width };
        let (a, b) = (self.value(one), self.value(other));
        if let (Some(a), Some(b)) = (a, b) {
            return self.constant(computed(op, a, b, width), result);
        }
        if let (Op::Equal | Op::Less | Op::Sub | Op::And, Some(_)) = (op, b) {
            if let Some(chosen) = self.through_choice(one, |one| self.of(op, one, other)) {
                return chosen;
            }
        }
        let ones = cut(u128::MAX, width);
        // All products are made at one width, so that equal ones are one term: the solver is slow at products.
        if op == Op::Mul && width < WIDEST {
            let product = self.of(Op::Mul, self.extend(one, WIDEST), self.extend(other, WIDEST));
            return self.part(0, width, product);
        }
        if let (Op::Mul, None, Some(_), Node::Extend(inner)) = (op, a, b, self.node(one).1) {
            if let Node::If(condition, yes, no) = self.node(inner).1 {
                let times = |term| self.of(Op::Mul, self.extend(term, width), other);
                return self.choose(condition, times(yes), times(no));
            }
        }
        match (op, a, b) {
            (Op::And, Some(0), _) | (Op::Or | Op::Xor | Op::Add, _, Some(0)) => one,
            (Op::And, _, Some(0)) | (Op::Or | Op::Xor | Op::Add, Some(0), _) => other,
            (Op::And, Some(all), _) if all == ones => other,
            (Op::And, _, Some(all)) if all == ones => one,
            (Op::Or, Some(all), _) if all == ones => one,
            (Op::Or, _, Some(all)) if all == ones => other,
            (Op::And | Op::Or, ..) if one == other => one,
            (Op::Equal, ..) if one == other => self.yes(),
            (Op::Less | Op::LessSigned, ..) if one == other => self.no(),
            _ => self.make(result, Node::Of(op, one, other)),
        }
    }

    pub fn and(&self, one: Term, other: Term) -> Term {
        self.of(Op::And, one, other)
    }

    pub fn or(&self, one: Term, other: Term) -> Term {
        self.of(Op::Or, one, other)
    }

    pub fn all(&self, terms: impl IntoIterator<Item = Term>) -> Term {
        terms.into_iter().fold(self.yes(), |all, term| self.and(all, term))
    }

    pub fn any(&self, terms: impl IntoIterator<Item = Term>) -> Term {
        terms.into_iter().fold(self.no(), |any, term| self.or(any, term))
    }

    pub fn equal(&self, one: Term, other: Term) -> Term {
        self.of(Op::Equal, one, other)
    }

    pub fn less(&self, one: Term, other: Term) -> Term {
        self.of(Op::Less, one, other)
    }

    pub fn at_most(&self, one: Term, other: Term) -> Term {
        self.not(self.less(other, one))
    }

    /// # Panics
    ///
    /// If the condition has other than one bit, or the widths of the others differ.
    pub fn choose(&self, condition: Term, yes: Term, no: Term) -> Term {
        assert_eq!(self.width(condition), 1, "a condition has one bit");
        assert_eq!(self.width(yes), self.width(no), "a choice of two widths");
        match self.value(condition) {
            Some(0) => no,
            Some(_) => yes,
            None if yes == no => yes,
            None if self.width(yes) == 1 && self.value(yes) == Some(1) && self.value(no) == Some(0) => {
                condition
            }
            None if self.width(yes) == 1 && self.value(yes) == Some(0) && self.value(no) == Some(1) => {
                self.not(condition)
            }
            None => self.make(self.width(yes), Node::If(condition, yes, no)),
        }
    }

    pub fn least(&self, one: Term, other: Term) -> Term {
        self.choose(self.less(one, other), one, other)
    }

    pub fn greatest(&self, one: Term, other: Term) -> Term {
        self.choose(self.less(one, other), other, one)
    }

    /// What `of` makes of a choice between two constants: the choice between what it makes of each.
    fn through_choice(&self, term: Term, of: impl Fn(Term) -> Term) -> Option<Term> {
        match self.node(term).1 {
            Node::If(condition, yes, no) if self.value(yes).is_some() && self.value(no).is_some() => {
                Some(self.choose(condition, of(yes), of(no)))
            }
            _ => None,
        }
    }

    /// `width` bits of the term, from bit `low` on.
    ///
    /// # Panics
    ///
    /// If it has not as many.
    pub fn part(&self, low: u32, width: u32, term: Term) -> Term {
        let whole = self.width(term);
        assert!(low + width <= whole, "{width} bits from {low} on, of {whole}");
        if let Some(chosen) = self.through_choice(term, |term| self.part(low, width, term)) {
            return chosen;
        }
        match self.node(term).1 {
            _ if width == whole => term,
            Node::Constant(value) => self.constant(value >> low, width),
            Node::Part(before, inner) => self.part(before + low, width, inner),
            Node::Extend(inner) if low + width <= self.width(inner) => self.part(low, width, inner),
            _ => self.make(width, Node::Part(low, term)),
        }
    }

    pub fn join(&self, upper: Term, lower: Term) -> Term {
        let (wide, low) = (self.width(upper), self.width(lower));
        match (self.value(upper), self.value(lower)) {
            (Some(a), Some(b)) => self.constant(a << low | b, wide + low),
            _ => self.make(wide + low, Node::Join(upper, lower)),
        }
    }

    /// The term with zeros above it.
    pub fn extend(&self, term: Term, width: u32) -> Term {
        match self.node(term).1 {
            _ if width == self.width(term) => term,
            Node::Constant(value) => self.constant(value, width),
            Node::Extend(inner) => self.extend(inner, width),
            _ => self.make(width, Node::Extend(term)),
        }
    }

    /// The term with copies of its highest bit above it.
    pub fn extend_signed(&self, term: Term, width: u32) -> Term {
        match self.value(term) {
            _ if width == self.width(term) => term,
            Some(value) => self.constant(unsigned(signed(value, self.width(term))), width),
            None => self.make(width, Node::ExtendSigned(term)),
        }
    }

    /// The truths that must all hold for these to hold, taken apart where they are joined by *and*.
    #[must_use]
    pub fn conjuncts(&self, truths: &[Term]) -> Vec<Term> {
        let mut open = truths.to_vec();
        let mut found = Vec::new();
        while let Some(truth) = open.pop() {
            match self.node(truth) {
                (1, Node::Of(Op::And, one, other)) => open.extend([other, one]),
                _ => found.push(truth),
            }
        }
        found
    }

    /// These terms and all that they are made of, each after its own parts.
    #[must_use]
    pub fn within(&self, terms: &[Term]) -> Vec<Term> {
        let made = self.made.borrow();
        let mut is_in = vec![false; made.len()];
        let mut open: Vec<Term> = terms.to_vec();
        while let Some(term) = open.pop() {
            if !std::mem::replace(&mut is_in[term.0 as usize], true) {
                open.extend(parts(&made[term.0 as usize].1));
            }
        }
        // A term is made after its parts.
        (0..).zip(is_in).filter(|(_, is_in)| *is_in).map(|(number, _)| Term(number)).collect()
    }

    /// The value of each term where each variable has the value that `of` says.
    #[must_use]
    pub fn values(&self, terms: &[Term], of: &dyn Fn(&str) -> u128) -> Vec<u128> {
        let mut values: HashMap<Term, u128> = HashMap::new();
        for term in self.within(terms) {
            let (width, node) = self.node(term);
            let at = |term: &Term| values[term];
            let value = match &node {
                Node::Constant(value) => *value,
                Node::Variable(name) => cut(of(name), width),
                Node::Not(inner) => cut(!at(inner), width),
                Node::Of(op, one, other) => computed(*op, at(one), at(other), self.width(*one)),
                Node::If(condition, yes, no) => at(if at(condition) == 1 { yes } else { no }),
                Node::Part(low, whole) => cut(at(whole) >> low, width),
                Node::Join(upper, lower) => at(upper) << self.width(*lower) | at(lower),
                Node::Extend(inner) => at(inner),
                Node::ExtendSigned(inner) => cut(unsigned(signed(at(inner), self.width(*inner))), width),
            };
            values.insert(term, value);
        }
        terms.iter().map(|term| values[term]).collect()
    }
}

/// The terms that a node is made of.
#[must_use]
pub fn parts(node: &Node) -> Vec<Term> {
    match *node {
        Node::Constant(_) | Node::Variable(_) => vec![],
        Node::Not(one) | Node::Part(_, one) | Node::Extend(one) | Node::ExtendSigned(one) => vec![one],
        Node::Of(_, one, other) | Node::Join(one, other) => vec![one, other],
        Node::If(condition, yes, no) => vec![condition, yes, no],
    }
}
