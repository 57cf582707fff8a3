//! Numbers that identify things: contract, client, claim, invoice, complaint, number plate.

use std::sync::LazyLock;

use regex::Regex;

use super::fold::plain;
use super::labels::Label;
use super::parts::Part;
use super::view::{View, claimant_first};
use crate::facts::Fact;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// A reference after its words in running text, on plain text.
static CONTRACT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:contrat|contract|police d'assurance|police|policy)(?: [a-z']+){0,3}?\s*,?\s*(?:number|numero|reference|ref\b\.?|no\b\.?|nr\b\.?|n[°º]\.?|n\b\.?|#|:)\s*:?\s*([a-z0-9]{1,6}(?:[/. -][a-z0-9]{1,10}){0,4}[0-9])",
    )
});
/// Without a word for number the value must look like one: groups of letters and digits.
static CONTRACT_BARE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:contrat|contract|police|policy)(?: [a-z']+){0,3}?\s*:?\s+([a-z]{0,5}[-/]?[0-9][a-z0-9]*(?:[-/][a-z0-9]{2,10}){1,4}|[a-z]{1,5}(?:[-/][a-z0-9]{2,10}){1,4})",
    )
});
static CLIENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:(?:\bn[°º]\.?|\bn\b\.?|\bno\b\.?|numero|\bref\b\.?|reference|identifiant|code)\s*(?:de |d')?(?:client|adherent|societaire|assure|membre)|(?:client|customer|member|membership|account|societaire|adherente?)\s*(?:number|numero|reference|ref\b\.?|no\b\.?|n[°º]\.?|id\b)?)\s*:?\s*([a-z]{0,4}[ -]?[0-9][a-z0-9-]{2,14})",
    )
});
/// "no." or "n°" between a label and its value.
static NUMBER_WORD: LazyLock<Regex> = LazyLock::new(|| pattern(r"^(?i:n[°ºo]\.?|nr\.?|number|num[ée]ro|#)\s*:?\s+"));
static DATED: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\s+(?:du|dated|of|le|en date du|date|issued)\s"));
static CLIENT_SHAPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\busr[ -]?([0-9oilsb]{4,6})\b"));
static CLAIM_SHAPE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bclm[ -]?([0-9oil]{4})[ -]?([0-9oil]{5})\b"));
static CONTRACT_SHAPE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b([a-z]{2})[ -]([a-z]{2})[ -]([0-9oilsb]{2})[ -]([0-9oilsb]{6})\b"));
static POLICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:plainte|proces[- ]verbal|\bpv\b|recepisse|crime|police|garda|gendarmerie|complaint)[^.;]{0,60}?(?:n[°ºo]\.?|no\.?|number|numero|ref(?:erence)?\.?|under|sous(?: le)?)\s*(?:the )?(?:number|numero|n[°o]|reference|ref\.?)?\s*:?\s*([a-z]{0,4}[-/ ]?[0-9][a-z0-9/-]{3,20})",
    )
});
static PLATE_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:immatricul\w*|registration(?: number| mark| no\.?| plate)?|registered|number plate|licen[cs]e plate|\breg\b\.?(?: no\.?)?|plaque)[^.;0-9]{0,25}?\s*:?\s*(?:is |est |as |le |number |n[°o] ?)?([a-z0-9]{1,4}[ -]?[a-z0-9]{1,4}[ -]?[a-z0-9]{1,5})",
    )
});
/// A vehicle named before its plate in the same breath: "Vehicle WK21 HBD".
static VEHICLE_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:\bvehicle|\bvehicule|\bvoiture|\bcar\b)[^.;0-9]{0,25}?\s*:?\s*([a-z0-9]{1,4}[ -]?[a-z0-9]{1,4}[ -]?[a-z0-9]{1,5})",
    )
});
/// French, Irish and British plates, the most telling shape first.
static PLATES: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        pattern(r"\b([a-z]{2}[ -]?[0-9oil]{3}[ -]?[a-z]{2})\b"),
        pattern(r"\b([0-9]{2,3}-[a-z]{1,2}-[0-9]{1,6})\b"),
        pattern(r"\b([a-z]{2}[0-9oi]{2} ?[a-z]{3})\b"),
        pattern(r"\b([0-9]{1,4}[ -]?[a-z]{2,3}[ -]?[0-9]{2}|[0-9]{2,3} ?[a-z]{1,2} ?[0-9]{1,6})\b"),
    ]
});

/// The last number plate of a plain text: models and engine sizes stand before it.
fn plate_in(text: &str) -> Option<String> {
    PLATES.iter().find_map(|shape| shape.captures_iter(text).last()).map(|captures| plate_form(&captures[1]))
}

/// Digits where letters that look like digits were read.
fn digits(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'o' | 'O' | 'Q' => '0',
            'i' | 'l' | 'I' | '|' => '1',
            's' | 'S' => '5',
            'b' | 'B' => '8',
            other => other,
        })
        .collect()
}

