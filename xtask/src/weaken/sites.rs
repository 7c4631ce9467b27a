//! Finds the memory orderings and the fences of a source file, and what each can be weakened to.
//!
//! No site is missed: a census of the tokens is compared with what the parser finds, and a use that this file
//! does not understand is refused.

use crate::weaken::tokens::{Census, census};
use crate::weaken::weaker::{Weaker, access, fence};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::Ordering;
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// A place where the library orders memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    pub line: usize,
    /// The function, with the type that it belongs to: `Gate::finish`.
    pub function: String,
    /// What is done there: `load`, `fence`, `publish_before_deciding()`.
    pub what: String,
    pub was: Ordering,
    pub weaker: Vec<Weaker>,
    /// The bytes of the ordering. `None` where a function is called that is nothing but a fence.
    pub ordering: Option<Range<usize>>,
    /// The bytes of the call that makes the fence.
    pub fence: Option<Range<usize>>,
}

/// All sites of a source file, in its order.
///
/// # Errors
///
/// Something that it does not understand, and where.
pub fn find(text: &str) -> Result<Vec<Site>, String> {
    let file = syn::parse_file(text).map_err(|why| format!("line {}: {why}", why.span().start().line))?;
    let mut fences = Fences::default();
    fences.visit_file(&file);
    let mut finder =
        Finder { fences: &fences.0, scope: Vec::new(), sites: Vec::new(), found: Ok(Census::default()) };
    finder.visit_file(&file);
    let found = finder.found?;
    let mut sites = finder.sites;
    sites.sort_by_key(Site::begins);

    let stream = text.parse().map_err(|why| format!("it has no tokens: {why}"))?;
    let counted = census(stream, &fences.0.keys().cloned().collect())?;
    for (what, counted, found) in [
        ("an ordering that is not an argument of a call", &counted.orderings, &found.orderings),
        ("a fence that is not a call of its own", &counted.fences, &found.fences),
    ] {
        if let Some(at) = counted.symmetric_difference(found).next() {
            let line = text[..*at].matches('\n').count() + 1;
            return Err(format!("line {line}: {what}, or it stands in a macro"));
        }
    }
    Ok(sites)
}

impl Site {
    fn begins(&self) -> usize {
        let range = self.fence.as_ref().or(self.ordering.as_ref());
        range.map_or(0, |range| range.start)
    }
}

/// The functions that are nothing but a fence, with its ordering: each call of one is a site as well.
#[derive(Default)]
struct Fences(BTreeMap<String, Ordering>);

impl Fences {
    fn look(&mut self, signature: &syn::Signature, block: &syn::Block) {
        if let [syn::Stmt::Expr(syn::Expr::Call(call), _)] = block.stmts.as_slice() {
            if let (Some("fence"), Some(Ok((ordering, _)))) =
                (called(call).as_deref(), call.args.first().map(ordering_of))
            {
                self.0.insert(signature.ident.to_string(), ordering);
            }
        }
    }
}

impl<'ast> Visit<'ast> for Fences {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.look(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.look(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}

struct Finder<'f> {
    fences: &'f BTreeMap<String, Ordering>,
    /// The types and functions around this place.
    scope: Vec<String>,
    sites: Vec<Site>,
    /// What was understood, or the first thing that was not.
    found: Result<Census, String>,
}

impl Finder<'_> {
    fn within(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.scope.push(name);
        visit(self);
        self.scope.pop();
    }

    fn add(&mut self, site: Site, ordering_at: Option<usize>, fence_at: Option<usize>) {
        if let Ok(found) = &mut self.found {
            found.orderings.extend(ordering_at);
            found.fences.extend(fence_at);
        }
        self.sites.push(site);
    }

    fn refuse(&mut self, at: proc_macro2::Span, why: &str) {
        if self.found.is_ok() {
            self.found = Err(format!("line {}: {why}", at.start().line));
        }
    }

