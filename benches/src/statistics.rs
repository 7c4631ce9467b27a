//! Summaries of many measurements.

use statrs::statistics::{Data, OrderStatistics};

/// The middle one, or the mean of the two in the middle.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    (!values.is_empty()).then(|| Data::new(values).median())
}

/// The mean of the middle half. It is finer than a median where a clock has a grain, and ignores rare
/// disturbances as well as a median does.
pub fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = &sorted[sorted.len() / 4..sorted.len() - sorted.len() / 4];
    half.iter().sum::<f64>() / float(half.len() as u64)
}

/// The lower and the upper quartile.
pub fn quartiles(values: &[f64]) -> (f64, f64) {
    let mut values = Data::new(values.to_vec());
    (values.lower_quartile(), values.upper_quartile())
}

/// The median of the ratios of each value to the other value of the same round: what slows a round down is in
/// both. NaN if there are no values.
pub fn median_ratio(values: &[f64], others: &[f64]) -> f64 {
    median(values.iter().zip(others).map(|(value, other)| value / other)).unwrap_or(f64::NAN)
}

/// The ratio of the largest to the smallest: 1 is flat. `None` if there are no values.
pub fn spread(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut known = values.into_iter().filter(|value| value.is_finite()).peekable();
    known.peek()?;
    let (least, most) =
        known.fold((f64::INFINITY, 0_f64), |(least, most), value| (least.min(value), most.max(value)));
    Some(most / least)
}

/// The count as a number to calculate with.
#[allow(clippy::cast_precision_loss, reason = "to be read, not to be counted on")]
pub fn float(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss, reason = "to be read, not to be counted on")]
pub fn signed(count: i64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::{median, median_ratio, middle, quartiles, spread};

    fn is(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 1e-9
    }

    #[test]
    fn medians_are_in_the_middle() {
        let of = |values: &[f64]| median(values.iter().copied());
        assert!(is(of(&[3.0, 1.0, 1000.0]).unwrap(), 3.0));
        assert!(is(of(&[4.0, 1.0, 3.0, 2.0]).unwrap(), 2.5));
        assert!(is(of(&[7.0]).unwrap(), 7.0) && of(&[]).is_none());
    }

    #[test]
    fn the_middle_half_has_no_outliers() {
        assert!(is(middle(&[10.0, 20.0, 10.0, 5000.0]), 15.0) && is(middle(&[3.0]), 3.0));
        let (lower, upper) = quartiles(&[9.0, 1.0, 2.0, 3.0, 4.0]);
        assert!(lower > 1.0 && lower < 3.0 && upper > 3.0 && upper < 9.0, "{lower} {upper}");
        assert_eq!(quartiles(&[7.0]), (7.0, 7.0));
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        // The second round was slow for both, the third for one.
        assert!(is(median_ratio(&[2.0, 20.0, 9.0], &[1.0, 10.0, 1.0]), 2.0));
    }

    #[test]
    fn a_spread_is_the_largest_in_smallest() {
        assert!(is(spread([3.0, 2.0, 6.0]).unwrap(), 3.0) && is(spread([5.0]).unwrap(), 1.0));
        assert!(is(spread([f64::NAN, 2.0, 4.0]).unwrap(), 2.0), "what was not measured is not in it");
        assert_eq!(spread([]), None);
    }
}
