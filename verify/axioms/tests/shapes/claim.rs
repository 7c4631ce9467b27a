//! What is claimed of a shape, and how it is judged by every model.

use axioms::Order::{self, AcqRel, Acquire, Release, SeqCst};
use axioms::{Candidates, FinalState, Judgement, Model, Program};
use evidence::{Check, Guarantee};
use std::collections::BTreeSet;

/// Returned in place of a value if a move failed although no other thread moves the word. Some candidates do
/// return it; the model allows none of them.
pub const NEVER: u64 = 99;

/// The claim about a shape.
pub struct Claim<'c> {
    pub guarantees: &'static [Guarantee],
    pub what: &'static str,
    /// The two orderings that are varied: what they are, and their values.
    pub orderings: [(&'static str, &'c [Order]); 2],
    /// Which of the two are fences, and not accesses.
    pub fences: [bool; 2],
    /// Which of the two stand behind an addition of their thread. On RISC-V an `amo` is a read as well, so there a
    /// fence orders all of it that orders what comes after reads.
    pub behind_an_addition: [bool; 2],
    /// Which pairs suffice, by the language.
    pub sufficient: fn(Order, Order) -> bool,
    pub wrong: fn(&FinalState) -> bool,
    /// If no execution reached this, the claim would be empty.
    pub reached: fn(&FinalState) -> bool,
}

pub fn is_release(order: Order) -> bool {
    matches!(order, Release | AcqRel | SeqCst)
}

pub fn is_acquire(order: Order) -> bool {
    matches!(order, Acquire | AcqRel | SeqCst)
}

pub fn both_sc(first: Order, second: Order) -> bool {
    first == SeqCst && second == SeqCst
}

pub fn release_and_acquire(first: Order, second: Order) -> bool {
    is_release(first) && is_acquire(second)
}

