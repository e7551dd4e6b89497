//! Files that pages need, embedded in the program. Their names carry a digest of what is in them, so that a browser may
//! keep them for ever and never shows an old one.

use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// One file.
struct Asset {
    /// Its name in `src/web/static/`.
    name: &'static str,
    /// `app.3f2a9c017be4.css`.
    href: String,
    content_type: &'static str,
    bytes: Vec<u8>,
}

macro_rules! embed {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_bytes!(concat!("static/", $name)).as_slice())),+]
    };
}

/// Those that others name come first.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets: Vec<Asset> = Vec::new();
    for (name, bytes) in embed![
        "plex-sans-400.woff2",
        "plex-sans-600.woff2",
        "plex-sans-condensed-400.woff2",
        "plex-sans-condensed-600.woff2",
        "plex-mono-400.woff2",
        "plex-mono-600.woff2",
        "favicon.svg",
        "app.css",
        "app.js",
    ] {
        let mut bytes = bytes.to_vec();
        if name.ends_with(".css") {
            let mut text = String::from_utf8_lossy(&bytes).into_owned();
            for asset in &assets {
                text = text.replace(asset.name, &asset.href);
            }
            bytes = text.into_bytes();
        }
        let digest = Sha256::digest(&bytes).iter().take(6).fold(String::new(), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
        let content_type = match ending {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "woff2" => "font/woff2",
            _ => "application/octet-stream",
        };
        assets.push(Asset { name, href: format!("{stem}.{digest}.{ending}"), content_type, bytes });
    }
    assets
});

/// The address of a file by its name in `src/web/static/`; blank for a name that is none.
pub fn href(name: &str) -> String {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| format!("/static/{}", asset.href)).unwrap_or_default()
}

/// `GET /static/{file}`.
pub async fn show(Path(file): Path<String>) -> Response {
    match ASSETS.iter().find(|asset| asset.href == file) {
        Some(asset) => (
            [
                (header::CONTENT_TYPE, asset.content_type),
                (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            ],
            asset.bytes.as_slice(),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_names_files_that_are_there_and_the_script_is_small() {
        let css = ASSETS.iter().find(|asset| asset.name == "app.css").unwrap();
        let text = String::from_utf8(css.bytes.clone()).unwrap();
        let urls = text.split("url(").skip(1).map(|rest| rest.split(')').next().unwrap());
        // A name behind `#` is a pattern of the page itself.
        let urls: Vec<&str> = urls.filter(|url| !url.starts_with('#')).collect();
        assert_eq!(urls.len(), 6);
        for url in urls {
            assert!(ASSETS.iter().any(|asset| asset.href == url), "{url}");
        }
        assert!(ASSETS.iter().find(|asset| asset.name == "app.js").unwrap().bytes.len() < 30_000);
    }
}
