//! A contract's wording, cut into clauses.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// One clause as it can be cited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// `4.1`, or the article's number where its parts are not numbered; empty before the first article.
    pub number: String,
    /// The words under the article's heading that apply, heading first.
    pub text: String,
    /// Bytes of the full text this clause was cut from, heading left out.
    pub span: Range<usize>,
}

/// `Article 3 — Garanties.`, `Section 4 - Exclusions.`, `§ 5: …`, or a numbered heading on its own line.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?mi)(?:\b(?:articles?|art\.|sections?|clauses?|chapitre|titre|chapter|part)\s+|§\s*)(\d+(?:\.\d+)*|[IVX]+)\s*(?:[—–:.-]|$)\s*|^\s*(\d+(?:\.\d+)*)\s*[.)—–-]\s+";
    Regex::new(pattern).expect("the pattern is constant")
});

/// `(4.1)`, or `4.1` with a dot, dash or bracket behind it.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"\((\d+(?:\.\d+)+|[a-z])\)\s*|(?:^|[\s;])(\d+(?:\.\d+)+)\s*[.):—–-]\s*";
    Regex::new(pattern).expect("the pattern is constant")
});

/// Parts longer than this are cut at sentence ends.
const LONG: usize = 600;
const MAX_CLAUSES: usize = 200;

/// Clauses in the order of the text; at most 200.
pub(crate) fn clauses(full_text: &str) -> Vec<Clause> {
    let mut found = Vec::new();
    let mut headings: Vec<(Range<usize>, String)> = HEADING
        .captures_iter(full_text)
        .filter_map(|heading| {
            let number = heading.get(1).or_else(|| heading.get(2))?.as_str().to_owned();
            let whole = heading.get(0)?.range();
            starts_a_part(full_text, whole.start).then_some((whole, number))
        })
        .collect();
    headings.insert(0, (0..0, String::new()));
    for (at, (heading, number)) in headings.iter().enumerate() {
        let end = headings.get(at + 1).map_or(full_text.len(), |next| next.0.start);
        article(full_text, heading.end..end, number, &mut found);
        if found.len() >= MAX_CLAUSES {
            found.truncate(MAX_CLAUSES);
            break;
        }
    }
    found
}

/// "see article 4 — …" inside a sentence is a mention, not a heading.
fn starts_a_part(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '\t', '#', '*']);
    before.is_empty() || before.ends_with(['.', '\n', ';', ':'])
}

fn article(text: &str, span: Range<usize>, number: &str, found: &mut Vec<Clause>) {
    let body = &text[span.clone()];
    let marks: Vec<(Range<usize>, &str)> = NUMBERED
        .captures_iter(body)
        .filter_map(|mark| Some((mark.get(0)?.range(), mark.get(1).or_else(|| mark.get(2))?.as_str())))
        .collect();
    if number.is_empty() || marks.is_empty() {
        let (lead, rest) = heading_of(body);
        let lead = if number.is_empty() { "" } else { lead };
        let start = if number.is_empty() { span.start } else { span.start + rest };
        for part in parts(&text[start..span.end]) {
            push(text, start + part.start..start + part.end, number, lead, found);
        }
        return;
    }
    let lead = body[..marks[0].0.start].trim();
    for (at, (mark, label)) in marks.iter().enumerate() {
        let end = marks.get(at + 1).map_or(body.len(), |next| next.0.start);
        let label = match label.contains('.') {
            true => (*label).to_owned(),
            false => format!("{number}.{label}"),
        };
        push(text, span.start + mark.end..span.start + end, &label, lead, found);
    }
}

/// The article's title and where the text behind it begins. A first sentence of up to six words is a title, unless
/// it is all there is.
fn heading_of(body: &str) -> (&str, usize) {
    let short = |end: &usize| body[..*end].split_whitespace().count() <= 6;
    let followed = |end: &usize| body[*end + 1..].contains(char::is_alphabetic);
    let end = body.find(['.', '\n']).filter(short).filter(followed);
    end.map_or(("", 0), |end| (body[..end].trim(), end + 1))
}

