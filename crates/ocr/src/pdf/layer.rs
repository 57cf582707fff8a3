//! Glyphs with positions become lines; what a person would not see is kept apart.

use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, Paint, SoftMask, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Point, Rect, Shape};

use crate::detail::Word;
use crate::layout::{Piece, rows};
use crate::page::Area;
use crate::pdf::frames::Frames;

/// Glyphs kept of one page; a page with more is cut.
const MAX_GLYPHS: usize = 200_000;
/// Filled areas remembered to know the paper under a glyph.
const MAX_FILLS: usize = 5_000;
/// Text smaller than this many points is not meant to be read.
const TINY: f32 = 3.0;
/// Confidence in what a file itself says.
const PRINTED: f32 = 0.99;

/// What the text layer of a page holds.
pub struct Layer {
    pub pieces: Vec<Piece>,
    pub hidden: Vec<String>,
    /// Whether the page also draws pictures large enough to carry text.
    pub has_pictures: bool,
    /// Whether characters are missing, private or unmapped: recognition reads better.
    pub garbage: bool,
    /// Whether the page draws what could be check boxes.
    pub has_boxes: bool,
}

/// Reads the text layer of a page, in points, y downwards.
#[must_use]
pub fn text_layer(page: &Page<'_>) -> Layer {
    let (width, height) = page.render_dimensions();
    let cache = InterpreterCache::new();
    let mut context = Context::new(
        page.initial_transform(true).to_kurbo(),
        Rect::new(0.0, 0.0, f64::from(width), f64::from(height)),
        &cache,
        page.xref(),
        InterpreterSettings::default(),
    );
    let mut device = Collector { width, height, ..Collector::default() };
    interpret_page(page, &mut context, &mut device);
    device.finish()
}

#[derive(Clone)]
struct Letter {
    text: String,
    area: Area,
    size: f32,
    upright: bool,
}

#[derive(Default)]
struct Collector {
    width: f32,
    height: f32,
    seen: Vec<Letter>,
    hidden: Vec<Letter>,
    fills: Vec<(Area, [u8; 3])>,
    has_pictures: bool,
    frames: Frames,
    groups: Vec<f32>,
}

fn rgba(paint: &Paint<'_>) -> Option<[u8; 4]> {
    match paint {
        Paint::Color(color) => Some(color.to_rgba().to_rgba8()),
        Paint::Pattern(_) => None,
    }
}

fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(x, y)| x.abs_diff(y) <= 24)
}

impl Collector {
    /// The colour last painted under a point; white paper if none.
    fn paper(&self, x: f32, y: f32) -> [u8; 3] {
        self.fills
            .iter()
            .rev()
            .find(|(area, _)| area.x0 <= x && x <= area.x1 && area.y0 <= y && y <= area.y1)
            .map_or([255; 3], |(_, color)| *color)
    }

    fn letter(&mut self, glyph: &Glyph<'_>, place: Affine, visible: bool, color: Option<[u8; 4]>) {
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(s)) => s,
            None => "\u{fffd}".to_owned(),
        };
        let advance = match glyph {
            Glyph::Outline(outline) => outline.advance_width(),
            Glyph::Type3(glyph) => glyph.advance_width(),
        };
        let advance = f64::from(advance.unwrap_or(500.0));
        let (origin, end) = (place * Point::ZERO, place * Point::new(advance, 0.0));
        let size = (place * Point::new(0.0, 1000.0) - origin).hypot() as f32;
        let upright = (end.y - origin.y).abs() <= (end.x - origin.x).abs() * 0.2;
        let (x0, y) = (origin.x as f32, origin.y as f32);
        let area = Area::new(x0, y - size * 0.75, end.x as f32, y + size * 0.22);
        let (cx, cy) = ((area.x0 + area.x1) / 2.0, area.middle());
        let on_page = cx >= 0.0 && cx <= self.width && cy >= 0.0 && cy <= self.height;
        let paper = self.paper(cx, cy);
        let contrast = color.is_none_or(|[r, g, b, a]| a > 16 && !near([r, g, b], paper));
        let letter = Letter { text, area, size, upright };
        if visible && on_page && contrast && size >= TINY {
            self.frames.letter(&letter.text);
            self.seen.push(letter);
        } else {
            self.hidden.push(letter);
        }
    }

    fn finish(self) -> Layer {
        let (mut bad, mut all) = (0usize, 0usize);
        for character in self.seen.iter().flat_map(|letter| letter.text.chars()) {
            all += 1;
            let private = ('\u{e000}'..='\u{f8ff}').contains(&character);
            let control = character.is_control();
            bad += usize::from(character == '\u{fffd}' || private || control);
        }
        let pieces = assemble(&self.seen);
        let letters: usize = pieces.iter().flat_map(|piece| piece.text.chars()).filter(|c| c.is_alphabetic()).count();
        // A page lying on its side is for the recogniser, which sets it upright.
        let lying = self.seen.iter().filter(|letter| !letter.upright).count() * 2 > self.seen.len();
        let hidden = rows(assemble(&self.hidden)).lines.into_iter().map(|line| line.text).collect();
        Layer {
            garbage: all > 0 && (lying || bad * 5 > all || letters * 10 < all.min(400)),
            pieces,
            hidden,
            has_pictures: self.has_pictures,
            has_boxes: self.frames.likely(),
        }
    }
}

