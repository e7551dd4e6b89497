//! The container of XLS files and of encrypted workbooks: streams in sectors.
//!
//! # Source
//!
//! MS-CFB, sections 2.2 (header), 2.3 (FAT), 2.4 (mini FAT), 2.6 (directory).

/// The streams of a compound file.
pub struct Compound<'a> {
    bytes: &'a [u8],
    sector_size: usize,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini_stream: Vec<u8>,
    entries: Vec<Entry>,
}

struct Entry {
    name: String,
    start: u32,
    size: usize,
}

/// Sector numbers from here on are marks and no sectors.
const MARKS: u32 = 0xFFFF_FFFA;
/// Streams below this size live in the mini stream.
const MINI_BELOW: usize = 4096;

impl<'a> Compound<'a> {
    /// Reads the directory; `None` when the file is cut off or no compound file.
    pub fn open(bytes: &'a [u8]) -> Option<Compound<'a>> {
        let header = bytes.get(..512)?;
        let shift = u16_at(header, 30)?;
        let sector_size = match shift {
            9 => 512,
            12 => 4096,
            _ => return None,
        };
        let mut compound = Compound {
            bytes,
            sector_size,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_stream: Vec::new(),
            entries: Vec::new(),
        };
        // The first 109 sectors of the FAT are named in the header, further ones in a chain.
        let mut fat_sectors: Vec<u32> = (0..109).filter_map(|i| u32_at(header, 76 + i * 4)).collect();
        let mut next = u32_at(header, 68)?;
        let most = bytes.len() / sector_size + 1;
        for _ in 0..most {
            let Some(sector) = compound.sector(next) else { break };
            let numbers: Vec<u32> = (0..sector_size / 4).filter_map(|i| u32_at(sector, i * 4)).collect();
            fat_sectors.extend(&numbers[..numbers.len() - 1]);
            next = numbers[numbers.len() - 1];
        }
        for id in fat_sectors.into_iter().filter(|id| *id < MARKS).take(most) {
            let Some(sector) = compound.sector(id) else { continue };
            let numbers: Vec<u32> = (0..sector_size / 4).filter_map(|i| u32_at(sector, i * 4)).collect();
            compound.fat.extend(numbers);
        }
        let directory = compound.chain(u32_at(header, 48)?, usize::MAX);
        for entry in directory.chunks_exact(128) {
            let length = usize::from(u16_at(entry, 64)?).min(64);
            let units: Vec<u16> =
                (0..length / 2).filter_map(|i| u16_at(entry, i * 2)).take_while(|u| *u != 0).collect();
            compound.entries.push(Entry {
                name: String::from_utf16_lossy(&units),
                start: u32_at(entry, 116)?,
                size: u32_at(entry, 120)? as usize,
            });
        }
        let (root_start, root_size) = compound.entries.first().map(|r| (r.start, r.size))?;
        let mini_fat = compound.chain(u32_at(header, 60)?, usize::MAX);
        compound.mini_fat = (0..mini_fat.len() / 4).filter_map(|i| u32_at(&mini_fat, i * 4)).collect();
        compound.mini_stream = compound.chain(root_start, root_size);
        Some(compound)
    }

    /// Whether there is a stream of this name.
    pub fn has(&self, name: &str) -> bool {
        self.entries.iter().any(|e| e.name.eq_ignore_ascii_case(name))
    }

    /// The bytes of a stream; `None` when there is none of this name. A stream that is cut off gives what is there.
    pub fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.entries.iter().find(|e| e.name.eq_ignore_ascii_case(name))?;
        if entry.size >= MINI_BELOW {
            return Some(self.chain(entry.start, entry.size));
        }
        let mut out = Vec::new();
        let mut id = entry.start;
        for _ in 0..=self.mini_fat.len() {
            let from = id as usize * 64;
            let Some(sector) =
                (id < MARKS).then(|| self.mini_stream.get(from..(from + 64).min(self.mini_stream.len()))).flatten()
            else {
                break;
            };
            out.extend_from_slice(sector);
            id = self.mini_fat.get(id as usize).copied().unwrap_or(u32::MAX);
        }
        out.truncate(entry.size);
        Some(out)
    }

    fn sector(&self, id: u32) -> Option<&'a [u8]> {
        let from = (id < MARKS).then_some((id as usize + 1) * self.sector_size)?;
        self.bytes.get(from..from + self.sector_size)
    }

    /// The sectors of a chain; it ends at its mark, at the end of the file, or when it is longer than the file.
    fn chain(&self, start: u32, size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut id = start;
        for _ in 0..=self.fat.len() {
            let from = (id as usize).saturating_add(1).saturating_mul(self.sector_size);
            if id >= MARKS || from >= self.bytes.len() || out.len() >= size {
                break;
            }
            out.extend_from_slice(&self.bytes[from..(from + self.sector_size).min(self.bytes.len())]);
            id = self.fat.get(id as usize).copied().unwrap_or(u32::MAX);
        }
        out.truncate(size);
        out
    }
}

/// Two bytes, little end first.
pub fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Four bytes, little end first.
pub fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
