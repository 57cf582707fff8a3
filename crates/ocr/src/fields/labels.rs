//! Printed labels and the values that stand beside or below them.

use super::fold::{alike, fold};
use crate::page::{Line, PageText};

/// What a printed label announces. Several are only known so that they are not taken for values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    ClaimNumber,
    Name,
    ClientRef,
    ContractNumber,
    IncidentDate,
    Place,
    Registration,
    PoliceRef,
    DecreeDate,
    Claimed,
    Total,
    InvoiceNumber,
    Number,
    Date,
    PaidOn,
    CareDate,
    Customer,
    Vehicle,
    Provider,
    Nature,
    Reference,
    Product,
    Decoration,
}

const LABELS: &[(Label, &[&str])] = &[
    (
        Label::ClaimNumber,
        &[
            "claim reference",
            "claim number",
            "claim no",
            "claim ref",
            "ref sinistre",
            "reference sinistre",
            "reference du sinistre",
            "n sinistre",
            "no sinistre",
            "numero de sinistre",
            "n de sinistre",
            "no de sinistre",
            "n dossier",
            "numero de dossier",
            "no de dossier",
            "n de dossier",
            "file number",
            "file reference",
            "reference dossier",
            "ref dossier",
            "dossier n",
            "our ref",
            "our reference",
            "claim id",
        ],
    ),
    (
        Label::Name,
        &[
            "full name",
            "name",
            "policyholder name",
            "name of policyholder",
            "name of the policyholder",
            "insured name",
            "name of insured",
            "your name",
            "claimant",
            "claimant name",
            "name of claimant",
            "nom et prenom",
            "nom prenom",
            "nom prenoms",
            "nom et prenoms",
            "prenom et nom",
            "nom",
            "nom de l assure",
            "nom du declarant",
            "nom du souscripteur",
            "declarant",
            "assure e",
            "souscripteur",
            "nom complet",
            "patient",
            "patient name",
            "name of patient",
            "nom du patient",
            "patiente",
            "beneficiaire",
            "beneficiary",
            "insured person",
            "surname and first name",
            "nom du titulaire",
            "first name and surname",
            "titulaire",
        ],
    ),
    (
        Label::ClientRef,
        &[
            "customer number",
            "customer no",
            "customer ref",
            "customer reference",
            "customer id",
            "client number",
            "client no",
            "client ref",
            "client reference",
            "n client",
            "no client",
            "numero client",
            "numero de client",
            "no de client",
            "n de client",
            "ref client",
            "reference client",
            "n client assureur",
            "no client assureur",
            "numero client assureur",
            "member number",
            "member no",
            "membership number",
            "n adherent",
            "no adherent",
            "numero d adherent",
            "n d adherent",
            "identifiant client",
            "code client",
            "insurer customer number",
            "insurer customer no",
            "account number",
            "n societaire",
            "no societaire",
            "numero de societaire",
            "n d assure",
            "no d assure",
            "insurer client number",
            "insurance customer number",
            "insurance customer no",
        ],
    ),
    (
        Label::ContractNumber,
        &[
            "policy number",
            "policy no",
            "policy ref",
            "policy reference",
            "policy",
            "contract number",
            "contract no",
            "contract",
            "n de contrat",
            "no de contrat",
            "n contrat",
            "no contrat",
            "numero de contrat",
            "numero contrat",
            "contrat n",
            "contrat no",
            "n de police",
            "no de police",
            "numero de police",
            "police n",
            "police no",
            "ref contrat",
            "reference contrat",
            "reference du contrat",
            "contrat",
            "contrat sante",
            "health policy",
            "health contract",
            "contrat habitation",
            "contrat automobile",
            "contrat auto",
            "contrat voyage",
            "home policy",
            "motor policy",
            "travel policy",
            "health policy no",
            "health policy number",
            "certificate number",
            "contrat sante n",
            "contrat sante no",
        ],
    ),
    (
        Label::IncidentDate,
        &[
            "date of loss",
            "date of incident",
            "date of accident",
            "date of event",
            "date of the loss",
            "date of the incident",
            "date of occurrence",
            "incident date",
            "loss date",
            "accident date",
            "date du sinistre",
            "date de sinistre",
            "date de l evenement",
            "date de l accident",
            "date des faits",
            "date de survenance",
            "date of damage",
            "when did it happen",
            "date of theft",
            "date du vol",
            "date of the offence",
            "date of offence",
            "date et heure des faits",
            "date and time of loss",
            "date and time of incident",
            "survenu le",
            "date of the event",
            "date of facts",
            "date of the facts",
            "offence date",
            "date de l incident",
            "jour du sinistre",
            "date of death",
            "date du deces",
            "occurred on",
            "date of the accident",
            "happened on",
        ],
    ),
    (
        Label::CareDate,
        &[
            "date des soins",
            "date de soins",
            "date of care",
            "date of treatment",
            "treatment date",
            "date of service",
            "service date",
            "date de l acte",
            "date of the care",
            "soins du",
            "soins le",
            "care date",
            "date d hospitalisation",
            "date de la consultation",
            "date of consultation",
            "date of visit",
            "date of the treatment",
            "date de delivrance",
            "date des prestations",
            "date of admission",
        ],
    ),
    (
        Label::Place,
        &[
            "place of loss",
            "place of incident",
            "place of accident",
            "place",
            "place of the loss",
            "location",
            "location of loss",
            "location of incident",
            "lieu",
            "lieu du sinistre",
            "lieu de l accident",
            "lieu des faits",
            "lieu de survenance",
            "where did it happen",
            "country",
            "pays",
            "pays du sinistre",
            "lieu de l evenement",
            "ville et pays",
            "town and country",
            "town country",
            "lieu des soins",
            "place of treatment",
            "place of care",
            "city and country",
            "lieu et pays",
            "place of event",
            "loss location",
            "ville pays",
        ],
    ),
    (
        Label::Registration,
        &[
            "vehicle registration",
            "registration",
            "registration number",
            "registration no",
            "reg no",
            "number plate",
            "licence plate",
            "license plate",
            "immatriculation",
            "n d immatriculation",
            "no d immatriculation",
            "numero d immatriculation",
            "plaque d immatriculation",
            "plaque",
            "vehicle reg",
            "vehicule immatricule",
            "immatriculation du vehicule",
            "registration mark",
            "registration plate",
            "vehicle registration number",
        ],
    ),
    (
        Label::PoliceRef,
        &[
            "police report",
            "police report no",
            "police report number",
            "police reference",
            "police ref",
            "crime reference",
            "crime reference number",
            "crime number",
            "crime ref",
            "n de plainte",
            "no de plainte",
            "numero de plainte",
            "n plainte",
            "no plainte",
            "plainte n",
            "depot de plainte",
            "proces verbal",
            "n de proces verbal",
            "no de proces verbal",
            "n pv",
            "no pv",
            "n de pv",
            "numero de pv",
            "reference plainte",
            "police report ref",
            "police report reference",
            "garda reference",
            "recepisse n",
            "n de recepisse",
            "garda pulse number",
            "reference de la plainte",
            "complaint number",
            "incident number",
        ],
    ),
    (
        Label::DecreeDate,
        &[
            "date de l arrete",
            "date de publication de l arrete",
            "arrete publie le",
            "publication de l arrete",
            "arrete du",
            "date of order",
            "date of the order",
            "order published on",
            "date of publication",
            "decree date",
            "date of decree",
            "publication date of the order",
            "date de publication",
            "date of the official order",
            "official order date",
            "arrete de catastrophe naturelle publie le",
            "publication au journal officiel",
            "official order published on",
            "parution au journal officiel",
        ],
    ),
    (
        Label::Claimed,
        &[
            "amount claimed",
            "claimed amount",
            "total claimed",
            "total amount claimed",
            "amount of claim",
            "claim amount",
            "montant reclame",
            "montant total reclame",
            "total reclame",
            "montant demande",
            "montant de la demande",
            "montant du sinistre",
            "somme reclamee",
            "montant sollicite",
            "amount requested",
            "total requested",
            "estimated loss",
            "montant des dommages",
            "amount of loss",
            "amount of the claim",
            "total of claim",
            "total claim",
            "montant de la reclamation",
            "total demande",
            "indemnite demandee",
            "indemnite reclamee",
            "sum claimed",
            "remboursement demande",
            "reimbursement requested",
            "total amount of claim",
        ],
    ),
    (
        Label::Total,
        &[
            "total",
            "total ttc",
            "total incl vat",
            "total including vat",
            "montant total",
            "total amount",
            "montant ttc",
            "net a payer",
            "amount due",
            "total facture",
            "grand total",
            "total due",
            "total billed",
            "total charged",
            "total invoiced",
            "total a payer",
            "total general",
            "total net",
            "montant total ttc",
            "total inc vat",
            "total with vat",
            "total honoraires",
            "total fees",
            "total eur",
            "total charge",
            "balance due",
            "total to pay",
            "montant net",
            "somme due",
            "total ttc en euros",
            "total paid",
        ],
    ),
    (
        Label::InvoiceNumber,
        &[
            "invoice number",
            "invoice no",
            "invoice",
            "invoice ref",
            "facture n",
            "facture no",
            "n de facture",
            "no de facture",
            "numero de facture",
            "n facture",
            "no facture",
            "devis n",
            "devis no",
            "n de devis",
            "no de devis",
            "numero de devis",
            "estimate no",
            "estimate number",
            "quote no",
            "quote number",
            "quotation no",
            "quotation number",
            "receipt no",
            "receipt number",
            "ticket n",
            "ticket no",
            "recu n",
            "recu no",
            "bill no",
            "bill number",
            "note n",
            "note d honoraires n",
            "facture ref",
            "n de ticket",
            "no de ticket",
            "estimate ref",
            "ref devis",
            "ref facture",
            "n devis",
            "no devis",
            "numero de recu",
            "account no",
            "reference facture",
            "reference devis",
        ],
    ),
    (Label::Number, &["n", "no", "nr", "number", "numero"]),
    (
        Label::Date,
        &[
            "date",
            "invoice date",
            "date de facture",
            "date facture",
            "date d emission",
            "issue date",
            "date of issue",
            "date de la facture",
            "date du devis",
            "date of invoice",
            "date of estimate",
            "bill date",
            "estimate date",
            "quote date",
            "etabli le",
            "emis le",
            "issued on",
            "facture du",
            "devis du",
            "emise le",
            "dated",
            "en date du",
            "date de devis",
        ],
    ),
    (
        Label::PaidOn,
        &[
            "acquitte le",
            "paid on",
            "reglee le",
            "regle le",
            "paye le",
            "date of payment",
            "payment date",
            "date de paiement",
            "paid in full on",
            "settled on",
            "acquittee le",
        ],
    ),
    (
        Label::Customer,
        &[
            "client",
            "customer",
            "bill to",
            "billed to",
            "facture a",
            "adresse a",
            "for",
            "pour le compte de",
            "plaignant",
            "plaignante",
            "complainant",
            "victim",
            "victime",
            "reported by",
            "destinataire",
            "client e",
        ],
    ),
    (Label::Vehicle, &["vehicle", "vehicule", "car", "make and model", "marque et modele", "marque modele", "voiture"]),
    (
        Label::Provider,
        &[
            "provider",
            "professionnel",
            "professionnel de sante",
            "practitioner",
            "healthcare provider",
            "praticien",
            "repairer",
            "reparateur",
            "garage",
            "medecin",
            "doctor",
            "health professional",
            "etablissement",
            "supplier",
            "prestataire",
            "name of provider",
            "nom du professionnel",
            "nom du praticien",
            "fournisseur",
            "care provider",
            "treated by",
            "health provider",
            "establishment",
            "opticien",
            "dentiste",
            "pharmacie",
        ],
    ),
    (
        Label::Nature,
        &[
            "nature",
            "nature du sinistre",
            "type of loss",
            "cause of loss",
            "type of claim",
            "nature of loss",
            "nature of claim",
            "nature of the loss",
            "type de sinistre",
            "evenement",
            "event",
            "garantie",
            "peril",
            "acte",
            "type of care",
            "type de soins",
            "cover claimed",
            "nature of offence",
            "nature des faits",
            "offence",
            "infraction",
            "treatment",
            "nature des soins",
            "cause du sinistre",
            "objet du sinistre",
            "cause",
            "type d evenement",
            "what are you claiming for",
            "kind of loss",
            "act",
            "procedure",
            "nature of treatment",
            "type of event",
            "garantie sollicitee",
            "type of treatment",
            "kind of care",
            "nature of care",
            "care",
            "benefit claimed",
            "prestation demandee",
            "type",
            "incident type",
            "nature de l evenement",
        ],
    ),
    (
        Label::Reference,
        &[
            "reference",
            "ref",
            "reference n",
            "reference no",
            "reference number",
            "report number",
            "report no",
            "pv n",
            "pv no",
            "your reference",
        ],
    ),
    (
        Label::Product,
        &[
            "product",
            "branche",
            "line of business",
            "contract type",
            "policy type",
            "type of policy",
            "type de contrat",
            "type of insurance",
            "assurance",
        ],
    ),
    (
        Label::Decoration,
        &[
            "address",
            "adresse",
            "e mail",
            "email",
            "courriel",
            "telephone",
            "phone",
            "tel",
            "mobile",
            "date of birth",
            "date de naissance",
            "ne e le",
            "iban",
            "siret",
            "vat",
            "tva",
            "signature",
            "signed on",
            "fait le",
            "signed",
            "date de signature",
            "autres observations",
            "other remarks",
            "remarks",
            "observations",
            "policyholder",
            "assure",
            "le sinistre",
            "the loss",
            "circonstances",
            "what happened",
            "amounts",
            "montants",
            "description of the event",
            "circumstances",
            "description",
            "designation",
            "montant",
            "amount",
            "bought on",
            "achete le",
            "purchase date",
            "date d achat",
            "prix",
            "price",
            "quantite",
            "qty",
            "quantity",
            "libelle",
            "item",
            "unit price",
            "prix unitaire",
            "declaration",
            "your details",
            "vos coordonnees",
            "received on",
            "recu le",
            "postcode",
            "code postal",
            "ville",
            "town",
            "city",
            "details of loss",
            "details of the loss",
            "details",
            "policy details",
            "amount ht",
            "montant ht",
            "total ht",
            "total excl vat",
            "subtotal",
            "sous total",
            "date and signature",
            "date et signature",
            "date de declaration",
            "reporting date",
            "profession",
            "vehicle and driver",
            "driver",
            "conducteur",
            "bank details",
            "coordonnees bancaires",
            "beneficiaire du paiement",
            "declare le",
            "time",
            "heure",
            "description des faits",
            "account of the facts",
            "the insured",
            "l assure",
            "votre contrat",
            "your policy",
            "montant de la franchise",
            "items",
            "postes",
        ],
    ),
];

