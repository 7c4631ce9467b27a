//! A write-ahead log with group commit: many writers share one sync. Each returns only when its record is on the disk, and
//! yet far fewer syncs are made than there are records.

use atomic_throttle::{Batch, Retry, Throttled};
use main_error::MainResult;
use std::error::Error;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::thread;
use std::time::Duration;

/// The log, which is known to be on the disk up to `durable`.
struct Log {
    file: File,
    durable: u64,
    syncs: u32,
}

impl Log {
    /// After a failure all is written again: the system may have dropped it, and a sync alone would succeed then.
    fn append(&mut self, records: &Batch<String>) -> io::Result<()> {
        self.file.set_len(self.durable)?;
        self.file.seek(SeekFrom::Start(self.durable))?;
        records.iter().try_for_each(|record| self.file.write_all(record.as_bytes()))?;
        self.syncs += 1;
        if self.syncs % 10 == 0 {
            return Err(io::Error::other("the disk fails at each tenth sync"));
        }
        self.file.sync_data()?;
        self.durable = self.file.stream_position()?;
        Ok(())
    }
}

fn main() -> MainResult {
    let mut file = tempfile::tempfile()?;
    let mut log = Log { file: file.try_clone()?, durable: 0, syncs: 0 };
    let commits = Throttled::builder(Duration::ZERO)
        .collecting()
        .delay(Duration::from_millis(2)) // The first writer waits for others to join it,
        .enough(32) // unless all of them have.
        .retry(Retry::exponential(Duration::from_millis(5), Duration::from_secs(1)).at_most(3))
        .spawn(move |records: &mut Batch<String>| log.append(records))?;
    let write = |writer: u32| -> Result<(), Box<dyn Error + Send + Sync>> {
        (0..50).try_for_each(|number| {
            commits.trigger(format!("writer {writer}, record {number}\n"))?.wait()?;
            Ok(())
        })
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..32).map(|writer| scope.spawn(move || write(writer))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("a writer does not panic"))
    })
    .map_err(|error| error.to_string())?;
    file.seek(SeekFrom::Start(0))?;
    let records = io::read_to_string(file)?;
    assert_eq!(records.lines().count(), 32 * 50, "each record is there, and once");
    writeln!(io::stdout(), "1600 commits by 32 writers, {} runs", commits.runs())?;
    Ok(())
}
