//! Products and perils: their printed names, and the words that betray them in a story.

use serde::{Deserialize, Serialize};

use super::fold::{alike, fold};

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
    pub products: &'static [Product],
    /// Names as printed on forms and in subjects, folded.
    names: &'static [&'static str],
    /// Parts of words in a story, folded, with their weight.
    story: &'static [(&'static str, i32)],
}

use Product::{Auto, Health, Home, Life, Travel};

/// All perils; an order without meaning.
pub const PERILS: &[Peril] = &[
    Peril {
        code: "collision",
        products: &[Auto],
        names: &[
            "collision",
            "collision accident",
            "accident",
            "accident de la circulation",
            "road accident",
            "traffic accident",
            "choc",
            "accrochage",
            "impact",
            "dommages tous accidents",
            "road traffic collision",
            "accident de la route",
        ],
        story: &[
            ("percut", 4),
            ("accrochage", 4),
            ("collision", 4),
            ("heurt", 3),
            ("embouti", 4),
            ("struck from behind", 5),
            ("rear ended", 5),
            ("crashed into", 4),
            ("ran into", 3),
            ("hit my car", 4),
            ("hit the back", 4),
            ("rond point", 1),
            ("roundabout", 1),
            ("constat amiable", 3),
            ("pare chocs", 1),
            ("bumper", 1),
            ("carambolage", 4),
            ("skidded", 3),
            ("derape", 3),
            ("accident de la circulation", 4),
            ("collided", 4),
            ("rentre dans", 3),
            ("drove into", 3),
            ("refus de priorite", 3),
            ("feu rouge", 2),
            ("glissiere", 2),
        ],
    },
    Peril {
        code: "theft",
        products: &[Auto, Home],
        names: &[
            "vol",
            "theft",
            "burglary",
            "cambriolage",
            "vol du vehicule",
            "vol et tentative de vol",
            "theft of vehicle",
            "stolen vehicle",
            "vol par effraction",
            "vol cambriolage",
            "theft burglary",
            "stealing",
        ],
        story: &[
            ("cambriol", 5),
            ("burgl", 5),
            ("stole", 4),
            ("vole", 3),
            ("voles", 4),
            ("volee", 4),
            ("derobe", 4),
            ("theft", 4),
            ("thie", 3),
            ("voleur", 4),
            ("effraction", 2),
            ("broken into", 3),
            ("break in", 3),
            ("disparu", 1),
            ("emporte", 2),
            ("plainte", 1),
            ("took the items", 2),
            ("was taken", 3),
            ("a ete prise", 3),
            ("missing", 1),
        ],
    },
    Peril {
        code: "fire",
        products: &[Auto, Home],
        names: &[
            "incendie",
            "fire",
            "fire explosion",
            "incendie explosion",
            "feu",
            "incendie et explosion",
            "fire and explosion",
        ],
        story: &[
            ("incendie", 4),
            ("pris feu", 5),
            ("mis le feu", 5),
            ("on fire", 5),
            ("caught fire", 5),
            ("brul", 3),
            ("burn", 3),
            ("flamme", 3),
            ("flames", 3),
            ("pompiers", 1),
            ("fire brigade", 2),
            ("fire service", 2),
            ("explosion", 3),
            ("fumee", 1),
            ("smoke", 1),
            ("blaze", 4),
        ],
    },
    Peril {
        code: "glass",
        products: &[Auto, Home],
        names: &[
            "bris de glace",
            "bris de glaces",
            "glass breakage",
            "glass",
            "windscreen",
            "broken glass",
            "bris de vitres",
            "bris de vitre",
            "glazing",
            "windscreen damage",
            "bris de vitrage",
            "broken window",
        ],
        story: &[
            ("pare brise", 5),
            ("windscreen", 5),
            ("windshield", 5),
            ("vitre", 3),
            ("glass of", 3),
            ("window cracked", 4),
            ("pane", 2),
            ("double vitrage", 3),
            ("double glazing", 3),
            ("porte fenetre", 2),
            ("french window", 2),
            ("fissur", 2),
            ("cracked", 2),
            ("lunette arriere", 4),
            ("rear window", 4),
            ("insert en verre", 2),
            ("shattered", 2),
        ],
    },
    Peril {
        code: "vandalism",
        products: &[Auto],
        names: &[
            "vandalisme",
            "vandalism",
            "malicious damage",
            "acte de vandalisme",
            "actes de vandalisme",
            "degradation volontaire",
            "criminal damage",
        ],
        story: &[
            ("vandal", 5),
            ("raye", 4),
            ("rayures", 4),
            ("scratched", 4),
            ("keyed", 4),
            ("tagu", 4),
            ("graffiti", 4),
            ("unknown persons", 2),
            ("inconnus ont", 2),
            ("pneus creves", 4),
            ("slashed", 4),
            ("retroviseurs", 1),
            ("mirrors", 1),
            ("malveillan", 3),
            ("deliberately", 2),
        ],
    },
    Peril {
        code: "storm",
        products: &[Auto, Home],
        names: &[
            "tempete",
            "tempete grele",
            "storm",
            "storm hail",
            "hail",
            "grele",
            "tempete grele neige",
            "evenement climatique",
            "evenements climatiques",
            "wind storm",
            "windstorm",
            "storm damage",
            "weather",
            "storm and hail",
            "grele tempete",
        ],
        story: &[
            ("tempete", 5),
            ("grel", 5),
            ("storm", 5),
            ("hail", 5),
            ("orage", 3),
            ("bourrasque", 4),
            ("rafale", 4),
            ("gale", 3),
            ("gust", 3),
            ("arrache des tuiles", 4),
            ("tiles off", 4),
            ("wind", 2),
            ("vent ", 2),
            ("tornad", 4),
            ("poids de la neige", 4),
            ("weight of snow", 4),
        ],
    },
    Peril {
        code: "water_damage",
        products: &[Home],
        names: &[
            "degat des eaux",
            "degats des eaux",
            "water damage",
            "fuite d eau",
            "escape of water",
            "water leak",
            "water",
            "dommages des eaux",
            "eaux",
        ],
        story: &[
            ("degat des eaux", 5),
            ("canalisation", 4),
            ("fuite", 4),
            ("pipe", 4),
            ("leak", 4),
            ("infiltration", 3),
            ("l eau s est", 4),
            ("water flooded", 4),
            ("evier", 2),
            ("sink", 2),
            ("debordement", 3),
            ("overflow", 3),
            ("chauffe eau", 3),
            ("ballon d eau", 3),
            ("machine a laver", 2),
            ("washing machine", 2),
            ("baignoire", 2),
            ("bath", 2),
            ("robinet", 2),
            ("tuyau", 3),
            ("plumb", 1),
            ("plomb", 1),
        ],
    },
    Peril {
        code: "cat_nat",
        products: &[Home],
        names: &[
            "catastrophe naturelle",
            "natural catastrophe",
            "natural catastrophe official order",
            "natural disaster",
            "catastrophes naturelles",
            "cat nat",
            "catastrophe naturelle arrete",
            "official natural disaster",
        ],
        story: &[
            ("catastrophe naturelle", 8),
            ("natural catastrophe", 8),
            ("natural disaster", 8),
            ("arrete", 3),
            ("journal officiel", 5),
            ("riviere a deborde", 5),
            ("river", 3),
            ("crue", 5),
            ("inondation", 4),
            ("inonde", 2),
            ("seisme", 5),
            ("secheresse", 5),
            ("coulee de boue", 5),
            ("glissement de terrain", 5),
            ("official order", 5),
            ("flood", 2),
            ("mudslide", 5),
        ],
    },
    Peril {
        code: "electrical",
        products: &[Home],
        names: &[
            "dommage electrique",
            "dommages electriques",
            "electrical damage",
            "electrical",
            "surtension",
            "power surge",
            "dommage electrique foudre",
        ],
        story: &[
            ("surtension", 5),
            ("power surge", 5),
            ("foudre", 4),
            ("lightning", 4),
            ("court circuit", 3),
            ("short circuit", 3),
            ("surge", 3),
            ("electri", 2),
            ("box internet", 1),
        ],
    },
    Peril {
        code: "consultation",
        products: &[Health],
        names: &[
            "consultation",
            "consultation specialiste",
            "specialist consultation",
            "medical consultation",
            "visite",
            "gp visit",
            "doctor s visit",
            "consultation medicale",
        ],
        story: &[
            ("consult", 4),
            ("specialist", 3),
            ("specialiste", 3),
            ("medecin", 2),
            ("doctor", 2),
            ("general practitioner", 3),
            ("generaliste", 3),
        ],
    },
    Peril {
        code: "hospitalisation",
        products: &[Health],
        names: &[
            "hospitalisation",
            "hospitalization",
            "hospital stay",
            "hospital",
            "sejour hospitalier",
            "in patient treatment",
            "surgery",
            "chirurgie",
        ],
        story: &[
            ("hospitalis", 5),
            ("stayed in hospital", 5),
            ("hospital", 3),
            ("hopital", 3),
            ("operation", 3),
            ("opere", 3),
            ("surgery", 4),
            ("chirurg", 3),
            ("clinique", 2),
            ("admitted", 2),
        ],
    },
    Peril {
        code: "dental",
        products: &[Health],
        names: &[
            "soins dentaires",
            "dentaire",
            "dental",
            "dental care",
            "dental treatment",
            "dentiste",
            "soin dentaire",
            "prothese dentaire",
        ],
        story: &[
            ("dent", 4),
            ("couronne", 3),
            ("crown", 3),
            ("tooth", 4),
            ("teeth", 4),
            ("implant", 2),
            ("orthodont", 4),
        ],
    },
    Peril {
        code: "optical",
        products: &[Health],
        names: &[
            "optique",
            "optical",
            "optics",
            "lunettes",
            "glasses",
            "eye care",
            "optical care",
            "vision",
            "optician",
        ],
        story: &[
            ("lunettes", 5),
            ("glasses", 5),
            ("verres correcteurs", 5),
            ("lenses", 4),
            ("lentilles", 4),
            ("optic", 4),
            ("opticien", 5),
            ("monture", 3),
            ("spectacles", 4),
        ],
    },
    Peril {
        code: "pharmacy",
        products: &[Health],
        names: &[
            "pharmacie",
            "pharmacy",
            "medicines",
            "medicaments",
            "prescription",
            "prescribed medicines",
            "medication",
        ],
        story: &[
            ("pharmac", 4),
            ("medicament", 4),
            ("medicines", 4),
            ("ordonnance", 3),
            ("prescri", 2),
            ("chemist", 3),
        ],
    },
    Peril {
        code: "cancellation",
        products: &[Travel],
        names: &[
            "annulation",
            "annulation de voyage",
            "cancellation",
            "trip cancellation",
            "annulation du voyage",
            "annulation voyage",
            "cancelled trip",
        ],
        story: &[("annul", 5), ("cancel", 5), ("renonce", 3), ("call off", 3)],
    },
    Peril {
        code: "baggage",
        products: &[Travel],
        names: &[
            "bagages",
            "baggage",
            "baggage loss or damage",
            "perte ou dommage aux bagages",
            "perte ou dommage de bagages",
            "luggage",
            "lost luggage",
            "bagages perdus",
            "perte de bagages",
            "lost or damaged baggage",
            "bagages perte ou dommage",
            "perte ou deterioration de bagages",
            "vol de bagages",
        ],
        story: &[
            ("bagage", 5),
            ("baggage", 5),
            ("luggage", 5),
            ("valise", 4),
            ("suitcase", 4),
            ("sac a dos", 3),
            ("backpack", 3),
            ("lost my bag", 4),
        ],
    },
    Peril {
        code: "medical_abroad",
        products: &[Travel],
        names: &[
            "frais medicaux a l etranger",
            "medical expenses abroad",
            "medical abroad",
            "frais medicaux",
            "emergency medical expenses",
            "medical expenses",
            "soins a l etranger",
            "medical costs abroad",
            "overseas medical expenses",
        ],
        story: &[
            ("tombe malade", 4),
            ("fell ill", 4),
            ("urgences", 4),
            ("emergency department", 4),
            ("treated", 2),
            ("soigne", 3),
            ("hospital", 3),
            ("hopital", 3),
            ("doctor", 2),
            ("medecin", 2),
            ("taken ill", 4),
            ("injured", 2),
            ("blesse", 2),
        ],
    },
    Peril {
        code: "delay",
        products: &[Travel],
        names: &[
            "retard",
            "retard de transport",
            "delay",
            "transport delay",
            "travel delay",
            "flight delay",
            "retard de vol",
            "retard du transport",
            "delayed departure",
            "retard d avion",
        ],
        story: &[
            ("retard", 4),
            ("delay", 4),
            ("missed connection", 4),
            ("correspondance", 3),
            ("nuit d hotel", 2),
            ("hours late", 4),
        ],
    },
    Peril {
        code: "death",
        products: &[Life],
        names: &[
            "deces",
            "death",
            "death benefit",
            "capital deces",
            "life death",
            "death of the insured",
            "deces de l assure",
        ],
        story: &[
            ("deces", 5),
            ("decede", 5),
            ("death", 5),
            ("died", 5),
            ("passed away", 5),
            ("beneficia", 2),
            ("capital", 1),
        ],
    },
    Peril {
        code: "disability",
        products: &[Life],
        names: &[
            "invalidite",
            "disability",
            "permanent disability",
            "incapacite",
            "invalidite permanente",
            "total disability",
            "capital invalidite",
        ],
        story: &[("invalid", 5), ("disab", 5), ("incapacit", 4), ("handicap", 3)],
    },
];

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
