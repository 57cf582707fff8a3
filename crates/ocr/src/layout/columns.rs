//! Finds running text set in columns; forms and tables stay whole, since their cells belong to rows.

use super::Piece;

/// Lines of running text that a column has at least.
const LINES: usize = 5;
/// Words of a line of running text.
const WORDS: usize = 4;
/// Columns within columns are split so many times.
const DEPTH: usize = 6;

/// Splits pieces into flows to be read one after the other.
pub fn flows(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut flows = Vec::new();
    split(pieces, DEPTH, &mut flows);
    flows
}

fn split(pieces: Vec<Piece>, depth: usize, flows: &mut Vec<Vec<Piece>>) {
    let gutter = if depth == 0 { None } else { gutter(&pieces) };
    let Some(Gutter { x, top, bottom, .. }) = gutter else {
        if !pieces.is_empty() {
            flows.push(pieces);
        }
        return;
    };
    let (mut above, mut left, mut right, mut below) = (vec![], vec![], vec![], vec![]);
    for piece in pieces {
        let middle = piece.area.middle();
        if middle < top {
            above.push(piece);
        } else if middle > bottom {
            below.push(piece);
        } else if piece.area.x0 + piece.area.x1 < 2.0 * x {
            left.push(piece);
        } else {
            right.push(piece);
        }
    }
    for part in [above, left, right, below] {
        split(part, depth - 1, flows);
    }
}

/// An empty strip left of `x`, between these heights.
#[derive(Debug, Clone, Copy)]
struct Gutter {
    x: f32,
    top: f32,
    bottom: f32,
    lines: usize,
}

/// The gutter with the most running text on both sides.
fn gutter(pieces: &[Piece]) -> Option<Gutter> {
    let mut edges: Vec<f32> = pieces.iter().filter(|piece| prose(piece)).map(|piece| piece.area.x0).collect();
    edges.sort_by(f32::total_cmp);
    edges.dedup_by(|a, b| (*a - *b).abs() < 2.0);
    edges.into_iter().filter_map(|x| best_at(pieces, x)).max_by_key(|gutter| gutter.lines)
}

/// The best stretch between pieces that cross `x`.
fn best_at(pieces: &[Piece], x: f32) -> Option<Gutter> {
    let slack = |piece: &Piece| piece.area.height() * 0.3;
    let mut crossing: Vec<(f32, f32)> = pieces
        .iter()
        .filter(|piece| piece.area.x0 < x - slack(piece) && piece.area.x1 > x + slack(piece))
        .map(|piece| (piece.area.y0, piece.area.y1))
        .collect();
    crossing.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut best: Option<Gutter> = None;
    let mut top = f32::MIN;
    for bottom in crossing.iter().copied().chain([(f32::MAX, f32::MAX)]) {
        let between = |piece: &&Piece| piece.area.middle() > top && piece.area.middle() < bottom.0;
        let (left, right): (Vec<&Piece>, Vec<&Piece>) =
            pieces.iter().filter(between).partition(|piece| piece.area.x0 + piece.area.x1 < 2.0 * x);
        if let Some(found) = facing(&left, &right, x)
            && best.is_none_or(|best| found.lines > best.lines)
        {
            best = Some(found);
        }
        top = top.max(bottom.1);
    }
    best
}

/// Whether both sides are columns that stand beside each other, and where.
fn facing(left: &[&Piece], right: &[&Piece], x: f32) -> Option<Gutter> {
    let (left, right) = (Column::of(left)?, Column::of(right)?);
    let (top, bottom) = (left.top.max(right.top), left.bottom.min(right.bottom));
    let shared = (bottom - top) / (left.bottom - left.top).min(right.bottom - right.top).max(1.0);
    let gap = right.x0 - left.x1;
    let lines = left.lines.min(right.lines);
    (shared > 0.5 && gap > 0.4 * left.height.min(right.height)).then_some(Gutter {
        x,
        top: left.top.min(right.top),
        bottom: left.bottom.max(right.bottom),
        lines,
    })
}

/// A stack of lines of running text, most of them as wide as the stack.
struct Column {
    x0: f32,
    x1: f32,
    top: f32,
    bottom: f32,
    /// Of a line.
    height: f32,
    lines: usize,
}

impl Column {
    fn of(pieces: &[&Piece]) -> Option<Self> {
        let running: Vec<&&Piece> = pieces.iter().filter(|piece| prose(piece)).collect();
        let x0 = running.iter().map(|piece| piece.area.x0).fold(f32::MAX, f32::min);
        let x1 = running.iter().map(|piece| piece.area.x1).fold(f32::MIN, f32::max);
        let wide = running.iter().filter(|piece| piece.area.width() > 0.65 * (x1 - x0)).count();
        let set_left = running.iter().filter(|piece| piece.area.x0 - x0 < 0.08 * (x1 - x0)).count();
        // Cells beside one another, or short lines under labels, are a table or a form.
        let alone = running
            .iter()
            .filter(|line| {
                let beside = |other: &&Piece| {
                    (other.area.middle() - line.area.middle()).abs() < 0.5 * line.area.height()
                        && other.area.x0 != line.area.x0
                };
                !pieces.iter().any(beside)
            })
            .count();
        let most = |count: usize| count * 4 >= running.len() * 3;
        if wide < LINES || !most(alone) || !most(set_left) || wide * 2 < pieces.len() {
            return None;
        }
        let top = running.iter().map(|piece| piece.area.y0).fold(f32::MAX, f32::min);
        let bottom = running.iter().map(|piece| piece.area.y1).fold(f32::MIN, f32::max);
        let height = running.iter().map(|piece| piece.area.height()).sum::<f32>() / running.len() as f32;
        Some(Self { x0, x1, top, bottom, height, lines: wide })
    }
}

fn prose(piece: &Piece) -> bool {
    piece.text.split_whitespace().count() >= WORDS
}
