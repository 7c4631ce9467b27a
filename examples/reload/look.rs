//! What a look at the watched paths finds: a stamp for each name.
//!
//! It only asks for metadata, of all names, time and again. That costs more than events from the system, and it cannot
//! be deaf: there is no queue to overflow, no limit of watches, and no name whose end takes the watch of another one
//! with it. The watcher of `notify` that looks this way compares whole seconds, so it would miss a second write.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use walkdir::{Error, WalkDir};

/// Two writes within this time may have the same stamp: systems stamp files by a clock that ticks every 10 ms or faster.
pub const TICK: Duration = Duration::from_millis(20);
/// The same where stamps are whole seconds: some file systems have no others.
const COARSE_TICK: Duration = Duration::from_secs(2);

#[derive(Default)]
pub struct Look {
    stamps: BTreeMap<PathBuf, Stamp>,
    /// What could not be looked at, and why.
    pub complaints: BTreeSet<String>,
}

/// Changes with what is behind a name, and not when that is read.
#[derive(PartialEq)]
enum Stamp {
    /// A link to nothing, or a file that has just gone.
    Nothing,
    File(File),
}

#[derive(PartialEq)]
struct File {
    /// Of the last change, in nanoseconds since 1970. Where there is one, it is the stamp that no program can set back.
    changed: i128,
    identity: (u64, u64),
    length: u64,
    /// A later write may have the same stamp. The next look finds this stamp changed, so that there is a run too many
    /// rather than one too few.
    is_fresh: bool,
}

impl Look {
    pub fn at(paths: &[PathBuf]) -> Self {
        let mut look = Self::default();
        let (now, mut entered) = (SystemTime::now(), HashSet::new());
        for path in paths {
            let mut entries = WalkDir::new(path).follow_links(true).into_iter();
            while let Some(entry) = entries.next() {
                match entry.and_then(|entry| Ok((entry.metadata()?, entry.into_path()))) {
                    Ok((metadata, path)) => {
                        let file = File::of(&metadata, now);
                        // Links can lead to one directory by many names: one of them is enough.
                        if metadata.is_dir() && !entered.insert(file.identity) && cfg!(unix) {
                            entries.skip_current_dir();
                        }
                        look.stamps.insert(path, Stamp::File(file));
                    }
                    Err(error) => look.cannot(&error),
                }
            }
        }
        look
    }

    pub fn finds(&self, path: &Path) -> bool {
        matches!(self.stamps.get(path), Some(Stamp::File(_)))
    }

    /// The names that are not what they were.
    pub fn changes_since<'l>(&'l self, before: &'l Self) -> impl Iterator<Item = &'l PathBuf> {
        let gone = before.stamps.keys().filter(|&name| !self.stamps.contains_key(name));
        let other = |(name, stamp): &(&PathBuf, &Stamp)| before.stamps.get(*name) != Some(*stamp);
        self.stamps.iter().filter(other).map(|(name, _)| name).chain(gone)
    }

    fn cannot(&mut self, error: &Error) {
        let path = error.path().unwrap_or(Path::new("?"));
        // A link back into a directory that is being walked: nothing is behind it that is not seen.
        let Some(why) = error.io_error() else { return };
        if why.kind() == ErrorKind::NotFound && error.depth() > 0 {
            self.stamps.insert(path.to_owned(), Stamp::Nothing);
        } else {
            self.complaints.insert(format!("cannot watch {}: {why}", path.display()));
        }
    }
}

impl File {
    #[cfg(unix)]
    fn of(metadata: &Metadata, now: SystemTime) -> Self {
        use std::os::unix::fs::MetadataExt;
        let changed = i128::from(metadata.ctime()) * 1_000_000_000 + i128::from(metadata.ctime_nsec());
        Self::new(changed, (metadata.dev(), metadata.ino()), metadata, now)
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata, now: SystemTime) -> Self {
        Self::new(metadata.modified().map_or(0, nanos), (0, 0), metadata, now)
    }

    fn new(changed: i128, identity: (u64, u64), metadata: &Metadata, now: SystemTime) -> Self {
        let tick = if changed % 1_000_000_000 == 0 { COARSE_TICK } else { TICK };
        let is_fresh = nanos(now).abs_diff(changed) < tick.as_nanos();
        Self { changed, identity, length: metadata.len(), is_fresh }
    }
}

fn nanos(time: SystemTime) -> i128 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i128::try_from(since.as_nanos()).unwrap_or(i128::MAX)
}
