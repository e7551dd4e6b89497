//! The catalogue's data files are consistent and say what plants and advisories need: no name is claimed twice, no
//! pattern swallows a sibling, each entry has a source, and well-known names lead to the right vendor and family.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nameplate::domain::catalogue::{Catalogue, Kind};
use nameplate::domain::order_number::{Pattern, squash};
use nameplate::domain::vendor::vendor_key;
use serde::Deserialize;

#[derive(Deserialize, Default)]
struct File {
    #[serde(default)]
    vendor: Vec<VendorEntry>,
    #[serde(default)]
    family: Vec<FamilyEntry>,
    #[serde(default)]
    scheme: Vec<SchemeEntry>,
}

#[derive(Deserialize)]
struct VendorEntry {
    name: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    brands: Vec<String>,
    #[serde(default)]
    formerly: Vec<String>,
    source: String,
}

#[derive(Deserialize, Clone)]
struct FamilyEntry {
    name: String,
    vendor: String,
    #[serde(default)]
    spelled: Vec<String>,
    within: Option<OneOrMore>,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    orders: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    source: String,
}

#[derive(Deserialize)]
struct SchemeEntry {
    name: String,
    vendor: String,
    patterns: Vec<String>,
    source: String,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl FamilyEntry {
    fn parents(&self) -> &[String] {
        match &self.within {
            Some(OneOrMore::One(name)) => std::slice::from_ref(name),
            Some(OneOrMore::More(names)) => names,
            None => &[],
        }
    }

    fn patterns(&self) -> impl Iterator<Item = &String> {
        self.models.iter().chain(&self.orders)
    }
}

fn data_files() -> Vec<(PathBuf, File)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/catalogue");
    let mut paths = vec![folder.join("vendors.toml"), folder.join("schemes.toml")];
    for entry in std::fs::read_dir(folder.join("families")).unwrap() {
        paths.push(entry.unwrap().path());
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = toml::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        (path, file)
    };
    paths.into_iter().map(read).collect()
}

fn families() -> Vec<FamilyEntry> {
    data_files().into_iter().flat_map(|(_, f)| f.family).collect()
}

fn vendors() -> Vec<VendorEntry> {
    data_files().into_iter().flat_map(|(_, f)| f.vendor).collect()
}

/// Spellings and designators that two families of one vendor share on purpose: the text alone does not tell which.
const SHARED: &[&str] = &[
    // The interface modules and the whole system, CPUs included.
    "et200sp",
    // The American build and both builds.
    "cp12437lteus",
    // Made as SIPROTEC Compact and as SIPROTEC 5.
    "7sj81",
];

