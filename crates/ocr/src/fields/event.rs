//! What happened, when and where: peril, dates, country, ticked boxes.

use std::sync::LazyLock;

use regex::Regex;

use super::dates;
use super::fold::{fold, plain};
use super::labels::{Label, label};
use super::options;
use super::parts::Part;
use super::perils::{self, Peril, Product};
use super::places;
use super::view::{View, claimant_first};
use crate::facts::{Fact, FactSource};
use crate::page::Line;

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

static HAPPENED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"surven\w*|s'est produit\w*|a eu lieu|occurred|happened|took place|sinistre (?:du|le|en date)|(?:loss|incident|accident|theft|fire|claim) (?:on|of|dated)|accident (?:du|le)|(?:deced|died|passed away|death)\w*|(?:est|etait) (?:mort|survenu)|soins? (?:du|le|recus)|treated on|le jour du|constate le|discovered on|dans la nuit du|on the (?:night|morning|evening|afternoon) of|date du (?:sinistre|deces)|eu un accident|had an accident|subi|victime",
    )
});

static ORDER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"arrete|journal officiel|official (?:order|journal|gazette)|(?:order|decree)[^.]{0,40}(?:publish|date)|catastrophe order|natural (?:catastrophe|disaster) order",
    )
});

/// The line of business: heading or label first, then the words before a contract number.
#[must_use]
pub fn product(views: &[View<'_>]) -> Option<(Product, Fact)> {
    let own = claimant_first(views);
    for view in &own {
        if let Some(fact) =
            view.labelled(&[Label::Product], |text| perils::product(text).map(|product| product.code().to_owned()))
            && let Some(product) = perils::product(&fact.value)
        {
            return Some((product, fact));
        }
    }
    for view in own.iter().filter(|view| view.is(&[Part::Form, Part::Letter, Part::Bill, Part::Other])) {
        let named = |line: &&Line| {
            let folded = fold(&line.text);
            let says = |words: &[&str]| words.iter().any(|word| folded.contains(word));
            let contract =
                says(&["contrat ", "policy", "contract", "claim form", "declaration de sinistre", "police "]);
            // A heading of one or two words near the top, as "Motor" beside "CLAIM FORM".
            let top = line.area.y0 < view.page.height * 0.2;
            let titled = folded.split(' ').count() <= 6 && says(&["claim", "declaration", "sinistre", "formulaire"]);
            let heading = top && (titled || folded.split(' ').count() <= 2);
            (contract || heading) && perils::product(&line.text).is_some() && !folded.contains("catastrophe")
        };
        if let Some(line) = view.page.lines.iter().find(named)
            && let Some(product) = perils::product(&line.text)
        {
            return Some((product, view.fact(product.code().to_owned(), line, FactSource::Text)));
        }
    }
    let alone = !views.iter().any(|view| view.is(&[Part::Form, Part::Letter]));
    if let Some(bill) = own.iter().find(|view| alone && view.part == Part::Bill) {
        return Some((Product::Health, bill.fact_in_text("health".to_owned(), "patient")));
    }
    own.iter().filter(|view| view.is(&[Part::Form, Part::Letter, Part::Other])).find_map(|view| surroundings(view))
}

/// Places that belong to one line of business.
const SURROUNDINGS: &[(Product, &[&str])] = &[
    (Product::Auto, &["ma voiture", "mon vehicule", "my car", "my vehicle", "ma moto", "pare brise", "windscreen"]),
    (
        Product::Home,
        &[
            "ma maison",
            "mon appartement",
            "mon logement",
            "mon domicile",
            "ma cuisine",
            "mon salon",
            "ma toiture",
            "my house",
            "my home",
            "my flat",
            "my kitchen",
            "my roof",
            "the kitchen",
            "la cuisine",
            "la toiture",
            "the roof",
            "bathroom",
        ],
    ),
];

/// The line of business by where a story takes place, when one kind of place alone is named.
fn surroundings(view: &View<'_>) -> Option<(Product, Fact)> {
    let text = format!(" {} ", fold(&view.sentences.join(" ")));
    let named = |word: &&&str| text.contains(&format!(" {word} "));
    let found: Vec<(Product, &str)> =
        SURROUNDINGS.iter().filter_map(|(product, words)| Some((*product, *words.iter().find(named)?))).collect();
    let [(product, word)] = found[..] else { return None };
    Some((product, view.fact_in_text(product.code().to_owned(), word)))
}

/// The peril whose box is crossed; `None` when no box or several are.
fn ticked(view: &View<'_>, product: Option<Product>) -> Option<(&'static Peril, Fact)> {
    let choices = options::crossed(view.page, |text| perils::all_named(text, product));
    let first = choices.first()?;
    let alone = choices.iter().all(|choice| choice.option.code == first.option.code);
    alone.then(|| (first.option, view.fact(first.option.code.to_owned(), first.line, FactSource::Layout)))
}

/// The peril and whether it was concluded from a story.
#[must_use]
pub fn peril(views: &[View<'_>], product: Option<Product>) -> Option<(&'static Peril, Fact, bool)> {
    let own = claimant_first(views);
    for view in &own {
        if let Some((peril, fact)) = ticked(view, product) {
            return Some((peril, fact, false));
        }
    }
    for view in own.iter().filter(|view| view.part != Part::Invoice) {
        for (_, value) in view.values(&[Label::Nature]) {
            // The options of a form without a cross say nothing.
            let one = perils::all_named(&value.text, product).len() <= 1 && !beside_options(view, value.line, product);
            if let Some(peril) = perils::named(&value.text, product).or_else(|| perils::mentioned(&value.text, product))
                && one
            {
                return Some((peril, view.fact(peril.code.to_owned(), value.line, FactSource::Label), false));
            }
        }
        if view.part == Part::Letter
            && let Some((peril, fact)) = subject(view, product)
        {
            return Some((peril, fact, false));
        }
    }
    own.iter()
        .filter(|view| view.is(&[Part::Form, Part::Letter, Part::Other, Part::Police]))
        .find_map(|view| story(view, product))
        .or_else(|| {
            own.iter().filter(|view| view.is(&[Part::Bill, Part::Receipt])).find_map(|view| story(view, product))
        })
        .or_else(|| {
            own.iter().filter(|view| view.is(&[Part::Form, Part::Letter])).find_map(|view| heading(view, product))
        })
}

/// The heading of a form for one peril: "Claim for stolen vehicle".
fn heading(view: &View<'_>, product: Option<Product>) -> Option<(&'static Peril, Fact, bool)> {
    let top = view.page.lines.iter().filter(|line| line.area.y0 < view.page.height * 0.15 && line.text.len() < 60);
    top.filter(|line| perils::all_named(&line.text, product).len() == 1).find_map(|line| {
        let peril = perils::mentioned(&line.text, product)?;
        Some((peril, view.fact(peril.code.to_owned(), line, FactSource::Text), true))
    })
}

fn beside_options(view: &View<'_>, line: &Line, product: Option<Product>) -> bool {
    let options = view.page.lines.iter().filter(|other| other.row.abs_diff(line.row) <= 1);
    options.map(|other| perils::all_named(&other.text, product).len().min(4)).sum::<usize>() >= 3
}

/// The subject line of a letter: "Re: notice of claim - glass breakage".
fn subject(view: &View<'_>, product: Option<Product>) -> Option<(&'static Peril, Fact)> {
    let starts = ["re ", "objet", "subject", "ref ", "concerne", "regarding"];
    let at = view
        .page
        .lines
        .iter()
        .position(|line| starts.iter().any(|start| format!("{} ", fold(&line.text)).starts_with(start)))?;
    let line = &view.page.lines[at];
    let mut text = line.text.clone();
    if let Some(next) = view.page.lines.get(at + 1).filter(|next| next.row == line.row) {
        text.push(' ');
        text.push_str(&next.text);
    }
    let tail = text.rsplit(['—', '–', ':']).next().unwrap_or(&text).rsplit(" - ").next().unwrap_or(&text).to_owned();
    let peril = perils::named(&tail, product).or_else(|| perils::mentioned(&text.replace("sinistre", " "), product))?;
    Some((peril, view.fact(peril.code.to_owned(), line, FactSource::Text)))
}

fn story(view: &View<'_>, product: Option<Product>) -> Option<(&'static Peril, Fact, bool)> {
    let sentences: Vec<&String> = view
        .sentences
        .iter()
        .filter(|sentence| sentence.split_whitespace().count() >= 4 && label(sentence).is_none())
        .collect();
    let text = sentences.iter().map(|sentence| sentence.as_str()).collect::<Vec<_>>().join(" ");
    let peril = perils::told(&text, product)?;
    let clue = sentences
        .iter()
        .max_by_key(|sentence| usize::from(perils::told(sentence, product).is_some_and(|p| p.code == peril.code)))?;
    Some((peril, view.fact_in_text(peril.code.to_owned(), clue), true))
}

/// When it happened, by page: the labelled date, or the date of the sentence that tells it.
#[must_use]
pub fn incident_date(view: &View<'_>) -> Option<Fact> {
    let first = |text: &str| dates::first(text).map(|date| date.to_string());
    let labels: &[Label] = if view.part == Part::Bill {
        &[Label::CareDate, Label::IncidentDate]
    } else {
        &[Label::IncidentDate, Label::CareDate]
    };
    let labelled = labels.iter().find_map(|label| view.labelled(std::slice::from_ref(label), first));
    labelled.or_else(|| view.is(&[Part::Letter, Part::Form, Part::Other]).then(|| told_date(view)).flatten())
}

fn told_date(view: &View<'_>) -> Option<Fact> {
    for sentence in &view.sentences {
        let text = plain(sentence);
        if ORDER.is_match(&text) && !HAPPENED.is_match(&text) {
            continue;
        }
        let Some(hit) = HAPPENED.find(&text) else { continue };
        let found = dates::dates(sentence);
        let date = found.iter().find(|(_, at)| *at + 30 >= hit.start()).or(found.first());
        if let Some((date, _)) = date {
            return Some(view.fact_in_text(date.to_string(), sentence));
        }
    }
    // The only day that a story names, whatever the words.
    let mut days: Vec<(String, &String)> = Vec::new();
    for sentence in view.sentences.iter().filter(|sentence| tells(sentence)) {
        if !OTHER_DAY.is_match(&plain(sentence)) {
            days.extend(dates::dates(sentence).into_iter().map(|(date, _)| (date.to_string(), sentence)));
        }
    }
    let (day, sentence) = days.first()?;
    days.iter().all(|(other, _)| other == day).then(|| view.fact_in_text(day.clone(), sentence))
}

/// A sentence of a story rather than a label, an address or a heading.
fn tells(sentence: &str) -> bool {
    let words =
        sentence.split_whitespace().filter(|word| word.chars().all(|c| c.is_alphabetic() || "'’,.".contains(c)));
    words.count() >= 6 && !sentence.contains(':')
}

/// Days of a story on which nothing was lost.
static OTHER_DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"acquis|achet|bought|purchas|souscri|taken out|arrete|journal officiel|order|facture|invoice|devis|estimate|naissance|born|birth|payment|courrier|letter|attach|ci-joint|enclosed|plainte|reported to|signed|fait a|valid",
    )
});

