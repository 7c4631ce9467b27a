//! Which calls each run was to cover, as their promises say.

use super::History;
use crate::record::Promise;

/// The last call of a caller before the run, and the first since the run before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub thread: usize,
    pub number: u64,
    pub first_at: u64,
    pub latest_at: u64,
    pub returned_at: u64,
}

impl History<'_> {
    /// For each run, in `order`, and last for the run that never came.
    pub(super) fn asked(&self, order: &[usize]) -> Vec<Vec<Asked>> {
        let mut asked: Vec<Vec<Asked>> = vec![Vec::new(); order.len() + 1];
        for testimony in self.testimonies {
            for &Promise { after, number, first_at, latest_at, returned_at, .. } in &testimony.promises {
                let next = order.partition_point(|&index| self.log.runs()[index].stamp <= after);
                let thread = testimony.thread;
                match asked[next].last_mut() {
                    // Calls that coalesced and one that started the run itself are promised it by different epochs.
                    Some(last) if last.thread == thread => {
                        *last = Asked { number, latest_at, returned_at, ..*last };
                    }
                    _ => asked[next].push(Asked { thread, number, first_at, latest_at, returned_at }),
                }
            }
        }
        asked
    }
}
