//! Pages as lists of things to draw, and the PDF file made of them.
//!
//! A page is laid out before it is written, because "page 3 of 12" needs the last page, and a link may lead forward.

use std::io;

use krilla::action::{Action, LinkAction};
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::fonts::{FACES, FRAME_ADVANCE, Face, Set};
use crate::domain::priority::Severity;

/// A size of paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Paper {
    #[default]
    A4,
    Letter,
}

impl Paper {
    /// All papers, in the order in which they are offered.
    pub const ALL: [Paper; 2] = [Paper::A4, Paper::Letter];

    /// The word used in flags and URLs.
    pub fn word(self) -> &'static str {
        match self {
            Paper::A4 => "a4",
            Paper::Letter => "letter",
        }
    }

    /// The paper with this word; `None` for any other text.
    pub fn from_word(word: &str) -> Option<Paper> {
        Paper::ALL.into_iter().find(|p| p.word() == word)
    }

    /// Width and height of a sheet that stands upright, in points.
    pub fn size(self) -> (f32, f32) {
        match self {
            Paper::A4 => (595.276, 841.89),
            Paper::Letter => (612.0, 792.0),
        }
    }
}

/// A colour, `0xRRGGBB`.
pub(crate) type Ink = u32;

/// How a text is set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Style {
    pub face: Face,
    /// In points.
    pub size: f32,
    pub ink: Ink,
}

/// What a rectangle is filled with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pattern {
    Plain(Ink),
    /// White with a border.
    Open(Ink),
    /// Diagonal lines and a border: what is possible, also in grey.
    Hatch(Ink),
    /// Dots and a border: what cannot be checked.
    Dots(Ink),
}

/// One thing on a page; places in points from the upper left corner.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Item {
    /// `y` is the baseline.
    Text {
        x: f32,
        y: f32,
        style: Style,
        text: String,
    },
    Box {
        x: f32,
        y: f32,
        w: f32,
        h: f32,
        pattern: Pattern,
    },
    Line {
        x0: f32,
        y0: f32,
        x1: f32,
        y1: f32,
        width: f32,
        ink: Ink,
    },
    /// The shape of a severity in a square of this size.
    Shape {
        x: f32,
        y: f32,
        size: f32,
        severity: Option<Severity>,
        ink: Ink,
    },
    Link {
        x: f32,
        y: f32,
        w: f32,
        h: f32,
        url: String,
    },
    /// A link to a bookmark, by its number.
    Jump {
        x: f32,
        y: f32,
        w: f32,
        h: f32,
        place: usize,
    },
}

/// A line of the outline of the file: depth from 0, the page from 0, and the height on it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bookmark {
    pub depth: usize,
    pub text: String,
    pub page: usize,
    pub y: f32,
}

/// A laid out file.
pub(super) struct Pages {
    pub width: f32,
    pub height: f32,
    pub pages: Vec<Vec<Item>>,
    pub bookmarks: Vec<Bookmark>,
    /// Places that links lead to, as (page, height).
    pub places: Vec<Option<(usize, f32)>>,
    pub title: String,
    pub created_at: jiff::Timestamp,
}

impl Pages {
    /// The bytes of the file: PDF/A-2b, or a plain PDF when a text of others does not fit the rules of archives.
    ///
    /// # Errors
    ///
    /// The file cannot be put together.
    pub fn write(&self) -> io::Result<Vec<u8>> {
        self.write_as(true).or_else(|_| self.write_as(false)).map_err(io::Error::other)
    }

    fn write_as(&self, for_archives: bool) -> Result<Vec<u8>, String> {
        let mut settings = SerializeSettings { enable_tagging: false, ..SerializeSettings::default() };
        if for_archives {
            settings.configuration = ConfigurationBuilder::new()
                .with_archival_validator(Archival::A2_B)
                .finish()
                .map_err(|e| format!("{e:?}"))?;
        }
        let mut document = Document::new_with(settings);
        for items in &self.pages {
            let settings = PageSettings::from_wh(self.width, self.height).ok_or("a page without an area")?;
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            for item in items {
                draw(&mut surface, item);
            }
            surface.finish();
            for item in items {
                if let Some(annotation) = self.link(item) {
                    page.add_annotation(annotation);
                }
            }
            page.finish();
        }
        document.set_outline(self.outline());
        document.set_metadata(self.metadata());
        document.finish().map_err(|e| format!("{e:?}"))
    }

