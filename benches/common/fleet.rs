//! A large fleet for measurements: devices whose names come from the product trees of real advisories, the same file for
//! the same numbers. A few nameplates make up most rows, as in a plant.

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use nameplate::domain::advisory::Advisory;
use nameplate::domain::product::BranchCategory;
use nameplate::ingest::csaf::load::{LoadOptions, load};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Rows, nameplates with a firmware, sites.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub assets: usize,
    pub variants: usize,
    pub sites: usize,
}

impl Size {
    /// A million assets in 50,000 variants at 500 sites, or what `NAMEPLATE_BENCH_ASSETS` says in the same proportion.
    #[allow(dead_code)]
    pub fn asked() -> Size {
        let assets = std::env::var("NAMEPLATE_BENCH_ASSETS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
        Size { assets, variants: (assets / 20).max(1), sites: (assets / 2_000).max(1) }
    }
}

/// The folder of CSAF documents to measure on.
pub fn corpus() -> PathBuf {
    match std::env::var("NAMEPLATE_CORPUS") {
        Ok(folder) => PathBuf::from(folder),
        Err(_) => {
            eprintln!("NAMEPLATE_CORPUS names no folder of CSAF documents; measuring on the samples of the project");
            Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_advisories")
        }
    }
}

/// The advisories under this folder.
pub fn advisories(folder: &Path) -> Vec<Arc<Advisory>> {
    let loaded = load(&[folder.to_path_buf()], &LoadOptions::default(), &mut |_| {});
    loaded.documents.into_iter().filter_map(|d| d.result.ok()).map(|read| Arc::new(read.advisory)).collect()
}

/// Vendor, product, order number, version text.
type Named = (String, String, String, String);

/// Writes the fleet as a CSV file.
#[allow(dead_code)]
pub fn write_fleet(path: &Path, size: Size, advisories: &[Arc<Advisory>]) -> io::Result<()> {
    let mut random = StdRng::seed_from_u64(1);
    let plates = plates(size.variants, advisories, &mut random);
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    writeln!(out, "asset_id,site,area,vendor,model,part_number,serial_number,firmware,hardware_revision,notes")?;
    for n in 0..size.assets {
        let at =
            if n < plates.len() { n } else { (plates.len() as f64 * random.gen_range(0.0..1.0_f64).powi(3)) as usize };
        let (vendor, product, order, firmware) = &plates[at];
        writeln!(
            out,
            "A{n:08},Site {:04},Area {},{},{},{},SN{:09},{},,",
            n % size.sites,
            n % 17,
            quoted(vendor),
            quoted(product),
            quoted(order),
            n * 7919 % 1_000_000_000,
            quoted(firmware)
        )?;
    }
    out.flush()
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Distinct nameplates with a firmware: three in four of a device that an advisory names.
fn plates(n: usize, advisories: &[Arc<Advisory>], random: &mut StdRng) -> Vec<Named> {
    let named: BTreeSet<Named> = advisories
        .iter()
        .flat_map(|advisory| &advisory.products)
        .map(|product| {
            let name = product.branch_names(&BranchCategory::ProductName).last().unwrap_or(&product.name);
            let order = product.helper.model_numbers.first().cloned().unwrap_or_default();
            (
                product.vendor().trim().to_owned(),
                name.trim().to_owned(),
                order,
                product.version_text().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let named: Vec<Named> = named.into_iter().collect();
    let mut seen: BTreeSet<Named> = BTreeSet::new();
    let mut plates = Vec::with_capacity(n);
    while plates.len() < n && !named.is_empty() {
        let (vendor, product, order, version) = &named[random.gen_range(0..named.len())];
        let firmware = firmware(version, random);
        let plate = if random.gen_range(0..4) == 0 {
            let series = ["TX", "QRN", "Helios", "DX", "Omni"][random.gen_range(0..5)];
            (vendor.clone(), format!("{series}-{}", random.gen_range(100..100_000)), String::new(), firmware)
        } else {
            (vendor.clone(), product.clone(), order.clone(), firmware)
        };
        if seen.insert(plate.clone()) {
            plates.push(plate);
        }
    }
    plates
}

/// A version near one of those in the text; blank for one device in eight.
fn firmware(text: &str, random: &mut StdRng) -> String {
    if random.gen_range(0..8) == 0 {
        return String::new();
    }
    let versions: Vec<Vec<i64>> = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .map(|word| word.split('.').filter_map(|digits| digits.parse().ok()).take(4).collect::<Vec<i64>>())
        .filter(|parts| !parts.is_empty())
        .collect();
    let mut parts = match versions.len() {
        0 => vec![random.gen_range(1..10), random.gen_range(0..21), random.gen_range(0..10)],
        n => versions[random.gen_range(0..n)].clone(),
    };
    let at = random.gen_range(0..parts.len());
    parts[at] = parts[at].saturating_add([-2, -1, 0, 0, 1, 2][random.gen_range(0..6)]).max(0);
    let version = parts.iter().map(i64::to_string).collect::<Vec<_>>().join(".");
    format!("{}{version}", ["V", "", "FW ", "v"][random.gen_range(0..4)])
}

/// Prints how long a step took, how much of it this process was at work, and the most memory it had so far.
pub struct Clock(Instant, u64);

impl Clock {
    pub fn start() -> Clock {
        Clock(Instant::now(), cpu_ms())
    }

    /// Prints the step and begins the next one; gives the milliseconds of the step.
    pub fn lap(&mut self, step: &str) -> u128 {
        let ms = self.0.elapsed().as_millis();
        println!("{ms:>8} ms  {:>8} ms at work  {:>6} MB at most  {step}", cpu_ms() - self.1, peak_mb());
        *self = Clock::start();
        ms
    }
}

/// The processor time of this process so far, where the system tells it (Linux, in its usual ticks of 10 ms).
pub fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

/// The most memory that this process ever had, where the system tells it (Linux).
pub fn peak_mb() -> u64 {
    memory_mb("VmHWM:")
}

/// The memory that this process has now, where the system tells it (Linux).
#[allow(dead_code)]
pub fn resident_mb() -> u64 {
    memory_mb("VmRSS:")
}

fn memory_mb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
