//! What stands after the sites: warnings, the advisories once each, how to read the report, and who read it.

use super::super::row::Report;
use super::super::visible::{counted, grouped, visible_line};
use super::super::vocabulary as words;
use super::Sheet;
use super::flow::{CELL, CELL_BOLD, FAINT, Flow, Lead, SMALL, Span, TEXT, TEXT_BOLD, ink};
use super::page::Style;
use crate::domain::advisory::status_notice;
use crate::domain::asset::Standing;
use crate::domain::verdict::{Confidence, DoubtKind, Verdict};

/// Warnings that are written out; the rest are counted.
const MAX_WARNINGS: usize = 500;

impl Sheet<'_> {
    pub(super) fn warnings(&mut self, warnings: &[String]) {
        if warnings.is_empty() {
            return;
        }
        self.flow.heading(1, &format!("Warnings ({})", grouped(warnings.len() as u64)));
        for warning in warnings.iter().take(MAX_WARNINGS) {
            self.flow.paragraph_in(
                &[Span::new(TEXT, format!("– {}", visible_line(warning)))],
                0.0,
                self.flow.body_width(),
            );
        }
        if let n @ 1.. = warnings.len().saturating_sub(MAX_WARNINGS) {
            let more = format!("… and {} more; the JSON report holds all of them", grouped(n as u64));
            self.flow.paragraph(&[Span::new(FAINT, more)]);
        }
    }

    /// Each advisory once, with its dates, its link and all remedies named for the products above.
    pub(super) fn advisory_list(&mut self) {
        let advisories = self.advisories;
        if advisories.list.is_empty() {
            return;
        }
        self.flow.heading(1, &format!("Advisories ({})", grouped(advisories.list.len() as u64)));
        for (entry, place) in advisories.list.iter().zip(self.advisory_places.clone()) {
            let advisory = entry.advisory;
            self.flow.gap(5.0);
            self.flow.need(46.0);
            self.flow.set_place(place);
            self.flow.paragraph(&[
                Span::new(Style { ink: ink::ACCENT, ..TEXT_BOLD }, format!("{}  ", advisory.advisory_id)),
                Span::new(TEXT_BOLD, &advisory.title),
            ]);
            let mut facts: Vec<String> = Vec::new();
            if !advisory.publisher.is_empty() {
                facts.push(advisory.publisher.clone());
            }
            if !advisory.version.is_empty() {
                facts.push(format!("version {}", advisory.version));
            }
            facts.extend(status_notice(&advisory.status).map(str::to_owned));
            if !advisory.published.is_empty() {
                facts.push(format!("published {}", advisory.published));
            }
            if !advisory.updated.is_empty() && advisory.updated != advisory.published {
                facts.push(format!("updated {}", advisory.updated));
            }
            for (n, verdict) in entry.n_assets.iter().zip(Verdict::ALL) {
                if *n > 0 {
                    facts.push(format!("{} {}", counted(*n, "asset", "assets"), verdict.label().to_lowercase()));
                }
            }
            let mut spans = vec![Span::new(SMALL, facts.join(" · "))];
            if advisory.url.starts_with("https://") || advisory.url.starts_with("http://") {
                spans.push(Span::new(SMALL, " · "));
                let style = Style { ink: ink::ACCENT, ..SMALL };
                spans.push(Span::leading(style, &advisory.url, Lead::Url(advisory.url.clone())));
            }
            self.flow.paragraph(&spans);
            let mut remedies = entry.remedies.clone();
            remedies.sort_by(|a, b| a.category.cmp(&b.category));
            for remedy in remedies {
                let mut spans = vec![
                    Span::new(CELL_BOLD, format!("{}: ", words::remediation_label(&remedy.category))),
                    Span::new(CELL, visible_line(&remedy.details)),
                ];
                if let Some(restart) = &remedy.restart_required {
                    spans.push(Span::new(CELL, format!(" ({})", words::restart_label(restart))));
                }
                if let Some(url) = remedy.url.as_ref().filter(|u| u.starts_with("https://") || u.starts_with("http://"))
                {
                    let style = Style { ink: ink::ACCENT, ..CELL };
                    spans.push(Span::new(CELL, " "));
                    spans.push(Span::leading(style, url, Lead::Url(url.clone())));
                }
                self.flow.paragraph_in(&spans, 12.0, self.flow.body_width() - 12.0);
            }
        }
    }

    /// How the report came to be and what its words mean.
    pub(super) fn method(&mut self, report: &Report) {
        self.flow.heading(1, "Method and sources");
        self.flow.fact("Judged", &[Span::new(TEXT, words::moment(report.judged_at, &report.time_zone))]);
        for (n, source) in report.sources.iter().enumerate() {
            self.flow.fact(if n == 0 { "Advisories from" } else { "" }, &[Span::new(TEXT, source)]);
        }
        self.flow.fact("Shown", &[Span::new(TEXT, &report.filter)]);
        self.flow.fact("Program", &[Span::new(TEXT, format!("Nameplate {}", report.program_version))]);
        self.flow.gap(4.0);
        if !self.is_full {
            let told = "This report is long: evidence is left out, and remedies stand with the advisories. The workbook and \
                        the JSON report hold both for each row.";
            self.flow.paragraph(&[Span::new(TEXT, told)]);
        }
        let told = "A character that the fonts of this file do not have, for example a Chinese one, stands as its Unicode \
                    number in a frame. The HTML report and the workbook show it as it is.";
        self.flow.paragraph(&[Span::new(FAINT, told)]);
        let mut meanings: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
        meanings.push(("Verdicts", Verdict::ALL.iter().map(|v| (v.label(), words::verdict_meaning(*v))).collect()));
        let sure = [Confidence::Certain, Confidence::Likely, Confidence::Possible];
        let sure = sure.iter().map(|c| (words::confidence_label(*c), words::confidence_meaning(*c))).collect();
        meanings.push(("How sure the product is", sure));
        meanings.push((
            "Doubts",
            DoubtKind::ALL.iter().map(|d| (words::doubt_label(*d), words::doubt_meaning(*d))).collect(),
        ));
        let places = Standing::ALL.iter().map(|s| (s.label(), words::standing_meaning(*s))).collect();
        meanings.push(("Six places of an asset", places));
        for (title, list) in meanings {
            self.flow.heading(2, title);
            for (word, meaning) in list {
                self.flow.fact(word, &[Span::new(TEXT, meaning)]);
            }
        }
    }

    pub(super) fn signature(&mut self) {
        signature(&mut self.flow, "Read by");
    }
}

/// A line to sign on, with the date.
pub(in super::super) fn signature(flow: &mut Flow, by: &str) {
    flow.need(50.0);
    flow.gap(30.0);
    flow.paragraph(&[
        Span::new(FAINT, format!("{by}  ")),
        Span::Blank(220.0),
        Span::new(FAINT, "    Date  "),
        Span::Blank(110.0),
    ]);
}
