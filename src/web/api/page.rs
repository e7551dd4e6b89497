//! Paging: a cursor that means a place behind a row, and a bound on how much is asked for.

use serde::Deserialize;
use utoipa::IntoParams;

use crate::web::error::Problem;

/// Rows of a page when nothing is asked for.
const USUAL: u32 = 100;
/// Rows of a page at most.
const MOST: u32 = 1000;

/// What a program asks of a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The `next` of the page before; left out for the first page.
    pub after: Option<String>,
    /// How many items at most, up to 1000; 100 when left out.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

impl PageQuery {
    /// How many items are wanted.
    ///
    /// # Errors
    ///
    /// 400 for none, or for too many.
    pub fn limit(&self) -> Result<u32, Problem> {
        read_limit(self.limit)
    }

    /// The number that the cursor is.
    ///
    /// # Errors
    ///
    /// 400 when it is none of ours.
    pub fn after_id(&self) -> Result<Option<i64>, Problem> {
        self.after.as_deref().map(read_id).transpose()
    }
}

/// How many items are wanted.
///
/// # Errors
///
/// 400 for none, or for too many.
pub fn read_limit(limit: Option<u32>) -> Result<u32, Problem> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit),
        other => Err(Problem::bad_request(format!("cannot list: expected `limit` from 1 to {MOST}, found `{other}`"))),
    }
}

fn unknown(cursor: &str) -> Problem {
    Problem::bad_request(format!("cannot list: expected `after` to be the `next` of the page before, found `{cursor}`"))
}

/// A cursor of one number.
///
/// # Errors
///
/// 400 when it is none.
pub fn read_id(cursor: &str) -> Result<i64, Problem> {
    cursor.parse().map_err(|_| unknown(cursor))
}

/// A cursor of two numbers, `12.7`.
///
/// # Errors
///
/// 400 when it is none.
pub fn read_pair(cursor: &str) -> Result<(i64, i64), Problem> {
    let pair = cursor.split_once('.').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    pair.ok_or_else(|| unknown(cursor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_others_are_refused() {
        assert_eq!(read_pair("12.7").unwrap(), (12, 7));
        for wrong in ["", "12", "a.b", "1.2.3", "99999999999999999999.1"] {
            assert!(read_pair(wrong).is_err(), "{wrong}");
        }
        assert!(read_id("x").unwrap_err().message.contains("`next`"));
    }

    #[test]
    fn a_page_has_a_bound() {
        let query = |limit| PageQuery { after: None, limit }.limit();
        assert_eq!((query(None).unwrap(), query(Some(1000)).unwrap()), (100, 1000));
        assert!(query(Some(0)).is_err() && query(Some(1001)).is_err());
    }
}