fn report(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn every_family_file_is_compiled_in() {
    let catalogue = Catalogue::built_in();
    assert_eq!(catalogue.families().count(), families().len(), "a file under `families/` has no line in `files.rs`");
}

#[test]
fn every_entry_names_a_source_that_a_person_can_look_up() {
    let mut problems = Vec::new();
    let mut check = |what: &str, name: &str, source: &str| {
        // A page, or a document by its number or full title.
        let tells = source.len() >= 8 && (source.contains('.') || source.chars().any(|c| c.is_ascii_digit()));
        if !tells {
            problems.push(format!("{what} `{name}`: source `{source}` names no page or document"));
        }
    };
    for (_, file) in data_files() {
        file.vendor.iter().for_each(|v| check("vendor", &v.name, &v.source));
        file.family.iter().for_each(|f| check("family", &f.name, &f.source));
        file.scheme.iter().for_each(|s| check("scheme", &s.name, &s.source));
    }
    report(&problems);
}

#[test]
fn no_alias_stands_under_two_vendors() {
    // A brand or former name may: either firm may answer for the product. An alias is the firm itself.
    let mut own: BTreeMap<String, String> = BTreeMap::new();
    let mut problems = Vec::new();
    for vendor in vendors() {
        for name in std::iter::once(&vendor.name).chain(&vendor.aliases) {
            if let Some(other) = own.insert(vendor_key(name), vendor.name.clone())
                && other != vendor.name
            {
                problems.push(format!("`{name}` is a name of `{other}` and of `{}`", vendor.name));
            }
        }
    }
    report(&problems);
}

#[test]
fn no_name_stands_twice_within_a_vendor() {
    let mut problems = Vec::new();
    for vendor in vendors() {
        let mut seen: BTreeMap<String, &String> = BTreeMap::new();
        let all = std::iter::once(&vendor.name).chain(&vendor.aliases).chain(&vendor.brands).chain(&vendor.formerly);
        for name in all {
            if let Some(other) = seen.insert(vendor_key(name), name) {
                problems.push(format!("`{}`: `{other}` and `{name}` read the same", vendor.name));
            }
        }
    }
    report(&problems);
}

#[test]
fn no_spelling_names_two_families_of_one_vendor() {
    let mut seen: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut problems = Vec::new();
    for family in families() {
        for phrase in &family.spelled {
            let key = (family.vendor.clone(), squash(phrase));
            let shared = SHARED.contains(&key.1.as_str());
            if let Some(other) = seen.insert(key, family.name.clone())
                && !shared
            {
                problems.push(format!("{}: `{phrase}` names `{other}` and `{}`", family.vendor, family.name));
            }
        }
    }
    report(&problems);
}

/// A text that a pattern stands for: the shortest plain one.
fn example_of(pattern: &str) -> String {
    let mut text = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '#' | '+' => text.push('1'),
            '?' => text.push('a'),
            '*' => {}
            '[' => {
                text.extend(chars.next());
                chars.by_ref().find(|c| *c == ']');
            }
            c => text.push(c),
        }
    }
    squash(&text)
}

/// All families that contain this one, by place in the list.
fn ancestors(at: usize, all: &[FamilyEntry], found: &mut Vec<usize>) {
    for parent in all[at].parents() {
        let by_name = |f: &FamilyEntry| squash(&f.name) == squash(parent);
        let place =
            all.iter().position(|f| f.vendor == all[at].vendor && by_name(f)).or_else(|| all.iter().position(by_name));
        if let Some(place) = place
            && !found.contains(&place)
        {
            found.push(place);
            ancestors(place, all, found);
        }
    }
}

#[test]
fn no_pattern_swallows_a_sibling() {
    let all = families();
    let above: Vec<Vec<usize>> = (0..all.len())
        .map(|n| {
            let mut found = Vec::new();
            ancestors(n, &all, &mut found);
            found
        })
        .collect();
    let mut by_vendor: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (n, family) in all.iter().enumerate() {
        by_vendor.entry(&family.vendor).or_default().push(n);
    }
    let mut problems = Vec::new();
    for siblings in by_vendor.values() {
        let texts: Vec<Vec<String>> = siblings
            .iter()
            .map(|n| {
                let family = &all[*n];
                family.spelled.iter().map(|s| squash(s)).chain(family.patterns().map(|p| example_of(p))).collect()
            })
            .collect();
        for one in siblings {
            let patterns: Vec<(&String, Pattern)> = all[*one].patterns().map(|p| (p, Pattern::read(p))).collect();
            let not: Vec<Pattern> = all[*one].not.iter().map(|p| Pattern::read(p)).collect();
            for (other, texts) in siblings.iter().zip(&texts) {
                let related = one == other || above[*one].contains(other) || above[*other].contains(one);
                if related || all[*other].hosts.contains(&all[*one].name) {
                    continue;
                }
                for (text, (spelled, pattern)) in texts.iter().flat_map(|t| patterns.iter().map(move |p| (t, p))) {
                    if pattern.fits(text) && !SHARED.contains(&text.as_str()) && !not.iter().any(|n| n.fits(text)) {
                        problems.push(format!(
                            "{}: `{spelled}` of `{}` takes `{text}` of `{}`",
                            all[*one].vendor, all[*one].name, all[*other].name
                        ));
                    }
                }
            }
        }
    }
    report(&problems);
}

