//! The connection is cut in the middle of an operation: no caller gets a false answer, and the mark shows
//! which process started a run.

use crate::{finished, options, read, register, started, swap};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{
    Mark, Reading, Redis, Register, RegisterError, RegisterErrorKind, Swap,
};
use evidence::Check;
use evidence::Guarantee::{C2, C3, C6};
use server::cut::{Cut, Fault};
use server::eventually;
use server::{Options, Server};
use std::time::Duration;

/// A server, a proxy that can be cut, a register behind the proxy, and one that connects directly.
struct Setting {
    server: Server,
    cut: Cut,
    register: Redis,
    witness: Redis,
}

fn setting() -> Option<Setting> {
    let server = Server::start(Options::default())?;
    let cut = Cut::to(server.port());
    let register = register(options(&server).port(cut.port()));
    let witness = crate::register(options(&server));
    // This connects, and loads the script.
    read(&register);
    Some(Setting { server, cut, register, witness })
}

/// Checks that the answer is true: a swap reported as done was done, and one reported as different was not.
fn judge(told: &Result<Swap, RegisterError>, after: Reading, new: Cell, mark: Mark) -> Result<(), String> {
    let done = after.cell == new && after.mark == Some(mark);
    match told {
        Ok(Swap::Done(_)) if !done => Err("done, and it was not".to_owned()),
        Ok(Swap::Differs(_)) if done => Err("not done, and it was".to_owned()),
        Err(error) if error.kind() != RegisterErrorKind::Unreachable => Err(format!("{error}")),
        _ => Ok(()),
    }
}

#[test]
fn a_start_that_is_cut_at_any_byte_is_recognized_by_its_mark() {
    let Some(Setting { server: _server, cut, register, witness }) = setting() else { return };
    let check = Check::of(
        &[C2, C3, C6],
        "redis-server, cut at each byte of a start: its mark shows whether it was done",
    );
    let (mut done, mut not_done, mut cuts) = (0, 0, 0);
    for after in 0.. {
        // The connection is kept, so the cut hits the swap and not the connecting.
        let before = read(&register).cell;
        let (new, mark) = (started(before, before.epoch().as_u64() + 1_000), Mark::random());
        cut.fail(Fault::Request { after });
        let told = register.compare_and_swap(before, new, mark);
        if cut.cuts() == cuts {
            // The request is shorter than that.
            assert!(told.is_ok(), "{told:?}");
            cut.pass();
            break;
        }
        cuts = cut.cuts();
        judge(&told, read(&witness), new, mark).unwrap();
        let (cell, found) = (read(&witness).cell, read(&witness).mark);
        if cell == new {
            assert_eq!(found, Some(mark));
            done += 1;
        } else {
            assert_eq!(cell, before);
            assert_ne!(found, Some(mark));
            not_done += 1;
        }
    }
    // From here on the request is whole, and the reply is cut at each byte.
    for after in 0.. {
        let before = read(&register).cell;
        let (new, mark) = (started(before, before.epoch().as_u64() + 1_000), Mark::random());
        cut.fail(Fault::Reply { after });
        let told = register.compare_and_swap(before, new, mark);
        judge(&told, read(&witness), new, mark).unwrap();
        assert_eq!((read(&witness).cell, read(&witness).mark), (new, Some(mark)));
        if cut.cuts() == cuts {
            assert!(told.is_ok(), "{told:?}");
            break;
        }
        cuts = cut.cuts();
        done += 1;
    }
    assert!(not_done > 100 && done > 20, "{not_done} not done, {done} done");
    check.passed(done + not_done, "cuts");
}

/// A planted fault: it sends again a command that may have been executed.
#[derive(Debug)]
struct SendsAgain(Redis);

impl Register for SendsAgain {
    fn read(&self) -> Result<Reading, RegisterError> {
        self.0.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.0.compare_and_swap(old, new, mark).or_else(|_| self.0.compare_and_swap(old, new, mark))
    }
}

