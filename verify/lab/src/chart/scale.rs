//! Where values stand on an axis, and which of them are named.

use crate::table;
use plotters::coord::ranged1d::Ranged;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::{IntoLogRange, LogCoord};

/// One axis.
#[derive(Clone, Debug)]
pub struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
    /// The values that are named.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// Holds all of these values. Powers of ten are named, and twice and five times those if there are few. A
    /// value that is not above 0 stands at the lower end.
    pub fn logarithmic(values: impl IntoIterator<Item = f64>) -> Self {
        let known = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
        let (least, most) =
            known.fold((f64::INFINITY, 0_f64), |(least, most), value| (least.min(value), most.max(value)));
        let (least, most) = if most > 0.0 { (least, most) } else { (1.0, 1.0) };
        // There is room at both ends, so that nothing lies on the edge, and a flat line is not magnified.
        let (from, to) = (least / 1.6, (most * 1.6).max(least * 10.0));
        let first = (from.log10() - 1.0).floor();
        let powers =
            (0..).map(|power: u32| 10_f64.powf(first + f64::from(power))).take_while(|power| *power <= to);
        let mut ticks: Vec<f64> =
            powers.flat_map(|power| [1.0, 2.0, 5.0].map(|factor| factor * power)).collect();
        ticks.retain(|tick| (from..=to).contains(tick));
        if ticks.len() > 9 {
            ticks.retain(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-9);
        }
        Self { from, to, logarithmic: true, ticks }
    }

    /// From 0 to `to`, with at most so many round values named.
    #[must_use]
    pub fn linear(to: f64, names: usize) -> Self {
        let ticks = RangedCoordf64::from(0.0..to).key_points(names);
        Self { from: 0.0, to, logarithmic: false, ticks }
    }

    /// Logarithmic, with each of these ascending values named: what was measured, and nothing between.
    #[must_use]
    pub fn of(values: &[f64]) -> Self {
        let (first, last) = (values.first().copied().unwrap_or(1.0), values.last().copied().unwrap_or(1.0));
        // One value alone is in the middle.
        let room = if last > first { (last / first).powf(0.03) } else { 2.0 };
        Self { from: first / room, to: last * room, logarithmic: true, ticks: values.to_vec() }
    }

    /// The place of a value between the beginning and the end of the axis, at the nearer of them if it is
    /// outside.
    #[must_use]
    pub fn place(&self, value: f64, axis: (i32, i32)) -> i32 {
        let value = value.clamp(self.from, self.to);
        if self.logarithmic {
            LogCoord::from((self.from..self.to).log_scale()).map(&value, axis)
        } else {
            RangedCoordf64::from(self.from..self.to).map(&value, axis)
        }
    }

    /// The name of a tick: 0.5, 20, 1200, and where values are of different size 1e-5, 5k, 1M.
    #[must_use]
    pub fn name(&self, tick: f64) -> String {
        if !self.logarithmic {
            return trimmed(tick);
        }
        match tick {
            extreme if !(1e-3..1e9).contains(&extreme) => format!("{extreme:.0e}"),
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number")]
            whole if whole >= 1.0 && (whole - whole.round()).abs() < 1e-9 => {
                table::short(whole.round() as u64)
            }
            _ => trimmed(tick),
        }
    }

    /// Whether the value is on the axis.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.from..=self.to).contains(&value)
    }
}

/// As few digits as it has.
fn trimmed(tick: f64) -> String {
    let text = format!("{tick:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::Scale;

    /// Of an axis of a thousand pixels.
    fn permille(scale: &Scale, value: f64) -> i32 {
        scale.place(value, (0, 1000))
    }

    fn names(scale: &Scale) -> Vec<String> {
        scale.ticks.iter().map(|tick| scale.name(*tick)).collect()
    }

    #[test]
    fn a_logarithmic_scale_holds_all_values() {
        let scale = Scale::logarithmic([2.0, 250.0, f64::NAN, 0.0, -3.0]);
        let [low, high] = [2.0, 250.0].map(|value| permille(&scale, value));
        assert!(low > 0 && low < 150 && high > 850 && high < 1000, "{low}, {high}");
        assert_eq!(names(&scale), ["2", "5", "10", "20", "50", "100", "200"]);
        assert_eq!(permille(&scale, 0.0), 0, "nothing stands at the lower end");
        assert_eq!(names(&Scale::logarithmic([0.3, 5_000.0])), ["1", "10", "100", "1k"]);
        assert_eq!(names(&Scale::logarithmic([0.02, 0.05])), ["0.02", "0.05", "0.1", "0.2"]);
        assert_eq!(Scale::logarithmic([1.0, 1e6]).ticks.len(), 7, "powers of ten alone");
        assert!(!Scale::logarithmic([]).ticks.is_empty());
    }

    #[test]
    fn a_flat_line_is_not_magnified() {
        let scale = Scale::logarithmic([2.0, 2.1]);
        assert!(permille(&scale, 2.1) - permille(&scale, 2.0) < 30);
    }

    #[test]
    fn a_linear_scale_begins_at_nothing_and_is_turned_around() {
        let scale = Scale::linear(1040.0, 6);
        assert_eq!(names(&scale), ["0", "200", "400", "600", "800", "1000"]);
        assert_eq!((scale.place(0.0, (1000, 0)), scale.place(1040.0, (1000, 0))), (1000, 0));
        assert_eq!(names(&Scale::linear(1.25, 4)), ["0", "0.5", "1"]);
        assert_eq!([2e-5, 5e6, 1e9].map(|tick| Scale::of(&[]).name(tick)), ["2e-5", "5M", "1e9"]);
    }

    #[test]
    fn names_are_round_and_few() {
        for (length, step) in [(140.0, 20.0), (100.0, 10.0), (0.2, 0.02), (2200.0, 200.0)] {
            let ticks = Scale::linear(length, 12).ticks;
            assert!((ticks[1] - step).abs() < step / 1e6 && ticks.len() <= 12, "{length}: {ticks:?}");
        }
    }

    #[test]
    fn doublings_are_equally_wide() {
        let scale = Scale::of(&[1.0, 2.0, 4.0, 8.0]);
        let places = [1.0, 2.0, 4.0, 8.0].map(|count| permille(&scale, count));
        let steps = [places[1] - places[0], places[2] - places[1], places[3] - places[2]];
        assert!(steps.iter().all(|step| (step - steps[0]).abs() <= 1 && *step > 200), "{places:?}");
        assert!(places[0] > 0 && places[3] < 1000, "{places:?}");
        assert_eq!(permille(&Scale::of(&[7.0]), 7.0), 500);
        assert!(scale.holds(2.0) && !scale.holds(16.0));
    }
}
