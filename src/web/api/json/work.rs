//! The public shapes of what people do: answers, marks, readings, plans, alerts, changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AdvisoryName, Nameplate, at};
use crate::domain::advisory_note::AdvisoryComment;
use crate::domain::audit::AuditEntry;
use crate::domain::change::Change;
use crate::domain::mark::StoredMark;
use crate::domain::nameplate::Variant;
use crate::domain::plan::{Plan, PlanAsset, PlanAssetState, Proposal, Step, StepOption};
use crate::domain::review::{KnownAnswer, OpenQuestion};
use crate::services::send_alerts::WouldHaveSent;
use crate::services::set_remediation::MarkPreview;
use crate::store::alert::StoredRule;

fn plate(variant: Variant) -> Nameplate {
    Nameplate {
        vendor: variant.nameplate.vendor,
        model: variant.nameplate.model,
        part_number: variant.nameplate.part_number,
        hardware_revision: variant.nameplate.hardware_revision,
        firmware: variant.firmware,
        serial_number: String::new(),
    }
}

/// What names an advisory: its id is enough where only one publisher uses it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvisoryRef {
    pub id: String,
    #[serde(default)]
    pub namespace: String,
}

/// One asset and one advisory.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExposureRef {
    pub asset_id: i64,
    pub advisory: AdvisoryRef,
}

/// What is said of exposures.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Marking {
    /// The words of a filter as in the address of `/exposures`: `site=riverside&verdict=affected`. Blank: all.
    pub filter: String,
    /// These exposures alone; left out: all that fit the filter.
    pub exposures: Vec<ExposureRef>,
    /// These vulnerabilities alone; left out: all of each advisory.
    pub cves: Vec<String>,
    /// `no_decision`, `risk_accepted`, `waiting_for_fix`, `planned`, `firmware_updated`, `mitigation_applied`, `replaced`
    /// or `removed`.
    pub reason: String,
    pub note: String,
    /// The last day of an accepted risk, `2027-03-01`.
    pub expires_on: String,
    /// What was installed, with `firmware_updated`.
    pub firmware: String,
}

/// What marking would touch.
#[derive(Serialize, ToSchema)]
pub struct MarkingPreview {
    pub n_exposures: u64,
    pub n_assets: u64,
    pub n_advisories: u64,
    /// Exposures by site.
    pub by_site: BTreeMap<String, u64>,
    pub status: StatusCounts,
}

/// Exposures by what has been done about them.
#[derive(Serialize, ToSchema)]
pub struct StatusCounts {
    pub not_remediated: u64,
    pub in_progress: u64,
    pub done: u64,
}

impl From<[u64; 3]> for StatusCounts {
    fn from([not_remediated, in_progress, done]: [u64; 3]) -> StatusCounts {
        StatusCounts { not_remediated, in_progress, done }
    }
}

impl From<MarkPreview> for MarkingPreview {
    fn from(preview: MarkPreview) -> MarkingPreview {
        MarkingPreview {
            n_exposures: preview.n_exposures,
            n_assets: preview.n_assets,
            n_advisories: preview.n_advisories,
            by_site: preview.by_site,
            status: preview.n_by_status.into(),
        }
    }
}

/// What was done, and the act by whose number it is taken back.
#[derive(Serialize, ToSchema)]
pub struct Done {
    /// Null when everything was so already.
    pub audit_id: Option<i64>,
    /// One sentence.
    pub told: String,
    /// The job that does it, where it is much work; the act follows when that is done.
    pub job_id: Option<i64>,
}

impl Done {
    /// What was done at once.
    pub fn of(audit_id: Option<i64>, told: String) -> Done {
        Done { audit_id, told, job_id: None }
    }

    /// What was begun.
    pub fn begun(job_id: i64) -> Done {
        Done { audit_id: None, told: format!("job {job_id} does it"), job_id: Some(job_id) }
    }
}

