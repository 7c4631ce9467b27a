//! TLS, with a certificate that the test makes by the program `openssl`.

use crate::{both_fail, options, read, register, started, swap};
use atomic_throttle_cluster::Cell;
use atomic_throttle_cluster::register::{Mark, Redis, RedisOptions, RedisOptionsError, RegisterErrorKind};
use server::{Options, Server, free_port, skipped};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A self-signed certificate of 127.0.0.1, and its key.
fn certificate(folder: &Path) -> Option<Vec<u8>> {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "key.pem",
            "-out",
            "certificate.pem",
        ])
        .current_dir(folder)
        .stderr(Stdio::null())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        skipped("no openssl to make a certificate");
        return None;
    }
    Some(fs::read(folder.join("certificate.pem")).unwrap())
}

/// A server, the port where it speaks TLS, and the certificate.
fn speaking_tls(folder: &Path) -> Option<(Server, u16, Vec<u8>)> {
    let (pem, port) = (certificate(folder)?, free_port());
    let folder = folder.display();
    let extra = vec![
        format!("--tls-port {port}"),
        format!("--tls-cert-file {folder}/certificate.pem"),
        format!("--tls-key-file {folder}/key.pem"),
        "--tls-auth-clients no".to_owned(),
    ];
    Some((Server::start(Options { extra, ..Options::default() })?, port, pem))
}

#[test]
fn the_certificate_of_the_server_must_be_vouched_for() {
    let folder = tempfile::tempdir().unwrap();
    let Some((server, port, pem)) = speaking_tls(folder.path()) else { return };
    let tls = || options(&server).port(port).tls(true);
    let trusting = register(tls().certificate_authority(pem.clone()));
    swap(&trusting, Cell::NEW, started(Cell::NEW, 1_000), Mark::random());
    assert_ne!(read(&trusting).cell, Cell::NEW);
    // The system does not know the certificate; and it does not hold for another name.
    for stranger in [tls(), tls().host("localhost").certificate_authority(pem.clone())] {
        for error in both_fail(&register(stranger), RegisterErrorKind::Unreachable) {
            assert!(error.to_string().contains("TLS failed"), "{error}");
            assert!(error.to_string().contains("certificate"), "{error}");
        }
    }
    // Neither side understands the other, and a server that waits for more does not say so.
    let hasty = |options: RedisOptions| register(options.timeout(Duration::from_millis(100)));
    let plain = hasty(options(&server).tls(true).certificate_authority(pem));
    for error in both_fail(&plain, RegisterErrorKind::Unreachable) {
        assert!(error.to_string().contains("TLS"), "{error}");
    }
    both_fail(&hasty(options(&server).port(port)), RegisterErrorKind::Unreachable);
}

#[test]
fn a_certificate_that_cannot_be_read_is_refused_at_once() {
    let options =
        RedisOptions::new("reload").tls(true).certificate_authority("-----BEGIN CERTIFICATE-----\nx");
    assert!(matches!(Redis::new(options).unwrap_err(), RedisOptionsError::Certificate(_)));
}
