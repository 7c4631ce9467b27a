//! What the languages of the simulator have in common.

use crate::order::Order;
use crate::thread::{Action, Dependency};

/// An access that the writer of a thread has made ready.
pub(super) struct Access<'a> {
    pub(super) order: Order,
    /// Where: a register, or the name of the location.
    pub(super) address: &'a str,
    /// The number of the read in its thread.
    pub(super) read: usize,
    /// The number of the read on which the value depends that is written.
    pub(super) depends: Option<usize>,
}

/// A language of the simulator: an assembler, or C.
pub(super) trait Dialect {
    fn name(&self) -> &'static str;
    /// The register that holds the address of a location; none if it goes by its name.
    fn address_of(&self, location: usize) -> Option<String>;
    /// The name of what a read found.
    fn found(&self, read: usize) -> String;
    /// The name of the answer of a conditional store, if the read-modify-write has one: 0 if it succeeded.
    fn status(&self, read: usize) -> Option<String>;
    /// Computes an address that depends on a read: the name of the address, and how.
    fn depending(&self, address: &str, read: usize) -> (String, Vec<String>);
    /// A branch on a read, over nothing.
    fn branch(&self, read: usize, label: &str) -> Vec<String>;
    fn fence(&self, order: Order) -> Vec<String>;
    fn load(&self, access: &Access) -> Vec<String>;
    fn store(&self, access: &Access, value: u64) -> Vec<String>;
    fn add(&self, access: &Access, value: u64) -> Vec<String>;
    fn exchange(&self, access: &Access, value: u64) -> Vec<String>;
    /// A compare-and-swap, if the dialect has it. `values` are what it expects and what it writes,
    /// `failure` is the order where it fails, and `label` is free.
    fn compare(&self, access: &Access, values: [u64; 2], failure: Order, label: &str) -> Option<Vec<String>>;
    /// All threads beside each other.
    fn body(&self, texts: &[Text], locations: usize) -> String;
}

/// A thread in a dialect.
#[derive(Default)]
pub(super) struct Text {
    pub(super) lines: Vec<String>,
    /// What its reads found, by name.
    pub(super) reads: Vec<String>,
    /// The answers of its conditional stores, by name.
    pub(super) statuses: Vec<String>,
}

impl Text {
    /// `None` if the dialect lacks what the thread does.
    pub(super) fn of(dialect: &dyn Dialect, thread: usize, actions: &[Action]) -> Option<Self> {
        let mut text = Self::default();
        let (mut addressed, mut computed) = (None, None);
        for (number, action) in actions.iter().enumerate() {
            let label = &format!("L{thread}{number:02}");
            if let Action::Depend { how } = *action {
                let last = text.reads.len().checked_sub(1).expect("a read to depend on");
                match how {
                    Dependency::Address => addressed = Some(last),
                    Dependency::Data => computed = Some(last),
                    Dependency::Control => text.lines.extend(dialect.branch(last, label)),
                }
                continue;
            }
            if let Action::Fence { order } = *action {
                text.lines.extend(dialect.fence(order));
                continue;
            }
            let location = action.writes().or(action.reads()).expect("an access");
            let mut address = dialect.address_of(location.0).unwrap_or_else(|| super::name(location.0));
            if let Some(read) = addressed.take() {
                let (depending, lines) = dialect.depending(&address, read);
                text.lines.extend(lines);
                address = depending;
            }
            text.access(dialect, action, label, &address, &mut computed)?;
        }
        Some(text)
    }

    fn access(
        &mut self,
        dialect: &dyn Dialect,
        action: &Action,
        label: &str,
        address: &str,
        computed: &mut Option<usize>,
    ) -> Option<()> {
        let read = self.reads.len();
        let depends = action.writes().and_then(|_| computed.take());
        let access = |order| Access { order, address, read, depends };
        let lines = match *action {
            Action::Load { order, .. } => dialect.load(&access(order)),
            Action::Store { value, order, .. } => dialect.store(&access(order), value),
            Action::Add { value, order, .. } => dialect.add(&access(order), value),
            Action::Exchange { value, order, .. } => dialect.exchange(&access(order), value),
            Action::CompareExchange { expected, new, success, failure, .. } => {
                dialect.compare(&access(success), [expected, new], failure, label)?
            }
            Action::Fence { .. } | Action::Depend { .. } => unreachable!("they are no accesses"),
        };
        self.lines.extend(lines);
        if action.reads().is_some() {
            self.reads.push(dialect.found(read));
            let updates = action.writes().is_some();
            self.statuses.extend(dialect.status(read).filter(|_| updates));
        }
        Some(())
    }
}

/// The threads as columns of a table, as the simulator has assembler.
pub(super) fn table(texts: &[Text]) -> String {
    let line = |cells: Vec<String>| format!(" {} ;", cells.join(" | "));
    let head = line((0..texts.len()).map(|thread| format!("P{thread}")).collect());
    let most = texts.iter().map(|text| text.lines.len()).max().unwrap_or(0);
    let cell = |text: &Text, number| text.lines.get(number).cloned().unwrap_or_default();
    let lines = (0..most).map(|number| line(texts.iter().map(|text| cell(text, number)).collect()));
    std::iter::once(head).chain(lines).collect::<Vec<_>>().join("\n")
}
