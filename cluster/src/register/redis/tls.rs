//! [`Tls`]: whom to trust, and connections that only a trusted server can read.

use super::deadline::Deadline;
use super::error::RedisOptionsError;
use super::failure::Failure;
use super::socket::Socket;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io;
use std::sync::Arc;

pub(super) type TlsStream = StreamOwned<ClientConnection, Socket>;

pub(super) struct Tls(Arc<ClientConfig>);

impl Tls {
    /// Trusts the authority with this certificate, or those that the system trusts.
    pub(super) fn new(authority: Option<&[u8]>) -> Result<Self, RedisOptionsError> {
        let mut trusted = RootCertStore::empty();
        match authority {
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(RedisOptionsError::certificate)?;
                    trusted.add(certificate).map_err(RedisOptionsError::certificate)?;
                }
                if trusted.is_empty() {
                    let none = io::Error::other("there is no certificate in this text");
                    return Err(RedisOptionsError::certificate(none));
                }
            }
            // A system may hold certificates that cannot be read. If none can, no server will be trusted.
            None => {
                trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        // Named here, because a program may have chosen none or several for itself.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(RedisOptionsError::certificate)?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Self(Arc::new(config)))
    }

    /// Makes sure that the server is `host`.
    pub(super) fn connect(
        &self,
        host: &str,
        socket: Socket,
        deadline: Deadline,
    ) -> Result<TlsStream, Failure> {
        let failed = |error| Failure::shaking_hands(error, deadline);
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(io::Error::other(error)))?;
        let connection = ClientConnection::new(Arc::clone(&self.0), name);
        let connection = connection.map_err(|error| failed(io::Error::other(error)))?;
        let mut stream = StreamOwned::new(connection, socket);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(failed)?;
        }
        Ok(stream)
    }
}
