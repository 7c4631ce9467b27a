//! The basis of "all interleavings": with the atomics that the library takes from its `sync`, loom leaves out
//! no order. With loom's own atomics it does.
//!
//! The test runs all small programs in every order by hand, one access after the other. Loom must find
//! everything that the threads read then; it finds more, since it lets a load return an older value.

use atomic_throttle::hook::explored;
use evidence::{caught, deep};
use loom::sync::atomic::Ordering::{self, Relaxed};
use loom::thread;
use loom_tests::{Bound, search};
use std::collections::BTreeSet;
use std::slice::from_ref;
use std::sync::{Arc, Mutex};
use watchdog as _;

/// An access to the first or the second of two values.
#[derive(Clone, Copy, Debug)]
enum Access {
    Load(usize),
    Store(usize),
    Add(usize),
    /// A compare-and-swap that expects what this thread has read there before, or 0 if it has read nothing.
    Move(usize),
}

/// The accesses of one thread, one after the other.
type Script = Vec<Access>;

/// What each thread read, access by access.
type Reads = Vec<Vec<u64>>;

/// A value of a program.
trait Value: Send + Sync + 'static {
    fn new(value: u64) -> Self;
    fn load(&self, order: Ordering) -> u64;
    fn store(&self, value: u64, order: Ordering);
    fn fetch_add(&self, value: u64, order: Ordering) -> u64;
    fn compare_exchange_weak(&self, from: u64, to: u64, won: Ordering, lost: Ordering) -> Result<u64, u64>;
}

macro_rules! value {
    ($atomic:ty) => {
        impl Value for $atomic {
            fn new(value: u64) -> Self {
                Self::new(value)
            }
            fn load(&self, order: Ordering) -> u64 {
                self.load(order)
            }
            fn store(&self, value: u64, order: Ordering) {
                self.store(value, order);
            }
            fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
                self.fetch_add(value, order)
            }
            fn compare_exchange_weak(
                &self,
                from: u64,
                to: u64,
                won: Ordering,
                lost: Ordering,
            ) -> Result<u64, u64> {
                self.compare_exchange_weak(from, to, won, lost)
            }
        }
    };
}
value!(explored::AtomicU64);
value!(loom::sync::atomic::AtomicU64);

/// The amount by which a thread's writes change a value, so that each value shows who wrote before.
fn amount(thread: usize) -> u64 {
    1 << (8 * thread)
}

/// Performs the script of a thread.
fn perform<V: Value>(values: &[V; 2], thread: usize, script: &[Access]) -> Vec<u64> {
    let mut seen = [0; 2];
    let mut reads = Vec::new();
    for access in script {
        let (at, read) = match *access {
            Access::Load(at) => (at, values[at].load(Relaxed)),
            Access::Store(at) => {
                values[at].store(seen[at] + amount(thread), Relaxed);
                continue;
            }
            Access::Add(at) => (at, values[at].fetch_add(amount(thread), Relaxed)),
            Access::Move(at) => {
                let to = seen[at] + amount(thread);
                let found = values[at].compare_exchange_weak(seen[at], to, Relaxed, Relaxed);
                (at, found.unwrap_or_else(|found| found))
            }
        };
        seen[at] = read;
        reads.push(read);
    }
    reads
}

/// What the threads read in the executions that loom finds.
fn found_by_loom<V: Value>(program: &[Script]) -> BTreeSet<Reads> {
    let found = Arc::new(Mutex::new(BTreeSet::new()));
    let (found_in, program) = (Arc::clone(&found), program.to_vec());
    let executions = search(Bound::Exhaustive, move || {
        let values: Arc<[V; 2]> = Arc::new([V::new(0), V::new(0)]);
        let others: Vec<_> = (1..program.len())
            .map(|index| {
                let (values, script) = (Arc::clone(&values), program[index].clone());
                thread::spawn(move || perform(&values, index, &script))
            })
            .collect();
        let mut reads = vec![perform(&values, 0, &program[0])];
        reads.extend(others.into_iter().map(|other| other.join().expect("no panic")));
        found_in.lock().expect("no panic").insert(reads);
    });
    assert!(executions > 0);
    Arc::into_inner(found).expect("loom is done").into_inner().expect("no panic")
}

