//! Puts the switch into a copy of the sources, by insertions alone: the text of the sources stays as it is.

use crate::weaken::sites::Site;
use syn::spanned::Spanned as _;

/// How the sources call the crate made of `switch.rs`.
pub const SWITCH: &str = "weaken_switch";

/// Puts a switch at each site that can be weakened. `sites` are those of this text, each with its number.
///
/// # Errors
///
/// If the text is not what the sites were found in.
pub fn sites(text: &str, sites: &[(usize, Site)]) -> Result<String, String> {
    let mut insertions = Vec::new();
    for (number, site) in sites.iter().filter(|(_, site)| !site.weaker.is_empty()) {
        if let Some(range) = &site.fence {
            insertions.push((range.start, format!("if ::{SWITCH}::kept({number}) {{ ")));
            insertions.push((range.end, " }".to_owned()));
        }
        if let Some(range) = &site.ordering {
            let written = text.get(range.clone()).unwrap_or_default();
            if !written.ends_with(&format!("Ordering::{:?}", site.was)) {
                return Err(format!(
                    "line {}: {:?} was found, and {written:?} is there",
                    site.line, site.was
                ));
            }
            insertions.push((range.start, format!("::{SWITCH}::ordering({number}, ")));
            insertions.push((range.end, ")".to_owned()));
        }
    }
    Ok(insert(text, insertions))
}

/// Marks the begin and the end of each model in the function `explore`. `None` if it is not in this file.
///
/// # Errors
///
/// If the text is not Rust.
pub fn explore(text: &str) -> Result<Option<String>, String> {
    let file = syn::parse_file(text).map_err(|why| why.to_string())?;
    let explore = file.items.iter().find_map(|item| match item {
        syn::Item::Fn(function) if function.sig.ident == "explore" => Some(function),
        _ => None,
    });
    Ok(explore.map(|function| {
        let after_brace = function.block.brace_token.span.open().span().byte_range().end;
        insert(text, vec![(after_brace, format!(" let _exploring = ::{SWITCH}::exploring();"))])
    }))
}

/// Inserts each text before its byte.
fn insert(text: &str, mut insertions: Vec<(usize, String)>) -> String {
    insertions.sort_by_key(|(at, _)| *at);
    let mut edited = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, inserted) in insertions {
        edited.push_str(&text[copied..at]);
        edited.push_str(&inserted);
        copied = at;
    }
    edited.push_str(&text[copied..]);
    edited
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weaken::sites::find;

    /// The text with a switch at each site.
    fn instrumented(text: &str) -> String {
        let numbered: Vec<_> = find(text).unwrap().into_iter().enumerate().collect();
        sites(text, &numbered).unwrap()
    }

    #[test]
    fn an_access_and_a_fence_get_a_switch() {
        assert_eq!(
            instrumented("fn f() { a.load(Ordering::Acquire); /* \u{e9} */ x::fence(Ordering::SeqCst); }"),
            "fn f() { a.load(::weaken_switch::ordering(0, Ordering::Acquire)); /* \u{e9} */ \
             if ::weaken_switch::kept(1) { x::fence(::weaken_switch::ordering(1, Ordering::SeqCst)) }; }"
        );
    }

    #[test]
    fn a_call_of_a_fence_can_be_left_out() {
        let text = "fn g() { fence(Ordering::SeqCst) } fn f() { g(); }";
        assert!(instrumented(text).ends_with("fn f() { if ::weaken_switch::kept(1) { g() }; }"));
    }

    #[test]
    fn what_is_the_weakest_stays_as_it_is() {
        let text = "fn f() { a.load(Ordering::Relaxed); }";
        assert_eq!(instrumented(text), text);
    }

    #[test]
    fn another_text_is_refused() {
        let numbered: Vec<_> =
            find("fn f() { a.load(Ordering::Acquire); }").unwrap().into_iter().enumerate().collect();
        assert!(sites("fn f() { a.load(Ordering::Release); }", &numbered).is_err());
        assert!(sites("", &numbered).is_err());
    }

    #[test]
    fn a_model_is_marked() {
        assert_eq!(
            explore("pub fn explore(m: M) -> usize { m() }"),
            Ok(Some(
                "pub fn explore(m: M) -> usize { let _exploring = ::weaken_switch::exploring(); m() }"
                    .to_owned()
            ))
        );
        assert_eq!(explore("fn search() {}"), Ok(None));
        assert!(explore("fn explore(").is_err());
    }
}
