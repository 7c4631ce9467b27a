//! Programs that show how atomic-throttle is used, one a file: `cargo run --release --example ui_refresh`.
//!
//! They are a package of their own, so that the tests of the library build none of their dependencies.
