//! What is personal data in claims, and what only looks like it.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use privacy::{Detector, Kind, Known, redact_json};
use proptest::prelude::*;
use serde_json::json;

fn found(detector: &Detector, text: &str) -> Vec<(Kind, String)> {
    detector.find(text).into_iter().map(|found| (found.kind, text[found.at].to_owned())).collect()
}

#[test]
fn each_kind_is_found_where_it_stands() {
    use Kind::{Address, Card, DateOfBirth, Email, Iban, Nir, Phone, Plate};
    for (text, kind, value) in [
        ("Écrivez à léa.vidal+sinistre@exemple.fr.", Email, "léa.vidal+sinistre@exemple.fr"),
        ("mail: a_b@mail.example.co.uk, thanks", Email, "a_b@mail.example.co.uk"),
        ("Tél. 06 12 34 56 78", Phone, "06 12 34 56 78"),
        ("appelez le 0612345678 !", Phone, "0612345678"),
        ("(+33) 6.12.34.56.78 ou +33 6 39 98 15 64.", Phone, "+33 6 39 98 15 64"),
        ("0033 6 12 34 56 78", Phone, "0033 6 12 34 56 78"),
        ("Call 07700 900123 today", Phone, "07700 900123"),
        ("my phone is 353209110501", Phone, "353209110501"),
        ("+353 20 911 0501", Phone, "+353 20 911 0501"),
        ("(555) 123-4567", Phone, "(555) 123-4567"),
        ("phone: 555-123-4567", Phone, "555-123-4567"),
        ("IBAN FR76 3000 6000 0112 3456 7890 189 merci", Iban, "FR76 3000 6000 0112 3456 7890 189"),
        ("fr7630006000011234567890189", Iban, "fr7630006000011234567890189"),
        ("pay GB82 WEST 1234 5698 7654 32 now", Iban, "GB82 WEST 1234 5698 7654 32"),
        ("BE68 5390 0754 7034 then", Iban, "BE68 5390 0754 7034"),
        ("NIR 2 55 08 14 168 025 38", Nir, "2 55 08 14 168 025 38"),
        ("n° 255081416802538.", Nir, "255081416802538"),
        ("Sécurité sociale : 2550814168025", Nir, "2550814168025"),
        ("carte 4111 1111 1111 1111", Card, "4111 1111 1111 1111"),
        ("card 5555-5555-5555-4444, exp 12/27", Card, "5555-5555-5555-4444"),
        ("amex 378282246310005", Card, "378282246310005"),
        ("Née le 10/12/1986 à Pau", DateOfBirth, "10/12/1986"),
        ("né le 1er mars 1980,", DateOfBirth, "1er mars 1980"),
        ("Date de naissance : 12.08.1975", DateOfBirth, "12.08.1975"),
        ("I was born on March 3rd, 1971.", DateOfBirth, "March 3rd, 1971"),
        ("DOB: 1986-12-10", DateOfBirth, "1986-12-10"),
        (r#"{"date_of_birth":"1986-12-10"}"#, DateOfBirth, "1986-12-10"),
        ("ma voiture XM-509-WF a", Plate, "XM-509-WF"),
        ("véhicule AB123CD", Plate, "AB123CD"),
        ("my car KG19 DPX was hit", Plate, "KG19 DPX"),
        ("registration 231-L-8915", Plate, "231-L-8915"),
        ("immatriculée 1234 AB 64", Plate, "1234 AB 64"),
        ("J'habite 47 chemin des Vignes, 64000 Pau depuis", Address, "47 chemin des Vignes, 64000 Pau"),
        ("au 12 bis, rue de l'Église Saint-Jean a brûlé", Address, "12 bis, rue de l'Église Saint-Jean"),
        ("3 place de la République", Address, "3 place de la République"),
        ("at 94 Orchard Close, Galway, H91 FD7K today", Address, "94 Orchard Close, Galway, H91 FD7K"),
        ("10 Downing Street, London SW1A 2AA", Address, "10 Downing Street, London SW1A 2AA"),
        ("postcode SW1A 2AA", Address, "SW1A 2AA"),
    ] {
        let seen = found(&Detector::default(), text);
        assert!(seen.contains(&(kind, value.to_owned())), "{text:?}: {seen:?}");
    }
}

#[test]
fn what_a_claim_is_about_is_no_personal_data() {
    for text in [
        "Montant réclamé : 1 430,50 € ; franchise 400,00 EUR, total 12 345 678,90 EUR",
        "Amount claimed: EUR 1,430.50, deductible 400.00, VAT 20%, total 0612.34",
        "Le sinistre est survenu le 12/05/2026 vers 14:30, déclaré le 13 mai 2026.",
        "The loss of 2026-05-12 was reported on May 13, 2026 at 09:15:30",
        "contrat AZ-AU-25-001889, contrat n° AZ-SA-22-004020 du 01/01/2025",
        "Contract number 0612345678 and claim CLM-20260512-0612345678",
        "facture F-13567, facture n° 0123456789 du 03.04.2026",
        "Invoice INV-2026-0001234567, invoice no. 4111111111111111",
        "dossier HST-2024-0143, claim DEV-0001, user USR-1001",
        "SIRET 362 521 879 00034, TVA FR40303265045",
        "Claim ids 7f9c0b1e-4d2a-4c8e-9f31-0612345678ab",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "5 places de cinéma, 2 cours de piano, 3 route barrée, 12 mois",
        "FR76 3000 6000 0112 3456 7890 188 has a wrong key",
        "2 55 08 14 168 025 39",
        "4111 1111 1111 1112",
        "1751369123456789 microseconds, 1751369123456 ms",
        "version 1.2.3.4, port 8321, 192.168.10.20",
        "surface 120 m2, 3 pièces, 35 000 km, 2024 Renault Clio V6",
        "valeur 20 EUR, AT12 EUR, 100 EUR 20",
        "born in Paris; il est né à Lyon",
        "Une infiltration d'eau a endommagé le plafond du salon.",
    ] {
        assert_eq!(found(&Detector::default(), text), [], "{text:?}");
    }
}

fn lea() -> Detector {
    let mut known = Known::default();
    known.add_name("Léa Vidal-Martin");
    known.add(Kind::DateOfBirth, "1975-08-12");
    known.add(Kind::Address, "47 chemin des Vignes");
    known.add(Kind::Plate, "231-L-8915");
    Detector::new(known)
}

#[test]
fn what_the_record_knows_is_found_in_any_writing() {
    let text =
        "LEA VIDAL MARTIN, vue le 12 août 1975 (12/08/75, 1975-08-12), 47, Chemin des vignes, 231 L 8915. Léa dit";
    let kinds: Vec<Kind> = lea().find(text).into_iter().map(|found| found.kind).collect();
    use Kind::{Address, DateOfBirth, Name, Plate};
    assert_eq!(kinds, [Name, DateOfBirth, DateOfBirth, DateOfBirth, Address, Plate, Name]);
    assert_eq!(
        lea().redact(text),
        "[name], vue le [date_of_birth] ([date_of_birth], [date_of_birth]), [address], [plate]. [name] dit"
    );
    assert_eq!(found(&lea(), "le 13 août 1975, un chemin creux, des vignes; plea bargain"), []);
}

#[test]
fn fields_of_json_say_what_they_hold() {
    let payload = json!({
        "full_name": "Bo Li", "date_of_birth": "1990-01-01", "claimed_amount": "1430.50", "incident_date": "2026-05-12",
        "address": {"street": "x", "country": "FR"}, "insured_persons": ["Bo Li"], "pages": 2, "empty": "",
        "text": "Appelez le 06 12 34 56 78",
    });
    assert_eq!(
        redact_json(&Detector::default(), &payload),
        json!({
            "full_name": "[name]", "date_of_birth": "[date_of_birth]", "claimed_amount": "1430.50",
            "incident_date": "2026-05-12", "address": {"street": "[address]", "country": "FR"},
            "insured_persons": ["[name]"], "pages": 2, "empty": "", "text": "Appelez le [phone]",
        })
    );
}

#[test]
fn references_are_found_on_request() {
    let text = "USR-1080, AZ-SA-22-004020, F-13567";
    assert_eq!(Detector::default().redact(text), text);
    assert_eq!(Detector::default().and_references().redact(text), "[reference], [reference], [reference]");
}

/// The IBAN of a country whose account numbers are digits, with its two check digits.
fn iban(country: &str, account: &str) -> String {
    let value = |text: &str| {
        text.chars()
            .filter_map(|letter| letter.to_digit(36))
            .fold(0_u32, |rest, value| (rest * if value > 9 { 100 } else { 10 } + value) % 97)
    };
    format!("{country}{:02}{account}", 98 - value(&format!("{account}{country}00")))
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in any::<String>()) {
        let mut end = 0;
        for found in lea().and_references().find(&text) {
            prop_assert!(found.at.start >= end && found.at.end > found.at.start);
            prop_assert!(text.is_char_boundary(found.at.start) && text.is_char_boundary(found.at.end));
            end = found.at.end;
        }
    }

    #[test]
    fn texts_of_the_right_letters_are_read_without_harm(text in "[A-Z0-9 +.,/()@é'-]{0,80}") {
        let clean = lea().redact(&text);
        prop_assert_eq!(lea().find(&text).is_empty(), clean == text);
    }

    #[test]
    fn every_iban_is_found_and_no_other_digit_in_its_place(account in "[0-9]{18}", place in 4_usize..22, by in 1_u8..10) {
        let good = iban("DE", &account);
        let text = format!("Compte : {good}.");
        prop_assert!(found(&Detector::default(), &text).contains(&(Kind::Iban, good.clone())), "{}", text);
        let mut bad = good.clone().into_bytes();
        bad[place] = b'0' + (bad[place] - b'0' + by) % 10;
        let bad = String::from_utf8(bad).unwrap();
        prop_assert!(!found(&Detector::default(), &bad).iter().any(|(kind, _)| *kind == Kind::Iban), "{}", bad);
    }

    #[test]
    fn every_nir_with_its_key_is_found(sex in 1_u64..3, year in 0_u64..100, month in 1_u64..13, place in 1_000_u64..95_999, order in 1_u64..1000) {
        let number = ((((sex * 100 + year) * 100 + month) * 100_000) + place) * 1000 + order;
        let nir = format!("{number:013}{:02}", 97 - number % 97);
        let text = format!("n {nir},");
        prop_assert!(found(&Detector::default(), &text).contains(&(Kind::Nir, nir.clone())), "{}", text);
        let off = format!("{number:013}{:02}", (97 - number % 97) % 97 + 1);
        let same = off == nir;
        prop_assert!(same || !found(&Detector::default(), &off).iter().any(|(kind, _)| *kind == Kind::Nir));
    }

    #[test]
    fn amounts_and_dates_are_left_alone(euros in 0_u32..10_000_000, cents in 0_u32..100, year in 1990_i16..2030, month in 1_u8..13, day in 1_u8..29) {
        for text in [
            format!("{euros},{cents:02} €"), format!("EUR {euros}.{cents:02}"),
            format!("le {day:02}/{month:02}/{year}"), format!("on {year}-{month:02}-{day:02}"),
            format!("AZ-AU-{:02}-{:06}", year % 100, euros % 1_000_000), format!("F-{euros}"),
        ] {
            prop_assert_eq!(found(&Detector::default(), &text), vec![], "{}", text);
        }
    }
}
