//! [`Place`]: where the throttle of a trial is.

use processes::scene::Scene;
use server::{Options, Persistence, Server};
use std::path::Path;
use std::time::Duration;

pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) driver: String,
    folder: tempfile::TempDir,
    server: Option<Server>,
}

impl Place {
    /// In a file.
    pub(crate) fn shm() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the trial");
        let driver = format!("shm:{}", folder.path().join("throttle").display());
        Self { name: "shm", driver, folder, server: None }
    }

    /// At a server of its own. `None`, with a visible notice, if no server is installed.
    pub(crate) fn redis(options: Options) -> Option<Self> {
        let server = Server::start(options)?;
        let folder = tempfile::tempdir().expect("a folder for the trial");
        let driver = at_port(server.port());
        Some(Self { name: "redis", driver, folder, server: Some(server) })
    }

    pub(crate) fn lasting_redis() -> Option<Self> {
        Self::redis(Options { persistence: Persistence::Always, ..Options::default() })
    }

    pub(crate) fn fleeting_redis() -> Option<Self> {
        Self::redis(Options { persistence: Persistence::None, ..Options::default() })
    }

    /// A place of each kind, which loses nothing.
    pub(crate) const ALL: [fn() -> Option<Self>; 2] = [|| Some(Self::shm()), Self::lasting_redis];

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter_map(|place| place())
    }

    pub(crate) fn server(&mut self) -> &mut Server {
        self.server.as_mut().expect("it is at a server")
    }

    /// A trial here, without participants yet.
    pub(crate) fn scene(&self, threshold: Duration, lease: Duration) -> Scene {
        let participant = Path::new(env!("CARGO_BIN_EXE_participant"));
        Scene::new(&[participant], self.folder.path(), &self.driver, threshold, lease)
    }
}

/// With a short timeout, a process that gets no answer learns this soon.
pub(crate) fn at_port(port: u16) -> String {
    format!("redis://127.0.0.1:{port}/trial?timeout=200ms")
}