#[test]
fn a_scheme_fires_on_no_other_makers_members() {
    let all = families();
    let mut problems = Vec::new();
    for (_, file) in data_files() {
        for scheme in &file.scheme {
            for text in &scheme.patterns {
                let pattern = Pattern::read(text);
                // Schemes with an open end are the founders' choice for catalogue numbers that begin unmistakably.
                if !pattern.has_fixed_length() {
                    continue;
                }
                for family in all.iter().filter(|f| f.vendor != scheme.vendor) {
                    for member in family.patterns().filter(|p| !p.contains('*')) {
                        if pattern.fits(&example_of(member)) {
                            problems.push(format!(
                                "scheme `{}`: `{text}` takes `{member}` of {} `{}`",
                                scheme.name, family.vendor, family.name
                            ));
                        }
                    }
                }
            }
        }
    }
    report(&problems);
}

#[test]
fn vendors_resolve_as_plants_and_advisories_write_them() {
    let catalogue = Catalogue::built_in();
    let mut problems = Vec::new();
    for (text, name) in [
        ("SE", "Schneider Electric"),
        ("Schneider Electric Software, LLC", "Schneider Electric"),
        ("Télémécanique", "Schneider Electric"),
        ("SquareD", "Schneider Electric"),
        ("AB", "Rockwell Automation"),
        ("A-B", "Rockwell Automation"),
        ("RA", "Rockwell Automation"),
        ("Allen-Bradley / Rockwell", "Rockwell Automation"),
        ("Siem.", "Siemens"),
        ("RUGGEDCOM", "Siemens"),
        ("MELCO", "Mitsubishi Electric"),
        (" Mitsubishi Electric", "Mitsubishi Electric"),
        ("三菱電機", "Mitsubishi Electric"),
        ("P+F", "Pepperl+Fuchs"),
        ("PEPPERL+FUCHS", "Pepperl+Fuchs"),
        ("PxC", "PHOENIX CONTACT"),
        ("Innominate Security Technologies", "PHOENIX CONTACT"),
        ("B&R", "B&R Industrial Automation"),
        ("Bernecker + Rainer", "B&R Industrial Automation"),
        ("L&G", "Landis+Gyr"),
        ("Landis & Gyr", "Landis+Gyr"),
        ("E+H", "Endress+Hauser"),
        ("HIMA Paul Hildebrandt GmbH", "HIMA"),
        ("GE Multilin", "General Electric"),
        ("General Electric (GE)", "General Electric"),
        ("GE Fanuc", "General Electric"),
        ("GE Fanuc", "Emerson"),
        ("GEIP", "Emerson"),
        ("SEL", "Schweitzer Engineering Laboratories"),
        ("Schweitzer Engineering Laboratories, Inc. (SEL)", "Schweitzer Engineering Laboratories"),
        ("HON", "Honeywell"),
        ("Elster", "Honeywell"),
        ("MatrikonOPC", "Honeywell"),
        ("YOK", "Yokogawa"),
        ("Hirschmann (Belden)", "Hirschmann"),
        ("Hirschmann Automation and Control GmbH, Belden Inc.", "Hirschmann"),
        ("Weidmueller", "Weidmüller"),
        ("WeidmÃ¼ller", "Weidmüller"),
        ("C. Gavazzi", "Carlo Gavazzi"),
        ("GeutebrÃ¼ck GmbH", "Geutebrück"),
        ("Hitachi ABB Power Grids", "Hitachi Energy"),
        ("ABB", "Hitachi Energy"),
        ("ABB Oy", "ABB"),
        ("Stotz-Kontakt", "ABB"),
        ("OSIsoft LLC", "AVEVA"),
        ("Wonderware", "AVEVA"),
        ("3S-Smart Software Solutions GmbH", "CODESYS"),
        ("CODESYS, GmbH", "CODESYS"),
        ("Becton, Dickinson and Company (BD)", "Becton Dickinson"),
        ("Automation Direct", "AutomationDirect"),
        ("Koyo", "AutomationDirect"),
        ("JTEKT ELECTRONICS CORPORATION", "JTEKT"),
        ("ICONICS, Mitsubishi Electric", "ICONICS"),
        ("Matrikon, Honeywell", "Honeywell"),
        ("Sensormatic Electronics, LLC, a subsidiary of Johnson Controls Inc.", "Johnson Controls"),
        ("Exacq Technologies, Johnson Controls Inc.", "Johnson Controls"),
        ("Actaris", "Itron"),
        ("Bristol Babcock", "Emerson"),
        ("Moeller", "Eaton"),
        ("Klöckner-Moeller", "Eaton"),
        ("Cutler-Hammer", "Eaton"),
        ("LSIS", "LS ELECTRIC"),
        ("WAGO Kontakttechnik", "WAGO"),
        ("LCDS - LeÃ£o Consultoria e Desenvolvimento de Sistemas Ltda ME", "LCDS"),
        ("Delta", "Delta Electronics"),
        ("Dräger", "Draeger"),
        ("SEW Eurodrive", "SEW-EURODRIVE"),
        ("Rexroth", "Bosch Rexroth"),
        ("Saia-Burgess", "Honeywell"),
        ("Vacon", "Danfoss"),
        ("eWON", "HMS Networks"),
        ("Gossen Metrawatt", "GMC-I Messtechnik"),
    ] {
        let found = catalogue.resolve_vendors(text);
        let names: Vec<&str> = found.known().iter().map(|v| catalogue.vendor(*v).name.as_str()).collect();
        if !names.contains(&name) {
            problems.push(format!("`{text}`: expected `{name}`, found {names:?}"));
        }
    }
    report(&problems);
}

