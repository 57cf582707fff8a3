//! What each page of a file is: form, letter, invoice, care bill, receipt, police report.

use super::fold::fold;
use super::labels::{Label, label};
use crate::page::PageText;

/// The role of a page in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Form,
    Letter,
    Invoice,
    Bill,
    Receipt,
    Police,
    Other,
}

const SIGNS: &[(Part, &str, i32)] = &[
    (Part::Form, "claim form", 6),
    (Part::Form, "declaration de sinistre", 5),
    (Part::Form, "declaration de vol", 5),
    (Part::Form, "declaration d accident", 5),
    (Part::Form, "expenses claim", 4),
    (Part::Form, "loss notification form", 6),
    (Part::Form, "formulaire", 4),
    (Part::Form, "notification of loss", 5),
    (Part::Form, "claim notification", 4),
    (Part::Form, "type of loss", 3),
    (Part::Form, "nature du sinistre", 3),
    (Part::Form, "what happened", 2),
    (Part::Form, "the loss", 1),
    (Part::Form, "signed on", 2),
    (Part::Form, "fait le", 2),
    (Part::Form, "autres observations", 2),
    (Part::Form, "other remarks", 2),
    (Part::Form, "constat", 2),
    (Part::Form, "amount claimed", 2),
    (Part::Form, "montant reclame", 2),
    (Part::Form, "demande de remboursement", 4),
    (Part::Form, "reimbursement request", 4),
    (Part::Form, "date du sinistre", 2),
    (Part::Form, "date of loss", 2),
    (Part::Form, "cochez", 2),
    (Part::Form, "please tick", 2),
    (Part::Letter, "madame monsieur", 5),
    (Part::Letter, "dear sir", 5),
    (Part::Letter, "dear madam", 5),
    (Part::Letter, "dear claims", 5),
    (Part::Letter, "yours faithfully", 5),
    (Part::Letter, "yours sincerely", 5),
    (Part::Letter, "salutations", 5),
    (Part::Letter, "cordialement", 4),
    (Part::Letter, "kind regards", 4),
    (Part::Letter, "best regards", 4),
    (Part::Letter, "je vous prie", 2),
    (Part::Letter, "i wish to report", 4),
    (Part::Letter, "je vous declare", 4),
    (Part::Letter, "i am writing", 4),
    (Part::Letter, "je vous ecris", 4),
    (Part::Letter, "je soussigne", 4),
    (Part::Letter, "objet", 2),
    (Part::Letter, "bonjour", 2),
    (Part::Letter, "sincerely", 2),
    (Part::Letter, "je me permets", 3),
    (Part::Letter, "veuillez agreer", 5),
    (Part::Letter, "to whom it may concern", 5),
    (Part::Letter, "many thanks", 3),
    (Part::Letter, "avec mes salutations", 4),
    (Part::Letter, "please reimburse", 2),
    (Part::Letter, "sentiments distingues", 5),
    (Part::Letter, "sentiments les meilleurs", 5),
    (Part::Letter, "madame", 3),
    (Part::Letter, "monsieur", 3),
    (Part::Letter, "dear", 4),
    (Part::Letter, "yours truly", 5),
    (Part::Letter, "bien a vous", 4),
    (Part::Letter, "subject", 2),
    (Part::Invoice, "devis", 4),
    (Part::Invoice, "facture", 4),
    (Part::Invoice, "invoice", 4),
    (Part::Invoice, "estimate", 4),
    (Part::Invoice, "quotation", 4),
    (Part::Invoice, "quote", 3),
    (Part::Invoice, "total ttc", 3),
    (Part::Invoice, "total incl vat", 3),
    (Part::Invoice, "vat reg", 3),
    (Part::Invoice, "siret", 3),
    (Part::Invoice, "dont tva", 2),
    (Part::Invoice, "of which vat", 2),
    (Part::Invoice, "designation", 1),
    (Part::Invoice, "valid for", 1),
    (Part::Invoice, "bon de commande", 2),
    (Part::Bill, "note d honoraires", 7),
    (Part::Bill, "facture de soins", 7),
    (Part::Bill, "feuille de soins", 7),
    (Part::Bill, "medical bill", 7),
    (Part::Bill, "statement of fees", 6),
    (Part::Bill, "fee note", 6),
    (Part::Bill, "invoice for care", 7),
    (Part::Bill, "care invoice", 7),
    (Part::Bill, "patient", 4),
    (Part::Bill, "date des soins", 5),
    (Part::Bill, "date of treatment", 5),
    (Part::Bill, "date of care", 5),
    (Part::Bill, "securite sociale", 2),
    (Part::Bill, "part reglee", 2),
    (Part::Bill, "medical invoice", 7),
    (Part::Bill, "treatment invoice", 6),
    (Part::Bill, "bill for treatment", 7),
    (Part::Bill, "acquitte", 2),
    (Part::Receipt, "receipt", 5),
    (Part::Receipt, "ticket", 4),
    (Part::Receipt, "thank you", 3),
    (Part::Receipt, "merci de votre visite", 5),
    (Part::Receipt, "card", 1),
    (Part::Receipt, "cb", 1),
    (Part::Receipt, "recu", 3),
    (Part::Receipt, "caisse", 2),
    (Part::Receipt, "visa", 1),
    (Part::Receipt, "change due", 2),
    (Part::Police, "depot de plainte", 8),
    (Part::Police, "police report", 6),
    (Part::Police, "proces verbal", 7),
    (Part::Police, "crime report", 8),
    (Part::Police, "commissariat", 5),
    (Part::Police, "gendarmerie", 5),
    (Part::Police, "plaignant", 5),
    (Part::Police, "complainant", 5),
    (Part::Police, "garda", 4),
    (Part::Police, "constabulary", 4),
    (Part::Police, "police", 2),
    (Part::Police, "crime reference", 3),
    (Part::Police, "date des faits", 4),
    (Part::Police, "recepisse", 4),
    (Part::Police, "police station", 4),
    (Part::Police, "officer", 2),
];

