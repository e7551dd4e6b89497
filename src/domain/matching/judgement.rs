//! From identities and version ranges to one verdict per advisory.

use rustc_hash::FxHashMap;

use super::Match;
use super::explanation::{self, Told};
use super::fix;
use super::identity::{
    Identified, Identity, ProductEvidence, RANK_NAME, RANK_ORDER_PATTERN, RANK_PER_DESIGNATOR, RANK_STEPS, identify,
};
use super::settling;
use super::version_in_model::version_in_model;
use crate::domain::advisory::Advisory;
use crate::domain::catalogue::reading::{Designation, Generation, Reach, YEARS};
use crate::domain::catalogue::{Decisions, FamilyId, Holder, Kind};
use crate::domain::firmware::{Firmware, with_two_digit_minors};
use crate::domain::nameplate::{NameplateReading, Variant, is_year, leading_numbers, meets, production_date};
use crate::domain::order_number::squash;
use crate::domain::product::{BranchCategory, Product};
use crate::domain::product_index::{Entry, ProductIndex, StatusGroup};
use crate::domain::verdict::{Confidence, Doubt, DoubtKind, Reading, Verdict};
use crate::domain::version_range::{DeviceReading, Place, RangeAnswer, VersionRange};

/// The doubt about a product on which the vendor has not come to an answer; nobody else has one.
pub const STILL_INVESTIGATED: &str = "the vendor is still investigating this product";

/// What one entry says about the device.
struct Spoken<'a> {
    entry: &'a Entry,
    identity: Identity,
    rank: u8,
    answer: RangeAnswer,
    /// The entry's name says another generation than the device's.
    other_generation: bool,
}

/// See [`super::match_variant`].
pub(super) fn judge(index: &ProductIndex, decisions: &Decisions, variant: &Variant, holder: &Holder<'_>) -> Vec<Match> {
    let catalogue = index.catalogue();
    let mut device = NameplateReading::read(variant, catalogue);
    let (mut names_release, mut in_model) = (false, None);
    if let Some(named) = version_in_model(&device, variant, catalogue) {
        device = named.device;
        names_release = named.is_release;
        in_model = Some(named.variant);
    }
    let variant = in_model.as_ref().unwrap_or(variant);
    let bare = super::version_in_model::bare_firmware(variant, &device);
    let variant = bare.as_ref().unwrap_or(variant);
    device.decisions = decisions.of(&device.decision_key, holder);
    let is_poor = device.is_poor() && !index.has_name(&device.whole_names);
    if is_poor && device.components.is_empty() && device.decisions.is_empty() && device.identifiers.is_empty() {
        return Vec::new();
    }
    let mut by_advisory: FxHashMap<u32, Vec<(&Entry, usize)>> = FxHashMap::default();
    let mut identities: Vec<Identity> = Vec::new();
    for reading in index.candidates(&device) {
        let identity = identify(&device, index.reading(reading), catalogue);
        if matches!(identity, Identity::IsNot(_)) {
            continue;
        }
        identities.push(identity);
        for (advisory, entry) in index.places(reading) {
            let entry = &index.entries(*advisory)[*entry as usize];
            by_advisory.entry(*advisory).or_default().push((entry, identities.len() - 1));
        }
    }
    let serial_number = holder.serial_number;
    let mut ruler =
        Ruler { index, variant, serial_number, device: &device, names_release, answers: FxHashMap::default() };
    let mut advisories: Vec<u32> = by_advisory.keys().copied().collect();
    advisories.sort_unstable();
    let mut matches = Vec::new();
    for advisory in advisories {
        let mut named = by_advisory.remove(&advisory).unwrap_or_default();
        named.sort_by_key(|(entry, _)| entry.product);
        let mut spoken: Vec<Spoken<'_>> = named
            .into_iter()
            .map(|(entry, identity)| {
                let identity = identities[identity].clone();
                let rank = if let Identity::Is(i) = &identity { i.rank } else { 0 };
                let (answer, other_generation) = ruler.answer(entry, &identity);
                Spoken { entry, identity, rank, answer, other_generation }
            })
            .collect();
        silence_other_lines(index, &device, &mut spoken);
        if let Some(found) = decide(index, variant, &device, advisory, &spoken) {
            matches.push(found);
        }
    }
    matches
}

