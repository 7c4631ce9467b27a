//! Watches paths and counts what changes. A watch that may have missed something is replaced, and
//! *then* a change is counted: the run that covers it sees all that happened in between. A run too many
//! is cheap, one too few is a lost update.

use crate::reloader::Changes;
use crate::say;
use crossbeam_channel::{Receiver, Sender};
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{Event, EventHandler, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use same_file::Handle;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io};
use tempfile::TempDir;

/// How often to look whether the watched paths are still the same files.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Attempts to walk a tree in which directories vanish meanwhile.
const ATTEMPTS: usize = 5;
/// How long to wait, at the end, for the events that are still on their way.
const CATCH_UP_FOR: Duration = Duration::from_secs(2);
const CATCH_UP_STEP: Duration = Duration::from_millis(50);

/// A message to the thread that supervises the watch.
pub enum Message {
    Say(String),
    Stop,
}

pub struct Watch {
    watcher: RecommendedWatcher,
    roots: Vec<Root>,
    changes: Changes,
    stale: Arc<AtomicBool>,
    messages: Receiver<Message>,
    /// A watched directory of our own. Events arrive in order, so the one of a file written here says
    /// that all events before it have arrived.
    mark: TempDir,
    marked: Receiver<()>,
}

/// A path to watch.
struct Root {
    path: PathBuf,
    /// The file that is watched there, `None` while there is none. It is held open, so that no other
    /// file can get its identity.
    watched: Option<Handle>,
    complaint: Option<String>,
}

impl Watch {
    pub fn new(
        paths: &[PathBuf],
        changes: Changes,
        say: Sender<Message>,
        messages: Receiver<Message>,
    ) -> Result<Self, String> {
        let mark =
            tempfile::tempdir().map_err(|error| format!("cannot make a temporary directory: {error}"))?;
        // Events may name it by its real path.
        let mark_path = mark.path().canonicalize().unwrap_or_else(|_| mark.path().to_owned());
        let (mark_sender, marked) = crossbeam_channel::bounded(1);
        let stale = Arc::new(AtomicBool::new(false));
        let listener = Listener {
            changes: changes.clone(),
            stale: Arc::clone(&stale),
            say,
            mark: mark_path.clone(),
            marked: mark_sender,
        };
        let mut watcher =
            notify::recommended_watcher(listener).map_err(|error| format!("cannot watch files: {error}"))?;
        watcher
            .watch(&mark_path, RecursiveMode::NonRecursive)
            .map_err(|error| cannot_watch(&mark_path, &error))?;
        let mut roots = Vec::new();
        for path in paths {
            let found = identify(path).map_err(|error| cannot_watch(path, &error))?;
            watch_anew(&mut watcher, path).map_err(|error| cannot_watch(path, &error))?;
            roots.push(Root { path: path.clone(), watched: Some(found), complaint: None });
        }
        Ok(Self { watcher, roots, changes, stale, messages, mark, marked })
    }

    /// Keeps the watch alive until a message says to stop.
    pub fn supervise(&mut self) {
        let mut next_look = Instant::now() + LOOK_EVERY;
        loop {
            match self.messages.recv_deadline(next_look) {
                Ok(Message::Say(line)) => say(line),
                Ok(Message::Stop) => return,
                Err(_) => {
                    self.look();
                    next_look = Instant::now() + LOOK_EVERY;
                }
            }
        }
    }

    /// Counts what has happened until now, and ends the watch.
    pub fn finish(mut self) {
        if !self.catch_up() {
            self.changes.count();
        }
        self.look();
    }

    /// Waits until the events of all that has happened until now have arrived. `false` if that cannot be
    /// known.
    fn catch_up(&self) -> bool {
        let file = self.mark.path().join("mark");
        let limit = Instant::now() + CATCH_UP_FOR;
        while Instant::now() < limit {
            if fs::write(&file, "").is_err() {
                return false;
            }
            // If the kernel's queue is full, the event is dropped: then once more.
            if self.marked.recv_timeout(CATCH_UP_STEP).is_ok() {
                return true;
            }
        }
        false
    }

