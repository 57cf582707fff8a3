//! What is claimed, in which currency, and what another has paid.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::Decimal;

use super::amounts::{Amount, amounts, in_words};
use super::fold::{fold, plain};
use super::labels::{Label, label};
use super::parts::Part;
use super::view::View;
use crate::facts::{Fact, FactSource};

/// An amount with the fact it gives.
#[derive(Debug, Clone)]
pub struct Money {
    pub value: Decimal,
    pub currency: Option<&'static str>,
    pub fact: Fact,
}

static ASKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"montant (?:total )?(?:de (?:ma|notre|la|cette) (?:demande|reclamation)|reclame|demande|du (?:sinistre|prejudice|dommage)|des (?:dommages|degats|soins|frais)|est de|s'eleve)|s'eleve(?:nt)? a|je (?:vous )?(?:reclame|demande|sollicite)|total (?:amount )?(?:i claim|claimed|of my claim|of the claim|comes to|amounts to|is\b)|i (?:claim|am claiming|request|seek)|amount(?:s)? (?:i claim|claimed|to\b)|claim (?:is for|amounts|totals|comes to|of\b)|totall?ing|pour un (?:total|montant)|soit (?:un total|au total)|for a total of|in total|au total|the sum of|la somme de|remboursement de|reimburse(?:ment of)?|my claim\b[^.]{0,20}\bfor|prejudice|se (?:monte|chiffre)|m'a coute|cost me|sum i am asking|i am asking (?:you )?for|altogether|en tout\b")
        .expect("a constant pattern")
});

static PAYER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"securite sociale|assurance maladie|regime (?:obligatoire|general)|\bcpam\b|\bameli\b|\bmsa\b|public (?:health|scheme|insurance)|state (?:health|scheme|insurance)|social security|health service|national health|\bnhs\b|\bhse\b|statutory|compulsory scheme|(?:other|another|previous) (?:insurer|payer|insurance|scheme)|autre (?:assureur|payeur|organisme|mutuelle)|public (?:payer|fund)|basic scheme|caisse primaire|organisme (?:obligatoire|social)|prise en charge par|tiers payant|airline|compagnie aerienne|transporteur|carrier|vhi\b|government scheme|health fund")
        .expect("a constant pattern")
});

static PAID: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"part |regl|rembours|vers[eé]|pris en charge|prise en charge|pay[eé]|paid|reimburs|refund|covered|settled|share|contribution|indemnis|dedommag|compensat|borne").expect("a constant pattern")
});

fn pick(view: &View<'_>, label_names: &[Label]) -> Option<Money> {
    view.values(label_names).into_iter().find_map(|(_, value)| {
        let amount = amounts(&value.text).into_iter().next().or_else(|| bare(&value.text))?;
        let fact = view.fact(amount.value.to_string(), value.line, FactSource::Label);
        Some(Money { value: amount.value, currency: amount.currency, fact })
    })
}

/// A whole number alone beside an amount label is an amount.
fn bare(text: &str) -> Option<Amount> {
    let text = text.trim();
    let number =
        text.chars().all(|c| c.is_ascii_digit() || " .,'".contains(c)) && text.chars().any(|c| c.is_ascii_digit());
    number
        .then(|| amounts(&format!("{text} EUR")).into_iter().next())
        .flatten()
        .map(|amount| Amount { currency: None, ..amount })
}

