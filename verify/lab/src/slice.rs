//! The part of a storm that is drawn.

use crate::options::Options;
use crate::recorder::nanos;
use std::time::Duration;

/// How many windows are drawn.
const WINDOWS: u32 = 7;

/// The part of a storm that is drawn, known beforehand so that little has to be kept for it.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub from: u64,
    pub until: u64,
}

impl Slice {
    /// Each thread keeps at most one mark of a kind for each cell.
    pub const CELLS: u32 = 1200;

    /// The cell of a moment, `None` outside the slice.
    pub fn cell(self, moment: u64) -> Option<u32> {
        let length = self.until.checked_sub(self.from).filter(|&length| length > 0)?;
        let at = moment.checked_sub(self.from).filter(|&at| at < length)?;
        let cell = u128::from(at) * u128::from(Self::CELLS) / u128::from(length);
        u32::try_from(cell).ok()
    }
}

/// The slice in which there is something to see, of a storm that begins at `begin`.
pub fn choose(options: &Options, begin: u64) -> Slice {
    let window = options.threshold.max(options.run_time).saturating_mul(WINDOWS);
    #[allow(clippy::cast_precision_loss, reason = "at most 1024 threads")]
    let some_calls = options.rate.map_or(Ok(Duration::ZERO), |rate| {
        Duration::try_from_secs_f64(12.0 / (rate * options.threads() as f64))
    });
    // What comes after the storm until its last run is flushed belongs to it.
    let all = options.seconds.saturating_add(Duration::from_millis(1200));
    let length = window.max(some_calls.unwrap_or(all)).max(Duration::from_millis(10)).min(all);
    // The system needs a while to start all threads. A long slice shows that; a short one would show
    // nothing else.
    let from = if length < Duration::from_millis(50) {
        options.seconds.div_f64(4.0).min(Duration::from_millis(100))
    } else {
        Duration::ZERO
    };
    let from = begin.saturating_add(nanos(from));
    Slice { from, until: from.saturating_add(nanos(length)) }
}

#[cfg(test)]
mod tests {
    use super::Slice;

    #[test]
    fn cells_tile_the_slice() {
        let slice = Slice { from: 100, until: 100 + 2 * u64::from(Slice::CELLS) };
        assert_eq!(slice.cell(99), None);
        assert_eq!(slice.cell(100), Some(0));
        assert_eq!(slice.cell(102), Some(1));
        assert_eq!(slice.cell(slice.until - 1), Some(Slice::CELLS - 1));
        assert_eq!(slice.cell(slice.until), None);
        assert_eq!(Slice { from: 7, until: 7 }.cell(7), None);
    }
}
