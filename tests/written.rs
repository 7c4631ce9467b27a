//! What a new user writes compiles as it stands, and works.

#![allow(clippy::redundant_closure, reason = "as a new user writes it")]
#![allow(clippy::unnecessary_wraps, clippy::needless_pass_by_value, reason = "it stands for more")]

use atomic_throttle::{Batch, Failure, Retry, Throttled, ThrottledBuilder, Tokio};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use watchdog as _;

const FRAME: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_millis(2);
const MS_300: Duration = Duration::from_millis(3);
const MS_100: Duration = Duration::from_millis(1);
const MS_50: Duration = Duration::from_millis(5);
const SECS_30: Duration = Duration::from_millis(30);

static DONE: AtomicU64 = AtomicU64::new(0);

/// Neither `Debug` nor `Clone` nor `Sync`.
struct Frame(u64, std::cell::Cell<()>);

impl Frame {
    fn new(number: u64) -> Self {
        Self(number, std::cell::Cell::new(()))
    }
}

struct Row(u64);

struct Stats(u64);

impl Stats {
    fn add(&mut self, other: Self) {
        self.0 += other.0;
    }
}

/// Neither `Debug` nor `Clone`.
struct Status(u64);

#[derive(Clone)]
struct Client(Arc<AtomicU64>);

impl Client {
    async fn post(&self, status: &Status) -> io::Result<()> {
        tokio::task::yield_now().await;
        self.0.fetch_add(status.0, SeqCst);
        Ok(())
    }
}

fn reload_daemon() {
    DONE.fetch_add(1, SeqCst);
}

fn draw(frame: &Frame) {
    DONE.fetch_add(frame.0, SeqCst);
}

fn log(calls: u64) {
    DONE.fetch_add(calls, SeqCst);
}

fn insert(batch: &mut Batch<Row>) {
    DONE.fetch_add(batch.drain().map(|row| row.0).sum(), SeqCst);
}

fn send(stats: &Stats) {
    DONE.fetch_add(stats.0, SeqCst);
}

fn save() -> io::Result<()> {
    DONE.fetch_add(1, SeqCst);
    Ok(())
}

#[test]
fn on_threads() -> Result<(), Box<dyn std::error::Error>> {
    let reload = Throttled::spawn(Duration::from_secs(2), || reload_daemon());
    reload.trigger()?;

    let paint = Throttled::builder(FRAME).latest().spawn(|frame: &Frame| draw(frame))?;
    paint.trigger(Frame::new(1)).map_err(|rejected| rejected.reason)?;

    let counting = Throttled::builder(SECOND).counting().spawn(|calls: u64| log(calls))?;
    counting.trigger()?.wait()?;
    let rows = Throttled::builder(SECOND)
        .collecting()
        .capacity(10_000)
        .spawn(|batch: &mut Batch<Row>| insert(batch))?;
    rows.trigger(Row(1))?.wait()?;
    let stats = Throttled::builder(SECOND).merging(Stats::add).spawn(|stats: &Stats| send(stats))?;
    stats.trigger(Stats(1))?.wait()?;

    let _: ThrottledBuilder = Throttled::builder(SECOND).delay(SECOND);
    let _: ThrottledBuilder = Throttled::builder(SECOND).debounce(MS_300, SECS_30);
    let batches = Throttled::builder(SECOND)
        .collecting()
        .delay(MS_50)
        .enough(100)
        .spawn(|batch: &mut Batch<Row>| insert(batch))?;
    batches.trigger(Row(1))?.wait()?;

    let saving = Throttled::builder(SECOND)
        .retry(Retry::exponential(MS_100, SECS_30))
        .spawn(|| -> io::Result<()> { save() })?;
    saving.trigger()?.wait()?;
    drop((reload, paint));
    assert_eq!(DONE.load(SeqCst), 7);
    Ok(())
}

/// Closures without types, bare paths, setters before and after the payload, and a type that follows from `trigger` alone.
#[test]
fn types_are_inferred() -> Result<(), Box<dyn std::error::Error>> {
    let wait = Duration::from_millis(1);
    Throttled::builder(wait).counting().spawn(|calls| assert!(calls > 0))?.trigger()?.wait()?;
    Throttled::builder(wait)
        .name("rows")
        .collecting()
        .spawn(|batch: &mut Batch<_>| assert_eq!(batch.len(), 1))?
        .trigger(3_u8)?
        .wait()?;
    let seen = Throttled::builder(wait).latest().rest(wait).spawn(|value| assert_eq!(*value, 3_u8))?;
    seen.trigger(3)?.wait()?;
    Throttled::builder(wait)
        .merging(Stats::add)
        .spawn(|stats| assert_eq!(stats.0, 1))?
        .trigger(Stats(1))?
        .wait()?;
    Throttled::builder(wait).spawn(|| -> io::Result<()> { Err(io::Error::other("planted"))? })?;
    Throttled::builder(wait)
        .retry(Retry::by(|attempt, failure| (attempt < 3 && !failure.is_panic()).then_some(MS_100)))
        .on_error(|failure: &Failure| assert!(failure.attempt() > 0))
        .spawn(|| Err::<(), _>("planted"))?;
    Throttled::builder(wait)
        .spawn(|| Err::<(), Box<dyn std::error::Error + Send + Sync>>("planted".into()))?;
    Ok(())
}

/// Their closures return `!`.
#[test]
fn a_function_may_never_return() {
    drop(Throttled::builder(MS_50).spawn(|| panic!("never called")));
    drop(Throttled::builder(MS_50).spawn(|| unreachable!()));
    drop(Throttled::builder(MS_50).latest().spawn(|_: &u8| std::process::abort()));
}

#[tokio::test]
async fn in_tasks() -> Result<(), Box<dyn std::error::Error>> {
    let posted = Arc::new(AtomicU64::new(0));
    let client = Client(Arc::clone(&posted));
    let post = Throttled::builder(SECOND)
        .latest()
        .spawn_on(Tokio::current(), async move |status| client.post(&status).await)?;
    post.trigger(Status(1))?.await?;
    let owned = post.trigger(Status(10))?.into_owned();
    tokio::spawn(async move { owned.await }).await??;
    let ticket = post.trigger(Status(100))?;
    tokio::time::timeout(Duration::from_secs(60), ticket).await??;
    let ticket = post.trigger(Status(1000))?;
    tokio::select! {
        covered = ticket => covered?,
        () = std::future::pending() => unreachable!("the other ends"),
    }
    assert_eq!(posted.load(SeqCst), 1111);
    Ok(())
}
