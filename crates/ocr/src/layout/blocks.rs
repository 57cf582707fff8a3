//! Which rows belong together: paragraphs, and the rows of a form or table.

use super::Piece;
use crate::detail::{Block, BlockKind};
use crate::language;

/// Blocks of the rows of all flows, and the block of each row in order.
pub fn blocks(flows: &[Vec<Vec<Piece>>]) -> (Vec<Block>, Vec<usize>) {
    let (mut blocks, mut of_band) = (Vec::new(), Vec::new());
    for bands in flows {
        let mut open: Vec<&Vec<Piece>> = Vec::new();
        for band in bands {
            if open.last().is_some_and(|last| apart(last, band)) {
                blocks.push(block(&open));
                open.clear();
            }
            open.push(band);
            of_band.push(blocks.len());
        }
        if !open.is_empty() {
            blocks.push(block(&open));
        }
    }
    (blocks, of_band)
}

/// Whether a gap of more than a line, or a change between text and cells, lies between two rows.
fn apart(above: &[Piece], below: &[Piece]) -> bool {
    let height = |band: &[Piece]| band.iter().map(|piece| piece.area.height()).fold(0.0, f32::max);
    let end = above.iter().map(|piece| piece.area.y1).fold(f32::MIN, f32::max);
    let start = below.iter().map(|piece| piece.area.y0).fold(f32::MAX, f32::min);
    let gap = start - end;
    let letters = height(above).min(height(below));
    let changes = (above.len() > 1) != (below.len() > 1);
    gap > 1.2 * letters || changes && gap > 0.6 * letters
}

fn block(bands: &[&Vec<Piece>]) -> Block {
    let pieces = || bands.iter().flat_map(|band| band.iter());
    let area = pieces().map(|piece| piece.area).reduce(|a, b| a.union(&b)).unwrap_or_default();
    let cells = bands.iter().filter(|band| band.len() > 1).count();
    let kind = if cells * 2 > bands.len() { BlockKind::Rows } else { BlockKind::Text };
    let text: Vec<&str> = pieces().map(|piece| piece.text.as_str()).collect();
    Block { area, kind, language: language::of(&text.join(" ")).map(str::to_owned) }
}
