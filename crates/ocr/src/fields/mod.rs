//! From lines with places to the facts of a claim.
//!
//! Rules know labels, shapes and wording of French and English papers, never a particular document.

mod amounts;
mod categories;
mod circumstances;
mod conflicts;
mod dates;
mod disguise;
mod event;
mod fold;
mod injection;
mod items;
mod kind;
mod labels;
mod lexicon;
mod money;
mod names;
mod options;
mod parts;
mod perils;
mod places;
mod references;
mod rivals;
mod sentences;
mod view;
mod vocabulary;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::facts::{Fact, FactSource, Facts, FieldName, InjectionEvidence, Item};
use crate::page::{Area, Aside, Line, PageText};
pub use fold::fold;
use labels::Label;
use money::Money;
use parts::Part;
use perils::Product;
use view::{View, views};

/// Takes the facts out of a document. Total: any pages give some facts, maybe none.
#[must_use]
pub fn facts(pages: &[PageText], asides: &[Aside]) -> Facts {
    let views = views(pages);
    let mut taken = Taken::default();
    taken.references(&views);
    let product = taken.event(&views);
    let tables = taken.money(&views, product);
    taken.papers(&views);
    let circumstances = taken.story(&views);
    rivals::weigh(&mut taken.fields, &views);
    let conflicts = conflicts::conflicts(&views, &taken.fields, &tables);
    let codes = |stated: bool| circumstances.iter().filter(|c| c.stated == stated).map(|c| c.code.to_owned()).collect();
    if !circumstances.is_empty() {
        taken.inferred.push("circumstances".to_owned());
    }
    Facts {
        kind: kind::kind(&views, &taken.fields),
        language: kind::language(pages).to_owned(),
        fields: taken.fields,
        items: tables.items,
        conflicts,
        stated_circumstances: codes(true),
        suspected_circumstances: codes(false),
        inferred_fields: taken.inferred,
        injection_evidence: injections(pages, &views, asides),
    }
}

/// The codes of perils, of one line of business or of all.
#[must_use]
pub fn peril_codes(product: Option<&str>) -> Vec<&'static str> {
    let fits = |peril: &&perils::Peril| {
        product.is_none_or(|product| peril.products.iter().any(|known| known.code() == product))
    };
    perils::PERILS.iter().filter(fits).map(|peril| peril.code).collect()
}

pub use categories::names as item_categories;
pub use circumstances::codes as circumstance_codes;

/// The items that are claimed, and where they come from.
#[derive(Debug, Default)]
struct Tables {
    items: Vec<Item>,
    /// Whether the claimant listed the items, rather than a repairer.
    own: bool,
}

#[derive(Default)]
struct Taken {
    fields: BTreeMap<FieldName, Fact>,
    inferred: Vec<String>,
}

impl Taken {
    fn put(&mut self, name: FieldName, fact: Option<Fact>) {
        if let Some(fact) = fact {
            self.fields.insert(name, fact);
        }
    }

