//! One line of a function.

use super::attributes::{Annotations, after_arguments, annotations, of_type, value};
use super::tokens::{Cursor, Token, tokens};
use super::{
    Action, Argument, Binary, Call, Cast, Claims, Flags, Instruction, Operand, Predicate, Type, Unreadable,
};

/// Reads an instruction.
///
/// # Errors
///
/// If anything in it is not known.
pub fn read(line: &str, ranges: &Annotations) -> Result<Instruction, Unreadable> {
    let read = || {
        let tokens = tokens(line)?;
        let mut cursor = Cursor::new(&tokens);
        let result = match cursor.peek() {
            Some(Token::Local(name)) => {
                cursor.next()?;
                cursor.sign('=')?;
                Some(name.clone())
            }
            _ => None,
        };
        let action = action(&mut cursor, ranges)?;
        cursor.end()?;
        Ok(Instruction { result, action, text: line.trim().to_owned() })
    };
    read().map_err(|why: Unreadable| format!("{why}: {}", line.trim()))
}

fn action(cursor: &mut Cursor, ranges: &Annotations) -> Result<Action, Unreadable> {
    let mut word = cursor.word()?;
    if matches!(word, "tail" | "musttail" | "notail") {
        word = cursor.word()?;
    }
    let action = match word {
        "add" => return binary(cursor, Binary::Add),
        "sub" => return binary(cursor, Binary::Sub),
        "mul" => return binary(cursor, Binary::Mul),
        "udiv" => return binary(cursor, Binary::Div),
        "urem" => return binary(cursor, Binary::Rem),
        "shl" => return binary(cursor, Binary::Shl),
        "lshr" => return binary(cursor, Binary::Shr),
        "ashr" => return binary(cursor, Binary::ShrSigned),
        "and" => return binary(cursor, Binary::And),
        "or" => return binary(cursor, Binary::Or),
        "xor" => return binary(cursor, Binary::Xor),
        "icmp" => return compare(cursor),
        "zext" => return cast(cursor, Cast::Extend),
        "sext" => return cast(cursor, Cast::ExtendSigned),
        "trunc" => return cast(cursor, Cast::Truncate),
        "select" => {
            cursor.this_word("i1")?;
            let condition = operand(cursor)?;
            cursor.sign(',')?;
            let (of, yes) = typed(cursor)?;
            cursor.sign(',')?;
            let (other, no) = typed(cursor)?;
            if of != other {
                return Err("a choice of two types".to_owned());
            }
            Action::Select { condition, of, yes, no }
        }
        "freeze" => typed(cursor).map(|(of, what)| Action::Freeze(of, what))?,
        "phi" => return phi(cursor),
        "extractvalue" => {
            let (of, from) = typed(cursor)?;
            cursor.sign(',')?;
            Action::Extract(of, from, cursor.number()?)
        }
        "insertvalue" => {
            let (whole, into) = typed(cursor)?;
            cursor.sign(',')?;
            let (of, part) = typed(cursor)?;
            cursor.sign(',')?;
            Action::Insert { whole, into, of, part, place: cursor.number()? }
        }
        "alloca" => return allocate(cursor),
        "getelementptr" => return offset(cursor),
        "load" => {
            let of = of_type(cursor)?;
            cursor.sign(',')?;
            let (from, align) = place(cursor)?;
            return Ok(Action::Load { of, from, align, claims: annotations(cursor, ranges)? });
        }
        "store" => {
            let (of, what) = typed(cursor)?;
            cursor.sign(',')?;
            let (to, align) = place(cursor)?;
            if annotations(cursor, ranges)? != Claims::default() {
                return Err("a claim about what is stored".to_owned());
            }
            return Ok(Action::Store { of, what, to, align });
        }
        "call" => return call(cursor, ranges),
        "br" => jump(cursor)?,
        "switch" => switch(cursor)?,
        "ret" => match cursor.peek() {
            Some(Token::Word(word)) if word == "void" => {
                cursor.next()?;
                Action::Return(None)
            }
            _ => Action::Return(Some(typed(cursor)?)),
        },
        "unreachable" => Action::Unreachable,
        word => return Err(format!("the instruction {word} is not known")),
    };
    // Which branch is likely changes nothing.
    if cursor.peek().is_some() && annotations(cursor, ranges)? != Claims::default() {
        return Err("a claim that is not known here".to_owned());
    }
    Ok(action)
}