/// The families of a vendor that a designator or order number belongs to, with all that contain them.
fn families_of(catalogue: &Catalogue, vendor: &str, text: &str) -> Vec<String> {
    let mut found = catalogue
        .families_of_member(&squash(text))
        .into_iter()
        .map(|(f, _)| f)
        .filter(|f| catalogue.vendor(catalogue.family(*f).vendor).name == vendor)
        .collect();
    catalogue.add_containing(&mut found);
    found.into_iter().map(|f| catalogue.family(f).name.clone()).collect()
}

#[test]
fn members_are_found_in_their_family_and_not_in_its_sibling() {
    let catalogue = Catalogue::built_in();
    let mut problems = Vec::new();
    for (vendor, text, family, sibling) in [
        ("Mitsubishi Electric", "R04CPU", "MELSEC iQ-R CPU", "MELSEC iQ-R Safety CPU"),
        ("Mitsubishi Electric", "R120PSFCPU", "MELSEC iQ-R SIL2 Process CPU", "MELSEC iQ-R Process CPU"),
        ("Mitsubishi Electric", "RJ71EN71", "MELSEC iQ-R", "MELSEC iQ-R CPU"),
        ("Mitsubishi Electric", "FX5U 32MT/ES", "MELSEC iQ-F FX5U", "MELSEC iQ-F FX5UC"),
        ("Mitsubishi Electric", "FX5UJ-24MR/ES", "MELSEC iQ-F FX5UJ", "MELSEC iQ-F FX5U"),
        ("Mitsubishi Electric", "FX3U-16MT/DS", "MELSEC-F CPU", "MELSEC-F FX3UC"),
        ("Mitsubishi Electric", "Q13UDVCPU", "MELSEC Q CPU", "MELSEC Q QnUDE(H) CPU"),
        ("Mitsubishi Electric", "L02SCPU", "MELSEC L CPU", "MELSEC iQ-L"),
        ("Mitsubishi Electric", "L08HCPU", "MELSEC iQ-L", "MELSEC L"),
        ("Mitsubishi Electric", "GT2107-WTBD", "GOT2000 GT21", "GOT2000 GT27"),
        ("Mitsubishi Electric", "SW1DND-GXW3-E", "GX Works3", "GX Works2"),
        ("Omron", "CJ2M-CPU33", "SYSMAC CJ", "SYSMAC CJ2H"),
        ("Omron", "NX1P2-9024DT", "NJ/NX series", "NX102"),
        ("Yokogawa", "NFCP501-S05", "STARDOM FCN-500", "STARDOM FCN-100"),
        ("Yokogawa", "NTPF100", "Exaopc", "Exaquantum"),
        ("Moxa", "NPort 5110", "NPort 5100", "NPort 5100A"),
        ("Moxa", "NPort 5110A", "NPort 5100A", "NPort 5100"),
        ("Moxa", "AWK-3131A-EU-T", "AWK-3131A", "AWK-3131"),
        ("Moxa", "UC-2114-T-LX", "UC-2100-W", "UC-2100"),
        ("PHOENIX CONTACT", "2700974", "ILC 1x1", "ILC 1x0"),
        ("PHOENIX CONTACT", "2891 031", "FL SWITCH 3000", "FL SWITCH 4000"),
        ("PHOENIX CONTACT", "2200515", "mGuard", "FL MGUARD RS4000 TX/TX"),
        ("PHOENIX CONTACT", "2404267", "PLCnext Control", "AXC F 1152"),
        ("WAGO", "750-8212", "PFC200", "PFC100"),
        ("WAGO", "750-8100", "PFC100", "PFC200"),
        ("WAGO", "750-881", "750-88x", "PFC200"),
        ("WAGO", "762-5304/8000-002", "Touch Panel 600 Advanced Line", "Touch Panel 600 Marine Line"),
        ("Hirschmann", "RS20-0800T1T1SDAEHC", "Hirschmann RS20", "Hirschmann RS30"),
        ("ABB", "REF615", "Relion 615", "Relion 620"),
        ("ABB", "1SAP 535 100 R0001", "CP635", "CP635-WEB"),
        ("ABB", "1SAP120600R0071", "AC500-eCo", "AC500 V3"),
        ("Hitachi Energy", "530CID01 R0003", "RTU500 series", "RTU560"),
        ("Hitachi Energy", "REL670", "Relion 670", "Relion 650"),
        ("Hitachi Energy", "AFS675-AT22DDZTHHP3AFGZZX", "AFS67x", "AFS66x"),
        ("Hitachi Energy", "AFS665-SR", "AFS66x-SR", "AFS66x-S"),
        ("General Electric", "D60-N03-HKH-F8L-H6P-M8L-P6P-UXX-WXX", "Multilin UR", "Multilin D30"),
        ("General Electric", "IC695CPE330", "PACSystems RX3i", "PACSystems RX7i"),
        ("Emerson", "ROC809L", "ROC800", "ROC809"),
        ("Honeywell", "SC-UCMX01", "ControlEdge RTU", "ControlEdge PLC"),
        ("Honeywell", "CC-PCNT01", "C300", "C200"),
        ("Schweitzer Engineering Laboratories", "SEL-751", "SEL-751", "SEL-751A"),
        ("Schweitzer Engineering Laboratories", "3530-4", "SEL RTAC", "SEL-3505"),
        ("Johnson Controls", "MS-NAE5510-2", "Metasys NAE55", "Metasys NAE85/NIE85"),
        ("Tridium", "JACE-8000", "Niagara 4", "Niagara AX"),
        ("AutomationDirect", "EA9-T10CL", "C-more EA9", "C-more EA3 Micro"),
        ("AutomationDirect", "D0-06DD1", "DirectLOGIC", "DirectLOGIC 05"),
        ("Red Lion", "702M12-W", "N-Tron 702M12-W", "N-Tron 702-W"),
        ("Unitronics", "V570-57-T20B", "Vision 570", "Vision 530"),
        ("JTEKT", "TCC-6353", "TOYOPUC PC10G-CPU", "TOYOPUC PC10GE"),
        ("Landis+Gyr", "ZMD405CT44.0457.S2", "E650", "E850"),
        ("Carlo Gavazzi", "VMUCEMAWSSUX", "VMU-C EM", "VMU-C PV"),
        ("Carlo Gavazzi", "EM210-72D", "EM210", "EM21"),
        ("Janitza", "UMG 604-PRO", "UMG 604-PRO", "UMG 604"),
        ("Janitza", "UMG 96RM-E", "UMG 96 RM-E", "UMG 96 RM"),
        ("Eaton", "PXM4050", "Power Xpert Meter 4000/6000/8000", "Power Xpert Meter 2000"),
        ("Honeywell", "AS3000", "Elster AS3000", "Elster AS300"),
        ("Ovarro", "MS-CPU32-S2", "TBox MS-CPU32-S2", "TBox MS-CPU32"),
        ("IDEC", "FC6A-D16R1CEE", "FC6A Plus CPU", "FC6A All-in-One CPU"),
    ] {
        let found = families_of(&catalogue, vendor, text);
        if !found.iter().any(|f| f == family) {
            problems.push(format!("{vendor} `{text}`: expected `{family}`, found {found:?}"));
        }
        if found.iter().any(|f| f == sibling) {
            problems.push(format!("{vendor} `{text}`: expected not in `{sibling}`, found {found:?}"));
        }
    }
    report(&problems);
}

