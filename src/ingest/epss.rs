//! The list of exploit probabilities, in the CSV form that FIRST publishes each day, plain or compressed with gzip.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;
use jiff::civil::Date;
use thiserror::Error;

use crate::domain::priority::{EpssEntry, EpssList};

/// A file that is not the list of exploit probabilities. The file's name is the caller's to add.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EpssError {
    #[error("expected a list of exploit probabilities, found an empty file")]
    Empty,
    #[error("expected gzip, found {found}")]
    NotGzip { found: String },
    #[error("expected a list of at most {MAX_MIB} MiB, found a larger one")]
    TooLarge,
    #[error("expected CSV, found {found}")]
    NotCsv { found: String },
    #[error("expected the columns `cve` and `epss`, found {found}")]
    NotEpss { found: String },
}

impl EpssError {
    /// Advice in one line.
    pub fn hint(&self) -> &'static str {
        "give the file epss_scores-YYYY-MM-DD.csv or .csv.gz as FIRST publishes it"
    }
}

/// The whole list has some 10 MiB; far above that it is something else.
const MAX_MIB: u64 = 256;

/// Lines that a warning names.
const MAX_TOLD: usize = 3;

/// Reads the list, and says what was odd.
///
/// A comment line in front tells model and date: `#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000`. A line
/// without a CVE or a probability from 0 to 1 is left out; lists of the first years have no percentile, which is then 0.
/// Of a CVE that stands twice the first line counts.
///
/// # Errors
///
/// When the bytes are no such list.
///
/// # Source
///
/// FIRST, Exploit Prediction Scoring System, data and statistics.
pub fn read_epss(bytes: &[u8]) -> Result<(EpssList, Vec<String>), EpssError> {
    let bytes = unpacked(bytes)?;
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes).trim_ascii_start();
    if bytes.is_empty() {
        return Err(EpssError::Empty);
    }
    let mut list = EpssList::default();
    let mut warnings = Vec::new();
    let comment = match bytes.strip_prefix(b"#") {
        Some(rest) => rest.split(|byte| *byte == b'\n').next().unwrap_or_default(),
        None => &[],
    };
    read_comment(&String::from_utf8_lossy(comment), &mut list);
    if list.date.is_empty() {
        warnings.push("expected the date of the estimates in a line `#…score_date:…`, found none".to_owned());
    }
    let not_csv = |cause: csv::Error| EpssError::NotCsv { found: cause.to_string() };
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).comment(Some(b'#')).trim(csv::Trim::All).from_reader(bytes);
    let header = reader.byte_headers().map_err(not_csv)?.clone();
    let column = |name: &str| header.iter().position(|text| text.eq_ignore_ascii_case(name.as_bytes()));
    let (Some(cve), Some(probability)) = (column("cve"), column("epss")) else {
        let found: Vec<String> =
            header.iter().take(5).map(|text| format!("`{}`", String::from_utf8_lossy(text).escape_debug())).collect();
        return Err(EpssError::NotEpss { found: format!("the columns {}", found.join(", ")) });
    };
    let percentile = column("percentile");
    let mut left_out: (u64, Vec<u64>) = (0, Vec::new());
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(not_csv)? {
        let text = |at: usize| record.get(at).and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
        let name = text(cve).to_ascii_uppercase();
        match (name.starts_with("CVE-"), parts_per_million(text(probability))) {
            (true, Some(probability_ppm)) => list.entries.push(EpssEntry {
                cve: name,
                probability_ppm,
                percentile_ppm: percentile.and_then(|at| parts_per_million(text(at))).unwrap_or(0),
            }),
            _ => {
                left_out.0 += 1;
                if left_out.1.len() < MAX_TOLD {
                    left_out.1.push(record.position().map_or(0, csv::Position::line));
                }
            }
        }
    }
    if left_out.0 > 0 {
        let lines: Vec<String> = left_out.1.iter().map(u64::to_string).collect();
        let more = if left_out.0 > MAX_TOLD as u64 { " …" } else { "" };
        warnings.push(format!(
            "{} lines without a CVE and a probability from 0 to 1 are left out: {}{more}",
            left_out.0,
            lines.join(", ")
        ));
    }
    list.entries.sort_by(|a, b| a.cve.cmp(&b.cve));
    let n_entries = list.entries.len();
    list.entries.dedup_by(|later, earlier| later.cve == earlier.cve);
    if list.entries.len() < n_entries {
        warnings.push(format!("{} lines repeat a CVE; the first of each counts", n_entries - list.entries.len()));
    }
    Ok((list, warnings))
}

