//! Packed inputs are unpacked unchanged, and damaged files are refused.

use super::{Inputs, decode, encode, file, read, write};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::io::ErrorKind;
use std::path::Path;

fn inputs(of: &[&[u8]]) -> Inputs {
    of.iter().map(|input| input.to_vec()).collect()
}

/// What a file of a few inputs looks like, byte by byte.
#[test]
fn the_format_is_as_described() {
    let ab = inputs(&[b"b", b"", b"ab", b"b"]);
    let bytes = b"\x03\0\0\0\x00\0\0\0\x02\0\0\0ab\x01\0\0\0b";
    assert_eq!(encode(&ab), bytes);
    assert_eq!(decode(bytes), Ok(ab));
    assert_eq!(encode(&inputs(&[&[7; 258]]))[..9], *b"\x01\0\0\0\x02\x01\0\0\x07");
}

/// Checks for many drawn corpora, with inputs that are often alike.
fn for_all(check: impl Fn(Inputs) -> TestCaseResult) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) };
    let input = vec(prop_oneof![Just(0), Just(1), any::<u8>()], 0..20);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner.run(&btree_set(input, 0..12), check).unwrap();
}

#[test]
fn what_is_packed_is_unpacked() {
    for_all(|inputs| {
        prop_assert_eq!(decode(&encode(&inputs)), Ok(inputs));
        Ok(())
    });
}

#[test]
fn a_file_that_is_cut_short_is_spoilt() {
    for_all(|inputs| {
        let bytes = encode(&inputs);
        for end in 0..bytes.len() {
            prop_assert!(decode(&bytes[..end]).is_err(), "cut at {} of {:?}", end, bytes);
        }
        Ok(())
    });
}

/// The same inputs always give the same file: writing what was read gives the same bytes.
#[test]
fn what_is_read_would_be_written_so_again() {
    for_all(|inputs| {
        let mut bytes = encode(&inputs);
        for at in 0..bytes.len() {
            for spoilt in [0, 1, 2, 0xff] {
                let right = std::mem::replace(&mut bytes[at], spoilt);
                if let Ok(read) = decode(&bytes) {
                    prop_assert_eq!(&encode(&read), &bytes);
                }
                bytes[at] = right;
            }
        }
        Ok(())
    });
}

#[test]
fn each_fault_has_its_name() {
    let faults: [(&[u8], &str); 7] = [
        (b"", "before the number of inputs"),
        (b"\x01\0\0", "before the number of inputs"),
        (b"\x01\0\0\0\x02\0", "before the length"),
        (b"\x01\0\0\0\x02\0\0\0a", "beyond its end"),
        (b"\x02\0\0\0\x01\0\0\0b\x01\0\0\0a", "ascending"),
        (b"\x02\0\0\0\x01\0\0\0a\x01\0\0\0a", "ascending"),
        (b"\x00\0\0\0\x01", "follows"),
    ];
    for (bytes, fault) in faults {
        let found = decode(bytes).unwrap_err();
        assert!(found.contains(fault), "{bytes:?}: {found}");
    }
}

#[test]
fn an_error_names_the_file_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.corpus");
    assert_eq!(read(&path).unwrap_err().kind(), ErrorKind::NotFound);

    write(&path, &inputs(&[b"ab"])).unwrap();
    assert_eq!(read(&path).unwrap(), inputs(&[b"ab"]));

    std::fs::write(&path, b"").unwrap();
    let spoilt = read(&path).unwrap_err();
    assert_eq!(spoilt.kind(), ErrorKind::InvalidData);
    let text = spoilt.to_string();
    assert!(text.contains(&format!("git restore {}", path.display())), "{text}");
    assert!(text.contains("cargo xtask fuzz --pack"), "{text}");

    let missing = folder.path().join("missing/a.corpus");
    for error in [read(&missing).unwrap_err(), write(&missing, &inputs(&[])).unwrap_err()] {
        assert!(error.to_string().starts_with(&format!("{}: ", missing.display())), "{error}");
    }
}

#[test]
fn a_target_has_one_file() {
    assert_eq!(file(Path::new("/checkout"), "keyed"), Path::new("/checkout/fuzz/corpus/keyed.corpus"));
}
