//! The packages that are published, in the order in which they depend on each other.

pub struct Published {
    pub name: &'static str,
    /// Below the root.
    pub folder: &'static str,
    /// Features and systems that its pages at docs.rs must show at the items that need them.
    pub gates: &'static [&'static str],
    /// The features with which its own tests need no test library: a package does not contain one.
    pub tested: &'static str,
    /// Builds on a model checker, whose version has a lower bound as well.
    pub explored: &'static [Explored],
}

/// A build on the atomics and locks of a model checker.
pub struct Explored {
    /// They are internal, so no page may show them.
    pub cfgs: &'static [&'static str],
    pub features: &'static str,
}

pub const PUBLISHED: [Published; 2] = [
    Published {
        name: "atomic-throttle",
        folder: "",
        gates: &["Linux", "async", "keyed", "precise", "std", "tokio", "tsc"],
        tested: "--all-features",
        explored: &[
            // tokio does not build as a dependency under `--cfg loom`.
            Explored { cfgs: &["atomic_throttle_loom", "loom"], features: "--features event-listener/loom" },
            Explored { cfgs: &["atomic_throttle_loom"], features: "--no-default-features" },
            Explored { cfgs: &["atomic_throttle_shuttle"], features: "--all-features" },
        ],
    },
    Published {
        name: "atomic-throttle-cluster",
        folder: "cluster",
        gates: &["redis", "shm", "tls"],
        tested: "--no-default-features",
        explored: &[Explored { cfgs: &["atomic_throttle_shuttle"], features: "--all-features" }],
    },
];
