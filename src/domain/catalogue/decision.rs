//! A user's word on one nameplate and one product, and whom it holds for.

use rustc_hash::FxHashMap;

/// "This nameplate is (or is not) that product", or "what that product's entry depends on is (or is not) there".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// See [`super::Catalogue::device_key`].
    pub device_key: String,
    /// See [`super::Catalogue::product_key`].
    pub product_key: String,
    pub says: Says,
    pub scope: Scope,
    pub author: String,
    /// As written in the pack, `2026-11-03`.
    pub date: String,
}

/// What a decision says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// Whether the nameplate is the product.
    IsProduct(bool),
    /// Whether the condition of the product's entry holds: the module is fitted, the function is on.
    Holds(bool),
}

/// Which assets of a nameplate a decision holds for; what is `None` asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Those of the site of this name.
    pub site: Option<String>,
    /// This one alone.
    pub asset_id: Option<i64>,
    /// Those that an import had brought by this moment; as [`Holder::first_seen_at`].
    pub seen_by: Option<String>,
}

impl Scope {
    /// Whether all assets of the nameplate are meant, whenever they come.
    pub fn is_everywhere(&self) -> bool {
        *self == Scope::default()
    }

    fn holds_for(&self, holder: &Holder<'_>) -> bool {
        self.site.as_deref().is_none_or(|site| site == holder.site)
            && self.asset_id.is_none_or(|asset_id| asset_id == holder.asset_id)
            && self.seen_by.as_deref().is_none_or(|seen_by| {
                // An asset of no known age is none that was there.
                !holder.first_seen_at.is_empty() && holder.first_seen_at <= seen_by
            })
    }
}

/// Who carries a nameplate, as far as an answer can depend on it. The default is "any asset".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Holder<'a> {
    /// Blank when it is not stated or does not matter.
    pub serial_number: &'a str,
    /// Blank when it does not matter.
    pub site: &'a str,
    /// 0 when it does not matter.
    pub asset_id: i64,
    /// UTC, RFC 3339 with milliseconds; blank when it does not matter.
    pub first_seen_at: &'a str,
}

impl Holder<'_> {
    /// Any asset with this serial number, which may be blank.
    pub fn with_serial(serial_number: &str) -> Holder<'_> {
        Holder { serial_number, ..Holder::default() }
    }
}

/// All decisions of the users.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    by_device: FxHashMap<String, Vec<Decision>>,
}

impl Decisions {
    /// Adds a decision; the last one on a pair counts.
    pub fn add(&mut self, decision: Decision) {
        self.by_device.entry(decision.device_key.clone()).or_default().push(decision);
    }

    /// What holds for this nameplate at this holder: of each product and kind the last word.
    pub fn of(&self, device_key: &str, holder: &Holder<'_>) -> Vec<Decision> {
        let mut found: Vec<Decision> = Vec::new();
        for decision in self.all_of(device_key).iter().rev() {
            let is_known = found.iter().any(|known| {
                known.product_key == decision.product_key
                    && std::mem::discriminant(&known.says) == std::mem::discriminant(&decision.says)
            });
            if !is_known && decision.scope.holds_for(holder) {
                found.push(decision.clone());
            }
        }
        found
    }

    /// All decisions on this nameplate, whomever they hold for, in their order.
    pub fn all_of(&self, device_key: &str) -> &[Decision] {
        self.by_device.get(device_key).map_or(&[], Vec::as_slice)
    }

    /// Whether the answer for this nameplate may differ from asset to asset.
    pub fn depend_on_holder(&self, device_key: &str) -> bool {
        self.all_of(device_key).iter().any(|decision| !decision.scope.is_everywhere())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_device.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(product: &str, says: Says, scope: Scope) -> Decision {
        Decision {
            device_key: "d".to_owned(),
            product_key: product.to_owned(),
            says,
            scope,
            author: "M. Okafor".to_owned(),
            date: "2026-11-03".to_owned(),
        }
    }

    #[test]
    fn the_last_word_that_holds_for_an_asset_counts() {
        let mut decisions = Decisions::default();
        decisions.add(decision("p", Says::IsProduct(true), Scope::default()));
        decisions.add(decision("p", Says::Holds(true), Scope::default()));
        let north = Scope { site: Some("North".to_owned()), ..Scope::default() };
        decisions.add(decision("p", Says::IsProduct(false), north));
        let early = Scope { seen_by: Some("2026-11-03T00:00:00.000Z".to_owned()), ..Scope::default() };
        decisions.add(decision("q", Says::IsProduct(true), early));
        decisions.add(decision("r", Says::IsProduct(true), Scope { asset_id: Some(7), ..Scope::default() }));
        let says = |holder: Holder<'_>| -> Vec<(String, Says)> {
            let mut all: Vec<_> = decisions.of("d", &holder).into_iter().map(|d| (d.product_key, d.says)).collect();
            all.sort_by_key(|(key, says)| (key.clone(), matches!(says, Says::Holds(_))));
            all
        };
        let p = |is| ("p".to_owned(), Says::IsProduct(is));
        let holds = ("p".to_owned(), Says::Holds(true));
        let yes = |key: &str| (key.to_owned(), Says::IsProduct(true));
        for (holder, expected) in [
            (Holder::default(), vec![p(true), holds.clone()]),
            (Holder { site: "North", ..Holder::default() }, vec![p(false), holds.clone()]),
            (
                Holder { first_seen_at: "2026-11-02T00:00:00.000Z", ..Holder::default() },
                vec![p(true), holds.clone(), yes("q")],
            ),
            (Holder { first_seen_at: "2026-11-04T00:00:00.000Z", ..Holder::default() }, vec![p(true), holds.clone()]),
            (Holder { asset_id: 7, ..Holder::default() }, vec![p(true), holds.clone(), yes("r")]),
        ] {
            assert_eq!(says(holder), expected, "{holder:?}");
        }
        assert!(decisions.depend_on_holder("d") && !decisions.depend_on_holder("e"));
    }
}
