//! Judges whether the counts are right, and how flat the rows are that should be flat.
//!
//! A count that is wrong is an error. A time never is: it depends on the machine and on what else it does.

use crate::axis::{Axis, MemoryRule, Place, Role, Row};
use benches::statistics::{median_ratio, signed, spread};

/// A smaller table is shared by too few keys to judge its bytes.
const MANY_KEYS: u64 = 10_000;
/// Tables are between half full and full, so bytes may differ by this factor.
const FULLEST: f64 = 2.0;
/// What a thread allocates if it happens to fall asleep late, between two counts of the bytes in use. Memory
/// that grows by a bit a call, or by a word a thread, is more than this.
const ASLEEP: i64 = 256;

/// All that is wrong.
pub fn faults(axis: &Axis) -> Vec<String> {
    axis.rows.iter().flat_map(|row| wrong_counts(axis, row).into_iter().chain(grown(axis, row))).collect()
}

fn wrong_counts(axis: &Axis, row: &Row) -> Vec<String> {
    let mut faults = Vec::new();
    for (size, place) in axis.places(row) {
        let at = format!("{}, {size} {}", row.name, axis.text.along);
        if let Some(fault) = place.all_runs().and_then(|runs| runs.fault()) {
            faults.push(format!("{at}: {fault}"));
        }
        let left = place.added.filter(|added| row.role == Role::Ours && *added > ASLEEP);
        faults.extend(left.map(|left| format!("{at}: the calls have left {left} bytes behind")));
    }
    faults
}

/// Complains about memory that grows with the size where it must not.
fn grown(axis: &Axis, row: &Row) -> Option<String> {
    let most: fn(f64) -> f64 = match row.memory {
        MemoryRule::Constant => |least| least + signed(ASLEEP),
        MemoryRule::PerKey => |least| least * FULLEST,
        MemoryRule::NotJudged => return None,
    };
    let known = judged_memory(axis, row);
    let (_, least) = known.iter().copied().min_by(|one, other| one.1.total_cmp(&other.1))?;
    let largest = known.iter().rev().find(|(_, bytes)| *bytes > most(least))?;
    let (size, bytes) = largest;
    Some(format!("{}: {bytes:.0} bytes at {size} {}, {least:.0} at least", row.name, axis.text.along))
}

/// The size from which on a row's bytes are judged.
fn memory_from(memory: MemoryRule) -> u64 {
    if memory == MemoryRule::PerKey { MANY_KEYS } else { 1 }
}

fn judged_memory(axis: &Axis, row: &Row) -> Vec<(u64, f64)> {
    let large = axis.places(row).filter(|(size, _)| *size >= memory_from(row.memory));
    large.filter_map(|(size, place)| Some((size, place.memory()?))).collect()
}

/// The ratio of the largest median to the smallest one.
pub struct Flatness {
    pub name: &'static str,
    pub time: Option<f64>,
    /// The same of the ratios to the first row, each within a round.
    pub ratio: Option<f64>,
    pub memory: Option<f64>,
    /// The size from which on it is judged.
    pub memory_from: u64,
}

/// The rows of the library, and the references.
pub fn flatness(axis: &Axis) -> Vec<Flatness> {
    let from = axis.sizes.iter().position(|size| *size >= axis.text.flat_from).unwrap_or(0);
    let reference = axis.rows.first().map(|first| &first.places[from..]).unwrap_or_default();
    let flatness = |row: &Row| {
        let places = &row.places[from..];
        let ratios =
            places.iter().zip(reference).map(|(place, other)| median_ratio(&place.nanos, &other.nanos));
        let bytes = judged_memory(axis, row).into_iter().map(|(_, bytes)| bytes);
        Flatness {
            name: row.name,
            time: spread(places.iter().filter_map(Place::time)),
            ratio: spread(ratios),
            memory: spread(bytes.filter(|_| row.memory != MemoryRule::NotJudged)),
            memory_from: memory_from(row.memory),
        }
    };
    axis.rows.iter().filter(|row| row.role != Role::Peer).map(flatness).collect()
}

#[cfg(test)]
mod tests {
    use super::{faults, flatness};
    use crate::axis::{Axis, MemoryRule, Place, planted};
    use crate::runs::Runs;
    use evidence::caught;

    /// The complaints when one place is changed.
    fn with(memory: MemoryRule, change: impl Fn(&mut Place)) -> Vec<String> {
        let mut axis = planted();
        axis.rows[1].memory = memory;
        change(&mut axis.rows[1].places[2]);
        faults(&axis)
    }

    #[test]
    fn right_counts_are_accepted() {
        for memory in [MemoryRule::Constant, MemoryRule::PerKey, MemoryRule::NotJudged] {
            assert_eq!(with(memory, |_| ()), [""; 0]);
        }
        // A time is never wrong.
        assert_eq!(with(MemoryRule::Constant, |place| place.nanos = vec![1e9; 3]), [""; 0]);
    }

    #[test]
    fn a_wrong_count_of_runs_is_an_error() {
        let two = with(MemoryRule::Constant, |place| place.runs.push(Runs::expected(1, 2)));
        assert_eq!(two, ["ours, 100000 calls: 3 runs in 2 windows, 1 too many, 0 lost"]);
        caught("two runs in a window", "growth: the count is wrong");
        let lost = with(MemoryRule::Constant, |place| place.runs.push(Runs::expected(1, 0)));
        assert_eq!(lost, ["ours, 100000 calls: 1 runs in 2 windows, 0 too many, 1 lost"]);
        caught("a lost run", "growth: the count is wrong");
    }

    #[test]
    fn memory_that_grows_is_an_error() {
        let left = with(MemoryRule::Constant, |place| place.added = Some(100_000 / 8));
        assert_eq!(left, ["ours, 100000 calls: the calls have left 12500 bytes behind"]);
        let grown = with(MemoryRule::Constant, |place| place.bytes = vec![600.0; 3]);
        assert_eq!(grown, ["ours: 600 bytes at 100000 calls, 200 at least"]);
        caught("memory that grows with the calls", "growth: the bytes are counted");
        let each = with(MemoryRule::PerKey, |place| place.bytes = vec![401.0; 3]);
        assert_eq!(each, ["ours: 401 bytes at 100000 calls, 200 at least"]);
        assert_eq!(
            with(MemoryRule::PerKey, |place| place.bytes = vec![399.0; 3]),
            [""; 0],
            "a table half full"
        );
        assert_eq!(with(MemoryRule::NotJudged, |place| place.bytes = vec![1e9; 3]), [""; 0]);
    }

    #[test]
    fn flatness_is_of_medians_and_of_ratios() {
        let mut axis: Axis = planted();
        // Slow rounds for both: the time is not flat, the ratio is.
        axis.rows[0].places[2].nanos = vec![20.0; 3];
        axis.rows[1].places[2].nanos = vec![30.0; 3];
        // Below the judged sizes.
        axis.rows[1].places[0].nanos = vec![1000.0; 3];
        axis.rows[1].memory = MemoryRule::Constant;
        let flat = flatness(&axis);
        let ours = flat.iter().find(|row| row.name == "ours").unwrap();
        let known = [ours.time, ours.ratio, ours.memory].map(|spread| spread.unwrap().round());
        assert!(
            known.iter().zip([10.0, 1.0, 1.0]).all(|(is, expected)| (is - expected).abs() < 1e-9),
            "{known:?}"
        );
    }
}