    /// The orderings among the arguments of a call.
    fn arguments<'a>(&mut self, callee: &str, arguments: impl Iterator<Item = &'a syn::Expr>) {
        for (index, argument) in arguments.enumerate() {
            let Ok((was, at)) = ordering_of(argument) else { continue };
            let Some(weaker) = access(callee, index, was) else {
                self.refuse(argument.span(), &format!("{was:?} as argument {index} of `{callee}`"));
                continue;
            };
            let site = Site {
                line: argument.span().start().line,
                function: self.scope.join("::"),
                what: describe(callee, index),
                was,
                weaker,
                ordering: Some(argument.span().byte_range()),
                fence: None,
            };
            self.add(site, Some(at), None);
        }
    }

    fn fence(&mut self, call: &syn::ExprCall) {
        let argument = call.args.first().filter(|_| call.args.len() == 1);
        let Some(Ok((was, at))) = argument.map(ordering_of) else {
            return self.refuse(call.span(), "a fence whose ordering is not written out");
        };
        let site = Site {
            line: call.span().start().line,
            function: self.scope.join("::"),
            what: "fence".to_owned(),
            was,
            weaker: fence(was),
            ordering: argument.map(|argument| argument.span().byte_range()),
            fence: Some(call.span().byte_range()),
        };
        self.add(site, Some(at), name_at(call));
    }

    fn call_of_a_fence(&mut self, call: &syn::ExprCall, name: &str, was: Ordering) {
        let site = Site {
            line: call.span().start().line,
            function: self.scope.join("::"),
            what: format!("{name}()"),
            was,
            weaker: vec![Weaker::Removed],
            ordering: None,
            fence: Some(call.span().byte_range()),
        };
        self.add(site, None, name_at(call));
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = match &*item.self_ty {
            syn::Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
            _ => None,
        };
        self.within(name.unwrap_or_else(|| "?".to_owned()), |this| visit::visit_item_impl(this, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(item.sig.ident.to_string(), |this| visit::visit_item_fn(this, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(item.sig.ident.to_string(), |this| visit::visit_impl_item_fn(this, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.within(item.sig.ident.to_string(), |this| visit::visit_trait_item_fn(this, item));
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let callee = called(call).unwrap_or_default();
        if callee == "fence" {
            self.fence(call);
        } else if let Some(was) = self.fences.get(&callee) {
            self.call_of_a_fence(call, &callee, *was);
        } else {
            self.arguments(&callee, call.args.iter());
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.arguments(&call.method.to_string(), call.args.iter());
        visit::visit_expr_method_call(self, call);
    }
}

/// The last name in the path of a called function.
fn called(call: &syn::ExprCall) -> Option<String> {
    let syn::Expr::Path(path) = &*call.func else { return None };
    path.path.segments.last().map(|segment| segment.ident.to_string())
}

fn name_at(call: &syn::ExprCall) -> Option<usize> {
    let syn::Expr::Path(path) = &*call.func else { return None };
    path.path.segments.last().map(|segment| segment.ident.span().byte_range().start)
}

/// The ordering that an expression `Ordering::X` names, and where its name begins; `Err` if it is another expression.
fn ordering_of(expression: &syn::Expr) -> Result<(Ordering, usize), ()> {
    let syn::Expr::Path(path) = expression else { return Err(()) };
    let mut names = path.path.segments.iter().rev().map(|segment| &segment.ident);
    let (Some(name), Some(of)) = (names.next(), names.next()) else { return Err(()) };
    if of != "Ordering" {
        return Err(());
    }
    let ordering = match name.to_string().as_str() {
        "Relaxed" => Ordering::Relaxed,
        "Acquire" => Ordering::Acquire,
        "Release" => Ordering::Release,
        "AcqRel" => Ordering::AcqRel,
        "SeqCst" => Ordering::SeqCst,
        _ => return Err(()),
    };
    Ok((ordering, name.span().byte_range().start))
}

/// Names the access, and which of two orderings it is.
fn describe(callee: &str, index: usize) -> String {
    match (callee, index) {
        ("compare_exchange" | "compare_exchange_weak", 2) | ("fetch_update", 0) => {
            format!("{callee}, success")
        }
        ("compare_exchange" | "compare_exchange_weak", 3) | ("fetch_update", 1) => {
            format!("{callee}, failure")
        }
        _ => callee.to_owned(),
    }
}

#[cfg(test)]
mod tests;
