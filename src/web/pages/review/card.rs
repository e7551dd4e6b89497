//! One question with all that is needed to answer it.

use std::collections::BTreeMap;

use crate::domain::review::{KnownAnswer, OpenQuestion, QuestionKind};
use crate::domain::version_range::VersionRange;
use crate::services::decide_match::{Effect, MAX_SPELLINGS, preview};
use crate::services::progress::Silent;
use crate::store;
use crate::web::error::Problem;
use crate::web::pages::acts::decide_problem;
use crate::web::partials::{SeverityBadge, VersionLine};
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

/// The card of a question.
pub struct Card {
    pub open: OpenQuestion,
    /// Its place in the queue from 0, and how many there are.
    pub at: u64,
    pub n: u64,
    /// The nameplate in each of its spellings: (vendor, model, order number, assets).
    pub spellings: Vec<(String, String, String, u64)>,
    /// Firmware and how many assets have it, most frequent first.
    pub firmwares: Vec<(String, u64)>,
    /// What the advisories say of versions, in words: (tracking id, words, as written).
    pub ranges: Vec<(String, String, String)>,
    pub if_same: Effect,
    pub if_different: Effect,
    /// The sites whose assets wait.
    pub sites: Vec<String>,
    /// The first assets that wait, for an answer for one alone: (id, tag, site).
    pub assets: Vec<(i64, String, String)>,
    pub severity: SeverityBadge,
    pub line: Option<VersionLine>,
}

/// Assets that can be chosen one by one.
const MAX_ASSETS: u32 = 100;

impl Card {
    /// Loads what the card shows.
    pub async fn load(state: &AppState, viewer: &Viewer, open: OpenQuestion, at: u64, n: u64) -> Result<Card, Problem> {
        let (db, question) = (state.db(), &open.question);
        let written = store::review::list_spellings(db, &question.digest, &viewer.sites, MAX_SPELLINGS).await?;
        let mut spellings: BTreeMap<[&str; 3], u64> = BTreeMap::new();
        let mut firmwares: BTreeMap<&str, u64> = BTreeMap::new();
        for one in &written {
            *spellings.entry([&*one.vendor, &*one.model, &*one.part_number]).or_default() += one.n_assets;
            *firmwares.entry(&*one.firmware).or_default() += one.n_assets;
        }
        let mut spellings: Vec<(String, String, String, u64)> =
            spellings.into_iter().map(|([v, m, p], n)| (v.to_owned(), m.to_owned(), p.to_owned(), n)).collect();
        spellings.sort_by_key(|(.., n)| std::cmp::Reverse(*n));
        let mut firmwares: Vec<(String, u64)> = firmwares.into_iter().map(|(f, n)| (f.to_owned(), n)).collect();
        firmwares.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
        let [if_same, if_different] = preview(db, question, &written, &Silent).await.map_err(decide_problem)?;
        let sites = store::review::list_question_sites(db, &question.digest, &viewer.sites).await?;
        let mut assets = Vec::new();
        for (asset_id, _) in
            store::review::list_question_assets(db, &question.digest, &viewer.sites, 0, MAX_ASSETS).await?
        {
            if let Some(known) = store::asset::find_asset(db, asset_id).await? {
                assets.push((asset_id, known.asset.tag, known.asset.site));
            }
        }
        let read = |text: &str| VersionRange::read(text, &question.product);
        let ranges: Vec<(String, String, String)> =
            question.ranges.iter().map(|(id, text)| (id.clone(), read(text).in_words(), text.clone())).collect();
        let firmware = firmwares.iter().map(|(f, _)| f.as_str()).find(|f| !f.is_empty()).unwrap_or_default();
        let line = question.ranges.first().and_then(|(_, text)| VersionLine::new(&read(text).bounds(), firmware));
        Ok(Card {
            at,
            n,
            spellings,
            firmwares,
            ranges,
            if_same,
            if_different,
            sites,
            assets,
            severity: SeverityBadge::of_score(
                question.cvss_tenths.map(|tenths| tenths as f32 / 10.0),
                question.n_exploited > 0,
            ),
            line,
            open,
        })
    }

    pub fn is_product(&self) -> bool {
        self.open.question.kind == QuestionKind::Product
    }

    /// Where a skip leads.
    pub fn skip(&self) -> String {
        let tab = if self.is_product() { "decide" } else { "conditions" };
        let next = if self.at + 1 >= self.n { 0 } else { self.at + 1 };
        format!("/review?tab={tab}&at={next}")
    }

    /// Whether a note is asked for when the answer rules the product out.
    pub fn needs_note(&self) -> bool {
        self.open.question.n_exploited > 0
    }

    /// What an earlier answer was given to and what is said now: (tracking id, then, now).
    pub fn changed_ranges(&self, earlier: &KnownAnswer) -> Vec<(String, String, String)> {
        let now = &self.open.question.ranges;
        earlier
            .question
            .ranges
            .iter()
            .filter(|pair| !now.contains(pair))
            .filter_map(|(id, then)| {
                let text = now.iter().find(|(other, _)| other == id).map(|(_, text)| text.clone())?;
                Some((id.clone(), then.clone(), text))
            })
            .collect()
    }
}

/// "9 affected, 5 possible, 2 off the list".
pub fn effect_in_words(effect: &Effect) -> String {
    let parts = [(effect.n_affected, "affected"), (effect.n_possible, "possible"), (effect.n_left, "off the list")];
    let told: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if told.is_empty() { "nothing".to_owned() } else { told.join(", ") }
}

/// The highest score of a question.
pub fn score(question: &crate::domain::review::Question) -> Option<f32> {
    question.cvss_tenths.map(|tenths| tenths as f32 / 10.0)
}
