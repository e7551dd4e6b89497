//! A CSAF provider on this machine, with a certificate authority of its own: it serves what a test puts there, and
//! remembers what it was asked for.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use pgp::composed::{
    ArmorOptions, DetachedSignature, KeyType, SecretKeyParamsBuilder, SignedPublicKey, SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::types::{KeyDetails, Password};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What stands at a path.
#[derive(Clone)]
pub enum Page {
    /// Bytes with an ETag.
    Bytes(Vec<u8>),
    Html,
    Status(u16),
    Redirect(String),
    /// The first answer is this status, with `Retry-After: 0`; then comes the page.
    Busy(u16, Box<Page>),
    /// Nothing comes in time.
    Silent,
    /// The connection breaks in the middle.
    Cut(Vec<u8>),
    /// A body that never ends.
    Endless,
}

/// Makes a page for a path that was not put there.
type Maker = dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync;

#[derive(Clone)]
struct Shared {
    pages: Arc<Mutex<HashMap<String, Page>>>,
    hits: Arc<Mutex<Vec<(String, String)>>>,
    maker: Arc<Mutex<Option<Arc<Maker>>>>,
}

/// The running server; it ends with this value.
pub struct Provider {
    shared: Shared,
    pub port: u16,
    folder: tempfile::TempDir,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Provider {
    pub async fn start() -> Provider {
        Provider::start_with(false).await
    }

    /// A provider that talks only to those who show a certificate of its authority.
    pub async fn start_with_client_certificates() -> Provider {
        Provider::start_with(true).await
    }

    async fn start_with(asks_for_certificates: bool) -> Provider {
        let folder = tempfile::tempdir().unwrap();
        let shared = Shared { pages: Arc::default(), hits: Arc::default(), maker: Arc::default() };
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let (port, server) = serve_tls_with(router, folder.path(), asks_for_certificates).await;
        Provider { shared, port, folder, server }
    }

    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// A key with its certificate of the authority, PEM.
    pub fn identity_file(&self) -> PathBuf {
        self.folder.path().join("client.pem")
    }

    /// The certificate of the authority, PEM.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    pub fn put(&self, path: &str, page: Page) {
        self.shared.pages.lock().unwrap().insert(path.to_owned(), page);
    }

    pub fn put_bytes(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.put(path, Page::Bytes(bytes.as_ref().to_vec()));
    }

    pub fn put_json(&self, path: &str, value: &Value) {
        self.put_bytes(path, value.to_string());
    }

    /// Makes what was not put there.
    pub fn make(&self, maker: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) {
        *self.shared.maker.lock().unwrap() = Some(Arc::new(maker));
    }

    /// The paths that were asked for since the last call.
    pub fn hits(&self) -> Vec<String> {
        self.hits_with_tokens().into_iter().map(|(path, _)| path).collect()
    }

    /// The paths with the `Authorization` that came with each.
    pub fn hits_with_tokens(&self) -> Vec<(String, String)> {
        std::mem::take(&mut *self.shared.hits.lock().unwrap())
    }

    pub fn n_hits(&self) -> usize {
        self.shared.hits.lock().unwrap().len()
    }

    /// Puts the metadata of a trusted provider at `/provider-metadata.json`.
    pub fn put_metadata(&self, distributions: &Value, keys: &[&Key]) {
        let keys: Vec<Value> = keys
            .iter()
            .enumerate()
            .map(|(i, key)| {
                let path = format!("/key-{i}.asc");
                self.put_bytes(&path, key.public());
                json!({"fingerprint": key.fingerprint(), "url": self.url(&path)})
            })
            .collect();
        self.put_json("/provider-metadata.json", &self.metadata(distributions, &keys));
    }

    pub fn metadata(&self, distributions: &Value, keys: &[Value]) -> Value {
        json!({
            "canonical_url": "https://elsewhere.example/provider-metadata.json",
            "distributions": distributions,
            "last_updated": "2026-11-01T00:00:00Z",
            "list_on_CSAF_aggregators": true,
            "metadata_version": "2.0",
            "mirror_on_CSAF_aggregators": true,
            "public_openpgp_keys": keys,
            "publisher": {"category": "vendor", "name": "Acme PSIRT", "namespace": "https://acme.example"},
            "role": "csaf_trusted_provider"
        })
    }

