//! What became different for the owner between two runs, and why: new, worse, better, closed.

use jiff::Timestamp;

use super::exposure::{ExposureKey, Finding};
use super::verdict::Verdict;

/// Why an exposure opened, changed or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The advisory came, or came in another revision.
    Advisory,
    /// The owner's inventory: a device came, went, or shows another firmware.
    Inventory,
    /// Another version of the program judges the same facts differently.
    Matcher,
    /// A person taught an alias, decided on a product or answered a question.
    Decision,
    /// One of its vulnerabilities was added to the list of exploited ones.
    Exploited,
    /// None of these; the same facts were judged anew.
    Judgement,
}

impl Cause {
    /// The word used in URLs and files.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Advisory => "advisory",
            Cause::Inventory => "inventory",
            Cause::Matcher => "matcher",
            Cause::Decision => "decision",
            Cause::Exploited => "exploited",
            Cause::Judgement => "judgement",
        }
    }

    /// The cause as people read it.
    pub fn in_words(self) -> &'static str {
        match self {
            Cause::Advisory => "advisory revision",
            Cause::Inventory => "your inventory",
            Cause::Matcher => "matcher version",
            Cause::Decision => "a decision",
            Cause::Exploited => "now known to be exploited",
            Cause::Judgement => "judged anew",
        }
    }
}

/// What speaks for each cause of one change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The advisory got a revision since the run before, or another revision was judged.
    pub is_revised: bool,
    /// The variant was judged for the first time, or no device has it any more.
    pub is_other_inventory: bool,
    /// The run before was of another version of the program.
    pub is_other_matcher: bool,
    /// An alias or a decision came or went since the run before.
    pub is_decided: bool,
    /// A person answered the question of this very exposure since the run before, or took the answer back.
    pub is_answered: bool,
}

impl Facts {
    /// The cause that is told. An answer was given to just this; a device that came or went explains its exposures alone; a revised advisory comes
    /// before a new matcher, which may have changed the same answer, but without the revision nobody would ask.
    pub fn cause(self) -> Cause {
        if self.is_answered {
            Cause::Decision
        } else if self.is_other_inventory {
            Cause::Inventory
        } else if self.is_revised {
            Cause::Advisory
        } else if self.is_other_matcher {
            Cause::Matcher
        } else if self.is_decided {
            Cause::Decision
        } else {
            Cause::Judgement
        }
    }
}

/// One exposure before and after; at least one of the two is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub key: ExposureKey,
    pub before: Option<Finding>,
    pub after: Option<Finding>,
    pub cause: Cause,
}

/// What a change means to the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Turn {
    New,
    Worse,
    /// A fix is now named, or a possible exposure is less than it was.
    Better,
    Closed,
    /// Told in other words; nothing to do.
    Retold,
}

impl Turn {
    /// All turns in the order in which they are shown.
    pub const ALL: [Turn; 5] = [Turn::New, Turn::Worse, Turn::Better, Turn::Closed, Turn::Retold];

    /// The word used in URLs and files.
    pub fn word(self) -> &'static str {
        match self {
            Turn::New => "new",
            Turn::Worse => "worse",
            Turn::Better => "better",
            Turn::Closed => "closed",
            Turn::Retold => "retold",
        }
    }
}

impl Change {
    /// What the change means.
    pub fn turn(&self) -> Turn {
        if self.cause == Cause::Exploited {
            return Turn::Worse;
        }
        match (&self.before, &self.after) {
            (None, _) => Turn::New,
            (Some(_), None) => Turn::Closed,
            (Some(before), Some(after)) if after.verdict > before.verdict => Turn::Worse,
            // A fix that is no longer named is bad news for whoever planned it.
            (Some(before), Some(after)) if before.fix.is_some() && after.fix.is_none() => Turn::Worse,
            (Some(before), Some(after)) if after.verdict < before.verdict => Turn::Better,
            (Some(before), Some(after)) if before.fix.is_none() && after.fix.is_some() => Turn::Better,
            (Some(_), Some(_)) => Turn::Retold,
        }
    }

    /// Whether a fix is named now that was not before.
    pub fn names_fix(&self) -> bool {
        let fix_of = |finding: &Option<Finding>| finding.as_ref().and_then(|f| f.fix.clone());
        self.before.is_some() && fix_of(&self.before).is_none() && fix_of(&self.after).is_some()
    }

    /// The finding to tell: how it stands now, or how it stood before it closed.
    pub fn told(&self) -> Option<&Finding> {
        self.after.as_ref().or(self.before.as_ref())
    }

