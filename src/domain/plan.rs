//! The shutdown plan: which firmware step closes what, which first, what stays open, and what is in the way.
//!
//! A step takes all assets of one variant (nameplate and firmware) in the scope of the plan to one target firmware. What
//! a target closes is not guessed: the variant is judged again as if it had that firmware.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;

use super::advisory::AdvisoryKey;
use super::matching::match_variant;
use super::nameplate::Variant;
use super::priority::Severity;
use super::product_index::ProductIndex;
use super::verdict::Verdict;

/// A plan as a person made it. It is a draft until it is frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub plan_id: i64,
    pub name: String,
    /// Names of sites, sorted; empty means all.
    pub sites: Vec<String>,
    pub from: Timestamp,
    pub to: Timestamp,
    /// The zone of the plant, `Europe/Berlin`: plans keep their own.
    pub time_zone: String,
    pub made_by: String,
    pub made_at: Timestamp,
    pub frozen: Option<Frozen>,
}

/// Who froze a plan, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    pub by: String,
    pub at: Timestamp,
}

/// A plan that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlan {
    pub name: String,
    pub sites: Vec<String>,
    pub from: Timestamp,
    pub to: Timestamp,
    pub time_zone: String,
    pub made_by: String,
    pub made_at: Timestamp,
}

/// Where a target firmware comes from. A bound does not prove that this version can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The text of a vendor's fix names it.
    VendorFix,
    /// The first version outside the range that the advisory names.
    Bound,
    /// A person typed it.
    Typed,
}

impl Origin {
    /// All origins with the words used in files and the database.
    pub const ALL: [(Origin, &'static str); 3] =
        [(Origin::VendorFix, "vendor_fix"), (Origin::Bound, "bound"), (Origin::Typed, "typed")];

    /// The word used in files and the database.
    pub fn word(self) -> &'static str {
        Origin::ALL.iter().find(|(origin, _)| *origin == self).map_or("", |(_, word)| word)
    }

    /// The origin with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Origin> {
        Origin::ALL.iter().find(|(_, known)| *known == word).map(|(origin, _)| *origin)
    }
}

/// A firmware that a variant could go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub firmware: String,
    pub origin: Origin,
    /// The tracking id of the advisory that names it; blank when it was typed.
    pub advisory: String,
}

impl Target {
    /// Where it comes from, in words: "first version outside the range of ICSA-23-229-03".
    pub fn because(&self) -> String {
        match self.origin {
            Origin::VendorFix => format!("named in a vendor fix of {}", self.advisory),
            Origin::Bound => format!("first version outside the range of {}", self.advisory),
            Origin::Typed => "typed by a person".to_owned(),
        }
    }
}

/// One exposure of a variant, with the assets in the scope that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    pub n_assets: u64,
    pub is_exploited: bool,
}

/// What a target would do. Counts are exposures: pairs of asset and advisory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub n_closed: u64,
    /// Of these, with an exploited vulnerability.
    pub n_closed_exploited: u64,
    /// Of those that are open now.
    pub n_remaining: u64,
    /// Of advisories that do not concern the present firmware, but the target.
    pub n_opened: u64,
    pub closed: Vec<AdvisoryKey>,
}

/// A target with what it would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepOption {
    pub target: Target,
    pub outcome: Outcome,
}

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The variant; with the plan it identifies the step.
    pub variant_id: i64,
    pub variant: Variant,
    pub n_assets: u64,
    /// The worst severity of what the chosen target closes.
    pub severity: Option<Severity>,
    /// What has to be restarted, as the fix says it (CSAF word); `None` when not stated.
    pub restart: Option<String>,
    /// What a person left out of the plan stays in the list.
    pub is_left_out: bool,
    /// The chosen target first, then the others from best to worst; never empty.
    pub options: Vec<StepOption>,
}

impl Step {
    /// What is planned.
    pub fn chosen(&self) -> &StepOption {
        &self.options[0]
    }
}

