//! What a storm has shown of each guarantee, as rows of one table.

use crate::judge::{Broken, Verdict};
use crate::record::{Event, Kind};
use crate::table::{Table, plain};
use evidence::Guarantee::{self, G1, G2, G3, G4, G5, G6, G9, G10};

/// What was shown of one guarantee.
pub struct Row {
    /// `None` for what belongs to no guarantee.
    pub guarantee: Option<Guarantee>,
    pub says: &'static str,
    /// How much was looked at, in words.
    pub looked_at: String,
    /// Whether there was anything to look at.
    pub is_shown: bool,
    /// How it was broken.
    pub broken: Vec<String>,
}

impl Row {
    pub fn verdict(&self) -> &'static str {
        match (self.broken.is_empty(), self.is_shown) {
            (false, _) => "BROKEN",
            (true, true) => "held",
            (true, false) => "not tried",
        }
    }

    fn name(&self) -> String {
        self.guarantee.map_or_else(String::new, |guarantee| guarantee.to_string())
    }
}

/// All rows as a table.
pub fn table(rows: &[Row]) -> Table {
    let mut table = plain();
    table.set_header(["guarantee", "", "looked at", "verdict"]);
    for row in rows {
        table.add_row([&row.name(), row.says, &row.looked_at, row.verdict()]);
    }
    table
}

/// All rows in one sentence.
pub fn sentence(rows: &[Row]) -> String {
    if rows.iter().any(|row| !row.broken.is_empty()) {
        return "Not every guarantee held.".to_owned();
    }
    let shown = rows.iter().filter(|row| row.is_shown && row.guarantee.is_some());
    let shown: Vec<String> = shown.map(|row| format!("{} {}", row.name(), row.says)).collect();
    match shown.split_last() {
        Some((last, [])) => format!("{last} held."),
        Some((last, others)) => format!("{} and {last} held.", others.join(", ")),
        None => "Nothing was promised.".to_owned(),
    }
}

impl Verdict {
    /// What was shown of each guarantee, and how it was broken.
    pub fn rows(&self) -> Vec<Row> {
        let (tally, gaps, calls) = (&self.tally, self.spaced, self.calls());
        let (promises, waits) = (self.covered, self.waits);
        let owners = [Kind::Deferred, Kind::Cancelled, Kind::Owed].map(|kind| self.count(kind));
        let owners: u64 = owners.iter().sum();
        let nested = tally[Event::Nested];
        let paced = self.paced;
        let more = |count: u64, what| if count > 0 { format!(", and {count} {what}") } else { String::new() };
        let delays = more(paced, "delays");
        let spaced = format!("{gaps} gaps, each with a threshold above 0{delays}");
        let failed = more(self.failed, "runs that failed and were tried again");
        let ended_badly = format!("{} panics{failed}", self.panics);
        let row = |guarantee, says, count: u64, looked_at: String| {
            let belongs = |broken: &&Broken| broken.guarantee == guarantee;
            let broken = self.broken.iter().filter(belongs).map(|broken| broken.how.clone()).collect();
            Row { guarantee: Some(guarantee), says, looked_at, is_shown: count > 0, broken }
        };
        vec![
            row(G1, "spacing", gaps + paced, spaced),
            row(G2, "exclusion", self.runs, format!("{} runs", self.runs)),
            row(
                G3,
                "coverage",
                promises + waits,
                format!("{promises} promises, one for each thread and epoch, and {waits} waits"),
            ),
            row(G4, "one deferral", owners, format!("{owners} calls that owned one")),
            row(G5, "liveness", calls, format!("{calls} calls, which all returned")),
            row(G6, "crash safety", self.panics + self.failed, ended_badly),
            row(G9, "re-entrancy", nested, format!("{nested} calls from inside runs")),
            row(G10, "carriage", self.carried, format!("{} runs that were given something", self.carried)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, sentence, table};
    use crate::judge::{Broken, Verdict};
    use evidence::Guarantee::{G1, G2, G4};

    fn verdicts(verdict: &Verdict) -> Vec<&'static str> {
        verdict.rows().iter().map(Row::verdict).collect()
    }

    #[test]
    fn what_was_not_tried_is_not_said_to_have_held() {
        let nothing = Verdict::default();
        assert_eq!(verdicts(&nothing), ["not tried"; 8]);
        assert_eq!(sentence(&nothing.rows()), "Nothing was promised.");
        let some = Verdict { runs: 3, spaced: 2, ..Verdict::default() };
        assert_eq!(verdicts(&some)[..3], ["held", "held", "not tried"]);
        assert_eq!(sentence(&some.rows()), "G1 spacing and G2 exclusion held.");
        assert!(table(&some.rows()).to_string().contains("2 gaps"));
    }

    #[test]
    fn a_breach_stands_in_the_row_of_its_guarantee() {
        let broken = [G4, G2].map(|guarantee| Broken { guarantee, how: "seen".to_owned() });
        let verdict = Verdict { runs: 3, spaced: 2, broken: broken.into(), ..Verdict::default() };
        let expected =
            ["held", "BROKEN", "not tried", "BROKEN", "not tried", "not tried", "not tried", "not tried"];
        assert_eq!(verdicts(&verdict), expected);
        assert_eq!(sentence(&verdict.rows()), "Not every guarantee held.");
        assert!(verdict.rows().iter().all(|row| row.guarantee != Some(G1) || row.broken.is_empty()));
    }
}
