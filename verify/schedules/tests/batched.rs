//! What holds of the items of a `Batched`: threads that push while others end it.

use atomic_throttle::{Batched, Manual, Pending, Shutdown, Throttled, Timestamp};
use evidence::Guarantee::G3;
use schedules::{Tally, hold};
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use watchdog as _;

const PRODUCERS: usize = 3;
const ITEMS: usize = 3;
const WAYS: [Pending; 3] = [Pending::Finish, Pending::Flush, Pending::Discard];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pushed {
    Taken,
    GivenBack,
    /// Pushed while the throttle ended.
    Somewhere,
}

/// Pushes its items, and returns what became of each.
fn push(batched: &Batched<usize>, producer: usize) -> Vec<(usize, Pushed)> {
    let push = |item| match batched.trigger(item) {
        Ok(_) => Pushed::Taken,
        Err(rejected) => rejected.item.map_or(Pushed::Somewhere, |back| {
            assert_eq!(back, item);
            Pushed::GivenBack
        }),
    };
    (0..ITEMS).map(|number| producer * ITEMS + number).map(|item| (item, push(item))).collect()
}

fn is_in_order(received: &[usize]) -> bool {
    (0..PRODUCERS).all(|producer| received.iter().filter(|item| *item / ITEMS == producer).is_sorted())
}

/// Three threads push, and one ends it.
fn items_are_received_or_given_back(ended_meanwhile: &Tally) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&received);
    let batched = Throttled::builder(Duration::ZERO)
        .clock(Manual::new(Timestamp::from_nanos(100)))
        .spawn_batched(move |batch| sink.lock().expect("no panic").extend(batch))
        .expect("shuttle can start a thread");
    let pending = WAYS[thread_rng().gen_range(0..3)];
    let producers: Vec<_> = (0..PRODUCERS)
        .map(|producer| {
            let batched = batched.clone();
            thread::spawn(move || push(&batched, producer))
        })
        .collect();
    let shutdown = batched.throttled().shutdown(pending).expect("outside of the run");
    assert!(pending == Pending::Discard || shutdown != Shutdown::Discarded);
    let pushed: Vec<_> =
        producers.into_iter().flat_map(|producer| producer.join().expect("no panic")).collect();
    let received = received.lock().expect("no panic").clone();
    let remaining = batched.take_remaining();
    assert!(is_in_order(&received), "the items of a producer are out of order");
    ended_meanwhile.count_if(pushed.iter().any(|(_, pushed)| *pushed != Pushed::Taken));
    for (item, pushed) in pushed {
        let count = |items: &[usize]| items.iter().filter(|it| **it == item).count();
        let (runs, left) = (count(&received), count(&remaining));
        match pushed {
            Pushed::Taken => {
                assert_eq!(runs + left, 1, "G3: an item is lost, or doubled");
                assert!(
                    left == 0 || shutdown == Shutdown::Discarded,
                    "G3: a taken item is received by no run"
                );
            }
            Pushed::GivenBack => assert_eq!(runs + left, 0, "an item is given back, and kept"),
            Pushed::Somewhere => assert_eq!(runs + left, 1, "an item is lost, or doubled"),
        }
    }
}

#[test]
fn items_are_received_or_given_back_while_it_ends() {
    let claim = "3 threads push while a fourth ends it: each item is received, or given back, or remains";
    hold(&[G3], claim, items_are_received_or_given_back);
}
