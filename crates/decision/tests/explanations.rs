//! What a claimant and a handler read.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod samples;

use decision::{Decision, DecisionReport, decide};
use samples::{json_file, policy};
use serde_json::json;

fn example(name: &str) -> Decision {
    let examples = json_file("policy_examples.json");
    let source = examples.as_array().unwrap().iter().find(|example| example["example"] == name).unwrap();
    decide(&decision::explicit::facts(source).unwrap(), policy())
}

/// Compares with plain blanks for no-break ones.
fn reads(name: &str, en: &str, fr: &str) {
    let text = example(name).explanation;
    assert_eq!(text.en.replace('\u{a0}', " "), en, "{name}");
    assert_eq!(text.fr.replace('\u{a0}', " "), fr, "{name}");
}

#[test]
fn an_approval_shows_how_the_amount_came_about() {
    reads(
        "1",
        "We approve your claim: contract A-1 covers collision. You claimed €1,830.50. Deductible of €400.00: \
         €1,830.50 becomes €1,430.50. We will pay €1,430.50.",
        "Votre demande est acceptée : le contrat A-1 garantit : collision. Vous avez réclamé 1 830,50 €. Franchise de \
         400,00 € : 1 830,50 € devient 1 430,50 €. Nous vous réglerons 1 430,50 €.",
    );
    reads(
        "10b",
        "We approve your claim: contract V-1 covers travel delay. We will pay €50.01.",
        "Votre demande est acceptée : le contrat V-1 garantit : retard. Nous vous réglerons 50,01 €.",
    );
}

#[test]
fn a_refusal_names_the_clause_or_the_term() {
    reads(
        "19",
        "We cannot pay this claim: an exclusion of contract A-1 applies (clause 4.1): alcohol above the legal limit.",
        "Nous ne pouvons pas régler cette demande : une exclusion du contrat A-1 s'applique (article 4.1) : \
         alcoolémie au-delà du taux légal.",
    );
    reads(
        "13a",
        "We cannot pay this claim: contract S-1 covers dental care from 15 April 2026, after 90 waiting days; the \
         incident is dated 14 April 2026.",
        "Nous ne pouvons pas régler cette demande : le contrat S-1 couvre soins dentaires à partir du 15 avril 2026, \
         après un délai de carence de 90 jours ; le sinistre est daté du 14 avril 2026.",
    );
}

#[test]
fn a_review_tells_the_claimant_less_than_the_handler() {
    reads(
        "21b",
        "Your claim has been passed to a claims handler: some details of the file have to be checked.",
        "Votre demande a été transmise à un gestionnaire : certains éléments du dossier doivent être vérifiés.",
    );
    let reason = &example("21b").reasons[0];
    assert!(reason.text.en.contains("shortly after the contract started"), "{}", reason.text.en);
    assert!(reason.text.fr.contains("plafond"), "{}", reason.text.fr);
}

#[test]
fn the_report_shows_every_check_and_every_step() {
    let report = DecisionReport::new("C-1", &example("5"), policy());
    let report = serde_json::to_value(&report).unwrap();
    let checks: Vec<&str> =
        report["trace"].as_array().unwrap().iter().map(|step| step["check"].as_str().unwrap()).collect();
    assert_eq!(
        checks,
        [
            "G1",
            "G2",
            "G3",
            "I1",
            "I2",
            "I3",
            "I4",
            "I5",
            "D1",
            "R1",
            "D2",
            "D3",
            "D4",
            "D5",
            "D6",
            "late_notice",
            "D8",
            "D9",
            "D10",
            "R2",
            "R4",
            "R5",
            "R6",
            "R7",
            "R8",
            "R9",
        ]
    );
    let steps: Vec<_> =
        report["amount_steps"].as_array().unwrap().iter().map(|step| (&step["code"], &step["after"])).collect();
    let expected = [
        ("CLAIMED", "2400.00"),
        ("ITEM_NOT_COVERED", "2200.00"),
        ("SUBLIMIT_APPLIED", "1900.00"),
        ("DEDUCTIBLE_APPLIED", "1700.00"),
    ];
    let expected: Vec<_> = expected.iter().map(|(code, after)| (json!(code), json!(after))).collect();
    assert_eq!(steps, expected.iter().map(|(code, after)| (code, after)).collect::<Vec<_>>());
    assert_eq!(report["amount_steps"][3]["clause"], "coverages.theft.deductible");
    assert_eq!(report["trace"][15]["inputs"]["deadline"], "2026-05-12");
}

fn lettered(reference: &str, name: &str) -> DecisionReport {
    let decision = example(name);
    DecisionReport::new("C-1", &decision, policy()).with_letter(reference, &decision, policy())
}

#[test]
fn the_letter_tells_the_way_to_the_amount_in_either_language() {
    let report = lettered("CLM-7", "1");
    let letter = report.letter_en.replace('\u{a0}', " ");
    let lines: Vec<&str> = letter.lines().collect();
    assert_eq!(lines[0], "Your claim CLM-7");
    assert!(lines.iter().any(|line| line.starts_with("  amount claimed ") && line.ends_with(" €1,830.50")), "{letter}");
    assert!(lines.iter().any(|line| line.starts_with("  deductible") && line.ends_with(" €1,430.50")), "{letter}");
    assert!(letter.contains("If you disagree") && letter.contains(&report.explanation_en.replace('\u{a0}', " ")));
    assert!(report.letter_fr.contains("Détail du calcul") && report.letter_fr.starts_with("Votre demande CLM-7\n"));
}

#[test]
fn the_letter_of_a_refusal_names_its_clause_and_that_of_a_review_promises_nothing() {
    let refusal = lettered("CLM-8", "19");
    assert!(
        refusal.letter_fr.replace('\u{a0}', " ").contains("votre contrat A-1 : article 4.1."),
        "{}",
        refusal.letter_fr
    );
    assert!(!refusal.letter_en.contains("worked out"));
    let review = lettered("CLM-9", "21b");
    assert!(
        review.letter_en.contains("You need not do anything") && !review.letter_en.contains('€'),
        "{}",
        review.letter_en
    );
    let brief = review.brief();
    assert!(brief.letter_en.is_empty() && brief.letter_fr.is_empty(), "a model pays for every word");
}
