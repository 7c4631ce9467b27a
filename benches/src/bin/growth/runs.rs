//! Counts runs, and compares the count with the expected one.

/// How many runs there were, how many of them were too many, and how many are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runs {
    /// The windows, each of which may have one run.
    pub windows: u64,
    /// Runs that have started.
    pub started: u64,
    pub too_many: u64,
    pub lost: u64,
}

impl Runs {
    /// The runs of windows that must each have one run, and no other.
    pub fn expected(windows: u64, started: u64) -> Self {
        let too_many = started.saturating_sub(windows);
        Self { windows, started, too_many, lost: windows.saturating_sub(started) }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            windows: self.windows + other.windows,
            started: self.started + other.started,
            too_many: self.too_many + other.too_many,
            lost: self.lost + other.lost,
        }
    }

    /// What is wrong with them.
    pub fn fault(&self) -> Option<String> {
        let Self { windows, started, too_many, lost } = self;
        (too_many + lost > 0)
            .then(|| format!("{started} runs in {windows} windows, {too_many} too many, {lost} lost"))
    }
}

#[cfg(test)]
mod tests {
    use super::Runs;

    #[test]
    fn each_expected_run_must_have_come() {
        assert_eq!(Runs::expected(1, 1).fault(), None);
        assert_eq!(Runs::expected(1, 2).too_many, 1, "two runs in a window");
        assert_eq!(Runs::expected(1, 0).lost, 1, "a lost run");
        // A run too many does not make up for a lost one.
        let both = Runs::expected(1, 2).and(Runs::expected(1, 0));
        assert_eq!(both.fault().unwrap(), "2 runs in 2 windows, 1 too many, 1 lost");
    }
}
