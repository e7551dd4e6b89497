//! Rows as they stand in a file, before anything is known about columns: shown texts, and what the file says of each cell.

/// What kind of value a file keeps for a cell. Text files know text only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A number; the text is how the sheet shows it.
    Number,
    /// A date or a time; the text is how the sheet shows it.
    Date,
    Boolean,
    /// An error value such as `#REF!`.
    Error,
}

/// One row: all shown texts in one buffer, because a file of a million rows is read row by row.
#[derive(Clone, Debug, Default)]
pub struct RawRow {
    /// 1-based row of the sheet or line of the file where the record starts.
    pub number: u32,
    pub hidden: bool,
    text: String,
    ends: Vec<u32>,
    /// Kinds of the cells that are no text, as (0-based column, kind, stored number).
    marks: Vec<(u32, Kind, f64)>,
    /// 0-based columns whose text was filled in from a merged area.
    pub filled: Vec<u32>,
    /// 0-based columns whose text was taken from the row above, because the cell says so.
    pub repeated: Vec<u32>,
    /// 0-based columns that a merged area of two cells of this row covers beside its first one.
    pub covered: Vec<u32>,
    /// Line ends inside of quoted texts, so that the next record's line is known.
    pub(super) inner_lines: u32,
}

impl RawRow {
    /// An empty row with this number.
    pub fn new(number: u32) -> RawRow {
        RawRow { number, ..RawRow::default() }
    }

    /// An empty row with room for as much as another one holds, because the rows of a list are much alike.
    pub fn like(number: u32, other: (usize, usize)) -> RawRow {
        let (bytes, cells) = other;
        RawRow { number, text: String::with_capacity(bytes), ends: Vec::with_capacity(cells), ..RawRow::default() }
    }

    /// Bytes of text and number of cells, for `like`.
    pub fn size(&self) -> (usize, usize) {
        (self.text.len() + self.text.len() / 8, self.ends.len())
    }

