//! What bytes mean in every input.

use reference::MAX;
use std::time::Duration;

/// A byte of a set-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Byte {
    /// A threshold. A property test takes one of those below [`SHORT`](Self::SHORT): among longer ones most windows
    /// would never end.
    Threshold,
    Any,
}

impl Byte {
    /// Most times in an operation are below it, too.
    pub const SHORT: u8 = 24;
}

/// Mostly small times, and each edge of the range.
pub fn interesting(value: u8) -> u64 {
    match value {
        0..=239 => u64::from(value % Byte::SHORT),
        240..=243 => 1 << (8 * (value - 239)),
        244 => MAX / 2,
        245..=249 => MAX - u64::from(value - 245),
        _ => MAX,
    }
}

/// As `interesting`, and beyond the range of a threshold.
pub fn any_threshold(value: u8) -> Duration {
    match value {
        255 => Duration::MAX,
        192..=254 => Duration::from_nanos(MAX + 1 + u64::from(value - 192)),
        _ => Duration::from_nanos(interesting(value)),
    }
}

/// The numbers that the input begins with.
pub fn numbers<const N: usize>(input: &[u8]) -> Option<[u64; N]> {
    let mut numbers = [0; N];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = u64::from_le_bytes(*input.get(8 * index..)?.first_chunk()?);
    }
    Some(numbers)
}
