//! Why a register could not be opened by name.

use super::Failure;
use core::error::Error;
use core::fmt;

/// Why a register could not be opened. The message says what to do, keeps its cause, and shows no password.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The location does not begin with the name of a driver and a colon.
    NoDriver {
        /// The names that are known.
        known: Vec<String>,
    },
    /// No driver has this name.
    UnknownDriver {
        /// The name that was asked for.
        name: String,
        /// The names that are known.
        known: Vec<String>,
    },
    /// The driver belongs to this crate, but is not built in.
    NotBuiltIn {
        /// The name that was asked for.
        name: String,
        /// The feature that adds it.
        feature: &'static str,
    },
    /// The rest of the location cannot be read. It is not shown, because it may contain a password in a wrong
    /// notation.
    Malformed {
        /// The driver that was asked for.
        name: String,
        /// What is wrong.
        what: &'static str,
        /// What the parser said.
        source: Option<url::ParseError>,
    },
    /// The value of a parameter is not valid.
    Parameter {
        /// The location, without credentials.
        location: String,
        /// The parameter.
        parameter: String,
        /// Its value.
        value: String,
        /// What is wrong with it.
        source: Failure,
    },
    /// The driver does not know a parameter.
    UnknownParameter {
        /// The location, without credentials.
        location: String,
        /// The parameter.
        parameter: String,
        /// The parameters that are known.
        known: Vec<String>,
    },
    /// The driver failed.
    Failed {
        /// The location, without credentials.
        location: String,
        /// Why.
        source: Failure,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDriver { known } => {
                write!(
                    f,
                    "the location of a register begins with `NAME:`, and NAME is one of {}",
                    known.join(", ")
                )
            }
            Self::UnknownDriver { name, known } => {
                write!(f, "no driver is called {name:?}: the known ones are {}", known.join(", "))
            }
            Self::NotBuiltIn { name, feature } => write!(
                f,
                "the driver {name:?} is not built in: turn on the feature `{feature}` of atomic-throttle-cluster"
            ),
            Self::Malformed { name, what, .. } => {
                write!(f, "the text after `{name}:` is not the location of a register: {what}")
            }
            Self::Parameter { location, parameter, value, .. } => {
                write!(f, "{location}: the parameter `{parameter}` cannot be {value:?}")
            }
            Self::UnknownParameter { location, parameter, known } => write!(
                f,
                "{location}: there is no parameter `{parameter}` here: the known ones are {}",
                known.join(", ")
            ),
            Self::Failed { location, .. } => write!(f, "{location} cannot be opened"),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Malformed { source, .. } => source.as_ref().map(|error| error as &(dyn Error + 'static)),
            Self::Parameter { source, .. } | Self::Failed { source, .. } => Some(&**source),
            Self::NoDriver { .. }
            | Self::UnknownDriver { .. }
            | Self::NotBuiltIn { .. }
            | Self::UnknownParameter { .. } => None,
        }
    }
}

/// Why a driver was not added.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Another driver has the name already.
    Taken {
        /// The name.
        name: String,
    },
    /// The name is not valid.
    Invalid {
        /// The name.
        name: String,
    },
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { name } => write!(f, "a driver is called {name:?} already: use another name"),
            Self::Invalid { name } => write!(
                f,
                "a driver cannot be called {name:?}: use letters, digits, `+`, `-`, `.`, `_`, and `::` between them"
            ),
        }
    }
}

impl Error for NameError {}
