//! Which encoding a text file is written in, and its text as it streams by.

use std::io::{self, Read, Seek, SeekFrom};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::header;

/// How the bytes of a text file become text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextEncoding {
    Known(&'static Encoding),
    /// The DOS code page of Western Europe, which old programs and `cmd` still write.
    Cp850,
}

impl TextEncoding {
    /// The encoding with this label (`windows-1252`, `shift_jis`, `cp850`); `None` for an unknown one.
    pub fn from_label(label: &str) -> Option<TextEncoding> {
        match label.trim().to_ascii_lowercase().as_str() {
            "cp850" | "ibm850" | "850" => Some(TextEncoding::Cp850),
            other => Encoding::for_label(other.as_bytes()).map(TextEncoding::Known),
        }
    }

    /// The name to show: `UTF-8`, `windows-1252`, `cp850`.
    pub fn name(self) -> &'static str {
        match self {
            TextEncoding::Known(e) => e.name(),
            TextEncoding::Cp850 => "cp850",
        }
    }

    fn decode(self, bytes: &[u8]) -> (String, bool) {
        match self {
            TextEncoding::Known(e) => {
                let (text, faulty) = e.decode_without_bom_handling(bytes);
                (text.into_owned(), faulty)
            }
            TextEncoding::Cp850 => (bytes.iter().map(|b| cp850(*b)).collect(), false),
        }
    }
}

/// The bytes looked at to tell single-byte encodings apart.
const SAMPLE_BYTES: usize = 1 << 20;

/// Finds the encoding of a text file and leaves `source` at its first character. The second value is the length of the
/// byte-order mark. The whole file is looked through for bytes that are not UTF-8, in pieces.
pub fn detect(source: &mut (impl Read + Seek)) -> io::Result<(TextEncoding, u64)> {
    source.seek(SeekFrom::Start(0))?;
    let mut start = Vec::new();
    source.by_ref().take(4096).read_to_end(&mut start)?;
    let (found, bom) = match Encoding::for_bom(&start) {
        Some((encoding, length)) => (TextEncoding::Known(encoding), length as u64),
        None => match utf16_without_bom(&start) {
            Some(encoding) => (TextEncoding::Known(encoding), 0),
            None => {
                source.seek(SeekFrom::Start(0))?;
                match first_not_utf8(source)? {
                    None => (TextEncoding::Known(UTF_8), 0),
                    Some(place) => {
                        source.seek(SeekFrom::Start(place.saturating_sub(SAMPLE_BYTES as u64 / 4)))?;
                        let mut sample = Vec::new();
                        source.by_ref().take(SAMPLE_BYTES as u64).read_to_end(&mut sample)?;
                        (guess(&sample), 0)
                    }
                }
            }
        },
    };
    source.seek(SeekFrom::Start(bom))?;
    Ok((found, bom))
}

/// Text of Latin letters in UTF-16 has a zero byte in every second place.
fn utf16_without_bom(start: &[u8]) -> Option<&'static Encoding> {
    let pairs = start.len() / 2;
    let zeros = |offset: usize| start.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    // Headers in Asian scripts have few zeros, but separators and line ends still have them.
    match () {
        _ if pairs < 2 => None,
        _ if odd * 5 >= pairs && even * 20 < odd.max(1) => Some(UTF_16LE),
        _ if even * 5 >= pairs && odd * 20 < even.max(1) => Some(UTF_16BE),
        _ => None,
    }
}

/// Where the bytes stop being UTF-8; `None` when all are.
fn first_not_utf8(source: &mut impl Read) -> io::Result<Option<u64>> {
    let mut buffer = vec![0; 256 * 1024];
    let (mut kept, mut place) = (0, 0u64);
    loop {
        let read = source.read(&mut buffer[kept..])?;
        let filled = kept + read;
        match std::str::from_utf8(&buffer[..filled]) {
            Ok(_) => (place, kept) = (place + filled as u64, 0),
            Err(e) if e.error_len().is_some() || read == 0 => return Ok(Some(place + e.valid_up_to() as u64)),
            Err(e) => {
                let valid = e.valid_up_to();
                buffer.copy_within(valid..filled, 0);
                (place, kept) = (place + valid as u64, filled - valid);
            }
        }
        if read == 0 {
            return Ok(None);
        }
    }
}