impl Claim<'_> {
    /// Judges the shape for each pair of orderings: something goes wrong exactly if the pair does not suffice.
    pub fn judge(&self, shape: impl Fn(Order, Order) -> Program) {
        self.judge_on_processors(&shape);
        let check = Check::of(self.guarantees, format!("RC11, all candidates: {}", self.what));
        let with_buffers =
            Check::of(self.guarantees, format!("C++20, loads buffered, all candidates: {}", self.what));
        let [(first_site, firsts), (second_site, seconds)] = self.orderings;
        let (mut tried, mut insufficient, mut failing, mut executions) = (0, 0, 0, 0);
        for &first in firsts {
            for &second in seconds {
                let case = format!("{first_site} {first:?}, {second_site} {second:?}");
                let candidates = self.candidates(&shape(first, second), &case);
                let wrong = candidates.judgement.count(self.wrong);
                println!("{}: {case}: {wrong} wrong of {}", self.what, candidates.judgement.executions);
                if (self.sufficient)(first, second) {
                    assert_eq!(wrong, 0, "{}: {case} suffices", self.what);
                    tried += candidates.tried;
                } else {
                    assert!(wrong > 0, "{}: {case} does not suffice", self.what);
                    insufficient += 1;
                    failing += wrong;
                    executions += candidates.judgement.executions;
                }
            }
        }
        evidence::caught(
            &format!("{}: any weaker pair of {first_site} and {second_site}", self.what),
            &format!("RC11: each of {insufficient} pairs fails, in {failing} of {executions} executions"),
        );
        check.passed(tried, "cases");
        with_buffers.passed(tried, "cases");
    }

    /// Judges all candidates, after the builder and the neighbouring models were seen to agree with them.
    fn candidates(&self, program: &Program, case: &str) -> Candidates {
        let candidates = program.judge_candidates(Model::CPP20);
        let judgement = &candidates.judgement;
        assert_eq!(program.judge(Model::CPP20), *judgement, "{case}: the builder misses none");
        assert_eq!(program.judge(Model::RC11), *judgement, "{case}: nothing rests on what C++20 changed");
        let buffered = program.judge_candidates(Model::BUFFERED).judgement;
        assert_eq!(
            program.judge(Model::BUFFERED),
            buffered,
            "{case}: the builder misses none that is buffered"
        );
        assert_eq!(buffered, *judgement, "{case}: nothing rests on the axiom against thin air");
        self.is_no_empty_claim(judgement, case);
        candidates
    }

    fn is_no_empty_claim(&self, judgement: &Judgement, case: &str) {
        assert_eq!(judgement.count(|o| o.threads.concat().contains(&NEVER)), 0, "{case}: a move fails");
        assert!(judgement.count(self.reached) > 0, "{case}: the claim is empty");
    }

    /// Judges the shape on each processor: what suffices by the language suffices there, and what else does is what
    /// the compiler makes the same instruction of, or what orders an `amo`.
    fn judge_on_processors(&self, shape: impl Fn(Order, Order) -> Program) {
        let [(first_site, firsts), (second_site, seconds)] = self.orderings;
        let language = |first, second| (self.sufficient)(first, second);
        for (name, model) in PROCESSORS {
            let check = Check::of(self.guarantees, format!("{name}, all executions: {}", self.what));
            let (mut executions, mut insufficient, mut for_free) = (0, 0, Vec::new());
            for &first in firsts {
                for &second in seconds {
                    let case = format!("{name}, {first_site} {first:?}, {second_site} {second:?}");
                    let judgement = shape(first, second).judge(model);
                    self.is_no_empty_claim(&judgement, &case);
                    let compiled = |site: usize, order| {
                        let is_full = is_armv8(model) && self.fences[site] && is_release(order)
                            || model == Model::RISCV_AMO
                                && self.behind_an_addition[site]
                                && is_acquire(order);
                        if is_full { SeqCst } else { order }
                    };
                    let suffices = language(compiled(0, first), compiled(1, second));
                    let wrong = judgement.count(self.wrong);
                    assert_eq!(wrong == 0, suffices, "{}: {case}: {wrong} wrong", self.what);
                    match (suffices, language(first, second)) {
                        (true, true) => executions += judgement.executions,
                        (true, false) => for_free.push((first, second)),
                        (false, true) => unreachable!("a stronger order suffices as well"),
                        (false, false) => insufficient += 1,
                    }
                }
            }
            println!("{}: {name} also does with {for_free:?}", self.what);
            let fault =
                format!("{}: any weaker pair of {first_site} and {second_site}, on {name}", self.what);
            let free = for_free.len();
            let how = format!("{name}: each of {insufficient} pairs fails; {free} are the same instructions");
            evidence::caught(&fault, &how);
            check.passed(executions, "executions");
        }
    }

    /// Puts the shape to `herd7`, for each pair of orderings.
    pub fn ask_herd(&self, shape: impl Fn(Order, Order) -> Program) {
        let [(first_site, firsts), (second_site, seconds)] = self.orderings;
        for (name, model) in PROCESSORS {
            let check =
                Check::of(self.guarantees, format!("{name}, herd7, the same outcomes: {}", self.what));
            let (mut outcomes, mut wrong) = (0, 0);
            for &first in firsts {
                for &second in seconds {
                    let case = format!("{name}, {first_site} {first:?}, {second_site} {second:?}");
                    let program = shape(first, second);
                    let asked = program.ask_herd(model).unwrap_or_else(|why| panic!("{case}: {why}"));
                    let herd = asked.unwrap_or_else(|| panic!("{case}: it has a branch"));
                    let ours: BTreeSet<_> = program.judge(model).outcomes.into_keys().collect();
                    assert_eq!(ours, herd, "{}: {case}", self.what);
                    outcomes += herd.len();
                    wrong += usize::from(herd.iter().any(self.wrong));
                }
            }
            let pairs = firsts.len() * seconds.len();
            println!("{}: {name}, herd7: {wrong} of {pairs} pairs fail", self.what);
            assert!((1..pairs).contains(&wrong), "{}: {name}: {wrong} of {pairs} fail", self.what);
            check.passed(outcomes, "outcomes");
        }
    }
}

const PROCESSORS: [(&str, Model); 4] = [
    ("ARMv8, exclusives", Model::ARMV8),
    ("ARMv8, LSE", Model::ARMV8_LSE),
    ("RISC-V, lr/sc", Model::RISCV),
    ("RISC-V, amo", Model::RISCV_AMO),
];

/// There a fence that releases is `dmb ish`, as an SC one is.
fn is_armv8(model: Model) -> bool {
    [Model::ARMV8, Model::ARMV8_LSE].contains(&model)
}
