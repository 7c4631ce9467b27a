// The chapters of `docs/`, as pages of the documentation; `howto.rs` has those of `docs/howto/`.
//
// A chapter links to another by a reference, `[the word][word]`, and defines it in its last lines by a path that is
// right on GitHub. `links.md` defines the same references by paths that are right here, and pictures where docs.rs serves
// the files of the package. It stands first in each page,
// and in Markdown the first definition of a reference counts.

#![doc = include_str!("design/links.md")]
#![doc = include_str!("../docs/README.md")]

// The examples need `std`.
#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/choose.md"))]
pub mod choose {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/glossary.md")]
pub mod glossary {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/peers.md")]
pub mod peers {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/promises.md")]
pub mod promises {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/word.md")]
pub mod word {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/orders.md")]
pub mod orders {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/layers.md")]
pub mod layers {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/waiting.md")]
pub mod waiting {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/proof.md")]
pub mod proof {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/cost.md")]
pub mod cost {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/why.md")]
pub mod why {}

// Its examples need these features.
#[doc = include_str!("design/links.md")]
#[cfg_attr(all(feature = "keyed", feature = "tokio"), doc = include_str!("../docs/coming-from.md"))]
pub mod coming_from {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/events.md")]
pub mod events {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/platforms.md")]
pub mod platforms {}

#[doc = include_str!("design/links.md")]
#[doc = include_str!("../docs/versions.md")]
pub mod versions {}
