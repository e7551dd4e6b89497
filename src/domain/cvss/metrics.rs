//! The metrics of each generation: their codes in a vector, their names where they are written out, and their values.
//!
//! Source: FIRST, CVSS v2 guide, CVSS v3.0 and v3.1 specifications, CVSS v4.0 specification, and their data
//! representations.

use super::Generation;

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// In a vector: `AV`.
    pub code: &'static str,
    /// The member that writes it out: `attackVector`.
    pub member: &'static str,
    /// Code and word of each value: `N` and `NETWORK`.
    pub values: &'static [(&'static str, &'static str)],
    /// Whether the base score needs it.
    pub is_base: bool,
}

impl Metric {
    /// The word of a value in a vector; `None` when the metric has no such value.
    pub fn word(&self, value: &str) -> Option<&'static str> {
        self.values.iter().find(|(code, _)| *code == value).map(|(_, word)| *word)
    }
}

/// All metrics of a generation, in the order in which a vector of version 4.0 must have them.
pub fn metrics_of(generation: Generation) -> &'static [Metric] {
    match generation {
        Generation::V2 => V2,
        Generation::V3 => V3,
        Generation::V4 => V4,
    }
}

macro_rules! metrics {
    (base { $($code:literal $member:literal: $($value:literal $word:ident),+;)* }
     more { $($more:literal $more_member:literal: $($more_value:literal $more_word:ident),+;)* }) => {
        &[
            $(Metric { code: $code, member: $member, is_base: true, values: &[$(($value, stringify!($word))),+] },)*
            $(Metric {
                code: $more,
                member: $more_member,
                is_base: false,
                values: &[$(($more_value, stringify!($more_word))),+],
            },)*
        ]
    };
}

const V2: &[Metric] = metrics! {
    base {
        "AV" "accessVector": "L" LOCAL, "A" ADJACENT_NETWORK, "N" NETWORK;
        "AC" "accessComplexity": "H" HIGH, "M" MEDIUM, "L" LOW;
        "Au" "authentication": "M" MULTIPLE, "S" SINGLE, "N" NONE;
        "C" "confidentialityImpact": "N" NONE, "P" PARTIAL, "C" COMPLETE;
        "I" "integrityImpact": "N" NONE, "P" PARTIAL, "C" COMPLETE;
        "A" "availabilityImpact": "N" NONE, "P" PARTIAL, "C" COMPLETE;
    }
    more {
        "E" "exploitability": "U" UNPROVEN, "POC" PROOF_OF_CONCEPT, "F" FUNCTIONAL, "H" HIGH, "ND" NOT_DEFINED;
        "RL" "remediationLevel":
            "OF" OFFICIAL_FIX, "TF" TEMPORARY_FIX, "W" WORKAROUND, "U" UNAVAILABLE, "ND" NOT_DEFINED;
        "RC" "reportConfidence": "UC" UNCONFIRMED, "UR" UNCORROBORATED, "C" CONFIRMED, "ND" NOT_DEFINED;
        "CDP" "collateralDamagePotential":
            "N" NONE, "L" LOW, "LM" LOW_MEDIUM, "MH" MEDIUM_HIGH, "H" HIGH, "ND" NOT_DEFINED;
        "TD" "targetDistribution": "N" NONE, "L" LOW, "M" MEDIUM, "H" HIGH, "ND" NOT_DEFINED;
        "CR" "confidentialityRequirement": "L" LOW, "M" MEDIUM, "H" HIGH, "ND" NOT_DEFINED;
        "IR" "integrityRequirement": "L" LOW, "M" MEDIUM, "H" HIGH, "ND" NOT_DEFINED;
        "AR" "availabilityRequirement": "L" LOW, "M" MEDIUM, "H" HIGH, "ND" NOT_DEFINED;
    }
};

const V3: &[Metric] = metrics! {
    base {
        "AV" "attackVector": "N" NETWORK, "A" ADJACENT_NETWORK, "L" LOCAL, "P" PHYSICAL;
        "AC" "attackComplexity": "L" LOW, "H" HIGH;
        "PR" "privilegesRequired": "N" NONE, "L" LOW, "H" HIGH;
        "UI" "userInteraction": "N" NONE, "R" REQUIRED;
        "S" "scope": "U" UNCHANGED, "C" CHANGED;
        "C" "confidentialityImpact": "N" NONE, "L" LOW, "H" HIGH;
        "I" "integrityImpact": "N" NONE, "L" LOW, "H" HIGH;
        "A" "availabilityImpact": "N" NONE, "L" LOW, "H" HIGH;
    }
    more {
        "E" "exploitCodeMaturity": "X" NOT_DEFINED, "U" UNPROVEN, "P" PROOF_OF_CONCEPT, "F" FUNCTIONAL, "H" HIGH;
        "RL" "remediationLevel":
            "X" NOT_DEFINED, "O" OFFICIAL_FIX, "T" TEMPORARY_FIX, "W" WORKAROUND, "U" UNAVAILABLE;
        "RC" "reportConfidence": "X" NOT_DEFINED, "U" UNKNOWN, "R" REASONABLE, "C" CONFIRMED;
        "CR" "confidentialityRequirement": "X" NOT_DEFINED, "L" LOW, "M" MEDIUM, "H" HIGH;
        "IR" "integrityRequirement": "X" NOT_DEFINED, "L" LOW, "M" MEDIUM, "H" HIGH;
        "AR" "availabilityRequirement": "X" NOT_DEFINED, "L" LOW, "M" MEDIUM, "H" HIGH;
        "MAV" "modifiedAttackVector": "X" NOT_DEFINED, "N" NETWORK, "A" ADJACENT_NETWORK, "L" LOCAL, "P" PHYSICAL;
        "MAC" "modifiedAttackComplexity": "X" NOT_DEFINED, "L" LOW, "H" HIGH;
        "MPR" "modifiedPrivilegesRequired": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
        "MUI" "modifiedUserInteraction": "X" NOT_DEFINED, "N" NONE, "R" REQUIRED;
        "MS" "modifiedScope": "X" NOT_DEFINED, "U" UNCHANGED, "C" CHANGED;
        "MC" "modifiedConfidentialityImpact": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
        "MI" "modifiedIntegrityImpact": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
        "MA" "modifiedAvailabilityImpact": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
    }
};

