//! The fate of each site, for a person to read.

use crate::weaken::judge::Judgement;
use crate::weaken::sites::Site;
use crate::weaken::weaker::Weaker;
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

/// A row: a site, one way to weaken it, and the judgement.
pub struct Row {
    pub file: String,
    pub site: Site,
    /// `None` where the ordering is the weakest there is.
    pub weakened: Option<(Weaker, Judgement)>,
}

impl Row {
    /// What was weakened, in one line: `Gate::finish, update: Release -> Relaxed`.
    pub fn fault(&self) -> String {
        let Site { function, what, was, .. } = &self.site;
        let becomes = self.weakened.as_ref().map_or(String::new(), |(weaker, _)| format!(" -> {weaker}"));
        format!("{function}, {what}: {was:?}{becomes}")
    }

    fn cells(&self) -> [String; 7] {
        let Site { line, function, what, was, .. } = &self.site;
        let (becomes, by, how, seconds) = match &self.weakened {
            None => (String::new(), "already the weakest".into(), String::new(), String::new()),
            Some((weaker, judgement)) => {
                let (by, how, seconds) = describe(judgement);
                (weaker.to_string(), by, how, seconds)
            }
        };
        [
            format!("{}:{line}", self.file),
            format!("{function}, {what}"),
            format!("{was:?}"),
            becomes,
            by,
            how,
            seconds,
        ]
    }
}

fn describe(judgement: &Judgement) -> (String, String, String) {
    match judgement {
        Judgement::Killed { model, how, time } => {
            (format!("killed by {model}"), how.clone(), format!("{:.2} s", time.as_secs_f64()))
        }
        Judgement::Survived { seen } => ("SURVIVED".to_owned(), seen.join("; "), String::new()),
        Judgement::Undecided { model } => {
            (format!("UNDECIDED: {model} did not end in time"), String::new(), String::new())
        }
        Judgement::Unreached => ("NOT REACHED by any model".to_owned(), String::new(), String::new()),
    }
}

/// All rows.
pub fn table(rows: &[Row]) -> Table {
    let mut table = Table::new();
    table.load_preset(ASCII_MARKDOWN);
    table.set_header(["where", "what", "was", "became", "verdict", "how", "time"]);
    for row in rows {
        table.add_row(row.cells());
    }
    table
}