/// A list is cut at its semicolons, long prose at sentence ends.
fn parts(text: &str) -> Vec<Range<usize>> {
    let listed = text.matches(';').count() >= 2;
    let mut parts = Vec::new();
    let mut start = 0;
    for (at, mark) in text.match_indices([';', '\n', '.']) {
        let ends = match mark {
            ";" => listed,
            "\n" => text[at + 1..].starts_with(['\n', '-', '•']),
            _ => {
                let sentence = text[at + 1..].starts_with(char::is_whitespace);
                sentence && (listed && !text[at..].contains(';') || at - start >= LONG)
            }
        };
        if ends {
            parts.push(start..at + 1);
            start = at + 1;
        }
    }
    parts.push(start..text.len());
    parts
}

fn push(text: &str, span: Range<usize>, number: &str, lead: &str, found: &mut Vec<Clause>) {
    let piece = &text[span.clone()];
    let trimmed =
        piece.trim_matches(|letter: char| letter.is_whitespace() || matches!(letter, ';' | '-' | '•' | '*' | '#'));
    if trimmed.chars().filter(|letter| letter.is_alphabetic()).count() < 3 {
        return;
    }
    let start = span.start + (trimmed.as_ptr() as usize - piece.as_ptr() as usize);
    let text = match lead.is_empty() {
        true => trimmed.to_owned(),
        false => format!("{}: {trimmed}", lead.trim_end_matches([':', '.', ' '])),
    };
    found.push(Clause { number: number.to_owned(), text, span: start..start + trimmed.len() });
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRENCH: &str = "Mutuelle — Contrat AZ-1 (Habitation). Assuré : X. Devise : EUR.\n\nArticle 3 — Garanties. \
        dégât des eaux : plafond 10 000,00 €, franchise 200,00 €; vol : plafond 8 000,00 €, dépôt de plainte \
        obligatoire; bris de glace : plafond 1 200,00 €. Plafond annuel tous sinistres : 60 000,00 €.\n\nArticle 4 — \
        Exclusions. Ne sont pas garantis : (4.1) l'usure ou le défaut d'entretien ; (4.2) le vol sans effraction, \
        escalade ni violence. Article 5 — Déclaration tardive. La déchéance n'est opposée que si le retard dépasse 60 \
        jours. Toute action se prescrit par deux ans (voir article 4 — exclusions).";

    fn numbers_and_texts(text: &str) -> Vec<(String, String)> {
        clauses(text).into_iter().map(|clause| (clause.number, clause.text)).collect()
    }

    #[test]
    fn articles_lists_and_numbered_exclusions_are_clauses() {
        let found = numbers_and_texts(FRENCH);
        let numbers: Vec<&str> = found.iter().map(|clause| clause.0.as_str()).collect();
        assert_eq!(numbers, ["", "3", "3", "3", "3", "4.1", "4.2", "5"], "{found:#?}");
        assert_eq!(found[1].1, "Garanties: dégât des eaux : plafond 10 000,00 €, franchise 200,00 €");
        assert_eq!(found[4].1, "Garanties: Plafond annuel tous sinistres : 60 000,00 €.");
        assert_eq!(found[6].1, "Exclusions. Ne sont pas garantis: le vol sans effraction, escalade ni violence.");
        assert!(found[7].1.starts_with("Déclaration tardive: La déchéance"), "{}", found[7].1);
    }

    #[test]
    fn spans_point_into_the_full_text() {
        for clause in clauses(FRENCH) {
            let cut = &FRENCH[clause.span];
            assert!(clause.text.ends_with(cut), "{cut} | {}", clause.text);
        }
    }

    #[test]
    fn other_layouts_and_no_layout_still_give_clauses() {
        let numbered = "1. Cover\nWe pay for fire.\n2. Exclusions\n2.1. Wear and tear.\n2.2. War.";
        let numbers: Vec<String> = clauses(numbered).into_iter().map(|clause| clause.number).collect();
        assert!(numbers.contains(&"2.1".to_owned()) && numbers.contains(&"1".to_owned()), "{numbers:?}");
        assert_eq!(clauses("We pay for glass.").len(), 1);
        assert!(clauses("").is_empty() && clauses("\u{1f600} ;;; --- 12").is_empty());
        let long = "A sentence of some words here. ".repeat(400);
        assert!(clauses(&long).iter().all(|clause| clause.text.len() < LONG + 100));
    }
}
