//! Tables of claimed items: rows with a description and an amount.

use rust_decimal::Decimal;

use super::amounts::{Amount, amounts};
use super::categories::category;
use super::dates;
use super::fold::fold;
use super::labels::{Label, label};
use super::perils::Product;
use crate::facts::Item;
use crate::page::{Line, PageText};

/// Longest table read.
const MAX_ITEMS: usize = 200;

/// A table found on a page.
#[derive(Debug, Clone, Default)]
pub struct Table {
    pub items: Vec<Item>,
    /// The digits of each item's row, to check an amount against the total.
    digits: Vec<String>,
}

impl Table {
    /// Puts right one amount whose first digits were lost, when the total tells
    /// them and the row shows them: "20231 015,85" was a date and 1 015,85.
    pub fn agree_with(&mut self, total: Decimal) {
        let values: Vec<Decimal> = self.items.iter().filter_map(|item| item.amount.parse().ok()).collect();
        let missing = total - values.iter().sum::<Decimal>();
        if values.len() != self.items.len() || missing.abs() <= Decimal::ONE {
            return;
        }
        let fits = |n: &usize| {
            let wanted = values[*n] + missing;
            let printed: String = wanted.to_string().chars().filter(char::is_ascii_digit).collect();
            wanted > Decimal::ZERO && printed.len() >= 4 && self.digits[*n].contains(&printed)
        };
        let fitting: Vec<usize> = (0..values.len()).filter(fits).collect();
        if let [n] = fitting[..] {
            self.items[n].amount = (values[n] + missing).to_string();
        }
    }

    /// Adds the rows of another table.
    pub fn extend(&mut self, other: Self) {
        self.items.extend(other.items);
        self.digits.extend(other.digits);
    }
}

/// Reads the items of a page. With `headless`, rows count without a header line, as on a receipt.
#[must_use]
pub fn table(page: &PageText, product: Option<Product>, headless: bool) -> Table {
    let rows = rows(page);
    let header = rows.iter().enumerate().position(|(n, row)| is_header(row, rows.get(n + 1)));
    let start = match header {
        Some(at) => at + 1,
        None if headless => 0,
        None => return Table::default(),
    };
    let mut table = Table::default();
    let mut pending: Option<String> = None;
    for row in &rows[start..] {
        let text = row.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("  ");
        if ends(&text) && (!table.items.is_empty() || header.is_some()) {
            break;
        }
        match item(row, &text, product, pending.as_deref(), page.number) {
            Some(item) => {
                table.items.push(item);
                table.digits.push(text.chars().filter(char::is_ascii_digit).collect());
                pending = None;
            }
            None if header.is_some() && row.len() == 1 && text.len() < 60 && label(&text).is_none() => {
                pending = Some(text)
            }
            None => pending = None,
        }
        if table.items.len() == MAX_ITEMS {
            break;
        }
    }
    table
}

fn rows(page: &PageText) -> Vec<Vec<&Line>> {
    let mut rows: Vec<Vec<&Line>> = Vec::new();
    for line in &page.lines {
        match rows.last_mut() {
            Some(row) if row[0].row == line.row => row.push(line),
            _ => rows.push(vec![line]),
        }
    }
    rows
}