/// Exposures that no firmware closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithoutFix {
    pub variant_id: i64,
    pub variant: Variant,
    /// Where it stands, sorted.
    pub sites: Vec<String>,
    pub n_assets: u64,
    pub n_exposures: u64,
    pub severity: Option<Severity>,
    /// Tracking ids, sorted.
    pub advisories: Vec<String>,
    /// The vendor says that there will be none (`no_fix_planned`) for one of them at least.
    pub is_final: bool,
    /// What the advisories say instead, the most telling first.
    pub advice: Vec<String>,
    /// What the owner decided to do instead, by site.
    pub mitigations: Vec<(String, Mitigation)>,
}

/// What an owner does about a device that gets no fix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mitigation {
    pub measure: String,
    /// Calendar date, `2027-03-01`; blank when not stated.
    pub review_on: String,
    /// Year or date of replacement; blank when not stated.
    pub replace_in: String,
    pub decided_by: String,
    pub decided_at: Option<Timestamp>,
}

/// What must be known or had before a variant can be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Obstacle {
    /// To be read off the device: the walk list.
    FirmwareNotStated,
    /// To be decided: the review.
    ProductNotCertain,
    Condition,
    /// There is a fix, but its text names no version that could be read.
    TargetNotNamed,
    /// The fix is only for those who have a contract or a licence.
    EntitlementNeeded,
}

impl Obstacle {
    /// The words as a person reads them.
    pub fn label(self) -> &'static str {
        match self {
            Obstacle::FirmwareNotStated => "firmware not stated",
            Obstacle::ProductNotCertain => "product not certain",
            Obstacle::Condition => "depends on a condition",
            Obstacle::TargetNotNamed => "the fix names no version",
            Obstacle::EntitlementNeeded => "entitlement needed",
        }
    }
}

/// A variant that has a fix and still cannot be planned, or only with something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    pub variant_id: i64,
    pub variant: Variant,
    pub obstacle: Obstacle,
    pub n_assets: u64,
    pub n_exposures: u64,
    /// What is needed, where the document says so.
    pub detail: String,
}

/// What could be done in the window, most useful first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// In the order of [`compare_steps`].
    pub steps: Vec<Step>,
    pub without_fix: Vec<WithoutFix>,
    pub blocked: Vec<Blocked>,
    /// All exposures in the scope, and those with an exploited vulnerability.
    pub n_exposures: u64,
    pub n_exploited: u64,
    /// Exposures in the scope that are done or whose risk is accepted; they are no open work and not among the others.
    pub n_handled: u64,
}

impl Proposal {
    /// The steps that were not left out.
    pub fn planned(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| !step.is_left_out)
    }

    /// Assets in the plan.
    pub fn n_assets(&self) -> u64 {
        self.planned().map(|step| step.n_assets).sum()
    }

    /// Exposures that the plan closes.
    pub fn n_closed(&self) -> u64 {
        self.planned().map(|step| step.chosen().outcome.n_closed).sum()
    }

    /// Of these, with an exploited vulnerability.
    pub fn n_closed_exploited(&self) -> u64 {
        self.planned().map(|step| step.chosen().outcome.n_closed_exploited).sum()
    }

    /// Exposures that stay open.
    pub fn n_left(&self) -> u64 {
        self.n_exposures.saturating_sub(self.n_closed())
    }
}

/// One asset of a frozen plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanAsset {
    pub asset_id: i64,
    pub site: String,
    pub area: String,
    pub tag: String,
    pub serial_number: String,
    /// With the firmware from before.
    pub variant: Variant,
    pub target: String,
    pub origin: Origin,
    /// Tracking ids of the advisories that the step closes.
    pub advisories: Vec<String>,
    pub read_back: Option<ReadBack>,
}

/// What was read off a device after the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBack {
    pub firmware: String,
    pub by: String,
    pub at: Timestamp,
}

