//! Components, builds and series letters: the parts of an entry that a device may carry and a row may not show.

use super::kinds::{Identified, Identity, Miss, ProductEvidence};
use super::{Judge, RANK_FAMILY};
use crate::domain::catalogue::{FamilyId, Kind};

impl Judge<'_> {
    /// Whether the device is, or may be, of a family that may carry this one.
    pub(super) fn may_host(&self, family: FamilyId) -> bool {
        self.catalogue
            .family(family)
            .hosts
            .iter()
            .any(|host| self.device.families.contains_key(host) || self.is_within_named(*host))
    }

    /// The entry names only a component: the device carries it, may carry it, or has nothing to do with it.
    pub(super) fn by_component(&self) -> Identity {
        let wanted = &self.wanted().components;
        let carried =
            self.device.components.iter().position(|c| wanted.iter().any(|w| self.catalogue.is_within(c.family, *w)));
        if let Some(n) = carried {
            let family = self.device.components[n].family;
            let evidence = ProductEvidence::Component { family };
            let own_firmware = self.catalogue.family(family).kind == Kind::Component;
            return Identity::Is(Identified { evidence, rank: RANK_FAMILY, component: own_firmware.then_some(n) });
        }
        let host = wanted
            .iter()
            .find(|w| self.catalogue.family(**w).hosts.iter().any(|host| self.device.families.contains_key(host)));
        match host {
            Some(family) => self.may_carry(*family),
            None => Identity::IsNot(Miss::Unrelated),
        }
    }

    /// The entry names a program, and the row's firmware is the version of that program.
    pub(super) fn by_program_of_firmware(&self) -> Option<Identity> {
        let wanted = self.wanted();
        if wanted.families.is_empty()
            || !wanted.components.is_empty()
            || !wanted.parts.iter().all(|part| self.covers(part))
        {
            return None;
        }
        let is_of = |n: usize, alternatives: &[FamilyId]| {
            alternatives.iter().any(|family| self.catalogue.is_within(self.device.components[n].family, *family))
        };
        let is_named = |n: &usize| {
            let kind = self.catalogue.family(self.device.components[*n].family).kind;
            !matches!(kind, Kind::Component | Kind::Variant)
                && wanted.families.iter().all(|alternatives| is_of(*n, alternatives))
        };
        let n = (0..self.device.components.len()).find(is_named)?;
        let evidence = ProductEvidence::Component { family: self.device.components[n].family };
        Some(Identity::Is(Identified { evidence, rank: RANK_FAMILY, component: Some(n) }))
    }

    pub(super) fn may_carry(&self, family: FamilyId) -> Identity {
        // A row that names another component of the same kind shows which one it has.
        let hosts = &self.catalogue.family(family).hosts;
        let other = self.device.components.iter().any(|c| {
            let own = self.catalogue.family(c.family);
            own.kind == self.catalogue.family(family).kind
                && own.hosts.iter().any(|h| hosts.contains(h))
                && !self.catalogue.is_within(family, c.family)
        });
        if other {
            return Identity::IsNot(Miss::OtherComponent { theirs: family });
        }
        let why = format!("depends on `{}`, which the row does not show", self.catalogue.family(family).name);
        let own_firmware = self.catalogue.family(family).kind != Kind::Variant;
        Identity::Condition { why, evidence: ProductEvidence::Component { family }, own_firmware }
    }

    /// The last questions to a device that is the product: series letter, components.
    pub(super) fn with_details(&self, evidence: ProductEvidence, rank: u8) -> Identity {
        let wanted = self.wanted();
        if wanted.series != 0 {
            if self.device.series == 0 {
                let letters: String =
                    (0..8u8).filter(|n| wanted.series & (1 << n) != 0).map(|n| char::from(b'A' + n)).collect();
                let why = format!("the advisory names series {letters}, the row does not say which series it is");
                return Identity::Condition { why, evidence, own_firmware: false };
            }
            if self.device.series & wanted.series == 0 {
                return Identity::IsNot(Miss::OtherSeries);
            }
        }
        let mut component = None;
        if !wanted.components.is_empty() {
            let carried = self
                .device
                .components
                .iter()
                .position(|c| wanted.components.iter().any(|w| self.catalogue.is_within(c.family, *w)));
            match carried {
                Some(n) => {
                    if self.catalogue.family(self.device.components[n].family).kind == Kind::Component {
                        component = Some(n);
                    }
                }
                // The order number of the whole, part included.
                None if matches!(evidence, ProductEvidence::OrderEqual { .. }) => {}
                None => {
                    let hosted = wanted.components.iter().find(|c| self.may_host(**c));
                    return match hosted {
                        Some(component) => self.may_carry(*component),
                        // No device of this kind has that component, or the catalogue does not know its hosts.
                        None if self.catalogue.family(wanted.components[0]).hosts.is_empty() => {
                            self.may_carry(wanted.components[0])
                        }
                        None => Identity::IsNot(Miss::OtherComponent { theirs: wanted.components[0] }),
                    };
                }
            }
        }
        // Software that runs on its hosts is not the host itself.
        Identity::Is(Identified { evidence, rank: rank + u8::from(wanted.series != 0), component })
    }
}
