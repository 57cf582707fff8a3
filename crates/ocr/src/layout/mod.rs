//! Reading order: pieces of text with places become rows, columns are read one after the other.

mod blocks;
mod columns;

use crate::detail::{Block, LineDetail, Word};
use crate::page::{Area, Line};

/// A piece of text with its place, before it has a row.
#[derive(Debug, Clone, Default)]
pub struct Piece {
    pub text: String,
    pub area: Area,
    /// Mean certainty of the characters.
    pub confidence: f32,
    /// Certainty of the least certain character.
    pub least: f32,
    /// The chance that the whole piece is right.
    pub chance: f32,
    pub words: Vec<Word>,
}

/// Lines in reading order, with what is known of each.
#[derive(Debug, Clone, Default)]
pub struct Laid {
    pub lines: Vec<Line>,
    pub details: Vec<LineDetail>,
    pub blocks: Vec<Block>,
}

/// Puts pieces in reading order and numbers their rows and blocks.
///
/// Pieces whose middles are within half a line height share a row, so tables and
/// forms are read across. Where running text stands in columns, each is read to its end first.
#[must_use]
pub fn rows(pieces: Vec<Piece>) -> Laid {
    let flows = columns::flows(pieces);
    let bands: Vec<Vec<Vec<Piece>>> = flows.into_iter().map(bands).collect();
    let (blocks, of_band) = blocks::blocks(&bands);
    let mut laid = Laid { blocks, ..Laid::default() };
    let all = bands.into_iter().flatten().zip(of_band);
    for (row, (band, block)) in all.enumerate() {
        for Piece { text, area, confidence, least, chance, words } in band {
            laid.lines.push(Line { text, area, confidence, row });
            laid.details.push(LineDetail { chance, least, words, block });
        }
    }
    laid
}

/// The pieces that gave these lines, to lay them out again with others.
#[must_use]
pub fn pieces(lines: Vec<Line>, details: Vec<LineDetail>) -> Vec<Piece> {
    let piece = |(line, detail): (Line, LineDetail)| Piece {
        text: line.text,
        area: line.area,
        confidence: line.confidence,
        least: detail.least,
        chance: detail.chance,
        words: detail.words,
    };
    lines.into_iter().zip(details).map(piece).collect()
}

/// Rows of a flow from top to bottom, each from left to right.
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
    for band in &mut bands {
        band.sort_by(|a, b| a.area.x0.total_cmp(&b.area.x0));
    }
    bands
}

/// Whether two pieces stand one above the other rather than side by side.
fn covers(a: &Area, b: &Area) -> bool {
    let shared = a.x1.min(b.x1) - a.x0.max(b.x0);
    shared > 0.5 * a.width().min(b.width())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, x: f32, y: f32) -> Piece {
        let width = text.len() as f32 * 5.0;
        Piece { text: text.to_owned(), area: Area::new(x, y, x + width, y + 10.0), confidence: 0.9, ..Piece::default() }
    }

    fn texts(pieces: Vec<Piece>) -> Vec<(String, usize)> {
        rows(pieces).lines.into_iter().map(|line| (line.text, line.row)).collect()
    }

    #[test]
    fn a_row_reads_from_left_to_right() {
        let got = texts(vec![piece("12.00", 200.0, 51.0), piece("Total", 10.0, 50.0), piece("Title", 10.0, 20.0)]);
        assert_eq!(got, [("Title".to_owned(), 0), ("Total".to_owned(), 1), ("12.00".to_owned(), 1)]);
    }

    #[test]
    fn columns_of_prose_are_read_one_after_the_other() {
        let mut pieces = vec![piece("A heading across the whole of the page, wider than a column is", 10.0, 20.0)];
        for n in 0..8 {
            // The baselines of the columns need not be the same.
            let y = 40.0 + 14.0 * n as f32;
            pieces.push(piece("left words run on and on here", 10.0, y));
            pieces.push(piece("right words run on and on here", 300.0, y + 4.0));
        }
        pieces.push(piece("A foot note across the whole of the page, wider than a column", 10.0, 200.0));
        let got = texts(pieces);
        assert!(got[0].0.starts_with("A heading") && got[17].0.starts_with("A foot"), "{got:?}");
        assert!(got[1..9].iter().all(|(line, _)| line.starts_with("left")), "{got:?}");
    }

    #[test]
    fn a_table_is_read_by_rows_however_long_its_cells() {
        let mut pieces = Vec::new();
        for n in 0..8 {
            let y = 40.0 + 14.0 * n as f32;
            pieces.push(piece(["Repair of the left front door", "Paint", "Mirror glass"][n % 3], 10.0, y));
            pieces.push(piece("2", 300.0, y));
            pieces.push(piece("1,240.00 EUR", 340.0, y));
        }
        let laid = rows(pieces);
        assert_eq!(laid.lines.last().map(|line| line.row), Some(7));
        assert_eq!(laid.blocks.len(), 1);
        assert_eq!(laid.blocks[0].kind, crate::detail::BlockKind::Rows);
    }

    #[test]
    fn labels_and_values_stay_rows() {
        let mut pieces = Vec::new();
        for n in 0..9 {
            let y = 40.0 + 20.0 * n as f32;
            pieces.push(piece("Name and first name of the insured:", 10.0, y));
            pieces.push(piece(["Ada Lovelace", "12 May 2026", "Water ran from the flat above mine"][n % 3], 300.0, y));
        }
        let got = texts(pieces);
        assert!(got.iter().enumerate().all(|(n, (_, row))| *row == n / 2), "{got:?}");
    }
}
