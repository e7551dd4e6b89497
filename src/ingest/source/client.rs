//! The one HTTP client: bounded in size and time, careful where it connects to, patient with busy servers.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LAST_MODIFIED, LOCATION, RETRY_AFTER,
};
use reqwest::{Response, Url};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::address::is_public;
use super::error::FetchError;
use super::pace::Pace;
use crate::domain::source::Validator;

/// Who asks, as servers see it.
///
/// # Source
///
/// CSAF 2.1, section 9.1.23: specific to the program.
pub const USER_AGENT: &str = concat!("nameplate/", env!("CARGO_PKG_VERSION"));

/// # Source
///
/// CSAF 2.1, section 7.1.6.
const WARN_REDIRECTS: usize = 10;
const MOST_REDIRECTS: usize = 20;

/// Of answers above this size only one is in memory at a time.
pub const LARGE_BYTES: usize = 16 << 20;

/// How long to wait for what.
#[derive(Clone, Debug)]
pub struct Timing {
    pub connect: Duration,
    /// Between two parts of an answer.
    pub idle: Duration,
    /// For a whole answer, redirects apart.
    pub whole: Duration,
    /// Before the second attempt; doubled for each further one.
    pub back_off: Duration,
    /// A server that wants to be left alone for longer is asked in the next run.
    pub longest_wait: Duration,
    pub n_attempts: u32,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            connect: Duration::from_secs(15),
            idle: Duration::from_secs(30),
            whole: Duration::from_secs(300),
            back_off: Duration::from_secs(1),
            longest_wait: Duration::from_secs(120),
            n_attempts: 4,
        }
    }
}

/// What a client may do, and with what it shows who it is.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    pub allows_http: bool,
    pub allows_private: bool,
    /// `http://user:password@host:port`. The proxy then finds the addresses of servers, so that only addresses that
    /// stand in a URL can be checked here.
    pub proxy: Option<String>,
    /// PEM files with certificates to trust beside those of the machine.
    pub ca_files: Vec<PathBuf>,
    /// PEM file with a client certificate and its key.
    pub identity_file: Option<PathBuf>,
    /// File with a token, and the URL whose host gets to see it.
    pub token: Option<(PathBuf, String)>,
    pub timing: Timing,
}

/// One question.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    pub url: &'a str,
    pub limit_bytes: usize,
    /// What the last answer carried; the server may then say that nothing changed.
    pub validator: Option<&'a Validator>,
    pub follows_redirects: bool,
}

impl<'a> Ask<'a> {
    /// Asks for the whole answer and follows redirects.
    pub fn new(url: &'a str, limit_bytes: usize) -> Ask<'a> {
        Ask { url, limit_bytes, validator: None, follows_redirects: true }
    }
}

/// What came back.
#[derive(Debug)]
pub enum Answer {
    /// It is as it was when it was asked for with this validator.
    NotModified,
    Body(Body),
}

/// A whole answer.
#[derive(Debug)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// Where it came from in the end.
    pub url: String,
    pub validator: Validator,
    /// One sentence each.
    pub warnings: Vec<String>,
    is_declared_html: bool,
    /// Held as long as a large answer is in memory.
    large: Option<OwnedSemaphorePermit>,
}

impl Body {
    /// Whether it is a page for people. Many servers answer so, with status 200, when they do not have what is asked.
    pub fn is_html(&self) -> bool {
        let start = self.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.bytes).trim_ascii_start();
        start.first() == Some(&b'<') || (self.is_declared_html && !matches!(start.first(), Some(b'{' | b'[')))
    }

    /// The bytes, and what is to be held as long as they are.
    pub fn into_parts(self) -> (Vec<u8>, Option<OwnedSemaphorePermit>) {
        (self.bytes, self.large)
    }
}

