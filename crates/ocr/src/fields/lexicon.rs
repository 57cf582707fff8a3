//! Labels nobody listed: a short text is a label when all its words belong to labels and some of them name a concept.

use std::sync::LazyLock;

use super::labels::Label;
use super::vocabulary;

/// What a form may ask for: words of which one of each group must stand, and words that rule it out.
struct Concept {
    label: Label,
    groups: &'static [&'static [&'static str]],
    not: &'static [&'static str],
}

const LOSS: &[&str] = &[
    "degat",
    "degats",
    "stolen",
    "loss",
    "incident",
    "accident",
    "event",
    "occurrence",
    "happen",
    "happened",
    "occurred",
    "sinistre",
    "evenement",
    "faits",
    "survenance",
    "survenu",
    "survenue",
    "vol",
    "theft",
    "damage",
    "dommage",
    "dommages",
    "fire",
    "incendie",
    "deces",
    "death",
    "offence",
    "burglary",
    "cambriolage",
    "produit",
    "collision",
    "facts",
    "fait",
];
const CARE: &[&str] = &[
    "care",
    "treatment",
    "treated",
    "soins",
    "soin",
    "acte",
    "consultation",
    "admission",
    "visit",
    "service",
    "hospitalisation",
    "received",
    "recus",
    "examination",
    "examen",
    "surgery",
    "attendance",
];
const NUMBER: &[&str] =
    &["number", "no", "n", "nr", "numero", "num", "ref", "reference", "references", "id", "identifiant", "code", "nb"];
const WHEN: &[&str] = &["date", "when", "day", "jour", "quand", "dates", "le", "on"];
const CLAIM: &[&str] = &[
    "claim",
    "claimed",
    "claiming",
    "reclame",
    "reclamee",
    "demande",
    "demandee",
    "demandes",
    "requested",
    "reclamation",
    "loss",
    "dommages",
    "dommage",
    "sinistre",
    "sollicitee",
    "sollicite",
    "estimee",
    "estime",
    "estimated",
    "prejudice",
    "damage",
    "remboursement",
    "indemnisation",
    "reimbursement",
    "refund",
    "compensation",
    "request",
    "paye",
    "payee",
    "paid",
];
const SUM: &[&str] = &[
    "amount",
    "montant",
    "sum",
    "somme",
    "total",
    "valeur",
    "value",
    "much",
    "cost",
    "cout",
    "chiffrage",
    "evaluation",
];
const INSURED: &[&str] = &[
    "insured",
    "policyholder",
    "holder",
    "claimant",
    "assure",
    "assuree",
    "declarant",
    "declarante",
    "souscripteur",
    "titulaire",
    "patient",
    "patiente",
    "beneficiaire",
    "beneficiary",
    "adherent",
    "adherente",
    "sinistre",
    "sinistree",
    "proposer",
    "membre",
];

/// Papers whose number may follow their title at once.
pub const TITLES: &[&str] =
    &["facture", "devis", "recu", "estimate", "quote", "quotation", "receipt", "ticket", "bill"];

/// In the order they are tried: the more particular first.
const CONCEPTS: &[Concept] = &[
    Concept {
        label: Label::DecreeDate,
        groups: &[
            &["arrete", "decree", "order"],
            &["date", "publie", "publication", "published", "journal", "gazette", "du", "jo", "parution"],
        ],
        not: &[],
    },
    Concept {
        label: Label::PoliceRef,
        groups: &[
            &[
                "plainte",
                "pv",
                "proces",
                "crime",
                "recepisse",
                "garda",
                "complaint",
                "pulse",
                "constable",
                "constabulary",
            ],
            &["number", "no", "n", "nr", "numero", "ref", "reference", "verbal", "depot", "id"],
        ],
        not: &["date"],
    },
    Concept {
        label: Label::PoliceRef,
        groups: &[&["police"], &["report", "incident", "reference", "ref", "station", "log"]],
        not: &["date", "policy", "contrat"],
    },
    Concept {
        label: Label::InvoiceNumber,
        groups: &[
            &[
                "invoice",
                "facture",
                "devis",
                "estimate",
                "quote",
                "quotation",
                "receipt",
                "bill",
                "recu",
                "ticket",
                "honoraires",
            ],
            NUMBER,
        ],
        not: &["date", "montant", "amount", "total"],
    },
    Concept {
        label: Label::ClaimNumber,
        groups: &[&["claim", "claims", "sinistre", "dossier", "file", "case"], NUMBER],
        not: &["client", "customer", "policy", "contrat", "contract", "date", "police"],
    },
    Concept {
        label: Label::ClientRef,
        groups: &[
            &[
                "client",
                "customer",
                "member",
                "membership",
                "adherent",
                "societaire",
                "assure",
                "account",
                "insured",
                "policyholder",
            ],
            NUMBER,
        ],
        not: &["name", "nom", "policy", "contrat", "contract", "vat", "securite", "social"],
    },
    Concept {
        label: Label::ContractNumber,
        groups: &[&["policy", "contract", "contrat", "police", "certificate"], NUMBER],
        not: &["type", "nature", "date", "report"],
    },
    Concept {
        label: Label::Registration,
        groups: &[&["immatriculation", "immatricule", "immatriculee", "registration", "plate", "plaque", "reg"]],
        not: &["date", "vat", "company"],
    },
    Concept {
        label: Label::Place,
        groups: &[&["localisation", "country", "pays", "where", "place", "location", "lieu", "ou"]],
        not: &["birth", "naissance", "date", "home", "signature"],
    },
    Concept { label: Label::Place, groups: &[&["ville", "town", "city", "commune"], LOSS], not: &[] },
    Concept { label: Label::CareDate, groups: &[WHEN, CARE], not: &["invoice", "facture", "birth", "paid"] },
    Concept {
        label: Label::IncidentDate,
        groups: &[WHEN, LOSS],
        not: &["declaration", "report", "notice", "birth", "notification"],
    },
    Concept {
        label: Label::IncidentDate,
        groups: &[&["survenu", "happened", "occurred"], &["le", "on", "date", "when", "it"]],
        not: &[],
    },
    Concept {
        label: Label::Nature,
        groups: &[&["type", "nature", "cause", "kind", "sort", "motif", "reason", "category", "categorie"]],
        not: &["number", "vehicle", "vehicule", "contrat", "policy", "contract"],
    },
    Concept { label: Label::Nature, groups: &[&["claiming"], &["for"]], not: &["amount", "much"] },
    Concept {
        label: Label::Claimed,
        groups: &[SUM, CLAIM],
        not: &["tva", "vat", "franchise", "deductible", "deja", "already", "ht"],
    },
    Concept {
        label: Label::GivenName,
        groups: &[&["prenom", "prenoms", "forename", "forenames"]],
        not: &["nom", "surname"],
    },
    Concept {
        label: Label::GivenName,
        groups: &[&["first", "given"], &["name", "names"]],
        not: &["surname", "last", "family", "full"],
    },
    Concept {
        label: Label::Name,
        groups: &[&["name", "names", "nom", "prenom", "prenoms", "surname"]],
        not: &[
            "provider",
            "practitioner",
            "praticien",
            "professionnel",
            "hospital",
            "company",
            "garage",
            "etablissement",
            "doctor",
            "street",
            "rue",
        ],
    },
    Concept { label: Label::Name, groups: &[INSURED], not: NUMBER_OR_DATE },
    Concept {
        label: Label::Provider,
        groups: &[&[
            "provider",
            "practitioner",
            "praticien",
            "professionnel",
            "repairer",
            "reparateur",
            "hospital",
            "garage",
            "etablissement",
            "prestataire",
        ]],
        not: NUMBER_OR_DATE,
    },
];

