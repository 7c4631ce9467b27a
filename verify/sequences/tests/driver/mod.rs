//! The tests of a subject, written once for all of them. `sequence!` and `corpus!` make them of its name.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test program uses a part of it")]

pub mod property;
pub mod regressions;
pub mod replay;

/// The tests of a subject that plays sequences: new ones, those that failed once, and its corpus.
macro_rules! sequence {
    ($subject:ty) => {
        #[test]
        fn sequences_agree_with_the_model() {
            crate::driver::property::sequences_agree_with_the_model::<$subject>();
        }

        #[test]
        fn wrong_models_are_contradicted() {
            crate::driver::property::wrong_models_are_contradicted::<$subject>();
        }

        #[test]
        fn what_failed_once_does_not_fail_again() {
            crate::driver::regressions::what_failed_once_does_not_fail_again::<$subject>();
        }

        crate::driver::corpus!($subject);
    };
}

/// The test of a subject that has only a corpus.
macro_rules! corpus {
    ($subject:ty) => {
        #[test]
        fn the_corpus_is_replayed() {
            crate::driver::replay::the_corpus_is_replayed::<$subject>();
        }
    };
}

pub(crate) use {corpus, sequence};
