//! A lock between commands that would write the same files in one checkout at the same time.

use crate::print::print;
use fd_lock::RwLock;
use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Does `work` while no other process does work of this name in this checkout. Waits for such a process
/// first.
pub fn alone<T>(root: &Path, name: &str, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let folder = root.join("target");
    let path = folder.join(format!("{name}.lock"));
    let failed = |why: io::Error| format!("cannot lock {}: {why}", path.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut lock = RwLock::new(File::create(&path).map_err(failed)?);
    let is_taken = match lock.try_write() {
        Err(why) if why.kind() == io::ErrorKind::WouldBlock => true,
        Err(why) => return Err(failed(why)),
        Ok(_) => false,
    };
    if is_taken {
        print(format_args!(
            "Another {name} is at work in this checkout. This one begins when it has ended."
        ))?;
    }
    let _alone = lock.write().map_err(failed)?;
    work()
}

#[cfg(test)]
mod tests {
    use super::alone;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    #[test]
    fn two_do_not_work_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let at_work = AtomicBool::new(false);
        let work = || {
            assert!(!at_work.swap(true, Ordering::SeqCst), "another one is at work");
            thread::yield_now();
            at_work.store(false, Ordering::SeqCst);
            Ok(1)
        };
        let sum: u32 = thread::scope(|scope| {
            let workers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..100).map(|_| alone(folder.path(), "work", work).unwrap()).sum::<u32>())
                })
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).sum()
        });
        assert_eq!(sum, 800);
    }

    #[test]
    fn work_of_another_name_does_not_wait() {
        let folder = tempfile::tempdir().unwrap();
        let inner = || alone(folder.path(), "other", || Ok(7));
        assert_eq!(alone(folder.path(), "work", inner), Ok(7));
    }

    #[test]
    fn a_place_without_a_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(alone(&file, "work", || Ok(())).unwrap_err().contains("cannot lock"));
    }
}