/// When the official order of a natural catastrophe was published.
#[must_use]
pub fn decree_date(views: &[View<'_>]) -> Option<Fact> {
    let first = |text: &str| dates::first(text).map(|date| date.to_string());
    for view in claimant_first(views) {
        if let Some(fact) = view.labelled(&[Label::DecreeDate], first) {
            return Some(fact);
        }
        for sentence in &view.sentences {
            let text = plain(sentence);
            if let Some(hit) = ORDER.find(&text)
                && let Some((date, _)) = dates::dates(sentence).into_iter().find(|(_, at)| *at >= hit.start())
            {
                return Some(view.fact_in_text(date.to_string(), sentence));
            }
        }
    }
    None
}

/// The country where it happened.
#[must_use]
pub fn country(views: &[View<'_>]) -> Option<Fact> {
    let own = claimant_first(views);
    let labelled =
        |view: &&View<'_>| view.labelled(&[Label::Place], |text| places::country_of(text).map(str::to_owned));
    let told = |view: &&View<'_>| {
        let sentences = view
            .sentences
            .iter()
            .filter(|sentence| sentence.contains(['(', '{']) || tells(sentence) || HAPPENED.is_match(&plain(sentence)));
        sentences.into_iter().find_map(|sentence| {
            let country = inside_brackets(sentence).or_else(|| places::named(sentence))?;
            Some(view.fact_in_text(country.to_owned(), sentence))
        })
    };
    let story = |view: &&View<'_>| view.is(&[Part::Letter, Part::Form, Part::Other]).then(|| told(view)).flatten();
    own.iter().find_map(labelled).or_else(|| own.iter().find_map(story)).or_else(|| {
        own.iter().filter(|view| view.is(&[Part::Receipt, Part::Bill])).find_map(|view| bracketed_line(view))
    })
}

fn inside_brackets(sentence: &str) -> Option<&'static str> {
    let text = sentence.replace(['{', '['], "(");
    text.split('(').skip(1).find_map(|part| places::country(part.split([')', ']', '}']).next().unwrap_or_default()))
}

