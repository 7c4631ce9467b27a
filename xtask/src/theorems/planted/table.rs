//! Faults in rows of the table.

use super::super::proof::TABLE;
use super::{Edit, Planted};

const fn row(
    what: &'static str,
    replace: &'static [(&'static str, &'static str)],
    objects: &'static str,
) -> Planted {
    Planted::fault(what, TABLE, replace, objects)
}

pub const FAULTS: [Planted; 31] = [
    row(
        "a call starts in the window",
        &[("`arrive(now)` | open | 0 | any | start | `Run`", "`arrive(now)` | | 0 | any | start | `Run`")],
        "RowFacts.row_start",
    ),
    row(
        "a call starts beside a run",
        &[(
            "`arrive(now)` | open | 0 | any | start | `Run`",
            "`arrive(now)` | open | any | any | start | `Run`",
        )],
        "RowFacts.row_start",
    ),
    row(
        "a finish leaves the run in progress",
        &[(
            "`finish(epoch)` | last == epoch | 1 | any | r=0 | `Finished`",
            "`finish(epoch)` | last == epoch | 1 | any | same | `Finished`",
        )],
        "RowFacts.row_finished",
    ),
    row(
        "a run of another epoch finishes this one",
        &[(
            "`finish(epoch)` | last == epoch | 1 | any | r=0 | `Finished`",
            "`finish(epoch)` | | 1 | any | r=0 | `Finished`",
        )],
        "RowFacts.row_own_finish",
    ),
    row(
        "an arrival during a run is not recorded",
        &[(
            "`arrive(now)` | | 1 | none, owed | d=pending | `Defer`",
            "`arrive(now)` | | 1 | none, owed | same | `Defer`",
        )],
        "RowFacts.row_recorded",
    ),
    row(
        "a cancel clears a pending deferral at once",
        &[(
            "`cancel()` | | any | pending | d=cancelled | `true`",
            "`cancel()` | | any | pending | d=none | `true`",
        )],
        "RowFacts.row_owned",
    ),
    row(
        "a cancel that says no cancels",
        &[("`cancel()` | | any | owed | d=none | `true`", "`cancel()` | | any | owed | d=none | `false`")],
        "RowFacts.row_due",
    ),
    row(
        "an owner that leaves forgets its run",
        &[(
            "`abandon(epoch)` | last == epoch | any | pending | d=owed | `Owed`",
            "`abandon(epoch)` | last == epoch | any | pending | d=none | `Cancelled`",
        )],
        "RowFacts.row_due",
    ),
    row(
        "the owner of an older epoch abandons this one",
        &[(
            "`abandon(epoch)` | last == epoch | any | pending | d=owed | `Owed`",
            "`abandon(epoch)` | | any | pending | d=owed | `Owed`",
        )],
        "RowFacts.row_owned",
    ),
    row(
        "a request takes a cancelled deferral from its owner",
        &[(
            "`request()` | | any | cancelled | d=pending | `Coalesced`",
            "`request()` | | any | cancelled | d=pending | `Requested`",
        )],
        "RowFacts.row_owner",
    ),
    row(
        "a request coalesces into what is owed",
        &[(
            "`request()` | | any | none, owed | d=pending | `Requested`",
            "`request()` | | any | none | d=pending | `Requested`
             `request()` | | any | owed | same | `Coalesced`",
        )],
        "RowFacts.row_adopts",
    ),
    row(
        "a nested call is left owed beside a pending run",
        &[("`owe()` | | any | pending | same | `Coalesced`", "`owe()` | | any | pending | d=owed | `Owed`")],
        "RowFacts.row_owned",
    ),
    row(
        "a flush starts a second run",
        &[(
            "`flush(now)` | | 0 | pending, owed | start | `Run`",
            "`flush(now)` | | any | pending, owed | start | `Run`",
        )],
        "RowFacts.row_start",
    ),
    Planted {
        what: "the owner of an older epoch fires",
        file: TABLE,
        edit: Edit::By(fire_without_epoch),
        objects: Some("RowFacts.row_owned"),
        is_usual: true,
    },
    row(
        "the owner of an older epoch starts a pending run that is due",
        &[(
            "`fire(epoch, now)` | last == epoch, open | 0 | pending | start | `Run`",
            "`fire(epoch, now)` | open | 0 | pending | start | `Run`",
        )],
        "RowFacts.row_old",
    ),
    row(
        "an owner fires into a closed window",
        &[(
            "`fire(epoch, now)` | last == epoch, open | 0 | pending | start | `Run`",
            "`fire(epoch, now)` | last == epoch | 0 | pending | start | `Run`",
        )],
        "RowFacts.row_start",
    ),
    row(
        "an owner fires beside a run",
        &[(
            "`fire(epoch, now)` | last == epoch, open | 0 | pending | start | `Run`",
            "`fire(epoch, now)` | last == epoch, open | any | pending | start | `Run`",
        )],
        "RowFacts.row_start",
    ),
    row(
        "an owner is early for ever",
        &[(
            "`fire(epoch, now)` | last == epoch, open | 0 | pending | start | `Run`",
            "`fire(epoch, now)` | last == epoch, open | 0 | pending | same | `Early`",
        )],
        "RowFacts.row_fired",
    ),
    row(
        "an owner waits for a run while nothing runs",
        &[(
            "`fire(epoch, now)` | last == epoch, open | 0 | pending | start | `Run`",
            "`fire(epoch, now)` | last == epoch, open | 0 | pending | same | `Busy`",
        )],
        "RowFacts.row_fired",
    ),
    row(
        "an owner is gone while a run is in progress",
        &[(
            "`fire(epoch, now)` | last == epoch | 1 | pending | same | `Busy`",
            "`fire(epoch, now)` | last == epoch | 1 | pending | same | `Gone`",
        )],
        "RowFacts.row_owner",
    ),
    row(
        "a cancel is never acknowledged",
        &[(
            "`fire(epoch, now)` | last == epoch | any | cancelled | d=none | `Cancelled`",
            "`fire(epoch, now)` | last == epoch | any | cancelled | same | `Busy`",
        )],
        "RowFacts.row_fired",
    ),
    row(
        "a call does not adopt what is owed",
        &[(
            "`arrive(now)` | closed | 0 | none, owed | d=pending | `Defer`",
            "`arrive(now)` | closed | 0 | none | d=pending | `Defer`
             `arrive(now)` | closed | 0 | owed | same | `Closed`",
        )],
        "RowFacts.row_adopts",
    )
    .usual(),
    row(
        "a call with a limit is refused although it could wait",
        &[(
            "`arrive_by(now, latest)` | closed, due <= latest | 0 | none, owed | d=pending | `Defer`",
            "`arrive_by(now, latest)` | closed, due <= latest | 0 | none, owed | same | `Closed`",
        )],
        "RowFacts.row_adopts",
    ),
    row(
        "a state without a row",
        &[("`arrive(now)` | closed | 0 | pending | same | `Coalesced`", "")],
        "Table.the_table_is_total",
    ),
    row(
        "a state with two answers",
        &[(
            "`try_start(now)` | closed | 0 | any | same | `Closed`",
            "`try_start(now)` | closed | any | any | same | `Closed`",
        )],
        "Table.the_table_is_deterministic",
    ),
    row(
        "a run is superseded in its window",
        &[(
            "`arrive_under(now)` | open, lease over | 1 | any | start | `Run`",
            "`arrive_under(now)` | lease over | 1 | any | start | `Run`",
        )],
        "RowFacts.row_start",
    ),
    row(
        "a run is superseded within its lease",
        &[(
            "`arrive_under(now)` | open, lease over | 1 | any | start | `Run`",
            "`arrive_under(now)` | open | 1 | any | start | `Run`",
        )],
        "RowFacts.row_start",
    ),
    row(
        "a flush supersedes a run within its lease",
        &[(
            "`flush_under(now)` | lease over | 1 | pending, owed | start | `Run`",
            "`flush_under(now)` | | 1 | pending, owed | start | `Run`",
        )],
        "RowFacts.row_start",
    ),
    row(
        "an arrival supersedes no run while one is pending",
        &[(
            "`arrive_under(now)` | open, lease over | 1 | any | start | `Run`",
            "`arrive_under(now)` | open, lease over | 1 | none, owed, cancelled | start | `Run`
             `arrive_under(now)` | open, lease over | 1 | pending | same | `Coalesced`",
        )],
        "RowFacts.row_arrives",
    ),
    row(
        "a call that sees that a lease is over writes it down",
        &[(
            "`arrive_under(now)` | closed | any | pending | same | `Coalesced`",
            "`arrive_under(now)` | closed | 0 | pending | same | `Coalesced`
             `arrive_under(now)` | closed, lease holds | 1 | pending | same | `Coalesced`
             `arrive_under(now)` | closed, lease over | 1 | pending | r=0 | `Coalesced`",
        )],
        "RowFacts.row_own_finish",
    ),
    row(
        "a call makes a cancelled run its own",
        &[(
            "`arrive(now)` | closed | 0 | cancelled | d=pending | `Coalesced`",
            "`arrive(now)` | closed | 0 | cancelled | d=pending | `Defer`",
        )],
        "RowFacts.row_owner",
    ),
];

/// The rows of `fire`, for any epoch.
fn fire_without_epoch(text: &str) -> String {
    let is_fire = |line: &&str| line.starts_with("| `fire(");
    let lines = text.lines().filter(|line| !(is_fire(line) && line.contains("| last != epoch |")));
    let lines = lines.map(|line| {
        if is_fire(&line) {
            line.replace("last == epoch, ", "").replace("last == epoch", "")
        } else {
            line.to_owned()
        }
    });
    lines.flat_map(|line| [line, "\n".to_owned()]).collect()
}
