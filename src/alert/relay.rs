//! Mail relays: how they are written, and sending through them in order.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::SendError;

/// How long one relay may take for one message.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How a relay is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the first byte: `smtps://`.
    Tls,
    /// STARTTLS, and nothing is said without it: `smtp://`.
    StartTls,
    /// None, for a relay on the same machine or in the same cabinet: `smtp+plain://`.
    None,
}

/// One relay, without its password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    pub encryption: Encryption,
    pub user: Option<String>,
    pub host: String,
    pub port: u16,
}

impl Relay {
    /// Reads relays with commas between them: `smtps://user@host:465, smtp://host:587, smtp+plain://localhost:25`.
    ///
    /// # Errors
    ///
    /// A sentence about the first that is none. A password in it is refused, and not repeated.
    pub fn read_all(text: &str) -> Result<Vec<Relay>, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Relay::read).collect()
    }

    fn read(text: &str) -> Result<Relay, String> {
        const HINT: &str = "hint: write `smtps://user@host:465`, `smtp://user@host:587` or `smtp+plain://localhost:25`";
        let (scheme, rest) =
            text.split_once("://").ok_or_else(|| format!("cannot use a mail relay: expected a URL\n{HINT}"))?;
        let (encryption, usual_port) = match scheme {
            "smtps" => (Encryption::Tls, 465),
            "smtp" => (Encryption::StartTls, 587),
            "smtp+plain" => (Encryption::None, 25),
            other => {
                return Err(format!(
                    "cannot use a mail relay: expected `smtps`, `smtp` or `smtp+plain`, found `{other}`\n{HINT}"
                ));
            }
        };
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(user), address),
            None => (None, rest),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err("cannot use a mail relay: found a password in its URL\n\
                 hint: put it into the file that `mail_password_file` names, or into NAMEPLATE_MAIL_PASSWORD"
                .to_owned());
        }
        if user.is_some() && encryption == Encryption::None {
            return Err(format!(
                "cannot use the mail relay `{address}`: a password would be sent without encryption\n{HINT}"
            ));
        }
        let address = address.trim_end_matches('/');
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) => (
                host,
                port.parse().map_err(|_| {
                    format!("cannot use the mail relay `{address}`: expected a port, found `{port}`\n{HINT}")
                })?,
            ),
            None => (address, usual_port),
        };
        if host.is_empty() {
            return Err(format!("cannot use a mail relay: expected a host\n{HINT}"));
        }
        Ok(Relay { encryption, user: user.map(str::to_owned), host: host.to_owned(), port })
    }

    fn transport(
        &self,
        password: Option<&str>,
        ca_pem: Option<&[u8]>,
    ) -> Result<AsyncSmtpTransport<Tokio1Executor>, SendError> {
        let failed = |problem: String| SendError::passing(format!("cannot use the relay `{}`: {problem}", self.host));
        let tls = || -> Result<TlsParameters, SendError> {
            let mut parameters = TlsParameters::builder(self.host.clone());
            if let Some(pem) = ca_pem {
                let certificate = Certificate::from_pem(pem).map_err(|e| failed(e.to_string()))?;
                parameters = parameters.add_root_certificate(certificate);
            }
            parameters.build().map_err(|e| failed(e.to_string()))
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.host)
            .port(self.port)
            .timeout(Some(TIMEOUT))
            .tls(match self.encryption {
                Encryption::Tls => Tls::Wrapper(tls()?),
                Encryption::StartTls => Tls::Required(tls()?),
                Encryption::None => Tls::None,
            });
        if let Some(user) = &self.user {
            let password = password.ok_or_else(|| {
                failed(
                    "it wants a user, but no password is set (`mail_password_file` or NAMEPLATE_MAIL_PASSWORD)"
                        .to_owned(),
                )
            })?;
            builder = builder.credentials(Credentials::new(user.clone(), password.to_owned()));
        }
        Ok(builder.build())
    }
}

/// The way that mail leaves the house.
#[derive(Clone, Debug)]
pub enum Mailer {
    Smtp(Vec<Relay>, Secrets),
    /// One .eml file a message.
    Folder(PathBuf),
    /// For tests: messages as they would be sent.
    Memory(Arc<Mutex<Vec<Vec<u8>>>>),
}