    fn link(&self, item: &Item) -> Option<Annotation> {
        let (rect, target, words) = match item {
            Item::Link { x, y, w, h, url } => {
                let target = Target::Action(Action::Link(LinkAction::new(url.clone())));
                (Rect::from_xywh(*x, *y, *w, *h)?, target, url.clone())
            }
            Item::Jump { x, y, w, h, place } => {
                let (page, y0) = (*self.places.get(*place)?)?;
                let to = XyzDestination::new(page, Point::from_xy(0.0, (y0 - 4.0).max(0.0)));
                (Rect::from_xywh(*x, *y, *w, *h)?, Target::Destination(to.into()), format!("page {}", page + 1))
            }
            _ => return None,
        };
        Some(Annotation::new_link(LinkAnnotation::new(rect, target), Some(words)))
    }

    fn outline(&self) -> Outline {
        // Nodes that still take children, by depth.
        let mut open: Vec<OutlineNode> = Vec::new();
        let mut outline = Outline::new();
        let mut close = |open: &mut Vec<OutlineNode>| {
            if let Some(node) = open.pop() {
                match open.last_mut() {
                    Some(above) => above.push_child(node),
                    None => outline.push_child(node),
                }
            }
        };
        for mark in &self.bookmarks {
            while open.len() > mark.depth {
                close(&mut open);
            }
            let to = XyzDestination::new(mark.page, Point::from_xy(0.0, (mark.y - 4.0).max(0.0)));
            open.push(OutlineNode::new(mark.text.clone(), to));
        }
        while !open.is_empty() {
            close(&mut open);
        }
        outline
    }

    fn metadata(&self) -> Metadata {
        let at = self.created_at.to_zoned(jiff::tz::TimeZone::UTC);
        let part = |n: i8| u8::try_from(n).unwrap_or(0);
        let created = DateTime::new(u16::try_from(at.year()).unwrap_or(0))
            .month(part(at.month()))
            .day(part(at.day()))
            .hour(part(at.hour()))
            .minute(part(at.minute()))
            .second(part(at.second()))
            .utc_offset_hour(0)
            .utc_offset_minute(0);
        Metadata::new()
            .title(self.title.clone())
            .language("en".to_owned())
            .creator("Nameplate".to_owned())
            .creation_date(created)
    }
}

fn fill(ink: Ink) -> Fill {
    Fill { paint: colour(ink).into(), ..Fill::default() }
}

fn stroke(ink: Ink, width: f32) -> Stroke {
    Stroke { paint: colour(ink).into(), width, ..Stroke::default() }
}

fn colour(ink: Ink) -> rgb::Color {
    let [_, red, green, blue] = ink.to_be_bytes();
    rgb::Color::new(red, green, blue)
}

fn draw(surface: &mut Surface<'_>, item: &Item) {
    match item {
        Item::Text { x, y, style, text } => draw_text(surface, *x, *y, *style, text),
        Item::Box { x, y, w, h, pattern } => draw_box(surface, [*x, *y, *w, *h], *pattern),
        Item::Line { x0, y0, x1, y1, width, ink } => draw_line(surface, [*x0, *y0, *x1, *y1], *width, *ink),
        Item::Shape { x, y, size, severity, ink } => draw_shape(surface, *x, *y, *size, *severity, *ink),
        Item::Link { .. } | Item::Jump { .. } => {}
    }
}

