//! The signals that end the program.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

#[cfg(unix)]
const ENDING: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const ENDING: [i32; 2] = [SIGINT, SIGTERM];

/// Becomes true at the first of them. The second ends the program at once, with the status that shells report for it.
pub fn ending() -> io::Result<Arc<AtomicBool>> {
    let ending = Arc::new(AtomicBool::new(false));
    for signal in ENDING {
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(&ending))?;
        flag::register(signal, Arc::clone(&ending))?;
    }
    // With a handler it is no longer ignored. If it were, as some parents leave it, the status of a command would be lost.
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGCHLD, Arc::default())?;
    Ok(ending)
}
