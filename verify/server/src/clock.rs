//! [`FakeClock`]: a wall clock for one child process, which the test sets, by libfaketime (Debian package
//! `faketime`). The monotonic clock is not changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub struct FakeClock {
    library: PathBuf,
    file: PathBuf,
    offset: i64,
}

impl FakeClock {
    /// A clock that reads the true time. Its file is made in `folder`. `None` if the library is not
    /// installed.
    pub fn new(folder: &Path) -> Option<Self> {
        let clock = Self { library: library()?, file: folder.join("clock"), offset: 0 };
        clock.write();
        Some(clock)
    }

    /// Makes the child read this clock.
    pub fn give(&self, child: &mut Command) {
        // The allocator of some servers asks for the time before the library is ready to answer, and then
        // hangs. The allocator of the C library, loaded before it, does not.
        child
            .env("LD_PRELOAD", format!("{}:libc.so.6", self.library.display()))
            .env("FAKETIME_TIMESTAMP_FILE", &self.file)
            .env("FAKETIME_NO_CACHE", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    }

    /// Sets the clock forward or back.
    pub fn step(&mut self, seconds: i64) {
        self.offset += seconds;
        self.write();
    }

    // In one step: a reader of half the file would read a wrong time.
    fn write(&self) {
        let new = self.file.with_extension("new");
        fs::write(&new, format!("{:+}\n", self.offset)).expect("the folder takes files");
        fs::rename(&new, &self.file).expect("a file can be replaced");
    }

    /// The files that the library leaves behind after a process that was killed.
    pub fn clean_up(process: u32) {
        for left in
            [format!("/dev/shm/faketime_shm_{process}"), format!("/dev/shm/sem.faketime_sem_{process}")]
        {
            // As a rule there are none.
            let _ = fs::remove_file(left);
        }
    }
}

fn library() -> Option<PathBuf> {
    let architectures = fs::read_dir("/usr/lib").ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let folders = architectures.chain([PathBuf::from("/usr/lib"), PathBuf::from("/usr/local/lib")]);
    folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).find(|library| library.exists())
}