/// Draws runs of one face at once. What no face has stands as its number in a frame.
fn draw_text(surface: &mut Surface<'_>, x: f32, y: f32, style: Style, text: &str) {
    let composed: String;
    let text = if is_nfc(text) {
        text
    } else {
        composed = text.nfc().collect();
        &composed
    };
    surface.set_stroke(None);
    surface.set_fill(Some(fill(style.ink)));
    let mut x = x;
    let mut run: Option<Run> = None;
    for (at, c) in text.char_indices() {
        match FACES.set(style.face, c) {
            Set::Glyph { face, glyph, advance } => {
                if run.as_ref().is_none_or(|run| run.face != face) {
                    x = end_run(surface, run.take(), text, x, y, style.size);
                    run = Some(Run { face, start: at, glyphs: Vec::new(), advance: 0.0 });
                }
                if let Some(run) = &mut run {
                    let range = at - run.start..at - run.start + c.len_utf8();
                    run.glyphs.push(KrillaGlyph::new(
                        GlyphId::new(u32::from(glyph)),
                        advance,
                        0.0,
                        0.0,
                        0.0,
                        range,
                        None,
                    ));
                    run.advance += advance;
                }
            }
            Set::Frame => {
                x = end_run(surface, run.take(), text, x, y, style.size);
                draw_frame(surface, x, y, style, c);
                surface.set_stroke(None);
                surface.set_fill(Some(fill(style.ink)));
                x += FRAME_ADVANCE * style.size;
            }
        }
    }
    end_run(surface, run, text, x, y, style.size);
}

/// Glyphs of one face that stand side by side, and where their text begins.
struct Run {
    face: Face,
    start: usize,
    glyphs: Vec<KrillaGlyph>,
    advance: f32,
}

/// Draws the run, if there is one, and gives the place behind it.
fn end_run(surface: &mut Surface<'_>, run: Option<Run>, text: &str, x: f32, y: f32, size: f32) -> f32 {
    let Some(run) = run else { return x };
    if let Some(face) = FACES.get(run.face) {
        let end = run.start + run.glyphs.last().map_or(0, |glyph| glyph.text_range.end);
        let text = &text[run.start..end];
        surface.draw_glyphs(Point::from_xy(x, y), &run.glyphs, face.font.clone(), text, size, false);
    }
    x + run.advance * size
}

/// The number of a character in a frame: two rows of hexadecimal digits.
fn draw_frame(surface: &mut Surface<'_>, x: f32, y: f32, style: Style, c: char) {
    let (w, h) = ((FRAME_ADVANCE - 0.1) * style.size, 0.92 * style.size);
    let top = y - 0.78 * style.size;
    draw_box(surface, [x + 0.03 * style.size, top, w, h], Pattern::Open(style.ink));
    let digits = format!("{:04X}", u32::from(c));
    let (upper, lower) = digits.split_at(digits.len().div_ceil(2));
    let size = style.size * if digits.len() > 4 { 0.34 } else { 0.42 };
    surface.set_stroke(None);
    surface.set_fill(Some(fill(style.ink)));
    for (row, baseline) in [(upper, top + 0.42 * style.size), (lower, top + 0.84 * style.size)] {
        let width = FACES.width(Face::Mono, size, row);
        let Some(face) = FACES.get(Face::Mono) else { return };
        let glyphs: Vec<KrillaGlyph> = row
            .char_indices()
            .filter_map(|(at, digit)| match FACES.set(Face::Mono, digit) {
                Set::Glyph { glyph, advance, .. } => {
                    Some(KrillaGlyph::new(GlyphId::new(u32::from(glyph)), advance, 0.0, 0.0, 0.0, at..at + 1, None))
                }
                Set::Frame => None,
            })
            .collect();
        let start = Point::from_xy(x + 0.03 * style.size + (w - width) / 2.0, baseline);
        surface.draw_glyphs(start, &glyphs, face.font.clone(), row, size, false);
    }
}