/// Compares the device's firmware with ranges, each distinct one once.
struct Ruler<'a> {
    index: &'a ProductIndex,
    variant: &'a Variant,
    serial_number: &'a str,
    device: &'a NameplateReading,
    /// The version was taken from the model, which names the release and leaves out its updates.
    names_release: bool,
    answers: FxHashMap<(u32, usize), RangeAnswer>,
}

impl Ruler<'_> {
    /// What the range says, and whether the name means another generation.
    fn answer(&mut self, entry: &Entry, identity: &Identity) -> (RangeAnswer, bool) {
        let component = match identity {
            Identity::Is(Identified { component: Some(n), .. }) => *n + 1,
            _ => 0,
        };
        let (index, variant, serial_number, device) = (self.index, self.variant, self.serial_number, self.device);
        let catalogue = index.catalogue();
        let mut answer = self
            .answers
            .entry((entry.range, component))
            .or_insert_with(|| {
                let text = match component.checked_sub(1).map(|n| &device.components[n]) {
                    // A component that the model names is what the row is about; one in the notes has its own version.
                    Some(c) if c.is_noted => c.firmware.as_deref().unwrap_or(""),
                    Some(c) => c.firmware.as_deref().unwrap_or(&variant.firmware),
                    None => variant.firmware.as_str(),
                };
                let named = named_as_the_bound(index.range(entry.range), device, text);
                let text = named.as_deref().unwrap_or(text);
                let has_minors = |family: &FamilyId| catalogue.family(*family).minor_digits == Some(2);
                let padded = device.families.keys().any(has_minors).then(|| with_two_digit_minors(text));
                let range = index.range(entry.range);
                let hardware_revision = &variant.nameplate.hardware_revision;
                let read = |text: &str| {
                    let firmware = Firmware::read(text);
                    range.answer(DeviceReading { firmware: &firmware, serial_number, hardware_revision })
                };
                let text = padded.as_deref().unwrap_or(text);
                let made = production_date(&variant.notes).filter(|_| range.depends_on_date());
                made.and_then(|made| answer_with_date(&read, text, made)).unwrap_or_else(|| read(text))
            })
            .clone();
        if let Identity::Is(Identified { evidence, .. }) = identity
            && let Some(named) = settling::named_version(evidence)
        {
            return (named, false);
        }
        // A component whose firmware the row does not give takes that of the device where it names the device's
        // own firmware, and is in doubt elsewhere; a generation in the name narrows the range.
        let reading = index.reading(entry.reading);
        let wanted: Vec<&Designation> = reading.designations.iter().map(|d| &d.designation).collect();
        let mut other_generation = false;
        // Of several generations ("V10, V11, V12") the device's own counts.
        let generations: Vec<&Generation> = wanted.iter().filter_map(|d| d.generation.as_ref()).collect();
        if component == 0
            && generations.len() == wanted.len()
            && let Some(first) = generations.first()
        {
            let own = generations.iter().find(|generation| is_of(generation, own_generation(generation, device)));
            other_generation = narrow(&mut answer, own.unwrap_or(first), device);
        }
        if component == 0
            && !other_generation
            && let Some(line) = self.line_named_by_digit(entry)
        {
            other_generation = narrow(&mut answer, &line, device);
        }
        if self.names_release && answer.place == Place::Inside && self.is_finer_bound(entry) {
            answer.place = Place::Unclear;
            answer.asks_for = Some(Reading::Firmware);
            let detail = format!("the model names the release {} and not its update", variant.firmware);
            answer.doubts.push(Doubt::new(DoubtKind::VersionUnknown, detail));
        }
        let conditions = wanted.first().map_or(&[][..], |d| d.conditions.as_slice());
        let model = squash(&variant.nameplate.model);
        if answer.place == Place::Inside
            && let Some(condition) = conditions.iter().find(|condition| !model.contains(&squash(condition)))
        {
            answer.place = Place::Unclear;
            answer.doubts.push(Doubt::new(DoubtKind::Condition, format!("the advisory says `{condition}`")));
        }
        self.settle_by_notes(&mut answer);
        self.settle_condition(&mut answer, &reading.decision_key);
        (answer, other_generation)
    }
}

