//! Durations on the command line.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Reads a duration that lies in `possible`.
pub fn within(possible: &RangeInclusive<Duration>, text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|why| why.to_string())?;
    if possible.contains(&time) {
        return Ok(time);
    }
    let plain = humantime::format_duration;
    Err(format!("must be from {} to {}", plain(*possible.start()), plain(*possible.end())))
}