const V4: &[Metric] = metrics! {
    base {
        "AV" "attackVector": "N" NETWORK, "A" ADJACENT, "L" LOCAL, "P" PHYSICAL;
        "AC" "attackComplexity": "L" LOW, "H" HIGH;
        "AT" "attackRequirements": "N" NONE, "P" PRESENT;
        "PR" "privilegesRequired": "N" NONE, "L" LOW, "H" HIGH;
        "UI" "userInteraction": "N" NONE, "P" PASSIVE, "A" ACTIVE;
        "VC" "vulnConfidentialityImpact": "H" HIGH, "L" LOW, "N" NONE;
        "VI" "vulnIntegrityImpact": "H" HIGH, "L" LOW, "N" NONE;
        "VA" "vulnAvailabilityImpact": "H" HIGH, "L" LOW, "N" NONE;
        "SC" "subConfidentialityImpact": "H" HIGH, "L" LOW, "N" NONE;
        "SI" "subIntegrityImpact": "H" HIGH, "L" LOW, "N" NONE;
        "SA" "subAvailabilityImpact": "H" HIGH, "L" LOW, "N" NONE;
    }
    more {
        "E" "exploitMaturity": "X" NOT_DEFINED, "A" ATTACKED, "P" PROOF_OF_CONCEPT, "U" UNREPORTED;
        "CR" "confidentialityRequirement": "X" NOT_DEFINED, "H" HIGH, "M" MEDIUM, "L" LOW;
        "IR" "integrityRequirement": "X" NOT_DEFINED, "H" HIGH, "M" MEDIUM, "L" LOW;
        "AR" "availabilityRequirement": "X" NOT_DEFINED, "H" HIGH, "M" MEDIUM, "L" LOW;
        "MAV" "modifiedAttackVector": "X" NOT_DEFINED, "N" NETWORK, "A" ADJACENT, "L" LOCAL, "P" PHYSICAL;
        "MAC" "modifiedAttackComplexity": "X" NOT_DEFINED, "L" LOW, "H" HIGH;
        "MAT" "modifiedAttackRequirements": "X" NOT_DEFINED, "N" NONE, "P" PRESENT;
        "MPR" "modifiedPrivilegesRequired": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
        "MUI" "modifiedUserInteraction": "X" NOT_DEFINED, "N" NONE, "P" PASSIVE, "A" ACTIVE;
        "MVC" "modifiedVulnConfidentialityImpact": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
        "MVI" "modifiedVulnIntegrityImpact": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
        "MVA" "modifiedVulnAvailabilityImpact": "X" NOT_DEFINED, "N" NONE, "L" LOW, "H" HIGH;
        "MSC" "modifiedSubConfidentialityImpact": "X" NOT_DEFINED, "N" NEGLIGIBLE, "L" LOW, "H" HIGH;
        "MSI" "modifiedSubIntegrityImpact": "X" NOT_DEFINED, "N" NEGLIGIBLE, "L" LOW, "H" HIGH, "S" SAFETY;
        "MSA" "modifiedSubAvailabilityImpact": "X" NOT_DEFINED, "N" NEGLIGIBLE, "L" LOW, "H" HIGH, "S" SAFETY;
        "S" "Safety": "X" NOT_DEFINED, "N" NEGLIGIBLE, "P" PRESENT;
        "AU" "Automatable": "X" NOT_DEFINED, "N" NO, "Y" YES;
        "R" "Recovery": "X" NOT_DEFINED, "A" AUTOMATIC, "U" USER, "I" IRRECOVERABLE;
        "V" "valueDensity": "X" NOT_DEFINED, "D" DIFFUSE, "C" CONCENTRATED;
        "RE" "vulnerabilityResponseEffort": "X" NOT_DEFINED, "L" LOW, "M" MODERATE, "H" HIGH;
        "U" "providerUrgency":
            "X" NOT_DEFINED, "Clear" CLEAR, "Green" GREEN, "Amber" AMBER, "Red" RED;
    }
};
