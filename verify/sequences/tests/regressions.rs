//! A failure is kept, and tried again.

mod driver;

use driver::property::look_for;
use driver::regressions::{keep, kept};
use proptest::test_runner::TestCaseError;
use reference::planted::{Fault, contradicts};
use sequences::{Subject, Throttle};
use std::fs;
use watchdog as _;

#[test]
fn a_failure_is_kept_and_tried_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("throttle.txt");
    assert!(kept(&file).is_empty(), "nothing has failed");
    let fails = |input: &[u8]| contradicts(|| Throttle::check(Some(Fault::OweForgotten), input));
    let failed = look_for::<Throttle>(300, |input| {
        if fails(input) { Err(TestCaseError::fail("it disagrees")) } else { Ok(()) }
    });
    let failure = failed.expect_err("the fault is found");
    assert_eq!(failure.why, "it disagrees");
    keep(&file, &failure.input);
    keep(&file, &failure.input);
    assert_eq!(kept(&file), [(failure.input.clone(), None)], "once");
    assert!(fails(&failure.input), "it fails again");
    Throttle::check(None, &failure.input);
    keep(&file, &[]);
    assert_eq!(kept(&file)[1], (vec![], None), "the next one comes after it");
}

#[test]
fn a_line_that_is_spoilt_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("throttle.txt");
    fs::write(&file, "# why\n00ff | a fault\n").expect("it is written");
    assert_eq!(kept(&file), [(vec![0, 255], Some("a fault".to_owned()))]);
    for spoilt in ["0", "0g", "é0", "00 |fault"] {
        fs::write(&file, format!("{spoilt}\n")).expect("it is written");
        assert!(contradicts(|| kept(&file)), "{spoilt}");
    }
}
