//! `/advisories/{publisher}/{id}`: one advisory: what it means for one's own assets first, then what it says.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};

use super::{acts, remediation};

use crate::domain::account::SiteScope;
use crate::domain::advisory::{Advisory, AdvisoryRevision, Tlp, Vulnerability};
use crate::domain::advisory_note::AdvisoryComment;
use crate::domain::filter::Filter;
use crate::domain::filter::query_text::encode;
use crate::domain::listing::{ListSort, ListView, ListedExposure};
use crate::domain::priority::leading_score;
use crate::domain::product::Product;
use crate::domain::remediation::RemediationCategory;
use crate::domain::source::Trust;
use crate::domain::verdict::Verdict;
use crate::report::vocabulary::{remediation_label, restart_label};
use crate::services::report_rows::range_in_words;
use crate::services::ruled_out::{RuledOut, ruled_out};
use crate::services::set_remediation::today;
use crate::services::show_advisory::{ShowError, ShownAdvisory, find_shown_advisories};
use crate::store;
use crate::store::listing::exposures::{ExposureList, count_by_status, list_exposures};
use crate::web::error::Problem;
use crate::web::frame::{Frame, Nav, render};
use crate::web::links;
use crate::web::partials::{Identifier, Prose, Sentence, SeverityBadge, StatusSplit, VerdictBadge, grouped, host};
use crate::web::query::ListQuery;
use crate::web::state::AppState;
use crate::web::viewer::Viewer;

mod change;
mod compare;
mod document;

pub use change::{ask_to_delete, change, check_comment, rescan_advisories};
pub use compare::compare;
pub use document::{document, file};

/// Products and vulnerabilities above which the rest is folded away.
const MAX_PRODUCTS: usize = 20;
const MAX_CVES: usize = 10;
/// Lines of own nameplates; more are a list of their own.
const MAX_OWN: u32 = 100;
/// Ruled out nameplates that are told.
const MAX_RULED_OUT: usize = 50;

/// The page.
#[derive(Template)]
#[template(path = "advisory.html")]
struct AdvisoryPage {
    frame: Frame,
    advisory: std::sync::Arc<Advisory>,
    revision: AdvisoryRevision,
    revisions: Vec<AdvisoryRevision>,
    href: String,
    own: Vec<ListedExposure>,
    has_more_own: bool,
    n_affected: u64,
    n_possible: u64,
    n_ruled_out: u64,
    ruled_out: Vec<(RuledOut, u64)>,
    remedies: Vec<Remedy>,
    n_statements: usize,
    vulnerabilities: Vec<CveLine>,
    products: Vec<ProductLine>,
    severity: SeverityBadge,
    cvss_version: String,
    vector: Vec<&'static str>,
    sectors: Vec<String>,
    risk: Vec<String>,
    notes: Vec<(String, String)>,
    publisher_link: Option<(String, String)>,
    n_assets: u64,
    /// What has been done, in the order of `own`.
    splits: Vec<[u64; 3]>,
    /// What has been done at all assets of the person.
    done: StatusSplit,
    /// Assets that were marked as done and are exposed no more.
    n_closed_done: u64,
    /// Vulnerabilities that were marked apart from the others, with their assets by status.
    apart: Vec<(String, StatusSplit)>,
    comments: Vec<AdvisoryComment>,
    is_read: bool,
    /// Other documents that tell of the same, with their pages.
    witnesses: Vec<(String, String)>,
    /// What became of the document, in words; blank while it stands.
    fate: String,
    /// How exposures to it ended: when, why, how many.
    closings: Vec<(jiff::Timestamp, String, u64)>,
    quality: String,
}

/// One statement on what to do, with the products it is for.
struct Remedy {
    category: RemediationCategory,
    details: String,
    url: Option<String>,
    restart: Option<String>,
    products: Vec<String>,
}

/// One vulnerability.
struct CveLine {
    anchor: String,
    id: String,
    title: String,
    cwe: String,
    severity: SeverityBadge,
    vector_text: String,
    vector: Vec<&'static str>,
    exploited_since: Option<String>,
    epss: String,
    notes: Vec<String>,
    references: Vec<(String, String)>,
}