/// A reference beside its label: capitals, digits and separators, at least one digit.
fn reference(text: &str) -> Option<String> {
    let text = NUMBER_WORD.replace(text.trim(), "");
    let text = text.trim_end_matches(['.', ',', ';']);
    let token = text.split("  ").next()?.split(" — ").next()?;
    // "D-118 du 11/03/2026" is a number and its date.
    let token = DATED.split(token).next()?.trim();
    let compact: String = token.split_whitespace().collect::<Vec<_>>().join(" ");
    let digits = compact.chars().filter(char::is_ascii_digit).count();
    let clean = compact.chars().all(|c| c.is_ascii_alphanumeric() || " -/._#".contains(c));
    let words = compact.split(' ').filter(|word| word.chars().filter(|c| c.is_lowercase()).count() > 2).count();
    (digits >= 2 && clean && words == 0 && compact.len() <= 30 && !looks_like_date(&compact)).then(|| repair(&compact))
}

fn looks_like_date(text: &str) -> bool {
    super::dates::first(text).is_some() && text.len() <= 11
}

/// Puts digits back into the groups of a reference that are numbers but for one misread letter.
fn repair(text: &str) -> String {
    let separators: Vec<char> = text.chars().filter(|c| !c.is_ascii_alphanumeric()).collect();
    let mut out = String::new();
    for (n, group) in text.split(|c: char| !c.is_ascii_alphanumeric()).enumerate() {
        let number = group.chars().filter(char::is_ascii_digit).count();
        let fixable = group.len() >= 3 && number * 3 >= group.len() * 2;
        out.push_str(&if fixable { digits(group) } else { group.to_owned() });
        out.extend(separators.get(n));
    }
    out
}

fn text_fact(view: &View<'_>, regex: &Regex, accept: impl Fn(&str) -> Option<String>) -> Option<Fact> {
    regex.captures_iter(&view.plain).find_map(|captures| {
        let printed = captures.get(1)?.as_str();
        accept(printed).map(|value| view.fact_in_text(value, printed))
    })
}

fn upper(text: &str) -> Option<String> {
    reference(&text.to_uppercase())
}

/// The contract the claimant names.
#[must_use]
pub fn contract(views: &[View<'_>]) -> Option<Fact> {
    let shape = |view: &View<'_>| {
        let captures = CONTRACT_SHAPE.captures(&view.plain)?;
        let value = format!("{}-{}-{}-{}", &captures[1], &captures[2], digits(&captures[3]), digits(&captures[4]))
            .to_uppercase();
        Some(view.fact_in_text(value, &captures[0]))
    };
    claimant_first(views).into_iter().filter(|view| view.part != Part::Police).find_map(|view| {
        let labelled = view.labelled(&[Label::ContractNumber], |text| reference(text).filter(|value| value.len() >= 5));
        labelled
            .or_else(|| shape(view))
            .or_else(|| text_fact(view, &CONTRACT, |text| upper(text).filter(|value| value.len() >= 5)))
            .or_else(|| text_fact(view, &CONTRACT_BARE, |text| upper(text).filter(|value| value.len() >= 6)))
    })
}

/// The client number.
#[must_use]
pub fn client(views: &[View<'_>]) -> Option<Fact> {
    let shape = |view: &View<'_>| {
        let captures = CLIENT_SHAPE.captures(&view.plain)?;
        Some(view.fact_in_text(format!("USR-{}", digits(&captures[1])), &captures[0]))
    };
    claimant_first(views).into_iter().find_map(|view| {
        let labelled = view.labelled(&[Label::ClientRef], reference);
        labelled.or_else(|| shape(view)).or_else(|| text_fact(view, &CLIENT, upper))
    })
}

/// The number of the claim itself, where the form prints one.
#[must_use]
pub fn claim(views: &[View<'_>]) -> Option<Fact> {
    let shape = |view: &View<'_>| {
        let captures = CLAIM_SHAPE.captures(&view.plain)?;
        Some(view.fact_in_text(format!("CLM-{}-{}", digits(&captures[1]), digits(&captures[2])), &captures[0]))
    };
    claimant_first(views)
        .into_iter()
        .filter(|view| view.is(&[Part::Form, Part::Letter, Part::Bill, Part::Other]))
        .find_map(|view| view.labelled(&[Label::ClaimNumber], reference).or_else(|| shape(view)))
}

