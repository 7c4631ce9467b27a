//! Labels beside the ends of lines, as near to them as possible without covering each other.

/// Places labels that should be at `wanted`: at least `gap` apart, between `top` and `bottom`, in the same
/// order. If there are too many, the last ones go below the bottom.
pub(super) fn spread(wanted: &[f64], gap: f64, top: f64, bottom: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    // Labels that touch form a pile, which stands where its labels should be on average.
    let mut piles: Vec<Pile> = Vec::new();
    for label in order {
        let mut pile = Pile { labels: vec![label], firsts: wanted[label] };
        let touches = |above: &Pile, pile: &Pile| above.end(gap, top, bottom) > pile.first(gap, top, bottom);
        while let Some(above) = piles.pop() {
            if !touches(&above, &pile) {
                piles.push(above);
                break;
            }
            pile = above.on(pile, gap);
        }
        piles.push(pile);
    }
    let mut places = vec![0.0; wanted.len()];
    for pile in piles {
        let mut place = pile.first(gap, top, bottom);
        for label in pile.labels {
            places[label] = place;
            place += gap;
        }
    }
    places
}

struct Pile {
    labels: Vec<usize>,
    /// The sum of the places of the first label at which each label would be where it should.
    firsts: f64,
}

impl Pile {
    #[allow(clippy::cast_precision_loss, reason = "there are few labels")]
    fn height(&self, gap: f64) -> f64 {
        gap * self.labels.len() as f64
    }

    #[allow(clippy::cast_precision_loss, reason = "there are few labels")]
    fn first(&self, gap: f64, top: f64, bottom: f64) -> f64 {
        (self.firsts / self.labels.len() as f64).min(bottom + gap - self.height(gap)).max(top)
    }

    /// The first place for a label below this pile.
    fn end(&self, gap: f64, top: f64, bottom: f64) -> f64 {
        self.first(gap, top, bottom) + self.height(gap)
    }

    #[allow(clippy::cast_precision_loss, reason = "there are few labels")]
    fn on(mut self, below: Self, gap: f64) -> Self {
        self.firsts += below.firsts - self.height(gap) * below.labels.len() as f64;
        self.labels.extend(below.labels);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::spread;
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn those_that_have_room_stay() {
        assert_eq!(spread(&[50.0, 10.0, 90.0], 10.0, 0.0, 100.0), [50.0, 10.0, 90.0]);
        assert_eq!(spread(&[], 10.0, 0.0, 100.0), [0.0; 0]);
    }

    #[test]
    fn those_that_touch_are_around_where_they_would_be() {
        assert_eq!(spread(&[52.0, 48.0], 10.0, 0.0, 100.0), [55.0, 45.0]);
        assert_eq!(spread(&[0.0, 0.0, 100.0, 100.0], 10.0, 0.0, 100.0), [0.0, 10.0, 90.0, 100.0]);
    }

    #[test]
    fn no_two_touch_and_all_are_inside_in_their_order() {
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..2_000 {
            let labels = random.random_range(0..=18);
            let wanted: Vec<f64> = (0..labels).map(|_| random.random_range(0.0..=210.0)).collect();
            let places = spread(&wanted, 12.0, 0.0, 210.0);
            assert!(places.iter().all(|place| (-1e-9..=210.0 + 1e-9).contains(place)), "{wanted:?}");
            for (a, b) in (0..wanted.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
                let distance = places[a] - places[b];
                assert!(distance.abs() >= 12.0 - 1e-9, "{wanted:?}");
                assert!(
                    wanted[a].total_cmp(&wanted[b]).is_eq() || (wanted[a] > wanted[b]) == (distance > 0.0)
                );
            }
        }
    }
}
