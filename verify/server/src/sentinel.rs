//! [`Sentinel`]: a real Redis Sentinel as a child process, in a folder that is removed with it.

use crate::eventually;
use crate::server::{Server, answers, ask, free_port, in_path};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// The name of the primary that every one of them watches.
pub const PRIMARY: &str = "mymaster";

pub struct Sentinel {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Sentinel {
    /// One that watches this primary and needs the votes of so many for a failover. Call it only when a
    /// server was started: then the program is installed.
    pub fn of(primary: &Server, votes: usize) -> Self {
        eventually("a sentinel starts", || Self::try_start(primary.port(), votes))
    }

    /// So many of them, which agree by majority.
    pub fn several_of(primary: &Server, count: usize) -> Vec<Self> {
        (0..count).map(|_| Self::of(primary, count / 2 + 1)).collect()
    }

    fn try_start(primary: u16, votes: usize) -> Option<Self> {
        let (folder, port) = (tempfile::tempdir().expect("a folder"), free_port());
        // It keeps in this file what it learns.
        let file = folder.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {folder}\nlogfile {folder}/log\n\
             sentinel monitor {PRIMARY} 127.0.0.1 {primary} {votes}\n\
             sentinel down-after-milliseconds {PRIMARY} 1000\n\
             sentinel failover-timeout {PRIMARY} 2000\n",
            folder = folder.path().display(),
        );
        fs::write(&file, settings).expect("the folder takes files");
        let child = Command::new(program())
            .arg(&file)
            .arg("--sentinel")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a program that is there can be started");
        let mut sentinel = Self { folder, port, child };
        let is_up = eventually("a sentinel answers or ends", || {
            if sentinel.child.try_wait().expect("a child can be asked").is_some() {
                return Some(false);
            }
            answers(port).ok().filter(|answers| *answers)
        });
        is_up.then_some(sentinel)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port of the primary, as far as it knows.
    pub fn primary(&self) -> Option<u16> {
        let answer = ask(self.port, &format!("SENTINEL get-master-addr-by-name {PRIMARY}")).ok()?;
        answer.lines().last()?.parse().ok()
    }

    /// What it has written down.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Sentinel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> PathBuf {
    let found = ["redis-server", "valkey-server"].into_iter().find_map(in_path);
    found.expect("a server was started before")
}
