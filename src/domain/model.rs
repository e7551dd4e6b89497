//! The forms of product names: tokens, placeholders and lists. Pure form, no knowledge of any product.

use super::vendor::fold;

/// One run of letters and digits of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Folded.
    pub text: String,
    /// As written.
    pub raw: String,
    /// Number of the chunk it stands in.
    pub chunk: u32,
    /// Number of the blank-separated word it stands in.
    pub word: u32,
    /// A dot follows it in the word.
    pub is_dotted: bool,
}

impl Token {
    /// Whether the token holds a digit.
    pub fn has_digit(&self) -> bool {
        self.text.bytes().any(|b| b.is_ascii_digit())
    }
}

/// The tokens of a text. Blanks, commas and their like end a chunk; dashes, slashes and dots only end a token.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut found: Vec<Token> = Vec::new();
    let mut chunk = 0;
    for (word, written) in text.split_whitespace().enumerate() {
        let mut raw = String::new();
        let end_token = |raw: &mut String, chunk: u32, found: &mut Vec<Token>| {
            if !raw.is_empty() {
                let raw = std::mem::take(raw);
                let text: String = fold(&raw).chars().filter(|c| c.is_alphanumeric()).collect();
                if !text.is_empty() {
                    found.push(Token { text, raw, chunk, word: word as u32, is_dotted: false });
                }
            }
        };
        for c in written.chars() {
            if c.is_alphanumeric() {
                raw.push(c);
            } else if !matches!(c, '™' | '®' | '©' | '\u{200b}' | '\u{feff}') {
                // Marks inside a word do not end it.
                end_token(&mut raw, chunk, &mut found);
                if let Some(last) = found.last_mut().filter(|last| last.chunk == chunk) {
                    last.is_dotted = c == '.';
                }
                if matches!(c, ',' | ';' | ':' | '(' | ')' | '"' | '“' | '”' | '|' | '\'' | '’') {
                    chunk += 1;
                }
            }
        }
        end_token(&mut raw, chunk, &mut found);
        chunk += 1;
    }
    found
}

/// Glues optional letters to the designator they belong to: "R04 (EN) CPU" is `R04(EN)CPU`, "BMX NOE 0100 (H)" is
/// `0100(H)`.
fn glue_options(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut glued: Vec<String> = Vec::new();
    let mut at = 0;
    let is_capital = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_uppercase());
    while at < words.len() {
        let inside = words[at].strip_prefix('(').and_then(|w| w.strip_suffix(')'));
        let after_digit = glued.last().is_some_and(|g| g.ends_with(|c: char| c.is_ascii_digit()));
        match inside {
            Some(option) if after_digit && option.len() <= 2 && is_capital(option) => {
                let next = words.get(at + 1).filter(|w| is_capital(w) && w.ends_with("CPU")).copied();
                if let Some(last) = glued.last_mut() {
                    last.push_str(words[at]);
                    last.push_str(next.unwrap_or(""));
                }
                at += 1 + usize::from(next.is_some());
            }
            _ => {
                glued.push(words[at].to_owned());
                at += 1;
            }
        }
    }
    glued.join(" ")
}

/// Takes the blanks from around the dash of "1756 - L8z" and "2080 -L50E".
fn join_bulletin_numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut joined = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let dash = if chars[at] == ' ' && chars.get(at + 1) == Some(&'-') { Some(at + 1) } else { None };
        let digits_before = joined.chars().rev().take_while(char::is_ascii_digit).count();
        if let Some(dash) = dash.filter(|_| digits_before == 4) {
            let next = if chars.get(dash + 1) == Some(&' ') { dash + 2 } else { dash + 1 };
            if chars.get(next).is_some_and(char::is_ascii_uppercase)
                && chars.get(next + 1).is_some_and(char::is_ascii_digit)
            {
                joined.push('-');
                at = next;
                continue;
            }
        }
        joined.push(chars[at]);
        at += 1;
    }
    joined
}

