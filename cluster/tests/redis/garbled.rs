//! Something on the way changes bytes, or repeats them: no caller gets a false answer, and no key is spoilt.

use crate::{finished, options, read, register, saying, started, swap};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{
    Mark, Reading, Redis, Register, RegisterError, RegisterErrorKind, Swap,
};
use evidence::Check;
use evidence::Guarantee::{C3, C8};
use server::cut::{Cut, Fault};
use server::{Options, Server};
use std::sync::Mutex;
use std::time::Duration;

/// A server, a proxy, a register behind it, and one that connects directly.
struct Setting {
    server: Server,
    cut: Cut,
    register: Redis,
    witness: Redis,
    admin: Mutex<redis::Connection>,
}

/// A changed length lets the reader wait for bytes that do not come, so the limit is short. Where it is over
/// although nothing was changed, there is no answer, and so no false one.
fn setting() -> Option<Setting> {
    let server = Server::start(Options::default())?;
    let cut = Cut::to(server.port());
    let register = register(options(&server).port(cut.port()).timeout(Duration::from_millis(60)));
    let witness = crate::register(options(&server));
    swap(&witness, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
    let admin = Mutex::new(crate::admin(&server));
    Some(Setting { server, cut, register, witness, admin })
}

/// What was told, and what is so.
#[derive(Debug)]
struct Told {
    read: Result<Reading, RegisterError>,
    swap: Result<Swap, RegisterError>,
    again: Result<Reading, RegisterError>,
}

/// What a caller was told falsely, if anything.
fn judge(told: &Told, before: Reading, after: Reading, new: Cell, mark: Mark) -> Result<(), String> {
    let done = (after.cell, after.mark) == (new, Some(mark));
    if !done && (after.cell, after.mark) != (before.cell, before.mark) {
        return Err(format!("the key holds {after:?}"));
    }
    let same = |reading: &Reading, other: &Reading| (reading.cell, reading.mark) == (other.cell, other.mark);
    if told.read.as_ref().is_ok_and(|reading| !same(reading, &before)) {
        return Err("read what was not there".to_owned());
    }
    match &told.swap {
        Ok(Swap::Done(_)) if !done => return Err("done, and it was not".to_owned()),
        Ok(Swap::Differs(_)) => return Err("it differs, and it did not".to_owned()),
        _ => {}
    }
    // A swap without an answer may have been done after this reading.
    let may_be_late = told.swap.is_err();
    let is_so = |reading: &Reading| same(reading, &after) || may_be_late && same(reading, &before);
    if told.again.as_ref().is_ok_and(|reading| !is_so(reading)) {
        return Err("read again what was not there".to_owned());
    }
    Ok(())
}

impl Setting {
    /// Waits until the server has done all that went through the proxy: it does what it has received before
    /// it notices that a connection is closed.
    fn settle(&self) {
        self.cut.fail(Fault::Refuse);
        let mut admin = self.admin.lock().unwrap();
        server::eventually("no connections but of the witness and of the test", || {
            let list: String = redis::cmd("CLIENT").arg("LIST").query(&mut *admin).unwrap();
            (list.lines().count() == 2).then_some(())
        });
    }

    /// A reading, a start and a reading, with this fault at the first or the second of them.
    fn try_with(&self, fault: Fault, at_the_swap: bool) -> Result<usize, String> {
        let before = read(&self.witness);
        let (new, mark) = (started(before.cell, before.cell.epoch().as_u64() + 1_000), Mark::random());
        let faults = self.cut.cuts();
        if !at_the_swap {
            self.cut.fail(fault);
        }
        let first = self.register.read();
        if at_the_swap {
            self.cut.fail(fault);
        }
        let swapped = self.register.compare_and_swap(before.cell, new, mark);
        let told = Told { read: first, swap: swapped, again: self.register.read() };
        let faults = self.cut.cuts() - faults;
        if told.swap.is_err() {
            self.settle();
        }
        self.cut.pass();
        judge(&told, before, read(&self.witness), new, mark)
            .map_err(|why| format!("{fault:?}: {why}: {told:?}"))?;
        Ok(faults)
    }
}

#[test]
fn a_flipped_bit_makes_no_answer_false_and_spoils_no_key() {
    let Some(setting) = setting() else { return };
    let check =
        Check::of(&[C3, C8], "redis-server, a bit flipped in each byte: nothing false, no key spoilt");
    let mut flips = 0;
    for at_the_swap in [false, true] {
        // Both end when the byte is beyond what is sent.
        for flip in [|after| Fault::FlipRequest { after }, |after| Fault::FlipReply { after }] {
            let before = flips;
            for after in (0..3_000).step_by(evidence::depth(3, 1)) {
                match setting.try_with(flip(after), at_the_swap).unwrap() {
                    0 if after > 400 => break,
                    flipped => flips += flipped,
                }
            }
            assert!(flips - before > 50, "{} of them", flips - before);
        }
    }
    check.passed(flips, "flipped bits");
}

#[test]
fn repeated_answers_are_no_answers_to_what_comes_next() {
    let Some(setting) = setting() else { return };
    let check =
        Check::of(&[C3, C8], "redis-server, a proxy that repeats answers: nothing false, and it recovers");
    let mut errors = 0;
    for _ in 0..50 {
        for at_the_swap in [false, true] {
            setting.try_with(Fault::Twice, at_the_swap).unwrap();
        }
        setting.cut.fail(Fault::Twice);
        let told = [setting.register.read(), setting.register.read(), setting.register.read()];
        errors += told.iter().flatten().count();
        setting.cut.pass();
    }
    // A read is sent once more on a new connection, which no repeated answer has reached yet.
    assert!(errors > 0, "no read was answered");
    server::eventually("it recovers", || setting.register.read().ok());
    check.passed(300, "operations");
}

#[test]
fn a_service_that_is_no_register_says_so() {
    let Some(server) = Server::start(Options::default()) else { return };
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", "220 mail ESMTP\r\n", "+OK\r\n", ":1\r\n", "*0\r\n"] {
        let port = saying(answer, 2);
        for error in crate::both_fail(&register(options(&server).port(port)), RegisterErrorKind::Garbled) {
            let hint = if answer.starts_with(['H', '2']) { "is it the right port" } else { "on the way" };
            assert!(error.to_string().contains(hint), "{error}");
        }
    }
}

