//! Products and perils: their printed names, and the words that betray them in a story.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::fold::{alike, fold};
use super::vocabulary;

/// Lines of business (branches).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Product {
    Auto,
    Home,
    Health,
    Travel,
    Life,
}

impl Product {
    const ALL: &[Self] = &[Self::Auto, Self::Home, Self::Health, Self::Travel, Self::Life];

    /// The code in results.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Home => "home",
            Self::Health => "health",
            Self::Travel => "travel",
            Self::Life => "life",
        }
    }
}

/// Words that name a product in a heading, a subject or before a contract number.
const PRODUCTS: &[(Product, &[&str])] = &[
    (Product::Auto, &["auto", "automobile", "motor", "car", "vehicle", "vehicule", "moto"]),
    (
        Product::Home,
        &["home", "habitation", "household", "house", "property", "logement", "multirisque habitation", "contents"],
    ),
    (Product::Health, &["health", "sante", "medical", "complementaire sante", "frais de sante"]),
    (Product::Travel, &["travel", "voyage", "holiday", "trip", "assistance voyage"]),
    (Product::Life, &["life", "vie", "assurance vie", "prevoyance", "death benefit", "deces"]),
];

/// The product a short text names, by whole words; longer names count before shorter ones.
#[must_use]
pub fn product(text: &str) -> Option<Product> {
    let text = format!(" {} ", fold(text));
    PRODUCTS
        .iter()
        .flat_map(|(product, names)| names.iter().map(move |name| (*product, *name)))
        .filter(|(_, name)| text.contains(&format!(" {name} ")))
        .max_by_key(|(_, name)| name.len())
        .map(|(product, _)| product)
}

/// A peril of the decision policy, with the products that know it.
pub struct Peril {
    pub code: &'static str,
    pub products: Vec<Product>,
    /// Names as printed on forms and in subjects, folded.
    names: Vec<&'static str>,
    /// Parts of words in a story, folded, with their weight.
    story: Vec<(&'static str, i32)>,
}

/// All perils, in the order of the vocabulary.
pub static PERILS: LazyLock<Vec<Peril>> = LazyLock::new(|| {
    let mut perils: Vec<Peril> = Vec::new();
    for (key, text) in vocabulary::entries(include_str!("vocabulary/perils.txt")) {
        let Some((code, part)) = key.split_once(' ') else { continue };
        if perils.last().is_none_or(|peril| peril.code != code) {
            perils.push(Peril { code, products: Vec::new(), names: Vec::new(), story: Vec::new() });
        }
        let Some(peril) = perils.last_mut() else { continue };
        match part {
            "products" => peril.products.extend(Product::ALL.iter().filter(|product| product.code() == text)),
            "names" => peril.names.push(text),
            _ => {
                if let Some((word, weight)) = text.rsplit_once(" = ") {
                    peril.story.push((word, weight.parse().unwrap_or(1)));
                }
            }
        }
    }
    perils
});

/// The peril with this printed name; up to one letter in six may be misread.
///
/// With a product, only its perils are considered.
#[must_use]
pub fn named(text: &str, product: Option<Product>) -> Option<&'static Peril> {
    let folded = fold(text);
    let text = folded.as_str();
    if text.len() < 3 {
        return None;
    }
    candidates(product)
        .flat_map(|peril| peril.names.iter().map(move |name| (score(text, name), peril)))
        .filter(|(score, _)| *score >= 0.84)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, peril)| peril)
}

fn score(text: &str, name: &str) -> f64 {
    let close = alike(text, name);
    // Short names may not be misread into one another: "vol" is not "vie".
    if name.len() < 6 && close < 1.0 { 0.0 } else { close }
}

