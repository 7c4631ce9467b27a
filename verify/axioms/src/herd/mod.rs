//! Puts a program to `herd7`, the simulator of the authors of such models, which has its own text of each of them:
//! <https://github.com/herd/herdtools7>. It shares nothing with this crate, so an axiom that we misread shows.
//!
//! Only programs without branches can be put to it: what a thread does must not depend on what it reads.

mod armv8;
mod dialect;
mod language;
mod riscv;

use crate::judgement::FinalState;
use crate::model::{Model, Rules};
use crate::program::Program;
use crate::thread::{Action, Seen};
use dialect::{Dialect, Text};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, process};

impl Program {
    /// The outcomes that `herd7` finds by its own text of `model`. `None` if it has none, if what a thread does depends
    /// on what it reads, or if a compare-and-swap is to be judged by the language.
    ///
    /// # Errors
    ///
    /// `herd7` is not in the path, or has refused the program: why.
    pub fn ask_herd(&self, model: Model) -> Result<Option<BTreeSet<FinalState>>, String> {
        let Some((dialect, arguments)) = dialect_of(model) else { return Ok(None) };
        let threads: Option<Vec<_>> = (0..self.threads()).map(|thread| self.straight(thread)).collect();
        let Some(threads) = threads else { return Ok(None) };
        let Some(texts) = texts(&*dialect, &threads) else { return Ok(None) };
        let output = run(&litmus(&*dialect, &self.initial, &texts), arguments)?;
        let states = output.lines().skip_while(|line| !line.starts_with("States ")).skip(1);
        let states = states.take_while(|line| line.contains('=')).filter(|state| all_stored(state, &texts));
        let outcomes = states.map(|state| self.outcome(state, &threads, &texts));
        let outcomes: BTreeSet<_> = outcomes.collect::<Option<_>>().ok_or_else(|| output.clone())?;
        if outcomes.is_empty() { Err(output) } else { Ok(Some(outcomes)) }
    }

    /// What a thread does, if that does not depend on what it reads.
    fn straight(&self, thread: usize) -> Option<Vec<Action>> {
        let of = |value| {
            let mut seen = Vec::new();
            loop {
                let unfolding = self.unfold(thread, &seen);
                if unfolding.has_ended() {
                    return unfolding;
                }
                let asked = unfolding.actions.last().expect("only a read stops a thread");
                seen.extend(asked.answers(value, false).first());
            }
        };
        let first = of(0);
        let same = (1..VALUES).all(|value| of(value).actions == first.actions);
        (same && first.panicked.is_none()).then(|| first.actions.clone())
    }

    /// The outcome that a state is. `None` if a value is missing.
    fn outcome(&self, state: &str, threads: &[Vec<Action>], texts: &[Text]) -> Option<FinalState> {
        let mut returned = Vec::new();
        for (thread, (actions, text)) in threads.iter().zip(texts).enumerate() {
            let reads = actions.iter().filter(|action| action.reads().is_some());
            let seen = reads.zip(&text.reads).map(|(action, name)| {
                action.answers(value(state, &format!("{thread}:{name}"))?, false).first().copied()
            });
            let unfolding = self.unfold(thread, &seen.collect::<Option<Vec<Seen>>>()?);
            assert_eq!(&unfolding.actions, actions, "what thread {thread} does depends on what it reads");
            returned.push(unfolding.end());
        }
        let memory = (0..self.initial.len()).map(|location| value(state, &format!("[{}]", name(location))));
        Some(FinalState { threads: returned, memory: memory.collect::<Option<_>>()? })
    }
}

/// A value of a state, as in `0:X1=1; [m0]=2;`.
fn value(state: &str, name: &str) -> Option<u64> {
    let mut parts = state.split(';').map(str::trim);
    parts.find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
}

/// Whether no conditional store has failed.
fn all_stored(state: &str, texts: &[Text]) -> bool {
    texts.iter().enumerate().all(|(thread, text)| {
        text.statuses.iter().all(|status| value(state, &format!("{thread}:{status}")) == Some(0))
    })
}

/// So many values are tried for a branch. One on another value is noticed when an outcome is read.
const VALUES: u64 = 16;

/// The threads in the dialect, if it has what they do.
fn texts(dialect: &dyn Dialect, threads: &[Vec<Action>]) -> Option<Vec<Text>> {
    threads.iter().enumerate().map(|(thread, actions)| Text::of(dialect, thread, actions)).collect()
}

/// The name of a location.
fn name(location: usize) -> String {
    format!("m{location}")
}

fn dialect_of(model: Model) -> Option<(Box<dyn Dialect>, &'static [&'static str])> {
    if model.is_faulty() {
        return None;
    }
    match model.rules() {
        Rules::Language { same_thread_continues_a_release: true, .. } => {
            Some((Box::new(language::Language), &["-model", "rc11.cat"]))
        }
        Rules::Language { .. } => None,
        Rules::Armv8 { one_instruction } => Some((Box::new(armv8::Armv8 { one_instruction }), &[])),
        Rules::Riscv { one_instruction } => Some((Box::new(riscv::Riscv { one_instruction }), &[])),
    }
}

