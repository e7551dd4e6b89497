//! Text, tables and marks set one below the other on as many pages as it takes.
//!
//! A row is never torn unless it is higher than a page; the header of a table stands on each of its pages; a heading
//! never ends a page. Identifiers and long names break after `-`, `/`, `.`, `_`, and where nothing else helps anywhere:
//! nothing is cut off.

use std::io;

use jiff::Timestamp;

use super::super::visible::visible;
use super::fonts::{FACES, Face};
use super::page::{Bookmark, Ink, Item, Pages, Paper, Pattern, Style};
use crate::domain::priority::Severity;

/// The inks of print: those of the pages on screen in their light form.
pub(crate) mod ink {
    use super::Ink;
    pub const BLACK: Ink = 0x16_1B_1F;
    pub const GREY: Ink = 0x46_52_5A;
    pub const EDGE: Ink = 0x73_80_8A;
    pub const LINE: Ink = 0xC3_CB_D0;
    pub const SUNKEN: Ink = 0xE9_ED_EF;
    pub const WHITE: Ink = 0xFF_FF_FF;
    pub const ACCENT: Ink = 0x0B_5A_70;
    pub const OK: Ink = 0x1F_5E_3A;
    pub const YELLOW: Ink = 0xFF_D2_3F;
    pub const RULED_OUT: Ink = 0x98_A3_AA;
}

const fn style(face: Face, size: f32, ink: Ink) -> Style {
    Style { face, size, ink }
}

/// Prose.
pub(crate) const TEXT: Style = style(Face::Sans, 9.0, ink::BLACK);
pub(crate) const TEXT_BOLD: Style = style(Face::SansBold, 9.0, ink::BLACK);
pub(crate) const FAINT: Style = style(Face::Sans, 9.0, ink::GREY);
/// Cells of tables.
pub(crate) const CELL: Style = style(Face::Condensed, 8.5, ink::BLACK);
pub(crate) const CELL_BOLD: Style = style(Face::CondensedBold, 8.5, ink::BLACK);
pub(crate) const CELL_FAINT: Style = style(Face::Condensed, 8.5, ink::GREY);
pub(crate) const SMALL: Style = style(Face::Condensed, 7.5, ink::GREY);
/// Identifiers.
pub(crate) const CODE: Style = style(Face::Mono, 7.8, ink::BLACK);
pub(crate) const CODE_BOLD: Style = style(Face::MonoBold, 7.8, ink::BLACK);
pub(crate) const CODE_FAINT: Style = style(Face::Mono, 6.8, ink::GREY);

const MARGIN_SIDE: f32 = 39.7;
const MARGIN_TOP: f32 = 42.0;
const MARGIN_BOTTOM: f32 = 51.0;
/// From one baseline to the next, in sizes.
const LEADING: f32 = 1.32;
const CELL_PADDING: f32 = 4.0;

/// Where a click leads.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Lead {
    Url(String),
    /// A place that [`Flow::place`] gave out.
    Place(usize),
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Span {
    Text {
        text: String,
        style: Style,
        lead: Option<Lead>,
    },
    /// The shape of a severity.
    Shape {
        severity: Option<Severity>,
        size: f32,
        ink: Ink,
    },
    /// A word on a ground of its own.
    Badge {
        text: String,
        style: Style,
        ground: Pattern,
    },
    /// A square of a legend.
    Swatch(Pattern),
    /// A box to tick by hand.
    Tick,
    /// A line to write on, of this width.
    Blank(f32),
    Break,
}

impl Span {
    /// A text; hidden characters become visible marks.
    pub fn new(style: Style, text: impl AsRef<str>) -> Span {
        Span::Text { text: visible(text.as_ref()).into_owned(), style, lead: None }
    }

    /// A text that leads somewhere.
    pub fn leading(style: Style, text: impl AsRef<str>, lead: Lead) -> Span {
        Span::Text { text: visible(text.as_ref()).into_owned(), style, lead: Some(lead) }
    }
}

/// One cell of a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cell {
    pub spans: Vec<Span>,
    /// Set against the right border.
    pub is_number: bool,
    /// Further columns that it covers.
    pub covers: usize,
}

impl Cell {
    pub fn new(spans: Vec<Span>) -> Cell {
        Cell { spans, ..Cell::default() }
    }

