//! The fate of each order, for a person to read.

use crate::weaken::judge::Judgement;
use crate::weaken::order::Order;
use crate::weaken::weaker::Weaker;
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;

/// A row: an order, one way to weaken it, and the judgement.
pub struct Row {
    pub order: Order,
    pub becomes: Weaker,
    pub judgement: Judgement,
}

impl Row {
    /// What was weakened, in one line: `FINISH: compare-and-swap of Gate::finish: Release -> Relaxed`.
    pub fn fault(&self) -> String {
        format!("{}: {} -> {}", self.order, self.order.was(), self.becomes)
    }

    fn cells(&self) -> [String; 6] {
        let (by, how, seconds) = describe(&self.judgement);
        [self.order.to_string(), self.order.was().to_owned(), self.becomes.to_string(), by, how, seconds]
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
    table.set_header(["order", "was", "became", "verdict", "how", "time"]);
    for row in rows {
        table.add_row(row.cells());
    }
    table
}
