//! What the tokens of a source text alone say, without a parse: they cross-check what the parser found.
//!
//! Tokens reach into macros, which the parser does not. They leave out comments, which a text search does not.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// One token, without the grouping. An opening parenthesis is `(`.
struct Token {
    text: String,
    /// Where it begins, in bytes.
    at: usize,
    line: usize,
}

/// Where each thing that has to be understood begins, in bytes.
#[derive(Debug, Default, PartialEq)]
pub struct Census {
    /// The `X` of each `Ordering::X`.
    pub orderings: BTreeSet<usize>,
    /// The name of each called fence, or of a called function that is nothing but a fence.
    pub fences: BTreeSet<usize>,
}

/// Takes the census of a file. `fences` are the names of functions that are nothing but a fence.
///
/// # Errors
///
/// The line, and what stands there that would hide a site.
pub fn census(stream: TokenStream, fences: &BTreeSet<String>) -> Result<Census, String> {
    let mut tokens = Vec::new();
    flatten(stream, &mut tokens);
    let text = |index: usize| tokens.get(index).map_or("", |token: &Token| token.text.as_str());
    let mut census = Census::default();
    let mut imported = false;
    for (index, token) in tokens.iter().enumerate() {
        let refused = |why: &str| Err(format!("line {}: {why}", token.line));
        match token.text.as_str() {
            "use" => imported = true,
            ";" => imported = false,
            "compiler_fence" => return refused("a `compiler_fence`"),
            "Ordering" | "fence" if text(index + 1) == "as" => return refused("an import by another name"),
            "Ordering" if text(index + 1) == ":" && text(index + 2) == ":" => match text(index + 3) {
                // The orderings of `core::cmp`.
                "Less" | "Equal" | "Greater" => {}
                "Relaxed" | "Acquire" | "Release" | "AcqRel" | "SeqCst" if !imported => {
                    census.orderings.insert(tokens[index + 3].at);
                }
                _ => return refused("`Ordering::` with neither an ordering nor a comparison"),
            },
            name if name == "fence" || fences.contains(name) => {
                let defined = index > 0 && text(index - 1) == "fn";
                if text(index + 1) == "(" && !defined {
                    census.fences.insert(token.at);
                } else if !defined && !imported {
                    return refused("a fence that is named and not called");
                }
            }
            _ => {}
        }
    }
    Ok(census)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    for tree in stream {
        let span = tree.span();
        let (at, line) = (span.byte_range().start, span.start().line);
        match tree {
            TokenTree::Group(group) => {
                let text = match group.delimiter() {
                    Delimiter::Parenthesis => "(",
                    Delimiter::Brace => "{",
                    Delimiter::Bracket => "[",
                    Delimiter::None => "",
                };
                tokens.push(Token { text: text.to_owned(), at, line });
                flatten(group.stream(), tokens);
            }
            // A literal is never a name; a doc comment is one.
            TokenTree::Literal(_) => tokens.push(Token { text: String::new(), at, line }),
            TokenTree::Ident(_) | TokenTree::Punct(_) => {
                tokens.push(Token { text: tree.to_string(), at, line });
            }
        }
    }
}