    /// Before and after in words: `possible → affected`, `none named → fix 3.60`, `affected → not affected`.
    pub fn in_words(&self) -> String {
        let verdict = |finding: &Option<Finding>| match finding.as_ref().map(|f| f.verdict) {
            Some(Verdict::Affected) => "affected",
            Some(Verdict::Possible) => "possible",
            Some(Verdict::NotAffected) | None => "not affected",
        };
        let fix = |finding: &Option<Finding>| {
            finding
                .as_ref()
                .and_then(|f| f.fix.as_deref())
                .map_or_else(|| "none named".to_owned(), |f| format!("fix {f}"))
        };
        let (before, after) = (verdict(&self.before), verdict(&self.after));
        match (&self.before, &self.after) {
            (None, _) => format!("new: {after}"),
            (Some(_), Some(_)) if before == after && fix(&self.before) != fix(&self.after) => {
                format!("{} → {}", fix(&self.before), fix(&self.after))
            }
            (Some(_), Some(_)) if before == after => after.to_owned(),
            _ => format!("{before} → {after}"),
        }
    }
}

/// Adds a change to those of the same stretch of time, of which the last may be about the same key: opened and closed
/// again is nothing, closed and opened again is what is different between the two.
pub fn add_net(changes: &mut Vec<Change>, next: Change) {
    let Some(last) = changes.last_mut().filter(|last| last.key == next.key) else {
        changes.push(next);
        return;
    };
    last.after = next.after;
    last.cause = next.cause;
    if last.before == last.after {
        changes.pop();
    }
}

/// The stretch between two runs: after the one, up to and including the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// 0 before the first run.
    pub after_rescan_id: i64,
    pub up_to_rescan_id: i64,
    /// When the two began; inventories that came between are part of the stretch.
    pub from: Timestamp,
    pub until: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::advisory::AdvisoryKey;
    use crate::domain::verdict::Confidence;

    fn finding(verdict: Verdict, fix: Option<&str>) -> Finding {
        Finding {
            verdict,
            doubts: Vec::new(),
            confidence: Confidence::Certain,
            reason: "3.1.2 is below 4.0.0".to_owned(),
            product_pointer: String::new(),
            cves: Vec::new(),
            fix: fix.map(str::to_owned),
            advisory_version: "1".to_owned(),
            fingerprint: String::new(),
            question: String::new(),
        }
    }

    fn change(variant_id: i64, before: Option<Finding>, after: Option<Finding>) -> Change {
        let advisory = AdvisoryKey { namespace: "https://example.com".to_owned(), id: "A".to_owned() };
        Change { key: ExposureKey { variant_id, asset_id: None, advisory }, before, after, cause: Cause::Advisory }
    }

    #[test]
    fn each_change_has_its_turn_and_its_words() {
        use Verdict::{Affected, Possible};
        for (before, after, turn, words) in [
            (None, Some(finding(Affected, None)), Turn::New, "new: affected"),
            (Some(finding(Affected, None)), None, Turn::Closed, "affected → not affected"),
            (Some(finding(Possible, None)), Some(finding(Affected, None)), Turn::Worse, "possible → affected"),
            (Some(finding(Affected, None)), Some(finding(Possible, None)), Turn::Better, "affected → possible"),
            (
                Some(finding(Affected, None)),
                Some(finding(Affected, Some("3.60"))),
                Turn::Better,
                "none named → fix 3.60",
            ),
            (
                Some(finding(Affected, Some("3.60"))),
                Some(finding(Affected, None)),
                Turn::Worse,
                "fix 3.60 → none named",
            ),
            (Some(finding(Affected, Some("1"))), Some(finding(Affected, Some("2"))), Turn::Retold, "fix 1 → fix 2"),
            (Some(finding(Affected, None)), Some(finding(Affected, None)), Turn::Retold, "affected"),
        ] {
            let change = change(1, before, after);
            assert_eq!((change.turn(), change.in_words().as_str()), (turn, words));
        }
    }

    #[test]
    fn what_came_and_went_within_the_stretch_is_nothing() {
        let affected = || Some(finding(Verdict::Affected, None));
        let possible = || Some(finding(Verdict::Possible, None));
        let mut changes = Vec::new();
        for next in [
            change(1, None, affected()),
            change(1, affected(), None),
            change(2, affected(), None),
            change(2, None, affected()),
            change(3, affected(), None),
            change(3, None, possible()),
            change(4, None, affected()),
        ] {
            add_net(&mut changes, next);
        }
        assert_eq!(changes, [change(3, affected(), possible()), change(4, None, affected())]);
    }

    #[test]
    fn one_cause_is_told() {
        let all = Facts {
            is_revised: true,
            is_other_inventory: true,
            is_other_matcher: true,
            is_decided: true,
            is_answered: false,
        };
        for (facts, cause) in [
            (all, Cause::Inventory),
            (Facts { is_answered: true, ..all }, Cause::Decision),
            (Facts { is_other_inventory: false, ..all }, Cause::Advisory),
            (Facts { is_other_inventory: false, is_revised: false, ..all }, Cause::Matcher),
            (Facts { is_decided: true, ..Facts::default() }, Cause::Decision),
            (Facts::default(), Cause::Judgement),
        ] {
            assert_eq!(facts.cause(), cause);
        }
    }
}
