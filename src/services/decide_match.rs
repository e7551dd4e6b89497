//! Answers to the questions that runs leave open: one answer settles all twins of a nameplate at once.

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use thiserror::Error;
use toml::{Table, Value};

use crate::domain::account::SiteScope;
use crate::domain::audit::{Act, NewAudit};
use crate::domain::catalogue::pack::{Alias, AliasKind};
use crate::domain::catalogue::{Decision, Decisions, Holder, Says};
use crate::domain::exposure::ExposureChanges;
use crate::domain::matching::match_holder;
use crate::domain::nameplate::{Nameplate, Variant};
use crate::domain::rescan::{Scope, Trigger};
use crate::domain::review::{Answer, KnownAnswer, Question, QuestionKind, Spelling};
use crate::domain::verdict::Verdict;
use crate::services::aliases::{AliasError, Signature, one_entry};
use crate::services::current_index::current_index;
use crate::services::load_advisories::LoadError;
use crate::services::progress::Progress;
use crate::services::rescan::{RescanError, rescan_part, save_decided, state_of_decisions};
use crate::store::review::NewAnswer;
use crate::store::{self, Db, StoreError};

/// Why an answer was not taken.
#[derive(Debug, Error)]
pub enum DecideError {
    #[error(
        "cannot answer: the question is no longer open\nhint: somebody answered it, or a run settled it; go on with the next one"
    )]
    Gone,
    #[error(
        "cannot answer: the question changed since it was opened\nhint: look at it again; product or range are others now"
    )]
    Changed,
    #[error("cannot answer: {0}")]
    Faster(String),
    #[error("cannot answer a question about a {kind} with `{answer}`: expected one of {known}")]
    Unfit { kind: &'static str, answer: &'static str, known: String },
    #[error("cannot answer for the site `{site}`: expected one of yours")]
    Site { site: String },
    #[error("cannot answer: nobody said who\nhint: name yourself with --user or the key `user`")]
    Nobody,
    #[error("cannot answer: expected a note, because the exposure that is ruled out is known to be exploited")]
    NoteNeeded,
    #[error(transparent)]
    Alias(#[from] AliasError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Rescan(#[from] RescanError),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for DecideError {
    fn from(error: StoreError) -> DecideError {
        match error {
            StoreError::Conflict(told) => DecideError::Faster(told),
            other => DecideError::Store(other),
        }
    }
}

/// Whom an answer is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum For {
    /// All assets with this nameplate at the sites of the person.
    #[default]
    All,
    Site(String),
    Asset(i64),
}

/// An answer to a question.
#[derive(Clone, Debug)]
pub struct Decide {
    /// See [`Question::digest`].
    pub question: String,
    /// See [`Question::fingerprint`]; blank when the person did not look at a page.
    pub fingerprint: String,
    pub answer: Answer,
    pub whom: For,
    /// Also for assets that are imported later.
    pub for_later: bool,
    pub note: String,
}

/// What an answer did.
#[derive(Clone, Debug)]
pub struct Decided {
    pub answer_id: i64,
    /// The act, for taking it back.
    pub audit_id: i64,
    /// "SE ION 7400 = Schneider Electric PowerLogic ION7400. 9 assets now affected, 5 possible."
    pub told: String,
    pub n_affected: u64,
    pub n_possible: u64,
    pub n_left: u64,
}

