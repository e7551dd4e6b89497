//! Serving over TLS with the owner's certificate.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A client that has not finished its handshake after this time is let go.
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);

/// Handshakes under way at a time; further clients wait in the queue of the system.
const MOST_HANDSHAKES: usize = 128;

/// The address that a connection comes from, over TLS or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl Connected<IncomingStream<'_, TcpListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

impl Connected<IncomingStream<'_, TlsListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, TlsListener>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

/// Why the certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("cannot read the {what} `{path}`: {problem}\nhint: expected PEM, as in `-----BEGIN …-----`")]
    File { what: &'static str, path: PathBuf, problem: String },
    #[error("cannot use the certificate `{path}`: {problem}")]
    Unusable { path: PathBuf, problem: String },
}

/// Reads a certificate with its chain, and its key.
///
/// # Errors
///
/// A file cannot be read, is no PEM, or the key does not belong to the certificate.
pub fn acceptor(certificate: &Path, key: &Path) -> Result<TlsAcceptor, TlsError> {
    let file = |what, path: &Path| {
        let path = path.to_owned();
        move |problem: rustls::pki_types::pem::Error| TlsError::File { what, path, problem: problem.to_string() }
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(file("certificate", certificate))?;
    let key = PrivateKeyDer::from_pem_file(key).map_err(file("key of the certificate", key))?;
    let unusable = |e: rustls::Error| TlsError::Unusable { path: certificate.to_owned(), problem: e.to_string() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(unusable)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Connections whose handshake is done. Handshakes go on beside each other, so that a slow client holds up nobody.
pub struct TlsListener {
    ready: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Begins to take connections of this listener.
    ///
    /// # Errors
    ///
    /// The listener has no address.
    pub fn new(listener: TcpListener, acceptor: TlsAcceptor) -> io::Result<TlsListener> {
        let address = listener.local_addr()?;
        let (send, ready) = mpsc::channel(MOST_HANDSHAKES);
        let turns = Arc::new(Semaphore::new(MOST_HANDSHAKES));
        tokio::spawn(async move {
            while let Ok(turn) = turns.clone().acquire_owned().await {
                let (stream, peer) = tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok(accepted) => accepted,
                        Err(error) => {
                            tracing::warn!("a connection was lost: {error}");
                            // No file handle is left, for example; trying again at once would only turn in circles.
                            tokio::time::sleep(Duration::from_millis(100)).await;
                            continue;
                        }
                    },
                    () = send.closed() => return,
                };
                let (acceptor, send) = (acceptor.clone(), send.clone());
                tokio::spawn(async move {
                    let _turn = turn;
                    match tokio::time::timeout(LONGEST_HANDSHAKE, acceptor.accept(stream)).await {
                        // The server stopped meanwhile when nobody receives.
                        Ok(Ok(stream)) => drop(send.send((stream, peer)).await),
                        Ok(Err(error)) => tracing::debug!("a handshake failed: {error}"),
                        Err(_) => tracing::debug!("a handshake took longer than {LONGEST_HANDSHAKE:?}"),
                    }
                });
            }
        });
        Ok(TlsListener { ready, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task above ends only with this value.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_cannot_be_used_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = path("a.pem", &made.cert.pem());
        let key = path("a.key", &made.signing_key.serialize_pem());
        assert!(acceptor(&certificate, &key).is_ok());
        let word = path("b.pem", "certificate");
        let absent = folder.path().join("absent.pem");
        let foreign = path("b.key", &other.signing_key.serialize_pem());
        for (certificate, key, expected) in [
            (&absent, &key, "cannot read the certificate"),
            (&word, &key, "cannot use the certificate"),
            (&certificate, &word, "cannot read the key of the certificate"),
            (&certificate, &foreign, "cannot use the certificate"),
        ] {
            let error = acceptor(certificate, key).err().unwrap().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
