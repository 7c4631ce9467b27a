//! What holds of a `ClusterThrottled` under every schedule. The file that declares this module says what
//! `subject` is: the package, or its sources with a planted fault.

use crate::scene::{FOREVER, LONG, Scene, Trouble, WINDOW};
use crate::subject::{ClusterThrottled, Run, WaitError};
use schedules::Tally;
use shuttle::rand::{Rng, thread_rng};
use shuttle::thread::{self, JoinHandle};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

fn threads<const N: usize>(f: impl Fn() + Clone + Send + 'static) -> [JoinHandle<()>; N] {
    [(); N].map(|()| thread::spawn(f.clone()))
}

/// Threads, each with a handle of its own.
fn threads_with(
    throttled: &ClusterThrottled,
    f: impl Fn(ClusterThrottled) -> u64 + Clone + Send + 'static,
) -> [JoinHandle<u64>; 3] {
    [(); 3].map(|()| {
        let (throttled, f) = (throttled.clone(), f.clone());
        thread::spawn(move || f(throttled))
    })
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
}

fn end(throttled: &ClusterThrottled) {
    assert!(throttled.shutdown(FOREVER).is_ok(), "it ends when all is covered");
    assert!(throttled.trigger().is_err(), "no run is promised after the end");
}

/// Two callers in each of two processes; each waits for its calls. Returns the least number of runs that a
/// process has had.
fn two_processes(scene: &Scene) -> u64 {
    let processes = [(); 2].map(|()| scene.process(LONG, |_| ()));
    let callers = processes.clone().map(|throttled| {
        let scene = scene.clone();
        threads::<2>(move || (0..2).for_each(|_| scene.call(&throttled)))
    });
    join(callers.into_iter().flatten());
    processes.iter().for_each(end);
    scene.check();
    processes.iter().map(|process| process.status().runs).min().unwrap_or_default()
}

pub fn calls_are_covered(met: &Tally) {
    let scene = Scene::new(Trouble::Nothing);
    met.count_if(two_processes(&scene) > 0);
}

/// A process has died and left a pending run; one that nobody calls performs it, and then does nothing more.
pub fn an_idle_process_runs_for_the_dead(met: &Tally) {
    let scene = Scene::new(Trouble::Nothing);
    scene.leave_a_pending_run();
    let (begins, begun) = shuttle::sync::mpsc::channel();
    let idle = scene.idle_process(LONG, move |_| begins.send(()).expect("somebody waits"));
    let in_time = thread_rng().r#gen::<bool>();
    if in_time {
        begun.recv().expect("C6: it runs");
    }
    end(&idle);
    scene.check();
    let runs = idle.status().runs;
    assert!(runs <= 1 && (runs == 1 || !in_time), "C6: {runs} runs");
    met.count_if(in_time);
}

pub fn a_register_that_fails_loses_no_call(met: &Tally) {
    let scene = Scene::new(Trouble::Fails);
    met.count_if(two_processes(&scene) > 0);
}

pub fn a_run_that_outlasts_its_lease_loses_no_call(met: &Tally) {
    let scene = Scene::new(Trouble::Supersedes);
    let (seen, met) = (Tally::new(), met.clone());
    let superseded = seen.clone();
    let long = move |run: &Run<'_>| {
        // Long enough for the other process to wait until the lease is over, and to start.
        while thread_rng().gen_range(0..16) > 0 {
            thread::yield_now();
        }
        superseded.count_if(run.is_current().is_ok_and(|is_current| !is_current));
    };
    let processes = [(); 2].map(|()| scene.process(WINDOW, long.clone()));
    let callers = processes.clone().map(|throttled| {
        let scene = scene.clone();
        thread::spawn(move || (0..2).for_each(|_| scene.call(&throttled)))
    });
    join(callers);
    processes.iter().for_each(end);
    scene.check();
    met.count_if(seen.total() > 0);
}

/// Threads call while another one ends the throttle: a call that was taken is covered, and one that was not is
/// refused.
pub fn an_end_leaves_nothing(met: &Tally) {
    let scene = Scene::new(Trouble::Nothing);
    let throttled = scene.process(LONG, |_| ());
    let callers = threads::<3>({
        let (scene, throttled, met) = (scene.clone(), throttled.clone(), met.clone());
        move || {
            for _ in 0..2 {
                let before = scene.started();
                match throttled.trigger() {
                    Ok(ticket) => {
                        assert!(ticket.wait_for(FOREVER).is_ok(), "C3: taken, and never covered");
                        assert!(scene.is_covered(before), "C3: covered by no run");
                    }
                    Err(_) => met.count(),
                }
            }
        }
    });
    end(&throttled);
    join(callers);
    scene.check();
}

/// The thread that ends the throttle.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Another,
    TheRun,
    /// The hook that hears of a register which does not answer.
    TheHook,
}

/// Three threads that call twice and wait. At the end of the throttle, at the latest, each learns of that end.
fn callers_until_the_end(scene: &Scene, throttled: &ClusterThrottled, told: &Tally) -> [JoinHandle<()>; 3] {
    let (scene, throttled, told) = (scene.clone(), throttled.clone(), told.clone());
    threads(move || {
        for _ in 0..2 {
            let before = scene.started();
            let Ok(ticket) = throttled.trigger() else { continue };
            match ticket.wait_for(FOREVER) {
                Ok(()) => assert!(scene.is_covered(before), "C3: covered by no run"),
                Err(WaitError::Ended) => told.count(),
                Err(other) => panic!("{other}"),
            }
        }
    })
}