    pub fn rolie(&self, feeds: &[&str]) -> Value {
        let feeds: Vec<Value> =
            feeds.iter().map(|path| json!({"tlp_label": "WHITE", "summary": "all", "url": self.url(path)})).collect();
        json!([{"rolie": {"feeds": feeds}}])
    }

    /// Puts a document with digest and signature, and gives its entry in a feed.
    pub fn put_document(&self, path: &str, bytes: &[u8], key: Option<&Key>) -> Value {
        self.put_bytes(path, bytes);
        self.put_bytes(&format!("{path}.sha512"), format!("{}  x.json\n", hexadecimal(&Sha512::digest(bytes))));
        self.put_bytes(&format!("{path}.sha256"), hexadecimal(&Sha256::digest(bytes)));
        if let Some(key) = key {
            self.put_bytes(&format!("{path}.asc"), key.sign(bytes));
        }
        self.entry(path, "2026-11-01T00:00:00Z", key.is_some())
    }

    pub fn entry(&self, path: &str, updated: &str, is_signed: bool) -> Value {
        let url = self.url(path);
        let mut links = vec![
            json!({"rel": "self", "href": url}),
            json!({"rel": "hash", "href": format!("{url}.sha256")}),
            json!({"rel": "hash", "href": format!("{url}.sha512")}),
        ];
        if is_signed {
            links.push(json!({"rel": "signature", "href": format!("{url}.asc")}));
        }
        json!({"id": path, "title": path, "link": links, "published": updated, "updated": updated,
            "content": {"type": "application/json", "src": url}})
    }

    pub fn put_feed(&self, path: &str, entries: &[Value]) {
        let feed = json!({"feed": {"id": "feed", "title": "all", "updated": "2026-11-01T00:00:00Z",
            "link": [{"rel": "self", "href": self.url(path)}], "entry": entries}});
        self.put_json(path, &feed);
    }
}

async fn answer(State(shared): State<Shared>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let header = |name| parts.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    shared.hits.lock().unwrap().push((path.clone(), header(AUTHORIZATION)));
    let page = shared.pages.lock().unwrap().get(&path).cloned();
    let maker = shared.maker.lock().unwrap().clone();
    let page = match page {
        Some(Page::Busy(status, then)) => {
            shared.pages.lock().unwrap().insert(path, *then);
            return (StatusCode::from_u16(status).unwrap(), [("retry-after", "0")]).into_response();
        }
        Some(page) => page,
        None => match maker.and_then(|maker| maker(&path)) {
            Some(bytes) => Page::Bytes(bytes),
            None => Page::Status(404),
        },
    };
    match page {
        Page::Bytes(bytes) => {
            let etag = format!("\"{}\"", &hexadecimal(&Sha256::digest(&bytes))[..16]);
            if header(IF_NONE_MATCH) == etag {
                return StatusCode::NOT_MODIFIED.into_response();
            }
            ([(ETAG, etag), (CONTENT_TYPE, "application/json".to_owned())], bytes).into_response()
        }
        Page::Html => ([(CONTENT_TYPE, "text/html")], "<!DOCTYPE html><title>Nothing here</title>").into_response(),
        Page::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Page::Redirect(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Page::Busy(..) => unreachable!("answered above"),
        Page::Silent => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            StatusCode::OK.into_response()
        }
        Page::Cut(bytes) => {
            let cut = Err(std::io::Error::other("cut"));
            Body::from_stream(stream::iter([Ok(Bytes::from(bytes)), cut])).into_response()
        }
        Page::Endless => {
            let part = Bytes::from(vec![b' '; 1 << 16]);
            Body::from_stream(stream::repeat(part).map(Ok::<_, Infallible>)).into_response()
        }
    }
}

/// Serves over TLS on a port of its own; the certificate of the authority lies in the folder as `ca.pem`.
pub async fn serve_tls(router: Router, folder: &Path) -> (u16, tokio::task::JoinHandle<()>) {
    serve_tls_with(router, folder, false).await
}

