//! Access to the file.

use super::processes::{self, Role};
use super::{current, open_now, place, refusal};
use atomic_throttle_cluster::register::{SharedMemory, SharedMemoryErrorKind};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn a_new_file_has_exactly_the_mode_whatever_the_umask() {
    for umask in [0, 0o022, 0o077, 0o777] {
        for asked in [0o600, 0o660, 0o666, 0o640] {
            let (_directory, path) = place();
            processes::all(Role::OpenUnder(umask, asked), &path, 1);
            assert_eq!(mode(&path), asked, "under the umask {umask:03o}");
            let register = SharedMemory::options().mode(asked).open(&path).unwrap();
            assert_eq!(current(&register), 1);
        }
    }
}

#[test]
fn without_being_asked_it_is_for_this_user_alone() {
    let (_directory, path) = place();
    drop(SharedMemory::open(&path).unwrap());
    assert_eq!(mode(&path), 0o600);
    fs::remove_file(&path).unwrap();
    drop(SharedMemory::options().mode(0o7000).open(&path).unwrap());
    assert_eq!(mode(&path), 0o600, "no other bits, and never less");
}

#[test]
fn a_file_that_is_open_to_more_is_refused_and_one_that_is_to_fewer_stays_so() {
    let (_directory, path) = place();
    drop(SharedMemory::open(&path).unwrap());
    for more in [0o610, 0o620, 0o640, 0o601, 0o602, 0o604, 0o666, 0o777] {
        fs::set_permissions(&path, Permissions::from_mode(more)).unwrap();
        assert_eq!(refusal(&path), SharedMemoryErrorKind::Permissions { found: more, asked: 0o600 });
        assert_eq!(mode(&path), more, "left as it is");
        drop(SharedMemory::options().mode(more).open(&path).unwrap());
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    drop(SharedMemory::options().mode(0o666).open(&path).unwrap());
    assert_eq!(mode(&path), 0o600, "not widened");
}

#[test]
fn the_file_of_another_user_is_refused_unless_it_is_to_be_shared() {
    let (_directory, path) = place();
    drop(SharedMemory::open(&path).unwrap());
    if chown(&path, Some(12_345), None).is_err() {
        println!("skipped: only root can change the owner of a file");
        return;
    }
    let before = fs::read(&path).unwrap();
    assert_eq!(refusal(&path), SharedMemoryErrorKind::Owner { owner: 12_345 });
    assert_eq!(fs::read(&path).unwrap(), before);
    for private in [0o640, 0o644] {
        let error = SharedMemory::options().mode(private).open(&path).unwrap_err();
        assert_eq!(error.kind(), SharedMemoryErrorKind::Owner { owner: 12_345 });
    }
    for shared in [0o660, 0o606] {
        assert_eq!(current(&SharedMemory::options().mode(shared).open(&path).unwrap()), 0);
    }
    chown(&path, Some(0), None).unwrap();
    assert_eq!(current(&open_now(&path).unwrap()), 0);
}
