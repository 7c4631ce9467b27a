//! Where values are on the axes.

/// Maps a value to a place: 0 is the beginning of the axis, and 1 its end.
#[derive(Clone, Debug)]
pub struct Scale {
    from: f64,
    until: f64,
    log: bool,
    /// The ticks with their labels; those without a label are for the grid alone.
    pub ticks: Vec<(f64, String)>,
}

impl Scale {
    /// A logarithmic scale that holds all of these values, with a little room.
    pub fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let logs = values.into_iter().filter(|value| *value > 0.0).map(f64::log10);
        let (low, high) = logs.fold((f64::MAX, f64::MIN), |(low, high), log| (low.min(log), high.max(log)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let room = (0.04 * (high - low)).max(0.1);
        let (from, until) = (low - room, high + room);
        // With few decades, 2 and 5 have labels, too.
        let few = until - from < 2.2;
        let decades = || (-3..=12).map(|power| 10f64.powi(power));
        let ticks = decades().flat_map(|decade| [1.0, 2.0, 5.0].map(|step| (step * decade, step > 1.5)));
        let inside = ticks.filter(|(value, _)| (from..=until).contains(&value.log10()));
        let ticks = inside
            .map(|(value, between)| (value, if between && !few { String::new() } else { brief(value) }));
        Self { from, until, log: true, ticks: ticks.collect() }
    }

    /// From 0 to a round number that is at least `most`.
    pub fn linear(most: f64) -> Self {
        let step = 250.0;
        let until = ((most / step).ceil() * step).max(step);
        let ticks = std::iter::successors(Some(0.0), |tick| Some(tick + step));
        let ticks = ticks.take_while(|tick| *tick <= until).map(|tick| (tick, format!("{tick}")));
        Self { from: 0.0, until: until * 1.04, log: false, ticks: ticks.collect() }
    }

    /// Doublings of threads, each as wide as the next.
    pub fn threads(counts: &[usize]) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "so many threads cannot be started")]
        let ticks: Vec<(f64, String)> =
            counts.iter().map(|count| (*count as f64, count.to_string())).collect();
        let most = ticks.last().map_or(1.0, |(most, _)| *most).log10();
        // One count alone is in the middle.
        let room = if most > 0.0 { 0.03 * most } else { 1.0 };
        Self { from: -room, until: most + room, log: true, ticks }
    }

    pub fn at(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        (value - self.from) / (self.until - self.from)
    }
}

/// 0.5, 20, 5k, 1M.
fn brief(value: f64) -> String {
    let round = |value: f64| {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match value {
        small if small < 999.0 => round(small),
        thousands if thousands < 999_999.0 => round(thousands / 1e3) + "k",
        millions => round(millions / 1e6) + "M",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).filter(|label| !label.is_empty()).collect()
    }

    #[test]
    fn all_values_are_inside() {
        let values = [0.3, 2.0, 5_000.0];
        let scale = Scale::log(values);
        assert!(values.iter().all(|value| (0.01..0.99).contains(&scale.at(*value))));
        assert_eq!(labels(&scale), ["1", "10", "100", "1k"]);
        assert_eq!(labels(&Scale::log([20.0, 90.0])), ["20", "50", "100"]);
        assert!(Scale::log([]).at(3.0).is_finite() && Scale::log([7.0]).at(7.0).is_finite());
    }

    #[test]
    fn runs_begin_at_zero() {
        let scale = Scale::linear(999.0);
        assert_eq!(labels(&scale), ["0", "250", "500", "750", "1000"]);
        assert!(scale.at(0.0).abs() < 1e-9 && scale.at(1000.0) < 1.0);
    }

    #[test]
    fn doublings_are_equally_wide() {
        let scale = Scale::threads(&[1, 2, 4, 8]);
        let places = [1.0, 2.0, 4.0, 8.0].map(|count| scale.at(count));
        let steps = [places[1] - places[0], places[2] - places[1], places[3] - places[2]];
        assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1e-9 && *step > 0.2));
        assert!((Scale::threads(&[1]).at(1.0) - 0.5).abs() < 1e-9);
    }
}