    pub fn text(style: Style, text: impl AsRef<str>) -> Cell {
        Cell::new(vec![Span::new(style, text)])
    }

    pub fn number(style: Style, text: impl AsRef<str>) -> Cell {
        Cell { is_number: true, ..Cell::text(style, text) }
    }

    pub fn covering(mut self, further: usize) -> Cell {
        self.covers = further;
        self
    }
}

/// A column: its header, the share of the width, and whether it holds numbers.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub header: &'static str,
    pub share: f32,
    pub is_number: bool,
}

/// A column of texts.
pub(crate) const fn column(header: &'static str, share: f32) -> Column {
    Column { header, share, is_number: false }
}

/// A column of numbers.
pub(crate) const fn number_column(header: &'static str, share: f32) -> Column {
    Column { header, share, is_number: true }
}

/// How a row looks.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Look {
    pub ground: Option<Ink>,
    /// A stripe on the left.
    pub stripe: Option<Ink>,
    /// Without the hairline above.
    pub is_joined: bool,
    /// Points that must be free below it, for what belongs to it.
    pub keep: f32,
}

/// A line of a paragraph or a cell.
struct Line {
    pieces: Vec<Piece>,
    width: f32,
    height: f32,
    /// From its top to the baseline.
    ascent: f32,
}

struct Piece {
    x: f32,
    width: f32,
    span: Span,
}

/// Pages while they fill.
pub(crate) struct Flow {
    width: f32,
    height: f32,
    pages: Vec<Vec<Item>>,
    y: f32,
    bookmarks: Vec<Bookmark>,
    places: Vec<Option<(usize, f32)>>,
    table: Option<Vec<Column>>,
    title: String,
    footer: String,
    created_at: Timestamp,
}

impl Flow {
    /// The first page of a file with this title; the footer stands on each page.
    pub fn new(paper: Paper, title: &str, footer: String, created_at: Timestamp) -> Flow {
        let (width, height) = paper.size();
        Flow {
            width,
            height,
            pages: vec![Vec::new()],
            y: MARGIN_TOP,
            bookmarks: Vec::new(),
            places: Vec::new(),
            table: None,
            title: visible(title).into_owned(),
            footer,
            created_at,
        }
    }

    /// Turns the sheets on their side; before anything is set.
    pub fn landscape(mut self) -> Flow {
        std::mem::swap(&mut self.width, &mut self.height);
        self
    }

    /// The width between the margins.
    pub fn body_width(&self) -> f32 {
        self.width - 2.0 * MARGIN_SIDE
    }

    fn room(&self) -> f32 {
        self.height - MARGIN_BOTTOM - self.y
    }

    #[cfg(test)]
    pub(super) fn pages(&self) -> &[Vec<Item>] {
        &self.pages
    }

