//! Which boot this is, and which monotonic clock. A register must have both in common with its users.

use super::SharedMemoryError;
use super::format::Identity;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const BOOT: &str = "/proc/sys/kernel/random/boot_id";
const TIME_NAMESPACE: &str = "/proc/self/ns/time";

/// The identity of this boot and of this process's clock, for the register in `path`.
pub(super) fn current(path: &Path) -> Result<Identity, SharedMemoryError> {
    let boot = fs::read_to_string(BOOT).and_then(|text| parse(&text).ok_or_else(invalid));
    let boot = boot.map_err(|error| SharedMemoryError::system("read the id of this boot", path, error))?;
    let time_namespace = match fs::metadata(TIME_NAMESPACE) {
        Ok(metadata) => [metadata.dev(), metadata.ino()],
        // A kernel that has no time namespaces has one clock.
        Err(error) if error.kind() == io::ErrorKind::NotFound => [0; 2],
        Err(error) => return Err(SharedMemoryError::system("look at the time namespace", path, error)),
    };
    Ok(Identity { boot, time_namespace })
}

/// Reads `f81d4fae-7dec-11d0-a765-00a0c91e6bf6`.
fn parse(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.trim_end().chars().filter(|character| *character != '-').collect();
    if digits.len() != 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

fn invalid() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not a boot id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boot_id_is_read_whole_or_not_at_all() {
        let id = parse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6\n");
        assert_eq!(id.unwrap()[..5], [0xf8, 0x1d, 0x4f, 0xae, 0x7d]);
        assert_eq!(id.unwrap()[15], 0xf6);
        for text in ["", "-", "f81d", "+81d4fae7dec11d0a76500a0c91e6bf6", "g81d4fae7dec11d0a76500a0c91e6bf6"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn two_readings_in_one_process_are_of_one_identity() {
        let path = Path::new("x");
        assert_eq!(current(path).unwrap(), current(path).unwrap());
        assert_ne!(current(path).unwrap().boot, [0; 16]);
    }
}
