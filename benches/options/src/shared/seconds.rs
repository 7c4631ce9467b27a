//! `--seconds`: how long it lasts.

use super::time::positive;
use clap::Args;
use std::time::Duration;

const POSSIBLE: [Duration; 2] = [Duration::from_millis(1), Duration::from_secs(24 * 60 * 60)];

#[derive(Args, Clone, Copy, Debug)]
pub struct Seconds<const USUAL: u64> {
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = seconds,
        help = format!("How long it lasts, in seconds, such as 0.5; at most a day [default: {USUAL}]")
    )]
    seconds: Option<Duration>,
}

impl<const USUAL: u64> Seconds<USUAL> {
    #[must_use]
    pub fn time(&self) -> Duration {
        self.seconds.unwrap_or(Duration::from_secs(USUAL))
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = Duration::try_from_secs_f64(positive(text)?).map_err(|why| why.to_string())?;
    let [least, most] = POSSIBLE;
    if (least..=most).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("from a millisecond to a day".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Seconds;
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        seconds: Seconds<3>,
    }

    #[test]
    fn takes_parts_of_seconds_up_to_a_day() {
        let time =
            |seconds| Program::try_parse_from(["program", "--seconds", seconds]).map(|it| it.seconds.time());
        assert_eq!(time("0.2").unwrap(), Duration::from_millis(200));
        assert_eq!(time("86400").unwrap(), Duration::from_secs(86_400));
        assert_eq!(Program::parse_from(["program"]).seconds.time(), Duration::from_secs(3));
        for bad in ["0", "-1", "x", "NaN", "inf", "0.0001", "1e300", "86401"] {
            assert_eq!(time(bad).unwrap_err().exit_code(), 2, "{bad}");
        }
    }
}
