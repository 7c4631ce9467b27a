//! Histories of real threads, judged by the one reference model.
//!
//! Threads call one gate or throttle and write down what they asked, what they were answered, and between which
//! two moments. `stateright` then looks for an order of the calls that agrees with those moments, and in which
//! the model gives the same answers. If there is one, the history is linearizable: each call may be thought of
//! as happening at one point in time.
//!
//! It cannot show an ordering that is too weak: the moments come from one counter, and to count is to
//! synchronize. Nor does it show other schedules than those that the machine happened to take.

pub mod answer;
pub mod gate_spec;
pub mod history;
pub mod reached;
pub mod record;
pub mod remembering;
pub mod script;
pub mod seeds;
pub mod threshold_spec;
pub mod throttle_script;
pub mod throttle_spec;
