//! What kind of thing an item of a claim is.

use std::sync::LazyLock;

use super::fold::fold;
use super::perils::Product;
use super::vocabulary;

static VOCABULARY: LazyLock<Vec<(&'static str, Vec<String>)>> = LazyLock::new(|| {
    let mut lists: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (key, part) in vocabulary::entries(include_str!("vocabulary/categories.txt")) {
        let part = part.replace('_', " ");
        match lists.iter_mut().find(|(known, _)| *known == key) {
            Some((_, parts)) => parts.push(part),
            None => lists.push((key, vec![part])),
        }
    }
    lists
});

/// The names of all categories.
#[must_use]
pub fn names() -> Vec<&'static str> {
    let listed = VOCABULARY.iter().map(|(name, _)| *name).filter(|name| *name != "car");
    listed.chain(["parts", "general"]).collect()
}

/// The parts of words of a category.
fn parts_of(key: &str) -> &'static [String] {
    VOCABULARY.iter().find(|(known, _)| *known == key).map_or(&[], |(_, parts)| parts)
}

/// Categories in the order they are tried; work and car parts are asked for by name.
fn categories() -> impl Iterator<Item = &'static (&'static str, Vec<String>)> {
    VOCABULARY.iter().filter(|(key, _)| !matches!(*key, "labour" | "car"))
}

/// The category of an item by its description; `general` when nothing fits.
///
/// The product breaks ties: a door of a car is a part, a door of a house is building.
#[must_use]
pub fn category(description: &str, product: Option<Product>) -> &'static str {
    let text = format!(" {} ", fold(description));
    // A long word may carry one misread letter.
    let misread = |part: &str| {
        part.len() >= 6 && !part.contains(' ') && text.split(' ').any(|word| strsim::levenshtein(word, part) == 1)
    };
    let has = |parts: &[String]| {
        parts
            .iter()
            .any(|part| text.contains(&format!(" {part}")) || part.len() > 6 && text.contains(part) || misread(part))
    };
    let first = |key: &str| parts_of(key).iter().filter_map(|part| text.find(&format!(" {part}"))).min();
    let any = || categories().find(|(_, parts)| has(parts)).map_or("general", |(name, _)| *name);
    match product {
        Some(Product::Health) => "care",
        // "Fitting and adhesive" is work; "Bonnet, painted" names the part first.
        Some(Product::Auto) => match (first("car"), first("labour")) {
            (Some(part), Some(work)) if part < work => "parts",
            (_, Some(_)) => "labour",
            (Some(_), None) => "parts",
            (None, None) => any(),
        },
        Some(Product::Home) if has(parts_of("labour")) => "labour",
        Some(Product::Home) => {
            let foreign = |name: &str| matches!(name, "booking" | "care" | "expense");
            categories().find(|(name, parts)| !foreign(name) && has(parts)).map_or("general", |(name, _)| *name)
        }
        None if has(parts_of("labour")) => "labour",
        _ => any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_a_category() {
        use Product::{Auto, Health, Home, Travel};
        let cases = [
            ("Pare-chocs", Auto, "parts"),
            ("Main-d'œuvre et peinture", Auto, "labour"),
            ("Fitting and adhesive", Auto, "labour"),
            ("Alloy wheels (set of 4)", Auto, "parts"),
            ("Débosselage", Auto, "labour"),
            ("Parquet stratifié", Home, "furnishing"),
            ("Kitchen base units", Home, "furnishing"),
            ("Drying and labour", Home, "labour"),
            ("Cloisons en plâtre", Home, "building"),
            ("Double glazing", Home, "building"),
            ("Fitting", Home, "labour"),
            ("Lave-linge", Home, "appliance"),
            ("Téléviseur", Home, "electronics"),
            ("Collier en or", Home, "jewellery"),
            ("Appareil photo", Home, "electronics"),
            ("Suitcase", Travel, "luggage"),
            ("Clothing", Travel, "luggage"),
            ("Cash", Travel, "cash"),
            ("Repas", Travel, "expense"),
            ("Tablette", Travel, "electronics"),
            ("Emergency care", Travel, "care"),
            ("Soins d'urgence", Travel, "care"),
            ("Monture", Health, "care"),
            ("Radiographie", Health, "care"),
            ("Roof tiles", Home, "building"),
            ("Gutter", Home, "building"),
            ("Pompage et nettoyage", Home, "labour"),
        ];
        for (text, product, expected) in cases {
            assert_eq!(category(text, Some(product)), expected, "{text}");
        }
    }
}