/// How an asset of a frozen plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlanAssetState {
    Open,
    /// The target was read back.
    Done,
    /// Another firmware was read back.
    Differs,
}

impl PlanAsset {
    /// How it stands: whether the text read back is the target's, but for case and a leading V.
    pub fn state(&self) -> PlanAssetState {
        let bare = |text: &str| text.trim().trim_start_matches(['v', 'V']).trim().to_lowercase();
        match &self.read_back {
            None => PlanAssetState::Open,
            Some(read) if bare(&read.firmware) == bare(&self.target) => PlanAssetState::Done,
            Some(_) => PlanAssetState::Differs,
        }
    }
}

/// A frozen plan with its work.
#[derive(Clone, Debug)]
pub struct Work {
    pub plan: Plan,
    /// By site, area, nameplate and tag.
    pub assets: Vec<PlanAsset>,
    /// Advisories that have come since the plan was frozen, with how many of its open assets they touch.
    pub news: Vec<(String, u64)>,
}

impl Work {
    /// How many of its assets stand so.
    pub fn n(&self, state: PlanAssetState) -> u64 {
        self.assets.iter().filter(|asset| asset.state() == state).count() as u64
    }
}

/// What becomes of a variant's exposures when its firmware is `target`.
///
/// `exposed` holds its present exposures; `n_assets` its assets in the scope.
pub fn what_if(
    index: &ProductIndex,
    variant: &Variant,
    target: &str,
    exposed: &BTreeMap<AdvisoryKey, Exposed>,
    n_assets: u64,
) -> Outcome {
    let as_target = Variant { firmware: target.to_owned(), ..variant.clone() };
    let after: Vec<AdvisoryKey> = match_variant(index, &as_target, "")
        .into_iter()
        .filter(|found| found.verdict >= Verdict::Possible)
        .map(|found| index.advisories()[found.advisory as usize].key())
        .collect();
    let mut outcome = Outcome::default();
    for (key, exposed) in exposed {
        if after.contains(key) {
            outcome.n_remaining += exposed.n_assets;
        } else {
            outcome.n_closed += exposed.n_assets;
            outcome.n_closed_exploited += if exposed.is_exploited { exposed.n_assets } else { 0 };
            outcome.closed.push(key.clone());
        }
    }
    outcome.n_opened = after.iter().filter(|key| !exposed.contains_key(*key)).count() as u64 * n_assets;
    outcome
}

/// The better of two targets comes first: the one that leaves least open, then the one whose closing is most urgent,
/// then what a vendor names before what only a bound says; last the text, so that equal input gives equal plans.
pub fn compare_options(a: &StepOption, b: &StepOption) -> Ordering {
    let gain = |option: &StepOption| option.outcome.n_closed as i64 - option.outcome.n_opened as i64;
    gain(b)
        .cmp(&gain(a))
        .then_with(|| b.outcome.n_closed_exploited.cmp(&a.outcome.n_closed_exploited))
        .then_with(|| a.target.origin.cmp(&b.target.origin))
        .then_with(|| a.target.firmware.len().cmp(&b.target.firmware.len()))
        .then_with(|| a.target.firmware.cmp(&b.target.firmware))
}

/// The order of a plan: exploited closed, exposures closed, severity; last the nameplate.
pub fn compare_steps(a: &Step, b: &Step) -> Ordering {
    let (left, right) = (&a.chosen().outcome, &b.chosen().outcome);
    right
        .n_closed_exploited
        .cmp(&left.n_closed_exploited)
        .then_with(|| right.n_closed.cmp(&left.n_closed))
        .then_with(|| b.severity.cmp(&a.severity))
        .then_with(|| plate(&a.variant).cmp(&plate(&b.variant)))
        .then_with(|| a.variant_id.cmp(&b.variant_id))
}