/// One product with its range in words and as written.
struct ProductLine {
    vendor: String,
    name: String,
    range: String,
    raw: String,
    statuses: Vec<&'static str>,
}

impl AdvisoryPage {
    fn verdict(&self, line: &ListedExposure) -> VerdictBadge {
        VerdictBadge { verdict: line.finding.verdict }
    }

    fn nameplate_href(&self, variant_id: &i64) -> String {
        links::nameplate(*variant_id)
    }

    fn split(&self, at: &usize) -> Option<StatusSplit> {
        self.splits.get(*at).map(|n| StatusSplit { n: *n })
    }

    fn row(&self, line: &ListedExposure) -> String {
        remediation::row_of_variant(line.variant_id, &line.advisory)
    }

    fn may_mark(&self) -> bool {
        self.frame.viewer.may_edit() && !self.own.is_empty()
    }

    /// Whether the person may take the comment away.
    fn may_remove(&self, comment: &AdvisoryComment) -> bool {
        self.frame.viewer.may_administrate()
            || (self.frame.viewer.may_edit() && comment.author == self.frame.viewer.name)
    }

    /// Assets that are affected or possible.
    fn n_own(&self) -> String {
        grouped(self.n_affected + self.n_possible)
    }

    fn id_in_address(&self) -> String {
        encode(&encode(&self.advisory.id))
    }

    fn list_href(&self, verdict: &str) -> String {
        let id = encode(&self.advisory.id);
        format!("/exposures?verdict={verdict}&advisory={id}&view=asset")
    }

    fn day(&self, at: &Option<jiff::Timestamp>) -> String {
        at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_else(|| "no date".to_owned())
    }

    fn n(&self, n: &u64) -> String {
        grouped(*n)
    }

    fn vendors(&self) -> String {
        let vendors: BTreeSet<&str> =
            self.products.iter().map(|p| p.vendor.as_str()).filter(|vendor| !vendor.is_empty()).collect();
        vendors.into_iter().collect::<Vec<_>>().join(", ")
    }

    fn label(&self, remedy: &Remedy) -> String {
        remediation_label(&remedy.category).to_owned()
    }

    /// The products of a remedy, those of the reader's concern in one line.
    fn for_products(&self, remedy: &Remedy) -> String {
        const MAX: usize = 6;
        let mut names = remedy.products.iter().take(MAX).cloned().collect::<Vec<_>>().join(", ");
        if remedy.products.len() > MAX {
            names.push_str(&format!(" and {} more", remedy.products.len() - MAX));
        }
        names
    }

    fn fixes(&self) -> Vec<&Remedy> {
        self.remedies.iter().filter(|r| r.category == RemediationCategory::VendorFix).collect()
    }

    fn others(&self) -> Vec<&Remedy> {
        self.remedies.iter().filter(|r| r.category != RemediationCategory::VendorFix).collect()
    }

    fn is_failed(&self) -> bool {
        self.revision.trust == Trust::Failed
    }

    fn host_of<'a>(&self, url: &'a str) -> &'a str {
        host(url).unwrap_or_default()
    }

    fn tlp(&self) -> &str {
        self.advisory.tlp.as_deref().and_then(Tlp::from_word).map_or("", Tlp::word)
    }

    fn language(&self) -> &str {
        self.advisory.language.as_deref().unwrap_or("en")
    }

    fn folded_products(&self) -> &[ProductLine] {
        self.products.get(MAX_PRODUCTS..).unwrap_or_default()
    }

    fn first_products(&self) -> &[ProductLine] {
        &self.products[..self.products.len().min(MAX_PRODUCTS)]
    }

    fn folded_cves(&self) -> &[CveLine] {
        self.vulnerabilities.get(MAX_CVES..).unwrap_or_default()
    }

    fn first_cves(&self) -> &[CveLine] {
        &self.vulnerabilities[..self.vulnerabilities.len().min(MAX_CVES)]
    }
}