/// The bytes themselves, or what a gzip file unpacks to.
fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, EpssError> {
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let limit_bytes = MAX_MIB << 20;
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(limit_bytes + 1)
        .read_to_end(&mut unpacked)
        .map_err(|e| EpssError::NotGzip { found: e.to_string() })?;
    if unpacked.len() as u64 > limit_bytes {
        return Err(EpssError::TooLarge);
    }
    Ok(Cow::Owned(unpacked))
}

/// `model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000`.
fn read_comment(comment: &str, list: &mut EpssList) {
    for part in comment.split(',') {
        match part.trim().split_once(':') {
            Some(("model_version", model)) => list.model = model.trim().to_owned(),
            Some(("score_date", date)) => {
                let day = date.trim().get(..10).unwrap_or_default();
                if day.parse::<Date>().is_ok() {
                    list.date = day.to_owned();
                }
            }
            _ => {}
        }
    }
}

/// A share from 0 to 1 as whole parts per million.
fn parts_per_million(text: &str) -> Option<u32> {
    let share: f64 = text.parse().ok()?;
    // Between 0 and a million, so nothing is cut off.
    (0.0..=1.0).contains(&share).then(|| (share * 1_000_000.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    const LIST: &str = "#model_version:v2025.03.14,score_date:2026-11-20T00:00:00+0000\n\
        cve,epss,percentile\nCVE-2022-46680,0.42013,0.94121\ncve-1999-1,1.2e-04,0.00031\n";

    fn entry(cve: &str, probability_ppm: u32, percentile_ppm: u32) -> EpssEntry {
        EpssEntry { cve: cve.to_owned(), probability_ppm, percentile_ppm }
    }

    #[test]
    fn the_list_is_read_plain_and_compressed() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(LIST.as_bytes()).unwrap();
        for bytes in [LIST.as_bytes().to_vec(), LIST.replace('\n', "\r\n").into_bytes(), gzip.finish().unwrap()] {
            let (list, warnings) = read_epss(&bytes).unwrap();
            assert_eq!((list.model.as_str(), list.date.as_str()), ("v2025.03.14", "2026-11-20"));
            assert_eq!(list.entries, [entry("CVE-1999-1", 120, 310), entry("CVE-2022-46680", 420_130, 941_210)]);
            assert_eq!(warnings, Vec::<String>::new());
        }
    }

    #[test]
    fn what_is_odd_is_left_out_and_told() {
        let text = "cve,epss\nCVE-1,0.5\nCVE-1,0.6\nCVE-2,1.5\n,0.1\nCVE-3,NaN\nCVE-4,\nCVE-5,0\n";
        let (list, warnings) = read_epss(text.as_bytes()).unwrap();
        assert_eq!(list.entries, [entry("CVE-1", 500_000, 0), entry("CVE-5", 0, 0)]);
        assert_eq!(
            warnings,
            [
                "expected the date of the estimates in a line `#…score_date:…`, found none",
                "4 lines without a CVE and a probability from 0 to 1 are left out: 4, 5, 6 …",
                "1 lines repeat a CVE; the first of each counts",
            ]
        );
    }

    #[test]
    fn other_files_are_refused_with_what_was_found() {
        for (bytes, part) in [
            (&b""[..], "an empty file"),
            (b"tag,model\nA,B\n", "expected the columns `cve` and `epss`, found the columns `tag`, `model`"),
            (b"{\"vulnerabilities\": []}", "expected the columns"),
            (b"\x1f\x8bnot gzip", "expected gzip"),
        ] {
            let said = read_epss(bytes).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_epss(&bytes);
            let _ = read_epss(&[&b"cve,epss,percentile\n"[..], &bytes].concat());
        }
    }
}