    fn references(&mut self, views: &[View<'_>]) {
        self.put(FieldName::ClaimNumber, references::claim(views));
        self.put(FieldName::ClaimantName, names::claimant(views));
        self.put(FieldName::ClientRef, references::client(views));
        self.put(FieldName::ContractNumber, references::contract(views));
        self.put(FieldName::PoliceReportRef, references::police(views));
    }

    fn event(&mut self, views: &[View<'_>]) -> Option<Product> {
        let plate = view::claimant_first(views).into_iter().find_map(references::plate);
        let mut product = event::product(views);
        if product.is_none()
            && let Some(plate) = &plate
        {
            product = Some((Product::Auto, Fact { value: "auto".to_owned(), ..plate.clone() }));
        }
        let known = product.as_ref().map(|(product, _)| *product);
        let peril = event::peril(views, known);
        if let Some((peril, fact, inferred)) = peril {
            if product.is_none()
                && let [only] = &peril.products[..]
            {
                product = Some((*only, Fact { value: only.code().to_owned(), ..fact.clone() }));
                self.inferred.push("product".to_owned());
            }
            if inferred {
                self.inferred.push("peril".to_owned());
            }
            self.put(FieldName::Peril, Some(fact));
        }
        let found = product.as_ref().map(|(product, _)| *product);
        if found == Some(Product::Auto) {
            self.put(FieldName::VehicleRegistration, plate);
        }
        self.put(FieldName::Product, product.map(|(_, fact)| fact));
        self.put(FieldName::IncidentDate, view::claimant_first(views).into_iter().find_map(event::incident_date));
        self.put(FieldName::IncidentCountry, event::country(views));
        let decree = self.fields.get(&FieldName::Peril).is_some_and(|peril| peril.value == "cat_nat");
        if decree {
            self.put(FieldName::DecreeDate, event::decree_date(views));
        }
        found
    }

    fn money(&mut self, views: &[View<'_>], product: Option<Product>) -> Tables {
        let claimed = money::claimed(views);
        let other = money::other_payer(views);
        let tables = tables(views, product, claimed.as_ref().map(|money| money.value));
        let currency = claimed
            .as_ref()
            .and_then(|money| money.currency.map(|currency| Fact { value: currency.to_owned(), ..money.fact.clone() }))
            .or_else(|| money::main_currency(views).map(|(_, fact)| fact));
        if claimed.is_some() || !tables.items.is_empty() {
            self.put(FieldName::Currency, currency);
        }
        let life = product == Some(Product::Life);
        let sum: Decimal = tables.items.iter().filter_map(|item| item.amount.parse::<Decimal>().ok()).sum();
        let fallback = || {
            let first = tables.items.first().filter(|_| !life)?;
            Some(Fact {
                value: sum.to_string(),
                confidence: first.confidence,
                page: first.page,
                area: [0.0; 4],
                source: FactSource::Layout,
                printed: String::new(),
                candidates: Vec::new(),
            })
        };
        self.put(FieldName::ClaimedAmount, claimed.map(|Money { fact, .. }| fact).or_else(fallback));
        self.put(FieldName::OtherPayerAmount, other.map(|money| money.fact));
        tables
    }

    fn papers(&mut self, views: &[View<'_>]) {
        self.put(FieldName::InvoiceNumber, references::invoice(views));
        self.put(FieldName::ProviderName, names::provider(views));
        let first = |text: &str| dates::first(text).map(|date| date.to_string());
        let papers = || views.iter().filter(|view| view.is(&[Part::Invoice, Part::Bill, Part::Receipt]));
        let date = papers().find_map(|view| {
            let labels = [Label::Date, Label::PaidOn, Label::CareDate];
            labels
                .iter()
                .find_map(|label| view.labelled(std::slice::from_ref(label), first))
                .or_else(|| only_date(view))
        });
        self.put(FieldName::InvoiceDate, date);
    }

    fn story(&mut self, views: &[View<'_>]) -> Vec<circumstances::Circumstance> {
        let told: Vec<&View<'_>> = views.iter().collect();
        let sentences: Vec<String> = told.iter().flat_map(|view| view.sentences.iter().cloned()).collect();
        let boxed = views.iter().find_map(event::disposed_box);
        let said = circumstances::disposed(&sentences);
        if let Some((gone, fact)) = boxed {
            let value = (gone || said).to_string();
            self.put(FieldName::EvidenceDisposed, Some(Fact { value, ..fact }));
        } else if said && let Some(view) = told.first() {
            self.put(FieldName::EvidenceDisposed, Some(view.fact_in_text("true".to_owned(), "jeté thrown disposed")));
        }
        if let Some(excuse) = circumstances::excuse(&sentences)
            && let Some(view) = told.iter().find(|view| view.sentences.contains(&excuse))
        {
            self.put(FieldName::LateExcuse, Some(view.fact_in_text(excuse.clone(), &excuse)));
        }
        circumstances::circumstances(&sentences)
    }
}

/// The date of a receipt stands alone, without a label.
fn only_date(view: &View<'_>) -> Option<Fact> {
    let line = view.page.lines.iter().find(|line| dates::first(&line.text).is_some() && line.text.len() < 40)?;
    let date = dates::first(&line.text)?;
    Some(view.fact(date.to_string(), line, FactSource::Text))
}

fn tables(views: &[View<'_>], product: Option<Product>, total: Option<Decimal>) -> Tables {
    let read = |parts: &[Part]| {
        let mut all = items::Table::default();
        for view in views.iter().filter(|view| view.is(parts)) {
            all.extend(items::table(view.page, product, view.is(&[Part::Invoice, Part::Bill, Part::Receipt])));
        }
        if let Some(total) = total {
            all.agree_with(total);
        }
        all.items
    };
    let own = read(&[Part::Form, Part::Letter]);
    if !own.is_empty() {
        return Tables { items: own, own: true };
    }
    Tables { items: read(&[Part::Invoice, Part::Bill, Part::Receipt, Part::Other]), own: false }
}

fn injections(pages: &[PageText], views: &[View<'_>], asides: &[Aside]) -> Vec<InjectionEvidence> {
    let mut found: Vec<InjectionEvidence> = Vec::new();
    let mut add = |page: Option<usize>, area: Option<[f32; 4]>, text: String| {
        if found.len() < 20 && !found.iter().any(|one| one.page == page && one.text == text) {
            found.push(InjectionEvidence { page, area, text });
        }
    };
    for (page, view) in pages.iter().zip(views) {
        let joined = view.sentences.join(". ");
        for text in [page.text(), joined].iter().chain(&page.hidden).chain(std::iter::once(&page.hidden.join(" "))) {
            for passage in injection::instructions(text) {
                add(Some(page.number), place(page, &passage), passage);
            }
        }
    }
    for aside in asides {
        for passage in injection::instructions(&aside.text) {
            add(None, None, passage);
        }
    }
    found
}

/// The box around the lines of a page that a passage is made of.
fn place(page: &PageText, passage: &str) -> Option<[f32; 4]> {
    let letters = |text: &str| fold(text).replace(' ', "");
    let passage = letters(passage);
    let part = |line: &&Line| {
        let line = letters(&line.text);
        line.len() > 2 && (passage.contains(&line) || line.contains(&passage))
    };
    let areas = page.lines.iter().filter(part).map(|line| line.area);
    areas.reduce(|all, area| all.union(&area)).map(Area::to_array)
}
