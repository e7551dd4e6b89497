//! The columns that a person chose for a list: kept in a cookie, shown in the address.
//!
//! The address alone says what a page shows, so that it can be sent to somebody else. A list that is opened without
//! columns in its address leads to the one with the columns that were chosen last.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::access::{cookie, set_cookie};
use super::state::AppState;
use crate::domain::filter::query_text;

/// A year in seconds.
const KEPT: i64 = 365 * 24 * 3_600;

/// Keeps or forgets columns where the address says so (`columns=keep`, `columns=usual`), and leads to the address with
/// the columns that are kept. `None` when the page is to be shown as it is addressed. `list` names the list.
pub fn remember(
    state: &AppState,
    headers: &HeaderMap,
    list: &str,
    path: &str,
    query: Option<&str>,
) -> Option<Response> {
    let name = format!("nameplate_columns_{list}");
    let mut words = query_text::read(query.unwrap_or_default());
    let wish = words.iter().position(|(word, _)| word == "columns").map(|at| words.remove(at).1.concat());
    let chosen = words.iter().find(|(word, _)| word == "cols").map(|(_, values)| values.join("."));
    match (wish.as_deref(), chosen) {
        (Some("usual"), _) => {
            words.retain(|(word, _)| word != "cols");
            Some(leading(&address(path, &words), set_cookie(state, &name, "", 0)))
        }
        (Some(_), Some(columns)) if is_plain(&columns) => {
            Some(leading(&address(path, &words), set_cookie(state, &name, &columns, KEPT)))
        }
        (Some(_), _) => Some(Redirect::to(&address(path, &words)).into_response()),
        (None, Some(_)) => None,
        (None, None) => {
            let columns = cookie(headers, &name).filter(|columns| is_plain(columns))?;
            let columns: Vec<String> = columns.split('.').map(str::to_owned).collect();
            words.push(("cols".to_owned(), columns));
            Some(Redirect::to(&address(path, &words)).into_response())
        }
    }
}

/// Whether these are names of columns and nothing else that a cookie or an address could hold.
fn is_plain(columns: &str) -> bool {
    !columns.is_empty()
        && columns.len() < 200
        && columns.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.')
}

fn address(path: &str, words: &[(String, Vec<String>)]) -> String {
    let words: Vec<String> = words
        .iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(word, values)| {
            let values: Vec<String> = values.iter().map(|value| query_text::encode(value)).collect();
            format!("{}={}", query_text::encode(word), values.join(","))
        })
        .collect();
    if words.is_empty() { path.to_owned() } else { format!("{path}?{}", words.join("&")) }
}

fn leading(address: &str, cookie: header::HeaderValue) -> Response {
    ([(header::SET_COOKIE, cookie)], Redirect::to(address)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_words() {
        let words = query_text::read("verdict=affected,possible&text=a%2Cb&cols=firmware");
        assert_eq!(address("/exposures", &words), "/exposures?verdict=affected,possible&text=a%2Cb&cols=firmware");
        assert_eq!(address("/exposures", &[]), "/exposures");
    }

    #[test]
    fn only_names_of_columns_are_kept() {
        for (columns, is) in [("firmware.part_number", true), ("", false), ("a;b", false), ("A", false), ("a b", false)]
        {
            assert_eq!(is_plain(columns), is, "{columns}");
        }
    }
}
