//! A register that fails on command.

use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{
    Mark, Memory, Reading, Register, RegisterError, RegisterErrorKind, Swap,
};
use std::sync::{Mutex, mpsc};

/// What happens to the next operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No operation is answered, and none happens.
    Unreachable,
    /// The next swaps, this many, happen and get no answer.
    SwapsUnanswered(u32),
    /// The next swaps, this many, do not happen and get no answer.
    SwapsLost(u32),
    /// Operations panic, which breaks the promise of a register.
    Panics,
}

/// A register that announces each read, and answers when it may.
#[derive(Debug)]
pub struct Slow {
    pub memory: Memory,
    pub reads: mpsc::SyncSender<()>,
    pub goes_on: Mutex<mpsc::Receiver<()>>,
}

impl Register for Slow {
    fn read(&self) -> Result<Reading, RegisterError> {
        let _ = self.reads.send(());
        let _ = self.goes_on.lock().unwrap().recv();
        self.memory.read()
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        self.memory.compare_and_swap(old, new, mark)
    }
}

#[derive(Debug, Default)]
pub struct Failing {
    memory: Memory,
    fault: Mutex<Option<Fault>>,
    announces: Mutex<Option<mpsc::Sender<()>>>,
}

impl Failing {
    pub fn set(&self, fault: Option<Fault>) {
        *self.fault.lock().unwrap() = fault;
    }

    pub fn fault(&self) -> Option<Fault> {
        *self.fault.lock().unwrap()
    }

    /// Each failure from now on.
    pub fn failures(&self) -> mpsc::Receiver<()> {
        let (announces, failures) = mpsc::channel();
        *self.announces.lock().unwrap() = Some(announces);
        failures
    }

    fn error(&self) -> RegisterError {
        if let Some(announces) = &*self.announces.lock().unwrap() {
            let _ = announces.send(());
        }
        RegisterError::new(RegisterErrorKind::Unreachable, &"failing".into())
    }
}

impl Register for Failing {
    fn read(&self) -> Result<Reading, RegisterError> {
        match self.fault() {
            Some(Fault::Unreachable) => Err(self.error()),
            Some(Fault::Panics) => panic!("a register that panics"),
            _ => self.memory.read(),
        }
    }

    fn compare_and_swap(&self, old: Cell, new: Cell, mark: Mark) -> Result<Swap, RegisterError> {
        let mut fault = self.fault.lock().unwrap();
        let left = |left: u32, fault: fn(u32) -> Fault| (left > 1).then(|| fault(left - 1));
        match *fault {
            None => self.memory.compare_and_swap(old, new, mark),
            Some(Fault::Unreachable) => Err(self.error()),
            Some(Fault::SwapsUnanswered(swaps)) => {
                *fault = left(swaps, Fault::SwapsUnanswered);
                let _ = self.memory.compare_and_swap(old, new, mark)?;
                Err(self.error())
            }
            Some(Fault::SwapsLost(swaps)) => {
                *fault = left(swaps, Fault::SwapsLost);
                Err(self.error())
            }
            Some(Fault::Panics) => panic!("a register that panics"),
        }
    }
}