/// As [`serve_tls`], where it is wanted only for those who show a certificate of the authority, as the one that lies in
/// the folder as `client.pem` with its key.
async fn serve_tls_with(
    router: Router,
    folder: &Path,
    asks_for_certificates: bool,
) -> (u16, tokio::task::JoinHandle<()>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(folder.join("ca.pem"), authority.pem()).unwrap();

    let names = ["localhost", "127.0.0.1", "vendor.example"].map(ToOwned::to_owned).to_vec();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    let client_key = KeyPair::generate().unwrap();
    let client = CertificateParams::new(vec!["plant.example".to_owned()]).unwrap();
    let client = client.signed_by(&client_key, &authority).unwrap();
    std::fs::write(folder.join("client.pem"), format!("{}{}", client_key.serialize_pem(), client.pem())).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ServerConfig::builder_with_provider(ring.clone()).with_safe_default_protocol_versions().unwrap();
    let builder = if asks_for_certificates {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), ring);
        builder.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        builder.with_no_client_auth()
    };
    let config = builder
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = tcp.local_addr().unwrap().port();
    let listener = TlsListener { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
    (port, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = tokio_rustls::server::TlsStream<TcpStream>;
    type Addr = std::net::SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else { continue };
            stream.set_nodelay(true).unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// An OpenPGP key that signs documents.
pub struct Key {
    pub secret: SignedSecretKey,
}

impl Key {
    pub fn new() -> Key {
        let mut params = SecretKeyParamsBuilder::default();
        params
            .key_type(KeyType::Ed25519Legacy)
            .can_certify(true)
            .can_sign(true)
            .primary_user_id("Acme PSIRT <psirt@acme.example>".to_owned());
        Key { secret: params.build().unwrap().generate(rand::thread_rng()).unwrap() }
    }

    pub fn fingerprint(&self) -> String {
        hexadecimal(self.secret.fingerprint().as_bytes())
    }

    pub fn public(&self) -> Vec<u8> {
        SignedPublicKey::from(self.secret.clone()).to_armored_bytes(ArmorOptions::default()).unwrap()
    }

    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let (key, hash) = (&self.secret.primary_key, HashAlgorithm::Sha512);
        DetachedSignature::sign_binary_data(rand::thread_rng(), key, &Password::empty(), hash, bytes)
            .unwrap()
            .to_armored_bytes(ArmorOptions::default())
            .unwrap()
    }
}

pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A document of its own for each id, with `padding` bytes in a note.
pub fn document(id: &str, version: u32, padding: usize) -> Vec<u8> {
    json!({
        "document": {
            "category": "csaf_security_advisory", "csaf_version": "2.0", "title": format!("Acme controller, {id}"),
            "publisher": {"category": "vendor", "name": "Acme PSIRT", "namespace": "https://acme.example"},
            "notes": [{"category": "summary", "text": "x".repeat(padding)}],
            "tracking": {
                "id": id, "status": "final", "version": version.to_string(),
                "initial_release_date": "2026-01-01T00:00:00Z", "current_release_date": "2026-11-01T00:00:00Z",
                "revision_history": [{"date": "2026-11-01T00:00:00Z", "number": version.to_string(), "summary": "x"}]}},
        "product_tree": {"branches": [{"category": "vendor", "name": "Acme", "branches": [
            {"category": "product_name", "name": "Controller 100", "branches": [
                {"category": "product_version_range", "name": "vers:generic/<2.0",
                 "product": {"name": "Acme Controller 100 below 2.0", "product_id": "P1"}}]}]}]},
        "vulnerabilities": [{"cve": "CVE-2026-0001", "product_status": {"known_affected": ["P1"]}}]
    })
    .to_string()
    .into_bytes()
}

/// The public half of a key that says that it is good for so many days from its making.
pub fn short_lived(key: &Key, days: u32) -> Vec<u8> {
    use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
    use pgp::types::{Duration, SignedUser, Tag, Timestamp};

    let own = &key.secret.primary_key;
    let mut public = SignedPublicKey::from(key.secret.clone());
    let mut config = SignatureConfig::v4(SignatureType::CertPositive, own.algorithm(), HashAlgorithm::Sha512);
    config.hashed_subpackets = [
        SubpacketData::SignatureCreationTime(Timestamp::now()),
        SubpacketData::IssuerFingerprint(key.secret.fingerprint()),
        SubpacketData::KeyExpirationTime(Duration::from_secs(days * 86_400)),
    ]
    .into_iter()
    .map(|data| Subpacket::regular(data).unwrap())
    .collect();
    let id = public.details.users[0].id.clone();
    let signature = config.sign_certification(own, &public.primary_key, &Password::empty(), Tag::UserId, &id).unwrap();
    public.details.users = vec![SignedUser::new(id, vec![signature])];
    public.to_armored_bytes(ArmorOptions::default()).unwrap()
}