/// The whole test, as `herd7` reads it.
fn litmus(dialect: &dyn Dialect, initial: &[u64], texts: &[Text]) -> String {
    let mut begin = String::new();
    for (location, value) in initial.iter().enumerate() {
        let _ = write!(begin, "{}={value}; ", name(location));
        for thread in 0..texts.len() {
            if let Some(register) = dialect.address_of(location) {
                let _ = write!(begin, "{thread}:{register}={}; ", name(location));
            }
        }
    }
    let threads = texts.iter().enumerate();
    let asked = threads.flat_map(|(thread, text)| {
        text.reads.iter().chain(&text.statuses).map(move |register| format!("{thread}:{register};"))
    });
    let asked: String =
        asked.chain((0..initial.len()).map(|location| format!("{};", name(location)))).collect();
    let body = dialect.body(texts, initial.len());
    format!("{} row\n{{ {begin}}}\n{body}\nlocations [{asked}]\nforall (true)\n", dialect.name())
}

fn run(test: &str, arguments: &[&str]) -> Result<String, String> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = env::temp_dir().join(format!("axioms-{}-{number}.litmus", process::id()));
    fs::write(&path, test).map_err(|why| format!("{}: {why}", path.display()))?;
    let output = Command::new("herd7").args(arguments).arg(&path).output();
    let _ = fs::remove_file(&path);
    let output = output.map_err(|why| format!("herd7: {why}"))?;
    if output.status.success() && output.stderr.is_empty() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("herd7: {}\n{test}", String::from_utf8_lossy(&output.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order::{Acquire, Relaxed, Release};

    fn passing() -> Program {
        let mut program = Program::new();
        let (x, y) = (program.location(0), program.location(0));
        program.thread(move |t| {
            t.store(x, 1, Relaxed);
            t.store(y, 1, Release);
            []
        });
        program.thread(move |t| [t.load(y, Acquire), t.load(x, Relaxed)]);
        program
    }

    fn text(program: &Program, model: Model) -> String {
        let (dialect, _) = dialect_of(model).unwrap();
        let threads: Vec<_> =
            (0..program.threads()).map(|thread| program.straight(thread).unwrap()).collect();
        litmus(&*dialect, &program.initial, &texts(&*dialect, &threads).unwrap())
    }

    #[test]
    fn a_program_is_written_in_each_dialect() {
        let of = |model| text(&passing(), model);
        for line in ["MOV W6,#1", "STR W6,[X20]", "STLR W6,[X21]", "LDAPR W0,[X21]", "LDR W1,[X20]"] {
            assert!(of(Model::ARMV8).contains(line), "{line}: {}", of(Model::ARMV8));
        }
        for line in ["ori x12,x0,1", "sw x12,0(x24)", "fence rw,w", "lw x5,0(x25)", "fence r,rw"] {
            assert!(of(Model::RISCV).contains(line), "{line}: {}", of(Model::RISCV));
        }
        let stored = "atomic_store_explicit(m1,1,memory_order_release);";
        assert!(of(Model::RC11).contains(stored), "{}", of(Model::RC11));
    }

    #[test]
    fn a_state_is_an_outcome() {
        let program = passing();
        let (dialect, _) = dialect_of(Model::ARMV8).unwrap();
        let threads: Vec<_> = (0..2).map(|thread| program.straight(thread).unwrap()).collect();
        let texts = texts(&*dialect, &threads).unwrap();
        let read = |line| program.outcome(line, &threads, &texts);
        let outcome = FinalState { threads: vec![vec![], vec![1, 0]], memory: vec![1, 1] };
        assert_eq!(read("1:X0=1; 1:X1=0; [m0]=1; [m1]=1;"), Some(outcome));
        assert_eq!(read("1:X0=1; [m0]=1; [m1]=1;"), None);
    }

    #[test]
    fn a_conditional_store_that_failed_ends_no_execution() {
        let mut program = Program::new();
        let x = program.location(0);
        program.thread(move |t| [t.fetch_add(x, 1, Relaxed)]);
        let (dialect, _) = dialect_of(Model::ARMV8).unwrap();
        let texts = texts(&*dialect, &[program.straight(0).unwrap()]).unwrap();
        assert_eq!(texts[0].statuses, ["X10"]);
        assert!(all_stored("0:X0=0; 0:X10=0; [m0]=1;", &texts));
        assert!(!all_stored("0:X0=0; 0:X10=1; [m0]=0;", &texts));
    }

    #[test]
    fn a_program_with_a_branch_is_not_asked() {
        let mut program = Program::new();
        let x = program.location(0);
        program.thread(move |t| {
            if t.load(x, Relaxed) == 0 {
                t.store(x, 1, Relaxed);
            }
            []
        });
        assert!(program.straight(0).is_none());
        assert!(passing().straight(0).is_some());
    }
}
