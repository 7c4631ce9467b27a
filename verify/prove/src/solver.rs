//! The solver: z3, a program that gets its question as text and answers it.

use crate::term::{Node, Op, Term, Terms, WIDEST, cut};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The program.
pub const Z3: &str = "z3";

/// After this many seconds for one question the solver gives up, which is an error. It needs some tenths of one.
const LIMIT: u32 = 600;

/// Values of the variables, by their names.
pub type Values = BTreeMap<String, u128>;

/// A question: can these variables have values that make terms true? It is text, so it can go to another thread.
pub struct Question {
    variables: Vec<String>,
    /// Products and quotients may have any values that their bounds allow. If even then there is no answer, there is
    /// none, and the solver finds that sooner.
    loose: Option<String>,
    exact: String,
}

impl Question {
    /// Can all of these be true at once?
    ///
    /// # Panics
    ///
    /// If one of them has other than one bit.
    #[must_use]
    pub fn can(terms: &Terms, together: &[Term]) -> Self {
        assert!(together.iter().all(|term| terms.width(*term) == 1), "a truth has one bit");
        // z3 is faster if each stands alone.
        let mut together = terms.conjuncts(together);
        let (variables, exact) = text(terms, &together, true);
        together.extend(divisions(terms, &together));
        let is_loose = terms.within(&together).into_iter().any(|term| loosened(terms, term).is_some());
        Self { variables, loose: is_loose.then(|| text(terms, &together, false).1), exact }
    }

    /// `None` if there are no such values, for certain.
    ///
    /// # Errors
    ///
    /// If z3 cannot be started, does not know, does not end in time, or says anything else.
    pub fn ask(&self) -> Result<Option<Values>, String> {
        if let Some(loose) = &self.loose {
            if self.answer(loose)?.is_none() {
                return Ok(None);
            }
        }
        self.answer(&self.exact)
    }