/// What the claimant asks for: the labelled amount of a form, the sum in a letter, else the total of the papers.
#[must_use]
pub fn claimed(views: &[View<'_>]) -> Option<Money> {
    let own = || views.iter().filter(|view| view.is(&[Part::Form, Part::Letter, Part::Other]));
    let papers = || views.iter().filter(|view| view.is(&[Part::Bill, Part::Invoice, Part::Receipt]));
    own()
        .find_map(|view| pick(view, &[Label::Claimed]))
        .or_else(|| own().find_map(asked))
        .or_else(|| own().find_map(|view| pick(view, &[Label::Total])))
        .or_else(|| own().filter(|view| view.part == Part::Letter).find_map(only))
        .or_else(|| papers().find_map(total))
}

/// The only amount that a letter names, whatever the words.
fn only(view: &View<'_>) -> Option<Money> {
    let told = view.sentences.iter().filter(|sentence| !PAYER.is_match(&plain(sentence)));
    let named: Vec<(Amount, &String)> =
        told.flat_map(|sentence| amounts(sentence).into_iter().map(move |amount| (amount, sentence))).collect();
    let (first, sentence) = named.first()?;
    let alone = named.iter().all(|(amount, _)| amount.value == first.value) && first.currency.is_some();
    let printed = &sentence[first.span.0..first.span.1];
    alone.then(|| Money {
        value: first.value,
        currency: first.currency,
        fact: view.fact_in_text(first.value.to_string(), printed),
    })
}

/// The amount of the sentence that asks for it.
fn asked(view: &View<'_>) -> Option<Money> {
    let mut best: Option<(usize, Money)> = None;
    for sentence in &view.sentences {
        let text = plain(sentence);
        let Some(ask) = ASKS.find(&text) else { continue };
        if PAYER.is_match(&text) && PAID.is_match(&text) {
            continue;
        }
        let Some(amount) = amounts(sentence).into_iter().find(|amount| amount.span.0 + 12 >= ask.start()) else {
            continue;
        };
        let clear = usize::from(text.contains("total"))
            + usize::from(text.contains("claim") || text.contains("demande") || text.contains("reclam"));
        if best.as_ref().is_none_or(|(score, _)| clear > *score) {
            let printed = &sentence[amount.span.0..amount.span.1];
            let fact = view.fact_in_text(amount.value.to_string(), printed);
            best = Some((clear, Money { value: amount.value, currency: amount.currency, fact }));
        }
    }
    best.map(|(_, money)| money)
}

/// The total of an invoice, bill or receipt: with taxes, the largest when several are printed.
#[must_use]
pub fn total(view: &View<'_>) -> Option<Money> {
    let mut best: Option<Money> = None;
    for (n, line) in view.page.lines.iter().enumerate() {
        let folded = fold(&line.text);
        let is_total = label(&line.text).is_some_and(|found| found.label == Label::Total)
            || folded.starts_with("total ") && folded.len() < 40;
        if !is_total || folded.contains("hors taxe") || folded.starts_with("total ht") || folded.contains("excl") {
            continue;
        }
        let here = amounts(&line.text).pop().map(|amount| (amount, line));
        let beside = || {
            let row = view.page.lines[n + 1..].iter().take_while(|next| next.row == line.row);
            row.filter_map(|next| amounts(&next.text).pop().map(|amount| (amount, next))).last()
        };
        if let Some((amount, line)) = here.or_else(beside)
            && best.as_ref().is_none_or(|money| amount.value > money.value)
        {
            let fact = view.fact(amount.value.to_string(), line, FactSource::Label);
            best = Some(Money { value: amount.value, currency: amount.currency, fact });
        }
    }
    best
}

/// What a public scheme or another insurer has already paid.
#[must_use]
pub fn other_payer(views: &[View<'_>]) -> Option<Money> {
    for view in views {
        for (n, line) in view.page.lines.iter().enumerate() {
            let text = plain(&line.text);
            if !PAYER.is_match(&text) || !PAID.is_match(&text) {
                continue;
            }
            let after = PAYER.find(&text).map_or(0, |hit| hit.start());
            let own = amounts(&line.text);
            let here =
                own.iter().find(|amount| amount.span.0 > after).or(own.first()).cloned().map(|amount| (amount, line));
            let beside = || {
                let row = view.page.lines[n + 1..].iter().take_while(|next| next.row == line.row);
                row.filter_map(|next| amounts(&next.text).into_iter().next().map(|amount| (amount, next))).next()
            };
            // A letter breaks the sentence over two lines.
            let next = || {
                let next = view.page.lines.get(n + 1)?;
                let sentence = text.split_whitespace().count() > 6;
                sentence.then(|| amounts(&next.text).into_iter().next().map(|amount| (amount, next))).flatten()
            };
            let below = || {
                let next = view.page.lines.iter().find(|next| {
                    let gap = next.area.y0 - line.area.y1;
                    next.row > line.row
                        && gap < line.area.height() * 1.6
                        && (next.area.x0 - line.area.x0).abs() < line.area.height() * 2.0
                })?;
                let only = amounts(&next.text);
                (only.len() == 1 && next.text.len() < 20).then(|| (only[0].clone(), next))
            };
            if let Some((amount, line)) = here.or_else(beside).or_else(next).or_else(below) {
                let fact = view.fact(amount.value.to_string(), line, FactSource::Label);
                return Some(Money { value: amount.value, currency: amount.currency, fact });
            }
        }
    }
    None
}

/// The currency printed most on the given pages.
#[must_use]
pub fn main_currency(views: &[View<'_>]) -> Option<(&'static str, Fact)> {
    let mut count: BTreeMap<&'static str, (usize, Fact)> = BTreeMap::new();
    for view in views {
        for line in &view.page.lines {
            for currency in amounts(&line.text).into_iter().filter_map(|amount| amount.currency) {
                let fact = view.fact(currency.to_owned(), line, FactSource::Text);
                count.entry(currency).or_insert((0, fact)).0 += 1;
            }
        }
    }
    count.into_iter().max_by_key(|(_, (n, _))| *n).map(|(currency, (_, fact))| (currency, fact))
}

/// An amount in words that contradicts the figures beside it: both values.
#[must_use]
pub fn words_against_figures(views: &[View<'_>]) -> Option<(Decimal, Decimal)> {
    for view in views.iter().filter(|view| view.is(&[Part::Form, Part::Letter, Part::Other])) {
        for sentence in &view.sentences {
            let Some(words) = in_words(sentence) else { continue };
            let figures: Vec<Decimal> = amounts(sentence).into_iter().map(|amount| amount.value).collect();
            let agrees = figures.iter().any(|figure| (figure - words).abs() < Decimal::ONE);
            if !figures.is_empty() && !agrees && words >= Decimal::from(10) {
                return Some((figures[0], words));
            }
        }
    }
    None
}