/// Fetches for one source. Connections are kept and shared by all its requests.
pub struct Client {
    http: reqwest::Client,
    options: ClientOptions,
    token: Option<(String, String)>,
    pace: Arc<Pace>,
    large: Arc<Semaphore>,
    n_requests: AtomicU64,
    size_bytes: AtomicU64,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with these options; reads the files that they name.
    ///
    /// # Errors
    ///
    /// A file cannot be read or does not hold what is expected, or the proxy is no URL.
    pub fn new(options: ClientOptions, pace: Arc<Pace>) -> Result<Client, FetchError> {
        // Set once a process; a second call says that it is set.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let setup = |e: reqwest::Error| FetchError::Setup(in_words(&e));
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(options.timing.connect)
            .read_timeout(options.timing.idle)
            .no_proxy();
        let mut proxy_host = None;
        if let Some(proxy) = &options.proxy {
            let not_a_url = || FetchError::Setup("expected a URL as proxy, found another text".to_owned());
            let url = Url::parse(proxy).map_err(|_| not_a_url())?;
            proxy_host = Some(url.host_str().ok_or_else(not_a_url)?.to_owned());
            builder = builder.proxy(reqwest::Proxy::all(url).map_err(|_| not_a_url())?);
        }
        let resolver = Guard { allows_private: options.allows_private, exempt: proxy_host };
        builder = builder.dns_resolver(Arc::new(resolver));
        let mut certificates = Vec::new();
        for path in &options.ca_files {
            let found = reqwest::Certificate::from_pem_bundle(&read_file(path)?)
                .ok()
                .filter(|found| !found.is_empty())
                .ok_or_else(|| wrong_file(path, "expected certificates in PEM form"))?;
            certificates.extend(found);
        }
        if !certificates.is_empty() {
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(path) = &options.identity_file {
            let identity = reqwest::Identity::from_pem(&read_file(path)?)
                .map_err(|_| wrong_file(path, "expected a certificate and its key in PEM form"))?;
            builder = builder.identity(identity);
        }
        let token = match &options.token {
            Some((path, url)) => {
                let secret = String::from_utf8(read_file(path)?).unwrap_or_default().trim().to_owned();
                if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
                    return Err(wrong_file(path, "expected one token of printable ASCII characters"));
                }
                Some((host_of(&parse(url)?), secret))
            }
            None => None,
        };
        Ok(Client {
            http: builder.build().map_err(setup)?,
            options,
            token,
            pace,
            large: Arc::new(Semaphore::new(1)),
            n_requests: AtomicU64::new(0),
            size_bytes: AtomicU64::new(0),
        })
    }

    /// Requests so far, and bytes of answers.
    pub fn spent(&self) -> (u64, u64) {
        (self.n_requests.load(Ordering::Relaxed), self.size_bytes.load(Ordering::Relaxed))
    }

    /// Asks, and asks again after a while when the server is busy or the connection broke.
    ///
    /// # Errors
    ///
    /// As [`FetchError`] says; after the last attempt.
    pub async fn get(&self, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        let timing = &self.options.timing;
        let mut wait = timing.back_off;
        let mut n_left = timing.n_attempts;
        loop {
            n_left = n_left.saturating_sub(1);
            let error = match self.follow(ask).await {
                Err(e) if e.is_passing() && n_left > 0 => e,
                done => return done,
            };
            if let FetchError::Status { retry_after: Some(asked), .. } = &error {
                if *asked > timing.longest_wait {
                    return Err(error);
                }
                wait = wait.max(*asked);
            }
            tracing::debug!("asked again after {} ms: {error}", wait.as_millis());
            match Url::parse(ask.url) {
                Ok(url) => self.pace.hold(&host_of(&url), wait),
                Err(_) => return Err(error),
            }
            wait = wait.saturating_mul(2).min(timing.longest_wait);
        }
    }

    /// As [`Client::get`] for an answer that must have a body.
    ///
    /// # Errors
    ///
    /// As [`FetchError`] says.
    pub async fn get_body(&self, url: &str, limit_bytes: usize) -> Result<Body, FetchError> {
        match self.get(&Ask::new(url, limit_bytes)).await? {
            Answer::Body(body) => Ok(body),
            // Only an answer to a conditional question.
            Answer::NotModified => Err(FetchError::Status { url: url.to_owned(), status: 304, retry_after: None }),
        }
    }

    async fn follow(&self, ask: &Ask<'_>) -> Result<Answer, FetchError> {
        let mut url = parse(ask.url)?;
        let mut n_redirects = 0;
        loop {
            self.may_connect(&url)?;
            self.pace.wait(&host_of(&url)).await;
            let deadline = Instant::now() + self.options.timing.whole;
            let slow = |_| FetchError::Slow { url: url.to_string(), limit: self.options.timing.whole };
            self.n_requests.fetch_add(1, Ordering::Relaxed);
            let sent = timeout_at(deadline, self.request(&url, ask.validator).send());
            let response = sent.await.map_err(slow)?.map_err(|e| broken(&url, &e))?;
            let status = response.status().as_u16();
            match status {
                304 if ask.validator.is_some() => return Ok(Answer::NotModified),
                301 | 302 | 303 | 307 | 308 => {
                    let to = text_of(response.headers(), &LOCATION);
                    if !ask.follows_redirects {
                        return Err(FetchError::Redirected { url: url.to_string(), to });
                    }
                    n_redirects += 1;
                    if n_redirects > MOST_REDIRECTS {
                        return Err(FetchError::TooManyRedirects { url: ask.url.to_owned(), limit: MOST_REDIRECTS });
                    }
                    url = url.join(&to).ok().filter(|_| !to.is_empty()).ok_or_else(|| FetchError::Url {
                        url: url.to_string(),
                        problem: format!("expected a redirect to a URL, found `{to}`"),
                    })?;
                }
                200 => {
                    let mut body = self.read(response, &url, ask.limit_bytes, deadline).await?;
                    if n_redirects > WARN_REDIRECTS {
                        body.warnings.push(format!("`{}` came after {n_redirects} redirects", ask.url));
                    }
                    return Ok(Answer::Body(body));
                }
                _ => {
                    let retry_after = retry_after(&text_of(response.headers(), &RETRY_AFTER), SystemTime::now());
                    return Err(FetchError::Status { url: url.to_string(), status, retry_after });
                }
            }
        }
    }