/// A row that names what is listed and how much; with a price below it, any row of cells that ends in "how much".
fn is_header(row: &[&Line], next: Option<&Vec<&Line>>) -> bool {
    const WHAT: &[&str] = &[
        "description",
        "designation",
        "libelle",
        "item",
        "items",
        "poste",
        "postes",
        "article",
        "articles",
        "prestation",
        "prestations",
        "objet",
        "object",
        "nature",
        "bien",
        "biens",
        "acte",
        "details",
        "work",
        "travaux",
        "detail",
        "goods",
        "intitule",
        "service",
        "services",
        "property",
    ];
    const HOW_MUCH: &[&str] = &[
        "montant",
        "amount",
        "prix",
        "price",
        "total",
        "valeur",
        "value",
        "cost",
        "cout",
        "ttc",
        "sum",
        "somme",
        "eur",
        "fee",
        "tarif",
        "estimation",
        "estimate",
        "net",
        "valeurs",
    ];
    let text = fold(&row.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join(" "));
    let words: Vec<&str> = text.split(' ').collect();
    let names = |list: &[&str]| {
        words.iter().map(|word| word.strip_suffix('s').filter(|stem| stem.len() > 3).unwrap_or(word)).any(|word| {
            let near = |name: &str| name.len() > 5 && strsim::levenshtein(name, word) <= 1;
            list.iter().any(|name| name.trim_end_matches('s') == word || near(name))
        })
    };
    let priced =
        next.is_some_and(|next| next.len() > 1 && next.last().is_some_and(|line| !amounts(&line.text).is_empty()));
    let cells = row.len() > 1 && priced && row.iter().all(|line| label(&line.text).is_none_or(|found| !found.closed));
    words.len() <= 14
        && (names(WHAT) || cells)
        && names(HOW_MUCH)
        && row.iter().all(|line| amounts(&line.text).is_empty())
        && !text.contains("claimed")
        && !text.contains("reclame")
}

/// Totals, taxes and the labels of a form end a table.
fn ends(text: &str) -> bool {
    let folded = fold(text);
    let starts = [
        "total",
        "sous total",
        "subtotal",
        "sub total",
        "montant total",
        "net a payer",
        "dont tva",
        "of which vat",
        "tva",
        "vat",
        "amount due",
        "grand total",
        "amount claimed",
        "montant reclame",
        "part reglee",
        "total a payer",
        "montant ttc",
        "montant ht",
        "franchise",
        "deductible",
        "excess",
        "acompte",
        "deposit",
    ];
    if starts.iter().any(|start| folded == *start || folded.starts_with(&format!("{start} "))) {
        return true;
    }
    // A sentence about the whole: "The total amount I claim is ...".
    if format!(" {folded} ").contains(" total ") && folded.split(' ').count() >= 4 {
        return true;
    }
    label(text).is_some_and(|found| matches!(found.label, Label::Total | Label::Claimed | Label::PaidOn))
}

fn item(row: &[&Line], text: &str, product: Option<Product>, pending: Option<&str>, page: usize) -> Option<Item> {
    let amount: Amount = amounts(text).pop()?;
    if label(text).is_some_and(|found| found.label != Label::Decoration && found.closed) {
        return None;
    }
    // "Excess: 150.00" speaks of the sum, not of a thing.
    if row.first().is_some_and(|line| line.text.contains(':')) {
        return None;
    }
    let date = dates::first(text).map(|date| date.to_string());
    let mut description = description(row);
    if description.is_empty() {
        description = pending?.to_owned();
    }
    if description.chars().filter(|c| c.is_alphabetic()).count() < 3 || is_note(&description) {
        return None;
    }
    let confidence = row.iter().map(|line| line.confidence).fold(1.0, f32::min);
    let item = Item {
        category: category(&description, product).to_owned(),
        description,
        amount: amount.value.to_string(),
        purchase_date: date,
        confidence,
        page,
    };
    Some(item)
}

fn is_note(description: &str) -> bool {
    let folded = fold(description);
    ["card", "carte", "cb", "change", "rendu", "vat", "tva", "siret", "date", "visa", "mastercard", "iban"]
        .contains(&folded.split(' ').next().unwrap_or_default())
}

/// The first text of a row without its dates and amounts.
fn description(row: &[&Line]) -> String {
    for line in row {
        let mut text = line.text.clone();
        for amount in amounts(&line.text).iter().rev() {
            text.replace_range(amount.span.0..amount.span.1, " ");
        }
        if dates::first(&text).is_some() {
            let words = text.split_whitespace().filter(|word| !word.chars().any(|c| c.is_ascii_digit()));
            text = words.filter(|word| dates::first(&format!("1 {word} 2020")).is_none()).collect::<Vec<_>>().join(" ");
        }
        let text = text.trim_matches(|c: char| !c.is_alphanumeric() && c != ')').trim();
        if text.chars().filter(|c| c.is_alphabetic()).count() >= 3 {
            return text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
    }
    String::new()
}
