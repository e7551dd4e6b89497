//! Says where a device lies, why, and in one sentence.

use super::condition::Condition;
use super::span::{Fit, Point, Shown, Span, Step};
use super::{DeviceReading, Place, RangeAnswer, VersionRange};
use crate::domain::firmware::version::Relation;
use crate::domain::firmware::{Firmware, Version};
use crate::domain::verdict::{Doubt, DoubtKind, Reading};

/// Systems and platforms whose versions are none of the products that run on them.
const PLATFORMS: [&str; 9] = ["debian", "ubuntu", "windows", "linux", "centos", "rhel", "yocto", "android", "cpr"];

/// Whether a word names a system or a platform.
pub(super) fn is_platform(word: &str) -> bool {
    PLATFORMS.iter().any(|platform| platform.eq_ignore_ascii_case(word))
}

/// The decision before it is put into words.
struct Judged<'a> {
    place: Place,
    why: Why<'a>,
    condition: Option<&'a Condition>,
}

/// What decided.
enum Why<'a> {
    All,
    Nothing,
    NotStated,
    Unreadable,
    Serial,
    Compared(Shown<'a>, Step<'a>),
    /// The bound is of one component, the firmware of another; or a date against a version.
    OtherKind(&'a Point),
    Excepted(&'a Version),
    Perhaps(&'a Span),
    OtherLine(&'a Version),
    CutOff,
    Unread(&'a str),
    Condition(&'a Condition),
}

impl VersionRange {
    /// Says whether the device lies inside.
    pub fn answer(&self, device: DeviceReading<'_>) -> RangeAnswer {
        let judged = self.judge(device);
        RangeAnswer {
            place: judged.place,
            doubts: self.doubts(&judged, device),
            sentence: self.sentence(&judged, device),
            depends_on_serial: self.serial.is_some(),
            other_numbering: self.is_of_other_numbering(&judged),
            asks_for: self.asks_for(&judged, device),
        }
    }

    /// Years against counts are left out: a later product may have begun to count years.
    fn is_of_other_numbering(&self, judged: &Judged<'_>) -> bool {
        let Why::Compared(Shown::Version(shown), Step::Incomparable(point)) = &judged.why else { return false };
        let counts_years = point.version().is_some_and(Version::counts_years);
        judged.place == Place::Unclear
            && judged.condition.is_none()
            && (counts_years == shown.counts_years() || self.spans.iter().all(|span| matches!(span, Span::Exactly(_))))
    }

    /// Where the device lies, without the words: for the many pairs that nobody reads.
    pub fn place(&self, device: DeviceReading<'_>) -> Place {
        self.judge(device).place
    }

    fn judge<'a>(&'a self, device: DeviceReading<'a>) -> Judged<'a> {
        if self.nothing {
            return Judged { place: Place::Outside, why: Why::Nothing, condition: None };
        }
        if let Some(serial) = &self.serial {
            let written = device.serial_number.trim();
            let number = if written.is_empty() { device.firmware.serial_number().unwrap_or_default() } else { written };
            return Judged { place: serial.place(number), why: Why::Serial, condition: None };
        }
        let (place, why) = self.judge_version(device);
        if place == Place::Outside || self.conditions.is_empty() {
            return self.completed(device, place, why);
        }
        self.judge_conditions(device, place, why)
    }

    /// Conditions can only narrow: one that fails rules the entry out, one that is unknown makes it a doubt.
    fn judge_conditions<'a>(&'a self, device: DeviceReading<'a>, mut place: Place, mut why: Why<'a>) -> Judged<'a> {
        let mut open = None;
        for condition in &self.conditions {
            // Without a bound of the device's own there is nothing to complete.
            if condition.completes_bound && !self.all {
                continue;
            }
            match condition.place(device) {
                Place::Outside => {
                    return Judged { place: Place::Outside, why: Why::Condition(condition), condition: None };
                }
                Place::Unclear => open = open.or(Some(condition)),
                Place::Inside if self.all => why = Why::Condition(condition),
                Place::Inside => {}
            }
        }
        if open.is_some() {
            place = place.min(Place::Unclear);
        }
        Judged { place, why, condition: open }
    }

    /// `< V8.1 with WinCC V7.3 Upd 19`: in the line of the bound, the component decides.
    fn completed<'a>(&'a self, device: DeviceReading<'a>, place: Place, why: Why<'a>) -> Judged<'a> {
        let completing = self.conditions.iter().find(|condition| condition.completes_bound);
        if let (Place::Outside, Some(condition), Why::Compared(Shown::Version(version), step)) =
            (place, completing, &why)
            && let Step::NotBelow(point) | Step::AtBound(point, _) = step
            && point.version().is_some_and(|bound| same_line(version, bound))
        {
            return match condition.place(device) {
                Place::Inside => Judged { place: Place::Inside, why: Why::Condition(condition), condition: None },
                Place::Outside => Judged { place: Place::Outside, why: Why::Condition(condition), condition: None },
                Place::Unclear => Judged { place: Place::Unclear, why, condition: Some(condition) },
            };
        }
        Judged { place, why, condition: None }
    }

    fn judge_version<'a>(&'a self, device: DeviceReading<'a>) -> (Place, Why<'a>) {
        if self.all && self.except.is_empty() && self.line.is_none() {
            return match &self.unread {
                Some(unread) => (Place::Unclear, Why::Unread(unread)),
                None => (Place::Inside, Why::All),
            };
        }
        if self.spans.is_empty() && !self.all {
            return (Place::Unclear, Why::Unread(self.unread.as_deref().unwrap_or(&self.raw)));
        }
        let firmware = device.firmware;
        if !firmware.is_stated() {
            return (Place::Unclear, Why::NotStated);
        }
        if firmware.versions().is_empty() && firmware.date().is_none() {
            return (Place::Unclear, Why::Unreadable);
        }
        let (mut place, mut why) = if self.all { (Place::Inside, Why::All) } else { self.judge_spans(device) };
        let version = self.device_version(device, None);
        if let (Some(version), Place::Inside | Place::Unclear) = (version, place) {
            if let Some(except) = self.except.iter().find(|except| version.relation_to(except) == Relation::Same) {
                return (Place::Outside, Why::Excepted(except));
            }
            if let Some(line) = self.line.as_ref().filter(|line| version.relation_to(line) != Relation::Same) {
                return (Place::Outside, Why::OtherLine(line));
            }
        }
        if let (Some(version), Place::Outside) = (version, place) {
            let shown = Shown::Version(version);
            if let Some(span) = self.perhaps.iter().find(|span| span.fit(shown, &[]).0 != Place::Outside) {
                return (Place::Unclear, Why::Perhaps(span));
            }
            if self.cut_off {
                return (Place::Unclear, Why::CutOff);
            }
        }
        if let Some(unread) = &self.unread {
            let numbers = unread.bytes().any(|byte| byte.is_ascii_digit());
            if place == Place::Inside || place == Place::Outside && numbers {
                place = Place::Unclear;
                why = Why::Unread(unread);
            }
        }
        (place, why)
    }

    /// Over several spans the one that holds wins, then one that may hold. A listed version of another numbering
    /// says nothing where a bound of the device's own numbering rules it out (`A.01 <= C.0x | 4.0` and D.00).
    fn judge_spans<'a>(&'a self, device: DeviceReading<'a>) -> (Place, Why<'a>) {
        let mut outside = None;
        let mut ruled_out = false;
        let mut unclear = None;
        let mut other_listed = None;
        for span in &self.spans {
            let found = self.judge_span(span, device);
            match (found.0, &found.1) {
                (Place::Inside, _) => return found,
                (Place::Outside, _) => {
                    ruled_out |= !matches!(span, Span::Exactly(_));
                    outside = Some(found);
                }
                (Place::Unclear, Why::Compared(_, Step::Incomparable(_))) if matches!(span, Span::Exactly(_)) => {
                    other_listed = other_listed.or(Some(found));
                }
                (Place::Unclear, _) => unclear = unclear.or(Some(found)),
            }
        }
        if !ruled_out {
            unclear = unclear.or(other_listed);
        }
        unclear.or(outside).unwrap_or((Place::Unclear, Why::Unreadable))
    }

    fn judge_span<'a>(&'a self, span: &'a Span, device: DeviceReading<'a>) -> (Place, Why<'a>) {
        let points = span.points();
        let Some(first) = points.first().copied() else { return (Place::Unclear, Why::Unreadable) };
        let firmware = device.firmware;
        let fit_of = |shown: Shown<'a>| {
            let (place, step): Fit<'a> = span.fit(shown, &self.spans);
            (place, Why::Compared(shown, step))
        };
        if points.iter().any(|point| matches!(point, Point::Date(_))) {
            return match firmware.date() {
                Some(date) => fit_of(Shown::Date(date)),
                None => (Place::Unclear, Why::OtherKind(first)),
            };
        }
        let counts_years = points.iter().any(|point| point.version().is_some_and(Version::counts_years));
        if firmware.is_only_date() && !counts_years {
            return (Place::Unclear, Why::OtherKind(first));
        }
        // Bounds of several components: the one that the device names; bounds without a name are of the device itself.
        let bounds = || points.iter().filter_map(|point| point.version());
        let shared = bounds().find(|bound| firmware.versions().iter().any(|version| version.shares_name_with(bound)));
        let named = shared.or_else(|| bounds().next().filter(|_| bounds().all(|bound| !bound.name().is_empty())));
        if named.is_none()
            && let Some(parts) = self.rival_parts(firmware)
        {
            // Which of its parts is meant is not said: all of them have to agree.
            let mut found = parts.into_iter().map(|part| fit_of(Shown::Version(part)));
            let Some(one) = found.next() else { return (Place::Unclear, Why::OtherKind(first)) };
            return if found.all(|other| other.0 == one.0) { one } else { (Place::Unclear, Why::OtherKind(first)) };
        }
        match self.device_version(device, named) {
            Some(version) => fit_of(Shown::Version(version)),
            None => (Place::Unclear, Why::OtherKind(first)),
        }
    }

    /// The versions of a firmware that names each of its parts (`FPGA_10.19_CPU_2.0.2`), none of which is the product or
    /// what the advisory speaks of. `None` when one stands for the device.
    fn rival_parts<'a>(&self, firmware: &'a Firmware) -> Option<Vec<&'a Version>> {
        let asked_for = |version: &&Version| self.conditions.iter().any(|condition| condition.is_named_by(version));
        let parts: Vec<&Version> = firmware.versions().iter().filter(|version| !asked_for(version)).collect();
        let apart = |(n, version): (usize, &&Version)| {
            !version.name().is_empty() && !parts[..n].iter().any(|other| other.shares_name_with(version))
        };
        (parts.len() > 1 && parts.iter().enumerate().all(apart)).then_some(parts)
    }

    /// The version of the device that a bound asks for; `None` when the bound names another component.
    fn device_version<'a>(&self, device: DeviceReading<'a>, bound: Option<&Version>) -> Option<&'a Version> {
        let versions = device.firmware.versions();
        let own = |version: &&Version| !self.conditions.iter().any(|condition| condition.is_named_by(version));
        let main = versions
            .iter()
            .filter(own)
            .find(|version| version.name().is_empty())
            .or_else(|| versions.iter().find(own))
            .or_else(|| versions.first());
        let Some(bound) = bound else { return main.filter(|version| !self.is_of_platform(version)) };
        if let Some(named) = versions.iter().find(|version| version.shares_name_with(bound)) {
            return Some(named);
        }
        // `CPU 1.7.0` beside "FPGA 10.16 CPU 1.7.0": the other part, also where the product's full name repeats both.
        let other_part = |version: &Version| self.conditions.iter().any(|condition| condition.is_named_by(version));
        let known = |version: &&Version| {
            version.name().is_empty()
                || version
                    .name()
                    .split(' ')
                    .any(|word| self.product_words.iter().any(|known| known.eq_ignore_ascii_case(word)))
        };
        main.filter(known).filter(|version| bound.name().is_empty() || !other_part(version))
    }

    /// The version is that of the system that the device runs, or of the platform it belongs to, and not its own: `Debian
    /// 11.6`, `CPR 9`.
    fn is_of_platform(&self, version: &Version) -> bool {
        let of_range = || self.raw.split(|c: char| !c.is_alphanumeric());
        let of_product = || self.product_words.iter().map(String::as_str);
        // "Debian 9 Linux Image 2019-12-13": where the advisory speaks of a system, its versions are meant.
        if of_range().chain(of_product()).any(is_platform) {
            return false;
        }
        let mut words = version.name().split(' ').chain([&*version.lead]).filter(|word| !word.is_empty());
        words.any(is_platform)
    }

    fn doubts(&self, judged: &Judged<'_>, device: DeviceReading<'_>) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        if judged.place != Place::Unclear {
            return doubts;
        }
        let raw = device.firmware.raw().trim();
        match &judged.why {
            Why::NotStated if raw.is_empty() => {
                doubts.push(Doubt::new(DoubtKind::VersionUnknown, "firmware not stated"))
            }
            Why::NotStated | Why::Unreadable => {
                doubts.push(Doubt::new(DoubtKind::VersionUnknown, format!("firmware `{raw}` names no version")));
            }
            Why::Serial => {
                let words = self.serial.as_ref().map(super::serial::SerialRule::in_words).unwrap_or_default();
                doubts.push(Doubt::new(DoubtKind::Condition, format!("the advisory means {words}")));
            }
            Why::Compared(shown, Step::Finer(point)) => {
                doubts.push(Doubt::new(DoubtKind::ImpreciseBound, format!("bound `{point}` is coarser than {shown}")));
            }
            Why::Compared(shown, Step::Coarser(point)) => {
                doubts.push(Doubt::new(DoubtKind::VersionUnknown, format!("{shown} leaves out a part of `{point}`")));
            }
            Why::Compared(shown, Step::Incomparable(point)) => {
                let detail = format!("{shown} and `{point}` cannot be compared");
                doubts.push(Doubt::new(DoubtKind::VersionUnknown, detail));
            }
            Why::OtherKind(point) => {
                let detail = format!("firmware `{raw}` is of another kind than `{point}`");
                doubts.push(Doubt::new(DoubtKind::VersionUnknown, detail));
            }
            Why::Perhaps(span) => {
                let detail = format!("the advisory says that {span} may be affected as well");
                doubts.push(Doubt::new(DoubtKind::Condition, detail));
            }
            Why::CutOff => {
                doubts.push(Doubt::new(DoubtKind::VersionUnknown, "the advisory's list of versions is cut off"));
            }
            Why::Unread(text) => {
                doubts.push(Doubt::new(
                    DoubtKind::VersionUnknown,
                    format!("the version text `{text}` was not understood"),
                ));
            }
            _ => {}
        }
        if let Some(condition) = judged.condition {
            doubts.push(Doubt::new(DoubtKind::Condition, format!("the advisory adds: {}", condition.text)));
        }
        if doubts.is_empty() {
            doubts.push(Doubt::new(DoubtKind::VersionUnknown, "the versions cannot be compared"));
        }
        doubts
    }

    /// A text that is not understood, or a condition beside the version, stays a doubt whatever is read.
    fn asks_for(&self, judged: &Judged<'_>, device: DeviceReading<'_>) -> Option<Reading> {
        if judged.place != Place::Unclear || judged.condition.is_some() || self.unread.is_some() {
            return None;
        }
        match judged.why {
            Why::NotStated | Why::Unreadable | Why::Compared(_, Step::Coarser(_)) => Some(Reading::Firmware),
            Why::Serial if device.serial_number.trim().is_empty() => Some(Reading::SerialNumber),
            _ => None,
        }
    }

    fn sentence(&self, judged: &Judged<'_>, device: DeviceReading<'_>) -> String {
        let raw = device.firmware.raw().trim();
        let mut sentence = match &judged.why {
            Why::All => self.in_words(),
            Why::Nothing => "the advisory says that no version is affected".to_owned(),
            Why::NotStated if raw.is_empty() => format!("firmware not stated, affected is {}", self.in_words()),
            Why::NotStated | Why::Unreadable => {
                format!("firmware `{raw}` names no version, affected is {}", self.in_words())
            }
            Why::Serial => self.serial_sentence(device),
            Why::Compared(shown, step) => said(*shown, step),
            Why::OtherKind(point) => format!("`{raw}` cannot be compared with {point}"),
            Why::Excepted(version) => format!("{version} is excepted"),
            Why::Perhaps(span) => format!("{span} may be affected as well, the advisory says"),
            Why::OtherLine(line) => format!("only versions {line} are meant"),
            Why::CutOff => "not among the listed versions, but the list is cut off".to_owned(),
            Why::Unread(text) => format!("the version text `{text}` was not understood"),
            Why::Condition(condition) => match judged.place {
                Place::Outside => format!("the device does not meet the condition: {}", condition.text),
                _ => format!("the device meets the condition: {}", condition.text),
            },
        };
        if let Some(condition) = judged.condition.filter(|_| !matches!(judged.why, Why::All | Why::NotStated)) {
            sentence.push_str(&format!(", and the advisory adds: {}", condition.text));
        }
        if let (Some(name), Why::Compared(..)) = (&self.from_name, &judged.why) {
            sentence.push_str(&format!(" ({name})"));
        }
        sentence
    }

    fn serial_sentence(&self, device: DeviceReading<'_>) -> String {
        let Some(rule) = &self.serial else { return String::new() };
        let written = device.serial_number.trim();
        let number = if written.is_empty() { device.firmware.serial_number().unwrap_or_default() } else { written };
        match rule.start_of(number) {
            Some(start) if start.as_str() <= rule.last() => {
                format!("serial number begins with {start}, up to {} is affected", rule.last())
            }
            Some(start) => format!("serial number begins with {start}, above {}", rule.last()),
            None => format!("the serial number is not known, affected are {}", rule.in_words()),
        }
    }
}

fn same_line(version: &Version, bound: &Version) -> bool {
    version.core == bound.core || version.goes_on_from(bound)
}

fn said(shown: Shown<'_>, step: &Step<'_>) -> String {
    match step {
        Step::Below(point) => format!("{shown} is below {point}"),
        Step::NotBelow(point) => format!("{shown} is above {point}"),
        Step::AtBound(point, true) => format!("{shown} is {point}, which is included"),
        Step::AtBound(point, false) => format!("{shown} is {point}, which is not included"),
        Step::Above(point) => format!("{shown} is above {point}"),
        Step::NotAbove(point) => format!("{shown} is below {point}, where the range begins"),
        Step::Equal(point) => format!("{shown} is the listed {point}"),
        Step::NotEqual => format!("{shown} is not listed"),
        Step::Finer(point) => format!("{shown} is finer than {point}"),
        Step::Coarser(point) => format!("{shown} leaves out a part of {point}"),
        Step::Incomparable(point) => format!("{shown} cannot be compared with {point}"),
    }
}
