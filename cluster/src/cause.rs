//! How an error that shows its cause hands on the rest of the chain.
//!
//! Every error of this crate shows its cause at the end of its own text, so that the text alone hides nothing.
//! Its source is therefore what lies behind that cause: a program that prints an error with all its sources
//! prints no words twice.

use core::error::Error;
use core::iter::successors;

/// The source of an error whose text ends with the text of `cause`: the nearest error behind `cause` that says
/// more. Some errors of other crates show their source as well, which therefore says nothing new.
pub(crate) fn behind<'e>(cause: &'e (dyn Error + 'static)) -> Option<&'e (dyn Error + 'static)> {
    let shown = cause.to_string();
    successors(cause.source(), |&error| error.source()).find(|error| !shown.contains(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::fmt;
    use std::io;

    #[derive(Debug)]
    struct Layer(&'static str, Option<Box<Layer>>);

    impl fmt::Display for Layer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|layer| layer as &(dyn Error + 'static))
        }
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let (first, rest) = texts.split_first().unwrap();
        Layer(first, (!rest.is_empty()).then(|| Box::new(layers(rest))))
    }

    #[test]
    fn what_was_shown_is_skipped_and_nothing_else() {
        for (texts, expected) in [
            (&["disk full"][..], None),
            (&["cannot write", "disk full"], Some("disk full")),
            (&["cannot write: disk full", "disk full"], None),
            (&["cannot write: disk full", "disk full", "quota of 3 GB"], Some("quota of 3 GB")),
        ] {
            let cause = layers(texts);
            assert_eq!(behind(&cause).map(ToString::to_string).as_deref(), expected, "{texts:?}");
        }
        let wrapped = io::Error::other(layers(&["cannot write", "disk full"]));
        assert_eq!(behind(&wrapped).unwrap().to_string(), "disk full");
    }
}
