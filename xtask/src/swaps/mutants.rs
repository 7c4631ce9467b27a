//! The mutants of a source file: two adjacent statements swapped, or a reading moved out of its loop or down to
//! where it is used. What comes of it need not compile.

use std::collections::BTreeMap;
use std::mem;
use std::ops::Range;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// The calls that read what another thread may change.
const READINGS: [&str; 9] =
    ["deferral", "due", "epoch", "is_pending", "load", "now", "state", "threshold", "within"];

/// What the moved reading is called.
const MOVED: &str = "moved_reading";

/// The file with one change.
#[derive(Debug, PartialEq)]
pub struct Mutant {
    pub line: usize,
    /// The function and the change, without the line: it names the mutant in the list of survivors.
    pub name: String,
    pub text: String,
    /// The block of the function that is changed, in the source: from brace to brace. None for a function that a constant
    /// may call, or whose type is that of what it returns: there it must be the only one.
    pub block: Option<Range<usize>>,
}

/// All mutants of a source file, in its order.
///
/// # Errors
///
/// If it is no source file.
pub fn of(text: &str) -> Result<Vec<Mutant>, String> {
    let file = syn::parse_file(text).map_err(|why| format!("line {}: {why}", why.span().start().line))?;
    let mut finder = Finder { text, ..Finder::default() };
    finder.visit_file(&file);
    let mut seen = BTreeMap::new();
    for mutant in &mut finder.mutants {
        let count = seen.entry(mutant.name.clone()).or_insert(0);
        *count += 1;
        if *count > 1 {
            mutant.name = format!("{} ({count})", mutant.name);
        }
    }
    Ok(finder.mutants)
}

#[derive(Default)]
struct Finder<'t> {
    text: &'t str,
    /// The types and functions around this place.
    scope: Vec<String>,
    /// The block of the function around this place.
    block: Option<Range<usize>>,
    /// Where the statements around this place begin.
    statements: Vec<usize>,
    /// Where the statements of the loops and closures around this place begin.
    barriers: Vec<usize>,
    mutants: Vec<Mutant>,
}

impl Finder<'_> {
    fn within(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.scope.push(name);
        visit(self);
        self.scope.pop();
    }

    fn function(&mut self, of: &syn::Signature, block: &syn::Block, visit: impl FnOnce(&mut Self)) {
        let returns_impl =
            matches!(&of.output, syn::ReturnType::Type(_, ty) if matches!(**ty, syn::Type::ImplTrait(_)));
        let is_free = of.constness.is_none() && !returns_impl;
        let around = (mem::take(&mut self.statements), mem::take(&mut self.barriers), self.block.take());
        self.block = is_free.then(|| block.span().byte_range());
        self.within(of.ident.to_string(), visit);
        (self.statements, self.barriers, self.block) = around;
    }

    fn repeated(&mut self, visit: impl FnOnce(&mut Self)) {
        let Some(statement) = self.statements.last() else { return visit(self) };
        self.barriers.push(*statement);
        visit(self);
        self.barriers.pop();
    }

    fn add(&mut self, at: usize, what: &str, text: String) {
        let line = self.text[..at].matches('\n').count() + 1;
        let name = format!("{}: {what}", self.scope.join("::"));
        self.mutants.push(Mutant { line, name, text, block: self.block.clone() });
    }

    /// The source text there, in one line, and not all of it if it is long.
    fn quote(&self, range: Range<usize>) -> String {
        let words: Vec<_> = self.text[range].split_whitespace().collect();
        let whole = words.join(" ");
        if whole.chars().count() <= 70 { whole } else { whole.chars().take(69).chain(['…']).collect() }
    }

    fn swap(&mut self, first: Range<usize>, second: Range<usize>) {
        let text = self.text;
        let parts = [
            &text[..first.start],
            &text[second.clone()],
            &text[first.end..second.start],
            &text[first.clone()],
            &text[second.end..],
        ];
        let what = format!("swap `{}` and `{}`", self.quote(first.clone()), self.quote(second));
        self.add(first.start, &what, parts.concat());
    }

    /// Moves the reading at `reading` to before the statement that begins at `to`.
    fn hoist(&mut self, reading: Range<usize>, to: usize) {
        let (text, expression) = (self.text, &self.text[reading.clone()]);
        let moved = format!("let {MOVED} = {expression}; ");
        let what = format!("read `{}` once, before", self.quote(reading.clone()));
        let parts = [&text[..to], &moved, &text[to..reading.start], MOVED, &text[reading.end..]];
        self.add(reading.start, &what, parts.concat());
    }

    /// Moves the statement at `statement` to before the one that begins at `to`.
    fn sink(&mut self, statement: Range<usize>, to: usize) {
        let text = self.text;
        let moved = format!("{} ", &text[statement.clone()]);
        let what = format!("`{}` only where it is used", self.quote(statement.clone()));
        let parts = [&text[..statement.start], &text[statement.end..to], &moved, &text[to..]];
        self.add(statement.start, &what, parts.concat());
    }

    /// Where the value that `local` reads is first used, if other statements come before that.
    fn first_use(&self, local: &syn::Local, later: &[syn::Stmt]) -> Option<usize> {
        let syn::Pat::Ident(name) = &local.pat else { return None };
        let mut reads = Reads(false);
        reads.visit_local(local);
        let name = name.ident.to_string();
        let is_word = |part: char| part.is_alphanumeric() || part == '_';
        let uses = |statement: &syn::Stmt| {
            self.text[statement.span().byte_range()].split(|part| !is_word(part)).any(|word| word == name)
        };
        let index = later.iter().position(uses)?;
        (reads.0 && index > 0).then(|| later[index].span().byte_range().start)
    }
}

