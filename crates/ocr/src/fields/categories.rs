//! What kind of thing an item of a claim is.

use super::fold::fold;
use super::perils::Product;

/// Parts of words, the first list that matches decides.
const CATEGORIES: &[(&str, &[&str])] = &[
    ("labour", &["main d oeuvre", "labour", "labor", "pose ", "fitting", "fit ", "installation", "depose", "nettoyage", "cleaning", "assechement", "drying",
        "peinture", "painting", "paint ", "debosselage", "dent removal", "dent repair", "pompage", "pumping", "echafaudage", "scaffold", "deplacement", "call out",
        "workmanship", "redressage", "demontage", "remontage", "removal", "redecorat", "work hours", "heures", "taux horaire", "mise en peinture", "reparation", "sealing",
        "replastering", "calibration", "calibrage", "remplacement serrure", "locksmith", "serrurier"]),
    ("cash", &["especes", "cash", "argent liquide", "billets de banque", "banknotes", "carte cadeau", "gift card", "carte bancaire", "bank card", "credit card", "liquide", "money"]),
    ("jewellery", &["collier", "necklace", "bijou", "jewel", "montre", "watch", "bague", "ring ", "bracelet", "boucles d oreille", "earring", "alliance", "pendentif",
        "pendant", "chaine en or", "gold chain", "broche", "brooch", "chevaliere"]),
    ("electronics", &["ordinateur", "laptop", "computer", "tablet", "telephone", "phone", "smartphone", "televis", "tv ", "appareil photo", "camera", "console", "casque audio",
        "headphone", "enceinte", "speaker", "ecran", "monitor", "box internet", "internet box", "router", "routeur", "imprimante", "printer", "drone", "liseuse", "e reader", "ipad",
        "macbook", "iphone", "hi fi", "home cinema", "amplifi", "objectif photo", "earbuds", "ecouteurs", "pc ", "kindle"]),
    ("appliance", &["lave linge", "lave vaisselle", "refrigerat", "congelateur", "four ", "micro onde", "seche linge", "aspirateur", "electromenager", "plaque de cuisson", "hotte",
        "washing machine", "dishwasher", "fridge", "freezer", "oven", "microwave", "tumble dryer", "dryer", "vacuum", "cooker", "hob", "appliance", "chauffe eau", "water heater",
        "boiler", "chaudiere", "cafetiere", "coffee machine", "bouilloire", "kettle", "robot de cuisine", "climatis"]),
    ("luggage", &["valise", "suitcase", "vetement", "cloth", "sac ", "bag ", "backpack", "bagage", "luggage", "chaussure", "shoes", "trousse", "toilet", "manteau", "coat", "garment",
        "rucksack", "holdall", "costume", "robe ", "dress", "poussette", "pushchair"]),
    ("expense", &["repas", "meal", "hotel", "nuit d", "hebergement", "accommodation", "taxi", "diner", "dejeuner", "lunch", "dinner", "breakfast", "refreshment", "overnight",
        "restauration", "collation", "snack", "transfer", "navette", "essentials", "premiere necessite"]),
    ("booking", &["billet", "ticket", "sejour", "reservation", "booking", "vol aller", "flight", "croisiere", "cruise", "location de vacances", "holiday rental", "voyage", "trip",
        "package", "forfait", "train", "ferry", "villa", "excursion", "tour ", "airfare"]),
    ("care", &["honorair", "consultation", "couronne", "crown", "radiograph", "x ray", "verres", "lenses", "monture", "frame", "medicament", "medicine", "soins", "care",
        "chirurg", "surg", "frais de sejour", "hospital", "implant", "detartrage", "scaling", "ordonnance", "prescri", "specialist", "doctor", "medecin", "pharma", "dent",
        "lunettes", "glasses", "bridge", "inlay", "analyse", "blood test", "scanner", "irm", "mri", "kine", "physio", "treatment", "traitement", "ward", "anesth", "anaesth",
        "ambulance", "vaccin", "optique", "lentilles", "theatre fee", "room and board", "chambre", "consult", "examen", "examination", "pansement", "dressing"]),
    ("building", &["tuile", "tile", "cloison", "partition", "gouttiere", "gutter", "vitrage", "glazing", "vitre", "window", "fenetre", "porte", "door", "toit", "roof", "facade", "mur ",
        "wall", "plafond", "ceiling", "placo", "plaster", "platre", "charpente", "rafter", "ardoise", "slate", "cheminee", "chimney", "volet", "shutter", "baie", "pane", "fence",
        "cloture", "tuyau", "pipe", "canalisation", "isolation", "insulation", "carrelage mural", "plomberie", "plumbing", "tableau electrique", "wiring", "serrure", "lock", "brique", "brick"]),
    ("furnishing", &["parquet", "floor", "meuble", "cuisine", "kitchen", "furniture", "canape", "sofa", "table ", "tables ", "chaise", "chair", "tapis", "carpet", "rug", "rideau", "curtain", "matelas",
        "mattress", "lit ", "bed ", "armoire", "wardrobe", "moquette", "textile", "linge", "etagere", "shelf", "commode", "drawers", "bureau", "desk", "fauteuil", "armchair",
        "buffet", "sideboard", "stratifie", "laminate", "carrelage", "vinyl", "base units", "units", "cabinet", "placard", "worktop", "plan de travail", "lampe", "lamp", "bookcase", "literie", "bedding"]),
];

