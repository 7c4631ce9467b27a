//! `--threshold`: the shortest time between the starts of two runs.

use super::time::within;
use clap::Args;
use humantime::format_duration as plain;
use std::time::Duration;

/// A threshold of so many microseconds, unless another one is given, which is not shorter than `LEAST` nor
/// longer than `MOST`.
#[derive(Args, Clone, Copy, Debug)]
pub struct Threshold<const USUAL: u64, const LEAST: u64, const MOST: u64> {
    #[arg(
        long,
        value_name = "TIME",
        value_parser = Self::read,
        help = format!(
            "The shortest time between the starts of two runs{} [default: {}]",
            Self::bounds(),
            plain(Duration::from_micros(USUAL)),
        )
    )]
    threshold: Option<Duration>,
}

impl<const USUAL: u64, const LEAST: u64, const MOST: u64> Threshold<USUAL, LEAST, MOST> {
    #[must_use]
    pub fn time(&self) -> Duration {
        self.threshold.unwrap_or(Duration::from_micros(USUAL))
    }

    fn read(text: &str) -> Result<Duration, String> {
        within(&(Duration::from_micros(LEAST)..=most(MOST)), text)
    }

    fn bounds() -> String {
        match (LEAST, MOST) {
            (0, u64::MAX) => ", such as 20ms, 1ns, 0".to_owned(),
            (least, u64::MAX) => format!(", such as 20ms; at least {}", plain(Duration::from_micros(least))),
            (least, most) => {
                let [least, most] = [least, most].map(|micros| plain(Duration::from_micros(micros)));
                format!(", from {least} to {most}")
            }
        }
    }
}

/// Without a bound every duration is possible.
fn most(micros: u64) -> Duration {
    if micros == u64::MAX { Duration::MAX } else { Duration::from_micros(micros) }
}

#[cfg(test)]
mod tests {
    use super::Threshold;
    use clap::{CommandFactory, Parser};
    use std::time::Duration;

    #[derive(Parser)]
    struct Any {
        #[command(flatten)]
        threshold: Threshold<20_000, 0, { u64::MAX }>,
    }

    #[derive(Parser)]
    struct Some {
        #[command(flatten)]
        threshold: Threshold<200_000, 1_000, 60_000_000>,
    }

    #[test]
    fn every_threshold_is_taken_where_each_is_possible() {
        let time = |text| Any::try_parse_from(["it", "--threshold", text]).map(|it| it.threshold.time());
        for (text, nanos) in [("0", 0), ("0s", 0), ("1ns", 1), ("20ms", 20_000_000)] {
            assert_eq!(time(text).unwrap(), Duration::from_nanos(nanos), "{text}");
        }
        assert!(time("10000years").unwrap() > Duration::from_secs(1 << 37));
        assert_eq!(Any::parse_from(["it"]).threshold.time(), Duration::from_millis(20));
        assert!(["abc", "-1s", "5"].into_iter().all(|bad| time(bad).is_err()));
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_and_the_bounds_are_named() {
        let time = |text| Some::try_parse_from(["it", "--threshold", text]).map(|it| it.threshold.time());
        assert_eq!(time("1m").unwrap(), Duration::from_secs(60));
        for bad in ["0", "999us", "61s", "18446744073709551615s"] {
            assert!(time(bad).unwrap_err().to_string().contains("from 1ms to 1m"), "{bad}");
        }
        let help = Some::command().term_width(0).render_help().to_string();
        assert!(help.contains("from 1ms to 1m") && help.contains("[default: 200ms]"), "{help}");
        assert!(Any::command().term_width(0).render_help().to_string().contains("such as 20ms, 1ns, 0"));
    }
}
