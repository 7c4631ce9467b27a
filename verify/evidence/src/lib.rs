//! How a check reports what it has shown: one line on its standard output, which `cargo xtask verify`
//! collects in the assurance table.
//!
//! ```text
//! evidence | G2 G3 | 47 executions | 0.021 s | loom, all interleavings: arrive against arrive
//! caught | no fence after a start | loom: an update is missed in 3 of 47 executions
//! ```

pub mod weakening;

use std::fmt;
use std::time::{Duration, Instant};

#[cfg(test)]
use watchdog as _;

const EVIDENCE: &str = "evidence | ";
const CAUGHT: &str = "caught | ";
const BETWEEN: &str = " | ";

/// A guarantee, by its number: `G1` to `G10` in one process, `C1` to `C9` among processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guarantee {
    G1,
    G2,
    G3,
    G4,
    G5,
    G6,
    G7,
    G8,
    G9,
    G10,
    C1,
    C2,
    C3,
    C4,
    C5,
    C6,
    C7,
    C8,
    C9,
}

/// As the lines have it.
impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// All guarantees, with their names.
pub const GUARANTEES: [(Guarantee, &str); 19] = [
    (Guarantee::G1, "spacing"),
    (Guarantee::G2, "exclusion"),
    (Guarantee::G3, "coverage"),
    (Guarantee::G4, "one deferral"),
    (Guarantee::G5, "liveness"),
    (Guarantee::G6, "crash safety"),
    (Guarantee::G7, "progress"),
    (Guarantee::G8, "time"),
    (Guarantee::G9, "re-entrancy"),
    (Guarantee::G10, "carriage"),
    (Guarantee::C1, "spacing among processes"),
    (Guarantee::C2, "exclusion within the lease"),
    (Guarantee::C3, "coverage by finished runs"),
    (Guarantee::C4, "one deferral among processes"),
    (Guarantee::C5, "liveness and takeover"),
    (Guarantee::C6, "death"),
    (Guarantee::C7, "cost"),
    (Guarantee::C8, "time and loss"),
    (Guarantee::C9, "fencing"),
];

/// Whether the checks are to go to their full depth (`cargo xtask verify --deep`).
#[must_use]
pub fn deep() -> bool {
    std::env::var_os(DEEP).is_some()
}

/// The environment variable that asks for the full depth.
pub const DEEP: &str = "ATOMIC_THROTTLE_DEEP";

/// `deeply` if the checks are to go to their full depth, and `usually` otherwise.
#[must_use]
pub fn depth<T>(usually: T, deeply: T) -> T {
    if deep() { deeply } else { usually }
}

/// The environment variable that asks for a tenth of the cases: `cargo xtask swaps` asks each test many hundred times.
pub const SHALLOW: &str = "ATOMIC_THROTTLE_SHALLOW";

/// Whether a tenth of the cases is enough. A test then does not ask how often it reached what it is about, nor
/// whether it would notice a wrong model.
#[must_use]
pub fn shallow() -> bool {
    !deep() && std::env::var_os(SHALLOW).is_some()
}

/// How many cases to try, where there are so many at the usual depth: at the full one twenty times as many.
#[must_use]
pub fn cases(usually: u32) -> u32 {
    if shallow() { usually.div_ceil(10) } else { depth(usually, 20 * usually) }
}

/// A check under way, and the time since it began.
#[must_use = "a check is reported when it has passed"]
pub struct Check {
    guarantees: &'static [Guarantee],
    what: String,
    began: Instant,
}

impl Check {
    /// Begins a check of `guarantees`, described by `what`: the tool first, then the claim.
    ///
    /// # Panics
    ///
    /// If there is none: the report would have no place for the check.
    pub fn of(guarantees: &'static [Guarantee], what: impl Into<String>) -> Self {
        let what = what.into();
        assert!(!guarantees.is_empty(), "{what}: of what guarantee?");
        Self { guarantees, what, began: Instant::now() }
    }

    /// Reports that `count` cases were looked at and all were right.
    ///
    /// # Panics
    ///
    /// If there were none: a check that looked at nothing has not passed.
    pub fn passed(self, count: usize, unit: &str) {
        // The test runner may have left its own line open.
        print!("{}", self.line(count, unit).in_one_piece());
    }

    /// The line that [`passed`](Self::passed) prints, for a program that must not panic if it cannot print.
    ///
    /// # Panics
    ///
    /// If there were none: a check of nothing has not passed.
    #[must_use]
    pub fn line(self, count: usize, unit: &str) -> Line {
        assert!(count > 0, "{}: it looked at nothing", self.what);
        Line::Evidence {
            guarantees: self.guarantees.iter().map(Guarantee::to_string).collect(),
            count,
            unit: unit.to_owned(),
            time: self.began.elapsed(),
            what: self.what,
        }
    }
}

/// Reports that the planted `fault` was found, and `how`: the tool first.
pub fn caught(fault: &str, how: &str) {
    print!("{}", Line::Caught { fault: fault.to_owned(), how: how.to_owned() }.in_one_piece());
}

/// One line of a check's output.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// Something was shown.
    Evidence {
        /// Of which guarantees: `G1` to `G10`, and among processes `C1` to `C9`.
        guarantees: Vec<String>,
        /// How many cases were looked at.
        count: usize,
        /// What a case is: executions, states, sequences.
        unit: String,
        /// How long it took.
        time: Duration,
        /// What was shown, and by which tool.
        what: String,
    },
    /// A planted fault was found.
    Caught {
        /// What was planted.
        fault: String,
        /// How it was found, and by which tool.
        how: String,
    },
}