impl Ruler<'_> {
    /// The line of a program that its name tells by a lone digit, where the bounds count from that digit: "Ignition 8
    /// Gateway" before 8.0.10 says nothing of 7.9. `None` where the row names another digit than that of its version.
    fn line_named_by_digit(&self, entry: &Entry) -> Option<Generation> {
        let bounds = self.index.range(entry.range).bounds();
        let majors: Vec<u32> =
            bounds.iter().filter_map(|bound| leading_numbers(&bound.version).first().copied()).collect();
        let digits = digits_named(self.index, entry);
        let digit = digits.iter().map(|(_, digit)| u32::from(*digit)).find(|digit| majors.contains(digit))?;
        let counts = majors.iter().all(|major| *major == digit);
        let own = &self.device.firmware_numbers;
        let is_known = own.first().is_some_and(|major| names_no_other_digit(self.device, *major));
        (counts && is_known).then(|| Generation { numbers: vec![digit], reach: Reach::Only, text: digit.to_string() })
    }

    /// A bound of the entry lies within the release that the model names: `V16 Update 5` in V16.
    fn is_finer_bound(&self, entry: &Entry) -> bool {
        let own = &self.device.firmware_numbers;
        let release = self.variant.firmware.trim_start_matches(['v', 'V']).len();
        self.index.range(entry.range).bounds().iter().any(|bound| {
            let text = bound.version.trim_start_matches(['v', 'V']);
            !own.is_empty() && leading_numbers(text).starts_with(own) && text.len() > release
        })
    }

    /// What the notes say of an option that the entry depends on.
    fn settle_by_notes(&self, answer: &mut RangeAnswer) {
        let notes = self.variant.notes.as_str();
        if notes.is_empty() || answer.place != Place::Unclear {
            return;
        }
        let said = |doubt: &Doubt| if doubt.kind == DoubtKind::Condition { meets(notes, &doubt.detail) } else { None };
        if answer.doubts.iter().any(|doubt| said(doubt) == Some(false)) {
            answer.place = Place::Outside;
            answer.doubts.clear();
            answer.sentence = format!("what the advisory depends on is not there, by the notes: `{notes}`");
            return;
        }
        answer.doubts.retain(|doubt| said(doubt).is_none());
        if answer.doubts.is_empty() {
            answer.place = Place::Inside;
        }
    }

    /// A user's word on what the entry depends on. What the serial number tells is no matter of anybody's word.
    fn settle_condition(&self, answer: &mut RangeAnswer, product_key: &str) {
        let is_open = |doubt: &Doubt| doubt.kind == DoubtKind::Condition;
        if answer.asks_for == Some(Reading::SerialNumber) || !answer.doubts.iter().any(is_open) {
            return;
        }
        let Some((decision, holds)) = self.device.decision_on_condition(product_key) else { return };
        if holds {
            answer.doubts.retain(|doubt| !is_open(doubt));
            if answer.doubts.is_empty() && answer.place == Place::Unclear {
                answer.place = Place::Inside;
            }
        } else {
            answer.place = Place::Outside;
            answer.doubts.clear();
            answer.sentence =
                format!("what the advisory depends on is not there, by {}, {}", decision.author, decision.date);
        }
    }
}

/// The answer with the date on which the device was made beside its firmware. A year alone counts where its first and its
/// last day give one answer.
fn answer_with_date(read: &dyn Fn(&str) -> RangeAnswer, firmware: &str, made: &str) -> Option<RangeAnswer> {
    let firmware = if Firmware::read(firmware).is_stated() { firmware } else { "" };
    let with = |date: &str| read(format!("{firmware} {date}").trim());
    if !is_year(made) {
        return Some(with(made));
    }
    let (first, last) = (with(&format!("{made}-01-01")), with(&format!("{made}-12-31")));
    (first.place == last.place).then_some(last)
}