/// Keeps an answer, tells the matcher, and judges the nameplate again.
///
/// A person of some sites answers for these alone; the others keep the question.
///
/// # Errors
///
/// The question is gone or changed, somebody was faster, or the answer does not fit; then nothing is kept.
pub async fn decide(
    db: &Db,
    decide: &Decide,
    who: &str,
    sites: &SiteScope,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Decided, DecideError> {
    let question = store::review::find_question(db, &decide.question).await?.ok_or(DecideError::Gone)?;
    check(decide, &question, who)?;
    let waiting = store::review::list_question_assets(db, &question.digest, sites, 0, MAX_ASSETS).await?;
    if waiting.is_empty() {
        return Err(DecideError::Gone);
    }
    let before = state_of_decisions(db).await?;
    let asset_id = if let For::Asset(id) = decide.whom { Some(id) } else { None };
    let whom = whom(db, &decide.whom, sites).await?;
    let mut answers = Vec::with_capacity(whom.len());
    for site in &whom {
        answers.push(NewAnswer {
            question: &question,
            answer: decide.answer,
            site,
            asset_id,
            for_later: decide.for_later,
            note: &decide.note,
            who,
            alias: alias(&question, decide, site, asset_id, who, now)?,
        });
    }
    let audit = NewAudit {
        who: who.to_owned(),
        act: Act::Answer,
        what: sentence(&question, decide.answer),
        before: String::new(),
        after: decide.answer.label().to_owned(),
        undoes: None,
    };
    let (audit_id, answer_id) = store::review::save_answers(db, &audit, &answers, now).await?;
    let after = state_of_decisions(db).await?;
    let mut decided = Decided { answer_id, audit_id, told: String::new(), n_affected: 0, n_possible: 0, n_left: 0 };
    if decide.answer != Answer::CannotTell {
        let ids: Vec<i64> = waiting.iter().map(|(asset_id, _)| *asset_id).collect();
        let run = rescan_part(db, &Scope::Assets(ids), Trigger::Decision, progress).await?;
        count_effect(&mut decided, &question.digest, &waiting, &run.changes);
    }
    save_decided(db, &before, &after).await?;
    let effect = effect_in_words(&decided, decide.answer);
    decided.told = format!("{}. {effect}", sentence(&question, decide.answer));
    store::review::save_effect(db, audit_id, &effect).await?;
    Ok(decided)
}

/// Assets of a question that are looked at one by one.
const MAX_ASSETS: u32 = 1_000_000;

fn check(decide: &Decide, question: &Question, who: &str) -> Result<(), DecideError> {
    if who.trim().is_empty() {
        return Err(DecideError::Nobody);
    }
    if !decide.answer.fits(question.kind) {
        let known = Answer::ALL.into_iter().filter(|answer| answer.fits(question.kind));
        let known = known.map(|answer| format!("`{}`", answer.word())).collect::<Vec<_>>().join(", ");
        return Err(DecideError::Unfit { kind: question.kind.word(), answer: decide.answer.word(), known });
    }
    if !decide.fingerprint.is_empty() && decide.fingerprint != question.fingerprint {
        return Err(DecideError::Changed);
    }
    let rules_out = matches!(decide.answer, Answer::Different | Answer::DoesNotHold);
    if rules_out && question.n_exploited > 0 && decide.note.trim().is_empty() {
        return Err(DecideError::NoteNeeded);
    }
    Ok(())
}

/// The sites to answer for by name; one blank name for all.
async fn whom(db: &Db, whom: &For, sites: &SiteScope) -> Result<Vec<String>, DecideError> {
    let all = store::site::list_sites(db).await?;
    let mine = |name: &str| all.iter().any(|site| site.name == name && sites.covers(site.site_id));
    match (whom, sites) {
        (For::Site(name), _) if mine(name) => Ok(vec![name.clone()]),
        (For::Site(name), _) => Err(DecideError::Site { site: name.clone() }),
        (For::Asset(id), _) => {
            let asset = store::asset::find_asset(db, *id).await?.ok_or(DecideError::Gone)?;
            if mine(&asset.asset.site) {
                Ok(vec![String::new()])
            } else {
                Err(DecideError::Site { site: asset.asset.site })
            }
        }
        (For::All, SiteScope::All) => Ok(vec![String::new()]),
        (For::All, SiteScope::Only(_)) => {
            Ok(all.into_iter().filter(|site| sites.covers(site.site_id)).map(|site| site.name).collect())
        }
    }
}

/// The entry through which the matcher knows the answer; `None` when there is nothing to know.
fn alias(
    question: &Question,
    decide: &Decide,
    site: &str,
    asset_id: Option<i64>,
    who: &str,
    now: Timestamp,
) -> Result<Option<Alias>, AliasError> {
    let says = match decide.answer {
        Answer::Same => ("is_product", true),
        Answer::Different => ("is_product", false),
        Answer::Holds => ("holds", true),
        Answer::DoesNotHold => ("holds", false),
        Answer::CannotTell => return Ok(None),
    };
    let mut entry = Table::new();
    let texts = [
        ("vendor", question.vendor.as_str()),
        ("model", &question.model),
        ("part_number", &question.part_number),
        ("product_vendor", &question.product_vendor),
        ("product", &question.product),
        ("site", site),
    ];
    for (key, text) in texts {
        if !text.is_empty() || key == "product_vendor" {
            entry.insert(key.to_owned(), Value::from(text));
        }
    }
    entry.insert(says.0.to_owned(), Value::from(says.1));
    if let Some(asset_id) = asset_id {
        entry.insert("asset".to_owned(), Value::from(asset_id));
    }
    if !decide.for_later {
        entry.insert("seen_by".to_owned(), Value::from(format!("{now:.3}")));
    }
    let date = now.strftime("%Y-%m-%d").to_string();
    let signature = Signature { author: who.to_owned(), date: date.clone(), note: decide.note.clone() };
    Ok(one_entry(AliasKind::Decision, entry, &signature, Some((who, &date)))?.pop())
}

/// The answer as a sentence without its point: "SE ION 7400 = Schneider Electric PowerLogic ION7400".
fn sentence(question: &Question, answer: Answer) -> String {
    let (plate, product) = (question.nameplate(), question.product_text());
    match answer {
        Answer::Same => format!("{plate} = {product}"),
        Answer::Different => format!("{plate} ≠ {product}"),
        Answer::CannotTell => format!("{plate}: cannot be told here whether it is {product}"),
        Answer::Holds => format!("{plate}: the condition of {product} holds"),
        Answer::DoesNotHold => format!("{plate}: the condition of {product} does not hold"),
    }
}

/// Counts what became of the assets that waited: the worst of what their exposures turned into.
fn count_effect(decided: &mut Decided, question: &str, waiting: &[(i64, i64)], changes: &ExposureChanges) {
    let mut turned: FxHashMap<(i64, i64), Option<Verdict>> = FxHashMap::default();
    let before = changes.changed.iter().map(|(key, before, after)| (key, before, Some(after.verdict)));
    let closed = changes.closed.iter().map(|(key, before)| (key, before, None));
    for (key, _, now) in before.chain(closed).filter(|(_, before, _)| before.question == question) {
        let worst = turned.entry((key.variant_id, key.asset_id.unwrap_or(0))).or_insert(now);
        *worst = (*worst).max(now);
    }
    // An exposure that was told for all and is now told for some opens anew for these.
    for (key, now) in &changes.opened {
        if let Some(worst) = key.asset_id.and_then(|asset_id| {
            turned.contains_key(&(key.variant_id, 0)).then(|| turned.entry((key.variant_id, asset_id)).or_insert(None))
        }) {
            *worst = (*worst).max(Some(now.verdict));
        }
    }
    for (asset_id, variant_id) in waiting {
        let found = turned.get(&(*variant_id, *asset_id)).or_else(|| turned.get(&(*variant_id, 0)));
        match found {
            Some(Some(Verdict::Affected)) => decided.n_affected += 1,
            Some(Some(_)) => decided.n_possible += 1,
            Some(None) => decided.n_left += 1,
            None => {}
        }
    }
}

fn effect_in_words(decided: &Decided, answer: Answer) -> String {
    if answer == Answer::CannotTell {
        return "It waits for a reading.".to_owned();
    }
    let n = |n: u64, what: &str| match n {
        0 => None,
        1 => Some(format!("1 asset {what}")),
        n => Some(format!("{n} assets {what}")),
    };
    let parts: Vec<String> =
        [n(decided.n_affected, "now affected"), n(decided.n_possible, "possible"), n(decided.n_left, "off the list")]
            .into_iter()
            .flatten()
            .collect();
    if parts.is_empty() { "Nothing changed.".to_owned() } else { format!("{}.", parts.join(", ")) }
}

/// What an answer would do, in assets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    pub n_affected: u64,
    pub n_possible: u64,
    /// Those that no longer have the exposures in question.
    pub n_left: u64,
}

