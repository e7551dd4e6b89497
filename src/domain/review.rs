//! Questions to people that would turn "possible" into yes or no, and their answers.
//!
//! A question is about one nameplate in all its spellings and one product, one condition or some readings: never about
//! one asset and one advisory, so that an answer serves all twins and all advisories that ask the same.

use jiff::Timestamp;

/// What kind of answer settles an exposure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum QuestionKind {
    /// Is the nameplate that product?
    Product,
    /// Does what the entry depends on hold: is the module fitted, the function on?
    Condition,
    /// What does the device say of itself?
    Reading,
}

impl QuestionKind {
    /// All kinds.
    pub const ALL: [QuestionKind; 3] = [QuestionKind::Product, QuestionKind::Condition, QuestionKind::Reading];

    /// The word used in the database and in URLs.
    pub fn word(self) -> &'static str {
        match self {
            QuestionKind::Product => "product",
            QuestionKind::Condition => "condition",
            QuestionKind::Reading => "reading",
        }
    }

    /// The kind with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<QuestionKind> {
        QuestionKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A question that is open after a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Identifies it over all runs: digest of kind, nameplate, and product, condition or readings.
    pub digest: String,
    pub kind: QuestionKind,
    /// The nameplate in one of its spellings.
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    /// As the advisory writes it; blank for readings.
    pub product_vendor: String,
    pub product: String,
    /// What is doubtful, in words; for readings the words of [`super::verdict::Reading`], joined by commas.
    pub detail: String,
    /// The version texts of the product in the advisories that ask, as (tracking id, text), sorted, each once.
    pub ranges: Vec<(String, String)>,
    /// Digest of product and ranges, or that of an answer whose advisories still say the same. An answer holds while it
    /// stays; another one asks again.
    pub fingerprint: String,
    /// The highest base score among the advisories that ask, in tenths; `None` when none states one.
    pub cvss_tenths: Option<u32>,
    /// Advisories that ask and name an exploited vulnerability, when the run looked.
    pub n_exploited: u64,
    pub n_advisories: u64,
}

impl Question {
    /// The nameplate as one text: vendor, model, order number, what is stated of them.
    pub fn nameplate(&self) -> String {
        let parts: Vec<&str> =
            [&*self.vendor, &*self.model, &*self.part_number].into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }

    /// The product as one text: vendor and name, the vendor once.
    pub fn product_text(&self) -> String {
        if self.product_vendor.is_empty() || self.product.starts_with(&self.product_vendor) {
            self.product.clone()
        } else {
            format!("{} {}", self.product_vendor, self.product)
        }
    }
}

/// A question with what waits for its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQuestion {
    pub question: Question,
    pub n_assets: u64,
    pub n_exposures: u64,
    pub n_sites: u64,
    /// An earlier answer that no longer holds, because product or range changed.
    pub asked_again: Option<KnownAnswer>,
    /// The latest answer to the very same question, which was given for another site or asset alone.
    pub proposal: Option<KnownAnswer>,
}

/// What a person says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Same,
    Different,
    /// Of a product: it cannot be told here, so somebody has to read the device.
    CannotTell,
    Holds,
    DoesNotHold,
}

impl Answer {
    /// All answers.
    pub const ALL: [Answer; 5] =
        [Answer::Same, Answer::Different, Answer::CannotTell, Answer::Holds, Answer::DoesNotHold];

    /// The word used in the database and in forms.
    pub fn word(self) -> &'static str {
        match self {
            Answer::Same => "same",
            Answer::Different => "different",
            Answer::CannotTell => "cannot_tell",
            Answer::Holds => "holds",
            Answer::DoesNotHold => "does_not_hold",
        }
    }

    /// The answer with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Answer> {
        Answer::ALL.into_iter().find(|answer| answer.word() == word)
    }

    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            Answer::Same => "same product",
            Answer::Different => "different product",
            Answer::CannotTell => "cannot tell here",
            Answer::Holds => "holds",
            Answer::DoesNotHold => "does not hold",
        }
    }

    /// Whether it answers a question of this kind.
    pub fn fits(self, kind: QuestionKind) -> bool {
        match kind {
            QuestionKind::Product => matches!(self, Answer::Same | Answer::Different | Answer::CannotTell),
            QuestionKind::Condition => matches!(self, Answer::Holds | Answer::DoesNotHold),
            QuestionKind::Reading => false,
        }
    }
}

/// An answer as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAnswer {
    pub answer_id: i64,
    /// As it was asked then; its counts are not kept.
    pub question: Question,
    pub answer: Answer,
    /// Blank for all sites.
    pub site: String,
    /// `None` for all assets.
    pub asset_id: Option<i64>,
    /// It also holds for assets that are imported later.
    pub for_later: bool,
    pub note: String,
    /// What it did, in one sentence.
    pub effect: String,
    pub who: String,
    pub answered_at: Timestamp,
    pub taken_back_at: Option<Timestamp>,
    /// Who took it back; blank while it holds.
    pub taken_back_by: String,
    pub audit_id: i64,
    /// The alias through which the matcher knows it; `None` when it cannot be told.
    pub alias_id: Option<i64>,
}

/// One spelling of a nameplate and how many of the assets in question are written so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling {
    pub vendor: String,
    pub model: String,
    pub part_number: String,
    pub firmware: String,
    pub n_assets: u64,
}