/// Tells what a page is. A page without signs is `Other`.
#[must_use]
pub fn part(page: &PageText) -> Part {
    let rows: Vec<(String, bool)> = page
        .text()
        .lines()
        .map(|row| {
            let folded = fold(row);
            let words = folded.split(' ').filter(|word| word.len() > 1 && !word.contains(|c: char| c.is_ascii_digit()));
            let told = words.count() > 7 && !row.contains("  ");
            (format!(" {folded} "), told)
        })
        .collect();
    let mut scores: Vec<(Part, i32)> =
        [Part::Form, Part::Letter, Part::Invoice, Part::Bill, Part::Receipt, Part::Police]
            .map(|part| (part, 0))
            .to_vec();
    for (part, sign, weight) in SIGNS {
        let sign = format!(" {sign} ");
        // What a letter tells in a sentence is not what the page is.
        let headed = rows.iter().any(|(row, told)| !told && row.contains(&sign));
        let weight = if headed { *weight } else { *weight / 3 };
        if (headed || rows.iter().any(|(row, _)| row.contains(&sign)))
            && let Some(score) = scores.iter_mut().find(|(known, _)| known == part)
        {
            score.1 += weight;
        }
    }
    let labels = page.lines.iter().filter_map(|line| label(&line.text)).filter(|found| {
        matches!(
            found.label,
            Label::IncidentDate
                | Label::Claimed
                | Label::ClaimNumber
                | Label::ContractNumber
                | Label::Place
                | Label::ClientRef
        )
    });
    scores[0].1 += 2 * labels.count().min(4) as i32;
    scores.sort_by_key(|(_, score)| -score);
    if scores[0].1 >= 4 { scores[0].0 } else { Part::Other }
}
