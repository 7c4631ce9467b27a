//! The models by which an execution can be judged.

/// What an execution is judged by: the language, or a processor. Or one of them with a planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    rules: Rules,
    departure: Option<Departure>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rules {
    Language {
        /// Whether later writes by the same thread continue a release sequence. In C++11 and in the paper they do;
        /// since C++20 only read-modify-writes do.
        same_thread_continues_a_release: bool,
        /// Whether the axiom against values out of thin air is left out.
        buffers: bool,
    },
    Armv8 {
        /// Whether a read-modify-write is one instruction (LSE), and not a pair of exclusives.
        one_instruction: bool,
    },
    Riscv {
        /// Whether an addition or an exchange is one instruction, and not a pair of `lr` and `sc`.
        one_instruction: bool,
    },
}

impl Rules {
    const RC11: Self = Self::Language { same_thread_continues_a_release: true, buffers: false };
    const CPP20: Self = Self::Language { same_thread_continues_a_release: false, buffers: false };
    const BUFFERED: Self = Self::Language { same_thread_continues_a_release: false, buffers: true };
}

impl Model {
    /// RC11 as printed.
    pub const RC11: Self = Self::by(Rules::RC11);

    /// With the release sequences of C++20. It allows all that [`RC11`](Self::RC11) allows, and more.
    pub const CPP20: Self = Self::by(Rules::CPP20);

    /// As [`CPP20`](Self::CPP20), without the axiom against values out of thin air. So loads may be buffered
    /// beyond later stores, as C++ allows. It allows more than that: values that justify themselves.
    pub const BUFFERED: Self = Self::by(Rules::BUFFERED);

    /// `ARMv8`, each read-modify-write as a pair of exclusives. It knows no dependencies but those that a program
    /// [names](crate::Thread::depend), so it allows more than the processor.
    pub const ARMV8: Self = Self::by(Rules::Armv8 { one_instruction: false });

    /// The same, each read-modify-write as one instruction.
    pub const ARMV8_LSE: Self = Self::by(Rules::Armv8 { one_instruction: true });

    /// RISC-V, each read-modify-write as `lr` and `sc`. Of dependencies it knows what [`ARMV8`](Self::ARMV8)
    /// knows.
    pub const RISCV: Self = Self::by(Rules::Riscv { one_instruction: false });

    /// The same, each addition and each exchange as one `amo`.
    pub const RISCV_AMO: Self = Self::by(Rules::Riscv { one_instruction: true });