/// The thread takes each of these calls, unless it has closed.
fn call_until_the_end(throttled: &ClusterThrottled) {
    while throttled.trigger().is_ok() {
        thread::yield_now();
    }
}

pub fn a_register_that_panics_leaves_nobody_waiting(met: &Tally) {
    let scene = Scene::new(Trouble::Breaks);
    let throttled = scene.process(LONG, |_| ());
    let callers = callers_until_the_end(&scene, &throttled, met);
    call_until_the_end(&throttled);
    join(callers);
    scene.check();
}

/// A function holds this. Its drop waits for all threads that wait for a call. Shuttle does not see the lock,
/// so nothing of the model is done while it is held.
struct WaitsFor(Arc<Mutex<Vec<JoinHandle<()>>>>);

impl Drop for WaitsFor {
    fn drop(&mut self) {
        let callers = std::mem::take(&mut *self.0.lock().expect("no panic"));
        join(callers);
    }
}

/// The same where the end does not wait for what is owed: then waiting threads learn of the end, before what
/// the function holds is dropped.
pub fn an_end_at_its_limit_leaves_nobody_waiting(met: &Tally) {
    let by = [By::Another, By::TheRun, By::TheHook][thread_rng().gen_range(0..3)];
    let limit = if thread_rng().r#gen() { WINDOW / 2 } else { Duration::ZERO };
    let scene = Scene::new(if by == By::TheHook { Trouble::Fails } else { Trouble::Nothing });
    let itself = Arc::new(OnceLock::<ClusterThrottled>::new());
    let ends = |who| {
        let itself = Arc::clone(&itself);
        move || {
            if let Some(throttled) = itself.get().filter(|_| by == who) {
                let _ = throttled.shutdown(limit);
            }
        }
    };
    let in_a_run = ends(By::TheRun);
    let callers = Arc::default();
    let held = WaitsFor(Arc::clone(&callers));
    let run = move |_: &Run<'_>| {
        let _ = &held;
        in_a_run();
    };
    let throttled = scene.process_that_hears_of_errors(LONG, run, ends(By::TheHook));
    assert!(itself.set(throttled.clone()).is_ok());
    let three = callers_until_the_end(&scene, &throttled, met);
    callers.lock().expect("no panic").extend(three);
    let before = scene.started();
    let is_taken = throttled.trigger().is_ok();
    if by == By::Another {
        let ended = throttled.shutdown(limit);
        assert!(throttled.trigger().is_err(), "C3: taken by one that has ended");
        let is_covered = scene.is_covered(before);
        assert!(!is_taken || ended.is_err() || is_covered, "C3: the end says that all is covered");
    } else {
        call_until_the_end(&throttled);
    }
    let left = std::mem::take(&mut *callers.lock().expect("no panic"));
    join(left);
    scene.check();
}

/// Runs panic, call, wait and ask for another one, and the callers drop their handles.
pub fn a_run_may_do_everything(met: &Tally) {
    let scene = Scene::new(Trouble::Panics);
    let itself = Arc::new(OnceLock::<ClusterThrottled>::new());
    let inside = Arc::clone(&itself);
    let throttled = scene.process(LONG, {
        let (scene, met) = (scene.clone(), met.clone());
        move |run| match (thread_rng().gen_range(0..6), inside.get()) {
            (0, _) => _ = run.again(),
            (1, Some(throttled)) => _ = throttled.trigger().is_ok(),
            (2, Some(throttled)) => {
                // The call is refused if the throttle is being ended.
                let Ok(ticket) = throttled.trigger() else { return };
                let is_told = matches!(ticket.wait_for(FOREVER), Err(WaitError::InsideRun));
                scene.complain_unless(is_told, "a run waits for the one after it");
                met.count();
            }
            _ => {}
        }
    });
    assert!(itself.set(throttled.clone()).is_ok());
    let callers = threads::<2>({
        let (scene, throttled) = (scene.clone(), throttled.clone());
        move || (0..2).for_each(|_| scene.call(&throttled))
    });
    drop(throttled);
    join(callers);
    end(itself.get().expect("it was set"));
    scene.check();
}

/// The last handle is dropped while calls are owed.
pub fn a_drop_leaves_nothing(met: &Tally) {
    let scene = Scene::new(Trouble::Nothing);
    let callers = threads_with(&scene.process(LONG, |_| ()), {
        let (scene, met) = (scene.clone(), met.clone());
        move |throttled: ClusterThrottled| {
            for _ in 0..2 {
                met.count_if(throttled.trigger().is_ok_and(|ticket| !ticket.is_covered()));
            }
            let before = scene.started();
            assert!(throttled.trigger().is_ok(), "nobody ends it");
            before
        }
    });
    let before = callers.map(|caller| caller.join().expect("no panic"));
    // The drop of the last handle, in any thread, has waited.
    assert!(before.iter().all(|before| scene.is_covered(*before)), "C3: covered by no run");
    scene.check();
}