/// What "same" (or "holds") and what "different" (or "does not hold") would do to the assets with these spellings, of which
/// the first [`MAX_SPELLINGS`] are meant.
///
/// # Errors
///
/// The database fails.
pub async fn preview(
    db: &Db,
    question: &Question,
    spellings: &[Spelling],
    progress: &dyn Progress,
) -> Result<[Effect; 2], DecideError> {
    let current = current_index(db, progress).await?;
    let advisories = store::review::list_question_advisories(db, &question.digest).await?;
    let catalogue = current.index.catalogue();
    let mut effects = [Effect::default(); 2];
    for (effect, yes) in effects.iter_mut().zip([true, false]) {
        let says = if question.kind == QuestionKind::Condition { Says::Holds(yes) } else { Says::IsProduct(yes) };
        let mut decisions = Decisions::default();
        decisions.add(Decision {
            device_key: catalogue.device_key(&question.vendor, &question.model, &question.part_number),
            product_key: catalogue.product_key(&question.product_vendor, &question.product),
            says,
            scope: Default::default(),
            author: String::new(),
            date: String::new(),
        });
        for spelling in spellings {
            let variant = Variant {
                nameplate: Nameplate {
                    vendor: spelling.vendor.clone(),
                    model: spelling.model.clone(),
                    part_number: spelling.part_number.clone(),
                    hardware_revision: String::new(),
                },
                firmware: spelling.firmware.clone(),
                notes: String::new(),
            };
            let matches = match_holder(&current.index, &decisions, &variant, &Holder::default());
            let worst = matches
                .iter()
                .filter(|m| advisories.contains(&current.index.advisories()[m.advisory as usize].id))
                .map(|m| m.verdict)
                .max();
            match worst {
                Some(Verdict::Affected) => effect.n_affected += spelling.n_assets,
                Some(Verdict::Possible) => effect.n_possible += spelling.n_assets,
                _ => effect.n_left += spelling.n_assets,
            }
        }
    }
    Ok(effects)
}

