//! A shutdown plan as text for a terminal and as JSON: the steps, what has no fix, what is in the way.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::visible::{counted, grouped, visible_line};
use super::vocabulary::{restart_label, severity_label};
use crate::domain::nameplate::Variant;
use crate::domain::plan::{Plan, PlanAsset, PlanAssetState, Proposal, Step, WithoutFix, Work};

/// Further targets of a step that the text names.
const MAX_OPTIONS: usize = 3;

/// The nameplate in one line: vendor, model, order number.
pub fn plate_text(variant: &Variant) -> String {
    let plate = &variant.nameplate;
    let mut parts: Vec<&str> = vec![&plate.vendor, &plate.model];
    if plate.part_number != plate.model {
        parts.push(&plate.part_number);
    }
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() { "nameplate not stated".to_owned() } else { visible_line(&parts.join(" ")).into_owned() }
}

/// The firmware, or words for none.
pub fn firmware_text(variant: &Variant) -> &str {
    if variant.firmware.is_empty() { "not stated" } else { &variant.firmware }
}

/// `Riverside, Kraftwerk Süd`, or `all sites`.
pub fn sites_text(plan: &Plan) -> String {
    if plan.sites.is_empty() { "all sites".to_owned() } else { visible_line(&plan.sites.join(", ")).into_owned() }
}

/// The window in the zone of the plant: `Tue 2026-12-01 06:00 – Wed 2026-12-02 18:00 CET · 36 h`.
pub fn window_text(plan: &Plan) -> String {
    let zone = TimeZone::get(&plan.time_zone).unwrap_or(TimeZone::UTC);
    let (from, to) = (plan.from.to_zoned(zone.clone()), plan.to.to_zoned(zone));
    let hours = (plan.to.as_second() - plan.from.as_second()) / 3_600;
    format!("{} – {} · {hours} h", from.strftime("%a %Y-%m-%d %H:%M"), to.strftime("%a %Y-%m-%d %H:%M %Z"))
}

/// `34 assets in the plan · closes 71 of 936 exposures, 4 of 9 exploited · leaves 865`.
pub fn sum_text(proposal: &Proposal) -> String {
    format!(
        "{} in the plan · closes {} of {}, {} of {} exploited · leaves {}",
        counted(proposal.n_assets(), "asset", "assets"),
        grouped(proposal.n_closed()),
        counted(proposal.n_exposures, "exposure", "exposures"),
        grouped(proposal.n_closed_exploited()),
        grouped(proposal.n_exploited),
        grouped(proposal.n_left())
    )
}

/// Writes a draft with its proposal for people.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_proposal(plan: &Plan, proposal: &Proposal, out: &mut dyn Write) -> io::Result<()> {
    head(plan, out)?;
    writeln!(out, "{}", sum_text(proposal))?;
    if proposal.n_handled > 0 {
        let handled = counted(proposal.n_handled, "exposure is", "exposures are");
        writeln!(out, "{handled} done or accepted and not planned for")?;
    }
    writeln!(out)?;
    if proposal.steps.is_empty() {
        writeln!(out, "Nothing here has a fix that could be installed.")?;
    } else {
        writeln!(out, "STEPS")?;
    }
    for step in &proposal.steps {
        write_step(step, out)?;
    }
    if !proposal.without_fix.is_empty() {
        writeln!(out, "\nWITHOUT A FIX")?;
        for without in &proposal.without_fix {
            writeln!(out, "  {}", without_line(without))?;
        }
    }
    if !proposal.blocked.is_empty() {
        writeln!(out, "\nBLOCKED")?;
        for blocked in &proposal.blocked {
            let detail = if blocked.detail.is_empty() { String::new() } else { format!(": {}", blocked.detail) };
            writeln!(
                out,
                "  {} × {} {}: {}{}",
                grouped(blocked.n_assets),
                plate_text(&blocked.variant),
                firmware_text(&blocked.variant),
                blocked.obstacle.label(),
                visible_line(&detail)
            )?;
        }
    }
    Ok(())
}

fn head(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    let state = if plan.frozen.is_some() { "frozen" } else { "draft" };
    writeln!(out, "Plan {}: {} · {} · {state}", plan.plan_id, visible_line(&plan.name), sites_text(plan))?;
    writeln!(out, "{}", window_text(plan))
}

