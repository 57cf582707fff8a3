//! French or English, told by the small words and the accents of a passage.

const FRENCH: [&str; 44] = [
    "le", "la", "les", "des", "du", "de", "un", "une", "et", "est", "dans", "pour", "par", "sur", "avec", "que", "qui",
    "au", "aux", "ce", "cette", "nous", "vous", "votre", "notre", "ne", "pas", "en", "il", "je", "mon", "ma", "date",
    "nom", "prénom", "adresse", "sinistre", "facture", "montant", "numéro", "tél", "à", "été", "client",
];
const ENGLISH: [&str; 44] = [
    "the", "of", "and", "to", "in", "is", "for", "on", "with", "that", "this", "was", "by", "at", "from", "your",
    "our", "we", "you", "not", "are", "be", "it", "as", "has", "have", "my", "i", "an", "or", "name", "address",
    "claim", "invoice", "amount", "number", "phone", "date", "total", "were", "which", "been", "will", "its",
];

/// `fr` or `en` for a passage; `None` when its words do not tell.
#[must_use]
pub fn of(text: &str) -> Option<&'static str> {
    let (mut french, mut english) = (0, 0);
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        let word = word.to_lowercase();
        french += i32::from(FRENCH.contains(&word.as_str()));
        english += i32::from(ENGLISH.contains(&word.as_str()));
        french += i32::from(word.chars().any(|c| "éèêàâçîôûùëïœ".contains(c)));
    }
    match french - english {
        2.. => Some("fr"),
        ..=-2 => Some("en"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn small_words_and_accents_tell() {
        for (text, expected) in [
            ("Le véhicule est tombé en panne dans la rue", Some("fr")),
            ("The vehicle was hit by a lorry at the crossing", Some("en")),
            ("12 345,00 EUR", None),
            ("date", None),
            ("", None),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
