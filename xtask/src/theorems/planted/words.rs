//! Faults in the terms of the table.

use super::Planted;

const fn word(
    what: &'static str,
    replace: &'static [(&'static str, &'static str)],
    objects: &'static str,
) -> Planted {
    Planted::fault(what, "Word", replace, objects)
}

pub const FAULTS: [Planted; 9] = [
    word(
        "a window opens a nanosecond early",
        &[("due p w <= now.", "due p w <= now + 1."), ("now < due p w.", "now + 1 < due p w.")],
        "Safety.spacing",
    )
    .usual(),
    word(
        "a start while the clock stands still leaves `last` as it is",
        &[("(last w + 1)", "(last w)")],
        "Invariant.row_last",
    ),
    word(
        "a start whose clock went back sets `last` back",
        &[("(N.max now (last w + 1))", "now")],
        "Invariant.row_last",
    ),
    word(
        "a start leaves the deferral",
        &[("(last w + 1)) none true", "(last w + 1)) (d w) true")],
        "Invariant.invariant_holds",
    ),
    word("a start does not set r", &[("none true.", "none false.")], "Invariant.invariant_holds"),
    word("a window has no length", &[("else last w + threshold p.", "else last w.")], "Safety.spacing"),
    word(
        "a finish clears the deferral",
        &[("mk_word (last w) (d w) x.", "mk_word (last w) none x.")],
        "RowFacts.row_finished",
    ),
    word(
        "a lease is over a nanosecond early",
        &[
            ("Some l => last w + l <= now", "Some l => last w + l <= now + 1"),
            ("now < last w + l", "now + 1 < last w + l"),
        ],
        "Safety.exclusion",
    ),
    Planted::fault(
        "a cancel opens the window",
        "Rows",
        &[("row p cancel w (set_d cancelled w) Yes", "row p cancel w (mk_word 0 cancelled (r w)) Yes")],
        "RowFacts.row_still",
    )
    .usual(),
];
