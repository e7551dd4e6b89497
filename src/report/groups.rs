//! Rows gathered by site and nameplate, worst first: equal devices have equal answers, so people read them once.

use std::collections::{BTreeMap, HashMap};

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::row::{Report, ReportAsset, ReportFinding, ReportMark, ReportRow};
use crate::domain::asset::Standing;
use crate::domain::priority::Severity;
use crate::domain::remediation::RemediationStatus;
use crate::domain::site::{SiteSummary, UncheckedAsset};
use crate::domain::trend::severity_place;
use crate::domain::verdict::Verdict;

/// One site with its rows and what cannot be checked there.
pub struct SiteRows<'a> {
    pub site: &'a str,
    /// `None` for a site that only a row names; nothing is known of its other assets.
    pub summary: Option<&'a SiteSummary>,
    pub rows: Vec<&'a ReportRow>,
    pub unchecked: Vec<&'a UncheckedAsset>,
}

/// All devices of a site with the same nameplate and firmware.
pub struct NameplateGroup<'a> {
    /// Any of the devices; vendor, model, part number, hardware revision and firmware are the same for all.
    pub nameplate: &'a ReportAsset,
    /// Each device once, sorted by its id.
    pub assets: Vec<&'a ReportAsset>,
    /// What the advisories say, worst first; never empty.
    pub lines: Vec<FindingLine<'a>>,
}

/// What one advisory says about devices of a group.
pub struct FindingLine<'a> {
    pub finding: &'a ReportFinding,
    /// Most often all of the group; fewer where the answer depends on the single device.
    pub assets: Vec<&'a ReportAsset>,
    /// What the owner does about it, one for each device of which he said something.
    pub marks: Vec<&'a ReportMark>,
}

impl FindingLine<'_> {
    /// How many devices have which status with which decision: those without one first, then by status and decision.
    pub fn statuses(&self) -> Vec<(u64, RemediationStatus, &str)> {
        let mut counted: BTreeMap<(RemediationStatus, &str), u64> = BTreeMap::new();
        let n_silent = self.assets.len().saturating_sub(self.marks.len());
        if n_silent > 0 {
            counted.insert((RemediationStatus::NotRemediated, ""), n_silent as u64);
        }
        for mark in &self.marks {
            *counted.entry((mark.status, mark.decision.as_str())).or_default() += 1;
        }
        counted.into_iter().map(|((status, decision), n)| (n, status, decision)).collect()
    }

    /// What all devices come to: done when all are, in progress when anything was begun.
    pub fn status(&self) -> RemediationStatus {
        let all = |wanted| self.marks.len() >= self.assets.len() && self.marks.iter().all(|mark| mark.status == wanted);
        if all(RemediationStatus::Done) {
            RemediationStatus::Done
        } else if self.marks.iter().any(|mark| mark.status != RemediationStatus::NotRemediated) {
            RemediationStatus::InProgress
        } else {
            RemediationStatus::NotRemediated
        }
    }

    /// Devices that need something: neither done nor accepted.
    pub fn n_open(&self) -> u64 {
        self.assets.len().saturating_sub(self.marks.iter().filter(|mark| mark.is_handled).count()) as u64
    }
}

/// The sites in the order of the report, then those that only a row or an unchecked asset names.
pub fn by_site(report: &Report) -> Vec<SiteRows<'_>> {
    let mut sites = Sites { list: Vec::new(), places: HashMap::default() };
    for summary in &report.sites {
        sites.of(&summary.site).summary = Some(summary);
    }
    for row in &report.rows {
        sites.of(&row.asset.site).rows.push(row);
    }
    for asset in &report.unchecked {
        sites.of(&asset.site).unchecked.push(asset);
    }
    sites.list
}

struct Sites<'a> {
    list: Vec<SiteRows<'a>>,
    places: HashMap<&'a str, usize, FxBuildHasher>,
}

