//! [`Receiver`]: accepts tokens of runs, and refuses each that is not greater than all before.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A place where runs do something that a superseded run must not do: here, a file that holds the greatest
/// token. It does not know the register.
#[derive(Debug)]
pub struct Receiver {
    file: File,
}

impl Receiver {
    /// The receiver in the file at `path`.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Self { file })
    }

    /// Offers a token. Calls `told` with the answer before any other run gets one.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn offer(&self, token: u64, told: impl FnOnce(bool)) -> io::Result<()> {
        rustix::fs::flock(&self.file, rustix::fs::FlockOperation::LockExclusive)?;
        let done = self.take(token).map(told);
        rustix::fs::flock(&self.file, rustix::fs::FlockOperation::Unlock)?;
        done
    }

    fn take(&self, token: u64) -> io::Result<bool> {
        let mut greatest = [0; 8];
        let is_greater = match self.file.read_exact_at(&mut greatest, 0) {
            Ok(()) => token > u64::from_le_bytes(greatest),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => true,
            Err(error) => return Err(error),
        };
        if is_greater {
            self.file.write_all_at(&token.to_le_bytes(), 0)?;
        }
        Ok(is_greater)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_greater_token_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receiver");
        let mut answers = Vec::new();
        for token in [5, 5, 4, 6, 1, 7] {
            // As far as the file can tell, each comes from another process.
            Receiver::open(&path).unwrap().offer(token, |taken| answers.push(taken)).unwrap();
        }
        assert_eq!(answers, [true, false, false, true, false, true]);
    }
}
