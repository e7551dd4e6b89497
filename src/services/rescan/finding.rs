//! From matches to what is kept of them: findings, their fingerprints, and the questions that would settle them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::Found;
use crate::domain::advisory::{Advisory, Vulnerability};
use crate::domain::exposure::{ExposureKey, Finding};
use crate::domain::matching::{Match, STILL_INVESTIGATED};
use crate::domain::nameplate::{Nameplate, Variant};
use crate::domain::priority::{KevCatalogue, leading_score};
use crate::domain::product_index::ProductIndex;
use crate::domain::review::{KnownAnswer, Question, QuestionKind};
use crate::domain::verdict::{DoubtKind, Reading, Verdict};
use crate::services::report_rows::holding;

/// Collects the findings of a run.
pub struct Findings<'a> {
    index: &'a ProductIndex,
    exploited: FxHashSet<&'a str>,
    /// The latest answer in force to a question.
    answers: FxHashMap<&'a str, &'a KnownAnswer>,
    after: Vec<Found>,
    questions: BTreeMap<String, Asking>,
    /// What does not depend on the variant, by advisory, its entries and its vulnerabilities.
    shared: FxHashMap<(u32, Vec<u32>, Vec<u32>), Arc<Shared>>,
    device_keys: FxHashMap<Nameplate, Arc<str>>,
}

/// What an advisory says of some of its entries over some of its vulnerabilities.
struct Shared {
    fingerprint: String,
    cves: Vec<String>,
    cvss_tenths: Option<u32>,
    is_exploited: bool,
}

/// A question while its exposures go by.
struct Asking {
    question: Question,
    advisories: BTreeSet<u32>,
    exploited: BTreeSet<u32>,
    ranges: BTreeSet<(String, String)>,
}

