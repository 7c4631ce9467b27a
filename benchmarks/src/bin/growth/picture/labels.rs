//! Names at the ends of lines, moved apart where they would overlap.

/// Where the names stand that should stand at `wanted`: each at least `apart` from the next, in the same order, none
/// above `top` or below `bottom` as long as there is room.
pub fn apart(wanted: &[i32], apart: i32, top: i32, bottom: i32) -> Vec<i32> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|place| wanted[*place]);
    let mut at = wanted.to_vec();
    let mut least = top;
    for place in &order {
        at[*place] = at[*place].max(least);
        least = at[*place] + apart;
    }
    let mut most = bottom;
    for place in order.iter().rev() {
        at[*place] = at[*place].min(most);
        most = at[*place] - apart;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn names_that_do_not_touch_stay() {
        assert_eq!(apart(&[50, 10, 90], 15, 0, 100), [50, 10, 90]);
    }

    #[test]
    fn names_that_would_overlap_move_apart() {
        let at = apart(&[50, 52, 51], 15, 0, 100);
        assert_eq!(at, [50, 80, 65]);
        assert_eq!(apart(&[98, 99], 15, 0, 100), [85, 100], "none leaves the panel");
    }
}
