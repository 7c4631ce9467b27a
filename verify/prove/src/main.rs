//! Proves the compiled transitions.

use prove::claims::{self, Steps};
use prove::compile::{Level, compile};
use prove::machine::Machine;
use prove::statements::statements;
use prove::table::{self, EVENTS};
use prove::term::Terms;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for level in Level::ALL {
        let start = Instant::now();
        let program = compile(&root, Path::new("/tmp/prove-out"), level)?;
        println!("{} compiled {:?}", level.name(), start.elapsed());
        let terms = Terms::default();
        let machine = Machine::new(&terms, &program);
        let text = include_str!("../../../docs/word.md");
        let by_event = table::by_event(text)?;
        let steps = EVENTS.iter().map(|event| Steps::new(&terms, &machine, event)).collect::<Result<Vec<_>, _>>()?;
        for step in &steps { println!("{} {} ends", step.event.name, step.summary.ends.len()); }
        println!("executed {:?}", start.elapsed());
        let mut groups = Vec::new();
        for (steps, (event, rows)) in steps.iter().zip(&by_event) {
            groups.push(claims::one_row(&terms, &steps.case, event, rows)?);
            groups.push(claims::returns(&terms, event.name, &steps.summary)); groups.extend(claims::by_rows(&terms, steps, rows)?);
        }
        println!("{:#?}", claims::breaches(&terms, &groups)?);
        println!("rows {:?}", start.elapsed());
        for file in [include_str!("../promises.txt"), include_str!("../values.txt")] {
            let all = statements(file)?;
            let groups = claims::by_statements(&terms, &machine, &steps, &all.iter().collect::<Vec<_>>())?;
            println!("{} statements {} groups", all.len(), groups.len());
            println!("stated {:?}", start.elapsed());
            for b in claims::breaches(&terms, &groups)? { println!("BREACH {}\n   {}", b.what, b.values()); }
            println!("proved {:?}", start.elapsed());
        }
    }
    Ok(())
}
