//! Times and numbers on the command line.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Reads any duration.
///
/// # Errors
///
/// If it is none.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|why| format!("{why}; write it as 20ms, 1ns or 1h"))
}

/// Reads a duration that lies in `possible`.
///
/// # Errors
///
/// If it does not, or is no duration.
pub fn within(possible: &RangeInclusive<Duration>, text: &str) -> Result<Duration, String> {
    let time = duration(text)?;
    let plain = humantime::format_duration;
    let (least, most) = (*possible.start(), *possible.end());
    if possible.contains(&time) {
        Ok(time)
    } else if most == Duration::MAX {
        Err(format!("must be at least {}", plain(least)))
    } else {
        Err(format!("must be from {} to {}", plain(least), plain(most)))
    }
}

/// Reads a number above 0.
///
/// # Errors
///
/// If it is none.
pub fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number > 0.0 && number.is_finite() {
        Ok(number)
    } else {
        Err("must be finite and greater than 0".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{positive, within};
    use std::time::Duration;

    #[test]
    fn what_is_refused_is_told_what_is_possible() {
        let millisecond = Duration::from_millis(1);
        assert_eq!(within(&(millisecond..=millisecond * 2), "2ms"), Ok(millisecond * 2));
        let why = |most| within(&(millisecond..=most), "999us").unwrap_err();
        assert_eq!(why(millisecond * 2), "must be from 1ms to 2ms");
        assert_eq!(why(Duration::MAX), "must be at least 1ms");
        assert!(within(&(millisecond..=Duration::MAX), "5").unwrap_err().contains("write it as"));
    }

    #[test]
    fn a_number_is_finite_and_above_nothing() {
        assert!(positive("0.5").is_ok());
        assert!(["0", "-3", "NaN", "inf", "x", ""].into_iter().all(|bad| positive(bad).is_err()));
    }
}