/// A label found in a line, with what follows it in the same line.
#[derive(Debug, Clone)]
pub struct Found {
    pub label: Label,
    /// Printed after the label in the same line; may be empty.
    pub tail: String,
    /// Whether a colon or the like closed the label.
    pub closed: bool,
}

/// The label a line begins with, if any; misread letters are forgiven in long labels.
#[must_use]
pub fn label(text: &str) -> Option<Found> {
    let text = text.trim().trim_start_matches(['•', '-', '*', '·', '☐']).trim_start();
    if let Some((head, tail)) = text.split_once([':', '：'])
        && head.chars().count() <= 60
        && let Some(label) = known(&fold(head))
    {
        return Some(Found { label, tail: tail.trim().to_owned(), closed: true });
    }
    let folded = fold(text);
    if let Some(label) = known(&folded) {
        return Some(Found { label, tail: String::new(), closed: false });
    }
    // "Date of loss 2026-02-12": the colon was lost; only labels of two words and values with digits.
    let words: Vec<&str> = text.split_whitespace().collect();
    for cut in (2..words.len().min(7)).rev() {
        let tail = words[cut..].join(" ");
        if tail.chars().any(|c| c.is_ascii_digit())
            && let Some((label, _)) = exact(&fold(&words[..cut].join(" ")))
            && !matches!(label, Label::Decoration | Label::Nature)
        {
            return Some(Found {
                label,
                tail: tail.trim_start_matches(['.', ':', '-']).trim().to_owned(),
                closed: true,
            });
        }
    }
    None
}