impl Line {
    /// The line as it is printed: with its ends, and by one write. A backtrace may be on its way to the same pipe,
    /// and a line that does not begin at the beginning of one would not be found.
    fn in_one_piece(&self) -> String {
        format!("\n{self}\n")
    }

    /// Reads a line of output; `None` if it is none of these.
    ///
    /// # Errors
    ///
    /// The line, if it begins as one of these but does not parse: it must not get lost.
    pub fn read(line: &str) -> Result<Option<Self>, String> {
        let read = if let Some(rest) = line.strip_prefix(EVIDENCE) {
            Self::read_evidence(rest)
        } else if let Some(rest) = line.strip_prefix(CAUGHT) {
            let parts = rest.split_once(BETWEEN);
            parts.map(|(fault, how)| Self::Caught { fault: fault.to_owned(), how: how.to_owned() })
        } else {
            return Ok(None);
        };
        read.map(Some).ok_or_else(|| format!("cannot be parsed: {line}"))
    }

    fn read_evidence(rest: &str) -> Option<Self> {
        let mut parts = rest.splitn(4, BETWEEN);
        let guarantees = parts.next()?.split_whitespace().map(str::to_owned).collect();
        let (count, unit) = parts.next()?.split_once(' ')?;
        let seconds = parts.next()?.strip_suffix(" s")?.parse().ok()?;
        Some(Self::Evidence {
            guarantees,
            count: count.parse().ok()?,
            unit: unit.to_owned(),
            time: Duration::try_from_secs_f64(seconds).ok()?,
            what: parts.next()?.to_owned(),
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Evidence { guarantees, count, unit, time, what } => {
                let (guarantees, seconds) = (guarantees.join(" "), time.as_secs_f64());
                write!(
                    f,
                    "{EVIDENCE}{guarantees}{BETWEEN}{count} {unit}{BETWEEN}{seconds:.3} s{BETWEEN}{what}"
                )
            }
            Self::Caught { fault, how } => write!(f, "{CAUGHT}{fault}{BETWEEN}{how}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};

    #[test]
    fn what_is_written_is_read() {
        for line in [
            Line::Evidence {
                guarantees: vec!["G2".to_owned(), "G3".to_owned()],
                count: 47,
                unit: "executions".to_owned(),
                time: Duration::from_millis(21),
                what: "loom: a | b".to_owned(),
            },
            Line::Caught { fault: "no fence".to_owned(), how: "loom: in 3 of 47".to_owned() },
        ] {
            assert_eq!(Line::read(&line.to_string()), Ok(Some(line)));
        }
    }

    /// Counts the writes that reach the pipe.
    struct Pipe(usize);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_reaches_the_pipe_by_one_write() {
        let line = Line::Caught { fault: "no fence".to_owned(), how: "loom: in 3 of 47".to_owned() };
        // As the standard output does it.
        let mut out = io::LineWriter::new(Pipe(0));
        write!(out, "{}", line.in_one_piece()).expect("it takes everything");
        assert_eq!(out.get_ref().0, 1);
    }

    #[test]
    fn other_lines_are_none_of_these() {
        for line in ["", "test a ... ok", "evidence", "of evidence | caught | x"] {
            assert_eq!(Line::read(line), Ok(None), "{line}");
        }
    }

    #[test]
    fn a_line_that_is_spoilt_is_an_error() {
        for line in [
            "evidence | ",
            "evidence | G2 | 3 executions | 1 s",
            "evidence | G2 | many executions | 1 s | x",
            "evidence | G2 | 3 executions | -1 s | x",
            "caught | x",
        ] {
            assert!(Line::read(line).unwrap_err().contains(line), "{line}");
        }
    }

    #[test]
    fn the_guarantees_are_those_that_are_promised() {
        let promises = include_str!("../../../docs/promises.md").lines();
        let promises = promises.chain(include_str!("../../../cluster/PROMISES.md").lines());
        let is_numbered = |name: &&str| {
            let (letter, number) = name.split_at(1);
            "GC".contains(letter) && number.starts_with(|digit: char| digit.is_ascii_digit())
        };
        let named: Vec<_> = promises
            .filter_map(|line| line.strip_prefix("- **")?.split_once(".**"))
            .map(|(guarantee, _)| guarantee)
            .filter(is_numbered)
            .collect();
        assert_eq!(named, GUARANTEES.map(|(number, name)| format!("{number} {name}")));
    }

    #[test]
    fn a_check_names_its_guarantees_as_the_report_reads_them() {
        let line = Check::of(&[Guarantee::G2, Guarantee::C9], "a check").line(3, "cases").to_string();
        assert!(line.starts_with("evidence | G2 C9 | 3 cases | "), "{line}");
    }

    /// A check of one that the table does not have would be lost.
    #[test]
    fn the_table_has_every_guarantee() {
        for (place, (guarantee, _)) in GUARANTEES.into_iter().enumerate() {
            assert_eq!(guarantee as usize, place);
        }
        assert_eq!(Guarantee::C9 as usize + 1, GUARANTEES.len());
    }

    #[test]
    #[should_panic(expected = "of what guarantee?")]
    fn a_check_of_no_guarantee_does_not_begin() {
        let _ = Check::of(&[], "a check");
    }

    #[test]
    #[should_panic(expected = "looked at nothing")]
    fn a_check_of_nothing_has_not_passed() {
        Check::of(&[Guarantee::G2], "nothing").passed(0, "executions");
    }
}