    /// All models, with their names.
    pub const ALL: [(&'static str, Self); 7] = [
        ("RC11", Self::RC11),
        ("C++20", Self::CPP20),
        ("C++20, loads buffered", Self::BUFFERED),
        ("ARMv8, exclusives", Self::ARMV8),
        ("ARMv8, LSE", Self::ARMV8_LSE),
        ("RISC-V, lr/sc", Self::RISCV),
        ("RISC-V, amo", Self::RISCV_AMO),
    ];

    const fn by(rules: Rules) -> Self {
        Self { rules, departure: None }
    }

    /// This model, with a fault.
    #[must_use]
    pub const fn with(self, departure: Departure) -> Self {
        Self { departure: Some(departure), ..self }
    }

    pub(crate) fn rules(self) -> Rules {
        self.rules
    }

    pub(crate) fn is_faulty(self) -> bool {
        self.departure.is_some()
    }

    pub(crate) fn has(self, departure: Departure) -> bool {
        self.departure == Some(departure)
    }

    /// Whether a read may take its value from a write that depends on the read in time: by program order and
    /// by where reads take their values from.
    pub(crate) fn buffers(self) -> bool {
        match self.rules {
            Rules::Language { buffers, .. } => buffers || self.has(Departure::ThinAir),
            Rules::Armv8 { .. } | Rules::Riscv { .. } => true,
        }
    }
}

/// A fault in the model. It is planted to see whether the litmus tests find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Departure {
    /// Too weak: the axiom of coherence is off.
    NoCoherence,
    /// Too weak: the axiom of atomicity is off.
    NoAtomicity,
    /// Too weak: the part of the SC axiom that is about accesses is off.
    NoScAccesses,
    /// Too weak: the part of the SC axiom that is about fences alone is off.
    NoScFences,
    /// Too weak: the axiom against values out of thin air is off.
    ThinAir,
    /// Too weak: no release synchronizes with any acquire.
    NothingSynchronizes,
    /// Too weak: a release fence does nothing.
    NoReleaseFences,
    /// Too weak: an acquire fence does nothing.
    NoAcquireFences,
    /// Too weak: a read-modify-write ends a release sequence.
    NoReleaseSequences,
    /// Too strong: every read synchronizes with the write that it reads from.
    RelaxedSynchronizes,
    /// Too strong: any later write to the location continues a release sequence.
    EndlessReleaseSequences,
    /// Too strong: SC events are ordered by all of happens-before, as in C++11.
    StrongScAccesses,
    /// Too strong: every fence counts as SC.
    EveryFenceSc,
    /// Too strong: all events have one order.
    OneOrder,
    /// Too weak: what threads see of each other orders nothing.
    NothingObserved,
    /// Too strong: a write comes before a read of its own thread that takes its value from it.
    ForwardingOrders,
    /// Too weak: an acquiring load or read-modify-write is a plain one.
    NoAcquireLoads,
    /// Too weak: a releasing store or read-modify-write is a plain one.
    NoReleaseStores,
    /// Too weak: a releasing store and a later SC load are not ordered.
    NoReleaseToAcquire,
    /// Too weak: a full barrier does nothing.
    NoFullBarriers,
    /// Too weak: a barrier of loads does nothing.
    NoLoadBarriers,
    /// Too weak: an instruction of LSE that acquires and releases is no barrier.
    NoUpdateBarrier,
    /// Too weak: a read-modify-write orders nothing of its own.
    NoUpdateOrder,
    /// Too weak: an address that depends on a read orders nothing.
    NoAddresses,
    /// Too weak: data that depends on a read orders nothing.
    NoData,
    /// Too weak: a branch that depends on a read orders nothing.
    NoControl,
    /// Too weak: a value is forwarded from a write before its address and its data are known.
    NoForwarding,
    /// Too weak: the read of an `amo` of RISC-V is ordered by itself, and so is its write.
    AmoInHalves,
    /// Too weak: one rule of the preserved program order of RISC-V is off.
    NoRule(u8),
}

impl Departure {
    /// All faults of the language.
    pub const OF_THE_LANGUAGE: [Self; 14] = [
        Self::NoCoherence,
        Self::NoAtomicity,
        Self::NoScAccesses,
        Self::NoScFences,
        Self::ThinAir,
        Self::NothingSynchronizes,
        Self::NoReleaseFences,
        Self::NoAcquireFences,
        Self::NoReleaseSequences,
        Self::RelaxedSynchronizes,
        Self::EndlessReleaseSequences,
        Self::StrongScAccesses,
        Self::EveryFenceSc,
        Self::OneOrder,
    ];

    /// All faults of `ARMv8`. That of LSE alone is [`NoUpdateBarrier`](Self::NoUpdateBarrier).
    pub const OF_ARMV8: [Self; 16] = [
        Self::NoCoherence,
        Self::NoAtomicity,
        Self::NothingObserved,
        Self::NoAcquireLoads,
        Self::NoReleaseStores,
        Self::NoReleaseToAcquire,
        Self::NoFullBarriers,
        Self::NoLoadBarriers,
        Self::NoUpdateOrder,
        Self::NoAddresses,
        Self::NoData,
        Self::NoControl,
        Self::NoForwarding,
        Self::ForwardingOrders,
        Self::EveryFenceSc,
        Self::OneOrder,
    ];

    /// All faults of RISC-V. That of one `amo` alone is [`AmoInHalves`](Self::AmoInHalves). Rules 1, 2 and 8 are missing. What they order is ordered without them: a write stands
    /// after what it overwrites, and two reads of one location show whose value is newer.
    pub const OF_RISCV: [Self; 16] = [
        Self::NoCoherence,
        Self::NoAtomicity,
        Self::NothingObserved,
        Self::ForwardingOrders,
        Self::EveryFenceSc,
        Self::OneOrder,
        Self::NoRule(3),
        Self::NoRule(4),
        Self::NoRule(5),
        Self::NoRule(6),
        Self::NoRule(7),
        Self::NoRule(9),
        Self::NoRule(10),
        Self::NoRule(11),
        Self::NoRule(12),
        Self::NoRule(13),
    ];
}