const CAR_PARTS: &[&str] = &[
    "pare", "aile", "capot", "bonnet", "hood", "bumper", "wing", "headl", "bloc optique", "phare", "feu ", "light", "windscreen", "windshield", "wheel", "jante", "roue", "pneu", "tyre", "tire",
    "catalytic", "catalytique", "portiere", "porte", "door", "retroviseur", "mirror", "radiateur", "radiator", "calandre", "grille", "coffre", "boot", "tailgate", "hayon", "vitre", "window", "glass",
    "panel", "panneau", "essieu", "axle", "suspension", "moteur", "engine", "faisceau", "wiring", "harness", "batterie", "battery", "siege", "seat", "airbag", "toit", "roof", "joint", "seal", "colle",
    "adhesive", "serrure", "lock", "lunette", "pot ", "exhaust", "echappement", "tableau de bord", "dashboard", "alternat", "durite", "hose", "sensor", "capteur", "camera", "part", "piece", "baguette", "trim",
    "optique", "fender", "longeron", "traverse", "boite", "gearbox", "pavillon", "enjoliveur", "hub",
];

/// The category of an item by its description; `general` when nothing fits.
///
/// The product breaks ties: a door of a car is a part, a door of a house is building.
#[must_use]
pub fn category(description: &str, product: Option<Product>) -> &'static str {
    let text = format!(" {} ", fold(description));
    // A long word may carry one misread letter.
    let misread = |part: &str| part.len() >= 6 && !part.contains(' ') && text.split(' ').any(|word| strsim::levenshtein(word, part) == 1);
    let has = |parts: &[&str]| {
        parts.iter().any(|part| text.contains(&format!(" {part}")) || part.len() > 6 && text.contains(part) || misread(part))
    };
    let labour = has(CATEGORIES[0].1);
    if product == Some(Product::Health) {
        return "care";
    }
    if product == Some(Product::Auto) {
        // "Fitting and adhesive" is work; "Bonnet, painted" names the part first.
        let first = CAR_PARTS.iter().filter_map(|part| text.find(&format!(" {part}"))).min();
        let work = CATEGORIES[0].1.iter().filter_map(|part| text.find(&format!(" {part}"))).min();
        return match (first, work) {
            (Some(part), Some(work)) if part < work => "parts",
            (_, Some(_)) => "labour",
            (Some(_), None) => "parts",
            (None, None) => CATEGORIES.iter().find(|(_, parts)| has(parts)).map_or("general", |(name, _)| name),
        };
    }
    if labour && product != Some(Product::Travel) {
        return "labour";
    }
    let order = CATEGORIES[1..].iter().filter(|(name, _)| match product {
        Some(Product::Home) => !matches!(*name, "booking" | "care" | "expense" | "luggage") || has(&["vetement", "cloth"]),
        _ => true,
    });
    order.into_iter().find(|(_, parts)| has(parts)).map_or("general", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_a_category() {
        use Product::{Auto, Health, Home, Travel};
        let cases = [
            ("Pare-chocs", Auto, "parts"), ("Main-d'œuvre et peinture", Auto, "labour"), ("Fitting and adhesive", Auto, "labour"), ("Alloy wheels (set of 4)", Auto, "parts"),
            ("Débosselage", Auto, "labour"), ("Parquet stratifié", Home, "furnishing"), ("Kitchen base units", Home, "furnishing"), ("Drying and labour", Home, "labour"),
            ("Cloisons en plâtre", Home, "building"), ("Double glazing", Home, "building"), ("Fitting", Home, "labour"), ("Lave-linge", Home, "appliance"), ("Téléviseur", Home, "electronics"),
            ("Collier en or", Home, "jewellery"), ("Appareil photo", Home, "electronics"), ("Suitcase", Travel, "luggage"), ("Clothing", Travel, "luggage"), ("Cash", Travel, "cash"),
            ("Repas", Travel, "expense"), ("Tablette", Travel, "electronics"), ("Emergency care", Travel, "care"), ("Soins d'urgence", Travel, "care"), ("Monture", Health, "care"),
            ("Radiographie", Health, "care"), ("Roof tiles", Home, "building"), ("Gutter", Home, "building"), ("Pompage et nettoyage", Home, "labour"),
        ];
        for (text, product, expected) in cases {
            assert_eq!(category(text, Some(product)), expected, "{text}");
        }
    }
}
