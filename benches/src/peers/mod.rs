//! What a program would use instead.

mod last_times;
mod limiters;
mod lock;
mod mutexes;
mod stamp;

pub use self::last_times::LastTimes;
pub use self::limiters::{
    GovernorQuanta, GovernorStd, GovernorUpkeep, TracingThrottle, governor_quanta, governor_std,
    governor_upkeep, leaky_bucket, ratelimit, tracing_throttle,
};
pub use self::lock::{Lock, Look, Wake};
pub use self::mutexes::{Both, BothEdges, Leading};
pub use self::stamp::Stamp;