/// A text with its remarks in parentheses taken out, outermost ones whole.
///
/// Parentheses that stand inside a word (`R04(EN)CPU`, `277(F)`) belong to the word and stay.
pub fn take_remarks(text: &str) -> (String, Vec<String>) {
    let mut kept = String::with_capacity(text.len());
    let mut remarks = Vec::new();
    let mut remark = String::new();
    let mut depth = 0usize;
    let chars: Vec<char> = text.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let c = chars[at];
        let glued = |at: usize| chars[at - 1].is_alphanumeric() || chars[at - 1] == '-';
        if depth == 0 && c == '(' && at > 0 && glued(at) {
            let inside: String = chars[at + 1..].iter().take_while(|c| **c != ')').collect();
            let is_letters = |c: char| c.is_ascii_uppercase() || c == '/' || c == '-';
            // "QJ72LP25(-25/G/GE)": short options one after another.
            let is_option = |o: &str| o.len() <= 3 && o.chars().all(|c| is_letters(c) || c.is_ascii_digit());
            let are_options = inside.starts_with('-') && inside.contains('/') && inside.split('/').all(is_option);
            let is_short = inside.chars().count() <= 5 && inside.chars().all(is_letters);
            if (is_short || are_options) && !inside.is_empty() {
                kept.push('(');
                kept.push_str(&inside);
                kept.push(')');
                at += inside.chars().count() + 2;
                continue;
            }
        }
        match c {
            '(' => {
                if depth > 0 {
                    remark.push(c);
                }
                depth += 1;
            }
            ')' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    remarks.push(std::mem::take(&mut remark).trim().to_owned());
                    kept.push(' ');
                } else {
                    remark.push(c);
                }
            }
            c if depth > 0 => remark.push(c),
            c => kept.push(c),
        }
        at += 1;
    }
    // A remark that never ends was cut off; what is there still counts.
    if !remark.trim().is_empty() {
        remarks.push(remark.trim().to_owned());
    }
    (kept, remarks)
}

/// Unifies the signs that stand for "any character" and cuts the legend of placeholders (`x=32,64,80, y=T,R`).
pub fn unify_placeholders(text: &str) -> String {
    let mut unified =
        join_bulletin_numbers(&glue_options(text)).replace("[ ]", "□").replace("[]", "□").replace('■', "□");
    if unified.contains('□') {
        // Blanks around a sign are typesetting: `CJ1G-CPU □ □ P`.
        while unified.contains("□ □") {
            unified = unified.replace("□ □", "□□");
        }
        unified = unified.replace(" □", "□").replace("□ ", "□");
    }
    for name in ["x", "y", "z"] {
        for start in [format!(" {name}="), format!(" {name} ="), format!("({name}=")] {
            if let Some(at) = unified.find(&start) {
                let rest = &unified[at + 1..];
                let end = [" with ", " Serial", " serial", " (", ") "]
                    .iter()
                    .filter_map(|stop| rest.find(stop))
                    .min()
                    .unwrap_or(rest.len());
                unified = format!("{} {}", &unified[..at], &rest[end..]);
            }
        }
    }
    unified
}

/// The pattern that a chunk with placeholders stands for, or `None` when it has none: `BMXP34*`, `750-82xx/xxx-xxx`,
/// `1756-L8z`, `CJ2M-CPU□□`, `FX5U-xMy/z`, `AFS67X`.
///
/// Signs at the end stand for any run, because lists rarely care how long the tail of an order number is.
pub fn placeholder_pattern(chunk: &str) -> Option<String> {
    let chars: Vec<char> = chunk.chars().collect();
    // `V4.x` is a generation.
    let mut version = chunk.strip_prefix(['v', 'V']).unwrap_or("").split('.');
    if version.next().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        && version.next().is_some()
    {
        return None;
    }
    let shouting = chars.iter().all(|c| !c.is_lowercase() || matches!(c, 'x' | 'y' | 'z'));
    let digits_or_shouting =
        chars.iter().any(char::is_ascii_digit) || chars.iter().filter(|c| c.is_uppercase()).count() >= 2;
    let mut pattern = String::new();
    let mut n_signs = 0;
    let mut n_given = 0;
    for (at, c) in chars.iter().copied().enumerate() {
        let before = at.checked_sub(1).map(|n| chars[n]);
        let after = chars.get(at + 1).copied();
        let free_before = before.is_none_or(|b| !b.is_alphanumeric());
        let sign = match c {
            '*' => Some('*'),
            '□' | '?' => Some('?'),
            'x' | 'y' | 'z' if shouting && digits_or_shouting => {
                if free_before && c == 'x' && after.is_some_and(|a| a.is_uppercase()) {
                    Some('+')
                } else if before.is_some_and(|b| b.is_ascii_digit() || matches!(b, 'x' | '*'))
                    || (after.is_none() && chars.len() > 3)
                    || (c == 'y' && before.is_some_and(char::is_uppercase))
                    || (after == Some('x') && c == 'x')
                    || (free_before && after.is_none_or(|a| !a.is_alphanumeric()))
                {
                    Some('?')
                } else {
                    None
                }
            }
            'X' if before.is_some_and(|b| b.is_ascii_digit() || b == 'X')
                && after.is_none_or(|a| !a.is_alphanumeric() || a == 'X')
                && chars.iter().filter(|c| c.is_alphanumeric()).count() > 3 =>
            {
                Some('?')
            }
            _ => None,
        };
        match sign {
            Some(sign) => {
                n_signs += 1;
                pattern.push(sign);
            }
            None => {
                if c.is_alphanumeric() {
                    n_given += 1;
                    pattern.push(c);
                }
            }
        }
    }
    // `3xxx` beside a family's name: a number of that length.
    let numeric = chars.iter().all(|c| c.is_ascii_digit() || matches!(c, 'x' | 'X')) && chars.len() >= 3;
    if numeric && n_signs > 0 && n_given > 0 {
        return Some(pattern);
    }
    if n_signs == 0 || n_given < 2 {
        return None;
    }
    let given = pattern.trim_end_matches(['?', '*', '+']);
    if given.len() < pattern.len() {
        pattern = format!("{given}*");
    }
    Some(pattern)
}

