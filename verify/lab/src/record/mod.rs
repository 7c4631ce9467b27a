//! The records of a storm: every run, and every answer that a caller got.

mod carried;
mod runs;
mod tally;
mod testimony;

pub use carried::{Brought, Carried, Span, Spans};
pub use runs::{Change, Run, RunLog};
pub use tally::{Event, Tally};
pub use testimony::{
    CallMark, Cancel, DroppedCall, Heard, Kind, Promise, Testimony, Times, add, count, no_times,
};
