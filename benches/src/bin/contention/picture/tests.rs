//! Reads the picture back: which contestants are in it, and whether its words are legible.

use super::*;
use crate::samples::{report, usual};
use lab::chart::legible::{faults, words};

/// Asserts that nothing is written over anything else, or outside.
fn assert_legible(report: &Report) {
    assert_eq!(faults(&draw(report).unwrap()), [""; 0]);
}

#[test]
fn each_contestant_has_its_name_in_each_panel() {
    let report = usual();
    let words = words(&draw(&report).unwrap());
    let times = |text: &str| words.iter().filter(|words| words.text == text).count();
    for it in report.contestants.iter().filter(|it| it.name != "an empty call") {
        let panels = report.scenarios.iter().filter(|scenario| it.takes_part(**scenario)).count();
        let runs = usize::from(it.takes_part(Scenario::Window) && it.role != Role::Limit);
        assert_eq!(times(it.name), panels + runs, "{}", it.name);
    }
    for scenario in Scenario::ALL {
        assert!(words.iter().any(|words| words.text.starts_with(scenario.name())));
    }
    assert_eq!(times("2 cores"), 1);
}

#[test]
fn nothing_is_written_over_anything_else() {
    assert_legible(&usual());
    // All lines end in one point.
    assert_legible(&report(&[1, 2, 4, 8], 2, |_, _| 1000));
    // The extremes, and as many thread counts as there may be.
    assert_legible(&report(
        &[1, 2, 4, 8, 12, 16, 32, 48],
        12,
        |contestant, _| if contestant % 2 == 0 { 1 } else { 1 << 40 },
    ));
    let many = [1, 2, 4, 8, 16, 32, 64, 120, 128, 256, 480, 512, 1024];
    assert_legible(&report(&many, 120, |contestant, threads| (contestant * threads + 1) as u64));
    assert_legible(&report(&[1], 1, |contestant, _| 10 + contestant as u64));
}

#[test]
fn a_picture_without_some_scenarios_is_drawn() {
    for scenarios in
        [vec![Scenario::Refused], vec![Scenario::Window], vec![Scenario::Admitted, Scenario::Coalesced]]
    {
        assert_legible(&Report { scenarios, ..usual() });
    }
}