/// The likeliest encoding of bytes that are not UTF-8: the detector's guess, unless another one reads more words that
/// inventories have in their headers, or reads letters where the guess reads signs.
fn guess(sample: &[u8]) -> TextEncoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    let first = TextEncoding::Known(detector.guess(None, Utf8Detection::Deny));
    let known = |label: &str| Encoding::for_label(label.as_bytes()).map(TextEncoding::Known);
    let others =
        ["windows-1252", "shift_jis", "euc-kr", "gbk", "windows-1250", "windows-1251", "big5", "euc-jp", "macintosh"];
    let candidates = std::iter::once(first).chain(others.iter().filter_map(|l| known(l))).chain([TextEncoding::Cp850]);
    let mut best = (i64::MIN, first);
    for candidate in candidates {
        let (text, faulty) = candidate.decode(sample);
        // A sample may begin and end inside a character, so a few faults do not rule an encoding out.
        let faults = text.chars().filter(|c| *c == '\u{fffd}').count();
        if faulty && faults > 2 {
            continue;
        }
        let score = header_words(&text) * 1000 + plausibility(&text) - faults as i64;
        // The detector has the first word: another candidate must be better by more than chance.
        let margin = if best.0 == i64::MIN { 0 } else { 2 };
        if best.0 == i64::MIN || score > best.0 + margin {
            best = (score, candidate);
        }
    }
    best.1
}

/// How many texts of the first lines are known header words that are not plain ASCII.
fn header_words(text: &str) -> i64 {
    text.lines()
        .take(40)
        .flat_map(|line| line.split([',', ';', '\t', '|']))
        .filter(|cell| !cell.is_ascii() && header::is_known(cell.trim_matches(['"', ' '])))
        .count() as i64
}

/// Letters where letters are expected count for, signs and odd capitals inside of words against.
fn plausibility(text: &str) -> i64 {
    let mut score = 0;
    let mut previous = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if !c.is_ascii() {
            let next = chars.peek().copied().unwrap_or(' ');
            let inside = previous.is_ascii_lowercase() || next.is_ascii_lowercase();
            score += match c {
                '\u{80}'..='\u{9f}' | '\u{fffd}' | '\u{e000}'..='\u{f8ff}' => -4,
                _ if !c.is_alphabetic() && previous.is_ascii_alphabetic() && next.is_ascii_alphabetic() => -3,
                _ if c.is_uppercase() && previous.is_lowercase() => -3,
                // A lone sign of a wide script between Latin letters is a wrong reading.
                _ if c as u32 > 0x2e80 && inside => -3,
                '\u{c0}'..='\u{17f}' if inside => 1,
                _ => 0,
            };
        }
        previous = c;
    }
    score
}

/// Text of a source, decoded piece by piece.
pub struct Decoded<R> {
    source: R,
    decoder: Option<Decoder>,
    input: Vec<u8>,
    ended: bool,
    /// Whether bytes were found that are no text in this encoding; each became `U+FFFD`.
    pub faulty: bool,
}

impl<R: Read> Decoded<R> {
    /// A decoder over `source`, which stands behind its byte-order mark.
    pub fn new(source: R, encoding: TextEncoding) -> Decoded<R> {
        let decoder = match encoding {
            TextEncoding::Known(e) => Some(e.new_decoder_without_bom_handling()),
            TextEncoding::Cp850 => None,
        };
        Decoded { source, decoder, input: vec![0; 128 * 1024], ended: false, faulty: false }
    }

    /// Appends the next piece of text; `false` at the end.
    pub fn read_into(&mut self, out: &mut String) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        let read = self.source.read(&mut self.input)?;
        self.ended = read == 0;
        match &mut self.decoder {
            None => out.extend(self.input[..read].iter().map(|b| cp850(*b))),
            Some(decoder) => {
                let mut bytes = &self.input[..read];
                loop {
                    let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3 + 16);
                    out.reserve(room);
                    let (result, used, faulty) = decoder.decode_to_string(bytes, out, self.ended);
                    self.faulty |= faulty;
                    bytes = &bytes[used..];
                    if matches!(result, encoding_rs::CoderResult::InputEmpty) {
                        break;
                    }
                }
            }
        }
        Ok(true)
    }
}

