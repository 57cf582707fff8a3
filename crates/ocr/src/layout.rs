//! Reading order: pieces of text with places become rows, columns become blocks.

use crate::page::{Area, Line};

/// A piece of text with its place, before it has a row.
#[derive(Debug, Clone)]
pub struct Piece {
    pub text: String,
    pub area: Area,
    pub confidence: f32,
}

/// Puts pieces in reading order and numbers their rows.
///
/// Pieces whose middles are within half a line height share a row. Where an
/// empty gutter splits a block of several long lines, its left column comes first.
#[must_use]
pub fn rows(pieces: Vec<Piece>) -> Vec<Line> {
    let mut lines = Vec::with_capacity(pieces.len());
    let mut row = 0;
    for block in columns(pieces) {
        for mut band in bands(block) {
            band.sort_by(|a, b| a.area.x0.total_cmp(&b.area.x0));
            for piece in band {
                lines.push(Line { text: piece.text, area: piece.area, confidence: piece.confidence, row });
            }
            row += 1;
        }
    }
    lines
}

fn bands(mut pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    pieces.sort_by(|a, b| a.area.middle().total_cmp(&b.area.middle()));
    let mut bands: Vec<Vec<Piece>> = Vec::new();
    for piece in pieces {
        let joins = bands.last().is_some_and(|band: &Vec<Piece>| {
            let count = band.len() as f32;
            let middle = band.iter().map(|p| p.area.middle()).sum::<f32>() / count;
            let height = band.iter().map(|p| p.area.height()).sum::<f32>() / count;
            let near = (piece.area.middle() - middle).abs() <= 0.5 * piece.area.height().min(height);
            near && band.iter().all(|p| !covers(&p.area, &piece.area))
        });
        match bands.last_mut() {
            Some(band) if joins => band.push(piece),
            _ => bands.push(vec![piece]),
        }
    }
    bands
}

/// Whether two pieces stand one above the other rather than side by side.
fn covers(a: &Area, b: &Area) -> bool {
    let shared = a.x1.min(b.x1) - a.x0.max(b.x0);
    shared > 0.5 * a.width().min(b.width())
}

/// Splits running text set in two columns; forms and tables stay whole, since
/// their pieces are short and belong to rows.
fn columns(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let Some(gutter) = gutter(&pieces) else {
        return vec![pieces];
    };
    let (top, bottom) = pieces
        .iter()
        .filter(|p| p.area.x1 <= gutter || p.area.x0 >= gutter)
        .filter(|p| prose(p))
        .fold((f32::MAX, f32::MIN), |(top, bottom), p| (top.min(p.area.y0), bottom.max(p.area.y1)));
    let (mut above, mut left, mut right, mut below) = (vec![], vec![], vec![], vec![]);
    for piece in pieces {
        let middle = piece.area.middle();
        if middle < top {
            above.push(piece);
        } else if middle > bottom {
            below.push(piece);
        } else if piece.area.x0 >= gutter {
            right.push(piece);
        } else {
            left.push(piece);
        }
    }
    vec![above, left, right, below]
}

fn prose(piece: &Piece) -> bool {
    piece.text.split_whitespace().count() >= 5
}

/// The x of an empty strip with at least six lines of prose on either side that face each other.
fn gutter(pieces: &[Piece]) -> Option<f32> {
    let long: Vec<&Piece> = pieces.iter().filter(|piece| prose(piece)).collect();
    if long.len() < 12 {
        return None;
    }
    let left = long.iter().map(|p| p.area.x0).fold(f32::MAX, f32::min);
    let right = long.iter().map(|p| p.area.x1).fold(f32::MIN, f32::max);
    let mut best: Option<(usize, f32)> = None;
    for step in 6..=14 {
        let x = left + (right - left) * step as f32 / 20.0;
        let crossing = long.iter().filter(|p| p.area.x0 < x && p.area.x1 > x).count();
        let (west, east): (Vec<&Piece>, Vec<&Piece>) =
            long.iter().copied().filter(|p| p.area.x1 <= x || p.area.x0 >= x).partition(|p| p.area.x1 <= x);
        let facing = west
            .iter()
            .filter(|w| east.iter().any(|e| (e.area.middle() - w.area.middle()).abs() < w.area.height() * 2.0))
            .count();
        let clear = crossing * 8 <= long.len();
        if clear && west.len() >= 6 && east.len() >= 6 && facing >= 6 && best.is_none_or(|(n, _)| facing > n) {
            best = Some((facing, x));
        }
    }
    best.map(|(_, x)| x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, x: f32, y: f32) -> Piece {
        let width = text.len() as f32 * 5.0;
        Piece { text: text.to_owned(), area: Area::new(x, y, x + width, y + 10.0), confidence: 0.9 }
    }

    #[test]
    fn a_row_reads_from_left_to_right() {
        let lines = rows(vec![piece("12.00", 200.0, 51.0), piece("Total", 10.0, 50.0), piece("Title", 10.0, 20.0)]);
        let got: Vec<_> = lines.iter().map(|line| (line.text.as_str(), line.row)).collect();
        assert_eq!(got, [("Title", 0), ("Total", 1), ("12.00", 1)]);
    }

    #[test]
    fn columns_of_prose_are_read_one_after_the_other() {
        let mut pieces = vec![];
        for n in 0..8 {
            let y = 40.0 + 14.0 * n as f32;
            pieces.push(piece("left words run on and on here", 10.0, y));
            pieces.push(piece("right words run on and on here", 300.0, y));
        }
        let lines = rows(pieces);
        assert!(lines[..8].iter().all(|line| line.text.starts_with("left")));
    }
}
