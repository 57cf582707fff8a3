//! Countries by their French and English names.

use super::fold::{alike, fold};

/// Name in folded form and ISO 3166 alpha-2 code.
const COUNTRIES: &[(&str, &str)] = &[
    ("france", "FR"),
    ("ireland", "IE"),
    ("irlande", "IE"),
    ("republic of ireland", "IE"),
    ("united kingdom", "GB"),
    ("royaume uni", "GB"),
    ("great britain", "GB"),
    ("grande bretagne", "GB"),
    ("england", "GB"),
    ("angleterre", "GB"),
    ("scotland", "GB"),
    ("ecosse", "GB"),
    ("wales", "GB"),
    ("pays de galles", "GB"),
    ("northern ireland", "GB"),
    ("irlande du nord", "GB"),
    ("uk", "GB"),
    ("spain", "ES"),
    ("espagne", "ES"),
    ("portugal", "PT"),
    ("italy", "IT"),
    ("italie", "IT"),
    ("germany", "DE"),
    ("allemagne", "DE"),
    ("belgium", "BE"),
    ("belgique", "BE"),
    ("luxembourg", "LU"),
    ("luxemburg", "LU"),
    ("netherlands", "NL"),
    ("the netherlands", "NL"),
    ("pays bas", "NL"),
    ("switzerland", "CH"),
    ("suisse", "CH"),
    ("austria", "AT"),
    ("autriche", "AT"),
    ("monaco", "MC"),
    ("andorra", "AD"),
    ("andorre", "AD"),
    ("greece", "GR"),
    ("grece", "GR"),
    ("turkey", "TR"),
    ("turkiye", "TR"),
    ("turquie", "TR"),
    ("cyprus", "CY"),
    ("chypre", "CY"),
    ("malta", "MT"),
    ("malte", "MT"),
    ("croatia", "HR"),
    ("croatie", "HR"),
    ("slovenia", "SI"),
    ("slovenie", "SI"),
    ("slovakia", "SK"),
    ("slovaquie", "SK"),
    ("czech republic", "CZ"),
    ("czechia", "CZ"),
    ("republique tcheque", "CZ"),
    ("tchequie", "CZ"),
    ("poland", "PL"),
    ("pologne", "PL"),
    ("hungary", "HU"),
    ("hongrie", "HU"),
    ("romania", "RO"),
    ("roumanie", "RO"),
    ("bulgaria", "BG"),
    ("bulgarie", "BG"),
    ("serbia", "RS"),
    ("serbie", "RS"),
    ("montenegro", "ME"),
    ("albania", "AL"),
    ("albanie", "AL"),
    ("north macedonia", "MK"),
    ("macedoine du nord", "MK"),
    ("bosnia and herzegovina", "BA"),
    ("bosnie herzegovine", "BA"),
    ("ukraine", "UA"),
    ("moldova", "MD"),
    ("moldavie", "MD"),
    ("russia", "RU"),
    ("russie", "RU"),
    ("georgia", "GE"),
    ("georgie", "GE"),
    ("armenia", "AM"),
    ("armenie", "AM"),
    ("denmark", "DK"),
    ("danemark", "DK"),
    ("sweden", "SE"),
    ("suede", "SE"),
    ("norway", "NO"),
    ("norvege", "NO"),
    ("finland", "FI"),
    ("finlande", "FI"),
    ("iceland", "IS"),
    ("islande", "IS"),
    ("estonia", "EE"),
    ("estonie", "EE"),
    ("latvia", "LV"),
    ("lettonie", "LV"),
    ("lithuania", "LT"),
    ("lituanie", "LT"),
    ("morocco", "MA"),
    ("maroc", "MA"),
    ("tunisia", "TN"),
    ("tunisie", "TN"),
    ("algeria", "DZ"),
    ("algerie", "DZ"),
    ("egypt", "EG"),
    ("egypte", "EG"),
    ("senegal", "SN"),
    ("ivory coast", "CI"),
    ("cote d ivoire", "CI"),
    ("cameroon", "CM"),
    ("cameroun", "CM"),
    ("mali", "ML"),
    ("benin", "BJ"),
    ("togo", "TG"),
    ("burkina faso", "BF"),
    ("madagascar", "MG"),
    ("mauritius", "MU"),
    ("ile maurice", "MU"),
    ("maurice", "MU"),
    ("seychelles", "SC"),
    ("south africa", "ZA"),
    ("afrique du sud", "ZA"),
    ("kenya", "KE"),
    ("tanzania", "TZ"),
    ("tanzanie", "TZ"),
    ("united states", "US"),
    ("united states of america", "US"),
    ("usa", "US"),
    ("etats unis", "US"),
    ("etats unis d amerique", "US"),
    ("canada", "CA"),
    ("mexico", "MX"),
    ("mexique", "MX"),
    ("brazil", "BR"),
    ("bresil", "BR"),
    ("argentina", "AR"),
    ("argentine", "AR"),
    ("chile", "CL"),
    ("chili", "CL"),
    ("peru", "PE"),
    ("perou", "PE"),
    ("colombia", "CO"),
    ("colombie", "CO"),
    ("cuba", "CU"),
    ("dominican republic", "DO"),
    ("republique dominicaine", "DO"),
    ("costa rica", "CR"),
    ("japan", "JP"),
    ("japon", "JP"),
    ("china", "CN"),
    ("chine", "CN"),
    ("hong kong", "HK"),
    ("south korea", "KR"),
    ("coree du sud", "KR"),
    ("taiwan", "TW"),
    ("india", "IN"),
    ("inde", "IN"),
    ("nepal", "NP"),
    ("sri lanka", "LK"),
    ("maldives", "MV"),
    ("thailand", "TH"),
    ("thailande", "TH"),
    ("vietnam", "VN"),
    ("viet nam", "VN"),
    ("cambodia", "KH"),
    ("cambodge", "KH"),
    ("indonesia", "ID"),
    ("indonesie", "ID"),
    ("malaysia", "MY"),
    ("malaisie", "MY"),
    ("singapore", "SG"),
    ("singapour", "SG"),
    ("philippines", "PH"),
    ("australia", "AU"),
    ("australie", "AU"),
    ("new zealand", "NZ"),
    ("nouvelle zelande", "NZ"),
    ("israel", "IL"),
    ("jordan", "JO"),
    ("jordanie", "JO"),
    ("lebanon", "LB"),
    ("liban", "LB"),
    ("united arab emirates", "AE"),
    ("emirats arabes unis", "AE"),
    ("qatar", "QA"),
    ("saudi arabia", "SA"),
    ("arabie saoudite", "SA"),
    ("martinique", "MQ"),
    ("guadeloupe", "GP"),
    ("la reunion", "RE"),
    ("guyane", "GF"),
];

