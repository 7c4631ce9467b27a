//! A measurement along one axis: contestants, the rounds in which they are measured, and the resulting rows.

use crate::runs::Runs;
use benches::statistics::median;
use indicatif::ProgressBar;

/// The part that a row plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The least that a call can cost; all others are compared with the first one.
    Reference,
    Peer,
    Ours,
}

/// How the bytes of a row may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryRule {
    /// The bytes are the same at every size.
    Constant,
    /// Bytes for each key: a small table has more of them for a key, and a large one never does.
    PerKey,
    /// A row of another library, which is not judged.
    NotJudged,
}

/// One measurement.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// Nanoseconds a call.
    pub nanos: Option<f64>,
    pub runs: Option<Runs>,
    /// The bytes of a throttle, or of each of its keys.
    pub bytes: Option<f64>,
    /// The bytes that the measured calls have left behind.
    pub added: Option<i64>,
    /// The windows that were too short for the calls, and were thrown away and repeated.
    pub thrown_away: u64,
}

/// One way to make calls.
pub trait Contestant {
    fn name(&self) -> &'static str;
    fn role(&self) -> Role;
    fn memory(&self) -> MemoryRule {
        MemoryRule::NotJudged
    }
    /// Measures once, at this size.
    fn sample(&mut self, size: u64) -> Result<Sample, String>;
    /// Measures what is left to be counted when all rounds are over.
    fn end(&mut self, _size: u64) -> Result<Sample, String> {
        Ok(Sample::default())
    }
}

/// All that was measured at one size.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub nanos: Vec<f64>,
    pub runs: Vec<Runs>,
    pub bytes: Vec<f64>,
    /// The most bytes that calls left behind.
    pub added: Option<i64>,
    pub thrown_away: u64,
}

impl Place {
    fn note(&mut self, sample: &Sample) {
        self.nanos.extend(sample.nanos);
        self.runs.extend(sample.runs);
        self.bytes.extend(sample.bytes);
        self.added = self.added.max(sample.added);
        self.thrown_away += sample.thrown_away;
    }

    pub fn time(&self) -> Option<f64> {
        median(self.nanos.iter().copied())
    }

    pub fn memory(&self) -> Option<f64> {
        median(self.bytes.iter().copied())
    }

    pub fn all_runs(&self) -> Option<Runs> {
        self.runs.iter().copied().reduce(Runs::and)
    }
}

#[derive(Clone, Debug)]
pub struct Row {
    pub name: &'static str,
    pub role: Role,
    pub memory: MemoryRule,
    /// One place for each size.
    pub places: Vec<Place>,
}

/// The text beside the figures of an axis.
#[derive(Clone, Debug)]
pub struct Text {
    /// The name of the files of this axis.
    pub file: &'static str,
    pub title: &'static str,
    /// What grows.
    pub along: &'static str,
    /// What the bytes belong to.
    pub bytes: &'static str,
    /// What needs a run.
    pub due: &'static str,
    /// What the runs must be, where a picture shows them.
    pub runs: Option<&'static str>,
    /// What was measured, and how to read it.
    pub notes: Vec<String>,
    /// The size from which on a time should be flat: below it, other costs are known to show.
    pub flat_from: u64,
}

/// All that was measured along one axis.
#[derive(Clone, Debug)]
pub struct Axis {
    pub text: Text,
    pub sizes: Vec<u64>,
    pub rows: Vec<Row>,
}

impl Axis {
    /// Measures every contestant at every size, one after the other, this many times: whatever slows the
    /// machine down for a while slows all of them.
    pub fn measure(
        text: Text,
        sizes: Vec<u64>,
        mut contestants: Vec<Box<dyn Contestant>>,
        rounds: u32,
        bar: &ProgressBar,
    ) -> Result<Self, String> {
        let row = |contestant: &dyn Contestant| Row {
            name: contestant.name(),
            role: contestant.role(),
            memory: contestant.memory(),
            places: vec![Place::default(); sizes.len()],
        };
        let mut rows: Vec<Row> = contestants.iter().map(|contestant| row(contestant.as_ref())).collect();
        for _ in 0..rounds {
            for (place, &size) in sizes.iter().enumerate() {
                for (row, contestant) in rows.iter_mut().zip(&mut contestants) {
                    row.places[place].note(&contestant.sample(size)?);
                    bar.inc(1);
                }
            }
        }
        for (row, contestant) in rows.iter_mut().zip(&mut contestants) {
            for (place, &size) in row.places.iter_mut().zip(&sizes) {
                place.note(&contestant.end(size)?);
            }
        }
        Ok(Self { text, sizes, rows })
    }

    pub fn places<'a>(&'a self, row: &'a Row) -> impl Iterator<Item = (u64, &'a Place)> {
        self.sizes.iter().copied().zip(&row.places)
    }
}

/// An axis on which all is well.
#[cfg(test)]
pub fn planted() -> Axis {
    let place = |nanos: f64| Place { nanos: vec![nanos; 3], ..Place::default() };
    let row =
        |name, role, nanos| Row { name, role, memory: MemoryRule::NotJudged, places: vec![place(nanos); 3] };
    let mut ours = row("ours", Role::Ours, 3.0);
    for place in &mut ours.places {
        place.runs = vec![Runs::expected(1, 1)];
        place.bytes = vec![200.0; 3];
        place.added = Some(0);
    }
    ours.places[0].thrown_away = 7;
    Axis {
        text: Text {
            file: "planted",
            title: "planted",
            along: "calls",
            bytes: "a throttle",
            due: "windows",
            runs: Some("runs a window (must be 1)"),
            notes: vec!["a note".to_owned()],
            flat_from: 10_000,
        },
        sizes: vec![1, 10_000, 100_000],
        rows: vec![row("least", Role::Reference, 2.0), ours, row("peer", Role::Peer, 4.0)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Planted(u32);

    impl Contestant for Planted {
        fn name(&self) -> &'static str {
            "planted"
        }
        fn role(&self) -> Role {
            Role::Ours
        }
        fn sample(&mut self, size: u64) -> Result<Sample, String> {
            self.0 += 1;
            let runs = Some(Runs::expected(1, 1));
            Ok(Sample {
                nanos: Some(f64::from(self.0)),
                runs,
                added: Some(-1),
                thrown_away: size,
                ..Sample::default()
            })
        }
        fn end(&mut self, size: u64) -> Result<Sample, String> {
            Ok(Sample { runs: Some(Runs::expected(size, size)), added: Some(-2), ..Sample::default() })
        }
    }

    #[test]
    fn rounds_are_outside_sizes_and_contestants_inside() {
        let text = planted().text;
        let contestants: Vec<Box<dyn Contestant>> = vec![Box::new(Planted(0)), Box::new(Planted(10))];
        let bar = ProgressBar::hidden();
        let axis = Axis::measure(text, vec![1, 4], contestants, 2, &bar).unwrap();
        assert_eq!(bar.position(), 8);
        let nanos = |row: usize, place: usize| axis.rows[row].places[place].nanos.clone();
        assert_eq!((nanos(0, 0), nanos(0, 1), nanos(1, 1)), (vec![1., 3.], vec![2., 4.], vec![12., 14.]));
        let place = &axis.rows[0].places[1];
        assert_eq!((place.added, place.thrown_away, place.time()), (Some(-1), 8, Some(3.0)));
        assert_eq!(place.all_runs(), Some(Runs::expected(6, 6)), "with what was counted in the end");
    }
}
