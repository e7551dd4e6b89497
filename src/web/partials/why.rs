//! Why a device is affected, may be, or is not: the one explanation for asset, advisory, review and check.

use askama::Template;
use askama::filters::HtmlSafe;

use super::badge::{SeverityBadge, StatusBadge, SureBadge, VerdictBadge};
use super::text::{Identifier, Sentence};
use super::version_line::VersionLine;
use crate::domain::advisory::AdvisoryKey;
use crate::domain::matching::PartResult;
use crate::domain::nameplate::Variant;
use crate::domain::verdict::Doubt;
use crate::report::explanation::{ExplainedMatch, all_parts};
use crate::report::vocabulary::{doubt_label, fix_text, result_label};

/// The explanation of one match. Closed it is one sentence.
#[derive(Template)]
#[template(path = "_why.html")]
pub struct Why {
    pub verdict: VerdictBadge,
    /// One sentence without the verdict in front: `3.1.2 is below 4.0.0`.
    pub reason: String,
    pub severity: SeverityBadge,
    pub sure: SureBadge,
    pub advisory_id: String,
    pub advisory_title: String,
    /// The page of the advisory; blank on the page itself.
    pub advisory_href: String,
    pub doubts: Vec<Doubt>,
    pub parts: Vec<WhyPart>,
    pub line: Option<VersionLine>,
    pub what_would_change: String,
    pub fix: String,
    /// What decides the order of work, in words.
    pub order: String,
    /// `publisher, revision 1`.
    pub publisher: String,
    pub product: String,
    /// The version text as the advisory writes it.
    pub range_as_written: String,
    pub pointer: String,
    /// Where the document can be seen at that node.
    pub pointer_href: String,
    pub engine: String,
    pub cves: Vec<String>,
    pub key: AdvisoryKey,
    /// What has been done; `None` where that is not looked at.
    pub status: Option<StatusBadge>,
    /// What was said of it last and by whom; blank for nothing.
    pub marked: String,
    /// Where it is marked; blank where the person may not.
    pub mark_href: String,
    pub is_open: bool,
}

/// One line of the evidence.
pub struct WhyPart {
    pub label: &'static str,
    pub yours: String,
    pub advisory: String,
    pub rule: String,
    pub result: &'static str,
    pub class: &'static str,
}

impl Why {
    /// The explanation of this match; `href` is the page of its advisory.
    pub fn of_match(found: &ExplainedMatch, variant: &Variant, href: String, engine: &str) -> Why {
        let finding = &found.finding;
        let mut severity = SeverityBadge::of_score(finding.cvss, finding.is_exploited());
        severity.is_quiet = finding.verdict == crate::domain::verdict::Verdict::NotAffected;
        Why {
            verdict: VerdictBadge { verdict: finding.verdict },
            reason: finding.reason.clone(),
            severity,
            sure: SureBadge { confidence: finding.confidence },
            advisory_id: finding.advisory.advisory_id.clone(),
            advisory_title: finding.advisory.title.clone(),
            pointer_href: format!(
                "{href}/document?at={}",
                crate::domain::filter::query_text::encode(&finding.product_pointer)
            ),
            advisory_href: href,
            doubts: finding.doubts.clone(),
            parts: all_parts(finding, variant)
                .into_iter()
                .map(|part| WhyPart {
                    label: part.part.label(),
                    result: result_label(part.result),
                    class: match part.result {
                        PartResult::Same => "same",
                        PartResult::Covers => "covers",
                        PartResult::InDoubt => "doubt",
                        PartResult::Differs => "differs",
                        PartResult::NotStated => "none",
                    },
                    yours: part.yours,
                    advisory: part.advisory,
                    rule: part.rule,
                })
                .collect(),
            line: VersionLine::new(&found.bounds, &variant.firmware),
            what_would_change: found.what_would_change.clone(),
            fix: fix_text(finding).to_owned(),
            order: finding.priority("", "").in_words(),
            publisher: format!("{}, revision {}", finding.advisory.publisher, finding.advisory.version),
            product: finding.product.clone(),
            range_as_written: found.range_as_written.clone(),
            pointer: finding.product_pointer.clone(),
            engine: engine.to_owned(),
            cves: finding.cves.clone(),
            key: found.key.clone(),
            status: None,
            marked: String::new(),
            mark_href: String::new(),
            is_open: false,
        }
    }

    /// The same, already open.
    #[must_use]
    pub fn opened(self) -> Why {
        Why { is_open: true, ..self }
    }

    fn doubt_label(&self, doubt: &Doubt) -> &'static str {
        doubt_label(doubt.kind)
    }

    fn reason_html(&self) -> Sentence<'_> {
        Sentence(&self.reason)
    }
}

impl HtmlSafe for Why {}