/// The words with a lone digit behind them by which an entry names a program: `manager` and 5 of "Automation License
/// Manager 5".
fn digits_named<'a>(index: &'a ProductIndex, entry: &Entry) -> &'a [(String, u8)] {
    let catalogue = index.catalogue();
    let [one] = index.reading(entry.reading).designations.as_slice() else { return &[] };
    let is_hardware = |family: &FamilyId| catalogue.family(*family).kind == Kind::Hardware;
    if one.designation.families.iter().flatten().any(is_hardware) { &[] } else { &one.designation.numbered }
}

/// The firmware with the name of the one of several bounds that the model says: a "STARDOM VDS" shows the version of "VDS
/// R7.50", and not that of "FCN/FCJ Simulator R4.20".
fn named_as_the_bound(range: &VersionRange, device: &NameplateReading, firmware: &str) -> Option<String> {
    let mut names = range.bound_names();
    names.sort_unstable();
    names.dedup();
    let mut own = names.iter().filter(|name| device.spans.contains(&squash(name)));
    let (Some(own), None) = (own.next(), own.next()) else { return None };
    let is_bare = || Firmware::read(firmware).main().is_some_and(|version| version.name().is_empty());
    (names.len() > 1 && is_bare()).then(|| format!("{own} {firmware}"))
}

/// Whether the lone digits of the device's name are those of its version: 8 of "Mendix 8" in 8.18, not 7 of "Spectrum
/// Power 7" in 2.30.
fn names_no_other_digit(device: &NameplateReading, major: u32) -> bool {
    device.numbered.iter().all(|(_, digit)| u32::from(*digit) == major)
}

/// Of the lines of one program that an advisory names by lone digits, the device's own speaks: version 6.0 of the
/// Automation License Manager is no "Automation License Manager 5".
fn silence_other_lines(index: &ProductIndex, device: &NameplateReading, spoken: &mut [Spoken<'_>]) {
    let Some(own) = device.firmware_numbers.first().filter(|own| names_no_other_digit(device, **own)) else { return };
    if spoken.len() < 2 {
        return;
    }
    let named: Vec<&[(String, u8)]> = spoken.iter().map(|one| digits_named(index, one.entry)).collect();
    let is_own = |digit: u8| u32::from(digit) == *own;
    let own_words: Vec<&str> = named
        .iter()
        .flat_map(|digits| digits.iter())
        .filter(|(_, digit)| is_own(*digit))
        .map(|(word, _)| word.as_str())
        .collect();
    for (one, digits) in spoken.iter_mut().zip(named) {
        let is_other = |(word, digit): &(String, u8)| !is_own(*digit) && own_words.contains(&word.as_str());
        if digits.iter().any(is_other) && one.answer.place != Place::Outside {
            one.answer.place = Place::Outside;
            one.answer.doubts.clear();
            one.answer.sentence =
                format!("{own} is another line than that of `{}`", index.reading(one.entry.reading).name);
            one.other_generation = true;
        }
    }
}

/// Another generation than the one in the product's name is outside, whatever the range says; `true` then.
fn narrow(answer: &mut RangeAnswer, generation: &Generation, device: &NameplateReading) -> bool {
    let own = own_generation(generation, device);
    if own.is_empty() {
        if answer.place == Place::Inside {
            answer.place = Place::Unclear;
            let detail = format!("the advisory names {} and the firmware is not known", generation.text);
            answer.doubts.push(Doubt::new(DoubtKind::VersionUnknown, detail));
        }
        return false;
    }
    let fits = is_of(generation, own);
    if !fits {
        answer.place = Place::Outside;
        answer.doubts.clear();
        let own: Vec<String> = own.iter().map(u32::to_string).collect();
        answer.sentence = format!("{} is another generation than {}", own.join("."), generation.text);
    }
    !fits
}

/// The leading numbers of the device's firmware; without one the model may name the generation: "Parasolid V35.1". A year
/// is compared with a year: that of the name, else the one that the firmware begins with.
fn own_generation<'a>(generation: &Generation, device: &'a NameplateReading) -> &'a [u32] {
    let named = device.generation.as_ref().filter(|own| own.reach == Reach::Only);
    if generation.is_year() {
        let of_firmware = Some(&device.firmware_numbers).filter(|own| own.first().is_some_and(|n| YEARS.contains(n)));
        let named = named.filter(|own| own.is_year()).map(|own| &own.numbers);
        return named.or(of_firmware).map_or(&[], Vec::as_slice);
    }
    let named = named.filter(|own| own.numbers.len() >= generation.numbers.len()).map(|own| &own.numbers);
    if device.firmware_numbers.is_empty() {
        named.unwrap_or(&device.firmware_numbers)
    } else {
        &device.firmware_numbers
    }
}

