//! What reading one document keeps: warnings and bounds. And the small steps from [`Field`]s to plain values.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::error::ReadError;
use super::field::{Field, List, Part, Text};
use super::place::Place;
use super::text::repair_mojibake;
use super::warning::{CsafWarning, CsafWarningKind};

/// Warnings of one kind that are listed one by one; of the rest only the number is told.
const MAX_WARNINGS_PER_KIND: usize = 500;

/// What groups, repeated ids and long paths may unfold to. A small file could otherwise fill the memory: ten thousand
/// remedies for a group of ten thousand products are one hundred million entries.
const MAX_UNFOLDED_BYTES: usize = 512 << 20;

/// The state of reading one document.
#[derive(Debug, Default)]
pub struct Reader {
    warnings: Vec<CsafWarning>,
    n_warnings: BTreeMap<CsafWarningKind, usize>,
    n_unfolded_bytes: usize,
}

impl Reader {
    pub fn warn(&mut self, kind: CsafWarningKind, place: &Place<'_>, detail: impl Into<String>) {
        let n = self.n_warnings.entry(kind).or_default();
        *n += 1;
        if *n <= MAX_WARNINGS_PER_KIND {
            self.warnings.push(CsafWarning { kind, pointer: place.to_string(), detail: detail.into() });
        }
    }

    /// All warnings, in the order of the document, with a last word on those left out.
    pub fn into_warnings(mut self) -> Vec<CsafWarning> {
        for (kind, n) in self.n_warnings {
            if n > MAX_WARNINGS_PER_KIND {
                let detail = format!("{} more of this kind", n - MAX_WARNINGS_PER_KIND);
                self.warnings.push(CsafWarning { kind, pointer: String::new(), detail });
            }
        }
        self.warnings
    }

    /// Counts memory that the document makes us spend beyond its own size.
    pub fn unfold(&mut self, n_bytes: usize) {
        self.n_unfolded_bytes = self.n_unfolded_bytes.saturating_add(n_bytes);
    }

    /// Whether [`Reader::unfold`] went past its bound; no more is unfolded then, and the document is refused.
    pub fn is_too_large(&self) -> bool {
        self.n_unfolded_bytes > MAX_UNFOLDED_BYTES
    }

    /// # Errors
    ///
    /// When the document unfolded past its bound.
    pub fn check_size(&self) -> Result<(), ReadError> {
        if self.is_too_large() {
            return Err(ReadError::TooLarge { what: "bytes of unfolded groups and paths", limit: MAX_UNFOLDED_BYTES });
        }
        Ok(())
    }

    /// The value, with a warning when its type is wrong; `None` when it is missing or cannot be read.
    pub fn take<'a, T: Part<'a>>(&mut self, field: Field<T>, place: &Place<'_>) -> Option<T> {
        match field {
            Field::Missing => None,
            Field::Given(value) => Some(value),
            Field::Coerced(value, found) => {
                let detail = format!("expected {}, found {}; read all the same", T::EXPECTED.word(), found.word());
                self.warn(CsafWarningKind::WrongType, place, detail);
                Some(value)
            }
            Field::Wrong(found) => {
                let detail = format!("expected {}, found {}; left out", T::EXPECTED.word(), found.word());
                self.warn(CsafWarningKind::WrongType, place, detail);
                None
            }
        }
    }

    /// The member `key` of an object at `place`, as with [`Reader::take`].
    pub fn member<'a, T: Part<'a>>(&mut self, field: Field<T>, place: &Place<'_>, key: &str) -> Option<T> {
        match field {
            Field::Missing => None,
            field => self.take(field, &place.key(key)),
        }
    }

    /// The items of a list; none when it is missing or cannot be read.
    pub fn list<'a, T>(&mut self, field: Field<List<T>>, place: &Place<'_>) -> List<T>
    where
        T: Part<'a>,
    {
        self.take(field, place).unwrap_or_default()
    }

    pub fn check_repeated(&mut self, repeated: Option<&'static str>, place: &Place<'_>) {
        if let Some(key) = repeated {
            let detail = format!("`{key}` stands more than once; the last one counts");
            self.warn(CsafWarningKind::RepeatedKey, &place.key(key), detail);
        }
    }

    /// The text at `place`, with NUL removed and mojibake repaired, each with a warning.
    pub fn text(&mut self, field: Field<Text<'_>>, place: &Place<'_>) -> Option<String> {
        let Text(text) = self.take(field, place)?;
        // A NUL can only be written as an escape, so a borrowed text holds none.
        let mut text = match text {
            std::borrow::Cow::Borrowed(text) => text.to_owned(),
            std::borrow::Cow::Owned(mut text) => {
                if text.contains('\0') {
                    text.retain(|c| c != '\0');
                    self.warn(CsafWarningKind::ControlCharacter, place, "NUL characters removed");
                }
                text
            }
        };
        if let Some(repaired) = repair_mojibake(&text) {
            let detail = format!("`{}` read as `{}`", shorten(&text), shorten(&repaired));
            self.warn(CsafWarningKind::Mojibake, place, detail);
            text = repaired;
        }
        Some(text)
    }

    /// The text member `key`; `None` when it is missing or blank.
    pub fn optional(&mut self, field: Field<Text<'_>>, place: &Place<'_>, key: &str) -> Option<String> {
        match field {
            Field::Missing => None,
            field => self.text(field, &place.key(key)).filter(|text| !text.trim().is_empty()),
        }
    }

    /// The text member `key`; blank with a warning when it is missing or blank.
    pub fn required(&mut self, field: Field<Text<'_>>, place: &Place<'_>, key: &str) -> String {
        let was_wrong = matches!(field, Field::Wrong(_));
        let text = self.optional(field, place, key);
        if text.is_none() && !was_wrong {
            self.warn(CsafWarningKind::MissingField, place, format!("expected `{key}`, found none"));
        }
        text.unwrap_or_default()
    }

    /// The texts of a list member; blank ones are left out.
    pub fn texts(&mut self, field: Field<List<Text<'_>>>, place: &Place<'_>, key: &str) -> Vec<String> {
        if matches!(field, Field::Missing) {
            return Vec::new();
        }
        let place = place.key(key);
        let items = self.list(field, &place);
        let texts = items.into_iter().enumerate().filter_map(|(i, item)| self.text(item, &place.index(i)));
        texts.filter(|text| !text.trim().is_empty()).collect()
    }

    /// The instant of the text member `key`.
    pub fn instant(&mut self, field: Field<Text<'_>>, place: &Place<'_>, key: &str) -> Option<Timestamp> {
        let Text(text) = self.member(field, place, key)?;
        let text = text.trim();
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(instant);
        }
        // Without a zone the day is right all the same, and a day is what people read of it.
        let as_utc = text
            .parse::<DateTime>()
            .ok()
            .and_then(|date| date.to_zoned(TimeZone::UTC).ok())
            .map(|date| date.timestamp());
        let outcome = if as_utc.is_some() { "read as UTC" } else { "left out" };
        let detail = format!("expected a date and time with a zone, found `{}`; {outcome}", shorten(text));
        self.warn(CsafWarningKind::UnreadableDate, &place.key(key), detail);
        as_utc
    }

    /// Warns when `word` is none of `known`.
    pub fn check_word(&mut self, word: &str, known: &[&str], place: &Place<'_>, key: &str) {
        if !word.is_empty() && !known.contains(&word) {
            let detail = format!("expected one of {}, found `{}`; kept", known.join(", "), shorten(word));
            self.warn(CsafWarningKind::UnknownWord, &place.key(key), detail);
        }
    }
}

/// The text, cut to what fits a message.
pub fn shorten(text: &str) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}
