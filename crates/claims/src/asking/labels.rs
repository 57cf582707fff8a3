//! What the keys and words of findings are called in the two languages.

use crate::domain::Language;

/// Key or word as the tools write it, English, French. What is not here is shown with its underscores as spaces.
const LABELS: &[(&str, &str, &str)] = &[
    ("claim_number", "claim number", "numéro de sinistre"),
    ("claimant_name", "claimant", "demandeur"),
    ("claimed_amount", "claimed amount", "montant réclamé"),
    ("client_ref", "customer number", "numéro de client"),
    ("contract_number", "contract", "contrat"),
    ("currency", "currency", "devise"),
    ("evidence_disposed", "damaged goods thrown away", "biens endommagés jetés"),
    ("incident_country", "country of the incident", "pays du sinistre"),
    ("incident_date", "date of the incident", "date du sinistre"),
    ("invoice_date", "invoice date", "date de facture"),
    ("invoice_number", "invoice number", "numéro de facture"),
    ("other_payer_amount", "paid by somebody else", "payé par un tiers"),
    ("peril", "peril, cause of the loss", "péril, cause du sinistre"),
    ("product", "product", "produit"),
    ("provider_name", "provider, who repaired or invoiced", "prestataire, réparateur, auteur de la facture"),
    ("vehicle_registration", "vehicle registration plate", "immatriculation du véhicule"),
    ("formula", "formula", "formule"),
    ("status", "status", "statut"),
    ("start_date", "starts on", "début"),
    ("end_date", "ends on", "fin"),
    ("cancelled_on", "cancelled on", "résilié le"),
    ("territory", "territory, countries covered", "territoire, pays couverts"),
    ("annual_limit", "annual limit", "plafond annuel"),
    ("premium_amount", "premium", "prime"),
    ("payment_frequency", "paid", "paiement"),
    ("insured_persons", "insured persons", "personnes assurées"),
    ("insured_object", "insured object", "objet assuré"),
    ("registration", "registration", "immatriculation"),
    ("vehicle", "vehicle", "véhicule"),
    ("limit", "limit", "plafond"),
    ("deductible", "deductible, excess", "franchise"),
    ("kind", "kind", "nature"),
    ("amount", "amount", "montant"),
    ("rate", "rate", "taux"),
    ("min", "at least", "minimum"),
    ("max", "at most", "maximum"),
    ("reimbursement_rate", "reimbursed at", "remboursé à"),
    ("waiting_days", "waiting period in days", "délai de carence en jours"),
    ("depreciation", "depreciation", "vétusté"),
    ("rate_per_year", "per year", "par an"),
    ("exempt", "exempt", "exempté"),
    ("sub_limits", "sub-limits", "sous-plafonds"),
    ("excluded_items", "items not covered", "biens non couverts"),
    ("notice", "to be declared within", "à déclarer sous"),
    ("days", "days", "jours"),
    ("basis", "counted in days", "comptés en jours"),
    ("from", "from", "à compter de"),
    ("police_report_required", "police report required", "dépôt de plainte exigé"),
    ("forfeiture_clause", "late notice forfeits cover", "déchéance pour déclaration tardive"),
    ("hard_limit_days", "days at most", "jours au plus"),
    ("late_notice", "late notice", "déclaration tardive"),
    ("suspensions", "suspensions", "suspensions"),
    ("full_name", "policyholder", "assuré"),
    ("country", "country", "pays"),
    ("language", "language", "langue"),
    ("is_active", "active", "actif"),
    ("theft", "theft", "vol"),
    ("fire", "fire", "incendie"),
    ("glass", "glass", "bris de glace"),
    ("collision", "collision, accident", "collision, accident"),
    ("vandalism", "vandalism", "vandalisme"),
    ("storm", "storm", "tempête"),
    ("water_damage", "water damage", "dégât des eaux"),
    ("natural_disaster", "natural disaster", "catastrophe naturelle"),
    ("hail", "hail", "grêle"),
    ("absolute", "absolute", "absolue"),
    ("relative", "relative", "relative"),
    ("percent", "percentage", "pourcentage"),
    ("working", "working", "ouvrés"),
    ("calendar", "calendar", "calendaires"),
    ("incident", "incident", "sinistre"),
    ("approve", "approved, accepted", "approuvé, accordé"),
    ("deny", "denied, refused", "refusé, rejeté"),
    ("manual_review", "left to a person for review", "confié à un gestionnaire pour examen"),
    ("comprehensive", "comprehensive", "tous risques"),
    ("auto", "car", "automobile"),
    ("home", "home", "habitation"),
    ("health", "health", "santé"),
    ("travel", "travel", "voyage"),
    ("labour", "labour", "main-d'œuvre"),
    ("parts", "parts", "pièces"),
    ("true", "yes", "oui"),
    ("false", "no", "non"),
];

/// Shares that read better as percentages.
pub(super) const RATES: [&str; 4] = ["rate", "reimbursement_rate", "rate_per_year", "max"];

/// The name of a key; its first one where there are several.
pub(super) fn label(key: &str, language: Language) -> String {
    known(key, language).unwrap_or_else(|| key.replace('_', " "))
}

/// The same of a value, which may be no word of ours.
pub(super) fn known(word: &str, language: Language) -> Option<String> {
    let (_, english, french) = row(word)?;
    let name = match language {
        Language::En => english,
        Language::Fr => french,
    };
    name.split(", ").next().map(str::to_owned)
}

/// Every name it may be asked by.
pub(super) fn all_names(key: &str) -> String {
    row(key).map_or_else(|| key.replace('_', " "), |(_, english, french)| format!("{english} {french}"))
}

fn row(key: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    LABELS.iter().find(|(known, _, _)| *known == key)
}