fn is_of(generation: &Generation, own: &[u32]) -> bool {
    // A firmware may name the year and not the release in it: `2020` and "2020 R2".
    let n = if generation.is_year() { own.len().min(generation.numbers.len()) } else { generation.numbers.len() };
    let numbers = &generation.numbers[..n];
    let head: Vec<u32> = own.iter().copied().chain(std::iter::repeat(0)).take(n).collect();
    match generation.reach {
        Reach::Only => head == numbers,
        Reach::Before => head[..] < *numbers,
        Reach::AndEarlier => head[..] <= *numbers,
        Reach::AndLater => head[..] >= *numbers,
    }
}

/// What an entry with this status says; `None` when it says nothing about this firmware.
fn verdict_of(status: StatusGroup, spoken: &Spoken<'_>) -> Option<Verdict> {
    let certain = matches!(spoken.identity, Identity::Is(_));
    match (status, spoken.answer.place) {
        (StatusGroup::Affected, Place::Inside) if certain => Some(Verdict::Affected),
        (StatusGroup::Affected | StatusGroup::Investigated, Place::Inside | Place::Unclear) => Some(Verdict::Possible),
        (StatusGroup::Affected | StatusGroup::Investigated, Place::Outside) if certain => Some(Verdict::NotAffected),
        // The device is right and only an option is unknown, but no option brings this firmware inside. A part with
        // a firmware of its own is another matter: nothing was compared.
        (StatusGroup::Affected | StatusGroup::Investigated, Place::Outside) => match spoken.identity {
            Identity::Condition { own_firmware: true, .. } => Some(Verdict::Possible),
            Identity::Condition { own_firmware: false, .. } => Some(Verdict::NotAffected),
            // What is not certainly this product cannot clear it.
            _ => None,
        },
        (StatusGroup::NotAffected, Place::Inside) if certain => Some(Verdict::NotAffected),
        (StatusGroup::NotAffected, _) => None,
    }
}

