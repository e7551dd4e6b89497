//! A relay for tests: takes mail on a port of its own, and refuses it when it is told to.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What the relay says to a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Take,
    Later,
    Never,
}

struct State {
    mails: Vec<String>,
    logins: Vec<String>,
    answer: Answer,
}

/// A relay that runs until the runtime of the test ends.
pub struct Relay {
    pub port: u16,
    state: Arc<Mutex<State>>,
    folder: tempfile::TempDir,
}

impl Relay {
    pub async fn start() -> Relay {
        Relay::start_with(None, tempfile::tempdir().unwrap()).await
    }

    /// A relay that takes mail only after STARTTLS, and wants a password then.
    pub async fn start_with_tls() -> Relay {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(ring)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            )
            .unwrap();
        Relay::start_with(Some(TlsAcceptor::from(Arc::new(config))), folder).await
    }

    async fn start_with(tls: Option<TlsAcceptor>, folder: tempfile::TempDir) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State { mails: Vec::new(), logins: Vec::new(), answer: Answer::Take };
        let state = Arc::new(Mutex::new(state));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, tls.clone(), shared.clone()));
            }
        });
        Relay { port, state, folder }
    }

    /// The certificate of the authority, PEM; there only with TLS.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn answer(&self, answer: Answer) {
        self.state.lock().unwrap().answer = answer;
    }

    /// The mails that were taken, as they came.
    pub fn mails(&self) -> Vec<String> {
        self.state.lock().unwrap().mails.clone()
    }

    /// What was said to `AUTH PLAIN`.
    pub fn logins(&self) -> Vec<String> {
        self.state.lock().unwrap().logins.clone()
    }
}

async fn serve(mut stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    stream.write_all(b"220 test\r\n").await?;
    let Some(tls) = tls else { return talk(stream, b"250-test\r\n250 8BITMIME\r\n", state).await };
    // Byte by byte, so that nothing of the encryption is read too early.
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.push(tokio::io::AsyncReadExt::read_u8(&mut stream).await?);
        }
        match line.get(..4).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"EHLO") => stream.write_all(b"250-test\r\n250 STARTTLS\r\n").await?,
            Some(b"STAR") => break,
            _ => stream.write_all(b"530 5.7.0 STARTTLS first\r\n").await?,
        }
    }
    stream.write_all(b"220 go ahead\r\n").await?;
    talk(tls.accept(stream).await?, b"250-test\r\n250-AUTH PLAIN\r\n250 8BITMIME\r\n", state).await
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Send,
    greeting: &[u8],
    state: Arc<Mutex<State>>,
) -> std::io::Result<()> {
    let (read, mut write) = tokio::io::split(stream);
    let mut lines = BufReader::new(read).lines();
    while let Some(line) = lines.next_line().await? {
        let word = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
        let answer = state.lock().unwrap().answer;
        let said: &[u8] = match word.as_str() {
            "EHLO" | "HELO" => greeting,
            "AUTH" => {
                state.lock().unwrap().logins.push(line.trim_start_matches("AUTH PLAIN").trim().to_owned());
                b"235 2.7.0 welcome\r\n"
            }
            "RCPT" if answer == Answer::Later => b"451 4.7.1 greylisted\r\n",
            "RCPT" if answer == Answer::Never => b"550 5.1.1 no such user\r\n",
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let mut mail = String::new();
                while let Some(line) = lines.next_line().await? {
                    if line == "." {
                        break;
                    }
                    mail.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.push_str("\r\n");
                }
                state.lock().unwrap().mails.push(mail);
                b"250 taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        write.write_all(said).await?;
    }
    Ok(())
}