    fn request(&self, url: &Url, validator: Option<&Validator>) -> reqwest::RequestBuilder {
        let mut request = self.http.get(url.clone());
        if let Some(validator) = validator {
            for (name, value) in [(IF_NONE_MATCH, &validator.etag), (IF_MODIFIED_SINCE, &validator.last_modified)] {
                if !value.is_empty() {
                    request = request.header(name, value.as_str());
                }
            }
        }
        match &self.token {
            Some((host, secret)) if url.scheme() == "https" && *host == host_of(url) => {
                request.header(AUTHORIZATION, format!("Bearer {secret}"))
            }
            _ => request,
        }
    }

    async fn read(
        &self,
        mut response: Response,
        url: &Url,
        limit_bytes: usize,
        mut deadline: Instant,
    ) -> Result<Body, FetchError> {
        let too_large = || FetchError::TooLarge { url: url.to_string(), limit_bytes };
        let headers = response.headers();
        let announced = text_of(headers, &CONTENT_LENGTH).parse::<u64>().unwrap_or(0);
        if announced > limit_bytes as u64 {
            return Err(too_large());
        }
        let mut body = Body {
            bytes: Vec::new(),
            url: url.to_string(),
            validator: Validator { etag: text_of(headers, &ETAG), last_modified: text_of(headers, &LAST_MODIFIED) },
            warnings: Vec::new(),
            is_declared_html: text_of(headers, &CONTENT_TYPE).starts_with("text/html"),
            large: None,
        };
        loop {
            let part = timeout_at(deadline, response.chunk())
                .await
                .map_err(|_| FetchError::Slow { url: url.to_string(), limit: self.options.timing.whole })?
                .map_err(|e| broken(url, &e))?;
            let Some(part) = part else { return Ok(body) };
            self.size_bytes.fetch_add(part.len() as u64, Ordering::Relaxed);
            if body.bytes.len() + part.len() > limit_bytes {
                return Err(too_large());
            }
            body.bytes.extend_from_slice(&part);
            if body.bytes.len() > LARGE_BYTES && body.large.is_none() {
                let waits = Instant::now();
                // The semaphore is never closed.
                body.large = self.large.clone().acquire_owned().await.ok();
                deadline += waits.elapsed();
            }
        }
    }

    /// Whether the source allows this URL, as far as it can be said before a name is looked up.
    fn may_connect(&self, url: &Url) -> Result<(), FetchError> {
        match url.scheme() {
            "https" => {}
            "http" if self.options.allows_http => {}
            "http" => return Err(FetchError::NotHttps { url: url.to_string() }),
            other => {
                let problem = format!("expected `https`, found `{other}`");
                return Err(FetchError::Url { url: url.to_string(), problem });
            }
        }
        if !url.username().is_empty() || url.password().is_some() {
            let mut bare = url.clone();
            // Both can only fail for a URL without a host.
            let _ = (bare.set_username(""), bare.set_password(None));
            let problem = "expected no user or password in the URL; a token belongs in a file".to_owned();
            return Err(FetchError::Url { url: bare.to_string(), problem });
        }
        let literal = url.host_str().and_then(|host| host.trim_matches(['[', ']']).parse::<IpAddr>().ok());
        match literal.filter(|address| !self.options.allows_private && !is_public(*address)) {
            Some(address) => Err(FetchError::Private { url: url.to_string(), address }),
            None => Ok(()),
        }
    }
}

/// Looks names up and gives only addresses that may be connected to. It stands between a name and the connection, so
/// that a name whose address changes between two look-ups gets past nothing.
struct Guard {
    allows_private: bool,
    /// The proxy, which may stand anywhere.
    exempt: Option<String>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        let all = self.allows_private || self.exempt.as_deref() == Some(name.as_str());
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.iter().copied().filter(|at| all || is_public(at.ip())).collect();
            match (allowed.is_empty(), found.first()) {
                (true, Some(first)) => Err(NotPublic(first.ip()).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

/// A name that has no public address.
#[derive(Debug)]
struct NotPublic(IpAddr);

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not public", self.0)
    }
}

impl Error for NotPublic {}

fn broken(url: &Url, error: &reqwest::Error) -> FetchError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(at) = cause {
        if let Some(NotPublic(address)) = at.downcast_ref::<NotPublic>() {
            return FetchError::Private { url: url.to_string(), address: *address };
        }
        cause = at.source();
    }
    FetchError::Broken { url: url.to_string(), problem: in_words(error) }
}