    /// Replaces the watches that no longer watch what they should.
    fn look(&mut self) {
        let stale = self.stale.swap(false, Ordering::Relaxed);
        for root in &mut self.roots {
            if root.look(&mut self.watcher, stale) {
                self.changes.count();
            }
        }
    }
}

impl Root {
    /// Returns whether something may have changed unseen.
    fn look(&mut self, watcher: &mut RecommendedWatcher, stale: bool) -> bool {
        // Identified before it is watched: if it is replaced in between, the next look sees a difference.
        match identify(&self.path) {
            Ok(found) => {
                let same = self.watched.as_ref() == Some(&found);
                if same && !stale {
                    return false;
                }
                if let Err(error) = watch_anew(watcher, &self.path) {
                    self.watched = None;
                    self.complain(cannot_watch(&self.path, &error));
                    return false;
                }
                self.watched = Some(found);
                if !same {
                    self.complaint = None;
                    say(format_args!("watching {} anew", self.path.display()));
                }
                true
            }
            Err(error) => {
                let lost = self.watched.take().is_some();
                if lost {
                    let _ = watcher.unwatch(&self.path);
                }
                self.complain(cannot_watch(&self.path, &error));
                lost
            }
        }
    }

    /// Once, and not at every look.
    fn complain(&mut self, complaint: String) {
        if self.complaint.as_ref() != Some(&complaint) {
            say(&complaint);
            self.complaint = Some(complaint);
        }
    }
}

fn cannot_watch(path: &Path, reason: &dyn std::fmt::Display) -> String {
    format!("cannot watch {}: {reason}", path.display())
}

/// Which file a path leads to.
fn identify(path: &Path) -> io::Result<Handle> {
    let kind = fs::metadata(path)?.file_type();
    if kind.is_file() || kind.is_dir() {
        Handle::from_path(path)
    } else {
        // To open a pipe or a device can block, or do something.
        Err(io::Error::other("neither a file nor a directory"))
    }
}

/// Drops a watch that there may be and sets up a new one. If the old one were left, the news of the end
/// of its file, still on its way, would take the new one down.
fn watch_anew(watcher: &mut RecommendedWatcher, path: &Path) -> notify::Result<()> {
    let mut watch = || {
        let _ = watcher.unwatch(path);
        watcher.watch(path, RecursiveMode::Recursive)
    };
    // A directory that vanishes while the tree is walked ends the walk with an error.
    let mut result = watch();
    for _ in 1..ATTEMPTS {
        if result.is_ok() {
            break;
        }
        result = watch();
    }
    result
}

/// What the watcher calls, in its own thread. It must not block, or the kernel's queue overflows: so it
/// does not even print.
struct Listener {
    changes: Changes,
    stale: Arc<AtomicBool>,
    say: Sender<Message>,
    mark: PathBuf,
    marked: Sender<()>,
}

impl EventHandler for Listener {
    fn handle_event(&mut self, event: notify::Result<Event>) {
        match event {
            Err(error) => {
                self.say(format!("watch error: {error}"));
                self.changes.count();
            }
            Ok(event) if event.need_rescan() => {
                self.say("the system dropped some events; they count as one".into());
                self.stale.store(true, Ordering::Relaxed);
                self.changes.count();
            }
            Ok(event) if event.paths.iter().any(|path| path.starts_with(&self.mark)) => {
                let _ = self.marked.try_send(());
            }
            Ok(event) if is_change(event.kind) => {
                if brings_directory(&event) {
                    self.stale.store(true, Ordering::Relaxed);
                }
                self.changes.count();
            }
            Ok(_) => {}
        }
    }
}

impl Listener {
    fn say(&self, line: String) {
        let _ = self.say.send(Message::Say(line));
    }
}

/// Reading is no change. The end of writing is one: what is written through a memory map shows only
/// there.
fn is_change(kind: EventKind) -> bool {
    !matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write))
}

/// Whether a directory may have come into the tree. It is not watched from its first moment, and what was
/// written into it before is not reported.
fn brings_directory(event: &Event) -> bool {
    match event.kind {
        EventKind::Create(CreateKind::File) => false,
        EventKind::Create(_) | EventKind::Modify(ModifyKind::Name(_)) => {
            event.paths.iter().any(|path| path.is_dir())
        }
        _ => false,
    }
}