fn plate(variant: &Variant) -> [&str; 4] {
    let plate = &variant.nameplate;
    [&plate.vendor, &plate.model, &plate.part_number, &variant.firmware]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(firmware: &str, origin: Origin, closed: u64, exploited: u64, opened: u64) -> StepOption {
        StepOption {
            target: Target { firmware: firmware.to_owned(), origin, advisory: "ICSA-1".to_owned() },
            outcome: Outcome {
                n_closed: closed,
                n_closed_exploited: exploited,
                n_opened: opened,
                ..Outcome::default()
            },
        }
    }

    #[test]
    fn the_target_that_leaves_least_open_is_proposed() {
        let sorted = [
            option("4.1", Origin::Bound, 10, 0, 0),
            option("5.0", Origin::Bound, 12, 0, 3),
            option("3.9", Origin::Bound, 8, 2, 0),
            option("3.8", Origin::VendorFix, 8, 1, 0),
            option("3.7", Origin::Bound, 8, 1, 0),
            option("3.10", Origin::Bound, 8, 1, 0),
        ];
        for (n, a) in sorted.iter().enumerate() {
            for (m, b) in sorted.iter().enumerate() {
                assert_eq!(compare_options(a, b), n.cmp(&m), "{} {}", a.target.firmware, b.target.firmware);
            }
        }
    }

    #[test]
    fn exploited_comes_before_many_and_many_before_severe() {
        let step = |variant_id, closed, exploited, severity| Step {
            variant_id,
            variant: Variant::default(),
            n_assets: 1,
            severity: Some(severity),
            restart: None,
            is_left_out: false,
            options: vec![option("1", Origin::Bound, closed, exploited, 0)],
        };
        let mut steps = [
            step(1, 4, 0, Severity::Critical),
            step(2, 4, 0, Severity::High),
            step(3, 1, 1, Severity::Low),
            step(4, 9, 0, Severity::Low),
        ];
        steps.sort_by(compare_steps);
        assert_eq!(steps.map(|step| step.variant_id), [3, 4, 1, 2]);
    }

    #[test]
    fn what_is_left_out_closes_nothing() {
        let mut proposal = Proposal {
            steps: vec![Step {
                variant_id: 1,
                variant: Variant::default(),
                n_assets: 3,
                severity: None,
                restart: None,
                is_left_out: false,
                options: vec![option("1", Origin::Bound, 6, 2, 0)],
            }],
            n_exposures: 10,
            n_exploited: 4,
            ..Proposal::default()
        };
        assert_eq!((proposal.n_assets(), proposal.n_closed(), proposal.n_left()), (3, 6, 4));
        proposal.steps[0].is_left_out = true;
        assert_eq!((proposal.n_assets(), proposal.n_closed(), proposal.n_left()), (0, 0, 10));
    }

    #[test]
    fn a_read_back_is_the_target_whatever_the_v() {
        let asset = |firmware: Option<&str>| PlanAsset {
            asset_id: 1,
            site: String::new(),
            area: String::new(),
            tag: String::new(),
            serial_number: String::new(),
            variant: Variant::default(),
            target: "V4.0.0".to_owned(),
            origin: Origin::Bound,
            advisories: Vec::new(),
            read_back: firmware.map(|firmware| ReadBack {
                firmware: firmware.to_owned(),
                by: String::new(),
                at: Timestamp::UNIX_EPOCH,
            }),
        };
        for (read, state) in [
            (None, PlanAssetState::Open),
            (Some(" v4.0.0"), PlanAssetState::Done),
            (Some("4.0.0"), PlanAssetState::Done),
            (Some("4.0.1"), PlanAssetState::Differs),
        ] {
            assert_eq!(asset(read).state(), state, "{read:?}");
        }
    }

    #[test]
    fn words_read_back() {
        for (origin, word) in Origin::ALL {
            assert_eq!(Origin::from_word(word), Some(origin));
        }
        assert_eq!(Origin::from_word("guess"), None);
    }
}