    /// Appends a text cell.
    pub fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.ends.push(self.text.len() as u32);
    }

    /// Appends a cell of a kind; `stored` is the number behind the shown text, `NaN` when there is none.
    pub fn push_kind(&mut self, text: &str, kind: Kind, stored: f64) {
        if kind != Kind::Text {
            self.marks.push((self.ends.len() as u32, kind, stored));
        }
        self.push(text);
    }

    /// Appends blank cells until the row has `width` cells.
    pub fn pad_to(&mut self, width: usize) {
        while self.ends.len() < width {
            self.ends.push(self.text.len() as u32);
        }
    }

    /// Drops blank cells at the end: some programs write a thousand of them.
    pub fn trim_end(&mut self) {
        let last = (0..self.len()).rev().find(|column| !self.cell(*column).trim().is_empty());
        let width = last.map_or(0, |last| last + 1);
        self.ends.truncate(width);
        self.text.truncate(self.ends.last().map_or(0, |end| *end as usize));
        self.marks.retain(|mark| (mark.0 as usize) < width);
    }

    /// The number of cells, blank ones at the end included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether no cell holds a visible character.
    pub fn is_blank(&self) -> bool {
        self.text.chars().all(|c| c.is_whitespace() || super::text::is_invisible(c))
    }

    /// Whether the row is a line drawn with signs.
    pub fn is_rule(&self) -> bool {
        let drawn = |c: &char| matches!(c, '-' | '=' | '_' | '–' | '—' | '*' | '·');
        let is_line = |text: &str| !text.chars().any(char::is_alphanumeric) && text.chars().filter(drawn).count() >= 3;
        self.filled_cells().next().is_some() && self.filled_cells().all(|(_, text)| is_line(text))
    }

    /// The shown text of a cell as written; blank beyond the end.
    pub fn cell(&self, column: usize) -> &str {
        let Some(&end) = self.ends.get(column) else { return "" };
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.text[start as usize..end as usize]
    }

    /// All shown texts in order.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.cell(i))
    }

    /// The columns (0-based) with a visible text, with the text trimmed.
    pub fn filled_cells(&self) -> impl Iterator<Item = (usize, &str)> {
        self.cells().map(str::trim).enumerate().filter(|(_, t)| !t.is_empty())
    }

    /// The kind of a cell.
    pub fn kind(&self, column: usize) -> Kind {
        self.mark(column).map_or(Kind::Text, |m| m.1)
    }

    /// The number that the file keeps behind the shown text.
    pub fn stored(&self, column: usize) -> Option<f64> {
        self.mark(column).map(|m| m.2).filter(|n| !n.is_nan())
    }

    fn mark(&self, column: usize) -> Option<&(u32, Kind, f64)> {
        self.marks.binary_search_by_key(&(column as u32), |m| m.0).ok().map(|at| &self.marks[at])
    }

    /// Whether every cell is text, as in a text file.
    pub fn all_text(&self) -> bool {
        self.marks.is_empty()
    }

    /// The same row with the cells outside of these columns blank.
    pub fn only(&self, columns: &std::ops::Range<usize>) -> RawRow {
        let mut row = RawRow { number: self.number, hidden: self.hidden, ..RawRow::default() };
        for column in 0..self.len().min(columns.end) {
            if columns.contains(&column) {
                row.push_kind(self.cell(column), self.kind(column), self.stored(column).unwrap_or(f64::NAN));
            } else {
                row.push("");
            }
        }
        row.filled = self.filled.iter().copied().filter(|c| columns.contains(&(*c as usize))).collect();
        row
    }

    /// The same row with texts of the row above in some cells (0-based columns).
    pub fn repeating(&self, texts: &[(usize, String)]) -> RawRow {
        let mut row = RawRow { number: self.number, hidden: self.hidden, ..RawRow::default() };
        for column in 0..self.len() {
            match texts.iter().find(|(of, _)| *of == column) {
                Some((_, text)) => row.push(text),
                None => row.push_kind(self.cell(column), self.kind(column), self.stored(column).unwrap_or(f64::NAN)),
            }
        }
        row.filled.clone_from(&self.filled);
        row.repeated = texts.iter().map(|(column, _)| *column as u32).collect();
        row
    }

    /// The same row of texts with these columns (0-based) blank.
    pub fn without<T>(&self, columns: &[(usize, T)]) -> RawRow {
        let mut row = RawRow { number: self.number, hidden: self.hidden, ..RawRow::like(self.number, self.size()) };
        for column in 0..self.len() {
            let is_out = columns.iter().any(|(out, _)| *out == column);
            row.push(if is_out { "" } else { self.cell(column) });
        }
        row
    }

    /// The same row with the blank cells in `from` filled, as merged areas show them.
    pub fn with_filled(&self, from: &[(usize, String, Kind)]) -> RawRow {
        let width = from.iter().map(|f| f.0 + 1).max().unwrap_or(0).max(self.len());
        let mut row = RawRow { number: self.number, hidden: self.hidden, ..RawRow::default() };
        for column in 0..width {
            match from.iter().find(|f| f.0 == column && self.cell(column).trim().is_empty()) {
                Some((_, text, kind)) => {
                    row.filled.push(column as u32);
                    row.push_kind(text, *kind, f64::NAN);
                }
                None => row.push_kind(self.cell(column), self.kind(column), self.stored(column).unwrap_or(f64::NAN)),
            }
        }
        row
    }
}

/// One sheet of a workbook, wholly read.
#[derive(Clone, Debug, Default)]
pub struct RawSheet {
    pub name: String,
    pub hidden: bool,
    pub rows: Vec<RawRow>,
    /// Merged areas as 0-based (first row, first column, last row, last column); rows counted from 1.
    pub merged: Vec<(u32, u32, u32, u32)>,
}

impl RawSheet {
    /// Fills each merged area of up to three columns downwards, as a person reads it. Wider areas are titles and bands and
    /// stay where they are.
    pub fn fill_merged(&mut self) {
        for (row, first, _, last) in self.merged.iter().copied().filter(|m| m.0 == m.2 && m.3 == m.1 + 1) {
            if let Ok(at) = self.rows.binary_search_by_key(&row, |r| r.number)
                && !self.rows[at].cell(first as usize).trim().is_empty()
            {
                self.rows[at].covered.push(last);
            }
        }
        let mut areas: Vec<_> =
            self.merged.iter().copied().filter(|m| m.0 < m.2 && m.3.saturating_sub(m.1) < 3).collect();
        areas.sort_unstable();
        for (first, column, last, _) in areas {
            let Ok(top) = self.rows.binary_search_by_key(&first, |r| r.number) else { continue };
            let column = column as usize;
            let (text, kind) = (self.rows[top].cell(column).to_owned(), self.rows[top].kind(column));
            if text.trim().is_empty() {
                continue;
            }
            let below = self.rows[top + 1..].iter().take_while(|r| r.number <= last).count();
            for row in &mut self.rows[top + 1..=top + below] {
                if !row.is_blank() {
                    *row = row.with_filled(&[(column, text.clone(), kind)]);
                }
            }
        }
    }
}
