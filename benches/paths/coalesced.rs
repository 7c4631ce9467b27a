//! A call while a run is pending: it returns at once, and the pending run sees what it wrote before.
//!
//! The yardstick is `fence + load`, the least that can promise this. A relaxed load cannot: it loses
//! updates, and stands here only as the floor. The mutexes and tokio's `Notify` promise visibility, too; a full
//! channel has it on x86-64 and promises it nowhere.

use atomic_throttle::gate::{Arrival, Gate};
use atomic_throttle::{Pending, Threshold, Throttle, Throttled, Timestamp};
use benches::Padded;
use benches::peers::BothEdges;
use benches::rows::rounds;
use criterion::Criterion;
use std::hint::black_box;
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;
use tokio::sync::Notify;

/// A threshold that is longer than any measurement.
const HOUR: Duration = Duration::from_secs(3600);

static THROTTLE: Padded<Throttle> = Padded(Throttle::new(HOUR));

pub fn bench(criterion: &mut Criterion) {
    let gate = Padded(Gate::new(Threshold::new(HOUR)));
    let gate = &black_box(&gate).0;
    let Arrival::Run(run) = gate.arrive(Timestamp::from_nanos(1)) else { panic!("nothing ran yet") };
    run.finish();
    let Arrival::Defer(deferral) = gate.arrive(Timestamp::from_nanos(2)) else { panic!("closed") };

    let throttle = &black_box(&THROTTLE).0;
    assert!(throttle.try_run(|| ()).is_ok());
    // The owner of the deferral waits in its call.
    let owner = thread::spawn(|| throttle.run(|| ()).ran());
    while !throttle.is_pending() {
        thread::yield_now();
    }

    let throttled =
        Throttled::builder(HOUR).pending_on_drop(Pending::Discard).spawn(|| ()).expect("a thread");
    throttled.trigger().expect("it goes on").wait().expect("it completes");
    throttled.trigger().expect("it goes on");
    let background = black_box(&throttled);

    let std_mutex: Padded<BothEdges> = Padded(BothEdges::new(HOUR));
    let std_mutex = &black_box(&std_mutex).0;
    std_mutex.defer();
    let parking_lot: Padded<BothEdges<parking_lot::Mutex<_>>> = Padded(BothEdges::new(HOUR));
    let parking_lot = &black_box(&parking_lot).0;
    parking_lot.defer();

    // A channel of capacity 1 to a worker is full while a request is pending.
    let (sender, receiver) = crossbeam_channel::bounded(1);
    sender.send(()).expect("the receiver lives");
    let sender = black_box(&sender);
    let (std_sender, std_receiver) = sync_channel(1);
    std_sender.send(()).expect("the receiver lives");
    let std_sender = black_box(&std_sender);
    // It also remembers one request, and wakes no thread while none waits.
    let notify = Padded(Notify::new());
    let notify = &black_box(&notify).0;
    notify.notify_one();

    rounds(criterion, "coalesced", |rows| {
        rows.references();
        rows.row_and_contended("Gate::coalesce", move || gate.coalesce().is_some());
        rows.row_and_contended("Throttle::run", move || throttle.run(|| ()).ran());
        rows.row_and_contended("Throttled::trigger", move || background.trigger().is_ok());
        rows.row_and_contended("std Mutex", move || std_mutex.run(|| ()));
        rows.row_and_contended("parking_lot Mutex", move || parking_lot.run(|| ()));
        rows.row_and_contended("tokio Notify::notify_one", move || notify.notify_one());
        rows.row_and_contended("crossbeam channel, full", move || sender.try_send(()).is_ok());
        rows.row_and_contended("std channel, full", move || std_sender.try_send(()).is_ok());
    });

    drop((deferral, receiver, std_receiver));
    throttle.cancel();
    assert!(!owner.join().expect("the owner returns"), "the deferral was cancelled");
}