fn exact(folded: &str) -> Option<(Label, &'static str)> {
    LABELS.iter().find_map(|(label, names)| names.iter().find(|name| **name == folded).map(|name| (*label, *name)))
}

fn known(folded: &str) -> Option<Label> {
    if folded.is_empty() || folded.len() > 60 {
        return None;
    }
    if let Some((label, _)) = exact(folded) {
        return Some(label);
    }
    // Without a bracketed or explained ending: "date of loss dd mm yyyy".
    let trimmed = folded
        .trim_end_matches(" jj mm aaaa")
        .trim_end_matches(" dd mm yyyy")
        .trim_end_matches(" s")
        .trim_start_matches("votre ")
        .trim_start_matches("your ");
    if trimmed != folded
        && let Some((label, _)) = exact(trimmed)
    {
        return Some(label);
    }
    if folded.len() < 6 {
        return None;
    }
    LABELS
        .iter()
        .flat_map(|(label, names)| {
            names.iter().filter(|name| name.len() >= 6).map(move |name| (alike(folded, name), *label))
        })
        .filter(|(score, _)| *score >= 0.86)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, label)| label)
}

/// A value with the line it came from.
#[derive(Debug, Clone)]
pub struct Value<'a> {
    pub text: String,
    pub line: &'a Line,
}

