//! Faults in what the check itself has to see: something assumed, and a promise that nobody proves.

use super::Planted;

pub const FAULTS: [Planted; 2] = [
    Planted::fault(
        "a promise is assumed",
        "All",
        &[(
            "Definition kept_G1 : G1 := spacing.",
            "Variable assumed : G1.\nDefinition kept_G1 : G1 := assumed.",
        )],
        "Assumptions.everything",
    )
    .usual(),
    Planted::fault(
        "a promise has no proof",
        "All",
        &[("Definition kept_G3 : G3 := covered.", "")],
        "Assumptions.everything",
    ),
];
