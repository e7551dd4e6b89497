//! What alert rules tell about a stretch of time: changes become items, items are counted and the most urgent listed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::domain::advisory::{AdvisoryKey, Tlp};
use crate::domain::alert::{AlertDigest, AlertEvent, AlertItem, AlertRule};
use crate::domain::change::{Cause, Change, Stretch, Turn};
use crate::domain::exposure::{ExposureKey, Finding};
use crate::domain::filter::{Filter, FilterRow};
use crate::domain::priority::Severity;
use crate::domain::remediation::RemediationStatus;
use crate::ingest::csaf::document::read_document;
use crate::services::report_rows::Threats;
use crate::store::change::{ChangeReader, PlacedVariant};
use crate::store::{self, Db, StoreError};

/// A rule, ready to judge items.
pub struct Listener<'a> {
    pub rule: &'a AlertRule,
    pub filter: Filter,
    /// Vulnerabilities that became known as exploited after this moment make an open exposure worse.
    pub exploited_after: Timestamp,
}

/// What is asked of a stretch.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub stretch: Stretch,
    pub now: Timestamp,
    /// Changes that only another version of the matcher made are counted, not told.
    pub holds_matcher: bool,
    /// Only those are told: they were held before and are confirmed now.
    pub is_release: bool,
}

/// What is known of an advisory beside its findings.
#[derive(Clone, Debug, Default)]
struct About {
    title: String,
    tlp: Option<Tlp>,
    /// Highest base score by CVE; the blank CVE stands for vulnerabilities without one.
    scores: FxHashMap<String, f32>,
    published_at: Option<Timestamp>,
    first_seen_at: Option<Timestamp>,
}