/// The perils a text names, in order, with the share of the text before each.
///
/// Spaces do not count, since recognition loses them between options; longer
/// names are taken first, and one misread letter in six is forgiven for a text that is one name.
#[must_use]
pub fn all_named(text: &str, product: Option<Product>) -> Vec<(f32, &'static Peril)> {
    if let Some(peril) = named(text, product) {
        return vec![(0.0, peril)];
    }
    let mut letters: String = fold(text).chars().filter(|c| *c != ' ').collect();
    let length = letters.len().max(1) as f32;
    let mut names: Vec<(String, &'static Peril)> = candidates(product)
        .flat_map(|peril| peril.names.iter().map(move |name| (name.replace(' ', ""), peril)))
        .collect();
    names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
    let spaced = format!(" {} ", fold(text));
    let mut found: Vec<(f32, &'static Peril)> = Vec::new();
    for (name, peril) in names {
        // A short name must stand as a word: "vol" is not in "volet".
        if name.len() < 5 && !spaced.contains(&format!(" {name} ")) {
            continue;
        }
        if let Some(at) = letters.find(&name) {
            letters.replace_range(at..at + name.len(), &"#".repeat(name.len()));
            if found.iter().all(|(_, known)| known.code != peril.code) {
                found.push((at as f32 / length, peril));
            }
        }
    }
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found
}

/// The peril whose name stands in a text by whole words, the longest name first.
#[must_use]
pub fn mentioned(text: &str, product: Option<Product>) -> Option<&'static Peril> {
    let text = format!(" {} ", fold(text));
    candidates(product)
        .flat_map(|peril| peril.names.iter().map(move |name| (*name, peril)))
        .filter(|(name, _)| text.contains(&format!(" {name} ")))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, peril)| peril)
}

/// The peril a story tells of; `None` when nothing or two perils speak equally.
#[must_use]
pub fn told(story: &str, product: Option<Product>) -> Option<&'static Peril> {
    let story = format!(" {} ", fold(story));
    let mut scores: Vec<(i32, &Peril)> = candidates(product)
        .map(|peril| {
            let score =
                peril.story.iter().filter(|(part, _)| story.contains(&format!(" {part}"))).map(|(_, w)| w).sum();
            (score, peril)
        })
        .collect();
    scores.sort_by_key(|(score, _)| -score);
    let (best, peril) = *scores.first()?;
    let second = scores.get(1).map_or(0, |(score, _)| *score);
    (best >= 3 && best > second).then_some(peril)
}

fn candidates(product: Option<Product>) -> impl Iterator<Item = &'static Peril> {
    PERILS.iter().filter(move |peril| product.is_none_or(|product| peril.products.contains(&product)))
}

#[cfg(test)]
mod tests {
    use super::Product::{Auto, Health, Home, Travel};
    use super::*;

    #[test]
    fn names_and_stories_give_perils() {
        let code = |peril: Option<&Peril>| peril.map(|peril| peril.code);
        assert_eq!(code(named("Dégât des eaux", Some(Home))), Some("water_damage"));
        assert_eq!(code(named("Tempêle / grêle", None)), Some("storm"));
        assert_eq!(code(named("Vie", None)), None);
        assert_eq!(code(mentioned("déclaration de sinistre — bris de glace", None)), Some("glass"));
        let cases = [
            ("My car was struck from behind at a roundabout", Auto, "collision"),
            ("Une pierre projetée par un camion a fissuré mon pare-brise", Auto, "glass"),
            ("La rivière a débordé ; l'arrêté de catastrophe naturelle a été publié", Home, "cat_nat"),
            ("A pipe burst under the kitchen sink", Home, "water_damage"),
            ("The storm tore tiles off the roof and rain came in", Home, "storm"),
            ("The airline lost my suitcase", Travel, "baggage"),
            ("Mon dentiste m'a posé une couronne", Health, "dental"),
        ];
        for (story, product, expected) in cases {
            assert_eq!(code(told(story, Some(product))), Some(expected), "{story}");
        }
    }

    #[test]
    fn products_are_named_by_words() {
        assert_eq!(product("CLAIM FORM — Home"), Some(Home));
        assert_eq!(product("Contrat santé n° 12"), Some(Health));
        assert_eq!(product("carte grise"), None);
    }
}
