//! Which key a call is on: each thread calls one key after the other.

/// The key of a thread's call with this number, of so many keys.
pub fn key_of(thread: usize, number: u64, keys: usize) -> usize {
    usize::try_from((number + thread as u64) % keys as u64).unwrap_or(0)
}

/// How many of a thread's calls up to this number are on `key`, of so many keys.
pub fn calls_on(key: usize, thread: usize, number: u64, keys: usize) -> u64 {
    let (key, thread, keys) = (key as u64, thread as u64, keys as u64);
    let turns_until = |turn: u64| (turn + keys - key) / keys;
    turns_until(thread + number) - turns_until(thread)
}

#[cfg(test)]
mod tests {
    use super::{calls_on, key_of};

    #[test]
    fn every_call_is_on_one_key_and_is_counted_there() {
        for (keys, thread) in [(1, 0), (1, 7), (3, 0), (3, 5), (40, 2), (40, 41)] {
            for number in 0..100 {
                for key in 0..keys {
                    let counted = (1..=number).filter(|&number| key_of(thread, number, keys) == key).count();
                    assert_eq!(
                        calls_on(key, thread, number, keys),
                        counted as u64,
                        "{keys} {thread} {number}"
                    );
                }
            }
        }
    }
}