fn decide(
    index: &ProductIndex,
    variant: &Variant,
    device: &NameplateReading,
    advisory: u32,
    spoken: &[Spoken<'_>],
) -> Option<Match> {
    // Per vulnerability: the most specific entries that speak about it, and among them the worst verdict.
    let mut per_vulnerability: FxHashMap<u32, Vec<(usize, Verdict)>> = FxHashMap::default();
    for (n, one) in spoken.iter().enumerate() {
        for (vulnerability, status) in &one.entry.statuses {
            if let Some(verdict) = verdict_of(*status, one) {
                per_vulnerability.entry(*vulnerability).or_default().push((n, verdict));
            }
        }
    }
    let mut best: Option<(Verdict, u8, usize)> = None;
    let mut vulnerabilities: Vec<(u32, Verdict)> = Vec::new();
    let mut order_doubt = false;
    let mut keys: Vec<u32> = per_vulnerability.keys().copied().collect();
    keys.sort_unstable();
    for key in keys {
        let mut voices = per_vulnerability.remove(&key).unwrap_or_default();
        let top = voices.iter().map(|(n, _)| spoken[*n].rank).max().unwrap_or(0);
        if top > 0 {
            // A model of its own overrides the family's entry, and a certain product overrides an uncertain one.
            voices.retain(|(n, _)| overrules(spoken[*n].rank, top));
        }
        let named: Vec<String> = voices.iter().filter_map(|(n, _)| name_of(&spoken[*n]).map(str::to_owned)).collect();
        // "FX3U-ENET-L" beside "FX3U-ENET": who is called by the longer name is not the product of the shorter.
        voices.retain(|(n, _)| {
            let goes_on = |key: &str| named.iter().any(|other| other.len() > key.len() && other.starts_with(key));
            !name_of(&spoken[*n]).is_some_and(goes_on)
        });
        // An entry of another generation has nothing to say where one of the device's generation speaks.
        if voices.iter().any(|(n, _)| !spoken[*n].other_generation) {
            voices.retain(|(n, _)| !spoken[*n].other_generation);
        }
        // Where one entry rules the device out in its own numbering, those that count otherwise say nothing.
        let rules_out = |spoken: &Spoken<'_>| {
            matches!(spoken.identity, Identity::Is(_))
                && spoken.answer.place == Place::Outside
                && !spoken.other_generation
        };
        if let Some(rank) = voices.iter().filter(|(n, _)| rules_out(&spoken[*n])).map(|(n, _)| spoken[*n].rank).max() {
            voices.retain(|(n, _)| !spoken[*n].answer.other_numbering || spoken[*n].rank > rank);
        }
        let mut worst = voices.iter().map(|(_, v)| *v).max()?;
        let mixed = voices.iter().any(|(_, v)| *v != worst);
        if mixed
            && worst == Verdict::Affected
            && voices.iter().all(|(n, _)| spoken[*n].rank < RANK_ORDER_PATTERN)
            && differ_in_remarks(index, spoken, &voices)
        {
            // The same name with different remarks and different ranges: only the type plate can tell.
            worst = Verdict::Possible;
            order_doubt = true;
        }
        let deciding = voices
            .iter()
            .filter(|(_, v)| *v == worst || order_doubt)
            .max_by_key(|(n, v)| (*v, spoken[*n].rank, std::cmp::Reverse(*n)))
            .map(|(n, _)| *n)?;
        if key != crate::domain::product_index::WHOLE_DOCUMENT {
            vulnerabilities.push((key, worst));
        }
        let candidate = (worst, spoken[deciding].rank, deciding);
        if best.is_none_or(|b| {
            (candidate.0, candidate.1, std::cmp::Reverse(candidate.2)) > (b.0, b.1, std::cmp::Reverse(b.2))
        }) {
            best = Some(candidate);
        }
    }
    let (mut verdict, _, deciding) = best?;
    let one = &spoken[deciding];
    let document = &index.advisories()[advisory as usize];
    let beside_a_cut_list = verdict == Verdict::Affected && is_beside_a_cut_list(document, one.entry);
    if beside_a_cut_list {
        verdict = Verdict::Possible;
    }
    let mut doubts: Vec<Doubt> = Vec::new();
    if verdict == Verdict::Possible {
        match &one.identity {
            Identity::Unsure { why, .. } => doubts.push(Doubt::new(DoubtKind::ProductUnsure, why.in_words())),
            Identity::Condition { why, .. } => doubts.push(Doubt::new(DoubtKind::Condition, why.clone())),
            _ => {}
        }
        if order_doubt {
            let detail = "the advisory splits this name by order number or build, and the row does not say which it is";
            doubts.push(Doubt::new(DoubtKind::ProductUnsure, detail));
        }
        if beside_a_cut_list {
            let detail = "the advisory means all others, and its list of those that are named is cut off";
            doubts.push(Doubt::new(DoubtKind::ProductUnsure, detail));
        }
        doubts.extend(one.answer.doubts.iter().cloned());
        if doubts.is_empty() {
            doubts.push(Doubt::new(DoubtKind::Condition, STILL_INVESTIGATED));
        }
        doubts.sort();
        doubts.dedup();
    }
    let confidence = confidence_of(&one.identity, device);
    let evidence = match &one.identity {
        Identity::Is(i) => &i.evidence,
        Identity::Unsure { evidence, .. } | Identity::Condition { evidence, .. } => evidence,
        Identity::IsNot(_) => return None,
    };
    let reading = index.reading(one.entry.reading);
    let range = index.range(one.entry.range);
    let told = Told {
        index,
        variant,
        device,
        reading,
        range,
        evidence,
        identity: &one.identity,
        answer: &one.answer,
        listed_as_unaffected: one.entry.statuses.iter().all(|(_, status)| *status == StatusGroup::NotAffected),
    };
    let mut products: Vec<u32> = spoken.iter().map(|s| s.entry.product).collect();
    products.sort_unstable();
    products.dedup();
    let fix = fix::first_fixed(document, one.entry, range, &device.firmware_numbers);
    let settled_by = settling::settled_by(&doubts, order_doubt, &told);
    Some(Match {
        advisory,
        product: one.entry.product,
        verdict,
        confidence,
        reason: explanation::reason(verdict, &doubts, &told),
        evidence: explanation::evidence(&told),
        vulnerabilities,
        products,
        depends_on_serial: spoken.iter().any(|s| s.answer.depends_on_serial),
        what_would_change_it: settling::what_would_change_it(verdict, fix.as_deref(), &settled_by, &doubts, &told),
        settled_by,
        doubts,
        fix,
    })
}

