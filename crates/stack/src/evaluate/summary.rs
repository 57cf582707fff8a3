//! What a person sees of an evaluation: a row a claim, and what all of them took.

use std::collections::BTreeMap;
use std::time::Duration;

use super::claim::Processed;
use crate::output::line;
use crate::resources::peak_memory_mb;

pub const HEAD: &str =
    "claim       decision            amount  reason                        seconds  tokens in   cached  out";

pub fn row(claim: &Processed) -> String {
    let decision = claim.decision.as_deref().unwrap_or("error");
    let amount = match (&claim.payable_amount, &claim.currency) {
        (Some(amount), Some(currency)) if decision == "approve" => format!("{amount} {currency}"),
        _ => String::new(),
    };
    let reason = claim.error.as_deref().or(claim.reason_codes.first().map(String::as_str)).unwrap_or_default();
    let mark = if claim.complete || claim.error.is_some() { "" } else { "  (not every tool ran)" };
    format!(
        "{:<11} {decision:<14} {amount:>11}  {reason:<28} {:>8.1} {:>10} {:>8} {:>4}{mark}",
        claim.claim_id, claim.seconds, claim.tokens.input, claim.tokens.cached, claim.tokens.output
    )
}

/// `processor`: seconds of all processes of the house.
pub fn print(claims: &[Processed], took: Duration, processor: f64) {
    let minutes = took.as_secs_f64() / 60.0;
    let complete = claims.iter().filter(|claim| claim.complete).count();
    let model = claims.iter().find_map(|claim| claim.model.as_deref()).unwrap_or("unknown");
    line(&format!(
        "\n{} claims in {:.0} s ({:.1} a minute) with {model}; complete runs {complete} of {}; processor {:.1} s a claim; \
         peak memory {:.0} MB",
        claims.len(),
        took.as_secs_f64(),
        claims.len() as f64 / minutes.max(f64::MIN_POSITIVE),
        claims.len(),
        processor / (claims.len() as f64).max(1.0),
        peak_memory_mb()
    ));
    let mut spent: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for claim in claims {
        spent.entry("whole claim").or_default().push(claim.seconds);
        for (step, seconds) in &claim.steps {
            spent.entry(step).or_default().push(*seconds);
        }
    }
    line("step                 runs  seconds p50     p95");
    for (step, mut seconds) in spent {
        seconds.sort_by(f64::total_cmp);
        let (middle, slow) = (quantile(&seconds, 0.5), quantile(&seconds, 0.95));
        line(&format!("{step:<20} {:>4} {middle:>12.2} {slow:>7.2}", seconds.len()));
    }
    let mut tokens: Vec<f64> = claims.iter().map(|claim| (claim.tokens.input + claim.tokens.output) as f64).collect();
    tokens.sort_by(f64::total_cmp);
    let sum = |of: fn(&Processed) -> u64| claims.iter().map(of).sum::<u64>();
    line(&format!(
        "tokens a claim p50 {:.0}, p95 {:.0}; read {} of which {} from the cache, written {}",
        quantile(&tokens, 0.5),
        quantile(&tokens, 0.95),
        sum(|claim| claim.tokens.input),
        sum(|claim| claim.tokens.cached),
        sum(|claim| claim.tokens.output)
    ));
    line(&anew(claims));
}

/// How much of its prompts a claim made the model read, the rest being known from the claims before it.
fn anew(claims: &[Processed]) -> String {
    let share = |claim: &Processed| match claim.tokens.input {
        0 => 0.0,
        input => (input - claim.tokens.cached.min(input)) as f64 / input as f64 * 100.0,
    };
    let mut later: Vec<f64> = claims.iter().skip(1).map(share).collect();
    later.sort_by(f64::total_cmp);
    let first = claims.first().map_or(0.0, share);
    format!("of its prompts, read anew: first claim {first:.0} %, later ones p50 {:.0} %", quantile(&later, 0.5))
}

/// Of sorted values, the smallest that this share of them does not exceed.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        assert_eq!(quantile(&[], 0.5), 0.0);
        assert_eq!(quantile(&[3.0], 0.95), 3.0);
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((quantile(&hundred, 0.5), quantile(&hundred, 0.95)), (50.0, 95.0));
    }
}