/// Whether something is read.
struct Reads(bool);

impl<'ast> Visit<'ast> for Reads {
    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.0 |= READINGS.contains(&call.method.to_string().as_str());
        visit::visit_expr_method_call(self, call);
    }
}

/// Whether the order of the two cannot matter: one only names a place or a value, or neither calls or changes anything.
fn commute(first: &syn::Stmt, second: &syn::Stmt) -> bool {
    let [first, second] = [first, second].map(initial);
    first.is_some_and(names)
        || second.is_some_and(names)
        || first.zip(second).is_some_and(|(first, second)| is_idle(first) && is_idle(second))
}

/// What a `let` binds, if it cannot leave the block.
fn initial(statement: &syn::Stmt) -> Option<&syn::Expr> {
    let syn::Stmt::Local(local) = statement else { return None };
    local.init.as_ref().filter(|init| init.diverge.is_none()).map(|init| &*init.expr)
}

/// Whether it is a reference to a place, a literal or a closure: what others do to the place is seen all the same.
fn names(expression: &syn::Expr) -> bool {
    use syn::Expr::{Closure, Lit, Reference};
    match expression {
        Reference(reference) => is_idle(&reference.expr),
        Lit(_) => true,
        Closure(closure) => closure.capture.is_none(),
        _ => false,
    }
}

/// Whether it calls nothing but what only looks at its own value, and changes nothing.
fn is_idle(expression: &syn::Expr) -> bool {
    use syn::Expr::{Binary, Cast, Field, Lit, MethodCall, Paren, Path, Reference, Struct, Tuple, Unary};
    match expression {
        Lit(_) | Path(_) => true,
        Field(field) => is_idle(&field.base),
        Paren(within) => is_idle(&within.expr),
        Reference(reference) => is_idle(&reference.expr),
        Unary(unary) => is_idle(&unary.expr),
        Cast(cast) => is_idle(&cast.expr),
        Binary(binary) => !assigns(binary.op) && is_idle(&binary.left) && is_idle(&binary.right),
        Struct(of) => of.fields.iter().all(|field| is_idle(&field.expr)) && of.rest.is_none(),
        Tuple(tuple) => tuple.elems.iter().all(is_idle),
        MethodCall(call) => {
            let looks = ["as_nanos", "as_u64", "clone", "is_none", "is_some", "is_zero"];
            looks.contains(&call.method.to_string().as_str()) && is_idle(&call.receiver)
        }
        _ => false,
    }
}

fn assigns(operator: syn::BinOp) -> bool {
    use syn::BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign, ShlAssign,
        ShrAssign, SubAssign,
    };
    matches!(
        operator,
        AddAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | BitXorAssign(_)
            | DivAssign(_)
            | MulAssign(_)
            | RemAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
            | SubAssign(_)
    )
}