    fn page(&mut self) -> &mut Vec<Item> {
        if self.pages.is_empty() {
            self.pages.push(Vec::new());
        }
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    /// Goes to a new page, with the header of the table that is open.
    pub fn new_page(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN_TOP;
        self.table_header();
    }

    /// Goes to a new page unless this height is free on this one.
    pub fn need(&mut self, height: f32) {
        let body = self.height - MARGIN_BOTTOM - MARGIN_TOP;
        if self.room() < height.min(body * 0.9) && self.y > MARGIN_TOP + 1.0 {
            self.new_page();
        }
    }

    /// Leaves a space, but none at the top of a page.
    pub fn gap(&mut self, height: f32) {
        if self.y > MARGIN_TOP + 1.0 {
            self.y += height;
        }
    }

    /// A place that links may lead to before it is set.
    pub fn place(&mut self) -> usize {
        self.places.push(None);
        self.places.len() - 1
    }

    /// Sets the place here.
    pub fn set_place(&mut self, place: usize) {
        let here = (self.pages.len().saturating_sub(1), self.y);
        if let Some(slot) = self.places.get_mut(place) {
            *slot = Some(here);
        }
    }

    fn bookmark(&mut self, depth: usize, text: &str) {
        let page = self.pages.len().saturating_sub(1);
        self.bookmarks.push(Bookmark { depth, text: visible(text).into_owned(), page, y: self.y });
    }

    /// A heading of depth 0, 1 or 2, and a line of the outline.
    pub fn heading(&mut self, depth: usize, text: &str) {
        let (size, above, keep) = match depth {
            0 => (17.0, 0.0, 60.0),
            1 => (13.0, 18.0, 90.0),
            _ => (10.0, 12.0, 60.0),
        };
        self.need(above + size * 1.4 + keep);
        self.gap(above);
        self.bookmark(depth.saturating_sub(1), text);
        self.paragraph(&[Span::new(style(Face::SansBold, size, ink::BLACK), text)]);
        self.gap(if depth == 1 { 4.0 } else { 2.0 });
    }

    /// Sets a paragraph over the whole width.
    pub fn paragraph(&mut self, spans: &[Span]) {
        self.paragraph_in(spans, 0.0, self.body_width());
    }

    /// Sets a paragraph that is indented by `x` and `width` wide.
    pub fn paragraph_in(&mut self, spans: &[Span], x: f32, width: f32) {
        for line in wrap(spans, width) {
            self.need(line.height);
            let y = self.y;
            self.set_line(&line, MARGIN_SIDE + x, y);
            self.y += line.height;
        }
    }

    /// A label and what belongs to it, side by side.
    pub fn fact(&mut self, label: &str, spans: &[Span]) {
        let label_width = 112.0;
        let lines = wrap(spans, self.body_width() - label_width);
        self.need(lines.iter().map(|line| line.height).sum::<f32>().min(200.0));
        for (n, line) in lines.iter().enumerate() {
            self.need(line.height);
            let y = self.y;
            if n == 0
                && let Some(label) = wrap(&[Span::new(FAINT, label)], label_width).first()
            {
                self.set_line(label, MARGIN_SIDE, y);
            }
            self.set_line(line, MARGIN_SIDE + label_width, y);
            self.y += line.height;
        }
    }

    /// A box around a paragraph.
    pub fn notice(&mut self, spans: &[Span], ground: Ink) {
        let lines = wrap(spans, self.body_width() - 16.0);
        let height = lines.iter().map(|line| line.height).sum::<f32>() + 10.0;
        self.need(height);
        let (y, w) = (self.y, self.body_width());
        self.page().push(Item::Box { x: MARGIN_SIDE, y, w, h: height, pattern: Pattern::Plain(ground) });
        self.y += 5.0;
        for line in &lines {
            let y = self.y;
            self.set_line(line, MARGIN_SIDE + 8.0, y);
            self.y += line.height;
        }
        self.y += 5.0;
    }

    /// Draws at this height of the page: `draw` gets the left border, the top and the items of the page.
    pub(super) fn drawing(&mut self, height: f32, draw: impl FnOnce(f32, f32, &mut Vec<Item>)) {
        self.need(height);
        let y = self.y;
        draw(MARGIN_SIDE, y, self.page());
        self.y += height;
    }

    /// Opens a table; its header stands on each page until [`Flow::end_table`].
    pub fn begin_table(&mut self, columns: Vec<Column>) {
        self.need(60.0);
        self.table = Some(columns);
        self.table_header();
    }

    pub fn end_table(&mut self) {
        self.table = None;
        let (y, right) = (self.y, self.width - MARGIN_SIDE);
        self.page().push(Item::Line { x0: MARGIN_SIDE, y0: y, x1: right, y1: y, width: 0.5, ink: ink::LINE });
        self.y += 2.0;
    }

    fn table_header(&mut self) {
        let Some(columns) = self.table.take() else { return };
        let cells: Vec<Cell> = columns
            .iter()
            .map(|column| Cell {
                is_number: column.is_number,
                ..Cell::text(style(Face::CondensedBold, 8.0, ink::GREY), column.header)
            })
            .collect();
        self.set_row(&columns, &cells, Look { is_joined: true, ..Look::default() });
        let (y, right) = (self.y, self.width - MARGIN_SIDE);
        self.page().push(Item::Line { x0: MARGIN_SIDE, y0: y, x1: right, y1: y, width: 0.8, ink: ink::EDGE });
        self.table = Some(columns);
    }

    /// Sets a row of the open table; cells beyond its columns are left out.
    pub fn row(&mut self, cells: &[Cell], look: Look) {
        let Some(columns) = self.table.take() else { return };
        let height = row_height(&lay_out(&columns, cells, self.body_width()));
        self.table = Some(columns);
        self.need(height + look.keep);
        if let Some(columns) = self.table.take() {
            self.set_row(&columns, cells, look);
            self.table = Some(columns);
        }
    }

    /// The height of a row of the open table.
    pub fn height_of(&self, cells: &[Cell]) -> f32 {
        self.table.as_ref().map_or(0.0, |columns| row_height(&lay_out(columns, cells, self.body_width())))
    }

    /// Sets a row here; goes on over the page where it is higher than what is free.
    fn set_row(&mut self, columns: &[Column], cells: &[Cell], look: Look) {
        let laid_out = lay_out(columns, cells, self.body_width());
        let mut from = vec![0usize; laid_out.len()];
        let mut is_first = true;
        loop {
            // As many lines of each cell as fit.
            let room = (self.room() - 2.0 * CELL_PADDING + 2.0).max(0.0);
            let mut height: f32 = 0.0;
            let mut to = from.clone();
            for (cell, end) in laid_out.iter().zip(&mut to) {
                let mut used = 0.0;
                while let Some(line) = cell.lines.get(*end) {
                    if used + line.height > room {
                        break;
                    }
                    used += line.height;
                    *end += 1;
                }
                height = height.max(used);
            }
            let is_done = laid_out.iter().zip(&to).all(|(cell, end)| *end == cell.lines.len());
            // A page that holds no line at all would go on for ever.
            let is_stuck = !is_done && to == from && self.y <= MARGIN_TOP + 40.0;
            if is_stuck {
                return;
            }
            if to != from || is_done {
                self.set_lines(&laid_out, (&from, &to), height, look, is_first);
                is_first = false;
            }
            if is_done {
                return;
            }
            from = to;
            self.pages.push(Vec::new());
            self.y = MARGIN_TOP;
            if self.table.is_none() && cells.iter().any(|cell| !cell.spans.is_empty()) {
                // The header is set without `table`, which is taken while a row is set.
                self.table = Some(columns.to_vec());
                self.table_header();
                self.table = None;
            }
        }
    }

    fn set_lines(
        &mut self,
        laid_out: &[LaidOut],
        (from, to): (&[usize], &[usize]),
        height: f32,
        look: Look,
        is_first: bool,
    ) {
        let (y, w) = (self.y, self.body_width());
        let whole = height + 2.0 * CELL_PADDING - 2.0;
        if let Some(ground) = look.ground {
            self.page().push(Item::Box { x: MARGIN_SIDE, y, w, h: whole, pattern: Pattern::Plain(ground) });
        }
        if let Some(stripe) = look.stripe {
            self.page().push(Item::Box { x: MARGIN_SIDE, y, w: 3.0, h: whole, pattern: Pattern::Plain(stripe) });
        }
        if !look.is_joined && is_first {
            let right = MARGIN_SIDE + w;
            self.page().push(Item::Line { x0: MARGIN_SIDE, y0: y, x1: right, y1: y, width: 0.5, ink: ink::LINE });
        }
        for ((cell, from), to) in laid_out.iter().zip(from).zip(to) {
            let mut line_y = y + CELL_PADDING - 1.0;
            for line in &cell.lines[*from..*to] {
                let slack = if cell.is_number { (cell.width - line.width).max(0.0) } else { 0.0 };
                self.set_line(line, MARGIN_SIDE + cell.x + slack, line_y);
                line_y += line.height;
            }
        }
        self.y += whole;
    }

    fn set_line(&mut self, line: &Line, x: f32, y: f32) {
        let baseline = y + line.ascent;
        let items = self.page();
        for piece in &line.pieces {
            let x = x + piece.x;
            match &piece.span {
                Span::Text { text, style, lead } => {
                    let (y, w, h) = (baseline - style.size, piece.width, style.size * 1.25);
                    match lead {
                        Some(Lead::Url(url)) => items.push(Item::Link { x, y, w, h, url: url.clone() }),
                        Some(Lead::Place(place)) => items.push(Item::Jump { x, y, w, h, place: *place }),
                        None => {}
                    }
                    items.push(Item::Text { x, y: baseline, style: *style, text: text.clone() });
                }
                Span::Shape { severity, size, ink } => {
                    let y = baseline - size * 0.92;
                    items.push(Item::Shape { x, y, size: *size, severity: *severity, ink: *ink });
                }
                Span::Badge { text, style, ground } => {
                    let (y, h) = (baseline - style.size * 0.95, style.size * 1.25);
                    items.push(Item::Box { x, y, w: piece.width, h, pattern: *ground });
                    items.push(Item::Text { x: x + 3.0, y: baseline, style: *style, text: text.clone() });
                }
                Span::Swatch(pattern) => {
                    items.push(Item::Box { x, y: baseline - 7.0, w: 8.0, h: 8.0, pattern: *pattern });
                }
                Span::Tick => {
                    items.push(Item::Box { x, y: baseline - 8.0, w: 9.0, h: 9.0, pattern: Pattern::Open(ink::BLACK) });
                }
                Span::Blank(width) => {
                    let (y0, x1) = (baseline + 1.5, x + width);
                    items.push(Item::Line { x0: x, y0, x1, y1: y0, width: 0.6, ink: ink::BLACK });
                }
                Span::Break => {}
            }
        }
    }

    /// The bytes of the file, with its footers.
    ///
    /// # Errors
    ///
    /// The file cannot be put together.
    pub fn finish(mut self) -> io::Result<Vec<u8>> {
        let n_pages = self.pages.len();
        let small = style(Face::Condensed, 7.5, ink::GREY);
        let y = self.height - MARGIN_BOTTOM + 24.0;
        for (n, page) in (1..).zip(&mut self.pages) {
            let right = self.width - MARGIN_SIDE;
            page.push(Item::Line {
                x0: MARGIN_SIDE,
                y0: y - 11.0,
                x1: right,
                y1: y - 11.0,
                width: 0.5,
                ink: ink::LINE,
            });
            let number = format!("page {n} of {n_pages}");
            let width = FACES.width(small.face, small.size, &number);
            page.push(Item::Text { x: right - width, y, style: small, text: number });
            let room = right - MARGIN_SIDE - width - 12.0;
            if let Some(line) = wrap(&[Span::new(small, &self.footer)], room).into_iter().next() {
                for piece in line.pieces {
                    if let Span::Text { text, style, .. } = piece.span {
                        page.push(Item::Text { x: MARGIN_SIDE + piece.x, y, style, text });
                    }
                }
            }
        }
        let pages = Pages {
            width: self.width,
            height: self.height,
            pages: self.pages,
            bookmarks: self.bookmarks,
            places: self.places,
            title: self.title,
            created_at: self.created_at,
        };
        pages.write()
    }
}

/// A cell whose lines are known.
struct LaidOut {
    x: f32,
    width: f32,
    is_number: bool,
    lines: Vec<Line>,
}

fn lay_out(columns: &[Column], cells: &[Cell], width: f32) -> Vec<LaidOut> {
    let shares: f32 = columns.iter().map(|column| column.share).sum::<f32>().max(0.001);
    let mut laid_out = Vec::with_capacity(cells.len());
    let (mut x, mut at) = (0.0, 0);
    for cell in cells {
        let covered = columns.iter().skip(at).take(cell.covers + 1);
        let whole = covered.map(|column| column.share).sum::<f32>() / shares * width;
        if whole <= 0.0 {
            break;
        }
        let inner = (whole - 2.0 * CELL_PADDING).max(12.0);
        let lines = wrap(&cell.spans, inner);
        laid_out.push(LaidOut { x: x + CELL_PADDING, width: inner, is_number: cell.is_number, lines });
        x += whole;
        at += cell.covers + 1;
    }
    laid_out
}

fn row_height(cells: &[LaidOut]) -> f32 {
    let heights = cells.iter().map(|cell| cell.lines.iter().map(|line| line.height).sum::<f32>());
    heights.fold(0.0, f32::max) + 2.0 * CELL_PADDING - 2.0
}

/// Breaks spans into lines of at most this width.
fn wrap(spans: &[Span], width: f32) -> Vec<Line> {
    let mut wrapper = Wrapper { width, lines: Vec::new(), pieces: Vec::new(), x: 0.0, size: 0.0 };
    for span in spans {
        match span {
            Span::Break => wrapper.end_line(),
            Span::Text { text, style, lead } => {
                for word in words(text) {
                    wrapper.add_word(word, *style, lead.as_ref());
                }
            }
            Span::Shape { size, .. } => wrapper.add_mark(span, size + 3.0, *size),
            Span::Badge { text, style, .. } => {
                wrapper.add_mark(span, FACES.width(style.face, style.size, text) + 6.0, style.size);
            }
            Span::Swatch(_) => wrapper.add_mark(span, 11.0, 8.0),
            Span::Tick => wrapper.add_mark(span, 12.0, 9.0),
            Span::Blank(blank) => wrapper.add_mark(span, (*blank).min(width), 9.0),
        }
    }
    if !wrapper.pieces.is_empty() {
        wrapper.end_line();
    }
    wrapper.lines
}

struct Wrapper {
    width: f32,
    lines: Vec<Line>,
    pieces: Vec<Piece>,
    x: f32,
    /// The greatest size on the line.
    size: f32,
}

impl Wrapper {
    fn add_word(&mut self, word: &str, style: Style, lead: Option<&Lead>) {
        let whole = FACES.width(style.face, style.size, word);
        let bare = word.trim_end_matches(' ');
        let needed = if bare.len() < word.len() { FACES.width(style.face, style.size, bare) } else { whole };
        if self.x > 0.0 && self.x + needed > self.width + 0.01 {
            self.end_line();
        }
        if needed <= self.width {
            self.push(word, whole, style, lead);
            return;
        }
        // Wider than a line: it is broken wherever the line ends.
        let mut rest = word;
        while !rest.is_empty() {
            let mut end = 0;
            let mut used = 0.0;
            for (at, c) in rest.char_indices() {
                let advance = FACES.set(style.face, c).advance() * style.size;
                if at > 0 && used + advance > self.width {
                    break;
                }
                used += advance;
                end = at + c.len_utf8();
            }
            let (line, after) = rest.split_at(end);
            self.push(line, used, style, lead);
            rest = after;
            if !rest.is_empty() {
                self.end_line();
            }
        }
    }

