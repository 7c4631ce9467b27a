//! [`Aim`]: which process to kill or stop next. Most moments of a process are dull, so chance alone would
//! seldom hit one that runs, or one that owns the pending run.

use ::processes::log::{Event, Record};
use rand::{Rng, RngExt};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Which process to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aim {
    Anyone,
    /// One that is in a run.
    Runner,
    /// One that owns the pending run.
    Owner,
}

impl Aim {
    pub fn draw(random: &mut impl Rng) -> Self {
        [Self::Anyone, Self::Runner, Self::Owner][random.random_range(0..3)]
    }

    /// The first of these logs whose process is such a one. `Anyone` fits no log.
    pub fn find(self, logs: &[&Path]) -> Option<usize> {
        let ends: Vec<Vec<Record>> = logs.iter().map(|log| end_of(log).unwrap_or_default()).collect();
        let latest = ends.iter().flatten().filter_map(started).max();
        ends.iter().position(|records| match self {
            Self::Anyone => false,
            Self::Runner => {
                let turns = records.iter().rev().find_map(|record| match record.event {
                    Event::Started { .. } => Some(true),
                    Event::Ended { .. } => Some(false),
                    _ => None,
                });
                turns == Some(true)
            }
            Self::Owner => records.iter().rev().any(
                |record| matches!(record.event, Event::Deferred { epoch } if latest.is_none_or(|run| run <= epoch)),
            ),
        })
    }
}

fn started(record: &Record) -> Option<u64> {
    match record.event {
        Event::Started { epoch } => Some(epoch),
        _ => None,
    }
}

/// The last records in a log that is being written. It may begin and end with a part of one.
fn end_of(log: &Path) -> io::Result<Vec<Record>> {
    const PART: u64 = 4096;
    let mut file = File::open(log)?;
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(PART)))?;
    let mut end = Vec::new();
    file.take(PART).read_to_end(&mut end)?;
    Ok(end.split(|&byte| byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::Aim;
    use ::processes::log::{Event, Log};
    use std::path::{Path, PathBuf};

    fn log(folder: &Path, name: &str, events: &[Event]) -> PathBuf {
        let path = folder.join(name);
        let log = Log::create(&path).unwrap();
        // More than the function looks at.
        for call in 0..200 {
            log.write(Event::Calling { call });
        }
        for event in events {
            log.write(*event);
        }
        path
    }

    #[test]
    fn it_finds_who_runs_and_who_owns() {
        let folder = tempfile::tempdir().unwrap();
        let ended = Event::Ended { epoch: 5, asked: 0, current: None };
        let logs = [
            log(folder.path(), "has run", &[Event::Started { epoch: 5 }, ended, Event::Calling { call: 1 }]),
            log(folder.path(), "owned", &[Event::Deferred { epoch: 5 }]),
            log(folder.path(), "runs", &[Event::Started { epoch: 9 }, Event::Calling { call: 1 }]),
            log(folder.path(), "owns", &[Event::Deferred { epoch: 9 }, Event::Failed]),
        ];
        let logs: Vec<&Path> = logs.iter().map(PathBuf::as_path).collect();
        assert_eq!(Aim::Runner.find(&logs), Some(2));
        assert_eq!(Aim::Owner.find(&logs), Some(3));
        assert_eq!(Aim::Runner.find(&logs[..2]), None);
        assert_eq!(Aim::Anyone.find(&logs), None);
        assert_eq!(Aim::Owner.find(&[Path::new("/nowhere/at/all")]), None);
    }
}