/// What was said of one asset and advisory, or of one vulnerability of it.
#[derive(Serialize, ToSchema)]
pub struct MarkEntry {
    pub advisory: AdvisoryName,
    /// Blank for the advisory as a whole.
    pub cve: String,
    /// `not_remediated`, `in_progress` or `done`.
    pub status: &'static str,
    pub reason: &'static str,
    pub note: String,
    pub expires_on: String,
    pub firmware: String,
    pub who: String,
    #[schema(format = "date-time")]
    pub since: String,
    /// Null while it lasts.
    #[schema(format = "date-time")]
    pub until: Option<String>,
}

impl From<StoredMark> for MarkEntry {
    fn from(stored: StoredMark) -> MarkEntry {
        MarkEntry {
            advisory: AdvisoryName {
                id: stored.advisory.id,
                namespace: stored.advisory.namespace,
                title: String::new(),
            },
            cve: stored.cve,
            status: stored.status.word(),
            reason: stored.mark.reason.word(),
            note: stored.mark.note,
            expires_on: stored.mark.expires_on,
            firmware: stored.mark.firmware,
            who: stored.who,
            since: at(stored.since),
            until: stored.until.map(at),
        }
    }
}

/// Values that were read off a device. What is left out stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    pub vendor: Option<String>,
    pub model: Option<String>,
    pub part_number: Option<String>,
    pub hardware_revision: Option<String>,
    pub firmware: Option<String>,
    pub serial_number: Option<String>,
}

/// A question whose answer settles possible exposures.
#[derive(Serialize, ToSchema)]
pub struct Question {
    /// By which it is answered.
    pub question: String,
    /// `product`, `condition` or `reading`.
    pub kind: &'static str,
    pub nameplate: Nameplate,
    pub product_vendor: String,
    pub product: String,
    /// What is doubtful, or the readings that are needed.
    pub detail: String,
    /// Of product and ranges; an answer that names another is refused.
    pub fingerprint: String,
    pub n_assets: u64,
    pub n_exposures: u64,
    pub n_sites: u64,
    pub n_advisories: u64,
    pub cvss: Option<f32>,
    pub is_exploited: bool,
}

impl From<OpenQuestion> for Question {
    fn from(open: OpenQuestion) -> Question {
        let question = open.question;
        Question {
            question: question.digest,
            kind: question.kind.word(),
            nameplate: Nameplate {
                vendor: question.vendor,
                model: question.model,
                part_number: question.part_number,
                hardware_revision: String::new(),
                firmware: String::new(),
                serial_number: String::new(),
            },
            product_vendor: question.product_vendor,
            product: question.product,
            detail: question.detail,
            fingerprint: question.fingerprint,
            n_assets: open.n_assets,
            n_exposures: open.n_exposures,
            n_sites: open.n_sites,
            n_advisories: question.n_advisories,
            cvss: question.cvss_tenths.map(|tenths| tenths as f32 / 10.0),
            is_exploited: question.n_exploited > 0,
        }
    }
}

/// An answer to a question.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GivenAnswer {
    /// `same`, `different` or `cannot_tell` for a product, `holds` or `does_not_hold` for a condition.
    pub answer: String,
    /// For this site alone, by name; left out: all sites of yours.
    pub site: Option<String>,
    /// For this asset alone.
    pub asset_id: Option<i64>,
    /// Also for assets that are imported later.
    pub for_later: bool,
    /// Needed when an exploited vulnerability is ruled out.
    pub note: String,
    /// Of the question as it was read; left out, it is not compared.
    pub fingerprint: String,
}

/// An answer as it is kept.
#[derive(Serialize, ToSchema)]
pub struct AnswerEntry {
    pub answer_id: i64,
    pub question: String,
    pub answer: &'static str,
    pub nameplate: String,
    pub product: String,
    /// Blank for all sites.
    pub site: String,
    pub asset_id: Option<i64>,
    pub for_later: bool,
    pub note: String,
    pub effect: String,
    pub who: String,
    #[schema(format = "date-time")]
    pub answered_at: String,
    #[schema(format = "date-time")]
    pub taken_back_at: Option<String>,
    pub taken_back_by: String,
    pub audit_id: i64,
}