fn operand(cursor: &mut Cursor) -> Result<Operand, Unreadable> {
    Ok(match cursor.next()? {
        Token::Local(name) => Operand::Local(name.clone()),
        Token::Global(_) => Operand::Global,
        Token::Word(word) => match word.as_str() {
            "true" => Operand::Constant(1),
            "false" => Operand::Constant(0),
            "poison" | "undef" => Operand::Poison,
            word => Operand::Constant(word.parse().map_err(|_| format!("the operand {word} is not known"))?),
        },
        token => return Err(format!("the operand {token:?} is not known")),
    })
}

fn typed(cursor: &mut Cursor) -> Result<(Type, Operand), Unreadable> {
    Ok((of_type(cursor)?, operand(cursor)?))
}

fn width(cursor: &mut Cursor) -> Result<u32, Unreadable> {
    match of_type(cursor)? {
        Type::Bits(width) => Ok(width),
        other => Err(format!("{other:?} is no number")),
    }
}

/// The flags until something else comes. Only those in `known` may be there.
fn flags(cursor: &mut Cursor, known: &[&str]) -> Result<Flags, Unreadable> {
    let mut flags = Flags::default();
    loop {
        let flag = match cursor.peek() {
            Some(Token::Word(word)) => word.as_str(),
            _ => return Ok(flags),
        };
        match flag {
            "nuw" => flags.nuw = true,
            "nsw" => flags.nsw = true,
            "exact" => flags.exact = true,
            "disjoint" => flags.disjoint = true,
            "nneg" => flags.nneg = true,
            _ => return Ok(flags),
        }
        if !known.contains(&flag) {
            return Err(format!("the flag {flag} is not known here"));
        }
        cursor.next()?;
    }
}

fn binary(cursor: &mut Cursor, operation: Binary) -> Result<Action, Unreadable> {
    let known: &[&str] = match operation {
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Shl => &["nuw", "nsw"],
        Binary::Div | Binary::Shr | Binary::ShrSigned => &["exact"],
        Binary::Or => &["disjoint"],
        Binary::Rem | Binary::And | Binary::Xor => &[],
    };
    let flags = flags(cursor, known)?;
    let width = width(cursor)?;
    let one = operand(cursor)?;
    cursor.sign(',')?;
    Ok(Action::Binary(operation, flags, width, one, operand(cursor)?))
}

fn compare(cursor: &mut Cursor) -> Result<Action, Unreadable> {
    let same_sign = cursor.has_word("samesign");
    let (predicate, is_signed) = match cursor.word()? {
        "eq" => (Predicate::Equal, false),
        "ne" => (Predicate::Different, false),
        "ult" => (Predicate::Less, false),
        "ule" => (Predicate::AtMost, false),
        "ugt" => (Predicate::Greater, false),
        "uge" => (Predicate::AtLeast, false),
        "slt" => (Predicate::Less, true),
        "sle" => (Predicate::AtMost, true),
        "sgt" => (Predicate::Greater, true),
        "sge" => (Predicate::AtLeast, true),
        word => return Err(format!("the comparison {word} is not known")),
    };
    let width = width(cursor)?;
    let one = operand(cursor)?;
    cursor.sign(',')?;
    Ok(Action::Compare { predicate, is_signed, same_sign, width, of: [one, operand(cursor)?] })
}

fn cast(cursor: &mut Cursor, cast: Cast) -> Result<Action, Unreadable> {
    let flags = match cast {
        Cast::Extend => flags(cursor, &["nneg"])?,
        Cast::ExtendSigned => Flags::default(),
        Cast::Truncate => flags(cursor, &["nuw", "nsw"])?,
    };
    let from = width(cursor)?;
    let operand = operand(cursor)?;
    cursor.this_word("to")?;
    let to = width(cursor)?;
    let is_right = if cast == Cast::Truncate { to < from } else { to > from };
    if is_right {
        Ok(Action::Cast { cast, flags, from, to, operand })
    } else {
        Err("a cast of no use".to_owned())
    }
}

