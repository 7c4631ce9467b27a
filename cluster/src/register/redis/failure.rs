//! Converts a failure of the client to a [`RegisterErrorKind`] and a cause that holds no password.

use crate::register::RegisterErrorKind;
use core::error::Error;
use core::fmt;
use redis::{ErrorKind, RedisError};

pub(super) fn kind(error: &RedisError) -> RegisterErrorKind {
    match error.kind() {
        ErrorKind::Io => RegisterErrorKind::Unreachable,
        _ if error.code() == Some("WRONGTYPE") => RegisterErrorKind::Foreign,
        _ => RegisterErrorKind::Refused,
    }
}

/// Whether the error, or one of its causes, contains the password in any way.
///
/// The client's errors do not contain it, and no server is known to send it. But a server or a proxy may
/// answer anything.
pub(super) fn tells(error: &(dyn Error + 'static), password: &str) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if format!("{error} {error:?}").contains(password) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Replaces a cause that contains the password.
#[derive(Debug)]
pub(super) struct Blanked(String);

impl Blanked {
    pub(super) fn new(error: &dyn Error, password: &str) -> Self {
        Self(error.to_string().replace(password, "***"))
    }
}

impl fmt::Display for Blanked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Blanked {}

/// The key holds a value that no throttle of this version writes.
#[derive(Debug)]
pub(super) struct NotACell {
    pub(super) held: Vec<u8>,
}

impl fmt::Display for NotACell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = String::from_utf8_lossy(&self.held);
        write!(
            f,
            "the key begins with {held:?}, and the key of a throttle of this version begins with \"at2 \""
        )
    }
}

impl Error for NotACell {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_says_the_password_is_blanked() {
        let told = "ERR unknown command 'AUTH', with args beginning with: 'hunter2'".to_owned();
        let error = redis::make_extension_error("ERR".to_owned(), Some(told));
        assert!(tells(&error, "hunter2"));
        let blanked = Blanked::new(&error, "hunter2");
        assert!(!tells(&blanked, "hunter2"), "{blanked} {blanked:?}");
        assert!(blanked.to_string().contains("'***'"), "{blanked}");
    }

    #[test]
    fn a_cause_that_says_it_deeper_down_is_found() {
        let error = RedisError::from(std::io::Error::other(Blanked("at hunter2".to_owned())));
        assert!(tells(&error, "hunter2"));
        assert!(!tells(&error, "hunter3"));
    }
}
