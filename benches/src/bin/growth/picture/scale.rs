//! Values on the height of a panel.

/// Where a value stands, and which values are named.
#[derive(Clone, Debug)]
pub struct Scale {
    logarithmic: bool,
    from: f64,
    to: f64,
    pub ticks: Vec<f64>,
}

impl Scale {
    /// Powers of ten times 1, 2 and 5 that hold all of these values. A value that is not above 0 stands at the
    /// lower end.
    pub fn logarithmic(values: impl IntoIterator<Item = f64>) -> Self {
        let known = values.into_iter().filter(|value| value.is_finite() && *value > 0.0);
        let (least, most) =
            known.fold((f64::INFINITY, 0_f64), |(least, most), value| (least.min(value), most.max(value)));
        let (least, most) = if most > 0.0 { (least, most) } else { (1.0, 1.0) };
        // The scale goes a quarter below and above, so that nothing lies on the edge, and a flat line is not
        // magnified.
        let (from, to) = (least / 1.6, (most * 1.6).max(least * 10.0));
        let mut ticks = Vec::new();
        let mut power = 10_f64.powf(from.log10().floor());
        while power <= to {
            ticks.extend(
                [1.0, 2.0, 5.0]
                    .map(|factor| factor * power)
                    .into_iter()
                    .filter(|tick| (from..=to).contains(tick)),
            );
            power *= 10.0;
        }
        // Over many decades only the powers of ten are named.
        if ticks.len() > 9 {
            ticks.retain(|tick| (tick.log10() - tick.log10().round()).abs() < 1e-9);
        }
        Self { logarithmic: true, from, to, ticks }
    }

    /// A scale from 0.
    pub fn linear(to: f64, step: f64) -> Self {
        let ticks = std::iter::successors(Some(0.0), |tick| Some(tick + step));
        Self { logarithmic: false, from: 0.0, to, ticks: ticks.take_while(|tick| *tick <= to).collect() }
    }

    /// The share of the height below the value.
    pub fn share(&self, value: f64) -> f64 {
        let value = value.clamp(self.from, self.to);
        if self.logarithmic {
            (value / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Scale;

    #[test]
    fn a_logarithmic_scale_holds_all_values() {
        let scale = Scale::logarithmic([2.0, 250.0, f64::NAN, 0.0, -3.0]);
        let shares = [2.0, 250.0].map(|value| scale.share(value));
        assert!(shares[0] > 0.0 && shares[0] < 0.15 && shares[1] > 0.85 && shares[1] < 1.0, "{shares:?}");
        assert_eq!(scale.ticks, [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0]);
        let zero = scale.share(0.0);
        assert!(zero.abs() < 1e-9, "nothing stands at the lower end: {zero}");
        assert_eq!(Scale::logarithmic([1.0, 1e6]).ticks.len(), 7, "powers of ten alone");
        assert!(!Scale::logarithmic([]).ticks.is_empty());
    }

    #[test]
    fn a_flat_line_is_not_magnified() {
        let scale = Scale::logarithmic([2.0, 2.1]);
        assert!(scale.share(2.1) - scale.share(2.0) < 0.03);
    }

    #[test]
    fn a_linear_scale_begins_at_nothing() {
        let scale = Scale::linear(1.25, 0.5);
        assert_eq!((scale.ticks.as_slice(), scale.share(1.25) * 4.0), ([0.0, 0.5, 1.0].as_slice(), 4.0));
    }
}