#[test]
fn former_names_lead_to_the_family_of_today() {
    let catalogue = Catalogue::built_in();
    for (phrase, family) in [
        ("InduSoft Web Studio", "AVEVA Edge"),
        ("InTouch Machine Edition", "AVEVA Edge"),
        ("Vijeo Citect", "AVEVA Plant SCADA"),
        ("Ellipse APM", "Lumada APM"),
        ("MicroSCADA Pro SYS600", "MicroSCADA SYS600"),
        ("Niagara4", "Niagara 4"),
        ("FAST/TOOLS", "FAST/TOOLS"),
        ("ILC 1x1", "ILC 1x1"),
        ("RTU500 series CMU Firmware", "RTU500 series"),
    ] {
        let found: Vec<&str> =
            catalogue.families_spelled(&squash(phrase)).iter().map(|f| catalogue.family(*f).name.as_str()).collect();
        assert!(found.contains(&family), "{phrase}: {found:?}");
    }
}

#[test]
fn software_is_no_hardware() {
    let catalogue = Catalogue::built_in();
    for (name, kind) in [
        ("GT Designer3", Kind::Software),
        ("PNOZmulti Configurator", Kind::Software),
        ("PNOZmulti", Kind::Hardware),
        ("CX-Programmer", Kind::Software),
        ("Sysmac Studio", Kind::Software),
        ("GOT VNC server", Kind::Component),
    ] {
        let (_, family) = catalogue.families().find(|(_, f)| f.name == name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(family.kind, kind, "{name}");
    }
}

#[test]
fn large_vendors_have_families() {
    let all = families();
    for (vendor, at_least) in [
        ("Mitsubishi Electric", 80),
        ("Delta Electronics", 30),
        ("Hitachi Energy", 40),
        ("Advantech", 12),
        ("ABB", 60),
        ("Omron", 35),
        ("Moxa", 70),
        ("General Electric", 60),
        ("Fuji Electric", 12),
        ("AVEVA", 20),
        ("Emerson", 25),
        ("Honeywell", 30),
        ("Yokogawa", 20),
        ("Johnson Controls", 25),
        ("PHOENIX CONTACT", 90),
        ("WAGO", 20),
        ("Schweitzer Engineering Laboratories", 50),
        ("CODESYS", 7),
        ("WECON", 3),
        ("FATEK Automation", 3),
        ("Horner Automation", 3),
        ("PTC", 5),
        ("AutomationDirect", 12),
        ("mySCADA", 1),
        ("iniNet Solutions", 1),
    ] {
        let n = all.iter().filter(|f| f.vendor == vendor).count();
        assert!(n >= at_least, "{vendor}: {n} families");
    }
}

/// Vendors that five or more of the OT advisories of CISA up to 2024 name, and how many do.
const MUCH_ADVISED: [(&str, usize); 37] = [
    ("Siemens", 522),
    ("Rockwell Automation", 131),
    ("Mitsubishi Electric", 82),
    ("Schneider Electric", 74),
    ("Delta Electronics", 58),
    ("Hitachi Energy", 53),
    ("Johnson Controls", 48),
    ("Advantech", 47),
    ("AVEVA", 36),
    ("Philips", 27),
    ("ABB", 27),
    ("Omron", 25),
    ("General Electric", 21),
    ("Moxa", 20),
    ("PHOENIX CONTACT", 19),
    ("Honeywell", 19),
    ("Fuji Electric", 16),
    ("Emerson", 16),
    ("Becton Dickinson", 15),
    ("WECON", 13),
    ("Yokogawa", 12),
    ("Sensormatic Electronics", 12),
    ("CODESYS", 12),
    ("AutomationDirect", 11),
    ("FATEK Automation", 10),
    ("WAGO", 9),
    ("Medtronic", 9),
    ("ICONICS", 9),
    ("Baxter", 9),
    ("iniNet Solutions", 8),
    ("PTC", 8),
    ("LCDS", 8),
    ("Horner Automation", 8),
    ("mySCADA", 6),
    ("Red Lion", 6),
    ("Geutebrück", 6),
    ("Eaton", 5),
];

#[test]
fn every_vendor_that_is_much_advised_has_other_names() {
    let vendors = vendors();
    let mut problems = Vec::new();
    for (name, n_advisories) in MUCH_ADVISED {
        let n_names = vendors
            .iter()
            .find(|vendor| vendor.name == name)
            .map_or(0, |vendor| vendor.aliases.len() + vendor.brands.len() + vendor.formerly.len());
        if n_names == 0 {
            problems.push(format!("`{name}` with {n_advisories} advisories has no other name"));
        }
    }
    report(&problems);
}

/// The fifteen makers of devices that are advised most. Some number their articles; the others order by type names,
/// which are members of families because their tails vary.
#[test]
fn the_largest_makers_have_their_order_numbers_and_families() {
    let schemes: Vec<SchemeEntry> = data_files().into_iter().flat_map(|(_, file)| file.scheme).collect();
    let families = families();
    let mut problems = Vec::new();
    for (vendor, numbers_articles, at_least) in [
        ("Siemens", true, 200),
        ("Rockwell Automation", true, 100),
        ("Mitsubishi Electric", true, 80),
        ("Schneider Electric", true, 100),
        ("Delta Electronics", false, 30),
        ("Hitachi Energy", true, 40),
        ("Johnson Controls", false, 25),
        ("Advantech", false, 12),
        ("ABB", true, 100),
        ("Omron", false, 35),
        ("General Electric", true, 60),
        ("Moxa", false, 70),
        ("PHOENIX CONTACT", true, 90),
        ("Honeywell", true, 40),
        ("Emerson", true, 40),
    ] {
        let has_scheme = schemes.iter().any(|scheme| scheme.vendor == vendor);
        let own: Vec<&FamilyEntry> = families.iter().filter(|family| family.vendor == vendor).collect();
        let n_with_members = own.iter().filter(|family| family.patterns().next().is_some()).count();
        if numbers_articles && !has_scheme {
            problems.push(format!("`{vendor}` has no scheme of order numbers"));
        }
        if own.len() < at_least || n_with_members * 3 < at_least {
            problems.push(format!("`{vendor}` has {} families, {n_with_members} with members", own.len()));
        }
    }
    report(&problems);
}

#[test]
fn meters_of_all_makers_are_known_by_their_type_plates() {
    let catalogue = Catalogue::built_in();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/catalogue/families/meters.toml");
    let file: File = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut makers: Vec<&str> = file.family.iter().map(|family| family.vendor.as_str()).collect();
    makers.sort_unstable();
    makers.dedup();
    assert!(makers.len() >= 40, "meters of {} makers", makers.len());
    let mut problems = Vec::new();
    for family in file.family.iter().filter(|family| !family.models.is_empty()) {
        let example = example_of(&family.models[0]);
        let found = families_of(&catalogue, &family.vendor, &example);
        if !found.contains(&family.name) && !family.not.iter().any(|not| Pattern::read(not).fits(&example)) {
            problems.push(format!("{} `{example}`: expected `{}`, found {found:?}", family.vendor, family.name));
        }
    }
    report(&problems);
}