/// Where the values of a label may stand, most likely first: after it, right of it, below it.
#[must_use]
pub fn values<'a>(page: &'a PageText, wanted: &[Label]) -> Vec<(Label, Value<'a>)> {
    let found: Vec<Option<Found>> = page.lines.iter().map(|line| label(&line.text)).collect();
    let mut values = Vec::new();
    for (n, here) in found.iter().enumerate() {
        let Some(here) = here else { continue };
        if !wanted.contains(&here.label) {
            continue;
        }
        let line = &page.lines[n];
        if !here.tail.is_empty() {
            values.push((here.label, Value { text: here.tail.clone(), line }));
            continue;
        }
        let right = (n + 1..page.lines.len())
            .take_while(|m| page.lines[*m].row == line.row)
            .find(|m| found[*m].is_none() || value_like(&page.lines[*m].text));
        let next_is_label = page.lines.get(n + 1).is_some_and(|next| next.row == line.row && found[n + 1].is_some());
        match right {
            Some(m) if !next_is_label || m == n + 1 => {
                values.push((here.label, value(page, &found, m)));
                if here.closed {
                    continue;
                }
            }
            _ => {}
        }
        if let Some(m) = below(page, n)
            && (found[m].is_none() || value_like(&page.lines[m].text))
        {
            values.push((here.label, value(page, &found, m)));
        }
    }
    values
}