impl<'a> Device<'a> for Collector {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.frames.path(path, props.transform);
        if !matches!(mode, DrawMode::Fill(_) | DrawMode::FillAndStroke(..)) || self.fills.len() >= MAX_FILLS {
            return;
        }
        if let Some([r, g, b, a]) = rgba(&props.paint)
            && a >= 200
        {
            let bounds = props.transform.transform_rect_bbox(path.bounding_box());
            let area = Area::new(bounds.x0 as f32, bounds.y0 as f32, bounds.x1 as f32, bounds.y1 as f32);
            if area.width() > 4.0 && area.height() > 4.0 {
                self.fills.push((area, [r, g, b]));
            }
        }
    }

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, opacity: f32, _: Option<SoftMask<'a>>, _: BlendMode) {
        self.groups.push(opacity);
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let color = rgba(&props.paint);
        let opaque = self.groups.iter().all(|opacity| *opacity > 0.06);
        let visible = opaque && !matches!(mode, DrawMode::Invisible);
        for glyph in run.glyphs() {
            if self.seen.len() + self.hidden.len() >= MAX_GLYPHS {
                return;
            }
            self.letter(glyph, props.transform * glyph.transform(), visible, color);
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let unit = Rect::new(0.0, 0.0, f64::from(image.width()), f64::from(image.height()));
        let bounds = props.transform.transform_rect_bbox(unit);
        self.frames.picture(bounds);
        let share = bounds.area() / f64::from((self.width * self.height).max(1.0));
        self.has_pictures |= share > 0.1 || image.width() as u64 * image.height() as u64 > 400_000;
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {
        self.groups.pop();
    }
}

/// Letters to pieces: rows by baseline, a new piece at a gap wider than about a word space and a half.
fn assemble(letters: &[Letter]) -> Vec<Piece> {
    let mut order: Vec<&Letter> = letters.iter().filter(|letter| letter.upright).collect();
    order.sort_by(|a, b| a.area.y1.total_cmp(&b.area.y1).then(a.area.x0.total_cmp(&b.area.x0)));
    let mut bands: Vec<Vec<&Letter>> = Vec::new();
    for letter in order {
        match bands.last_mut() {
            Some(band) if (band[0].area.y1 - letter.area.y1).abs() < 0.3 * letter.size.min(band[0].size) => {
                band.push(letter);
            }
            _ => bands.push(vec![letter]),
        }
    }
    let mut pieces = Vec::new();
    for mut band in bands {
        band.sort_by(|a, b| a.area.x0.total_cmp(&b.area.x0));
        cut(&band, &mut pieces);
    }
    slanted(letters, &mut pieces);
    pieces
}

/// Letters that run up, down or aslant: as they were drawn, as long as each is beside the last.
fn slanted(letters: &[Letter], pieces: &mut Vec<Piece>) {
    let mut current: Option<(Piece, Area)> = None;
    for letter in letters.iter().filter(|letter| !letter.upright) {
        match &mut current {
            Some((piece, last)) if distance(last, &letter.area) < 1.5 * letter.size => {
                if !letter.text.trim().is_empty() {
                    write(piece, letter, false);
                }
                *last = letter.area;
            }
            _ => {
                pieces.extend(current.take().map(|(piece, _)| piece));
                current = (!letter.text.trim().is_empty()).then(|| (open(letter), letter.area));
            }
        }
    }
    pieces.extend(current.map(|(piece, _)| piece));
}

fn distance(a: &Area, b: &Area) -> f32 {
    let middle = |area: &Area| (area.x0 + area.x1) / 2.0;
    (middle(a) - middle(b)).hypot(a.middle() - b.middle())
}

fn open(letter: &Letter) -> Piece {
    let mut piece =
        Piece { area: letter.area, confidence: PRINTED, least: PRINTED, chance: PRINTED, ..Piece::default() };
    write(&mut piece, letter, true);
    piece
}

/// Adds a letter to a piece, as a new word or to the last one.
fn write(piece: &mut Piece, letter: &Letter, new_word: bool) {
    piece.area = piece.area.union(&letter.area);
    match piece.words.last_mut() {
        Some(word) if !new_word => {
            word.text.push_str(&letter.text);
            word.area = word.area.union(&letter.area);
        }
        _ => {
            if !piece.text.is_empty() {
                piece.text.push(' ');
            }
            piece.words.push(Word { text: letter.text.clone(), area: letter.area, confidence: PRINTED });
        }
    }
    piece.text.push_str(&letter.text);
}

fn cut(band: &[&Letter], pieces: &mut Vec<Piece>) {
    let mut current: Option<Piece> = None;
    let mut space = false;
    for letter in band {
        if letter.text.trim().is_empty() {
            space = true;
            continue;
        }
        let gap = current.as_ref().map_or(0.0, |piece| letter.area.x0 - piece.area.x1);
        match &mut current {
            // The same glyph drawn twice for a bold look.
            Some(piece) if gap < -0.7 * letter.area.width() && piece.text.ends_with(&letter.text) => {}
            Some(piece) if gap < 0.85 * letter.size => write(piece, letter, space || gap > 0.17 * letter.size),
            _ => {
                pieces.extend(current.take());
                current = Some(open(letter));
            }
        }
        space = false;
    }
    pieces.extend(current);
}
