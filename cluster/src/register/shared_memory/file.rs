//! Finds or creates the file, so that it can be mapped.
//!
//! Each process that uses a register holds a shared lock on its file. Anything but the cell is written only
//! under an exclusive lock. So a file that is in use is never initialized: not by two processes at once, not
//! from another time namespace, and not if the mark of another boot is false, as in a container with a boot id
//! of its own. A file with such a mark that nobody uses is initialized. The kernel releases the locks of a
//! process that dies.
//!
//! No step waits for a lock, because a process can be stopped while it holds one. Locks are tried until the
//! limit.

use super::format::{self, Found, Identity};
use super::{Fate, SharedMemoryError, SharedMemoryErrorKind, SharedMemoryOptions, identity};
use core::time::Duration;
use rustix::fs::{FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::thread;
use std::time::Instant;

/// The file of the register in `path`: complete, and under a shared lock for as long as it is open.
pub(super) fn open(options: &SharedMemoryOptions, path: &Path) -> Result<File, SharedMemoryError> {
    let identity = identity::current(path)?;
    let began = Instant::now();
    loop {
        let file = match find(options, path)? {
            Some(file) => Some(file),
            None => create(options, path, identity)?,
        };
        let missing = match file {
            Some(file) => match settle(&file, path, identity)? {
                Settled::Ready => return Ok(file),
                Settled::Missing(missing) => missing,
            },
            None => SharedMemoryErrorKind::Busy,
        };
        if began.elapsed() >= options.limit {
            return Err(SharedMemoryError::new(missing, path));
        }
        // At random, so that two processes that blocked each other do not do so again.
        thread::sleep(Duration::from_micros(rand::random_range(50..1000)));
    }
}

/// Opens the file if there is one. It has no effect on what is no register, such as a pipe or a device.
fn find(options: &SharedMemoryOptions, path: &Path) -> Result<Option<File>, SharedMemoryError> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let seen = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(seen) => seen,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(SharedMemoryError::system("find the file", path, error)),
    };
    let stat = rustix::fs::fstat(&seen)
        .map_err(|error| SharedMemoryError::system("look at the file", path, error))?;
    let refuse = |kind| Err(SharedMemoryError::new(kind, path));
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return refuse(SharedMemoryErrorKind::NotAFile);
    }
    let found = stat.st_mode & 0o777;
    if found & !options.mode != 0 {
        return refuse(SharedMemoryErrorKind::Permissions { found, asked: options.mode });
    }
    let trusted = [0, rustix::process::geteuid().as_raw()].contains(&stat.st_uid);
    if !trusted && options.mode & 0o022 == 0 {
        return refuse(SharedMemoryErrorKind::Owner { owner: stat.st_uid });
    }
    // The file that was examined, even if `path` leads to another one by now.
    let same = format!("/proc/self/fd/{}", seen.as_raw_fd());
    File::options()
        .read(true)
        .write(true)
        .open(same)
        .map(Some)
        .map_err(|error| SharedMemoryError::system("open the file for reading and writing", path, error))
}

/// Creates the file, which is complete before it has its name; `None` if another process was first.
fn create(
    options: &SharedMemoryOptions,
    path: &Path,
    identity: Identity,
) -> Result<Option<File>, SharedMemoryError> {
    let refused = |error: io::Error| {
        let to = match error.kind() {
            io::ErrorKind::NotFound => "create the file, because its directory does not exist",
            _ => "create the file",
        };
        SharedMemoryError::system(to, path, error)
    };
    // An absolute path has a parent, except the root, which is no file.
    let directory = path.parent().unwrap_or(path);
    // Opened here, so that an error does not name the temporary file.
    let open = |path: &Path| File::options().read(true).write(true).create_new(true).mode(0o600).open(path);
    let new = tempfile::Builder::new().prefix(".throttle-").make_in(directory, open).map_err(refused)?;
    // Set after the creation, so that the umask has no effect.
    new.as_file().set_permissions(Permissions::from_mode(options.mode)).map_err(refused)?;
    new.as_file().write_all_at(&format::new(identity), 0).map_err(refused)?;
    match new.persist_noclobber(path) {
        Ok(file) => Ok(Some(file)),
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(failed) => Err(refused(failed.error)),
    }
}