/// Lengths that no answer has, of every kind of answer.
#[test]
fn no_length_and_no_nesting_is_too_much() {
    let Some(server) = Server::start(Options::default()) else { return };
    let lengths =
        ["9223372036854775807", "4611686018427387904", "99999999999", "-9223372036854775808", "-2", "", "x"];
    let kinds = ["*", "$", "%", "~", ">", "|", "=", "!", "(", ",", "#", "_", "*1\r\n*"];
    let odd = kinds.iter().flat_map(|kind| lengths.iter().map(move |length| format!("{kind}{length}\r\n")));
    let mut garbled = 0;
    for odd in odd.chain(["*1\r\n".repeat(5_000), format!("+{}", "x".repeat(100_000))]) {
        let register =
            register(options(&server).port(saying(odd.leak(), 1)).timeout(Duration::from_millis(5)));
        garbled += usize::from(register.read().unwrap_err().kind() == RegisterErrorKind::Garbled);
    }
    // The others wait for what is announced.
    assert!(garbled > 10, "{garbled}");
}

#[test]
fn a_request_of_another_value_than_was_sent_is_refused() {
    let Some(setting) = setting() else { return };
    let before = read(&setting.witness).cell;
    let direct = register(options(&setting.server));
    swap(&direct, before, finished(before), Mark::random());
    // As a client that was garbled: the seal belongs to other arguments.
    let script = include_str!("../../src/register/redis/step.lua");
    let told = redis::cmd("EVAL")
        .arg(script)
        .arg(&["1", "atomic-throttle:reload", "no seal", "7", "swap", "1000", "a", "b", "c"])
        .query::<redis::Value>(&mut crate::admin(&setting.server))
        .unwrap_err();
    assert_eq!(told.code(), Some("GARBLED"), "{told}");
    assert_eq!(read(&setting.witness).cell, finished(before));
}