fn write_step(step: &Step, out: &mut dyn Write) -> io::Result<()> {
    let chosen = step.chosen();
    let mark = if step.is_left_out { "[ ]" } else { "[x]" };
    let (shape, word) = severity_label(step.severity);
    let restart = step.restart.as_deref().map_or("restart not stated", restart_label);
    writeln!(
        out,
        "{mark} step {}: {} {} → {}, {}",
        step.variant_id,
        plate_text(&step.variant),
        visible_line(firmware_text(&step.variant)),
        visible_line(&chosen.target.firmware),
        counted(step.n_assets, "asset", "assets")
    )?;
    let mut effect = format!(
        "closes {} ({shape} {word}), {} remain, {restart}",
        grouped(chosen.outcome.n_closed),
        grouped(chosen.outcome.n_remaining)
    );
    if chosen.outcome.n_opened > 0 {
        effect.push_str(&format!("; opens {}", grouped(chosen.outcome.n_opened)));
    }
    writeln!(out, "    {effect}")?;
    writeln!(out, "    because: {}", visible_line(&chosen.target.because()))?;
    for option in step.options.iter().skip(1).take(MAX_OPTIONS) {
        let more = option.outcome.n_closed as i64 - chosen.outcome.n_closed as i64;
        writeln!(
            out,
            "    what if {} instead: closes {} ({more:+})",
            visible_line(&option.target.firmware),
            grouped(option.outcome.n_closed)
        )?;
    }
    Ok(())
}

/// One line about a variant that gets no fix.
pub fn without_line(without: &WithoutFix) -> String {
    let advice = without.advice.first().map_or("no remedy is named", String::as_str);
    let mut line = format!(
        "{} × {} {} (variant {}): {} · {advice}",
        grouped(without.n_assets),
        plate_text(&without.variant),
        visible_line(firmware_text(&without.variant)),
        without.variant_id,
        without.advisories.join(", ")
    );
    for (site, mitigation) in &without.mitigations {
        line.push_str(&format!(" · {}: {}", visible_line(site), visible_line(&mitigation.measure)));
        if !mitigation.review_on.is_empty() {
            line.push_str(&format!(", review on {}", mitigation.review_on));
        }
        if !mitigation.replace_in.is_empty() {
            line.push_str(&format!(", replace in {}", mitigation.replace_in));
        }
    }
    line
}

/// `31 of 34 done, 1 differs, 2 open`.
pub fn progress_text(work: &Work) -> String {
    format!(
        "{} of {} done, {} read back with another firmware, {} open",
        grouped(work.n(PlanAssetState::Done)),
        grouped(work.assets.len() as u64),
        grouped(work.n(PlanAssetState::Differs)),
        grouped(work.n(PlanAssetState::Open))
    )
}

/// `2 advisories since freezing: ICSA-… touches 4 planned assets; …`; blank when there are none.
pub fn news_text(work: &Work) -> String {
    if work.news.is_empty() {
        return String::new();
    }
    let each: Vec<String> = work
        .news
        .iter()
        .map(|(id, n)| format!("{} touches {}", visible_line(id), counted(*n, "open asset", "open assets")))
        .collect();
    format!("{} since freezing: {}", counted(work.news.len() as u64, "advisory", "advisories"), each.join("; "))
}

/// Writes a frozen plan for people: how far it is, and what is open.
///
/// # Errors
///
/// Only what `out` fails with.
pub fn write_work(work: &Work, out: &mut dyn Write) -> io::Result<()> {
    head(&work.plan, out)?;
    writeln!(out, "{}", progress_text(work))?;
    let news = news_text(work);
    if !news.is_empty() {
        writeln!(out, "{news}")?;
    }
    for asset in &work.assets {
        let state = match (asset.state(), &asset.read_back) {
            (PlanAssetState::Done, _) => "done".to_owned(),
            (PlanAssetState::Differs, Some(read)) => format!("read back {}", visible_line(&read.firmware)),
            _ => "open".to_owned(),
        };
        writeln!(out, "  {}  {}: {state}", asset_label(asset), step_text(asset))?;
    }
    Ok(())
}

