//! Generations in a name: `V7.4`, `V4.X`, `version 4`, `V6 and below`, `2020 R2`.

use super::{Designation, Generation, Reach};
use crate::domain::model::Token;

/// The years that programs are named by; a lone 2000 is a type's number.
pub const YEARS: std::ops::RangeInclusive<u32> = 2001..=2039;

/// The year that a program is named by, `2019` of "PI Web API 2019", with its release where one follows: `2020R2`.
fn year_in(text: &str) -> Option<(u32, Option<u32>)> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = year.parse().ok().filter(|year| YEARS.contains(year))?;
    match rest.strip_prefix('r') {
        Some(release) => Some((year, Some(release.parse().ok()?))),
        None => rest.is_empty().then_some((year, None)),
    }
}

/// Generations: `V7.4`, `V4.X`, `version 4`, `V6 and below`, `2020 R2`.
pub(super) fn take_generation(tokens: &[Token], taken: &mut [bool], found: &mut Designation) {
    let n = tokens.len();
    let mut at = 0;
    while at < n {
        if taken[at] {
            at += 1;
            continue;
        }
        let text = tokens[at].text.as_str();
        let starts_chunk = at == 0 || tokens[at - 1].chunk != tokens[at].chunk;
        let own = text.strip_prefix('v').filter(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
        // "Codebeamer 22.10.X"
        let is_line = || {
            let chunk: Vec<&Token> = tokens[at..].iter().take_while(|t| t.chunk == tokens[at].chunk).collect();
            let [numbers @ .., last] = chunk.as_slice() else { return false };
            let dotted = |t: &&Token| t.is_dotted && t.text.bytes().all(|b| b.is_ascii_digit());
            last.text == "x" && !numbers.is_empty() && numbers.iter().all(dotted)
        };
        // "Femap 2020.2", and no "EDS-2008" or "2014-01-31".
        let is_number = |t: &Token| t.text.len() == 1 && t.text.bytes().all(|b| b.is_ascii_digit());
        let mut behind = tokens[at + 1..].iter().take_while(|t| t.chunk == tokens[at].chunk);
        let mut stands_alone = || starts_chunk && at > 0 && behind.all(is_number);
        let year = year_in(text).filter(|_| stands_alone());
        let mut release = None;
        let (first, mut end) = if let Some((year, told)) = year {
            let next = || tokens.get(at + 1).filter(|_| told.is_none() && !taken[at + 1]);
            let follows = next().and_then(|t| t.text.strip_prefix('r')).and_then(|release| release.parse().ok());
            release = told.or(follows);
            (year.to_string(), at + 1 + usize::from(follows.is_some()))
        } else if starts_chunk && at > 0 && is_line() {
            (text.to_owned(), at + 1)
        } else if starts_chunk && let Some(rest) = own {
            (rest.to_owned(), at + 1)
        } else if matches!(text, "version" | "versions")
            && let Some(next) = tokens.get(at + 1)
            && !taken[at + 1]
            && next.text.bytes().all(|b| b.is_ascii_digit())
        {
            (next.text.clone(), at + 2)
        } else {
            at += 1;
            continue;
        };
        let mut numbers: Vec<u32> = first.parse().into_iter().chain(release).collect();
        let chunk = tokens[end - 1].chunk;
        while end < n && tokens[end].chunk == chunk {
            match tokens[end].text.parse::<u32>() {
                Ok(number) => numbers.push(number),
                Err(_) => {
                    if tokens[end].text != "x" {
                        numbers.clear();
                    }
                }
            }
            end += 1;
        }
        if !numbers.is_empty() {
            // "S7-400 H V6 CPU family and below"
            let names_kind = |t: &&Token| matches!(t.text.as_str(), "cpu" | "cpus" | "family" | "series");
            let kinds = tokens[end..].iter().take_while(names_kind).count();
            let and = tokens.get(end + kinds).is_some_and(|t| matches!(t.text.as_str(), "and" | "or"));
            let skipped = if and { kinds } else { 0 };
            let word = |k: usize| tokens.get(end + skipped + k).map_or("", |t| t.text.as_str());
            let tail = if matches!(word(0), "and" | "or") { word(1) } else { word(0) };
            let leads = |k: usize| at.checked_sub(k).and_then(|n| tokens.get(n)).map_or("", |t| t.text.as_str());
            let before = matches!(leads(1), "below" | "before") || (leads(1) == "to" && leads(2) == "prior");
            let reach = match tail {
                _ if before => Reach::Before,
                "below" | "earlier" | "prior" | "older" | "lower" => Reach::AndEarlier,
                "newer" | "later" | "above" | "higher" => Reach::AndLater,
                _ => Reach::Only,
            };
            let written: Vec<&str> = tokens[at..end].iter().map(|t| t.raw.as_str()).collect();
            if found.generation.is_none() {
                found.generation = Some(Generation { numbers, reach, text: written.join(".") });
            }
            taken[at..end].fill(true);
            if reach != Reach::Only {
                let mut k = end + skipped;
                while k < n
                    && matches!(
                        tokens[k].text.as_str(),
                        "and"
                            | "or"
                            | "below"
                            | "earlier"
                            | "prior"
                            | "older"
                            | "lower"
                            | "newer"
                            | "later"
                            | "above"
                            | "higher"
                    )
                {
                    taken[k] = true;
                    k += 1;
                }
            }
        }
        at = end;
    }
}