impl<'a> Sites<'a> {
    fn of(&mut self, site: &'a str) -> &mut SiteRows<'a> {
        let place = *self.places.entry(site).or_insert_with(|| {
            self.list.push(SiteRows { site, summary: None, rows: Vec::new(), unchecked: Vec::new() });
            self.list.len() - 1
        });
        &mut self.list[place]
    }
}

/// The rows of one site by nameplate, worst first: by the worst line of a group, then by its number of devices.
pub fn by_nameplate<'a>(rows: &[&'a ReportRow]) -> Vec<NameplateGroup<'a>> {
    let mut groups: Vec<NameplateGroup> = Vec::new();
    let mut places: HashMap<[&str; 5], usize, FxBuildHasher> = HashMap::default();
    let mut lines: HashMap<(usize, &str, &str, &str, &str), usize, FxBuildHasher> = HashMap::default();
    // A finding that several documents tell is one line, that of the leading one; where a filter left that out, the
    // others stand for themselves.
    let mut leading: FxHashSet<(*const ReportAsset, &str)> = FxHashSet::default();
    for row in rows.iter().filter(|row| !row.finding.joined.witnesses.is_empty()) {
        leading.insert((&*row.asset, &row.finding.advisory.advisory_id));
    }
    // Rows share their parts, so most texts need not be looked at again.
    let mut place_of: FxHashMap<*const ReportAsset, usize> = FxHashMap::default();
    let mut line_of: FxHashMap<(usize, *const ReportFinding), usize> = FxHashMap::default();
    for row in rows {
        let (asset, finding) = (&*row.asset, &*row.finding);
        let leader = finding.joined.leader.as_str();
        if !leader.is_empty() && leading.contains(&(&raw const *asset, leader)) {
            continue;
        }
        let place = *place_of.entry(asset).or_insert_with(|| {
            let place = *places.entry(asset.nameplate()).or_insert_with(|| {
                groups.push(NameplateGroup { nameplate: asset, assets: Vec::new(), lines: Vec::new() });
                groups.len() - 1
            });
            groups[place].assets.push(asset);
            place
        });
        let group = &mut groups[place];
        let line = *line_of.entry((place, finding)).or_insert_with(|| {
            // Twins share a finding; devices judged one by one have findings of their own that may still say the same.
            let said = (
                place,
                finding.advisory.advisory_id.as_str(),
                finding.verdict.word(),
                finding.product_pointer.as_str(),
                finding.reason.as_str(),
            );
            *lines.entry(said).or_insert_with(|| {
                group.lines.push(FindingLine { finding, assets: Vec::new(), marks: Vec::new() });
                group.lines.len() - 1
            })
        });
        group.lines[line].assets.push(asset);
        group.lines[line].marks.extend(row.mark.as_deref());
    }
    for group in &mut groups {
        sort_once(&mut group.assets);
        for line in &mut group.lines {
            sort_once(&mut line.assets);
        }
        group.lines.sort_by(|a, b| {
            a.finding
                .compare_urgency(b.finding)
                .then_with(|| b.assets.len().cmp(&a.assets.len()))
                .then_with(|| a.finding.advisory.advisory_id.cmp(&b.finding.advisory.advisory_id))
                .then_with(|| a.finding.reason.cmp(&b.finding.reason))
        });
    }
    groups.sort_by(|a, b| {
        a.lines[0]
            .finding
            .compare_urgency(b.lines[0].finding)
            .then_with(|| b.assets.len().cmp(&a.assets.len()))
            .then_with(|| a.nameplate.nameplate().cmp(&b.nameplate.nameplate()))
    });
    groups
}

/// Sorts devices by id and leaves each once. Two devices may carry the same id: their places keep them apart.
fn sort_once(assets: &mut Vec<&ReportAsset>) {
    assets.sort_by(|a, b| (&a.asset_id, &a.place, &a.serial_number).cmp(&(&b.asset_id, &b.place, &b.serial_number)));
    assets.dedup_by(|a, b| std::ptr::eq(*a, *b) || a == b);
}

/// Why assets of a site cannot be checked: each vendor and reason with its assets, most first.
pub fn by_reason<'a>(unchecked: &[&'a UncheckedAsset]) -> Vec<(&'a str, &'a str, Vec<&'a UncheckedAsset>)> {
    let mut places: HashMap<(&str, &str), usize, FxBuildHasher> = HashMap::default();
    let mut groups: Vec<(&str, &str, Vec<&UncheckedAsset>)> = Vec::new();
    for asset in unchecked {
        let place = *places.entry((&asset.why, &asset.vendor)).or_insert_with(|| {
            groups.push((&asset.why, &asset.vendor, Vec::new()));
            groups.len() - 1
        });
        groups[place].2.push(asset);
    }
    groups.sort_by(|a, b| b.2.len().cmp(&a.2.len()).then_with(|| (a.0, a.1).cmp(&(b.0, b.1))));
    groups
}

/// How many affected assets have which worst severity, in the order of [`crate::domain::trend::SEVERITY_ORDER`].
///
/// `None` when the rows do not tell it for all of them, because a filter left some out.
pub fn affected_by_severity(rows: &[&ReportRow], summary: &SiteSummary) -> Option<[u64; 6]> {
    // Rows of one asset share it; two assets may carry the same id.
    let mut worst: FxHashMap<*const ReportAsset, Option<Severity>> = FxHashMap::default();
    let mut open: FxHashSet<*const ReportAsset> = FxHashSet::default();
    for row in rows.iter().filter(|row| row.finding.verdict >= Verdict::Possible) {
        if row.finding.verdict == Verdict::Affected {
            let entry = worst.entry(&*row.asset).or_insert(None);
            *entry = (*entry).max(row.finding.severity);
        }
        if !row.mark.as_ref().is_some_and(|mark| mark.is_handled) {
            open.insert(&*row.asset);
        }
    }
    // What is done or accepted as a whole stands among what is handled.
    let mut counts = [0; 6];
    for (_, severity) in worst.iter().filter(|(asset, _)| open.contains(*asset)) {
        counts[severity_place(*severity)] += 1;
    }
    (counts.iter().sum::<u64>() == summary.n(Standing::Affected)).then_some(counts)
}
