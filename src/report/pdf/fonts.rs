//! The faces that PDFs are set in: IBM Plex, as published, embedded in the file as the glyphs that it uses.
//!
//! They hold Latin, Greek and Cyrillic. A character that none of them has is set as its number in a frame (see
//! [`super::page`]), so that it is never lost; the HTML report shows it with the fonts of the reader's machine.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::ZlibDecoder;
use krilla::text::Font;
use rustc_hash::FxHashMap;

/// A typeface in one weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    Sans,
    SansBold,
    Condensed,
    CondensedBold,
    /// For identifiers: order number, serial number, firmware, ids. Its zero has a dot.
    Mono,
    MonoBold,
}

const FILES: [&[u8]; 6] = [
    include_bytes!("../../../assets/fonts/IBMPlexSans-Regular.woff"),
    include_bytes!("../../../assets/fonts/IBMPlexSans-SemiBold.woff"),
    include_bytes!("../../../assets/fonts/IBMPlexSansCondensed-Regular.woff"),
    include_bytes!("../../../assets/fonts/IBMPlexSansCondensed-SemiBold.woff"),
    include_bytes!("../../../assets/fonts/IBMPlexMono-Regular.woff"),
    include_bytes!("../../../assets/fonts/IBMPlexMono-SemiBold.woff"),
];

/// One face, ready to be measured and drawn with.
pub(super) struct LoadedFace {
    pub font: Font,
    /// Glyph and advance, in ems, by character.
    glyphs: FxHashMap<char, (u16, f32)>,
}

/// How one character is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Set {
    /// With this glyph of this face, which is another than asked for where that one lacks it.
    Glyph { face: Face, glyph: u16, advance: f32 },
    /// With its number in a frame.
    Frame,
}

/// The width of a framed number, in ems.
pub(super) const FRAME_ADVANCE: f32 = 0.94;

impl Set {
    /// The advance in ems.
    pub fn advance(self) -> f32 {
        match self {
            Set::Glyph { advance, .. } => advance,
            Set::Frame => FRAME_ADVANCE,
        }
    }
}

/// All faces. Loaded once; drawing with them from several threads is safe.
pub(super) static FACES: LazyLock<Faces> = LazyLock::new(Faces::load);

pub(super) struct Faces {
    /// In the order of [`Face`]; a file that cannot be read leaves `None`, and its characters get frames.
    loaded: [Option<LoadedFace>; 6],
}

impl Faces {
    fn load() -> Faces {
        Faces { loaded: FILES.map(|file| unpack(file).and_then(load_face)) }
    }

    pub fn get(&self, face: Face) -> Option<&LoadedFace> {
        self.loaded[face as usize].as_ref()
    }

    /// How the character is set when this face is asked for.
    pub fn set(&self, face: Face, c: char) -> Set {
        let plain = if matches!(face, Face::SansBold | Face::CondensedBold | Face::MonoBold) {
            [face, Face::SansBold, Face::MonoBold]
        } else {
            [face, Face::Sans, Face::Mono]
        };
        for face in plain {
            if let Some((glyph, advance)) = self.get(face).and_then(|loaded| loaded.glyphs.get(&c)) {
                return Set::Glyph { face, glyph: *glyph, advance: *advance };
            }
        }
        Set::Frame
    }

    /// The width of a text in points.
    pub fn width(&self, face: Face, size: f32, text: &str) -> f32 {
        text.chars().map(|c| self.set(face, c).advance()).sum::<f32>() * size
    }
}

fn load_face(bytes: Vec<u8>) -> Option<LoadedFace> {
    let mut glyphs = FxHashMap::default();
    {
        let face = ttf_parser::Face::parse(&bytes, 0).ok()?;
        let em = f32::from(face.units_per_em());
        let tables = face.tables().cmap?;
        for table in tables.subtables.into_iter().filter(ttf_parser::cmap::Subtable::is_unicode) {
            table.codepoints(|code| {
                let Some(c) = char::from_u32(code) else { return };
                if let Some(glyph) = face.glyph_index(c) {
                    let advance = f32::from(face.glyph_hor_advance(glyph).unwrap_or(0)) / em;
                    glyphs.insert(c, (glyph.0, advance));
                }
            });
        }
    }
    Some(LoadedFace { font: Font::new(bytes.into(), 0)?, glyphs })
}

/// The font inside a WOFF file: the same tables, each deflated. `None` when the file is damaged.
///
/// # Source
///
/// W3C, WOFF File Format 1.0, sections 4 and 5.
fn unpack(woff: &[u8]) -> Option<Vec<u8>> {
    let u32_at = |at: usize| Some(u32::from_be_bytes(woff.get(at..at + 4)?.try_into().ok()?));
    if woff.get(..4)? != b"wOFF" {
        return None;
    }
    let n_tables = u16::from_be_bytes(woff.get(12..14)?.try_into().ok()?);
    let mut directory = Vec::with_capacity(12 + 16 * usize::from(n_tables));
    directory.extend_from_slice(woff.get(4..8)?);
    directory.extend_from_slice(&n_tables.to_be_bytes());
    let power = n_tables.checked_ilog2()?;
    let range = 16u16.checked_shl(power)?;
    for word in [range, power as u16, (16 * n_tables).checked_sub(range)?] {
        directory.extend_from_slice(&word.to_be_bytes());
    }
    let mut body: Vec<u8> = Vec::new();
    for n in 0..usize::from(n_tables) {
        let entry = 44 + 20 * n;
        let (offset, packed, length) = (u32_at(entry + 4)?, u32_at(entry + 8)?, u32_at(entry + 12)?);
        let bytes = woff.get(offset as usize..offset as usize + packed as usize)?;
        directory.extend_from_slice(woff.get(entry..entry + 4)?);
        directory.extend_from_slice(woff.get(entry + 16..entry + 20)?);
        directory.extend_from_slice(&(12 + 16 * u32::from(n_tables) + body.len() as u32).to_be_bytes());
        directory.extend_from_slice(&length.to_be_bytes());
        if packed < length {
            ZlibDecoder::new(bytes).take(u64::from(length)).read_to_end(&mut body).ok()?;
        } else {
            body.extend_from_slice(bytes);
        }
        body.resize(body.len().next_multiple_of(4), 0);
    }
    directory.extend(body);
    Some(directory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_is_read_and_has_what_plants_write() {
        for face in [Face::Sans, Face::SansBold, Face::Condensed, Face::CondensedBold, Face::Mono, Face::MonoBold] {
            assert!(FACES.get(face).is_some(), "{face:?}");
            for c in "PM8000 äöüßÄÉñŁódź Київ Ελλάδα – … “” ≤ × · • € °".chars() {
                assert!(matches!(FACES.set(face, c), Set::Glyph { .. }), "{face:?} has no {c}");
            }
        }
    }

    #[test]
    fn what_no_face_has_gets_a_frame() {
        for c in "主変電所한글مصنع😀".chars() {
            assert_eq!(FACES.set(Face::Sans, c), Set::Frame, "{c}");
        }
    }

    #[test]
    fn a_mono_face_has_one_width() {
        let width = |text| FACES.width(Face::Mono, 10.0, text);
        assert_eq!(width("WWWW"), width("i.l1"));
        assert!(FACES.width(Face::Sans, 10.0, "WWWW") > FACES.width(Face::Sans, 10.0, "i.l1"));
    }

    #[test]
    fn a_damaged_file_is_no_font() {
        for end in [0, 3, 44, 200] {
            assert!(unpack(&FILES[0][..end]).is_none(), "{end}");
        }
        assert!(unpack(b"OTTO").is_none());
    }
}
