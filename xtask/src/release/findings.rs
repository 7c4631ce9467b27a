//! The findings of the checks: a line for each check, and in the end whether any failed.

use crate::print::print;

/// The result of one check.
#[derive(Debug, PartialEq)]
pub enum Verdict {
    /// What it looked at.
    Passed(String),
    /// Each fault.
    Failed(Vec<String>),
    /// Why it could not look.
    Skipped(String),
}

impl Verdict {
    pub fn failed(fault: impl Into<String>) -> Self {
        Self::Failed(vec![fault.into()])
    }

    /// Failed, if there are faults.
    pub fn of(faults: Vec<String>, looked_at: impl Into<String>) -> Self {
        if faults.is_empty() { Self::Passed(looked_at.into()) } else { Self::Failed(faults) }
    }
}

/// All of them, printed as they come.
#[derive(Default)]
pub struct Findings {
    checks: usize,
    failed: Vec<&'static str>,
    skipped: Vec<&'static str>,
}

impl Findings {
    /// # Errors
    ///
    /// If it cannot be printed.
    pub fn add(&mut self, check: &'static str, verdict: &Verdict) -> Result<(), String> {
        self.checks += 1;
        print(shown(check, verdict))?;
        match verdict {
            Verdict::Passed(_) => {}
            Verdict::Failed(_) => self.failed.push(check),
            Verdict::Skipped(_) => self.skipped.push(check),
        }
        Ok(())
    }

    /// # Errors
    ///
    /// If a check failed: which ones.
    pub fn end(self) -> Result<(), String> {
        let (checks, failed) = (self.checks, self.failed.len());
        print("")?;
        if !self.skipped.is_empty() {
            print(format_args!("skipped: {}", self.skipped.join(", ")))?;
        }
        if failed > 0 {
            return Err(format!("{failed} of {checks} checks failed: {}", self.failed.join(", ")));
        }
        print(format_args!("{} of {checks} checks passed, 0 failed", checks - self.skipped.len()))
    }
}

/// The line of a check, with the faults below it.
fn shown(check: &str, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed(looked_at) => format!("ok       {check}: {looked_at}"),
        Verdict::Skipped(why) => format!("skipped  {check}: {why}"),
        Verdict::Failed(faults) => {
            let below =
                faults.iter().map(|fault| format!("\n         - {}", fault.replace('\n', "\n           ")));
            format!("FAILED   {check}{}", below.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Findings, Verdict, shown};

    #[test]
    fn every_failure_is_gathered() {
        let mut findings = Findings::default();
        findings.add("one", &Verdict::failed("a fault")).unwrap();
        findings.add("two", &Verdict::Passed("something".into())).unwrap();
        findings.add("three", &Verdict::Failed(vec!["b".into(), "c".into()])).unwrap();
        assert_eq!(findings.end(), Err("2 of 3 checks failed: one, three".into()));
    }

    #[test]
    fn what_is_skipped_does_not_fail() {
        let mut findings = Findings::default();
        findings.add("one", &Verdict::Skipped("no tool".into())).unwrap();
        assert_eq!(findings.end(), Ok(()));
    }

    #[test]
    fn faults_stand_below_their_check() {
        let faults = Verdict::of(vec!["a\nmore".into(), "b".into()], "");
        assert_eq!(shown("it", &faults), "FAILED   it\n         - a\n           more\n         - b");
        assert_eq!(shown("it", &Verdict::of(vec![], "two files")), "ok       it: two files");
    }
}
