//! Badges: words with a shape, so that colour never says anything alone.

use askama::Template;
use askama::filters::HtmlSafe;

use crate::domain::priority::Severity;
use crate::domain::remediation::RemediationStatus;
use crate::domain::verdict::{Confidence, Verdict};

/// `▲ High 8.8`, and EXPLOITED behind it.
#[derive(Template)]
#[template(path = "_badge_severity.html")]
pub struct SeverityBadge {
    pub severity: Option<Severity>,
    pub score: Option<f32>,
    pub is_exploited: bool,
    /// Without hue, for what is not affected: colour is for what is wrong.
    pub is_quiet: bool,
}

impl SeverityBadge {
    /// The badge of a score.
    pub fn of_score(score: Option<f32>, is_exploited: bool) -> SeverityBadge {
        SeverityBadge { severity: score.map(Severity::of_score), score, is_exploited, is_quiet: false }
    }

    fn word(&self) -> &'static str {
        match self.severity {
            Some(Severity::Critical) => "Critical",
            Some(Severity::High) => "High",
            Some(Severity::Medium) => "Medium",
            Some(Severity::Low) => "Low",
            Some(Severity::None) => "None",
            None => "No score",
        }
    }

    fn shape(&self) -> &'static str {
        self.severity.map_or("unscored", Severity::word)
    }

    fn class(&self) -> &'static str {
        if self.is_quiet { "none" } else { self.shape() }
    }

    fn score_text(&self) -> String {
        self.score.map(|score| format!("{score:.1}")).unwrap_or_default()
    }
}

impl HtmlSafe for SeverityBadge {}

/// `Affected`, `? Possible`, `✓ Not affected`.
#[derive(Template)]
#[template(path = "_badge_verdict.html")]
pub struct VerdictBadge {
    pub verdict: Verdict,
}

impl VerdictBadge {
    fn mark(&self) -> &'static str {
        match self.verdict {
            Verdict::Affected => "",
            Verdict::Possible => "? ",
            Verdict::NotAffected => "✓ ",
        }
    }
}

impl HtmlSafe for VerdictBadge {}

/// How surely the product was identified, in words.
#[derive(Template)]
#[template(source = "<span class=\"sure\">{{ self.words() }}</span>", ext = "html")]
pub struct SureBadge {
    pub confidence: Confidence,
}

impl SureBadge {
    fn words(&self) -> &'static str {
        match self.confidence {
            Confidence::Certain => "product certain",
            Confidence::Likely => "by model",
            Confidence::Possible => "product not certain",
        }
    }
}

impl HtmlSafe for SureBadge {}

/// `○ Not remediated`, `◐ In progress`, `● Done`.
#[derive(Template)]
#[template(
    source = "<span class=\"split\"><span aria-hidden=\"true\">{{ self.mark() }}</span> {{ self.words() }}</span>",
    ext = "html"
)]
pub struct StatusBadge {
    pub status: RemediationStatus,
}

impl StatusBadge {
    fn mark(&self) -> &'static str {
        mark(self.status)
    }

    fn words(&self) -> &'static str {
        match self.status {
            RemediationStatus::NotRemediated => "Not remediated",
            RemediationStatus::InProgress => "In progress",
            RemediationStatus::Done => "Done",
        }
    }
}

impl HtmlSafe for StatusBadge {}

/// `○ 6 ◐ 2 ● 1`: how many exposures have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Template)]
#[template(path = "_status_split.html")]
pub struct StatusSplit {
    /// In the order of [`RemediationStatus::ALL`].
    pub n: [u64; 3],
}

impl StatusSplit {
    /// All three, also those of which there are none: mark, label, number.
    pub fn all(&self) -> [(&'static str, &'static str, u64); 3] {
        RemediationStatus::ALL.map(|status| (mark(status), status.label(), self.n[status as usize]))
    }

    fn parts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        RemediationStatus::ALL.into_iter().zip(self.n).filter(|(_, n)| *n > 0).map(|(s, n)| (mark(s), s.label(), n))
    }
}

impl HtmlSafe for StatusSplit {}

fn mark(status: RemediationStatus) -> &'static str {
    match status {
        RemediationStatus::NotRemediated => "○",
        RemediationStatus::InProgress => "◐",
        RemediationStatus::Done => "●",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn badges_say_in_words_what_they_mean() {
        let severity = SeverityBadge::of_score(Some(8.8), true).to_string();
        for part in ["High", "8.8", "#s-high", "EXPLOITED"] {
            assert!(severity.contains(part), "{severity}");
        }
        assert!(SeverityBadge::of_score(None, false).to_string().contains("No score"));
        assert!(VerdictBadge { verdict: Verdict::Possible }.to_string().contains("? Possible"));
        let split = StatusSplit { n: [6, 0, 1] }.to_string();
        assert!(split.contains("6") && split.contains("not remediated") && !split.contains("◐"), "{split}");
    }
}
