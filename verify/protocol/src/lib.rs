//! The protocol of atomic-throttle, judged on its shipped transitions (`State::arrive` and the others),
//! never on a copy.
//!
//! | module | idea |
//! |---|---|
//! | [`transitions`] | what is judged: the shipped transitions, or those with a planted fault |
//! | [`window`], [`lease`], [`word`], [`act`] | the abstraction: what of a word, a time and an event matters |
//! | [`promises`] | what each single transition must keep |
//! | [`system`] | a word, a time, and threads that hold guards: concrete numbers |
//! | [`configuration`] | the same without numbers, and the invariants |
//! | [`representatives`], [`induction`] | the proof: each configuration, each act |
//! | [`link`] | that numbers matter only as far as the abstraction says |
//! | [`canonical`], [`exploration`] | all reachable systems of a few threads |
//! | [`liveness`] | what must happen happens, under fairness |
//! | [`planted`], `planted_lease` | faults that all of this must find |
//!
//! All of it takes one transition after the other. It cannot show what the memory model does to threads
//! that look at the word at the same time, nor that the code of the waiting layer wakes when [`system`]
//! says so: the loom models do that. That real guards become what [`system`] says is shown of short
//! sequences here (`tests/guards.rs`), of long ones by the sequences on a real `Gate`.

pub mod act;
pub mod canonical;
pub mod configuration;
pub mod exploration;
pub mod induction;
pub mod lease;
pub mod link;
pub mod liveness;
pub mod planted;
mod planted_lease;
pub mod promises;
pub mod representatives;
pub mod system;
pub mod transitions;
pub mod violation;
pub mod window;
pub mod word;
