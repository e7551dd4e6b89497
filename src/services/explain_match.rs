//! Why one nameplate is affected, possibly affected or ruled out, and what came close.

use std::sync::Arc;

use thiserror::Error;

use crate::domain::advisory::Advisory;
use crate::domain::asset::KnownAsset;
use crate::domain::catalogue::{Catalogue, Holder};
use crate::domain::matching::{Match, NearMiss, match_holder, near_misses, why_unchecked_holder};
use crate::domain::nameplate::Variant;
use crate::domain::product_index::ProductIndex;
use crate::domain::version_range::VersionRange;
use crate::domain::witness::{Voice, contradictions, witness_groups};
use crate::report::explanation::{ExplainedMatch, ExplainedNearMiss, Explanation, NO_RULER, WitnessGroup};
use crate::report::row::ReportAdvisory;
use crate::services::load_advisories::Advisories;
use crate::services::report_rows::{Threats, holding, range_in_words, report_advisory, report_finding};
use crate::store::{self, Db, StoreError};

/// What to explain.
#[derive(Clone, Debug, Default)]
pub struct ExplainRequest {
    pub variant: Variant,
    pub serial_number: String,
    /// The asset that carries it; `None` for any. A decision may hold for one asset, one site or those known then.
    pub carrier: Option<Carrier>,
    /// Only this advisory (tracking id; case does not matter).
    pub advisory: Option<String>,
}

/// The asset that carries a nameplate, as far as decisions look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    asset_id: i64,
    site: String,
    /// UTC, RFC 3339 with milliseconds.
    first_seen_at: String,
}

impl From<&KnownAsset> for Carrier {
    fn from(known: &KnownAsset) -> Carrier {
        Carrier {
            asset_id: known.asset_id,
            site: known.asset.site.clone(),
            first_seen_at: format!("{:.3}", known.first_seen_at),
        }
    }
}

impl ExplainRequest {
    /// What holds for this asset.
    pub fn of_asset(known: &KnownAsset) -> ExplainRequest {
        ExplainRequest {
            variant: known.asset.variant.clone(),
            serial_number: known.asset.serial_number.clone(),
            carrier: Some(known.into()),
            advisory: None,
        }
    }

    fn holder(&self) -> Holder<'_> {
        let serial_number = self.serial_number.as_str();
        match &self.carrier {
            Some(Carrier { asset_id, site, first_seen_at }) => {
                Holder { serial_number, site, asset_id: *asset_id, first_seen_at }
            }
            None => Holder::with_serial(serial_number),
        }
    }

    fn matches(&self, index: &ProductIndex) -> Vec<Match> {
        match_holder(index, index.catalogue().decisions(), &self.variant, &self.holder())
    }
}

/// Why there is nothing to explain.
#[derive(Debug, Error)]
pub enum ExplainError {
    #[error(
        "cannot explain `{id}`: no asset of the database has this id\nhint: the id is the asset tag of the inventory"
    )]
    UnknownAsset { id: String },
    #[error("cannot explain `{id}`: {n} sites have an asset of this id: {sites}\nhint: name the site with --site")]
    SeveralAssets { id: String, n: usize, sites: String },
    #[error("cannot explain `{id}`: none of the {n} advisories has this id")]
    UnknownAdvisory { id: String, n: usize },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Near misses that are told.
const MAX_NEAR_MISSES: usize = 20;

/// Finds the asset that a person means by its tag.
///
/// # Errors
///
/// No asset, or assets at several sites, have this tag.
pub async fn find_asset(db: &Db, tag: &str, site: Option<&str>) -> Result<KnownAsset, ExplainError> {
    let mut found = store::asset::list_assets_by_tag(db, tag, site).await?;
    found.retain(|asset| asset.retired_at.is_none());
    match found.len() {
        1 => Ok(found.swap_remove(0)),
        0 => Err(ExplainError::UnknownAsset { id: tag.to_owned() }),
        n => {
            let sites = found.iter().map(|a| format!("`{}`", a.asset.site)).collect::<Vec<_>>().join(", ");
            Err(ExplainError::SeveralAssets { id: tag.to_owned(), n, sites })
        }
    }
}

/// Explains one variant against these advisories, with the knowledge of this catalogue.
///
/// # Errors
///
/// The advisory that was asked for is not among them.
pub fn explain(
    request: &ExplainRequest,
    advisories: Advisories,
    threats: &Threats,
    catalogue: Catalogue,
) -> Result<Explanation, ExplainError> {
    let index = ProductIndex::build(advisories.advisories, Arc::new(catalogue));
    explain_in(request, &index, advisories.sources, threats)
}