const NUMBER_OR_DATE: &[&str] = &[
    "number", "no", "n", "numero", "date", "address", "adresse", "amount", "montant", "email", "phone", "siret",
    "country", "pays",
];

/// Words that may stand in a label beside the ones that tell.
static AROUND: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| vocabulary::entries(include_str!("vocabulary/around_labels.txt")).map(|(_, word)| word).collect());

/// The label a folded text states, when it is made of label words only.
#[must_use]
pub fn concept(folded: &str) -> Option<Label> {
    let words: Vec<&str> = folded.split(' ').collect();
    if words.len() > 9 || words.iter().all(|word| word.len() <= 3) {
        return None;
    }
    // "Réf. police" is a contract, "police ref" a complaint.
    let policy = NUMBER.contains(words.first()?) && words.contains(&"police");
    let has = |list: &[&str]| words.iter().any(|word| list.iter().any(|known| same(word, known)));
    let found = CONCEPTS.iter().find(|concept| concept.groups.iter().all(|group| has(group)) && !has(concept.not))?;
    let known = |word: &&str| {
        let mut concepts = CONCEPTS.iter().flat_map(|concept| concept.groups.iter().copied().flatten());
        AROUND.contains(word) || concepts.any(|known| same(word, known))
    };
    let label = if policy && found.label == Label::PoliceRef && !has(&["report", "station"]) {
        Label::ContractNumber
    } else {
        found.label
    };
    words.iter().all(known).then_some(label)
}

/// One misread letter is forgiven in a long word.
fn same(word: &str, known: &str) -> bool {
    word == known
        || known.len() >= 7
            && word.len().abs_diff(known.len()) <= 1
            && (word.as_bytes().first() == known.as_bytes().first()
                || word.as_bytes().last() == known.as_bytes().last())
            && strsim::levenshtein(word, known) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::fold::fold;

    #[test]
    fn labels_in_words_of_other_houses() {
        let cases = [
            ("When did the loss happen?", Some(Label::IncidentDate)),
            ("Date et heure de l'accident", Some(Label::IncidentDate)),
            ("Date it happened", Some(Label::IncidentDate)),
            ("Jour et heure du vol", Some(Label::IncidentDate)),
            ("Date de réalisation des soins", Some(Label::CareDate)),
            ("Policy / contract no.", Some(Label::ContractNumber)),
            ("Numéro de police", Some(Label::ContractNumber)),
            ("Police report reference number", Some(Label::PoliceRef)),
            ("Numéro de procès-verbal", Some(Label::PoliceRef)),
            ("Pays où les soins ont été reçus", Some(Label::Place)),
            ("Commune et pays", Some(Label::Place)),
            ("How much are you claiming?", Some(Label::Claimed)),
            ("Valeur estimée du véhicule", Some(Label::Claimed)),
            ("Name of policy holder", Some(Label::Name)),
            ("Code client", Some(Label::ClientRef)),
            ("Our claim number", Some(Label::ClaimNumber)),
            ("Arrêté interministériel publié au Journal officiel le", Some(Label::DecreeDate)),
            ("Date of birth", None),
            ("Date de la déclaration du sinistre", None),
            ("The car was damaged", None),
            ("Le sinistre est survenu dans la cuisine", None),
            ("Réf. police", Some(Label::ContractNumber)),
            ("Police ref", Some(Label::PoliceRef)),
            ("Prénom(s)", Some(Label::GivenName)),
            ("First name", Some(Label::GivenName)),
            ("Adresse", None),
            ("Montant de la TVA", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(concept(&fold(text)), wanted, "{text}");
        }
    }
}