/// Finds the advisory of this address, or where it has moved to.
async fn find(state: &AppState, publisher: &str, id: &str) -> Result<Result<ShownAdvisory, String>, Problem> {
    let mut found = match find_shown_advisories(state.db(), id).await {
        Ok(found) => found,
        Err(ShowError::Unknown { .. }) => {
            return Err(Problem::not_found(format!(
                "cannot show `{id}`: no advisory of the database has this id\nhint: the list of advisories can be searched"
            )));
        }
        Err(error) => return Err(Problem::internal(error)),
    };
    match found.iter().position(|one| links::publisher_word(&one.advisory.publisher.namespace) == publisher) {
        Some(place) => Ok(Ok(found.swap_remove(place))),
        // An id without its publisher's word still means one document where only one has it.
        None => match found.first() {
            Some(only) if found.len() == 1 => Ok(Err(links::advisory(&only.advisory.key()))),
            _ => Err(Problem::not_found(format!(
                "cannot show `{id}`: no publisher `{publisher}` has an advisory of this id"
            ))),
        },
    }
}

/// `GET /advisories/{publisher}/{id}`.
pub async fn show(
    State(state): State<AppState>,
    viewer: Viewer,
    Path((publisher, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let query = ListQuery::parse(query.as_deref(), &[])?;
    let ShownAdvisory { advisory, revisions, witnesses, closings, quality, .. } =
        match find(&state, &publisher, &id).await? {
            Ok(found) => found,
            Err(href) => return Ok(Redirect::to(&href).into_response()),
        };
    let advisory = std::sync::Arc::new(advisory);
    let Some(revision) = revisions.first().cloned() else {
        return Err(Problem::not_found(format!("cannot show `{id}`: no revision is left")));
    };
    let filter = Filter::default();
    let list = ExposureList {
        filter: &filter,
        sites: viewer.sites.clone(),
        view: ListView::Nameplate,
        sort: ListSort::Work,
        variant_id: None,
        asset_id: None,
        advisory: Some(advisory.key()),
    };
    let mut own = list_exposures(state.db(), &list, None, 5_000).await?;
    let n = |verdict| own.iter().filter(|l| l.finding.verdict == verdict).map(|l| l.n_assets).sum::<u64>();
    let (n_affected, n_possible) = (n(Verdict::Affected), n(Verdict::Possible));
    let now = state.now();
    let splits = count_by_status(state.db(), &list, &own, &today(now)).await?;
    let mut done = StatusSplit::default();
    for split in &splits {
        done.n.iter_mut().zip(split).for_each(|(sum, n)| *sum += n);
    }
    let has_more_own = own.len() > MAX_OWN as usize;
    own.truncate(MAX_OWN as usize);
    let ruled = ruled_out(state.db(), &advisory).await?;
    let ids: Vec<i64> = ruled.iter().map(|one| one.variant_id).collect();
    let counts = store::listing::assets::count_assets_of_variants(state.db(), &viewer.sites, &ids).await?;
    let mut ruled: Vec<(RuledOut, u64)> = ruled
        .into_iter()
        .map(|one| {
            let n = counts.get(&one.variant_id).copied().unwrap_or(0);
            (one, n)
        })
        .filter(|(_, n)| *n > 0)
        .collect();
    let n_ruled_out = ruled.iter().map(|(_, n)| n).sum();
    ruled.truncate(MAX_RULED_OUT);
    let knowledge = state.knowledge().get(state.db()).await.map_err(Problem::internal)?;
    let products = products_of(&advisory);
    let score = (0..advisory.products.len() as u32)
        .filter_map(|at| leading_score(&advisory.vulnerabilities, at))
        .max_by(|a, b| a.base_score.total_cmp(&b.base_score));
    let all_cves: Vec<String> = advisory.vulnerabilities.iter().filter_map(|v| v.cve.clone()).collect();
    let is_exploited = knowledge.threats.of_cves(&all_cves).0;
    let (remedies, n_statements) = remedies_of(&advisory);
    let mut vulnerabilities: Vec<CveLine> =
        advisory.vulnerabilities.iter().map(|v| cve_line(v, &knowledge.threats)).collect();
    // Exploited ones are never folded away.
    vulnerabilities.sort_by_key(|line| line.exploited_since.is_none());
    let text_of = |title: &str| -> Vec<String> {
        advisory
            .notes
            .iter()
            .filter(|note| note.title.as_deref().is_some_and(|t| t.to_lowercase().contains(title)))
            .map(|note| note.text.clone())
            .collect()
    };
    let mut risk = text_of("risk evaluation");
    if risk.is_empty() {
        risk = advisory.notes.iter().filter(|note| note.category == "summary").map(|note| note.text.clone()).collect();
    }
    let sectors = text_of("sector").into_iter().flat_map(|text| split_sectors(&text)).collect();
    let notes = advisory
        .notes
        .iter()
        .map(|note| (note.title.clone().unwrap_or_else(|| note.category.clone()), note.text.clone()))
        .collect();
    let publisher_link = advisory
        .references
        .iter()
        .filter(|r| r.category == "self" && !r.url.ends_with(".json"))
        .find_map(|r| host(&r.url).map(|host| (r.url.clone(), host.to_owned())));
    let href = links::advisory(&advisory.key());
    let mut frame = Frame::load(&state, &viewer, Nav::Advisories, advisory.id.clone()).await?;
    frame.done = acts::bar(&state, &viewer, query.value("did"), &href).await?;
    let totals = store::listing::sums::list_site_totals(state.db(), &viewer.sites).await?;
    let key = advisory.key();
    let n_closed_done = match viewer.sites {
        SiteScope::All => store::remediation::count_by_status(state.db(), &key, &today(now)).await?.n_closed_done,
        // The statistics know no sites.
        SiteScope::Only(_) => 0,
    };
    let apart = store::remediation::count_by_cve(state.db(), &key, &viewer.sites, &today(now)).await?;
    render(&AdvisoryPage {
        frame,
        href,
        splits,
        done,
        n_closed_done,
        apart: apart.into_iter().map(|(cve, n)| (cve, StatusSplit { n })).collect(),
        comments: store::advisory_note::list_advisory_comments(state.db(), &key).await?,
        is_read: store::advisory_note::has_read(state.db(), &key, &viewer.name).await?,
        witnesses: witnesses.into_iter().map(|one| (one.key.id.clone(), links::advisory(&one.key))).collect(),
        fate: advisory.fate().sentence(),
        // Endings are counted over all sites.
        closings: closings
            .into_iter()
            .filter(|_| viewer.sees_all())
            .map(|(at, why, n)| (at, why.unwrap_or_default(), n))
            .collect(),
        quality: quality.line(),
        severity: SeverityBadge::of_score(score.map(|s| s.base_score), is_exploited),
        cvss_version: score.map(|s| s.cvss_version.clone()).unwrap_or_default(),
        vector: score.map(|s| vector_in_words(&s.vector)).unwrap_or_default(),
        advisory,
        revision,
        revisions,
        own,
        has_more_own,
        n_affected,
        n_possible,
        n_ruled_out,
        ruled_out: ruled,
        remedies,
        n_statements,
        vulnerabilities,
        products,
        sectors,
        risk,
        notes,
        publisher_link,
        n_assets: totals.iter().map(|total| total.n_assets()).sum(),
    })
}

fn products_of(advisory: &Advisory) -> Vec<ProductLine> {
    let mut statuses: Vec<Vec<&'static str>> = vec![Vec::new(); advisory.products.len()];
    for (status, products) in advisory.vulnerabilities.iter().flat_map(|v| &v.statuses) {
        for product in products {
            if let Some(words) = statuses.get_mut(*product as usize)
                && !words.contains(&status.word())
            {
                words.push(status.word());
            }
        }
    }
    let line = |(product, statuses): (&Product, Vec<&'static str>)| ProductLine {
        vendor: product.vendor().to_owned(),
        name: product.name.clone(),
        range: range_in_words(product),
        raw: product.version_text().unwrap_or_default().to_owned(),
        statuses,
    };
    advisory.products.iter().zip(statuses).map(line).collect()
}

/// Each statement once, in the order that CSAF recommends, with the products that any of its copies is for.
fn remedies_of(advisory: &Advisory) -> (Vec<Remedy>, usize) {
    let mut remedies: Vec<(Remedy, BTreeSet<u32>)> = Vec::new();
    let mut n = 0;
    for remediation in advisory.vulnerabilities.iter().flat_map(|v| &v.remediations) {
        n += 1;
        match remedies.iter_mut().find(|(r, _)| r.category == remediation.category && r.details == remediation.details)
        {
            Some((_, products)) => products.extend(&remediation.products),
            None => remedies.push((
                Remedy {
                    category: remediation.category.clone(),
                    details: remediation.details.clone(),
                    url: remediation.url.clone().filter(|url| host(url).is_some()),
                    restart: remediation.restart_required.as_deref().map(|word| restart_label(word).to_owned()),
                    products: Vec::new(),
                },
                remediation.products.iter().copied().collect(),
            )),
        }
    }
    let mut remedies: Vec<Remedy> = remedies
        .into_iter()
        .map(|(remedy, products)| {
            let names = products.iter().filter_map(|at| advisory.products.get(*at as usize));
            let mut names: Vec<String> = names.map(|p| p.name.clone()).collect();
            names.dedup();
            // What is for all products need not name them.
            if products.len() == advisory.products.len() {
                names.clear();
            }
            Remedy { products: names, ..remedy }
        })
        .collect();
    remedies.sort_by(|a, b| a.category.cmp(&b.category));
    (remedies, n)
}

fn cve_line(vulnerability: &Vulnerability, threats: &crate::services::report_rows::Threats) -> CveLine {
    let score = vulnerability.scores.iter().max_by(|a, b| {
        (a.source.is_none(), a.base_score)
            .partial_cmp(&(b.source.is_none(), b.base_score))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let id = vulnerability
        .cve
        .clone()
        .or_else(|| vulnerability.ids.first().cloned())
        .unwrap_or_else(|| "vulnerability without an id".to_owned());
    let exploited_since = threats.exploited_since(&id).map(str::to_owned);
    CveLine {
        anchor: id.to_lowercase().replace(' ', "-"),
        title: vulnerability.title.clone().unwrap_or_default(),
        cwe: vulnerability.cwes.first().cloned().unwrap_or_default(),
        severity: SeverityBadge::of_score(score.map(|s| s.base_score), exploited_since.is_some()),
        vector_text: score.map(|s| s.vector.clone()).unwrap_or_default(),
        vector: score.map(|s| vector_in_words(&s.vector)).unwrap_or_default(),
        exploited_since,
        epss: threats.epss_in_words(&id),
        notes: vulnerability.notes.iter().map(|note| note.text.clone()).collect(),
        references: vulnerability
            .references
            .iter()
            .filter_map(|r| host(&r.url).map(|host| (r.url.clone(), host.to_owned())))
            .collect(),
        id,
    }
}

fn split_sectors(text: &str) -> Vec<String> {
    text.split([',', ';'])
        .map(|part| part.trim().trim_start_matches("and ").to_owned())
        .filter(|p| !p.is_empty())
        .collect()
}

/// What matters of a CVSS vector, in words: from where, how hard, with which rights, with whose help.
fn vector_in_words(vector: &str) -> Vec<&'static str> {
    const WORDS: &[(&str, &str)] = &[
        ("AV:N", "network"),
        ("AV:A", "adjacent network"),
        ("AV:L", "local"),
        ("AV:P", "physical access"),
        ("AC:L", "low complexity"),
        ("AC:H", "high complexity"),
        ("AT:P", "needs a condition"),
        ("PR:N", "no privileges"),
        ("PR:L", "low privileges"),
        ("PR:H", "high privileges"),
        ("UI:N", "no user action"),
        ("UI:R", "needs a user action"),
        ("UI:P", "needs a passive user action"),
        ("UI:A", "needs a user action"),
    ];
    let parts: Vec<&str> = vector.split('/').collect();
    WORDS.iter().filter(|(part, _)| parts.contains(part)).map(|(_, words)| *words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_are_told_in_words() {
        for (vector, words) in [
            (
                "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H",
                &["network", "low complexity", "no privileges", "needs a user action"][..],
            ),
            (
                "CVSS:4.0/AV:A/AC:H/AT:P/PR:H/UI:N",
                &["adjacent network", "high complexity", "needs a condition", "high privileges", "no user action"],
            ),
            ("", &[]),
        ] {
            assert_eq!(vector_in_words(vector), words, "{vector}");
        }
    }
}