#[test]
fn a_swap_that_is_sent_again_is_found() {
    let Some(Setting { server: _server, cut, register, witness }) = setting() else { return };
    let (new, mark) = (started(Cell::NEW, 1_000), Mark::random());
    cut.fail(Fault::Reply { after: 0 });
    let told = SendsAgain(register).compare_and_swap(Cell::NEW, new, mark);
    let found = judge(&told, read(&witness), new, mark).unwrap_err();
    assert_eq!(found, "not done, and it was");
    evidence::caught("a swap that is sent again after a cut", &format!("redis-server, cut: told {found}"));
}

#[test]
fn a_mark_stays_until_the_next_start() {
    let Some(Setting { server: _server, cut: _cut, register, .. }) = setting() else { return };
    assert_eq!(read(&register).mark, None);
    let (one, other) = (Mark::from_u64(0), Mark::from_u64(u64::MAX));
    let first = started(Cell::NEW, 1_000);
    swap(&register, Cell::NEW, first, one);
    assert_eq!(read(&register).mark, Some(one));
    swap(&register, first, finished(first), other);
    assert_eq!(read(&register).mark, Some(one));
    let second = started(finished(first), 2_000);
    swap(&register, finished(first), second, other);
    assert_eq!(read(&register).mark, Some(other));
    let differs = register.compare_and_swap(first, started(first, 3_000), one).unwrap();
    let Swap::Differs(reading) = differs else { panic!("{differs:?}") };
    assert_eq!((reading.cell, reading.mark), (second, Some(other)));
}

#[test]
fn a_swap_that_starts_nothing_on_an_unused_key_leaves_no_mark() {
    let Some(Setting { server: _server, cut: _cut, register, .. }) = setting() else { return };
    swap(&register, Cell::NEW, Cell::NEW, Mark::random());
    assert_eq!((read(&register).cell, read(&register).mark), (Cell::NEW, None));
}

#[test]
fn a_read_whose_kept_connection_was_cut_is_sent_again() {
    let Some(Setting { server: _server, cut, register, .. }) = setting() else { return };
    let before = cut.connections();
    cut.fail(Fault::Reply { after: 0 });
    assert_eq!(read(&register).cell, Cell::NEW);
    assert_eq!((cut.cuts(), cut.connections()), (1, before + 1));
}

#[test]
fn a_way_that_stays_cut_is_unreachable_and_is_tried_twice_at_most() {
    let Some(Setting { server: _server, cut, register, .. }) = setting() else { return };
    let before = cut.connections();
    cut.fail(Fault::Refuse);
    assert_eq!(register.read().unwrap_err().kind(), RegisterErrorKind::Unreachable);
    assert!(cut.connections() <= before + 1, "{} more", cut.connections() - before);
    crate::both_fail(&register, RegisterErrorKind::Unreachable);
    cut.pass();
    assert_eq!(read(&register).cell, Cell::NEW);
}

#[test]
fn a_reply_that_never_comes_is_unreachable_and_its_remains_are_no_answer_to_the_next() {
    let Some(Setting { server, cut, witness, .. }) = setting() else { return };
    let register = register(options(&server).port(cut.port()).timeout(Duration::from_millis(100)));
    // Repeats until the connection is made, the script is loaded, and the machine is not too busy for the
    // limit.
    eventually("a read in time", || register.read().ok());
    let (new, mark) = (started(Cell::NEW, 1_000), Mark::random());
    cut.fail(Fault::Swallow);
    let told = register.compare_and_swap(Cell::NEW, new, mark);
    assert_eq!(told.unwrap_err().kind(), RegisterErrorKind::Unreachable);
    eventually("the swap was executed", || (read(&witness).mark == Some(mark)).then_some(()));
    cut.pass();
    let reading = eventually("a read in time", || register.read().ok());
    assert_eq!((reading.cell, reading.mark), (new, Some(mark)));
}
