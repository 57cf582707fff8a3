//! Codes of perils and circumstances in the words that contracts and claimants use, in both languages.
//!
//! A search that starts from a code must find the clause that never names it.

/// Words of a peril or circumstance code; the code itself, split, when it is not one of ours.
pub(crate) fn words_of(code: &str) -> String {
    let known = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(code)).map(|(_, words)| *words);
    known.map_or_else(|| code.replace('_', " "), str::to_owned)
}

const WORDS: &[(&str, &str)] = &[
    ("collision", "collision accident choc"),
    ("theft", "theft burglary stolen vol cambriolage"),
    ("fire", "fire incendie"),
    ("glass", "glass window windscreen bris de glace vitre pare-brise"),
    ("vandalism", "vandalism malicious damage vandalisme"),
    ("storm", "storm hail wind tempête grêle"),
    ("water_damage", "water damage leak escape of water dégât des eaux fuite"),
    ("cat_nat", "natural catastrophe disaster flood catastrophe naturelle inondation"),
    ("electrical", "electrical damage surge dommage électrique surtension"),
    ("consultation", "consultation doctor visit médecin"),
    ("hospitalisation", "hospital stay hospitalisation hôpital"),
    ("dental", "dental care teeth soins dentaires"),
    ("optical", "optical glasses optique lunettes"),
    ("pharmacy", "pharmacy medicines pharmacie médicaments"),
    ("cancellation", "cancellation trip annulation voyage"),
    ("baggage", "baggage luggage lost damaged bagages perdus"),
    ("medical_abroad", "medical expenses abroad frais médicaux étranger"),
    ("delay", "delay late transport retard"),
    ("death", "death décès"),
    ("disability", "disability permanent invalidité"),
    ("alcohol", "alcohol level legal limit driving alcoolémie taux légal conduite"),
    ("unlicensed_driver", "driver without valid licence conducteur permis valide"),
    ("racing", "races competitions circuit courses compétitions"),
    ("keys_in_vehicle", "keys in vehicle theft clés véhicule vol"),
    ("commercial_use", "paid carriage goods passengers transport rémunéré marchandises personnes"),
    ("wear_and_tear", "wear and tear maintenance deterioration usure défaut entretien détérioration"),
    ("unoccupied", "unoccupied consecutive days inoccupation jours consécutifs"),
    ("no_forced_entry", "theft without forced entry vol sans effraction"),
    ("cosmetic", "cosmetic treatment medical necessity soins esthétiques nécessité médicale"),
    ("unattended", "unattended luggage public place bagages sans surveillance lieu public"),
    ("extreme_sport", "extreme sport base-jump wingsuit sports extrêmes"),
    ("pre_existing", "condition diagnosed before affection diagnostiquée souscription"),
    ("suicide_first_year", "suicide first contract year première année"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_words_in_both_languages_and_strangers_their_own() {
        assert!(words_of("water_damage").contains("leak") && words_of("water_damage").contains("fuite"));
        assert!(words_of("ALCOHOL").contains("alcoolémie"));
        assert_eq!(words_of("frozen_food"), "frozen food");
    }
}