/// Spellings that a preview looks at and a page shows.
pub const MAX_SPELLINGS: u32 = 500;

/// Takes an answer back as an act of its own and judges the nameplate again.
pub(super) async fn take_back(
    db: &Db,
    answers: &[KnownAnswer],
    audit: &NewAudit,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<i64, DecideError> {
    let before = state_of_decisions(db).await?;
    let undo_id = store::review::save_answers_taken_back(db, answers, audit, now).await?;
    let after = state_of_decisions(db).await?;
    // All answers of an act are to one question.
    if let Some(answer) = answers.iter().find(|answer| answer.alias_id.is_some()) {
        let ids = assets_of_nameplate(db, &answer.question, progress).await?;
        if !ids.is_empty() {
            rescan_part(db, &Scope::Assets(ids), Trigger::Decision, progress).await?;
        }
    }
    save_decided(db, &before, &after).await?;
    Ok(undo_id)
}

/// An asset of each variant of a nameplate, in whatever spelling.
async fn assets_of_nameplate(db: &Db, question: &Question, progress: &dyn Progress) -> Result<Vec<i64>, DecideError> {
    let current = current_index(db, progress).await?;
    let catalogue = current.index.catalogue();
    let wanted = catalogue.device_key(&question.vendor, &question.model, &question.part_number);
    let all = store::variant::list_variants_for_rescan(db).await?;
    let ids: Vec<i64> = tokio::task::block_in_place(|| {
        all.iter()
            .filter(|(_, variant)| {
                let plate = &variant.nameplate;
                catalogue.device_key(&plate.vendor, &plate.model, &plate.part_number) == wanted
            })
            .map(|(id, _)| *id)
            .collect()
    });
    let mut holders = store::variant::list_holders(db, &ids).await?;
    holders.dedup_by_key(|holder| holder.variant_id);
    Ok(holders.into_iter().map(|holder| holder.asset_id).collect())
}