/// The chunks that a chunk with a slash or optional letters stands for; one chunk when it has neither.
///
/// `R04/08(EN)CPU` stands for four, `PXC12/22/36-E.D` for three, `XB-200/XC-200` for two. `FX5U-32MT/ES`, `PN/DP`
/// and `1756-EN2T/D` are one name each.
pub fn expand_chunk(chunk: &str) -> Vec<String> {
    let mut open = vec![chunk.to_owned()];
    // Optional letters first: with and without.
    for _ in 0..2 {
        let mut next = Vec::new();
        for text in &open {
            match (text.find('('), text.find(')')) {
                (Some(a), Some(b)) if a < b => {
                    let inside = &text[a + 1..b];
                    next.push(format!("{}{}", &text[..a], &text[b + 1..]));
                    for option in inside.split('/') {
                        next.push(format!("{}{}{}", &text[..a], option, &text[b + 1..]));
                    }
                }
                _ => next.push(text.clone()),
            }
        }
        open = next;
    }
    open.iter().flat_map(|text| expand_slashes(text)).collect()
}

fn expand_slashes(chunk: &str) -> Vec<String> {
    let parts: Vec<&str> = chunk.split('/').filter(|p| !p.is_empty()).collect();
    let whole = || vec![chunk.to_owned()];
    let [first, .., last] = parts.as_slice() else { return whole() };
    let is_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let leading_digits = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    let has_digit = |t: &str| t.bytes().any(|b| b.is_ascii_digit());
    let has_letter = |t: &str| t.chars().any(char::is_alphabetic);
    let trailing = first.bytes().rev().take_while(u8::is_ascii_digit).count();
    // Numbers that share the letters in front and behind: Q03/04/06UDVCPU, PXC12/22/36-E.D, Micro850/870.
    if trailing > 0
        && parts[1..parts.len() - 1].iter().all(|p| is_digits(p))
        && (1..=trailing + 1).contains(&leading_digits(last))
        && (has_letter(first) || has_letter(last))
        // `750-82xx/000-000` and `M7650/1200` are no lists of two numbers: the second is longer or has its own joint.
        && !last[leading_digits(last)..].starts_with("-0")
    {
        let prefix = &first[..first.len() - trailing];
        let suffix = &last[leading_digits(last)..];
        let numbers = std::iter::once(&first[first.len() - trailing..])
            .chain(parts[1..parts.len() - 1].iter().copied())
            .chain(std::iter::once(&last[..leading_digits(last)]));
        return numbers.map(|n| format!("{prefix}{n}{suffix}")).collect();
    }
    // The letter behind the number goes on in the alphabet: "4351A/B" is 4351A or 4351B; `1756-L85E/B` is no list.
    let letter = |t: &str| matches!(t.as_bytes(), [b] if b.is_ascii_uppercase()).then(|| t.as_bytes()[0]);
    if let Some(last) = first.bytes().last().filter(u8::is_ascii_uppercase)
        && first.len() >= 4
        && first.as_bytes()[first.len() - 2].is_ascii_digit()
        && (1u8..).zip(&parts[1..]).all(|(n, part)| letter(part) == last.checked_add(n))
    {
        let number = &first[..first.len() - 1];
        return std::iter::once((*first).to_owned()).chain(parts[1..].iter().map(|p| format!("{number}{p}"))).collect();
    }
    // The last letter changes: XGK-CPUU/H/A/S/E.
    let ends_in_letters = first.len() >= 4 && first.bytes().rev().take_while(u8::is_ascii_uppercase).count() >= 3;
    let is_ending = |t: &&str| t.len() <= 2 && t.bytes().all(|b| b.is_ascii_uppercase());
    if parts.len() >= 3 && ends_in_letters && parts[1..].iter().all(is_ending) {
        let stem = &first[..first.len() - 1];
        return std::iter::once((*first).to_owned()).chain(parts[1..].iter().map(|p| format!("{stem}{p}"))).collect();
    }
    // Plain numbers of one length behind a word: "NPort 5130/5150".
    if parts.iter().all(|p| is_digits(p) && p.len() >= 3 && p.len() == first.len()) {
        return parts.iter().map(|p| (*p).to_owned()).collect();
    }
    // The letters may follow one number only: `FCU08/16PCPU` was handled; here each part is a name of its own.
    if parts.iter().all(|p| has_digit(p) && has_letter(p) && p.len() >= 3) {
        return parts.iter().map(|p| (*p).to_owned()).collect();
    }
    whole()
}