fn draw_box(surface: &mut Surface<'_>, [x, y, w, h]: [f32; 4], pattern: Pattern) {
    let Some(rect) = Rect::from_xywh(x, y, w, h) else { return };
    let outline = |rect: Rect| {
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        path.finish()
    };
    let ink = match pattern {
        Pattern::Plain(ink) => {
            surface.set_stroke(None);
            surface.set_fill(Some(fill(ink)));
            if let Some(path) = outline(rect) {
                surface.draw_path(&path);
            }
            return;
        }
        Pattern::Open(ink) | Pattern::Hatch(ink) | Pattern::Dots(ink) => ink,
    };
    let inset = 0.25;
    if let Some(path) =
        Rect::from_xywh(x + inset, y + inset, (w - 2.0 * inset).max(0.1), (h - 2.0 * inset).max(0.1)).and_then(outline)
    {
        surface.set_fill(Some(fill(0xFF_FF_FF)));
        surface.set_stroke(Some(stroke(ink, 0.5)));
        surface.draw_path(&path);
    }
    match pattern {
        Pattern::Hatch(_) => {
            surface.set_fill(None);
            surface.set_stroke(Some(stroke(ink, 0.9)));
            let mut path = PathBuilder::new();
            // Each line rises from the lower border to the upper one, cut where it leaves the box.
            let mut start = x - h;
            while start < x + w {
                let (from, to) = (start.max(x), (start + h).min(x + w));
                if to > from {
                    path.move_to(from, y + h - (from - start));
                    path.line_to(to, y + h - (to - start));
                }
                start += 3.2;
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Pattern::Dots(_) => {
            surface.set_stroke(None);
            surface.set_fill(Some(fill(ink)));
            let mut path = PathBuilder::new();
            let mut row = y + 1.4;
            let mut is_odd = false;
            while row + 0.9 < y + h {
                let mut column = x + if is_odd { 2.9 } else { 1.5 };
                while column + 0.9 < x + w {
                    if let Some(dot) = Rect::from_xywh(column, row, 0.9, 0.9) {
                        path.push_rect(dot);
                    }
                    column += 2.8;
                }
                row += 2.2;
                is_odd = !is_odd;
            }
            if let Some(path) = path.finish() {
                surface.draw_path(&path);
            }
        }
        Pattern::Plain(_) | Pattern::Open(_) => {}
    }
}

fn draw_line(surface: &mut Surface<'_>, [x0, y0, x1, y1]: [f32; 4], width: f32, ink: Ink) {
    let mut path = PathBuilder::new();
    path.move_to(x0, y0);
    path.line_to(x1, y1);
    if let Some(path) = path.finish() {
        surface.set_fill(None);
        surface.set_stroke(Some(stroke(ink, width)));
        surface.draw_path(&path);
    }
}

fn draw_polygon(surface: &mut Surface<'_>, points: &[(f32, f32)], inside: Option<Ink>, border: Option<(Ink, f32)>) {
    let Some(((x, y), rest)) = points.split_first() else { return };
    let mut path = PathBuilder::new();
    path.move_to(*x, *y);
    for (x, y) in rest {
        path.line_to(*x, *y);
    }
    path.close();
    if let Some(path) = path.finish() {
        surface.set_fill(inside.map(fill));
        surface.set_stroke(border.map(|(ink, width)| stroke(ink, width)));
        surface.draw_path(&path);
    }
}

/// ◆ critical, ▲ high, ■ medium, ▽ low, ○ none, – no score; drawn, so that no font has to have them.
fn draw_shape(surface: &mut Surface<'_>, x: f32, y: f32, size: f32, severity: Option<Severity>, ink: Ink) {
    let at = |u: f32, v: f32| (x + u * size, y + v * size);
    match severity {
        Some(Severity::Critical) => {
            draw_polygon(surface, &[at(0.5, 0.0), at(1.0, 0.5), at(0.5, 1.0), at(0.0, 0.5)], Some(ink), None);
        }
        Some(Severity::High) => {
            draw_polygon(surface, &[at(0.5, 0.06), at(1.0, 0.94), at(0.0, 0.94)], Some(ink), None);
        }
        Some(Severity::Medium) => {
            draw_polygon(surface, &[at(0.1, 0.1), at(0.9, 0.1), at(0.9, 0.9), at(0.1, 0.9)], Some(ink), None);
        }
        Some(Severity::Low) => {
            let border = Some((ink, size * 0.13));
            draw_polygon(surface, &[at(0.1, 0.14), at(0.9, 0.14), at(0.5, 0.88)], None, border);
        }
        Some(Severity::None) => {
            let ring: Vec<(f32, f32)> = (0..16u8)
                .map(|n| {
                    let angle = f32::from(n) * std::f32::consts::TAU / 16.0;
                    at(0.5 + 0.4 * angle.cos(), 0.5 + 0.4 * angle.sin())
                })
                .collect();
            draw_polygon(surface, &ring, None, Some((ink, size * 0.13)));
        }
        None => draw_line(surface, [x, y + size / 2.0, x + size, y + size / 2.0], size * 0.14, ink),
    }
}