/// Puts together what each of these rules tells about one stretch, in their order.
///
/// # Errors
///
/// The database fails.
pub async fn digests(db: &Db, listeners: &[Listener<'_>], asked: &Asked) -> Result<Vec<AlertDigest>, StoreError> {
    let mut digests: Vec<AlertDigest> = listeners.iter().map(|listener| begun(listener, &asked.stretch)).collect();
    let mut teller = Teller { db, threats: Threats::of_database(db).await?, about: FxHashMap::default() };
    let mut opened: FxHashSet<ExposureKey> = FxHashSet::default();
    let mut reader = ChangeReader::open(db, &asked.stretch).await?;
    loop {
        let changes = reader.next(db).await?;
        if changes.is_empty() {
            break;
        }
        for change in changes.iter().filter(|change| change.turn() == Turn::New) {
            // Only to tell an exploited one once; a first run opens too many to remember, and needs no memory.
            if asked.stretch.after_rescan_id > 0 && opened.len() < 100_000 {
                opened.insert(change.key.clone());
            }
        }
        teller.tell(listeners, &mut digests, asked, &changes).await?;
    }
    if !asked.is_release {
        let moved = moves(db, &asked.stretch).await?;
        for batch in moved.chunks(500) {
            teller.tell(listeners, &mut digests, asked, batch).await?;
        }
        for (listener, digest) in listeners.iter().zip(&mut digests) {
            let found = store::change::list_newly_exploited(db, listener.exploited_after, asked.now).await?;
            let changes: Vec<Change> = found
                .into_iter()
                .filter(|(key, _)| !opened.contains(key))
                .map(|(key, finding)| exploited(key, finding))
                .collect();
            for batch in changes.chunks(500) {
                teller.tell(std::slice::from_ref(listener), std::slice::from_mut(digest), asked, batch).await?;
            }
        }
    }
    finish(db, listeners, &mut digests, asked).await?;
    Ok(digests)
}

fn begun(listener: &Listener<'_>, stretch: &Stretch) -> AlertDigest {
    let scope = if listener.filter.is_empty() { "all sites".to_owned() } else { listener.filter.in_words() };
    AlertDigest {
        rule: listener.rule.name.clone(),
        scope: if listener.rule.is_counts_only { "as the rule says".to_owned() } else { scope },
        since: (stretch.after_rescan_id > 0).then_some(stretch.from),
        is_counts_only: listener.rule.is_counts_only,
        ..AlertDigest::default()
    }
}

fn exploited(key: ExposureKey, finding: Finding) -> Change {
    Change { key, before: Some(finding.clone()), after: Some(finding), cause: Cause::Exploited }
}

async fn finish(
    db: &Db,
    listeners: &[Listener<'_>],
    digests: &mut [AlertDigest],
    asked: &Asked,
) -> Result<(), StoreError> {
    let judged = store::rescan::find_rescan(db, asked.stretch.up_to_rescan_id).await?.map(|(_, rescan)| rescan);
    let sites = store::site::site_summaries_at(db, asked.now).await?;
    let n_open = store::exposure::count_open_exposures(db).await?;
    let up_to = store::change::find_newest_advisory_at(db).await?;
    for (listener, digest) in listeners.iter().zip(digests) {
        digest.judged_at = judged.as_ref().map(|rescan| rescan.finished_at);
        digest.advisories_up_to = up_to;
        if listener.filter.is_empty() && listener.rule.severity.is_none() {
            let n_told = digest.count(AlertEvent::New).n_items + digest.count(AlertEvent::Worse).n_items;
            digest.n_unchanged = Some(n_open.saturating_sub(n_told));
        }
        let is_meant = |site: &str| {
            listener.filter.sites.is_empty()
                || listener.filter.sites.iter().any(|s| *s == site || *s == crate::domain::site::word(site))
        };
        digest.n_unchecked =
            Some(sites.iter().filter(|summary| is_meant(&summary.site)).map(|summary| summary.n_by_standing[5]).sum());
    }
    Ok(())
}

/// What devices came to be exposed to by coming to a variant whose exposures were open already, or left behind by
/// going to another one.
async fn moves(db: &Db, stretch: &Stretch) -> Result<Vec<Change>, StoreError> {
    if stretch.after_rescan_id == 0 {
        return Ok(Vec::new());
    }
    let moves = store::change::list_moves(db, stretch).await?;
    let ids: BTreeSet<i64> = moves.iter().flat_map(|(now, past, _)| [Some(*now), *past]).flatten().collect();
    let ids: Vec<i64> = ids.into_iter().collect();
    let open = store::change::list_open_of(db, &ids).await?;
    let none = Vec::new();
    let mut seen: FxHashSet<(i64, AdvisoryKey)> = FxHashSet::default();
    let mut changes = Vec::new();
    for (now, past, _) in &moves {
        let before = past.and_then(|past| open.get(&past)).unwrap_or(&none);
        for (key, finding, opened) in open.get(now).unwrap_or(&none) {
            // What the stretch itself opened is told as opened.
            if *opened > stretch.after_rescan_id || !seen.insert((*now, key.advisory.clone())) {
                continue;
            }
            let was = before.iter().find(|(other, ..)| other.advisory == key.advisory).map(|(_, finding, _)| finding);
            if was.is_none_or(|was| was.verdict < finding.verdict) {
                changes.push(Change {
                    key: key.clone(),
                    before: was.cloned(),
                    after: Some(finding.clone()),
                    cause: Cause::Inventory,
                });
            }
        }
    }
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(changes)
}

struct Teller<'a> {
    db: &'a Db,
    threats: Threats,
    about: FxHashMap<(AdvisoryKey, String), About>,
}

impl Teller<'_> {
    async fn tell(
        &mut self,
        listeners: &[Listener<'_>],
        digests: &mut [AlertDigest],
        asked: &Asked,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        let ids: BTreeSet<i64> = changes.iter().map(|change| change.key.variant_id).collect();
        let ids: Vec<i64> = ids.into_iter().collect();
        let placed = store::change::list_placed_variants(self.db, &ids, asked.stretch.from).await?;
        for change in changes {
            let Some(event) = AlertEvent::of_change(change) else { continue };
            if asked.is_release && change.cause != Cause::Matcher {
                continue;
            }
            let (Some(finding), Some(variant)) = (change.told(), placed.get(&change.key.variant_id)) else { continue };
            if !listeners.iter().any(|listener| listener.rule.events.contains(&event)) {
                continue;
            }
            let about = self.about(&change.key.advisory, &finding.advisory_version).await?;
            for (listener, digest) in listeners.iter().zip(digests.iter_mut()) {
                let Some(item) = item(listener, event, change, finding, variant, &about, &self.threats) else {
                    continue;
                };
                if asked.holds_matcher && change.cause == Cause::Matcher {
                    digest.n_held += 1;
                } else {
                    digest.add(item);
                }
            }
        }
        Ok(())
    }

    /// What is known of a revision; blank when it cannot be read any more.
    async fn about(&mut self, key: &AdvisoryKey, version: &str) -> Result<About, StoreError> {
        let wanted = (key.clone(), version.to_owned());
        if let Some(about) = self.about.get(&wanted) {
            return Ok(about.clone());
        }
        let mut about = About::default();
        let revisions = store::advisory::list_advisory_revisions(self.db, key).await?;
        if let Some(revision) = revisions.into_iter().find(|revision| revision.version == version) {
            about.title = revision.title;
            about.published_at = revision.updated_at.or(revision.released_at);
            about.first_seen_at = Some(revision.added_at);
            if let Some(document) = store::advisory::find_advisory_document(self.db, key, &revision.sha256).await?
                && let Ok((advisory, _)) = read_document(&document.bytes()?)
            {
                about.tlp = advisory.tlp();
                for vulnerability in &advisory.vulnerabilities {
                    let highest = vulnerability.scores.iter().map(|score| score.base_score).reduce(f32::max);
                    if let Some(highest) = highest {
                        let cve = vulnerability.cve.clone().unwrap_or_default();
                        let known = about.scores.entry(cve).or_insert(highest);
                        *known = known.max(highest);
                    }
                }
            }
        }
        self.about.insert(wanted, about.clone());
        Ok(about)
    }
}

/// The item of a change for a rule; `None` when the rule is not about it.
fn item(
    listener: &Listener<'_>,
    event: AlertEvent,
    change: &Change,
    finding: &Finding,
    placed: &PlacedVariant,
    about: &About,
    threats: &Threats,
) -> Option<AlertItem> {
    let plate = &placed.variant.nameplate;
    let scores = finding.cves.iter().map(String::as_str).chain([""]).filter_map(|cve| about.scores.get(cve).copied());
    let cvss = scores.reduce(f32::max);
    let severity = cvss.map(Severity::of_score);
    let is_exploited = finding.cves.iter().any(|cve| threats.is_exploited(cve));
    let texts = [
        plate.vendor.as_str(),
        plate.model.as_str(),
        plate.part_number.as_str(),
        placed.variant.firmware.as_str(),
        change.key.advisory.id.as_str(),
    ];
    let fits = |site: &str, area: &str| {
        listener.filter.fits(&FilterRow {
            site,
            area,
            vendor: &plate.vendor,
            verdict: finding.verdict,
            severity,
            is_exploited,
            status: RemediationStatus::NotRemediated,
            confidence: finding.confidence,
            has_fix: finding.fix.is_some(),
            advisory: &change.key.advisory.id,
            cves: &finding.cves,
            texts: &texts,
        })
    };
    let mut n_assets = 0;
    let mut sites: Vec<String> = Vec::new();
    for (site, _, n) in placed.places.iter().filter(|(site, area, _)| fits(site, area)) {
        n_assets += n;
        if !sites.contains(site) {
            sites.push(site.clone());
        }
    }
    if sites.is_empty() {
        return None;
    }
    let mut item = AlertItem {
        event,
        cause: change.cause,
        nameplate: [&plate.vendor, &plate.model, &plate.part_number, &placed.variant.firmware]
            .into_iter()
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        n_assets: if change.key.asset_id.is_some() { 1 } else { n_assets },
        sites,
        advisory_id: change.key.advisory.id.clone(),
        title: Tlp::marked(about.tlp, &about.title),
        severity,
        cvss,
        is_exploited,
        told: if change.cause == Cause::Exploited { "now known to be exploited".to_owned() } else { change.in_words() },
        reason: finding.reason.clone(),
        fix: finding.fix.clone(),
        published_at: about.published_at.filter(|_| change.cause == Cause::Advisory),
        first_seen_at: about.first_seen_at.filter(|_| change.cause == Cause::Advisory),
    };
    if about.tlp.is_some_and(|tlp| !tlp.may_be_passed_on()) {
        // That there is something is told; what it is, only inside.
        item.advisory_id = "TLP:RED".to_owned();
        item.title = "a document that is not passed on; log in to read it".to_owned();
        (item.reason, item.fix) = (String::new(), None);
    }
    listener.rule.tells(&item).then_some(item)
}