/// Pieces of a list with what joined them, such as "Stratix 5700 and ArmorStratix 5700" or "ION7400 / PM8000".
///
/// Whether the pieces are products of their own is for the reader to judge; nothing is lost by joining them again.
pub fn split_list(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let words: Vec<&str> = text.split_whitespace().collect();
    for word in &words {
        let bare = word.trim_matches(|c| c == ',' || c == ';');
        let joins = matches!(
            bare.to_ascii_lowercase().as_str(),
            "and" | "&" | "or" | "/" | "//" | "und" | "et" | "|" | "and/or"
        );
        if joins {
            pieces.push(String::new());
            continue;
        }
        let ends = word.ends_with(',') || word.ends_with(';');
        // `XC208,XC216` has no blank behind the comma.
        let mut inner = word.trim_end_matches([',', ';']).split([',', ';']).peekable();
        while let Some(part) = inner.next() {
            // A slash with a blank on one side joins as one with blanks on both.
            let (part, slash_before) = part.strip_prefix('/').map_or((part, false), |p| (p, true));
            let (part, slash_after) = part.strip_suffix('/').map_or((part, false), |p| (p, true));
            if slash_before {
                pieces.push(String::new());
            }
            if let Some(piece) = pieces.last_mut() {
                if !piece.is_empty() && !part.is_empty() {
                    piece.push(' ');
                }
                piece.push_str(part);
            }
            if slash_after || inner.peek().is_some() {
                pieces.push(String::new());
            }
        }
        if ends {
            pieces.push(String::new());
        }
    }
    pieces.retain(|p| !p.trim().is_empty());
    pieces.iter().flat_map(|piece| part_siblings(piece)).collect()
}

