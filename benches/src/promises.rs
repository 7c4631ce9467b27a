//! What a contestant promises to a call. A comparison is fair only if this stands beside the figures.

use std::fmt;

/// One thing that a call may rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Two runs, or grants, are at least a threshold apart on a clock that is ordered across cores.
    Spacing,
    /// Runs never overlap.
    Exclusion,
    /// A call that does not run is covered by a later run.
    TrailingEdge,
    /// That run sees what the call wrote before it.
    Visibility,
    /// In place of spacing: a threshold apart by a clock that differs a little from core to core.
    UnorderedSpacing,
    /// In place of spacing: in the long run at most one for each threshold, but two may be closer.
    Rate,
}

/// All that a contestant promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises(pub &'static [Promise]);

impl Promises {
    pub const NONE: Self = Self(&[]);
    pub const SPACING: Self = Self(&[Promise::Spacing]);
    pub const UNORDERED_SPACING: Self = Self(&[Promise::UnorderedSpacing]);
    pub const RATE: Self = Self(&[Promise::Rate]);
    /// A gate that is held during the run.
    pub const LEADING: Self = Self(&[Promise::Spacing, Promise::Exclusion]);
    pub const UNORDERED_LEADING: Self = Self(&[Promise::UnorderedSpacing, Promise::Exclusion]);
    pub const ALL: Self =
        Self(&[Promise::Spacing, Promise::Exclusion, Promise::TrailingEdge, Promise::Visibility]);
    /// Wakes a worker: nothing is spaced.
    pub const WAKE: Self = Self(&[Promise::Exclusion, Promise::TrailingEdge, Promise::Visibility]);
    /// A channel that is full while a request is pending. A sender that finds it full has a fence, but the
    /// receiver has none after it. So the run sees what the sender wrote where a read-modify-write is a fence,
    /// as on x86-64, but no memory model promises it (`verify/axioms/tests/channel.rs`).
    pub const FULL_CHANNEL: Self = Self(&[Promise::Exclusion, Promise::TrailingEdge]);
}

impl Promise {
    /// The promises that one expects of a throttle.
    pub const ALL: [Self; 4] = [Self::Spacing, Self::Exclusion, Self::TrailingEdge, Self::Visibility];

    pub fn name(self) -> &'static str {
        match self {
            Self::Spacing => "spacing",
            Self::Exclusion => "exclusion",
            Self::TrailingEdge => "trailing edge",
            Self::Visibility => "visibility",
            Self::UnorderedSpacing => "spacing on an unordered clock",
            Self::Rate => "a rate",
        }
    }
}

impl fmt::Display for Promises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|promise| promise.name()).collect();
        f.write_str(&if names.is_empty() { "nothing".to_owned() } else { names.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::{Promise, Promises};

    #[test]
    fn promises_are_named() {
        assert_eq!(Promises::NONE.to_string(), "nothing");
        assert_eq!(Promises::LEADING.to_string(), "spacing, exclusion");
        assert_eq!(Promises::RATE.to_string(), "a rate");
        assert_eq!(Promises::ALL.0, Promise::ALL);
    }
}