/// The country a name stands for; one wrong letter in five is forgiven.
#[must_use]
pub fn country(name: &str) -> Option<&'static str> {
    let name = fold(name);
    let exact = COUNTRIES.iter().find(|(known, _)| *known == name);
    let near = || {
        COUNTRIES
            .iter()
            .map(|entry| (alike(entry.0, &name), entry))
            .filter(|(score, entry)| *score >= 0.8 && entry.0.len() >= 5)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, entry)| entry)
    };
    exact.or_else(near).map(|(_, code)| *code)
}

/// The country of a place: "City (Country)", "City, Country", "City (FR)", or a country named alone.
#[must_use]
pub fn country_of(place: &str) -> Option<&'static str> {
    let place = place.replace(['{', '['], "(");
    for inside in place.split('(').skip(1) {
        let inside = inside.split([')', ']', '}']).next().unwrap_or_default();
        let code = inside.trim();
        if code.len() == 2
            && let Some((_, known)) = COUNTRIES.iter().find(|(_, known)| *known == code)
        {
            return Some(known);
        }
        if let Some(code) = country(inside) {
            return Some(code);
        }
    }
    let parts = place.split([',', '/', ';', '-', '–', '—', '(']).rev();
    let code = |part: &&str| matches!(part.trim(), "UK" | "GB") || part.trim().len() > 2;
    parts.filter(code).find_map(country).or_else(|| named(&place))
}

/// A country named anywhere in a text, by whole words.
#[must_use]
pub fn named(text: &str) -> Option<&'static str> {
    let text = format!(" {} ", fold(text));
    COUNTRIES
        .iter()
        .filter(|(name, _)| name.len() > 3 && text.contains(&format!(" {name} ")))
        .max_by_key(|(name, _)| name.len())
        .map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_give_their_country() {
        let cases = [
            ("Perpignan (France)", Some("FR")),
            ("Galway (Ireland)", Some("IE")),
            ("Belfast (Northern Ireland)", Some("GB")),
            ("Antalya (Türkiye)", Some("TR")),
            ("Lausanne, Suisse", Some("CH")),
            ("Orlando (États-Unis)", Some("US")),
            ("Seville (Spoin)", Some("ES")),
            ("Paris (FR)", Some("FR")),
            ("quelque part au Maroc", Some("MA")),
            ("Cork", None),
        ];
        for (place, expected) in cases {
            assert_eq!(country_of(place), expected, "{place}");
        }
    }
}