/// The innermost cause, which says what happened; the outer ones only say that something did.
fn in_words(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The URL of a text.
///
/// # Errors
///
/// It is none.
pub fn parse(url: &str) -> Result<Url, FetchError> {
    Url::parse(url).map_err(|e| FetchError::Url { url: url.to_owned(), problem: e.to_string() })
}

/// Host and port, as one asks a host.
fn host_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0))
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().trim().to_owned()
}

/// How long a server asks to be left alone: seconds or a date (RFC 9110, section 10.2.3).
fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at: SystemTime = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?.into();
    Some(at.duration_since(now).unwrap_or_default())
}

fn read_file(path: &Path) -> Result<Vec<u8>, FetchError> {
    std::fs::read(path).map_err(|e| FetchError::File { path: path.to_owned(), problem: e.to_string() })
}

fn wrong_file(path: &Path, problem: &str) -> FetchError {
    FetchError::File { path: path.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(options: ClientOptions) -> Client {
        Client::new(options, Arc::new(Pace::new(0))).unwrap()
    }

    fn allowed(client: &Client, url: &str) -> Result<(), String> {
        client.may_connect(&parse(url).unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn only_https_to_public_addresses_unless_the_source_allows_more() {
        let careful = client(ClientOptions::default());
        for url in ["https://vendor.example/x.json", "https://1.1.1.1/", "https://[2606:4700::1111]/"] {
            assert_eq!(allowed(&careful, url), Ok(()), "{url}");
        }
        for (url, word) in [
            ("http://vendor.example/", "--allow-http"),
            ("ftp://vendor.example/", "`ftp`"),
            ("file:///etc/passwd", "`file`"),
            ("https://127.0.0.1/", "--allow-private"),
            ("https://[::1]/", "--allow-private"),
            ("https://0x7f.1/", "127.0.0.1"),
            ("https://2130706433/", "127.0.0.1"),
            ("https://169.254.169.254/latest", "not public"),
        ] {
            let message = allowed(&careful, url).unwrap_err();
            assert!(message.contains(word), "{url}: {message}");
        }
        let open = ClientOptions { allows_http: true, allows_private: true, ..ClientOptions::default() };
        assert_eq!(allowed(&client(open), "http://127.0.0.1:8080/"), Ok(()));
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        let message = allowed(&client(ClientOptions::default()), "https://me:secret@vendor.example/").unwrap_err();
        assert!(message.contains("token belongs in a file") && !message.contains("secret"), "{message}");
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_own_network_is_refused() {
        let error = client(ClientOptions::default()).get_body("https://localhost:1/x", 10).await.unwrap_err();
        assert!(matches!(error, FetchError::Private { .. }), "{error}");
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_as_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(retry_after("120", now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now), Some(Duration::from_secs(60)));
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), Some(Duration::ZERO));
        assert_eq!([retry_after("", now), retry_after("soon", now), retry_after("-1", now)], [None; 3]);
    }

    #[test]
    fn a_page_for_people_is_recognised() {
        let is_html = |bytes: &[u8], is_declared_html| {
            let (url, validator) = (String::new(), Validator::default());
            let bytes = bytes.to_vec();
            Body { bytes, url, validator, warnings: Vec::new(), is_declared_html, large: None }.is_html()
        };
        assert!(is_html(b"\xEF\xBB\xBF \n<!DOCTYPE html>", false));
        assert!(is_html(b"Not found", true));
        assert!(!is_html(b"{\"document\": {}}", true), "a wrong header does not make JSON a page");
        assert!(!is_html(b"0a1b  file.json", false));
    }

    #[test]
    fn a_file_that_is_not_what_it_should_be_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "two words\n").unwrap();
        let path = file.path().to_owned();
        for options in [
            ClientOptions { ca_files: vec![path.clone()], ..ClientOptions::default() },
            ClientOptions { identity_file: Some(path.clone()), ..ClientOptions::default() },
            ClientOptions { token: Some((path.clone(), "https://v.example/".to_owned())), ..ClientOptions::default() },
            ClientOptions { ca_files: vec![path.join("missing")], ..ClientOptions::default() },
        ] {
            let message = Client::new(options, Arc::new(Pace::new(0))).unwrap_err().to_string();
            assert!(message.contains(&path.display().to_string()), "{message}");
        }
    }
}