impl<'a> Findings<'a> {
    pub fn new(index: &'a ProductIndex, kev: &'a KevCatalogue, answers: &'a [KnownAnswer]) -> Findings<'a> {
        Findings {
            index,
            exploited: kev.entries.iter().map(|entry| entry.cve.as_str()).collect(),
            answers: answers.iter().map(|answer| (answer.question.digest.as_str(), answer)).collect(),
            after: Vec::new(),
            questions: BTreeMap::new(),
            shared: FxHashMap::default(),
            device_keys: FxHashMap::default(),
        }
    }

    /// Adds a match of a variant, or of one asset of it, if it is affected or possible.
    pub fn add(&mut self, variant_id: i64, variant: &Variant, asset_id: Option<i64>, found: &Match) {
        if found.verdict < Verdict::Possible {
            return;
        }
        let advisory = &self.index.advisories()[found.advisory as usize];
        let shared = self.shared_of(advisory, found);
        let question = self.ask(variant, found, &shared);
        let finding = told(advisory, found, &shared, question);
        self.after.push((ExposureKey { variant_id, asset_id, advisory: advisory.key() }, finding));
    }

    /// The findings, sorted by key, and the questions, sorted by digest.
    pub fn finish(mut self) -> (Vec<Found>, Vec<Question>) {
        self.after.sort_by(|a, b| a.0.cmp(&b.0));
        let answers = self.answers;
        let index = self.index;
        let questions = self.questions.into_values().map(|asking| {
            let mut question = asking.question;
            question.n_advisories = asking.advisories.len() as u64;
            question.n_exploited = asking.exploited.len() as u64;
            question.ranges = asking.ranges.into_iter().collect();
            // An answer that put the question off holds while the advisories of that day say what they said.
            question.fingerprint = match answers.get(question.digest.as_str()) {
                Some(answer) if !is_overtaken(index, &answer.question) => answer.question.fingerprint.clone(),
                _ => fingerprint_of(&question),
            };
            question
        });
        (self.after, questions.collect())
    }

    fn shared_of(&mut self, advisory: &Advisory, found: &Match) -> Arc<Shared> {
        let vulnerabilities: Vec<u32> =
            found.vulnerabilities.iter().filter(|(_, v)| *v >= Verdict::Possible).map(|(at, _)| *at).collect();
        let exploited = &self.exploited;
        self.shared
            .entry((found.advisory, found.products.clone(), vulnerabilities))
            .or_insert_with(|| Arc::new(shared(advisory, found, exploited)))
            .clone()
    }

    /// Adds the question that would settle a possible exposure; gives its digest, blank when nobody's answer would.
    fn ask(&mut self, variant: &Variant, found: &Match, shared: &Shared) -> String {
        let Some((kind, detail)) = kind_of(found) else { return String::new() };
        let plate = &variant.nameplate;
        let catalogue = self.index.catalogue();
        let device_key = self
            .device_keys
            .entry(plate.clone())
            .or_insert_with(|| catalogue.device_key(&plate.vendor, &plate.model, &plate.part_number).into())
            .clone();
        let entries = self.index.entries(found.advisory);
        let Some(entry) = entries.iter().find(|entry| entry.product == found.product) else { return String::new() };
        let reading = self.index.reading(entry.reading);
        let about = if kind == QuestionKind::Reading { detail.as_str() } else { reading.decision_key.as_str() };
        let digest = digest(&[kind.word(), &device_key, about]);
        let asking = self.questions.entry(digest.clone()).or_insert_with(|| {
            let is_reading = kind == QuestionKind::Reading;
            let named = |text: &str| if is_reading { String::new() } else { text.to_owned() };
            Asking {
                question: Question {
                    digest: digest.clone(),
                    kind,
                    vendor: plate.vendor.clone(),
                    model: plate.model.clone(),
                    part_number: plate.part_number.clone(),
                    product_vendor: named(&reading.vendor),
                    product: named(&reading.name),
                    detail: detail.clone(),
                    ranges: Vec::new(),
                    fingerprint: String::new(),
                    cvss_tenths: None,
                    n_exploited: 0,
                    n_advisories: 0,
                },
                advisories: BTreeSet::new(),
                exploited: BTreeSet::new(),
                ranges: BTreeSet::new(),
            }
        });
        // The texts that stand for all must not depend on the order in which variants are judged.
        let q = &mut asking.question;
        if (&plate.vendor, &plate.model, &plate.part_number) < (&q.vendor, &q.model, &q.part_number) {
            (q.vendor, q.model, q.part_number) = (plate.vendor.clone(), plate.model.clone(), plate.part_number.clone());
        }
        if kind != QuestionKind::Reading {
            if (&reading.vendor, &reading.name) < (&q.product_vendor, &q.product) {
                (q.product_vendor, q.product) = (reading.vendor.clone(), reading.name.clone());
            }
            if detail < q.detail {
                q.detail = detail;
            }
            let id = &self.index.advisories()[found.advisory as usize].id;
            asking.ranges.extend(ranges_of(self.index, found.advisory, &reading.decision_key).map(|r| (id.clone(), r)));
        }
        q.cvss_tenths = q.cvss_tenths.max(shared.cvss_tenths);
        asking.advisories.insert(found.advisory);
        if shared.is_exploited {
            asking.exploited.insert(found.advisory);
        }
        digest
    }
}

/// What is kept of a match that nobody is asked about.
pub fn of(advisory: &Advisory, found: &Match) -> Finding {
    told(advisory, found, &shared(advisory, found, &FxHashSet::default()), String::new())
}

fn told(advisory: &Advisory, found: &Match, shared: &Shared, question: String) -> Finding {
    Finding {
        verdict: found.verdict,
        doubts: found.doubts.clone(),
        confidence: found.confidence,
        reason: found.reason.clone(),
        product_pointer: advisory.products[found.product as usize].pointer.clone(),
        cves: shared.cves.clone(),
        fix: found.fix.clone(),
        advisory_version: advisory.version.clone(),
        fingerprint: shared.fingerprint.clone(),
        question,
    }
}

/// What would settle a possible exposure, and what it is about in words.
fn kind_of(found: &Match) -> Option<(QuestionKind, String)> {
    if found.verdict != Verdict::Possible {
        return None;
    }
    let doubt =
        |kind: DoubtKind| found.doubts.iter().find(|doubt| doubt.kind == kind).map(|doubt| doubt.detail.clone());
    let readings = &found.settled_by;
    if let Some(detail) = doubt(DoubtKind::ProductUnsure)
        && !readings.contains(&Reading::OrderNumber)
    {
        return Some((QuestionKind::Product, detail));
    }
    if let Some(detail) = doubt(DoubtKind::Condition)
        && !readings.contains(&Reading::SerialNumber)
        && detail != STILL_INVESTIGATED
    {
        return Some((QuestionKind::Condition, detail));
    }
    if readings.is_empty() {
        return None;
    }
    Some((QuestionKind::Reading, readings.iter().map(|reading| reading.word()).collect::<Vec<_>>().join(",")))
}

/// The version texts of this product in an advisory.
fn ranges_of<'a>(index: &'a ProductIndex, advisory: u32, product_key: &'a str) -> impl Iterator<Item = String> + 'a {
    let entries = index.entries(advisory).iter();
    let of_product = entries.filter(move |entry| index.reading(entry.reading).decision_key == product_key);
    of_product.map(|entry| index.range(entry.range).raw().to_owned())
}

/// Whether an advisory that asked this question still names the product, but with other version texts.
pub fn is_overtaken(index: &ProductIndex, question: &Question) -> bool {
    let key = index.catalogue().product_key(&question.product_vendor, &question.product);
    let mut then: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (advisory, range) in &question.ranges {
        then.entry(advisory).or_default().insert(range);
    }
    then.into_iter().any(|(id, ranges)| {
        let named = (0u32..).zip(index.advisories()).filter(|(_, advisory)| advisory.id == id);
        let now: BTreeSet<String> = named.flat_map(|(at, _)| ranges_of(index, at, &key)).collect();
        !now.is_empty() && !now.iter().map(String::as_str).eq(ranges)
    })
}

fn fingerprint_of(question: &Question) -> String {
    let mut texts = vec![question.product_vendor.as_str(), question.product.as_str(), question.detail.as_str()];
    texts.extend(question.ranges.iter().flat_map(|(advisory, range)| [advisory.as_str(), range.as_str()]));
    digest(&texts)
}

fn shared(advisory: &Advisory, found: &Match, exploited: &FxHashSet<&str>) -> Shared {
    let vulnerabilities = holding(advisory, found);
    let mut cves: Vec<String> = vulnerabilities.iter().filter_map(|v| v.cve.clone()).collect();
    cves.sort();
    cves.dedup();
    let score = found
        .products
        .iter()
        .filter_map(|product| leading_score(vulnerabilities.iter().copied(), *product))
        .map(|score| score.base_score)
        .max_by(f32::total_cmp);
    Shared {
        fingerprint: fingerprint(advisory, &found.products, &vulnerabilities),
        is_exploited: cves.iter().any(|cve| exploited.contains(cve.as_str())),
        cves,
        // A base score is between 0 and 10.
        cvss_tenths: score.map(|score| (score * 10.0).round() as u32),
    }
}

/// Digest of what an owner's decision rests on: the products with their paths and version texts, their statuses, and
/// what is told to do about them. Ids, pointers and the order of the document do not count.
fn fingerprint(advisory: &Advisory, products: &[u32], vulnerabilities: &[&Vulnerability]) -> String {
    let mut facts: BTreeSet<String> = BTreeSet::new();
    for product in products {
        let entry = &advisory.products[*product as usize];
        let path: Vec<&str> = entry.branches.iter().map(|branch| branch.name.as_str()).collect();
        facts.insert(format!("product\u{1}{}\u{1}{}", entry.name, path.join("\u{1}")));
    }
    for vulnerability in vulnerabilities {
        let id = vulnerability.cve.clone().unwrap_or_else(|| vulnerability.ids.join("\u{1}"));
        for (status, of) in &vulnerability.statuses {
            for product in products.iter().filter(|product| of.contains(product)) {
                let name = &advisory.products[*product as usize].name;
                facts.insert(format!("status\u{1}{id}\u{1}{}\u{1}{name}", status.word()));
            }
        }
        for remedy in &vulnerability.remediations {
            if remedy.products.is_empty() || products.iter().any(|product| remedy.products.contains(product)) {
                let url = remedy.url.as_deref().unwrap_or_default();
                facts.insert(format!(
                    "remedy\u{1}{id}\u{1}{}\u{1}{}\u{1}{url}",
                    remedy.category.word(),
                    remedy.details
                ));
            }
        }
    }
    digest(&facts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The SHA-256 of several texts, 64 hexadecimal digits.
fn digest(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
