// How-to pages, one for each task: the files of `docs/howto/`. `design.rs` says how their links work in both places.

#![doc = include_str!("design/links.md")]
#![doc = include_str!("../docs/howto/README.md")]

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "tokio", doc = include_str!("../docs/howto/newest.md"))]
pub mod newest {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/batches.md"))]
pub mod batches {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/debounce.md"))]
pub mod debounce {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/delay.md"))]
pub mod delay {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/retry.md"))]
pub mod retry {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/shutdown.md"))]
pub mod shutdown {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(all(feature = "keyed", feature = "tokio"), doc = include_str!("../docs/howto/tenants.md"))]
pub mod tenants {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/processes.md"))]
pub mod processes {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/logs.md"))]
pub mod logs {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/commit.md"))]
pub mod commit {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/clock.md"))]
pub mod clock {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/models.md"))]
pub mod models {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/event-loop.md"))]
pub mod event_loop {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/bare.md"))]
pub mod bare {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/observe.md"))]
pub mod observe {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/forks.md"))]
pub mod forks {}

#[doc = include_str!("design/links.md")]
#[cfg_attr(feature = "std", doc = include_str!("../docs/howto/suspend.md"))]
pub mod suspend {}