impl From<KnownAnswer> for AnswerEntry {
    fn from(known: KnownAnswer) -> AnswerEntry {
        AnswerEntry {
            answer_id: known.answer_id,
            nameplate: known.question.nameplate(),
            product: known.question.product_text(),
            question: known.question.digest,
            answer: known.answer.word(),
            site: known.site,
            asset_id: known.asset_id,
            for_later: known.for_later,
            note: known.note,
            effect: known.effect,
            who: known.who,
            answered_at: at(known.answered_at),
            taken_back_at: known.taken_back_at.map(at),
            taken_back_by: known.taken_back_by,
            audit_id: known.audit_id,
        }
    }
}

/// One act of a person.
#[derive(Serialize, ToSchema)]
pub struct ActEntry {
    pub audit_id: i64,
    #[schema(format = "date-time")]
    pub acted_at: String,
    pub who: String,
    /// `answer`, `mark_remediation`, `edit_assets` or `undo`.
    pub act: &'static str,
    /// One sentence.
    pub what: String,
    /// The act that this one takes back.
    pub undoes: Option<i64>,
    /// The act that took this one back.
    pub undone_by: Option<i64>,
}

impl From<AuditEntry> for ActEntry {
    fn from(act: AuditEntry) -> ActEntry {
        ActEntry {
            audit_id: act.audit_id,
            acted_at: at(act.acted_at),
            who: act.entry.who,
            act: act.entry.act.word(),
            what: act.entry.what,
            undoes: act.entry.undoes,
            undone_by: act.undone_by,
        }
    }
}

/// What changed in a run, and why.
#[derive(Serialize, ToSchema)]
pub struct Changes {
    pub n_new: u64,
    pub n_worse: u64,
    pub n_better: u64,
    pub n_closed: u64,
    /// Told in other words; nothing to do.
    pub n_retold: u64,
    /// The first of each kind.
    pub items: Vec<ChangeEntry>,
}

/// One change: what one advisory says of one nameplate with its firmware.
#[derive(Serialize, ToSchema)]
pub struct ChangeEntry {
    /// `new`, `worse`, `better`, `closed` or `retold`.
    pub turn: &'static str,
    pub nameplate: Nameplate,
    pub n_assets: u64,
    pub advisory: AdvisoryName,
    /// Before and after in words: `possible → affected`.
    pub change: String,
    pub reason: String,
    /// `advisory`, `inventory`, `matcher`, `decision`, `exploited` or `judgement`.
    pub cause: &'static str,
}

impl From<(Change, Variant, u64)> for ChangeEntry {
    fn from((change, variant, n_assets): (Change, Variant, u64)) -> ChangeEntry {
        ChangeEntry {
            turn: change.turn().word(),
            nameplate: plate(variant),
            n_assets,
            change: change.in_words(),
            reason: change.told().map(|finding| finding.reason.clone()).unwrap_or_default(),
            cause: change.cause.word(),
            advisory: AdvisoryName {
                id: change.key.advisory.id,
                namespace: change.key.advisory.namespace,
                title: String::new(),
            },
        }
    }
}

/// A note beside an advisory.
#[derive(Serialize, ToSchema)]
pub struct Comment {
    pub comment_id: i64,
    pub author: String,
    pub text: String,
    #[schema(format = "date-time")]
    pub commented_at: String,
}

impl From<AdvisoryComment> for Comment {
    fn from(comment: AdvisoryComment) -> Comment {
        Comment {
            comment_id: comment.comment_id,
            author: comment.author,
            text: comment.text,
            commented_at: at(comment.commented_at),
        }
    }
}

/// A text to note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewComment {
    pub text: String,
}

/// A plan that is about to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    pub name: String,
    /// Names of sites; left out: all.
    #[serde(default)]
    pub sites: Vec<String>,
    #[schema(format = "date-time")]
    pub from: String,
    #[schema(format = "date-time")]
    pub to: String,
    /// The zone of the plant, as `Europe/Berlin`; UTC when left out.
    #[serde(default)]
    pub time_zone: String,
}

