//! How often a thread has slept, as Linux counts it: each time that it gave its core away because it had to wait.

use std::fs;
use std::path::Path;

/// Of this thread.
pub(super) fn sleeps() -> Option<u64> {
    of(Path::new("/proc/thread-self"))
}

/// Of all threads of this name, together.
pub(super) fn sleeps_of(name: &str) -> Option<u64> {
    let threads = fs::read_dir("/proc/self/task").ok()?.flatten().map(|thread| thread.path());
    let named = threads
        .filter(|path| fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.trim_end() == name));
    Some(named.filter_map(|path| of(&path)).sum())
}

fn of(thread: &Path) -> Option<u64> {
    field(&fs::read_to_string(thread.join("status")).ok()?, "voluntary_ctxt_switches")?.parse().ok()
}

fn field<'s>(status: &'s str, name: &str) -> Option<&'s str> {
    status.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
}

#[cfg(test)]
mod tests {
    use super::{field, sleeps};
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = "nonvoluntary_ctxt_switches:\t3\nvoluntary_ctxt_switches:\t45\n";
        assert_eq!(field(status, "voluntary_ctxt_switches"), Some("45"));
        assert_eq!(field(status, "State"), None);
    }

    #[test]
    fn a_thread_that_waits_for_another_sleeps() {
        let Some(before) = sleeps() else { return };
        let ((there, back), (give, take)) = (channel(), channel());
        let other =
            thread::spawn(move || back.iter().for_each(|turn: u32| give.send(turn).expect("it listens")));
        for turn in 0..100 {
            there.send(turn).expect("it listens");
            assert_eq!(take.recv(), Ok(turn));
        }
        drop(there);
        other.join().expect("no panic");
        assert!(sleeps() > Some(before));
    }
}