/// Explains one variant against the advisories of this index; `sources` say where they came from.
///
/// # Errors
///
/// As [`explain`].
pub fn explain_in(
    request: &ExplainRequest,
    index: &ProductIndex,
    sources: Vec<String>,
    threats: &Threats,
) -> Result<Explanation, ExplainError> {
    let wanted = request.advisory.as_deref();
    let is_wanted = |advisory: &Advisory| wanted.is_none_or(|id| advisory.id.eq_ignore_ascii_case(id));
    if let Some(id) = wanted
        && !index.advisories().iter().any(|a| is_wanted(a))
    {
        return Err(ExplainError::UnknownAdvisory { id: id.to_owned(), n: index.advisories().len() });
    }
    let document = |at: u32| &index.advisories()[at as usize];
    let named = |at: u32| Arc::new(report_advisory(document(at)));
    let mut matches: Vec<ExplainedMatch> = request
        .matches(index)
        .into_iter()
        .filter(|found| is_wanted(document(found.advisory)))
        .map(|found| {
            let entries = index.entries(found.advisory);
            let range =
                entries.iter().find(|entry| entry.product == found.product).map(|entry| index.range(entry.range));
            ExplainedMatch {
                key: document(found.advisory).key(),
                finding: report_finding(document(found.advisory), named(found.advisory), &found, threats),
                what_would_change: found.what_would_change_it,
                range_as_written: range.map(|range| range.raw().to_owned()).unwrap_or_default(),
                bounds: range.map(VersionRange::bounds).unwrap_or_default(),
                ruler: range.map_or(NO_RULER, VersionRange::ruler),
            }
        })
        .collect();
    let witnesses = witnesses(index, request);
    matches.sort_by(|a, b| a.finding.compare_urgency(&b.finding));
    let near_misses = near_misses(index, &request.variant, usize::MAX)
        .into_iter()
        .filter(|near| is_wanted(document(near.advisory)))
        .take(MAX_NEAR_MISSES)
        .map(|near| explained(&near, named(near.advisory), document(near.advisory)))
        .collect();
    Ok(Explanation {
        variant: request.variant.clone(),
        serial_number: request.serial_number.clone(),
        matches,
        near_misses,
        witnesses,
        unchecked: why_unchecked_holder(index, index.catalogue().decisions(), &request.variant, &request.holder()),
        n_advisories: index.advisories().len() as u64,
        sources,
        engine: format!("nameplate {}", env!("CARGO_PKG_VERSION")),
    })
}

/// The documents that speak of one finding about this variant, where at least two of a group name it.
fn witnesses(index: &ProductIndex, request: &ExplainRequest) -> Vec<WitnessGroup> {
    let found = request.matches(index);
    let wanted = |at: u32| {
        let id = &index.advisories()[at as usize].id;
        request.advisory.as_ref().is_none_or(|wanted| id.eq_ignore_ascii_case(wanted))
    };
    witness_groups(index.advisories())
        .into_iter()
        .filter(|group| group.iter().any(|at| wanted(*at)))
        .filter_map(|group| {
            // Only what names the device speaks here: a silent witness is shown with the advisory.
            let voices: Vec<Voice> = group
                .into_iter()
                .filter_map(|at| Some(voice(index, found.iter().find(|one| one.advisory == at)?)))
                .collect();
            let (leading, others) = voices.split_first()?;
            let contradictions: Vec<String> = others.iter().flat_map(|other| contradictions(leading, other)).collect();
            (!others.is_empty()).then_some(WitnessGroup { voices: voices.clone(), contradictions })
        })
        .collect()
}

/// What one document says about the variant.
fn voice(index: &ProductIndex, found: &Match) -> Voice {
    let document = &index.advisories()[found.advisory as usize];
    let mut cves: Vec<String> = holding(document, found).into_iter().filter_map(|v| v.cve.clone()).collect();
    cves.sort();
    cves.dedup();
    Voice {
        advisory_id: document.id.clone(),
        publisher: document.publisher.name.clone(),
        verdict: Some(found.verdict),
        cves,
        range: document.products.get(found.product as usize).map(range_in_words).unwrap_or_default(),
        fix: found.fix.clone(),
    }
}

fn explained(near: &NearMiss, advisory: Arc<ReportAdvisory>, document: &Advisory) -> ExplainedNearMiss {
    let entry = &document.products[near.product as usize];
    ExplainedNearMiss {
        advisory,
        product: entry.name.clone(),
        product_pointer: entry.pointer.clone(),
        reason: near.reason.clone(),
    }
}
