//! An agent that has a daemon read its configuration again when that has changed, at most every 100 ms. Several threads
//! change it, and each goes on only when the daemon has read what it wrote.

use atomic_throttle::Throttled;
use main_error::MainResult;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{fs, thread};

/// The daemon: what it has read, by the path of the file.
#[derive(Default)]
struct Daemon(Mutex<BTreeMap<PathBuf, String>>);

impl Daemon {
    fn reload(&self, config: &Path) -> io::Result<()> {
        let mut read = BTreeMap::new();
        for file in fs::read_dir(config)? {
            let path = file?.path();
            read.insert(path.clone(), fs::read_to_string(path)?);
        }
        *self.0.lock().unwrap() = read;
        Ok(())
    }

    fn knows(&self, path: &Path) -> Option<String> {
        self.0.lock().unwrap().get(path).cloned()
    }
}

fn main() -> MainResult {
    let config = tempfile::tempdir()?;
    let daemon = Arc::new(Daemon::default());
    let (its, path) = (Arc::clone(&daemon), config.path().to_owned());
    let reload = Throttled::spawn(Duration::from_millis(100), move || its.reload(&path));

    let change = |router: u32| -> Result<(), Box<dyn Error + Send + Sync>> {
        let path = config.path().join(format!("router-{router}"));
        for number in 0..5 {
            let route = format!("10.{router}.{number}.0/24");
            fs::write(&path, &route)?;
            // The run that covers this call sees what was written before it (G3); if it fails, so does this.
            reload.trigger()?.wait()?;
            assert_eq!(daemon.knows(&path), Some(route));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let agents: Vec<_> = (0..8).map(|router| scope.spawn(move || change(router))).collect();
        agents.into_iter().try_for_each(|agent| agent.join().expect("an agent does not panic"))
    })
    .map_err(|error| error.to_string())?;
    writeln!(io::stdout(), "40 changes, {} reloads", reload.runs())?;
    Ok(())
}
