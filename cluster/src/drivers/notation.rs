//! How the parts of a location are written: the name of a throttle, times and numbers. Each refusal says how
//! to write it.

use super::Failure;
use atomic_throttle::lease::Lease;
use core::time::Duration;

/// Why a location cannot have this `name` for its throttle, if it cannot. All of these are valid names of a
/// key. But in a location they are mostly something else, which would then be another throttle without a word.
///
/// `write` is how the location is written with the name NAME, up to its parameters.
#[cfg(feature = "redis")]
pub(super) fn no_name(name: &str, prefix: &str, write: &str) -> Option<String> {
    let (first, rest) = name.split_once('/').unwrap_or((name, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let first = first.trim();
    if is_number(first.trim_start_matches(['+', '-'])) {
        let what = if rest.is_empty() { "looks like" } else { "begins with" };
        let database = first.parse().unwrap_or(0_u32);
        let and = if write.contains('?') { '&' } else { '?' };
        return Some(format!(
            "{what} the number of a database: write both, as in `{write}{and}db={database}`"
        ));
    }
    if name.split('/').any(str::is_empty) {
        return Some("has an empty part: write no `/` at its beginning or end, and no `//`".to_owned());
    }
    if holds_parameter(name) {
        return Some("has a parameter in it: write `?` before the first one, and `&` between two".to_owned());
    }
    if name.trim() != name || name.contains(char::is_control) {
        return Some("begins or ends with a space, or has a character that cannot be seen".to_owned());
    }
    // Without a separator at its end, a prefix may well be the beginning of a name.
    let prefix = Some(prefix).filter(|prefix| prefix.ends_with(|c: char| !c.is_alphanumeric()));
    let rest = name.strip_prefix(prefix?)?;
    let name = if rest.is_empty() { "NAME" } else { rest };
    Some(format!("has the prefix of the key, which is put before it: write {name:?} alone"))
}

/// Whether the text has a parameter in it that was meant to be one of the location.
#[cfg(any(feature = "redis", feature = "shm"))]
pub(super) fn holds_parameter(text: &str) -> bool {
    text.split_once('&').is_some_and(|(_, rest)| rest.contains('='))
}

/// Reads a time, such as `1h 30m`.
pub(super) fn time(text: &str) -> Result<Duration, Failure> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("a time needs its unit: write `{text}s` for seconds, or `{text}ms`").into());
    }
    humantime::parse_duration(text)
        .map_err(|error| format!("write a time as `5s`, `500ms` or `1h 30m`: {error}").into())
}

/// Reads a lease.
pub(super) fn lease(text: &str) -> Result<Duration, Failure> {
    let lease = Lease::try_from(time(text)?);
    lease
        .map(Lease::as_duration)
        .map_err(|_| "write a time that is longer than the longest run, and at most 70years".into())
}

/// Reads the mode of a file.
#[cfg(feature = "shm")]
pub(super) fn mode(text: &str) -> Result<u32, Failure> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "write it in octal as for `chmod`, such as 0600 or 0660".into())
}

/// Reads a small number.
#[cfg(feature = "redis")]
pub(super) fn number(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| "write a number, such as 1".into())
}

/// The port of a Redis Sentinel, if none is given.
#[cfg(feature = "redis")]
pub(super) const SENTINEL: u16 = 26_379;

/// Reads addresses such as `H2:26379,H3`. An IPv6 address stands in brackets.
#[cfg(feature = "redis")]
pub(super) fn sentinels(text: &str) -> Result<Vec<(String, u16)>, Failure> {
    let address = |text: &str| {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok().filter(|port| *port != 0)?),
            _ => (text, SENTINEL),
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = bare.unwrap_or(host);
        let is_host = !host.is_empty() && !host.contains(['/', '@', '[', ']']);
        (is_host && (bare.is_some() || !host.contains(':'))).then(|| (host.to_owned(), port))
    };
    text.split(',')
        .map(|text| address(text.trim()))
        .collect::<Option<_>>()
        .ok_or_else(|| "write hosts with their ports, as in `H2:26379,H3:26379`".into())
}

/// Reads the number of a database.
#[cfg(feature = "redis")]
pub(super) fn database(text: &str) -> Result<u32, Failure> {
    text.parse().map_err(|_| "write the number of a database, such as `db=0`".into())
}
