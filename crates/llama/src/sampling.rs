//! From scores to one token.

use std::hash::{BuildHasher, RandomState};

use llguidance::toktrie::SimpleVob;

/// Candidates this many e-folds below the best one are never drawn; it keeps the sort short.
const NEGLIGIBLE: f32 = 16.0;

/// Draws tokens; at temperature 0 always the best one, and of equals the first.
pub struct Sampler {
    temperature: f32,
    top_p: f32,
    state: u64,
}

impl Sampler {
    /// Without a seed every call draws differently.
    pub fn new(temperature: f32, top_p: f32, seed: Option<i64>) -> Self {
        let state = seed.map_or_else(|| RandomState::new().hash_one("seed"), |seed| seed as u64);
        Self { temperature, top_p, state }
    }

    /// `None` when no token is allowed at all.
    pub fn pick(&mut self, scores: &[f32], allowed: Option<&SimpleVob>) -> Option<u32> {
        let (best, top) = best(scores, allowed)?;
        if self.temperature <= 0.0 {
            return Some(best);
        }
        let floor = top - NEGLIGIBLE * self.temperature;
        let mut weights: Vec<(u32, f64)> = Vec::new();
        each(scores, allowed, |token, score| {
            if score >= floor {
                weights.push((token, f64::from((score - top) / self.temperature).exp()));
            }
        });
        weights.sort_by(|a, b| b.1.total_cmp(&a.1));
        let total: f64 = weights.iter().map(|(_, weight)| weight).sum();
        let mut kept = 0.0;
        let within = weights.iter().take_while(|(_, weight)| {
            let before = kept;
            kept += weight;
            before < total * f64::from(self.top_p)
        });
        let nucleus: Vec<&(u32, f64)> = within.collect();
        let mass: f64 = nucleus.iter().map(|(_, weight)| weight).sum();
        let mut dart = self.uniform() * mass;
        for (token, weight) in &nucleus {
            dart -= weight;
            if dart <= 0.0 {
                return Some(*token);
            }
        }
        Some(best)
    }

    /// SplitMix64, in `0.0..1.0`.
    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }
}

fn each(scores: &[f32], allowed: Option<&SimpleVob>, mut visit: impl FnMut(u32, f32)) {
    match allowed {
        None => scores.iter().enumerate().for_each(|(token, score)| visit(token as u32, *score)),
        Some(mask) => mask.iter_set_entries(|token| {
            if let Some(score) = scores.get(token) {
                visit(token as u32, *score);
            }
        }),
    }
}

fn best(scores: &[f32], allowed: Option<&SimpleVob>) -> Option<(u32, f32)> {
    let mut best: Option<(u32, f32)> = None;
    each(scores, allowed, |token, score| {
        if !score.is_nan() && best.is_none_or(|(_, top)| score > top) {
            best = Some((token, score));
        }
    });
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [f32; 5] = [0.0, 3.0, 1.0, 3.0, -2.0];

    fn mask(tokens: &[u32]) -> SimpleVob {
        let mut mask = SimpleVob::alloc(SCORES.len());
        tokens.iter().for_each(|token| mask.allow_token(*token));
        mask
    }

    #[test]
    fn greedy_takes_the_best_allowed_token() {
        let mut sampler = Sampler::new(0.0, 1.0, None);
        assert_eq!(sampler.pick(&SCORES, None), Some(1));
        assert_eq!(sampler.pick(&SCORES, Some(&mask(&[2, 4]))), Some(2));
        assert_eq!(sampler.pick(&SCORES, Some(&mask(&[]))), None);
        assert_eq!(sampler.pick(&[f32::NAN, 1.0], None), Some(1));
    }

    #[test]
    fn a_seed_repeats_its_draws() {
        let draw = |seed| {
            let mut sampler = Sampler::new(1.0, 1.0, Some(seed));
            (0..32).map(|_| sampler.pick(&SCORES, None)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn top_p_cuts_the_tail_and_the_mask_always_holds() {
        let mut narrow = Sampler::new(1.0, 0.5, Some(1));
        let mut masked = Sampler::new(2.0, 1.0, Some(1));
        let only = mask(&[0, 4]);
        for _ in 0..200 {
            assert!(matches!(narrow.pick(&SCORES, None), Some(1 | 3)));
            assert!(matches!(masked.pick(&SCORES, Some(&only)), Some(0 | 4)));
        }
    }
}