/// A value with the pieces that follow it closely in its row: handwriting is often read word by word.
fn value<'a>(page: &'a PageText, found: &[Option<Found>], n: usize) -> Value<'a> {
    let line = &page.lines[n];
    let mut text = line.text.clone();
    let mut end = line.area.x1;
    for (m, next) in page.lines.iter().enumerate().skip(n + 1) {
        let near = next.row == line.row && next.area.x0 - end < 0.9 * line.area.height();
        if !near || found[m].is_some() {
            break;
        }
        text.push(' ');
        text.push_str(&next.text);
        end = next.area.x1;
    }
    Value { text, line }
}

/// A word that is also a label can be a value when it carries digits.
fn value_like(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() >= 3 && !text.contains(':')
}

/// The nearest line under a label that starts where the label starts.
fn below(page: &PageText, n: usize) -> Option<usize> {
    let label = &page.lines[n].area;
    let tolerance = (page.width * 0.03).max(label.height() * 1.5);
    page.lines
        .iter()
        .enumerate()
        .filter(|(m, line)| {
            let gap = line.area.y0 - label.y1;
            *m != n
                && line.row != page.lines[n].row
                && line.area.middle() > label.middle() + label.height() * 0.4
                && gap < label.height() * 2.4
                && (line.area.x0 - label.x0).abs() <= tolerance
        })
        .min_by(|a, b| a.1.area.y0.total_cmp(&b.1.area.y0))
        .map(|(m, _)| m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_recognised_in_both_languages() {
        let cases = [
            ("Date of loss :", Some(Label::IncidentDate), ""),
            ("Date du sinislre", Some(Label::IncidentDate), ""),
            ("N° de contrat : AZ-1", Some(Label::ContractNumber), "AZ-1"),
            ("Nº client", Some(Label::ClientRef), ""),
            ("Policy number AZ-AU-25-003237", Some(Label::ContractNumber), "AZ-AU-25-003237"),
            ("Montant réclamé :", Some(Label::Claimed), ""),
            ("The airline lost my suitcase", None, ""),
            ("RECEIPT No. F-4368", Some(Label::InvoiceNumber), "F-4368"),
        ];
        for (text, expected, tail) in cases {
            let got = label(text);
            assert_eq!(got.as_ref().map(|f| f.label), expected, "{text}");
            assert_eq!(got.map(|f| f.tail).unwrap_or_default(), tail, "{text}");
        }
    }
}