    fn answer(&self, text: &str) -> Result<Option<Values>, String> {
        let failed = |why: String| format!("{Z3}: {why}");
        let mut solver = Command::new(Z3)
            .args(["-in", "-smt2", &format!("-T:{LIMIT}")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|why| failed(why.to_string()))?;
        let mut input = solver.stdin.take().ok_or_else(|| failed("no input".to_owned()))?;
        // It reads everything before it answers, but for an error, which its answer then shows.
        let written = input.write_all(text.as_bytes());
        drop(input);
        let output = solver.wait_with_output().map_err(|why| failed(why.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let (answer, rest) = said.split_once('\n').unwrap_or((&said, ""));
        match answer.trim() {
            // Then it has no values to show, and complains about that.
            "unsat" if written.is_ok() => Ok(None),
            "sat" if written.is_ok() && output.status.success() => {
                self.values(rest).map(Some).ok_or_else(|| failed(format!("cannot be read: {rest}")))
            }
            _ => Err(failed(format!("{}: {}", output.status, said.trim()))),
        }
    }

    /// The values in `((|name| #x00ff) ...)`.
    fn values(&self, said: &str) -> Option<Values> {
        let is_between = |letter: char| letter.is_whitespace() || "()|".contains(letter);
        let words: Vec<_> = said.split(is_between).filter(|word| !word.is_empty()).collect();
        let mut values = Values::new();
        for pair in words.chunks(2) {
            let [name, value] = pair else { return None };
            let value = match value.split_at_checked(2)? {
                ("#x", digits) => u128::from_str_radix(digits, 16).ok()?,
                ("#b", digits) => u128::from_str_radix(digits, 2).ok()?,
                _ => return None,
            };
            values.insert((*name).to_owned(), value);
        }
        let is_complete = self.variables.iter().all(|name| values.contains_key(name));
        is_complete.then_some(values)
    }
}

/// The variables, and the question.
fn text(terms: &Terms, together: &[Term], is_exact: bool) -> (Vec<String>, String) {
    let mut variables = Vec::new();
    let mut text = String::from("(set-logic QF_BV)\n");
    for part in terms.within(together) {
        let (width, node) = terms.node(part);
        let sort = format!("(_ BitVec {width})");
        if let Node::Variable(variable) = &node {
            variables.push(variable.clone());
            let _ = writeln!(text, "(declare-fun |{variable}| () {sort})");
        }
        let body = match loosened(terms, part) {
            Some((name, facts)) if !is_exact => {
                text += &facts;
                name
            }
            _ => body(terms, width, &node),
        };
        let _ = writeln!(text, "(define-fun {} () {sort} {body})", name(part));
    }
    for term in together {
        let _ = writeln!(text, "(assert (= {} #b1))", name(*term));
    }
    text += "(check-sat)\n";
    if !variables.is_empty() {
        let names: Vec<_> = variables.iter().map(|name| format!("|{name}|")).collect();
        let _ = writeln!(text, "(get-value ({}))", names.join(" "));
    }
    (variables, text)
}

/// Facts about the quotients and rests in these terms: that division comes out.
fn divisions(terms: &Terms, within: &[Term]) -> Vec<Term> {
    let mut facts = Vec::new();
    for term in terms.within(within) {
        let (width, Node::Of(Op::Div | Op::Rem, number, by)) = terms.node(term) else { continue };
        if terms.value(by).is_some_and(|by| by > 0) && width < WIDEST {
            let wide = |term| terms.extend(term, WIDEST);
            let (quotient, rest) = (terms.of(Op::Div, number, by), terms.of(Op::Rem, number, by));
            let product = terms.of(Op::Mul, wide(quotient), wide(by));
            facts.push(terms.equal(terms.of(Op::Add, product, wide(rest)), wide(number)));
            facts.push(terms.less(rest, by));
        }
    }
    facts
}

/// A product or quotient as a number of its own: its name, and what is known of it in any case.
fn loosened(terms: &Terms, term: Term) -> Option<(String, String)> {
    let (width, Node::Of(op, one, other)) = terms.node(term) else { return None };
    let constant = terms.value(other).filter(|constant| *constant > 0)?;
    let own = format!("any{}", name(term));
    let declared = format!("(declare-fun {own} () (_ BitVec {width}))\n");
    let fact = match op {
        Op::Mul => {
            let Node::Extend(inner) = terms.node(one).1 else { return None };
            let most = cut(u128::MAX, terms.width(inner)).checked_mul(constant)?;
            format!("(assert (bvule {own} (_ bv{most} {width})))\n")
        }
        Op::Div | Op::Rem => String::new(),
        _ => return None,
    };
    Some((own, declared + &fact))
}

fn name(term: Term) -> String {
    format!("{term:?}").replace(['(', ')'], "")
}

fn body(terms: &Terms, width: u32, node: &Node) -> String {
    let truth = |truth: String| format!("(ite {truth} #b1 #b0)");
    match node {
        Node::Constant(value) => format!("(_ bv{value} {width})"),
        Node::Variable(variable) => format!("|{variable}|"),
        Node::Not(inner) => format!("(bvnot {})", name(*inner)),
        Node::Of(op, one, other) => {
            let of = |operation: &str| format!("({operation} {} {})", name(*one), name(*other));
            match op {
                Op::Add => of("bvadd"),
                Op::Sub => of("bvsub"),
                Op::Mul => of("bvmul"),
                Op::Div => of("bvudiv"),
                Op::Rem => of("bvurem"),
                Op::Shl => of("bvshl"),
                Op::Shr => of("bvlshr"),
                Op::ShrSigned => of("bvashr"),
                Op::And => of("bvand"),
                Op::Or => of("bvor"),
                Op::Xor => of("bvxor"),
                Op::Equal => truth(of("=")),
                Op::Less => truth(of("bvult")),
                Op::LessSigned => truth(of("bvslt")),
            }
        }
        Node::If(condition, yes, no) => {
            format!("(ite (= {} #b1) {} {})", name(*condition), name(*yes), name(*no))
        }
        Node::Part(low, whole) => format!("((_ extract {} {low}) {})", low + width - 1, name(*whole)),
        Node::Join(upper, lower) => format!("(concat {} {})", name(*upper), name(*lower)),
        Node::Extend(inner) => format!("((_ zero_extend {}) {})", width - terms.width(*inner), name(*inner)),
        Node::ExtendSigned(inner) => {
            format!("((_ sign_extend {}) {})", width - terms.width(*inner), name(*inner))
        }
    }
}

/// Whether the solver can be started.
#[must_use]
pub fn is_installed() -> bool {
    let version = Command::new(Z3).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::{Question, is_installed};

    fn ask(text: &str) -> Option<Result<Option<super::Values>, String>> {
        if !is_installed() {
            println!("SKIPPED: z3 is not installed");
            return None;
        }
        let question = Question { variables: vec!["a_b".to_owned()], loose: None, exact: text.to_owned() };
        Some(question.ask())
    }

    const DECLARED: &str = "(declare-fun |a_b| () (_ BitVec 8))";
    const GET: &str = "(check-sat)(get-value (|a_b|))";

    #[test]
    fn values_are_read() {
        let Some(answer) = ask(&format!("{DECLARED}(assert (= |a_b| #x1f)){GET}")) else { return };
        assert_eq!(answer, Ok(Some([("a_b".to_owned(), 0x1f)].into())));
        assert_eq!(ask(&format!("{DECLARED}(assert (distinct |a_b| |a_b|)){GET}")), Some(Ok(None)));
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for text in [
            "",
            "(echo \"unknown\")",
            "(echo \"timeout\")",
            // An error before the answer.
            "(assert nonsense)(assert false)(check-sat)",
            // Values of something else, and none.
            "(declare-fun c () (_ BitVec 8))(check-sat)(get-value (c))",
            "(check-sat)",
            "(declare-fun |a_b| () Int)(check-sat)(get-value (|a_b|))",
        ] {
            let Some(answer) = ask(text) else { return };
            assert!(answer.is_err(), "{text}: {answer:?}");
        }
    }
}
