//! How strongly an access or a fence is ordered.

/// The ordering of an access or a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// A plain access. A race between two accesses, one of them plain, is an error of the program.
    NonAtomic,
    /// A fence of this order is no fence.
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl Order {
    pub(crate) fn is_acquire(self) -> bool {
        matches!(self, Self::Acquire | Self::AcqRel | Self::SeqCst)
    }

    pub(crate) fn is_release(self) -> bool {
        matches!(self, Self::Release | Self::AcqRel | Self::SeqCst)
    }
}
