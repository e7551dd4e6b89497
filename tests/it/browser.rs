//! The HTML report in a real browser: it fits a phone, prints, and holds no script.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The browser to test in; `None` says that the test is skipped, unless the environment demands it.
fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
    if found.is_none() {
        assert!(
            std::env::var_os("NAMEPLATE_REQUIRE_BROWSER").is_none(),
            "no Chromium, and NAMEPLATE_REQUIRE_BROWSER is set"
        );
        eprintln!("SKIPPED: no Chromium was found");
    }
    found
}

/// Runs the browser without a window and without its own traffic.
fn browse(browser: &str, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--allow-file-access-from-files"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(arguments)
        .output()
        .unwrap()
}

/// Makes the report of the sample plant in a folder of its own.
fn sample_report() -> TempDir {
    let folder = TempDir::new().unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_inventories/riverside.xlsx");
    let output = Command::new(env!("CARGO_BIN_EXE_nameplate"))
        .current_dir(folder.path())
        .env("NAMEPLATE_DATA_DIR", folder.path().join("data"))
        .args(["scan", sample.to_str().unwrap(), "--format", "html", "-o", "report.html"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn the_report_fits_a_phone_and_a_desk_and_holds_no_script() {
    let Some(browser) = chromium() else { return };
    let folder = sample_report();
    for width in [320, 1280] {
        // The report forbids itself scripts, so a page around it measures.
        let around = format!(
            "<!doctype html><iframe id=f width={width} height=900 src=report.html></iframe><pre id=out></pre><script>\
             f.onload=()=>{{const d=f.contentDocument,e=d.documentElement;\
             out.textContent=[e.scrollWidth<=e.clientWidth,d.scripts.length,d.querySelectorAll('details').length>0].join(' ')}}\
             </script>"
        );
        std::fs::write(folder.path().join("around.html"), around).unwrap();
        let page = format!("file://{}", folder.path().join("around.html").display());
        let output = browse(browser, folder.path(), &["--virtual-time-budget=10000", "--dump-dom", &page]);
        let dom = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(dom.contains("true 0 true"), "at {width} px: {}", &dom[dom.len().saturating_sub(300)..]);
    }
}

#[test]
fn the_report_prints_on_several_pages() {
    let Some(browser) = chromium() else { return };
    let folder = sample_report();
    let pdf = folder.path().join("report.pdf");
    let print = format!("--print-to-pdf={}", pdf.display());
    let page = format!("file://{}", folder.path().join("report.html").display());
    browse(browser, folder.path(), &["--no-pdf-header-footer", &print, &page]);
    let bytes = std::fs::read(&pdf).unwrap();
    let n_pages = String::from_utf8_lossy(&bytes).matches("/Type /Page\n").count();
    assert!((5..100).contains(&n_pages), "{n_pages} pages");
}