/// A program at some point of its execution, without loom.
#[derive(Clone)]
struct State {
    values: [u64; 2],
    seen: Vec<[u64; 2]>,
    next: Vec<usize>,
    reads: Reads,
}

impl State {
    fn of(threads: usize) -> Self {
        Self {
            values: [0; 2],
            seen: vec![[0; 2]; threads],
            next: vec![0; threads],
            reads: vec![vec![]; threads],
        }
    }

    fn step(&mut self, thread: usize, access: Access) {
        let (Access::Load(at) | Access::Store(at) | Access::Add(at) | Access::Move(at)) = access;
        let (value, seen) = (self.values[at], self.seen[thread][at]);
        match access {
            Access::Store(_) => self.values[at] = seen + amount(thread),
            Access::Add(_) => self.values[at] = value + amount(thread),
            Access::Move(_) if value == seen => self.values[at] = seen + amount(thread),
            Access::Load(_) | Access::Move(_) => {}
        }
        if !matches!(access, Access::Store(_)) {
            self.seen[thread][at] = value;
            self.reads[thread].push(value);
        }
        self.next[thread] += 1;
    }
}

/// What the threads read in each order of their accesses.
fn in_every_order(program: &[Script], state: &State, found: &mut BTreeSet<Reads>) {
    let mut is_over = true;
    for (thread, script) in program.iter().enumerate() {
        if let Some(access) = script.get(state.next[thread]) {
            is_over = false;
            let mut state = state.clone();
            state.step(thread, *access);
            in_every_order(program, &state, found);
        }
    }
    if is_over {
        found.insert(state.reads.clone());
    }
}

/// The number of programs for which loom misses something that the threads read in some order.
fn missed<V: Value>(programs: &[Vec<Script>]) -> usize {
    let misses = |program: &&Vec<Script>| {
        let mut reads = BTreeSet::new();
        in_every_order(program, &State::of(program.len()), &mut reads);
        !reads.is_subset(&found_by_loom::<V>(program))
    };
    programs.iter().filter(misses).count()
}

/// All scripts of this length on so many values.
fn scripts(length: usize, values: usize) -> Vec<Script> {
    let mut scripts = vec![vec![]];
    for _ in 0..length {
        let longer = |script: &Script| {
            let accesses = (0..values)
                .flat_map(|at| [Access::Load(at), Access::Store(at), Access::Add(at), Access::Move(at)]);
            accesses.map(|access| [&script[..], &[access]].concat()).collect::<Vec<_>>()
        };
        scripts = scripts.iter().flat_map(longer).collect();
    }
    scripts
}

/// All programs whose threads have so many accesses each.
fn programs_of(lengths: &[usize], values: usize) -> Vec<Vec<Script>> {
    lengths.iter().fold(vec![vec![]], |programs, length| {
        let scripts = scripts(*length, values);
        let with = |program: &Vec<Script>| {
            scripts.iter().map(|script| [&program[..], from_ref(script)].concat()).collect::<Vec<_>>()
        };
        programs.iter().flat_map(with).collect()
    })
}

#[test]
fn no_order_is_left_out() {
    let mut programs = programs_of(&[2, 3], 1);
    if deep() {
        programs
            .extend([programs_of(&[1, 1, 2], 1), programs_of(&[2, 2], 2), programs_of(&[3, 3], 1)].concat());
    }
    assert_eq!(missed::<explored::AtomicU64>(&programs), 0, "of {} programs", programs.len());
}

#[test]
fn with_the_atomics_of_loom_some_are_left_out() {
    let programs = programs_of(&[2, 2], 1);
    let missed = missed::<loom::sync::atomic::AtomicU64>(&programs);
    assert!(missed > 0, "of {} programs", programs.len());
    caught(
        "atomics that do not announce their loads",
        &format!("loom: orders are left out in {missed} of {} programs", programs.len()),
    );
}