enum Settled {
    /// Complete, and locked.
    Ready,
    /// Not ready yet. If it never is, this is the reason.
    Missing(SharedMemoryErrorKind),
}

/// Initializes the file if it needs that and no process uses it, then takes the shared lock.
fn settle(file: &File, path: &Path, identity: Identity) -> Result<Settled, SharedMemoryError> {
    let alone = try_lock(file, path, FlockOperation::NonBlockingLockExclusive)?;
    if alone && missing(file, path, identity)?.is_some() {
        for (at, bytes) in format::writes(identity) {
            file.write_all_at(&bytes, at as u64)
                .map_err(|error| SharedMemoryError::system("write the file", path, error))?;
        }
    }
    // The kernel may let another process in between the two locks, so the file is judged again.
    if !try_lock(file, path, FlockOperation::NonBlockingLockShared)? {
        return Ok(Settled::Missing(SharedMemoryErrorKind::Busy));
    }
    Ok(missing(file, path, identity)?.map_or(Settled::Ready, Settled::Missing))
}

fn try_lock(file: &File, path: &Path, lock: FlockOperation) -> Result<bool, SharedMemoryError> {
    match rustix::fs::flock(file, lock) {
        Ok(()) => Ok(true),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(false),
        Err(error) => Err(SharedMemoryError::system("lock the file", path, error)),
    }
}

/// `None` if the file is a register that needs no initialization. Otherwise the reason to refuse it if another
/// process uses it. (A file that was removed meanwhile is opened again when it is used.)
fn missing(
    file: &File,
    path: &Path,
    identity: Identity,
) -> Result<Option<SharedMemoryErrorKind>, SharedMemoryError> {
    let failed = |error| SharedMemoryError::system("read the file", path, error);
    let length = file.metadata().map_err(failed)?.len();
    let mut bytes = [0; format::LENGTH];
    let read = read_up_to(file, &mut bytes).map_err(failed)?;
    match format::judge(&bytes[..read], length, identity) {
        Found::Ready => Ok(None),
        Found::New(if_in_use) => Ok(Some(if_in_use)),
        Found::Refused(kind) => Err(SharedMemoryError::new(kind, path)),
    }
}

/// Fills `bytes` from the beginning of the file, as far as the file goes, and returns how many were read.
fn read_up_to(file: &File, bytes: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// The present state of `file`. One system call.
pub(super) fn fate(file: &File) -> io::Result<Fate> {
    let stat = rustix::fs::fstat(file)?;
    Ok(if stat.st_nlink == 0 {
        Fate::Removed
    } else if u64::try_from(stat.st_size) == Ok(format::LENGTH as u64) {
        Fate::Whole
    } else {
        Fate::Resized
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use evidence::Guarantee::C6;

    #[test]
    fn whatever_an_opener_left_is_opened() {
        let check =
            evidence::Check::of(&[C6], "files: an initialization cut off after any byte is done again");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("register");
        let options = SharedMemoryOptions::new();
        let here = identity::current(&path).unwrap();
        let before = Identity { boot: here.boot.map(|byte| !byte), ..here };
        let beside = Identity { time_namespace: here.time_namespace.map(|part| !part), ..here };
        let mut cuts = 0;
        for from in [Vec::new(), format::new(before).to_vec(), format::new(beside).to_vec()] {
            let mut left = from;
            for (at, bytes) in format::writes(here) {
                for (at, byte) in (at..).zip(bytes) {
                    std::fs::write(&path, &left).unwrap();
                    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
                    drop(open(&options, &path).unwrap());
                    assert_eq!(std::fs::read(&path).unwrap(), format::new(here), "after {cuts} bytes");
                    left.resize(left.len().max(at + 1), 0);
                    left[at] = byte;
                    cuts += 1;
                }
            }
        }
        check.passed(cuts, "cases");
    }
}