/// `Riverside / MTR-0412`.
pub fn asset_label(asset: &PlanAsset) -> String {
    visible_line(&format!("{} / {}", super::vocabulary::site_name(&asset.site), asset.tag)).into_owned()
}

/// `Schneider Electric PM8000 3.1.2 → 4.0.0`.
pub fn step_text(asset: &PlanAsset) -> String {
    format!(
        "{} {} → {}",
        plate_text(&asset.variant),
        visible_line(firmware_text(&asset.variant)),
        visible_line(&asset.target)
    )
}

/// The draft as JSON.
pub fn proposal_json(plan: &Plan, proposal: &Proposal) -> Value {
    let variant = |variant: &Variant| {
        json!({
            "vendor": variant.nameplate.vendor, "model": variant.nameplate.model,
            "part_number": variant.nameplate.part_number, "hardware_revision": variant.nameplate.hardware_revision,
            "firmware": variant.firmware,
        })
    };
    let option = |option: &crate::domain::plan::StepOption| {
        json!({
            "firmware": option.target.firmware, "origin": option.target.origin.word(),
            "advisory": option.target.advisory, "because": option.target.because(),
            "n_closed": option.outcome.n_closed, "n_closed_exploited": option.outcome.n_closed_exploited,
            "n_remaining": option.outcome.n_remaining, "n_opened": option.outcome.n_opened,
        })
    };
    json!({
        "plan": plan_json(plan),
        "n_assets": proposal.n_assets(), "n_exposures": proposal.n_exposures, "n_exploited": proposal.n_exploited,
        "n_handled": proposal.n_handled,
        "n_closed": proposal.n_closed(), "n_closed_exploited": proposal.n_closed_exploited(),
        "n_left": proposal.n_left(),
        "steps": proposal.steps.iter().map(|step| json!({
            "step": step.variant_id, "variant": variant(&step.variant), "n_assets": step.n_assets,
            "severity": step.severity.map(|s| s.word()), "restart": step.restart, "is_left_out": step.is_left_out,
            "options": step.options.iter().map(option).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "without_fix": proposal.without_fix.iter().map(super::without_fix::without_json).collect::<Vec<_>>(),
        "blocked": proposal.blocked.iter().map(|blocked| json!({
            "variant": variant(&blocked.variant), "obstacle": blocked.obstacle.label(), "n_assets": blocked.n_assets,
            "n_exposures": blocked.n_exposures, "detail": blocked.detail,
        })).collect::<Vec<_>>(),
    })
}

/// The plan without its content, as JSON.
pub fn plan_json(plan: &Plan) -> Value {
    json!({
        "plan_id": plan.plan_id, "name": plan.name, "sites": plan.sites, "from": plan.from.to_string(),
        "to": plan.to.to_string(), "time_zone": plan.time_zone, "made_by": plan.made_by,
        "made_at": plan.made_at.to_string(),
        "frozen_at": plan.frozen.as_ref().map(|frozen| frozen.at.to_string()),
        "frozen_by": plan.frozen.as_ref().map(|frozen| &frozen.by),
    })
}

/// A frozen plan as JSON.
pub fn work_json(work: &Work) -> Value {
    json!({
        "plan": plan_json(&work.plan),
        "n_assets": work.assets.len(), "n_done": work.n(PlanAssetState::Done),
        "n_differs": work.n(PlanAssetState::Differs), "n_open": work.n(PlanAssetState::Open),
        "since_freezing": work.news.iter()
            .map(|(advisory, n)| json!({"advisory": advisory, "n_assets": n})).collect::<Vec<_>>(),
        "assets": work.assets.iter().map(|asset| json!({
            "site": asset.site, "area": asset.area, "asset_id": asset.tag, "serial_number": asset.serial_number,
            "vendor": asset.variant.nameplate.vendor, "model": asset.variant.nameplate.model,
            "part_number": asset.variant.nameplate.part_number, "firmware": asset.variant.firmware,
            "target": asset.target, "origin": asset.origin.word(), "advisories": asset.advisories,
            "read_back": asset.read_back.as_ref().map(|read| json!({
                "firmware": read.firmware, "by": read.by, "at": read.at.to_string(),
            })),
        })).collect::<Vec<_>>(),
    })
}
