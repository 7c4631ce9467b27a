//! The models by which an execution can be judged.

/// RC11, as printed or as C++20 has it, or with one planted fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Whether later writes by the same thread continue a release sequence. In C++11 and in the paper they do;
    /// since C++20 only read-modify-writes do.
    pub(crate) same_thread_continues_a_release: bool,
    departure: Option<Departure>,
}

impl Model {
    /// The model as printed.
    pub const RC11: Self = Self { same_thread_continues_a_release: true, departure: None };

    /// With the release sequences of C++20. It allows all that [`RC11`](Self::RC11) allows, and more.
    pub const CPP20: Self = Self { same_thread_continues_a_release: false, departure: None };

    /// This model, with a fault.
    #[must_use]
    pub const fn with(self, departure: Departure) -> Self {
        Self { departure: Some(departure), ..self }
    }

    pub(crate) fn has(self, departure: Departure) -> bool {
        self.departure == Some(departure)
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
}

impl Departure {
    /// All faults.
    pub const ALL: [Self; 14] = [
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
}