/// A shutdown plan.
#[derive(Serialize, ToSchema)]
pub struct PlanEntry {
    pub plan_id: i64,
    pub name: String,
    pub sites: Vec<String>,
    #[schema(format = "date-time")]
    pub from: String,
    #[schema(format = "date-time")]
    pub to: String,
    pub time_zone: String,
    pub made_by: String,
    #[schema(format = "date-time")]
    pub made_at: String,
    pub frozen_by: Option<String>,
    #[schema(format = "date-time")]
    pub frozen_at: Option<String>,
}

impl From<Plan> for PlanEntry {
    fn from(plan: Plan) -> PlanEntry {
        PlanEntry {
            plan_id: plan.plan_id,
            name: plan.name,
            sites: plan.sites,
            from: at(plan.from),
            to: at(plan.to),
            time_zone: plan.time_zone,
            made_by: plan.made_by,
            made_at: at(plan.made_at),
            frozen_at: plan.frozen.as_ref().map(|frozen| at(frozen.at)),
            frozen_by: plan.frozen.map(|frozen| frozen.by),
        }
    }
}

/// A plan with its steps while it is a draft, and with its work once it is frozen.
#[derive(Serialize, ToSchema)]
pub struct PlanDetail {
    #[serde(flatten)]
    pub plan: PlanEntry,
    /// All exposures of its sites; null once it is frozen.
    pub n_exposures: Option<u64>,
    pub steps: Vec<PlanStep>,
    pub work: Vec<PlanWork>,
}

impl PlanDetail {
    /// A plan with what is proposed, or with its work.
    pub fn new(plan: Plan, proposal: Option<Proposal>, work: Vec<PlanAsset>) -> PlanDetail {
        PlanDetail {
            plan: plan.into(),
            n_exposures: proposal.as_ref().map(|proposal| proposal.n_exposures),
            steps: proposal.into_iter().flat_map(|proposal| proposal.steps).map(PlanStep::from).collect(),
            work: work.into_iter().map(PlanWork::from).collect(),
        }
    }
}

/// One line of a plan: a nameplate with its firmware, and what it could become.
#[derive(Serialize, ToSchema)]
pub struct PlanStep {
    /// By which it is chosen.
    pub step: i64,
    pub nameplate: Nameplate,
    pub n_assets: u64,
    pub is_left_out: bool,
    /// The chosen target first.
    pub options: Vec<PlanTarget>,
}

impl From<Step> for PlanStep {
    fn from(step: Step) -> PlanStep {
        PlanStep {
            step: step.variant_id,
            nameplate: plate(step.variant),
            n_assets: step.n_assets,
            is_left_out: step.is_left_out,
            options: step.options.into_iter().map(PlanTarget::from).collect(),
        }
    }
}

/// A target firmware with what it would do.
#[derive(Serialize, ToSchema)]
pub struct PlanTarget {
    pub firmware: String,
    /// `vendor_fix`, `bound` or `typed`.
    pub origin: &'static str,
    pub because: String,
    pub n_closed: u64,
    pub n_closed_exploited: u64,
    pub n_remaining: u64,
    pub n_opened: u64,
}

impl From<StepOption> for PlanTarget {
    fn from(option: StepOption) -> PlanTarget {
        PlanTarget {
            because: option.target.because(),
            origin: option.target.origin.word(),
            firmware: option.target.firmware,
            n_closed: option.outcome.n_closed,
            n_closed_exploited: option.outcome.n_closed_exploited,
            n_remaining: option.outcome.n_remaining,
            n_opened: option.outcome.n_opened,
        }
    }
}

/// One asset of a frozen plan.
#[derive(Serialize, ToSchema)]
pub struct PlanWork {
    pub asset_id: i64,
    pub site: String,
    pub area: String,
    pub tag: String,
    pub nameplate: Nameplate,
    pub target: String,
    pub advisories: Vec<String>,
    /// `open`, `done` or `differs`.
    pub state: &'static str,
    /// What was read off the device after the work.
    pub read_back: Option<String>,
}

