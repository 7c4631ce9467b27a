//! LLVM IR, as far as it is known here. What is not known is an error and is never passed over: an instruction, a
//! type, a flag, an attribute.

mod attributes;
mod instruction;
mod module;
#[cfg(test)]
mod tests;
mod tokens;

pub use self::attributes::{Claims, Pointed};
pub use self::module::{Found, Function, Module, Parameter, Program};

/// Why something cannot be read.
pub type Unreadable = String;

/// A type of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// Of so many bits.
    Bits(u32),
    Pointer,
    Aggregate(Vec<Self>),
}

/// What an instruction takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// By its name.
    Local(String),
    Constant(i128),
    /// Also what is undefined: it is taken for the worse.
    Poison,
    /// Something of the whole program, such as the place that a panic names.
    Global,
}

/// Operations on two vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Shl,
    Shr,
    ShrSigned,
    And,
    Or,
    Xor,
}

/// What the compiler says of an operation. Where it is not so, the result is poison.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a word of the IR")]
pub struct Flags {
    /// No overflow of unsigned numbers.
    pub nuw: bool,
    /// No overflow of signed numbers.
    pub nsw: bool,
    pub exact: bool,
    pub disjoint: bool,
    /// The argument is not negative.
    pub nneg: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predicate {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cast {
    Extend,
    ExtendSigned,
    Truncate,
}

/// An argument of a call: its type, what is claimed of it, and the argument.
#[derive(Clone, Debug)]
pub struct Argument {
    pub of: Type,
    pub claims: Claims,
    pub pointed: Pointed,
    pub operand: Operand,
}

#[derive(Clone, Debug)]
pub struct Call {
    /// `None` if it returns nothing.
    pub returns: Option<Type>,
    pub claims: Claims,
    pub function: String,
    pub arguments: Vec<Argument>,
}

/// What an instruction does. The last ones end a block.
#[derive(Clone, Debug)]
pub enum Action {
    Binary(Binary, Flags, u32, Operand, Operand),
    Compare {
        predicate: Predicate,
        is_signed: bool,
        same_sign: bool,
        width: u32,
        of: [Operand; 2],
    },
    Cast {
        cast: Cast,
        flags: Flags,
        from: u32,
        to: u32,
        operand: Operand,
    },
    Select {
        condition: Operand,
        of: Type,
        yes: Operand,
        no: Operand,
    },
    Freeze(Type, Operand),
    Phi(Type, Vec<(Operand, String)>),
    Extract(Type, Operand, usize),
    Insert {
        whole: Type,
        into: Operand,
        of: Type,
        part: Operand,
        place: usize,
    },
    /// Of so many bytes.
    Allocate(usize),
    /// So many bytes further.
    Offset(Operand, i64),
    Load {
        of: Type,
        from: Operand,
        align: usize,
        claims: Claims,
    },
    Store {
        of: Type,
        what: Operand,
        to: Operand,
        align: usize,
    },
    Call(Call),
    Jump(String),
    Branch {
        condition: Operand,
        yes: String,
        no: String,
    },
    Switch {
        width: u32,
        on: Operand,
        otherwise: String,
        cases: Vec<(i128, String)>,
    },
    Return(Option<(Type, Operand)>),
    Unreachable,
}

#[derive(Clone, Debug)]
pub struct Instruction {
    /// The name of its result.
    pub result: Option<String>,
    pub action: Action,
    /// As it is written, to be named.
    pub text: String,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub label: String,
    pub instructions: Vec<Instruction>,
}
