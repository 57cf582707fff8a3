//! Words of a French or English text, brought to a form that matches across accents, case and number.

pub(crate) use privacy::fold;

/// Without `car`, which is the most telling word of many an English claim.
const FRENCH: &[&str] = &[
    "afin", "ai", "ainsi", "alors", "apres", "as", "au", "aucun", "aussi", "aux", "avait", "avant", "avec", "avoir",
    "ce", "cela", "ces", "cet", "cette", "ceux", "chez", "comme", "dans", "de", "depuis", "des", "dont", "du", "elle",
    "elles", "en", "entre", "est", "et", "etait", "ete", "etre", "eu", "fait", "il", "ils", "je", "la", "le", "les",
    "leur", "leurs", "lors", "lui", "ma", "mais", "me", "mes", "moi", "mon", "ne", "nos", "notre", "nous", "ont", "ou",
    "par", "pas", "pendant", "plus", "pour", "qu", "quand", "que", "quel", "quelle", "qui", "sa", "sans", "se",
    "selon", "ses", "si", "son", "sont", "sous", "suis", "sur", "ta", "te", "tes", "tous", "tout", "toute", "toutes",
    "tres", "tu", "un", "une", "vers", "vos", "votre", "vous",
];
const ENGLISH: &[&str] = &[
    "about", "after", "all", "also", "am", "an", "and", "any", "are", "as", "at", "be", "because", "been", "before",
    "being", "but", "by", "can", "could", "did", "do", "does", "during", "for", "from", "had", "has", "have", "he",
    "her", "his", "how", "if", "in", "into", "is", "it", "its", "my", "no", "not", "of", "off", "on", "or", "our",
    "out", "over", "she", "so", "than", "that", "the", "their", "them", "then", "there", "they", "this", "to", "under",
    "up", "was", "we", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "you",
    "your",
];

/// Letters and digits only, to compare references that people space and hyphenate as they like.
pub(crate) fn reference(text: &str) -> String {
    fold(text).split(' ').collect()
}

/// The words worth matching: no stop words, no bare numbers, endings of number and gender cut off.
pub(crate) fn terms(text: &str) -> Vec<String> {
    fold(text)
        .split(' ')
        .filter(|word| word.chars().nth(1).is_some() && !word.chars().all(|letter| letter.is_numeric()))
        .filter(|word| !is_stop_word(word))
        .map(stem)
        .collect()
}

fn is_stop_word(word: &str) -> bool {
    FRENCH.binary_search(&word).is_ok() || ENGLISH.binary_search(&word).is_ok()
}

/// Cuts what most often differs between two forms of one word. Never below four letters.
fn stem(word: &str) -> String {
    let mut stem = word;
    for endings in [&["s", "x"][..], &["ing", "ed", "ee", "er", "e"][..]] {
        let cut = endings.iter().filter_map(|ending| stem.strip_suffix(ending)).find(|rest| rest.chars().count() >= 4);
        stem = cut.unwrap_or(stem);
    }
    stem.to_owned()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    French,
    English,
    Unknown,
}

impl Language {
    /// Of a code as configured, e.g. `fr`.
    pub(crate) fn of(code: &str) -> Self {
        match code {
            "fr" => Self::French,
            "en" => Self::English,
            _ => Self::Unknown,
        }
    }
}

/// Tells the two apart by their small words.
pub(crate) fn language(text: &str) -> Language {
    let folded = fold(text);
    let (mut french, mut english) = (0, 0);
    for word in folded.split(' ') {
        french += usize::from(FRENCH.binary_search(&word).is_ok());
        english += usize::from(ENGLISH.binary_search(&word).is_ok());
    }
    match french.cmp(&english) {
        std::cmp::Ordering::Greater => Language::French,
        std::cmp::Ordering::Less => Language::English,
        std::cmp::Ordering::Equal => Language::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted_for_binary_search() {
        assert!(FRENCH.is_sorted() && ENGLISH.is_sorted());
    }

    #[test]
    fn forms_of_one_word_meet() {
        for (one, other) in [
            ("endommagés", "ENDOMMAGÉE"),
            ("véhicules", "vehicule"),
            ("dents", "dented"),
            ("œuvre", "oeuvre"),
            ("windscreens", "windscreen"),
        ] {
            let (one, other) = (terms(one), terms(other));
            assert!(one[0].starts_with(&other[0]) || other[0].starts_with(&one[0]), "{one:?} {other:?}");
        }
        assert_eq!(terms("L'eau de la cuisine, 2 026 €"), ["eau", "cuisin"]);
        assert_eq!(terms("du vol des bijoux"), ["vol", "bijou"]);
    }

    #[test]
    fn references_match_without_their_punctuation() {
        assert_eq!(reference("F-5858 "), reference("f 5858"));
        assert_eq!(reference("Cabinet médical"), reference("CABINET  MEDICAL"));
    }

    #[test]
    fn the_language_is_told_by_small_words() {
        assert_eq!(language("Mon véhicule a été percuté à l'arrière dans une rue"), Language::French);
        assert_eq!(language("The roof of my car was dented in the storm"), Language::English);
        assert_eq!(language("collision"), Language::Unknown);
    }
}
