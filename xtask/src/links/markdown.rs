//! The links of a Markdown text, and the places in it that links can lead to.

use pulldown_cmark::{BrokenLink, Event, LinkType, Options, Parser, Tag, TagEnd};
use std::collections::BTreeMap;

/// The attributes of HTML that hold an address.
const ATTRIBUTES: [&str; 3] = ["href=\"", "src=\"", "srcset=\""];

/// The targets of its links and pictures, including those in HTML.
pub fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                links.push(dest_url.into_string());
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                links.extend(ATTRIBUTES.iter().flat_map(|attribute| values(&html, attribute)));
            }
            _ => {}
        }
    }
    links
}

/// The labels of references, such as `[text][label]`, that are defined nowhere. A reader sees the brackets.
pub fn undefined(text: &str) -> Vec<String> {
    let mut undefined = Vec::new();
    let mut look = |link: BrokenLink| {
        // A pair of brackets alone may be meant as such.
        if link.link_type == LinkType::Reference {
            undefined.push(link.reference.to_string());
        }
        None
    };
    Parser::new_with_broken_link_callback(text, Options::empty(), Some(&mut look)).for_each(drop);
    undefined
}

/// The values of an attribute. `srcset` can have a width after each address.
fn values(html: &str, attribute: &str) -> Vec<String> {
    let after = html.split(attribute).skip(1);
    let values = after.filter_map(|rest| rest.split('"').next());
    values.filter_map(|value| value.split_whitespace().next()).map(str::to_owned).collect()
}

/// The anchors of its headings, as a forge makes them, and those that its HTML defines.
pub fn anchors(text: &str) -> Vec<String> {
    let (mut anchors, mut heading, mut seen) = (Vec::new(), None::<String>, BTreeMap::new());
    for event in Parser::new(text) {
        match event {
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => {
                let name = slug(&heading.take().unwrap_or_default());
                let times = seen.entry(name.clone()).or_insert(0_u32);
                anchors.push(if *times == 0 { name } else { format!("{name}-{times}") });
                *times += 1;
            }
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                anchors.extend(["id=\"", "name=\""].iter().flat_map(|attribute| values(&html, attribute)));
            }
            _ => {}
        }
    }
    anchors
}

fn slug(heading: &str) -> String {
    let kept = |character: &char| character.is_alphanumeric() || " -_".contains(*character);
    let lower = heading.to_lowercase();
    lower.chars().filter(kept).map(|character| if character == ' ' { '-' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::{anchors, links};

    #[test]
    fn links_are_found_wherever_they_stand() {
        let text = "[a](one.md) ![p](two.svg)\n\n| [`c`](three.rs#L1) |\n|---|\n| [d][ref] |\n\n\
                    [ref]: four.md\n\n<img src=\"five.svg\" alt=\"\"> and <a href=\"six.md\">x</a>\n\n<https://x.org>";
        let found = links(text);
        for link in ["one.md", "two.svg", "three.rs#L1", "four.md", "five.svg", "six.md", "https://x.org"] {
            assert!(found.contains(&link.to_owned()), "{link}: {found:?}");
        }
        assert_eq!(found.len(), 7);
    }

    #[test]
    fn what_is_code_is_no_link() {
        assert!(links("`[a](one.md)`\n\n```text\n[b](two.md)\n```").is_empty());
    }

    #[test]
    fn headings_are_named_as_a_forge_names_them() {
        let text =
            "# What it is, and `why`\n\n## Cost\n\n### G1: spacing_of runs\n\n## Cost\n\n<a id=\"here\"></a>";
        assert_eq!(anchors(text), ["what-it-is-and-why", "cost", "g1-spacing_of-runs", "cost-1", "here"]);
    }
}
