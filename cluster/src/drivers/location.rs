//! [`Location`]: the parts of what a configuration says about a register. It never shows a password.

use super::error::SEVERAL_HOSTS;
use super::{Failure, OpenError};
use core::fmt;
use percent_encoding::percent_decode_str;
use url::{ParseError, Url};

/// Where a register is, in the form that a driver gets.
///
/// ```
/// use atomic_throttle_cluster::Drivers;
/// use atomic_throttle_cluster::drivers::Location;
/// use atomic_throttle_cluster::register::Memory;
/// use std::sync::Arc;
///
/// let mut drivers = Drivers::standard();
/// drivers.register("mine", &[], |location: &mut Location| {
///     println!("the path is {:?}", location.path());
///     Ok(Arc::new(Memory::new()))
/// })?;
/// assert!(drivers.open("mine:/reload").is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Location {
    name: String,
    url: Url,
    parameters: Vec<(String, String)>,
    /// The parameters that the driver has asked for.
    known: Vec<String>,
}

/// The name of the driver, and the rest. A `::` is part of the name. A name with a `@` or a `/` in it was not
/// meant as one: the name was left out, and this may be a password.
pub(super) fn split(location: &str) -> Option<(&str, &str)> {
    let mut from = 0;
    loop {
        let colon = from + location[from..].find(':')?;
        if location[colon..].starts_with("::") {
            from = colon + 2;
            continue;
        }
        let (name, rest) = (&location[..colon], &location[colon + 1..]);
        return (!name.is_empty() && !name.contains(['@', '/'])).then_some((name, rest));
    }
}

/// Whether a location can begin with this name.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    name.split("::").all(|part| !part.is_empty() && part.chars().all(is_plain))
}

impl Location {
    pub(super) fn parse(name: &str, rest: &str) -> Result<Self, OpenError> {
        let malformed = |what, source| OpenError::Malformed { name: name.to_owned(), what, source };
        if rest.starts_with('/') && has_dots(rest) {
            return Err(malformed("write a path without `.` and `..`", None));
        }
        let url = Url::parse(&format!("location:{rest}")).map_err(|error| match said(name, rest, error) {
            Some(what) => malformed(what, None),
            None => malformed("it is not a URL", Some(error)),
        })?;
        if percent_decode_str(url.as_str()).decode_utf8().is_err() {
            return Err(malformed("the bytes written with `%` must be UTF-8", None));
        }
        if url.fragment().is_some() {
            return Err(malformed("write `#` as `%23`: a location has no fragment", None));
        }
        // Most likely this is the end of a password that contains a character which ends the part of the URL.
        if url.has_authority()
            && (url.path().contains('@') || url.query().is_some_and(|query| query.contains('@')))
        {
            return Err(malformed(
                "write `@` after the host as `%40`, and in a password `/` as `%2F` and `?` as `%3F`",
                None,
            ));
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (parameter, value) in url.query_pairs() {
            if parameters.iter().any(|(other, _)| *other == parameter) {
                return Err(malformed("a parameter is given twice", None));
            }
            parameters.push((parameter.into_owned(), value.into_owned()));
        }
        Ok(Self { name: name.to_owned(), url, parameters, known: Vec::new() })
    }

    /// The name that the location gives: an alias of the driver or its full type name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name or address of a host.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        // An IPv6 address stands in brackets.
        let host = self.url.host_str().filter(|host| !host.is_empty())?;
        Some(decoded(host.trim_start_matches('[').trim_end_matches(']')))
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.url.port()
    }

    /// The user.
    #[must_use]
    pub fn username(&self) -> Option<String> {
        Some(self.url.username()).filter(|username| !username.is_empty()).map(decoded)
    }

    /// The password.
    #[must_use]
    pub fn password(&self) -> Option<String> {
        self.url.password().map(decoded)
    }

    /// The path, with its leading `/` if it has one.
    #[must_use]
    pub fn path(&self) -> String {
        decoded(self.url.path())
    }

    /// Takes a parameter out, and returns its value.
    pub fn take(&mut self, parameter: &str) -> Option<String> {
        self.known.push(parameter.to_owned());
        let at = self.parameters.iter().position(|(other, _)| other == parameter)?;
        Some(self.parameters.swap_remove(at).1)
    }

    /// As [`take`](Self::take), and parses the value by `parse`.
    ///
    /// # Errors
    ///
    /// [`OpenError::Parameter`] if that fails.
    pub fn take_as<T, E: Into<Failure>>(
        &mut self,
        parameter: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, OpenError> {
        let Some(value) = self.take(parameter) else { return Ok(None) };
        parse(&value).map(Some).map_err(|source| OpenError::Parameter {
            location: self.to_string(),
            parameter: parameter.to_owned(),
            value,
            source: source.into(),
        })
    }

    pub(super) fn check_nothing_left(&self) -> Result<(), OpenError> {
        match self.parameters.first() {
            None => Ok(()),
            Some((unknown, _)) => Err(OpenError::UnknownParameter {
                location: self.to_string(),
                parameter: unknown.clone(),
                known: self.known.clone(),
            }),
        }
    }

    /// Adds the location to the error of a driver; an error of this crate is kept as it is.
    pub(super) fn failed(&self, failure: Failure) -> OpenError {
        match failure.downcast::<OpenError>() {
            Ok(error) => *error,
            Err(source) => OpenError::Failed { location: self.to_string(), source },
        }
    }
}

/// Whether a part of the path is `.` or `..`. A URL is read as if they had been followed, so they would lead to
/// another name than the one that is written.
fn has_dots(rest: &str) -> bool {
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|part| [".", ".."].contains(&&*decoded(part)))
}

/// What the parser means, in words that say what to write, if there are some.
fn said(name: &str, rest: &str, error: ParseError) -> Option<&'static str> {
    let authority = rest.trim_start_matches('/').split(['/', '?', '#']).next().unwrap_or_default();
    let hosts = authority.rsplit('@').next().unwrap_or_default();
    let is_redis = ["redis", "valkey"].iter().any(|server| name.starts_with(server));
    match error {
        ParseError::InvalidPort if is_redis && hosts.contains(',') => Some(SEVERAL_HOSTS),
        ParseError::InvalidPort => Some(
            "the port is not a number up to 65535; write an IPv6 address in brackets, and in a password `/` as \
             `%2F`, `?` as `%3F` and `#` as `%23`",
        ),
        ParseError::InvalidIpv6Address => {
            Some("what stands in brackets is not an IPv6 address, such as `[::1]`")
        }
        ParseError::EmptyHost => Some(
            "there is no host after `//` or `@`; write an IPv6 address in brackets, as in `//[::1]:6379/`",
        ),
        _ => None,
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// Without credentials and parameters.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.name)?;
        if self.url.has_authority() {
            let credentials = self.username().is_some() || self.url.password().is_some();
            write!(f, "//{}{}", if credentials { "***@" } else { "" }, self.url.host_str().unwrap_or(""))?;
            if let Some(port) = self.url.port() {
                write!(f, ":{port}")?;
            }
        }
        // Credentials after a `:` with less than two `/` are part of the path.
        match self.url.path().rsplit_once('@') {
            Some((_, after)) => write!(f, "***@{after}"),
            None => f.write_str(self.url.path()),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}
