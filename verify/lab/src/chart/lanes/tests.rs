//! What a timeline shows, read back.

use super::{Sample, Timeline, Window};
use crate::chart::legible::{faults, forms, words};
use crate::chart::{BLUE, INK, ORANGE};

const MILLISECOND: u64 = 1_000_000;

fn timeline(rows: usize) -> Timeline<'static> {
    let window =
        |from: u64| Window { from: from * MILLISECOND, until: (from + 20) * MILLISECOND, ended: true };
    Timeline {
        title: "A slice",
        story: vec!["A story that is told in words. ".repeat(12)],
        legend: vec![
            (Sample::Tick(BLUE), "call"),
            (Sample::Wait(ORANGE), "a wait"),
            (Sample::Bar(INK), "run"),
            (Sample::Cross, "killed"),
            (Sample::Window, "window"),
            (Sample::WindowEnd, "its end"),
        ],
        windows: vec![window(0), window(20), window(90)],
        notes: vec!["A note.".to_owned(), "Another note. ".repeat(20)],
        from: 0,
        until: 100 * MILLISECOND,
        rows,
    }
}

#[test]
fn its_words_can_be_read() {
    let long = "a name that is long";
    for rows in [0, 1, 8, 32] {
        let mut timeline = timeline(rows);
        for _ in 0..2 {
            let svg = timeline
                .draw(|lanes| {
                    let _ = lanes.all("runs");
                    for row in 0..rows {
                        let _ = lanes.row(row, &format!("thread {}", row + 1));
                    }
                })
                .unwrap();
            assert_eq!(faults(&svg), [""; 0], "{rows}");
            let named = |name: &str| words(&svg).iter().filter(|words| words.text == name).count();
            assert_eq!((named("runs"), named("ms"), named("100"), named("its end")), (1, 1, 1, 1));
            timeline.title = "A title that is so long that it does not fit into a single line of the \
                              picture, whichever letters a system has, and so it is continued in a line of \
                              its own";
            timeline.legend.extend([(Sample::Pale(INK), long); 9]);
        }
    }
}

/// How many rectangles of this colour the marks make.
fn marks(fill: impl FnOnce(&super::Lanes<'_>)) -> usize {
    let timeline = Timeline { legend: Vec::new(), windows: Vec::new(), ..timeline(2) };
    forms(&timeline.draw(fill).unwrap(), "rect", BLUE)
}

#[test]
fn marks_that_touch_become_one_and_those_outside_are_left_out() {
    let at = |micros: u64| micros * 1000;
    let ticks =
        |moments: &[u64]| marks(|lanes| lanes.row(0, "").ticks(moments.iter().copied().map(at), 9, BLUE));
    assert_eq!(ticks(&[10_000, 20_000, 20_050, 20_180]), 2);
    assert_eq!(ticks(&[10_000, 100_001]), 1, "outside");
    let bars = |spans: &[(u64, u64)]| {
        marks(|lanes| lanes.all("").bars(spans.iter().map(|(from, until)| (at(*from), at(*until))), 9, BLUE))
    };
    assert_eq!(bars(&[(10_000, 10_001), (10_100, 10_101), (30_000, 40_000), (40_001, 50_000)]), 3);
    assert_eq!(marks(|lanes| lanes.row(1, "").tick(at(100_001), 9, BLUE)), 0);
    assert_eq!(marks(|lanes| lanes.row(1, "").pale(at(5), at(6), 9, BLUE)), 0, "too short to be seen");
    assert_eq!(marks(|lanes| lanes.row(1, "").bar(at(5), at(6), 9, BLUE)), 1, "it is seen all the same");
}

#[test]
fn moments_stand_in_their_order() {
    let drawn = timeline(1).draw(|lanes| {
        let [first, middle, last] = [0, 50, 100].map(|at| lanes.x(at * MILLISECOND));
        assert_eq!((middle - first, last - middle, lanes.x(u64::MAX)), (600, 600, last));
        assert!(lanes.shows(0, 0) && !lanes.shows(101 * MILLISECOND, u64::MAX));
    });
    assert!(drawn.is_ok());
}

#[test]
fn a_window_that_can_be_seen_is_eight_pixels_wide() {
    assert_eq!(Timeline::shortest_window(100, 100 + 1200), 8);
}

#[test]
fn a_window_that_was_cut_short_has_no_end() {
    let strokes = |ended| {
        let mut timeline = Timeline { legend: Vec::new(), ..timeline(1) };
        timeline.windows.iter_mut().for_each(|window| window.ended = ended);
        timeline.draw(|_| ()).unwrap().matches("<polyline").count()
    };
    assert!(strokes(true) > strokes(false));
}