/// The number of an invoice, estimate, bill or receipt.
#[must_use]
pub fn invoice(views: &[View<'_>]) -> Option<Fact> {
    let short = |text: &str| reference(text).or_else(|| upper(text.split_whitespace().next()?));
    let papers = || views.iter().filter(|view| view.is(&[Part::Invoice, Part::Bill, Part::Receipt]));
    papers()
        .find_map(|view| view.labelled(&[Label::InvoiceNumber], short))
        .or_else(|| papers().find_map(|view| view.labelled(&[Label::Number, Label::Reference], short)))
        .or_else(|| papers().find_map(|view| text_fact(view, &INVOICE, upper)))
}

static INVOICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:facture|devis|invoice|estimate|receipt|ticket|recu|quote|note)\s*(?:n[°ºo]?\.?|no\.?|nr\.?|number|numero|ref\.?|#)\s*:?\s*([a-z]{0,4}[-/ ]?[0-9][a-z0-9/-]{1,15})",
    )
});

/// The reference of a complaint: on the form, in the letter, or on the police paper.
#[must_use]
pub fn police(views: &[View<'_>]) -> Option<Fact> {
    let own = claimant_first(views).into_iter().filter(|view| view.part != Part::Police).find_map(|view| {
        let labelled = view.labelled(&[Label::PoliceRef], reference);
        let in_text = || view.is(&[Part::Letter, Part::Form]).then(|| text_fact(view, &POLICE, upper)).flatten();
        labelled.or_else(in_text)
    });
    let paper = views
        .iter()
        .filter(|view| view.part == Part::Police)
        .find_map(|view| view.labelled(&[Label::PoliceRef, Label::Reference, Label::Number], reference));
    match (own, paper) {
        (Some(own), Some(paper))
            if paper.confidence > own.confidence
                && super::fold::alike(&plain(&own.value), &plain(&paper.value)) > 0.7 =>
        {
            Some(paper)
        }
        (own, paper) => own.or(paper),
    }
}

/// The number plate of the vehicle of this page.
#[must_use]
pub fn plate(view: &View<'_>) -> Option<Fact> {
    let labelled = view.labelled(&[Label::Registration], |text| {
        let text = text.trim().trim_end_matches('.');
        let letters = text.chars().filter(char::is_ascii_alphanumeric).count();
        let clean = text.chars().all(|c| c.is_ascii_alphanumeric() || " -.".contains(c));
        (clean && (4..=10).contains(&letters) && text.chars().any(|c| c.is_ascii_digit())).then(|| plate_form(text))
    });
    let in_text = || text_fact(view, &PLATE_WORDS, plate_in);
    let beside_vehicle = || view.labelled(&[Label::Vehicle], |text| plate_in(&plain(text)));
    let after_vehicle = || text_fact(view, &VEHICLE_WORDS, plate_in);
    labelled.or_else(in_text).or_else(beside_vehicle).or_else(after_vehicle)
}

/// Capitals; in the French form the middle group is digits and the others are letters.
fn plate_form(text: &str) -> String {
    let text = text.trim().to_uppercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let groups: Vec<&str> = text.split(['-', ' ']).collect();
    if let [a, b, c] = groups[..]
        && a.len() == 2
        && b.len() == 3
        && c.len() == 2
    {
        let letters = |group: &str| group.replace('0', "O").replace('1', "I").replace('5', "S").replace('8', "B");
        return format!("{}-{}-{}", letters(a), digits(b), letters(c));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_other_text() {
        assert_eq!(reference("AZ-AU-25-003237").as_deref(), Some("AZ-AU-25-003237"));
        assert_eq!(reference("USR-1O68").as_deref(), Some("USR-1068"));
        assert_eq!(reference("CR/2025/34036").as_deref(), Some("CR/2025/34036"));
        assert_eq!(reference("12/03/2026"), None);
        assert_eq!(reference("15 Station Road"), None);
        assert_eq!(reference("E-mail"), None);
        assert_eq!(plate_form("fr-9B4-yp"), "FR-984-YP");
    }

    #[test]
    fn plates_beside_models() {
        let cases = [
            ("peugeot 208 lj-307-rp", Some("LJ-307-RP")),
            ("dacia duster 251-w-1096", Some("251-W-1096")),
            ("ford focus ab12 cde", Some("AB12 CDE")),
            ("volkswagen golf", None),
        ];
        for (text, expected) in cases {
            assert_eq!(plate_in(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn references_in_sentences() {
        let found = |regex: &Regex, text: &str| regex.captures(&plain(text)).map(|c| c[1].trim().to_uppercase());
        assert_eq!(
            found(&CONTRACT, "Contrat automobile n° AZ-AU-25-002309 — n° client USR-1020").as_deref(),
            Some("AZ-AU-25-002309")
        );
        assert_eq!(found(&CLIENT, "Motor policy no. X — customer number USR-1001").as_deref(), Some("USR-1001"));
        assert_eq!(found(&POLICE, "J'ai déposé plainte sous le numéro PV-2025-9962.").as_deref(), Some("PV-2025-9962"));
        assert_eq!(found(&PLATE_WORDS, "Le véhicule est immatriculé QX-146-AQ.").as_deref(), Some("QX-146-AQ"));
        assert_eq!(found(&PLATE_WORDS, "The car's registration is 251-W-1096.").as_deref(), Some("251-W-1096"));
    }
}
