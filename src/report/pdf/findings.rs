//! The findings of a site by nameplate: one plate, what each advisory says of it, and its devices.

use super::super::groups::{FindingLine, NameplateGroup, by_reason};
use super::super::row::{ReportAsset, ReportFinding};
use super::super::visible::{counted, grouped, visible_line};
use super::super::vocabulary as words;
use super::Sheet;
use super::flow::{
    CELL, CELL_BOLD, CELL_FAINT, CODE, CODE_BOLD, CODE_FAINT, Cell, Lead, Look, SMALL, Span, TEXT, TEXT_BOLD, column,
    ink, number_column,
};
use super::page::{Pattern, Style};
use super::standing::{severity_fill, severity_ink};
use crate::domain::site::UncheckedAsset;
use crate::domain::verdict::Verdict;

/// CVEs that stand with a finding; the others are counted.
const MAX_CVES: usize = 12;
/// Remedies that stand with a finding; all of them stand with the advisory.
const MAX_REMEDIES: usize = 3;

impl Sheet<'_> {
    pub(super) fn findings(&mut self, groups: &[NameplateGroup<'_>]) {
        let n_lines: usize = groups.iter().map(|group| group.lines.len()).sum();
        let caption = format!(
            "{} with {}, worst first",
            counted(groups.len() as u64, "nameplate", "nameplates"),
            counted(n_lines as u64, "finding", "findings")
        );
        self.flow.paragraph(&[Span::new(SMALL, caption)]);
        self.flow.begin_table(vec![
            column("Severity", 1.15),
            column("Verdict and reason", 4.1),
            column("Fix", 1.15),
            column("Advisory", 1.5),
            number_column("Assets", 0.7),
        ]);
        for group in groups {
            self.group(group);
        }
        self.flow.end_table();
    }

    fn group(&mut self, group: &NameplateGroup<'_>) {
        let worst = group.lines.first().filter(|line| line.finding.verdict != Verdict::NotAffected);
        let mut spans = vec![Span::new(CELL_FAINT, counted(group.assets.len() as u64, "asset: ", "assets: "))];
        spans.extend(ids(&group.assets));
        let assets = [Cell::default(), Cell::new(spans).covering(3)];
        // The devices never stand alone on a page, unless they are so many that they fill it.
        let height_of_assets = self.flow.height_of(&assets).min(60.0);
        // The plate stands with its first finding, and with the devices where that is the only one.
        let below = if group.lines.len() == 1 { height_of_assets } else { 0.0 };
        let keep = group.lines.first().map_or(0.0, |line| self.height_of_line(line, group) + below);
        let look = Look {
            ground: Some(ink::SUNKEN),
            stripe: Some(worst.map_or(ink::LINE, |line| severity_fill(line.finding.severity))),
            keep,
            ..Look::default()
        };
        let cells = [
            Cell::new(plate(group.nameplate)).covering(3),
            Cell::number(CELL_BOLD, grouped(group.assets.len() as u64)),
        ];
        self.flow.row(&cells, look);
        for (n, line) in group.lines.iter().enumerate() {
            let (told, why) = (self.told(line, group), self.why(line.finding));
            let is_last = n + 1 == group.lines.len();
            let below = if is_last { height_of_assets } else { 0.0 };
            self.flow.row(&told, Look { keep: self.flow.height_of(&why) + below, ..Look::default() });
            if !why.is_empty() {
                self.flow.row(&why, Look { is_joined: true, keep: below, ..Look::default() });
            }
        }
        self.flow.row(&assets, Look::default());
    }

    fn height_of_line(&self, line: &FindingLine<'_>, group: &NameplateGroup<'_>) -> f32 {
        self.flow.height_of(&self.told(line, group)) + self.flow.height_of(&self.why(line.finding))
    }

    /// The row that says what is found.
    fn told(&self, line: &FindingLine<'_>, group: &NameplateGroup<'_>) -> [Cell; 5] {
        let finding = line.finding;
        let mut reason = verdict(finding);
        if let Some(told) = words::witness_sentence(finding) {
            reason.extend([Span::Break, Span::new(CELL_FAINT, visible_line(&told))]);
        }
        if let Some(told) = words::status_sentence(line) {
            // The fonts of the file do not have the circles; the words say the same.
            let told = ["○ ", "◐ ", "● "].iter().fold(told, |told, glyph| told.replace(glyph, ""));
            reason.extend([Span::Break, Span::new(CELL_BOLD, visible_line(&told))]);
        }
        if line.assets.len() != group.assets.len() {
            reason.push(Span::Break);
            reason.push(Span::new(CELL_FAINT, "Assets: "));
            reason.extend(ids(&line.assets));
        }
        let fix = match &finding.fix {
            Some(fix) => Cell::text(CODE_BOLD, fix),
            None => Cell::text(CELL_FAINT, "none named"),
        };
        let number = self.advisories.number(&finding.advisory);
        let place = self.advisory_places.get(number.wrapping_sub(1)).copied();
        let accent = Style { ink: ink::ACCENT, ..CELL };
        let advisory = match place {
            Some(place) => Span::leading(accent, &finding.advisory.advisory_id, Lead::Place(place)),
            None => Span::new(CELL, &finding.advisory.advisory_id),
        };
        [
            Cell::new(severity(finding)),
            Cell::new(reason),
            fix,
            Cell::new(vec![advisory]),
            Cell::number(CELL, grouped(line.assets.len() as u64)),
        ]
    }

    /// The row below it, where there is room for one.
    fn why(&self, finding: &ReportFinding) -> Vec<Cell> {
        let mut spans = if self.is_full { why(finding) } else { Vec::new() };
        if spans.is_empty() {
            return Vec::new();
        }
        // It begins with a break, which would leave an empty line.
        spans.remove(0);
        vec![Cell::default(), Cell::new(spans).covering(3)]
    }

    /// What is exposed and for which the advisory names no fixed version, by nameplate.
    pub(super) fn without_fix(&mut self, groups: &[NameplateGroup<'_>]) {
        let exposed =
            |line: &&FindingLine<'_>| line.finding.verdict >= Verdict::Possible && line.finding.is_without_fix();
        let without: Vec<(&NameplateGroup<'_>, Vec<&FindingLine<'_>>)> = groups
            .iter()
            .map(|group| (group, group.lines.iter().filter(exposed).collect::<Vec<_>>()))
            .filter(|(_, lines)| !lines.is_empty())
            .collect();
        if without.is_empty() {
            return;
        }
        self.flow.heading(2, "Without a fix");
        let told = "The advisory names neither a fixed version nor a fix of the vendor. What it says instead stands beside it.";
        self.flow.paragraph(&[Span::new(TEXT, told)]);
        self.flow.begin_table(vec![
            column("Nameplate", 3.0),
            column("Advisory", 1.6),
            column("The advisory says", 3.2),
            number_column("Assets", 0.8),
        ]);
        for (group, lines) in without {
            for (n, line) in lines.iter().enumerate() {
                let name = if n == 0 { plate(group.nameplate) } else { Vec::new() };
                let cells = [
                    Cell::new(name),
                    Cell::text(CELL, &line.finding.advisory.advisory_id),
                    Cell::text(CELL, words::instead_of_a_fix(line.finding)),
                    Cell::number(CELL, grouped(line.assets.len() as u64)),
                ];
                self.flow.row(&cells, Look { is_joined: n > 0, ..Look::default() });
            }
        }
        self.flow.end_table();
    }

    /// What cannot be checked, by reason.
    pub(super) fn unchecked(&mut self, unchecked: &[&UncheckedAsset]) {
        if unchecked.is_empty() {
            return;
        }
        self.flow.heading(2, &format!("Cannot be checked: {}", counted(unchecked.len() as u64, "asset", "assets")));
        self.flow.begin_table(vec![
            number_column("Assets", 0.6),
            column("Vendor", 1.6),
            column("Why", 2.6),
            column("Which", 4.0),
        ]);
        for (why, vendor, assets) in by_reason(unchecked) {
            let vendor = if vendor.is_empty() { "not stated" } else { vendor };
            let which: Vec<&str> = assets.iter().map(|asset| &*asset.asset_id).collect();
            let cells = [
                Cell::number(CELL_BOLD, grouped(assets.len() as u64)),
                Cell::text(CELL, vendor),
                Cell::text(CELL, why),
                Cell::text(CODE_FAINT, which.join(", ")),
            ];
            self.flow.row(&cells, Look::default());
        }
        self.flow.end_table();
    }
}

/// Evidence in one line, the entry that says so, the vulnerabilities and what to do.
fn why(finding: &ReportFinding) -> Vec<Span> {
    let mut spans = Vec::new();
    if !finding.evidence.is_empty() {
        let told: Vec<String> = finding.evidence.iter().map(words::evidence_sentence).collect();
        spans.extend([Span::Break, Span::new(SMALL, told.join(" · "))]);
    }
    if !finding.product.is_empty() {
        spans.extend([Span::Break, Span::new(SMALL, format!("Says so: {} ", finding.product))]);
        spans.push(Span::new(CODE_FAINT, &finding.product_pointer));
    }
    if !finding.cves.is_empty() {
        spans.extend([Span::Break, Span::new(SMALL, cves(finding))]);
    }
    let remedies = &finding.remediations;
    let n_shown = if remedies.len() <= MAX_REMEDIES + 1 { remedies.len() } else { MAX_REMEDIES };
    for remedy in &remedies[..n_shown] {
        let label = words::remediation_label(&remedy.category);
        let mut text = format!("{label}: {}", visible_line(&remedy.details));
        if let Some(restart) = &remedy.restart_required {
            text.push_str(&format!(" ({})", words::restart_label(restart)));
        }
        spans.extend([Span::Break, Span::new(Style { ink: ink::BLACK, ..SMALL }, text)]);
    }
    if n_shown < remedies.len() {
        let text = format!("All {} stand with the advisory.", counted(remedies.len() as u64, "remedy", "remedies"));
        spans.extend([Span::Break, Span::new(SMALL, text)]);
    }
    spans
}

/// Vendor, model, order number, hardware revision and firmware.
pub(in super::super) fn plate(asset: &ReportAsset) -> Vec<Span> {
    let [vendor, model, part_number, hardware, firmware] = asset.nameplate();
    let mut spans = Vec::new();
    if vendor.is_empty() && model.is_empty() && part_number.is_empty() {
        spans.push(Span::new(TEXT_BOLD, "Nameplate not stated "));
    }
    if !vendor.is_empty() {
        spans.push(Span::new(CELL_FAINT, format!("{vendor} ")));
    }
    if !model.is_empty() {
        spans.push(Span::new(Style { ink: ink::BLACK, ..TEXT_BOLD }, format!("{model} ")));
    }
    if !part_number.is_empty() && part_number != model {
        spans.push(Span::new(CODE, format!("{part_number} ")));
    }
    if !hardware.is_empty() {
        spans.push(Span::new(CELL_FAINT, "hardware "));
        spans.push(Span::new(CODE, format!("{hardware} ")));
    }
    spans.push(Span::new(CELL_FAINT, "firmware "));
    match firmware {
        "" => spans.push(Span::new(CELL_FAINT, "not stated")),
        firmware => spans.push(Span::new(Style { ink: ink::ACCENT, ..CODE_BOLD }, firmware)),
    }
    spans
}

/// Shape, word and score; exploited below it.
fn severity(finding: &ReportFinding) -> Vec<Span> {
    // What is not affected keeps shape and word, but no hue: colour is for what is wrong.
    let is_off = finding.verdict == Verdict::NotAffected;
    let (shape, word) =
        if is_off { (ink::EDGE, ink::GREY) } else { (severity_fill(finding.severity), severity_ink(finding.severity)) };
    let (_, label) = words::severity_label(finding.severity);
    let mut spans = vec![
        Span::Shape { severity: finding.severity, size: 7.0, ink: shape },
        Span::new(Style { ink: word, ..CELL_BOLD }, label),
    ];
    if let Some(score) = finding.cvss {
        spans.push(Span::new(Style { ink: word, ..CELL_BOLD }, format!(" {score:.1}")));
    }
    if finding.is_exploited() {
        spans.push(Span::Break);
        spans.push(Span::Badge {
            text: "EXPLOITED".to_owned(),
            style: Style { ink: ink::YELLOW, size: 7.5, ..CELL_BOLD },
            ground: Pattern::Plain(ink::BLACK),
        });
    }
    spans
}

/// The verdict as a badge, the reason, and the doubts that the reason does not already say.
fn verdict(finding: &ReportFinding) -> Vec<Span> {
    let label = finding.verdict.label().to_owned();
    let mut spans = vec![match finding.verdict {
        Verdict::Affected => Span::Badge {
            text: label,
            style: Style { ink: ink::WHITE, ..CELL_BOLD },
            ground: Pattern::Plain(ink::BLACK),
        },
        Verdict::Possible => {
            Span::Badge { text: format!("? {label}"), style: CELL_BOLD, ground: Pattern::Open(ink::EDGE) }
        }
        Verdict::NotAffected => Span::new(Style { ink: ink::OK, ..CELL_BOLD }, format!("{label}:")),
    }];
    spans.push(Span::new(CELL, format!(" {}", visible_line(&finding.reason))));
    for doubt in &finding.doubts {
        let mut text = words::doubt_label(doubt.kind).to_owned();
        if doubt.detail != finding.reason && !doubt.detail.is_empty() {
            text.push_str(&format!(": {}", visible_line(&doubt.detail)));
        }
        spans.extend([Span::Break, Span::new(CELL_FAINT, text)]);
    }
    spans
}

fn cves(finding: &ReportFinding) -> String {
    let n_shown = if finding.cves.len() <= MAX_CVES + 1 { finding.cves.len() } else { MAX_CVES };
    // Exploited ones are always told.
    let mut told: Vec<String> = Vec::new();
    let mut n_more = 0;
    for (n, cve) in finding.cves.iter().enumerate() {
        let is_exploited = finding.exploited.contains(cve);
        if n < n_shown || is_exploited {
            told.push(if is_exploited { format!("{cve} (exploited)") } else { cve.clone() });
        } else {
            n_more += 1;
        }
    }
    if n_more > 0 {
        told.push(format!("and {} more", grouped(n_more)));
    }
    told.join(", ")
}

fn ids(assets: &[&ReportAsset]) -> Vec<Span> {
    let ids: Vec<&str> = assets.iter().map(|asset| &*asset.asset_id).collect();
    vec![Span::new(CODE_FAINT, ids.join(", "))]
}
