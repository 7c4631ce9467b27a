//! [`RunResult`]: what the function of a throttle may return.

use self::sealed::Returns;
use super::AnyError;

/// What the function of a throttle may return: `()`, or `Result<(), E>` with an error that `?` turns into a boxed one.
///
/// ```
/// use atomic_throttle::Throttled;
/// use std::io;
/// use std::time::Duration;
///
/// let save = Throttled::spawn(Duration::from_millis(1), || println!("saved"));
/// let post = Throttled::spawn(Duration::from_millis(1), || -> io::Result<()> {
///     Err(io::Error::other("the server is overloaded"))
/// });
/// ```
///
/// It is sealed: no other type implements it. `E` is any `Error + Send + Sync`, a boxed one, a `String`, a `&str`.
#[diagnostic::on_unimplemented(
    message = "the function of a throttle returns `()` or `Result<(), E>`, not `{Self}`",
    note = "`E` is what `?` turns into `Box<dyn Error + Send + Sync>`: an error that is `Send + Sync`, or a `String`",
    note = "drop another value: end the function with `;` or with `Ok(())`"
)]
pub trait RunResult: sealed::RunResult {}

impl<R: sealed::RunResult> RunResult for R {}

/// For a result whose bound does not bring the method.
#[cfg(feature = "async")]
pub(crate) fn into_result(returned: impl RunResult) -> Result<(), AnyError> {
    returned.into_result()
}

pub(crate) mod sealed {
    use super::AnyError;

    pub trait RunResult {
        fn into_result(self) -> Result<(), AnyError>;
    }

    pub trait Returns {
        type Output;
    }

    impl<T> Returns for fn() -> T {
        type Output = T;
    }
}

impl sealed::RunResult for () {
    fn into_result(self) -> Result<(), AnyError> {
        Ok(())
    }
}

impl<E: Into<AnyError>> sealed::RunResult for Result<(), E> {
    fn into_result(self) -> Result<(), AnyError> {
        self.map_err(Into::into)
    }
}

/// For `!`, which has no other name yet: a closure such as `|| panic!()` returns it.
impl sealed::RunResult for <fn() -> ! as Returns>::Output {
    fn into_result(self) -> Result<(), AnyError> {
        self
    }
}