fn phi(cursor: &mut Cursor) -> Result<Action, Unreadable> {
    let of = of_type(cursor)?;
    let mut from = Vec::new();
    loop {
        cursor.sign('[')?;
        let value = operand(cursor)?;
        cursor.sign(',')?;
        from.push((value, cursor.local()?));
        cursor.sign(']')?;
        if !cursor.has(',') {
            return Ok(Action::Phi(of, from));
        }
    }
}

fn allocate(cursor: &mut Cursor) -> Result<Action, Unreadable> {
    let bytes = if cursor.has('[') {
        let count: usize = cursor.number()?;
        cursor.this_word("x")?;
        cursor.this_word("i8")?;
        cursor.sign(']')?;
        count
    } else {
        width(cursor)?.div_ceil(8) as usize
    };
    cursor.sign(',')?;
    cursor.this_word("align")?;
    // The machine places nothing further apart than this.
    let align: usize = cursor.number()?;
    if align > 16 { Err(format!("{align} bytes of alignment")) } else { Ok(Action::Allocate(bytes)) }
}

fn offset(cursor: &mut Cursor) -> Result<Action, Unreadable> {
    // The machine refuses every place outside of what a pointer points into, which is all that these say.
    while cursor.has_word("inbounds") || cursor.has_word("nuw") || cursor.has_word("nusw") {}
    cursor.this_word("i8")?;
    cursor.sign(',')?;
    cursor.this_word("ptr")?;
    let base = operand(cursor)?;
    cursor.sign(',')?;
    cursor.this_word("i64")?;
    match operand(cursor)? {
        Operand::Constant(by) => {
            let by = i64::try_from(by).map_err(|_| format!("{by} is too far"))?;
            Ok(Action::Offset(base, by))
        }
        _ => Err("an offset that is no constant".to_owned()),
    }
}

/// `ptr %name, align 8`.
fn place(cursor: &mut Cursor) -> Result<(Operand, usize), Unreadable> {
    cursor.this_word("ptr")?;
    let at = operand(cursor)?;
    cursor.sign(',')?;
    cursor.this_word("align")?;
    Ok((at, cursor.number()?))
}

fn call(cursor: &mut Cursor, ranges: &Annotations) -> Result<Action, Unreadable> {
    cursor.has_word("fastcc");
    let (claims, _) = value(cursor)?;
    let returns = if cursor.has_word("void") { None } else { Some(of_type(cursor)?) };
    let Token::Global(function) = cursor.next()? else {
        return Err("a call of no known function".to_owned());
    };
    cursor.sign('(')?;
    let mut arguments = Vec::new();
    while !cursor.has(')') {
        if !arguments.is_empty() {
            cursor.sign(',')?;
        }
        // Which pointers differ: the machine knows.
        if function == "llvm.experimental.noalias.scope.decl" && cursor.has_word("metadata") {
            cursor.next()?;
            continue;
        }
        let of = of_type(cursor)?;
        let (claims, pointed) = value(cursor)?;
        arguments.push(Argument { of, claims, pointed, operand: operand(cursor)? });
    }
    after_arguments(cursor)?;
    let more = annotations(cursor, ranges)?;
    if more.range.is_some() && claims.range.is_some() {
        return Err("two ranges".to_owned());
    }
    let claims = Claims { range: claims.range.or(more.range), defined: claims.defined || more.defined };
    Ok(Action::Call(Call { returns, claims, function: function.clone(), arguments }))
}

fn label(cursor: &mut Cursor) -> Result<String, Unreadable> {
    cursor.this_word("label")?;
    cursor.local()
}

fn jump(cursor: &mut Cursor) -> Result<Action, Unreadable> {
    if !cursor.has_word("i1") {
        return label(cursor).map(Action::Jump);
    }
    let condition = operand(cursor)?;
    cursor.sign(',')?;
    let yes = label(cursor)?;
    cursor.sign(',')?;
    Ok(Action::Branch { condition, yes, no: label(cursor)? })
}

fn switch(cursor: &mut Cursor) -> Result<Action, Unreadable> {
    let width = width(cursor)?;
    let on = operand(cursor)?;
    cursor.sign(',')?;
    let otherwise = label(cursor)?;
    cursor.sign('[')?;
    let mut cases = Vec::new();
    while !cursor.has(']') {
        self::width(cursor)?;
        let case = cursor.number()?;
        cursor.sign(',')?;
        cases.push((case, label(cursor)?));
    }
    Ok(Action::Switch { width, on, otherwise, cases })
}