/// "All other devices" is vague beside a list of devices that ends in a comma.
fn is_beside_a_cut_list(document: &Advisory, entry: &Entry) -> bool {
    let name_of = |product: &Product| {
        product.branch_names(&BranchCategory::ProductName).last().unwrap_or(&product.name).trim().to_owned()
    };
    let own = document.products.get(entry.product as usize).map(name_of).unwrap_or_default().to_lowercase();
    (own.starts_with("all other ") || own.starts_with("other "))
        && document.products.iter().any(|product| name_of(product).ends_with(','))
}

/// The designator by which an entry knows the device.
fn name_of<'a>(spoken: &'a Spoken<'_>) -> Option<&'a str> {
    match &spoken.identity {
        Identity::Is(Identified { evidence: ProductEvidence::Name { text }, .. }) if text.len() >= 4 => Some(text),
        _ => None,
    }
}

/// Whether an entry of rank `rank` still speaks beside one of rank `top`: order numbers, patterns, names and
/// generations each silence what is less exact, but not their like.
fn overrules(rank: u8, top: u8) -> bool {
    if (RANK_NAME..RANK_ORDER_PATTERN).contains(&top) {
        // Among names the one with more designators is the more exact: "1515SP PC2" beside "1515SP".
        return rank >= top - (top - RANK_NAME) % RANK_PER_DESIGNATOR;
    }
    RANK_STEPS.iter().find(|step| top >= **step).is_none_or(|step| rank >= *step) && rank > 0
}

/// Whether entries with the same name differ in a remark that the row cannot settle: an order number, "(with MID
/// approval)".
fn differ_in_remarks(index: &ProductIndex, spoken: &[Spoken<'_>], voices: &[(usize, Verdict)]) -> bool {
    let name = |n: usize| index.reading(spoken[n].entry.reading).name.as_str();
    let bare = |n: usize| name(n).split('(').next().unwrap_or_default().trim();
    let Some((first, _)) = voices.first() else { return false };
    voices.iter().all(|(n, _)| bare(*n) == bare(*first))
        && voices.iter().any(|(n, _)| name(*n) != name(*first))
        // An entry without a remark means all of them.
        && voices.iter().all(|(n, verdict)| *verdict != Verdict::Affected || name(*n).len() > bare(*n).len())
}

fn confidence_of(identity: &Identity, device: &NameplateReading) -> Confidence {
    match identity {
        Identity::Is(i) => match (&i.evidence, device.vendor_is_stated) {
            // A name without a vendor is likely at most; an order number needs none.
            (ProductEvidence::Name { .. }, false) => Confidence::Likely,
            (evidence, _) => evidence.confidence(),
        },
        _ => Confidence::Possible,
    }
}