fn bracketed_line(view: &View<'_>) -> Option<Fact> {
    view.page.lines.iter().find_map(|line| {
        inside_brackets(&line.text).map(|country| view.fact(country.to_owned(), line, FactSource::Text))
    })
}

/// The answer to a yes/no question about goods that are gone: crossed box beside the question.
#[must_use]
pub fn disposed_box(view: &View<'_>) -> Option<(bool, Fact)> {
    let asks = |line: &&Line| {
        let text = plain(&line.text);
        [
            "repares ou jetes",
            "disposed of",
            "deja repare",
            "already repaired",
            "thrown away",
            "jetes avant",
            "repaired or",
        ]
        .iter()
        .any(|part| text.contains(part))
    };
    let question = view.page.lines.iter().find(asks)?;
    let answers = |text: &str| {
        let folded = fold(text);
        let words: Vec<&str> = folded.split(' ').collect();
        let answer = |(n, word): (usize, &&str)| match *word {
            "oui" | "yes" | "qui" | "0ui" => Some((n as f32 / words.len() as f32, true)),
            "non" | "no" | "n0n" | "n0" => Some((n as f32 / words.len() as f32, false)),
            _ => None,
        };
        if words.len() <= 4 { words.iter().enumerate().filter_map(answer).collect() } else { Vec::new() }
    };
    let near = |line: &Line| line.row == question.row || line.row == question.row + 1;
    let choices: Vec<_> = options::crossed(view.page, answers).into_iter().filter(|choice| near(choice.line)).collect();
    let first = choices.first()?;
    let alone = choices.iter().all(|choice| choice.option == first.option);
    alone.then(|| (first.option, view.fact(first.option.to_string(), first.line, FactSource::Layout)))
}