fn is_movable(statement: &syn::Stmt) -> bool {
    use syn::Expr::{Block, ForLoop, If, Loop, Match, While};
    match statement {
        syn::Stmt::Local(_) | syn::Stmt::Expr(_, Some(_)) => true,
        syn::Stmt::Expr(expression, None) => {
            matches!(expression, Block(_) | ForLoop(_) | If(_) | Loop(_) | Match(_) | While(_))
        }
        syn::Stmt::Macro(call) => call.semi_token.is_some(),
        syn::Stmt::Item(_) => false,
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(of) => of.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        self.within(name.unwrap_or_default(), |this| visit::visit_item_impl(this, item));
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function(&function.sig, &function.block, |this| visit::visit_item_fn(this, function));
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function(&function.sig, &function.block, |this| visit::visit_impl_item_fn(this, function));
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        for (index, statement) in block.stmts.iter().enumerate() {
            let here = statement.span().byte_range();
            let later = &block.stmts[index + 1..];
            let is_other =
                |next: &&syn::Stmt| is_movable(statement) && is_movable(next) && !commute(statement, next);
            if let Some(next) = later.first().filter(is_other) {
                self.swap(here.clone(), next.span().byte_range());
            }
            if let syn::Stmt::Local(local) = statement {
                if let Some(to) = self.first_use(local, later) {
                    self.sink(here.clone(), to);
                }
            }
            self.statements.push(here.start);
            visit::visit_stmt(self, statement);
            self.statements.pop();
        }
    }

    fn visit_expr_loop(&mut self, repeated: &'ast syn::ExprLoop) {
        self.repeated(|this| visit::visit_expr_loop(this, repeated));
    }

    fn visit_expr_while(&mut self, repeated: &'ast syn::ExprWhile) {
        self.repeated(|this| visit::visit_expr_while(this, repeated));
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.repeated(|this| visit::visit_expr_closure(this, closure));
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        if READINGS.contains(&call.method.to_string().as_str()) {
            let mut places = self.barriers.clone();
            places.dedup();
            for to in places {
                self.hoist(call.span().byte_range(), to);
            }
        }
        visit::visit_expr_method_call(self, call);
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    const SOURCE: &str = "\
impl Gate {
    fn fire(&self) {
        let now = self.clock.now();
        let control = lock();
        control.first();
        control.second(now);
        self.update(|state| state.fire(self.threshold()))
    }
}

mod tests {
    fn none() {
        one();
        two();
    }
}
";

    fn names() -> Vec<String> {
        of(SOURCE).unwrap().into_iter().map(|mutant| mutant.name).collect()
    }

    #[test]
    fn each_operator_finds_its_places() {
        let names = names();
        let expected = [
            "Gate::fire: swap `let now = self.clock.now();` and `let control = lock();`",
            "Gate::fire: `let now = self.clock.now();` only where it is used",
            "Gate::fire: swap `let control = lock();` and `control.first();`",
            "Gate::fire: swap `control.first();` and `control.second(now);`",
            "Gate::fire: read `self.threshold()` once, before",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn each_change_is_what_its_name_says() {
        let texts: Vec<_> = of(SOURCE).unwrap().into_iter().map(|mutant| mutant.text).collect();
        let contains = |index: usize, part: &str| assert!(texts[index].contains(part), "{}", texts[index]);
        contains(0, "let control = lock();\n        let now = self.clock.now();");
        contains(1, "control.first();\n        let now = self.clock.now(); control.second(now);");
        contains(3, "control.second(now);\n        control.first();");
        contains(4, "let moved_reading = self.threshold(); self.update(|state| state.fire(moved_reading))");
        for text in &texts {
            assert!(syn::parse_file(text).is_ok() && text != SOURCE, "{text}");
        }
    }

    fn swaps(statements: &str) -> usize {
        let source = format!("fn f(&mut self) {{ {statements} }}");
        of(&source).unwrap().iter().filter(|mutant| mutant.name.contains("swap")).count()
    }

    #[test]
    fn what_commutes_is_not_swapped() {
        for commute in [
            "let gate = &self.gate; act();",
            "act(); let read = || self.look();",
            "let one = self.one; let two = Two { epoch: self.epoch.as_u64() + 1, shared: self.shared.clone() };",
        ] {
            assert_eq!(swaps(commute), 0, "{commute}");
        }
        for matters in [
            "let one = self.one; act();",
            "let one = self.one; self.one = 2;",
            "let one = self.one(); let two = self.two;",
            "let one = move || two; two += 1;",
            "let Some(one) = &self.one else { return }; act();",
        ] {
            assert_eq!(swaps(matters), 1, "{matters}");
        }
    }

    #[test]
    fn lines_are_those_of_the_source() {
        let lines: Vec<_> = of(SOURCE).unwrap().into_iter().map(|mutant| mutant.line).collect();
        assert_eq!(lines, [3, 3, 4, 5, 7]);
    }
}
