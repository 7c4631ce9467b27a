//! `--rounds` and `--quick`: how thoroughly something is measured.

use clap::{Args, value_parser};

/// As many rounds as usual, or fewer if it is to be quick.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rounds<const USUAL: u32, const QUICK: u32> {
    #[arg(
        long,
        value_parser = value_parser!(u32).range(1..=1_000_000),
        help = format!("How often everything is measured [default: {USUAL}, or {QUICK} if quick]")
    )]
    rounds: Option<u32>,

    /// Seconds, not minutes: rough, and not as far
    #[arg(long)]
    quick: bool,
}

impl<const USUAL: u32, const QUICK: u32> Rounds<USUAL, QUICK> {
    #[must_use]
    pub fn count(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { QUICK } else { USUAL })
    }

    #[must_use]
    pub fn is_quick(&self) -> bool {
        self.quick
    }
}

#[cfg(test)]
mod tests {
    use super::Rounds;
    use clap::{CommandFactory, Parser};

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        rounds: Rounds<15, 3>,
    }

    #[test]
    fn what_is_not_given_is_as_usual() {
        let rounds = |arguments: &[&str]| {
            Program::try_parse_from([&["program"], arguments].concat()).map(|it| it.rounds.count())
        };
        assert_eq!(rounds(&[]).unwrap(), 15);
        assert_eq!(rounds(&["--quick"]).unwrap(), 3);
        assert_eq!(rounds(&["--quick", "--rounds", "7"]).unwrap(), 7);
        for bad in ["0", "-1", "x", "1000001"] {
            assert_eq!(rounds(&["--rounds", bad]).unwrap_err().exit_code(), 2, "{bad}");
        }
        assert!(
            Program::command()
                .term_width(0)
                .render_help()
                .to_string()
                .contains("[default: 15, or 3 if quick]")
        );
    }
}
