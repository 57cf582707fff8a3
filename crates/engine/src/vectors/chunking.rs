//! Text to overlapping windows.
//!
//! Sizes are in tokens, estimated without a vocabulary: a word is one token for each eight letters begun, every other
//! visible character is one. For English and French prose this is within a tenth of `cl100k_base`.

use wire::openai::vector_stores::{ChunkSizes, ChunkingStrategy};

/// What `auto` means.
pub const AUTO: ChunkSizes = ChunkSizes { chunk_overlap_tokens: 400, max_chunk_size_tokens: 800 };

/// Of contextual chunks, which leave room for the context.
const CONTEXTUAL: ChunkSizes = ChunkSizes { chunk_overlap_tokens: 400, max_chunk_size_tokens: 700 };

const LETTERS_A_TOKEN: usize = 8;
/// A window may end this share before its end, where a sentence does.
const SEARCH_BACK: f64 = 0.2;

/// The sizes of a strategy, or which rule they break.
pub fn sizes(strategy: &ChunkingStrategy) -> Result<ChunkSizes, String> {
    let sizes = match strategy {
        ChunkingStrategy::Auto => return Ok(AUTO),
        ChunkingStrategy::Static { sizes } => *sizes,
        ChunkingStrategy::Contextual { contextual } => ChunkSizes {
            max_chunk_size_tokens: contextual.max_chunk_size_tokens.unwrap_or(CONTEXTUAL.max_chunk_size_tokens),
            chunk_overlap_tokens: contextual.chunk_overlap_tokens.unwrap_or(CONTEXTUAL.chunk_overlap_tokens),
        },
    };
    if !(100..=4096).contains(&sizes.max_chunk_size_tokens) {
        return Err("max_chunk_size_tokens must be between 100 and 4096".into());
    }
    if let ChunkingStrategy::Contextual { .. } = strategy {
        return match sizes.chunk_overlap_tokens < sizes.max_chunk_size_tokens {
            true => Ok(sizes),
            false => Err("chunk_overlap_tokens must be less than max_chunk_size_tokens".into()),
        };
    }
    if sizes.chunk_overlap_tokens > sizes.max_chunk_size_tokens / 2 {
        return Err("chunk_overlap_tokens must be at most half of max_chunk_size_tokens".into());
    }
    Ok(sizes)
}

pub struct Piece<'a> {
    pub text: &'a str,
    pub tokens: usize,
}

/// Windows of at most `max_chunk_size_tokens`, each beginning `chunk_overlap_tokens` before the end of the last.
pub fn pieces(text: &str, sizes: ChunkSizes) -> Vec<Piece<'_>> {
    let units = units(text);
    let most = sizes.max_chunk_size_tokens as usize;
    let (mut pieces, mut from) = (Vec::new(), 0);
    while from < units.len() {
        let (mut to, mut tokens) = (from, 0);
        while to < units.len() && tokens + units[to].tokens <= most {
            tokens += units[to].tokens;
            to += 1;
        }
        to = to.max(from + 1);
        if to < units.len() {
            to = sentence_end(&units, from, to);
        }
        let window = &units[from..to];
        let (start, end) = (window[0].start, window[window.len() - 1].end);
        let tokens = window.iter().map(|unit| unit.tokens).sum();
        pieces.push(Piece { text: text[start..end].trim(), tokens });
        if to == units.len() {
            break;
        }
        from = overlap_start(&units, from, to, sizes.chunk_overlap_tokens as usize);
    }
    pieces.retain(|piece| !piece.text.is_empty());
    pieces
}

struct Unit {
    start: usize,
    end: usize,
    tokens: usize,
    ends_sentence: bool,
}

/// Words, at most a token's letters each so that a text without spaces is cut too, and single other characters.
fn units(text: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut letters = 0;
    for (start, letter) in text.char_indices() {
        let end = start + letter.len_utf8();
        if letter.is_alphanumeric() {
            match units.last_mut() {
                Some(unit) if letters > 0 && letters < LETTERS_A_TOKEN => unit.end = end,
                _ => {
                    letters = 0;
                    units.push(Unit { start, end, tokens: 1, ends_sentence: false });
                }
            }
            letters += 1;
            continue;
        }
        letters = 0;
        match units.last_mut() {
            Some(unit) if letter.is_whitespace() => {
                unit.end = end;
                unit.ends_sentence |= letter == '\n';
            }
            _ => {
                let tokens = usize::from(!letter.is_whitespace());
                units.push(Unit { start, end, tokens, ends_sentence: matches!(letter, '.' | '!' | '?') });
            }
        }
    }
    units
}

fn sentence_end(units: &[Unit], from: usize, to: usize) -> usize {
    let earliest = to - ((to - from) as f64 * SEARCH_BACK) as usize;
    (earliest.max(from + 1)..=to).rev().find(|&end| units[end - 1].ends_sentence).unwrap_or(to)
}

fn overlap_start(units: &[Unit], from: usize, to: usize, overlap: usize) -> usize {
    let (mut start, mut tokens) = (to, 0);
    while start > from + 1 && tokens + units[start - 1].tokens <= overlap {
        start -= 1;
        tokens += units[start].tokens;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes_of(max: u32, overlap: u32) -> ChunkSizes {
        ChunkSizes { chunk_overlap_tokens: overlap, max_chunk_size_tokens: max }
    }

    #[test]
    fn a_short_text_is_one_piece() {
        let text = "Glass damage is covered up to 500 dollars. Theft is covered with a police report.";
        let pieces = pieces(text, AUTO);
        assert_eq!((pieces.len(), pieces[0].text, pieces[0].tokens), (1, text, 17));
    }

    #[test]
    fn sizes_have_bounds() {
        let strategy = |max, overlap| ChunkingStrategy::Static { sizes: sizes_of(max, overlap) };
        assert!(sizes(&strategy(99, 0)).is_err() && sizes(&strategy(4097, 0)).is_err());
        assert!(sizes(&strategy(100, 51)).is_err());
        assert_eq!(sizes(&strategy(100, 50)), Ok(sizes_of(100, 50)));
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_large(text in "(\\w{1,20}[ .\\n]{1,2}|[à-ü]{3} ){0,400}", overlap in 0_u32..50) {
            let pieces = pieces(&text, sizes_of(100, overlap));
            let mut at = 0;
            for piece in &pieces {
                proptest::prop_assert!(piece.tokens <= 100);
                let start = piece.text.as_ptr() as usize - text.as_ptr() as usize;
                let skipped = text.get(at..start.max(at)).unwrap_or_default();
                proptest::prop_assert!(skipped.trim().is_empty(), "lost {skipped:?}");
                at = start + piece.text.len();
            }
            proptest::prop_assert!(text[at..].trim().is_empty());
        }
    }
}