impl From<PlanAsset> for PlanWork {
    fn from(asset: PlanAsset) -> PlanWork {
        PlanWork {
            state: match asset.state() {
                PlanAssetState::Open => "open",
                PlanAssetState::Done => "done",
                PlanAssetState::Differs => "differs",
            },
            asset_id: asset.asset_id,
            site: asset.site,
            area: asset.area,
            tag: asset.tag,
            nameplate: plate(asset.variant),
            target: asset.target,
            advisories: asset.advisories,
            read_back: asset.read_back.map(|read| read.firmware),
        }
    }
}

/// What is wanted of a step of a draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StepChoice {
    pub step: i64,
    /// This firmware; left out: the one that is proposed.
    #[serde(default)]
    pub target: Option<String>,
    #[serde(default)]
    pub leave_out: bool,
}

/// What was read off devices after the work.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBacks {
    pub readings: Vec<ReadBack>,
}

/// One reading after the work.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadBack {
    /// Needed where two assets of the plan have the same tag.
    #[serde(default)]
    pub site: String,
    pub tag: String,
    pub firmware: String,
}

/// What readings came to.
#[derive(Serialize, ToSchema)]
pub struct ReadBackResult {
    pub n_read: u64,
    /// Readings that were not taken, one sentence each.
    pub refused: Vec<String>,
}

/// A rule that tells somebody of changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertRequest {
    pub name: String,
    /// The words of a filter as in the address of `/exposures`; blank: all.
    #[serde(default)]
    pub filter: String,
    /// At least this severity: `low`, `medium`, `high` or `critical`.
    #[serde(default)]
    pub severity: Option<String>,
    /// `new`, `worse`, `fix_named`, `closed`, …; the usual ones when left out.
    #[serde(default)]
    pub events: Vec<String>,
    /// `run`, `daily` or `weekly`; `run` when left out.
    #[serde(default)]
    pub rhythm: String,
    /// Mail addresses or `https://` webhooks.
    #[serde(default)]
    pub to: Vec<String>,
    #[serde(default)]
    pub is_counts_only: bool,
    #[serde(default)]
    pub has_sign_of_life: bool,
}

/// A rule as it is kept.
#[derive(Serialize, ToSchema)]
pub struct AlertEntry {
    pub alert_id: i64,
    pub name: String,
    pub filter: String,
    pub severity: Option<&'static str>,
    pub events: Vec<&'static str>,
    pub rhythm: &'static str,
    pub is_counts_only: bool,
    pub has_sign_of_life: bool,
    pub is_enabled: bool,
    /// Recipients as they are shown to people.
    pub to: Vec<String>,
    #[schema(format = "date-time")]
    pub last_message_at: Option<String>,
}

impl From<StoredRule> for AlertEntry {
    fn from(stored: StoredRule) -> AlertEntry {
        AlertEntry {
            alert_id: stored.alert_rule_id,
            name: stored.rule.name,
            filter: stored.rule.filter,
            severity: stored.rule.severity.map(|severity| severity.word()),
            events: stored.rule.events.iter().map(|event| event.word()).collect(),
            rhythm: stored.rule.rhythm.word(),
            is_counts_only: stored.rule.is_counts_only,
            has_sign_of_life: stored.rule.has_sign_of_life,
            is_enabled: stored.rule.is_enabled,
            to: stored.recipients.iter().map(|recipient| recipient.target.shown()).collect(),
            last_message_at: stored.last_message_at.map(at),
        }
    }
}

/// What a rule would have sent in the last 30 days.
#[derive(Serialize, ToSchema)]
pub struct BackTest {
    pub n_messages: u64,
    pub n_items: u64,
    pub messages: Vec<BackTestMessage>,
}

/// One message that would have been sent.
#[derive(Serialize, ToSchema)]
pub struct BackTestMessage {
    #[schema(format = "date-time")]
    pub at: String,
    pub subject: String,
    pub n_items: u64,
}

impl From<Vec<WouldHaveSent>> for BackTest {
    fn from(sent: Vec<WouldHaveSent>) -> BackTest {
        BackTest {
            n_messages: sent.len() as u64,
            n_items: sent.iter().map(|message| message.n_items).sum(),
            messages: sent
                .into_iter()
                .map(|m| BackTestMessage { at: at(m.at), subject: m.subject, n_items: m.n_items })
                .collect(),
        }
    }
}
