//! Group commit: many writers append to one file. Each returns only when its record is on the disk, and yet far
//! fewer syncs are made than there are records.
//!
//! A writer appends its record, then asks for a sync. If one is already pending, it covers the record (G3), and the
//! writer only waits for it.

use atomic_throttle::{Outcome, Throttle};
use main_error::MainResult;
use std::fs::File;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

struct Journal {
    file: File,
    /// Records that have been appended whole.
    appended: AtomicU64,
    /// Records that are known to be on the disk.
    durable: AtomicU64,
    syncs: AtomicU64,
    /// A sync has failed. The system may have dropped what it could not write, and a later sync would succeed without
    /// it: from then on no commit succeeds.
    failed: AtomicBool,
    throttle: Throttle,
}

impl Journal {
    /// Appends `record` and returns when it is on the disk.
    fn commit(&self, record: &[u8]) -> io::Result<()> {
        (&self.file).write_all(record)?;
        let number = self.appended.fetch_add(1, Ordering::Relaxed) + 1;
        while self.durable.load(Ordering::Relaxed) < number {
            if self.failed.load(Ordering::Relaxed) {
                return Err(io::Error::other(
                    "a sync has failed: the end of the journal is not to be trusted",
                ));
            }
            match self.throttle.run(|| self.sync()) {
                Outcome::RanAtOnce(result) | Outcome::RanDeferred(result) => result?,
                // The next turn of this loop sees whether the covering sync succeeded.
                Outcome::Coalesced(handle) => drop(handle.wait()),
                Outcome::Cancelled | Outcome::Owed => {}
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let appended = self.appended.load(Ordering::Relaxed);
        self.file.sync_data().inspect_err(|_| self.failed.store(true, Ordering::Relaxed))?;
        self.durable.store(appended, Ordering::Relaxed);
        self.syncs.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn main() -> MainResult {
    const WRITERS: usize = 32;
    const RECORDS: usize = 50;
    let journal = Journal {
        file: tempfile::tempfile()?,
        appended: AtomicU64::new(0),
        durable: AtomicU64::new(0),
        syncs: AtomicU64::new(0),
        failed: AtomicBool::new(false),
        // No spacing: the next sync starts as soon as the one in progress has finished.
        throttle: Throttle::new(Duration::ZERO),
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let journal = &journal;
                scope.spawn(move || {
                    (0..RECORDS).try_for_each(|record| {
                        journal.commit(format!("writer {writer}, record {record}\n").as_bytes())
                    })
                })
            })
            .collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("a writer does not panic"))
    })?;
    let commits = (WRITERS * RECORDS) as u64;
    assert_eq!(journal.durable.load(Ordering::Relaxed), commits, "every record is on the disk");
    let syncs = journal.syncs.load(Ordering::Relaxed);
    writeln!(io::stdout(), "{commits} commits by {WRITERS} writers, {syncs} syncs")?;
    Ok(())
}