/// Designators in a row that begin with the same capitals are a list: "MRD-315 MRD-355 MRD-455". Once they are one, those
/// of the same form that begin with the same letter go on with it: "MX207 MX213 MC212".
fn part_siblings(piece: &str) -> Vec<String> {
    let head = |word: &str| {
        let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
        let digits = word[letters..].trim_start_matches('-');
        let shouts = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        (letters >= 2 && shouts && digits.starts_with(|c: char| c.is_ascii_digit()) && word.len() >= 5)
            .then(|| word[..letters].to_owned())
    };
    let mut parts: Vec<String> = Vec::new();
    let mut before: Option<String> = None;
    for word in piece.split_whitespace() {
        let own = head(word);
        let is_alike = |own: &String| {
            before.as_ref().is_some_and(|before| {
                own == before
                    || parts.len() > 1 && own.len() == before.len() && own.as_bytes()[0] == before.as_bytes()[0]
            })
        };
        let goes_on = own.as_ref().is_some_and(is_alike) && !parts.last().is_some_and(|part| part.ends_with(word));
        match parts.last_mut() {
            Some(part) if !goes_on => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
        before = own;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order_number::{Pattern, squash};
    use proptest::prelude::*;

    #[test]
    fn placeholders_become_patterns() {
        for (chunk, text, fits) in [
            ("BMXP34*", "BMXP342020", true),
            ("BMXP34x", "BMXP342020", true),
            ("140CPU65xxxxx", "140CPU65160", true),
            ("140NOE771x1", "140NOE77101", true),
            ("EMAxxx", "EMA110", true),
            ("750-82xx/xxx-xxx", "750-8212", true),
            ("750-82xx/xxx-xxx", "750-8212/025-000", true),
            ("1756-L8z", "1756-L83E", true),
            ("1756-L8z", "1756-L73", false),
            ("CJ2M-CPU□□", "CJ2M-CPU33", true),
            ("FX5U-xMy/z", "FX5U-32MT/ES", true),
            ("FX5U-xMy/z", "FX5UC-32MT/D", false),
            ("FX5U-**M*/**", "FX5U-80MR/DS", true),
            ("AFS67X", "AFS675", true),
            ("CP-802X", "CP-8021", true),
            ("AP7xxxx", "AP7921", true),
        ] {
            let pattern = placeholder_pattern(chunk).unwrap_or_default();
            assert_eq!(Pattern::read(&pattern).fits(&squash(text)), fits, "{chunk} -> {pattern} {text}");
        }
        for chunk in ["Linux", "Mx6", "RX1500", "exe", "1738-AENTX5", "S7-1500", "XC208", "MX", "Matrix"] {
            assert_eq!(placeholder_pattern(chunk), None, "{chunk}");
        }
    }

    #[test]
    fn chunks_stand_for_lists() {
        let list = |chunk: &str| expand_chunk(chunk).join(" ");
        assert_eq!(list("Q03/04/06/13/26UDVCPU"), "Q03UDVCPU Q04UDVCPU Q06UDVCPU Q13UDVCPU Q26UDVCPU");
        assert_eq!(list("R04/120(EN)CPU"), "R04CPU R120CPU R04ENCPU R120ENCPU");
        assert_eq!(list("PXC12/22/36-E.D"), "PXC12-E.D PXC22-E.D PXC36-E.D");
        assert_eq!(list("XB-200/XC-200/XR300-WG"), "XB-200 XC-200 XR300-WG");
        assert_eq!(list("1734-AENT/1734-AENTR"), "1734-AENT 1734-AENTR");
        assert_eq!(list("FX5U-32MT/ES"), "FX5U-32MT/ES");
        assert_eq!(list("PN/DP"), "PN/DP");
        assert_eq!(list("1756-EN2T/D"), "1756-EN2T/D");
        assert_eq!(list("FC922/924"), "FC922 FC924");
        assert_eq!(list("5130/5150"), "5130 5150");
        assert_eq!(list("FX5U(C)"), "FX5U FX5UC");
        assert_eq!(list("277(F)"), "277 277F");
    }

    #[test]
    fn remarks_are_taken_out_but_optional_letters_stay() {
        let (kept, remarks) = take_remarks("R04(EN)CPU (incl. SIPLUS (all) variants) family (cut off");
        assert_eq!(kept.split_whitespace().collect::<Vec<_>>().join(" "), "R04(EN)CPU family");
        assert_eq!(remarks, ["incl. SIPLUS (all) variants", "cut off"]);
    }

    #[test]
    fn legends_of_placeholders_are_cut() {
        assert_eq!(
            unify_placeholders("FX5U-xMy/z x=32,64,80, y=T,R, z=ES,DS with Serial number").split_whitespace().next(),
            Some("FX5U-xMy/z")
        );
        assert!(!unify_placeholders("FX5U-xMy/z x=32,64,80, y=T,R, z=ES,DS").contains('='));
        assert_eq!(unify_placeholders("CJ1G-CPU □ □ P"), "CJ1G-CPU□□P");
        assert_eq!(unify_placeholders("5580 (1756 - L8z)"), "5580 (1756-L8z)");
        assert_eq!(unify_placeholders("R04 (EN) CPU firmware"), "R04(EN)CPU firmware");
    }

    #[test]
    fn lists_fall_into_pieces() {
        assert_eq!(split_list("Stratix 5700 and ArmorStratix 5700"), ["Stratix 5700", "ArmorStratix 5700"]);
        assert_eq!(split_list("ION7400 / PM8000"), ["ION7400", "PM8000"]);
        assert_eq!(split_list("1738-AENT/ 1738-AENTR Series B"), ["1738-AENT", "1738-AENTR Series B"]);
        assert_eq!(split_list("FX3GC-32MT/D, FX3GC-32MT/DSS"), ["FX3GC-32MT/D", "FX3GC-32MT/DSS"]);
        assert_eq!(split_list("Controllers MX207 MX213 MC212"), ["Controllers MX207", "MX213", "MC212"]);
        // No list has begun: the second number is another part of one name.
        assert_eq!(split_list("MC2 CPU MX213 MC212"), ["MC2 CPU MX213 MC212"]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in ".{0,60}") {
            let _ = tokens(&text);
            let (kept, _) = take_remarks(&unify_placeholders(&text));
            for piece in split_list(&kept) {
                for chunk in piece.split_whitespace() {
                    for one in expand_chunk(chunk) {
                        let _ = placeholder_pattern(&one);
                    }
                }
            }
        }
    }
}