/// One byte of code page 850.
///
/// # Source
///
/// The Unicode mapping of IBM code page 850, bytes 80 to FF.
fn cp850(byte: u8) -> char {
    const HIGH: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎÏ┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}";
    if byte < 0x80 { byte as char } else { HIGH.chars().nth(byte as usize - 0x80).unwrap_or('\u{fffd}') }
}

/// Text that was UTF-8 and was read as Windows-1252 before it was saved (`GerÃ¤t`), put right; `None` when it was not.
pub fn unscramble(text: &str) -> Option<String> {
    if text.is_ascii() || !text.contains(['Ã', 'Â', 'â', 'Å', 'ã', 'ä', 'å', 'ì', 'ë', 'Ð', 'Ñ']) {
        return None;
    }
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1252.encode(text);
    if unmappable {
        return None;
    }
    let fixed = String::from_utf8(bytes.into_owned()).ok()?;
    (fixed.chars().count() < text.chars().count()).then_some(fixed)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    const GERMAN: &str = "Anlagenliste;;;;\nHersteller;Typ;Gerät;Größe;Prüfdatum\nSiemens;S7-1500;Förderband Zuführung;groß;Kläranlage\n";

    fn found(bytes: &[u8]) -> &'static str {
        detect(&mut Cursor::new(bytes)).unwrap().0.name()
    }

    #[test]
    fn ok_encodings_are_found_and_decoded() {
        let japanese = "メーカー,型番,シリアル番号,設置場所\n三菱電機,FX5U-64MT/ES,2150012,第一工場\nオムロン,NJ501-1400,15Y0332,塗装ライン\n";
        let korean =
            "제조사,모델명,펌웨어,설치위치\nLS일렉트릭,XGK-CPUE,V4.0,1공장 도장라인\n지멘스,CPU 1214C,V4.2,2공장\n";
        let russian = "Производитель;Модель;Серийный номер\nСименс;S7-1200;12345\nОвен;ПЛК160;98765\n";
        let chinese = "制造商,型号,序列号,固件版本\n西门子,S7-1200,12345,V4.2\n施耐德电气,M340,888,V2.6\n";
        for (label, text) in [
            ("windows-1252", GERMAN),
            ("macintosh", GERMAN),
            ("Shift_JIS", japanese),
            ("EUC-KR", korean),
            ("windows-1251", russian),
            ("GBK", chinese),
            ("UTF-8", japanese),
        ] {
            let encoding = Encoding::for_label(label.as_bytes()).unwrap();
            let (bytes, _, _) = encoding.encode(text);
            let mut source = Cursor::new(bytes.as_ref());
            let (encoding, _) = detect(&mut source).unwrap();
            assert_eq!(encoding.name(), label);
            let mut out = String::new();
            let mut decoded = Decoded::new(source, encoding);
            while decoded.read_into(&mut out).unwrap() {}
            assert_eq!(out, text, "{label}");
        }
        let cp850: Vec<u8> = GERMAN.chars().map(|c| (0..=255u8).find(|b| super::cp850(*b) == c).unwrap()).collect();
        assert_eq!(found(&cp850), "cp850");
        assert_eq!(found(b"\xef\xbb\xbfa;b"), "UTF-8");
        assert_eq!(found(b"\xff\xfea\0;\0b\0"), "UTF-16LE");
        assert_eq!(found(b"a\0;\0b\0\r\0\n\0"), "UTF-16LE");
        assert_eq!(found(b"\0a\0;\0b\0\r\0\n"), "UTF-16BE");
    }

    #[test]
    fn scrambled_utf8_is_put_right_and_other_text_left_alone() {
        for (scrambled, right) in
            [("GerÃ¤t", "Gerät"), ("FÃ¶rderband ZufÃ¼hrung", "Förderband Zuführung"), ("AuÃŸenlager", "Außenlager")]
        {
            assert_eq!(unscramble(scrambled).as_deref(), Some(right));
        }
        for text in ["Gerät", "Ãrea", "plain", "Âge", "SÃO PAULO"] {
            assert_eq!(unscramble(text), None, "{text}");
        }
    }
}