/// What relays need that no log may show.
#[derive(Clone, Default)]
pub struct Secrets {
    pub password: Option<String>,
    pub ca_pem: Option<Vec<u8>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl Mailer {
    /// Sends a message; `name` is that of its file in a folder.
    ///
    /// # Errors
    ///
    /// No relay took it; the text names what each said. Final when each that answered refused for good.
    pub async fn send(&self, message: &Message, name: &str) -> Result<(), SendError> {
        match self {
            Mailer::Smtp(relays, secrets) => through_relays(relays, secrets, message).await,
            Mailer::Folder(folder) => {
                let (folder, bytes, name) = (folder.clone(), message.formatted(), format!("{name}.eml"));
                tokio::task::spawn_blocking(move || write_whole(&folder, &name, &bytes))
                    .await
                    .map_err(|e| SendError::passing(e.to_string()))?
            }
            Mailer::Memory(sent) => {
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(message.formatted());
                Ok(())
            }
        }
    }

    /// Whether a relay answers and takes the credentials; for a folder, whether it can be written to.
    ///
    /// # Errors
    ///
    /// A sentence for each relay that does not.
    pub async fn test(&self) -> Result<(), Vec<String>> {
        match self {
            Mailer::Smtp(relays, secrets) => {
                let mut problems = Vec::new();
                for relay in relays {
                    let transport = relay.transport(secrets.password.as_deref(), secrets.ca_pem.as_deref());
                    match transport {
                        Err(e) => problems.push(e.problem),
                        Ok(transport) => match transport.test_connection().await {
                            Ok(true) => {}
                            Ok(false) => {
                                problems.push(format!("`{}:{}` does not answer as a relay", relay.host, relay.port))
                            }
                            Err(e) => problems.push(format!("`{}:{}`: {}", relay.host, relay.port, in_words(&e))),
                        },
                    }
                }
                if problems.is_empty() { Ok(()) } else { Err(problems) }
            }
            Mailer::Folder(folder) => {
                let probe = folder.join(".nameplate-probe");
                std::fs::create_dir_all(folder)
                    .and_then(|()| std::fs::write(&probe, b""))
                    .and_then(|()| std::fs::remove_file(&probe))
                    .map_err(|e| vec![format!("cannot write to `{}`: {e}", folder.display())])
            }
            Mailer::Memory(_) => Ok(()),
        }
    }
}

async fn through_relays(relays: &[Relay], secrets: &Secrets, message: &Message) -> Result<(), SendError> {
    let mut problems = Vec::new();
    let mut is_final = !relays.is_empty();
    for relay in relays {
        let transport = match relay.transport(secrets.password.as_deref(), secrets.ca_pem.as_deref()) {
            Ok(transport) => transport,
            Err(e) => {
                is_final = false;
                problems.push(e.problem);
                continue;
            }
        };
        match transport.send(message.clone()).await {
            Ok(_) => return Ok(()),
            Err(e) => {
                is_final &= e.is_permanent();
                problems.push(format!("`{}:{}`: {}", relay.host, relay.port, in_words(&e)));
            }
        }
    }
    let problem = if problems.is_empty() { "no relay is configured".to_owned() } else { problems.join("; ") };
    Err(SendError { problem, is_final })
}

/// The error with its causes; lettre says only the kind in its own words.
fn in_words(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = inner.source();
    }
    text
}

/// Writes a file that is there whole or not at all. Writing the same one again changes nothing.
pub fn write_whole(folder: &std::path::Path, name: &str, bytes: &[u8]) -> Result<(), SendError> {
    let failed =
        |e: std::io::Error| SendError::passing(format!("cannot write `{name}` to `{}`: {e}", folder.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let partial = folder.join(format!(".{name}.part"));
    std::fs::write(&partial, bytes).map_err(failed)?;
    std::fs::rename(&partial, folder.join(name)).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_are_read_in_order() {
        let relays = Relay::read_all("smtps://me@a.example, smtp://b.example:2525,smtp+plain://localhost").unwrap();
        let told: Vec<(Encryption, Option<&str>, &str, u16)> =
            relays.iter().map(|r| (r.encryption, r.user.as_deref(), r.host.as_str(), r.port)).collect();
        assert_eq!(
            told,
            [
                (Encryption::Tls, Some("me"), "a.example", 465),
                (Encryption::StartTls, None, "b.example", 2525),
                (Encryption::None, None, "localhost", 25),
            ]
        );
    }

    #[test]
    fn a_relay_that_would_leak_a_password_is_refused_without_repeating_it() {
        for (text, part) in [
            ("smtp://me:hunter2@a.example", "found a password"),
            ("smtp+plain://me@a.example", "without encryption"),
            ("mail.example", "expected a URL"),
            ("imap://a.example", "found `imap`"),
            ("smtp://a.example:x", "expected a port"),
            ("smtps://", "expected a host"),
        ] {
            let message = Relay::read_all(text).unwrap_err();
            assert!(message.contains(part) && message.contains("hint: "), "{text}: {message}");
            assert!(!message.contains("hunter2"));
        }
    }

    #[test]
    fn what_relays_need_is_not_shown() {
        let secrets = Secrets { password: Some("hunter2".to_owned()), ca_pem: None };
        assert!(!format!("{:?}", Mailer::Smtp(Vec::new(), secrets)).contains("hunter2"));
    }
}