    fn push(&mut self, text: &str, width: f32, style: Style, lead: Option<&Lead>) {
        if self.x == 0.0 && text.trim().is_empty() && !self.lines.is_empty() {
            return;
        }
        self.size = self.size.max(style.size);
        if let Some(Piece {
            span: Span::Text { text: before, style: same, lead: same_lead }, width: before_width, ..
        }) = self.pieces.last_mut()
            && *same == style
            && same_lead.as_ref() == lead
        {
            before.push_str(text);
            *before_width += width;
        } else {
            let span = Span::Text { text: text.to_owned(), style, lead: lead.cloned() };
            self.pieces.push(Piece { x: self.x, width, span });
        }
        self.x += width;
    }

    fn add_mark(&mut self, span: &Span, width: f32, size: f32) {
        if self.x > 0.0 && self.x + width > self.width + 0.01 {
            self.end_line();
        }
        self.size = self.size.max(size);
        let drawn = if matches!(span, Span::Badge { .. } | Span::Blank(_)) { width } else { width - 3.0 };
        self.pieces.push(Piece { x: self.x, width: drawn, span: span.clone() });
        self.x += width;
    }

    fn end_line(&mut self) {
        let size = if self.size > 0.0 { self.size } else { CELL.size };
        self.lines.push(Line {
            pieces: std::mem::take(&mut self.pieces),
            width: self.x,
            height: size * LEADING,
            ascent: size * 1.02,
        });
        self.x = 0.0;
        self.size = 0.0;
    }
}

/// The parts of a text that stay together: broken after blanks and after the signs that structure identifiers.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut previous: Option<char> = None;
        for (at, c) in rest.char_indices() {
            let breaks = match previous {
                Some(' ') => c != ' ',
                Some('-' | '/' | '_' | '|' | ';' | ':' | '\\') => c != ' ',
                // Not inside 1,208.
                Some(',') => !c.is_ascii_digit() && c != ' ',
                // Not inside 3.1.2: a version is read as a whole.
                Some('.') => c.is_alphabetic(),
                // Scripts without blanks.
                Some(before) => before > '\u{2e7f}' || c > '\u{2e7f}',
                None => false,
            };
            if breaks {
                let (word, after) = rest.split_at(at);
                rest = after;
                return Some(word);
            }
            previous = Some(c);
        }
        let last = std::mem::take(&mut rest);
        (!last.is_empty()).then_some(last)
    })
}

#[cfg(test)]
mod tests;
