//! Does several pieces of work at the same time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work of each item, as many at a time as there are processors. The results keep the order; on
/// failure `Err` has the first error, after all have ended.
pub fn each<I: Sync, T: Send>(
    items: &[I],
    work: impl Fn(&I) -> Result<T, String> + Sync,
) -> Result<Vec<T>, String> {
    at_most(usize::MAX, items, work)
}

/// As [`each`], but never more than `most` at a time: for work that needs much memory.
pub fn at_most<I: Sync, T: Send>(
    most: usize,
    items: &[I],
    work: impl Fn(&I) -> Result<T, String> + Sync,
) -> Result<Vec<T>, String> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, usize::from).min(most);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_done_once_and_in_order() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(each(&items, |item| Ok(item * 2)), Ok(items.iter().map(|item| item * 2).collect()));
    }

    #[test]
    fn an_error_is_not_lost() {
        let items: Vec<usize> = (0..100).collect();
        let work = |item: &usize| if *item == 70 { Err("70".to_owned()) } else { Ok(*item) };
        assert_eq!(each(&items, work), Err("70".to_owned()));
    }
}
