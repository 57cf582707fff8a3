//! Codes of perils and circumstances in the words that contracts and claimants use, in both languages.
//!
//! A search that starts from a code must find the clause that never names it, and a story must find the past claim
//! of its peril that was told with other words, or in the other language.

/// Words of a peril or circumstance code; the code itself, split, when it is not one of ours.
pub(crate) fn words_of(code: &str) -> String {
    let known = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(code)).map(|(_, words)| *words);
    known.map_or_else(|| code.replace('_', " "), str::to_owned)
}

const WORDS: &[(&str, &str)] = &[
    (
        "collision",
        "collision accident crash hit struck rear-ended bumped skidded junction roundabout intersection \
         other driver vehicle bumper collision accident choc percuté heurté embouti carambolage \
         accrochage carrefour rond-point intersection autre conducteur pare-chocs tôle",
    ),
    (
        "theft",
        "theft stolen stole burglary burglars break-in robbed thieves missing taken vol volé dérobé \
         cambriolage cambrioleurs voleurs effraction disparu emporté",
    ),
    (
        "fire",
        "fire burned burnt flames smoke blaze short circuit incendie feu flammes brûlé fumée embrasé \
         court-circuit",
    ),
    (
        "glass",
        "glass windscreen windshield window pane cracked shattered chipped stone mirror bris de glace \
         vitre pare-brise fenêtre baie vitrée fissuré éclaté impact gravillon pierre miroir",
    ),
    (
        "vandalism",
        "vandalism vandals scratched keyed slashed graffiti malicious damage deliberately vandalisme \
         vandales rayé rayures tagué crevé dégradations malveillance volontairement",
    ),
    (
        "storm",
        "storm hail hailstones wind gale gust lightning roof tiles tree fell tempête grêle grêlons vent \
         rafales bourrasque orage toiture tuiles arbre tombé",
    ),
    (
        "water_damage",
        "water damage leak leaked burst pipe flooded flooding overflow dripping ceiling washing machine \
         dégât des eaux fuite rupture canalisation tuyau infiltration débordement inondé plafond machine \
         à laver lave-linge",
    ),
    (
        "cat_nat",
        "natural catastrophe disaster flood river mudslide drought subsidence earthquake interministerial \
         order catastrophe naturelle inondation crue coulée de boue sécheresse séisme arrêté \
         interministériel",
    ),
    (
        "electrical",
        "electrical damage surge power overvoltage lightning appliance burnt out short circuit dommage \
         électrique surtension foudre appareil grillé court-circuit coupure courant",
    ),
    (
        "consultation",
        "consultation doctor physician specialist appointment visit general practitioner consultation \
         médecin généraliste spécialiste rendez-vous cabinet visite",
    ),
    (
        "hospitalisation",
        "hospital stay hospitalised admitted surgery operation clinic ward inpatient hospitalisation \
         hospitalisé hôpital clinique opération opéré chirurgie séjour admis",
    ),
    (
        "dental",
        "dental dentist tooth teeth crown filling root canal implant dentaire dentiste dent dents \
         couronne carie prothèse implant détartrage",
    ),
    (
        "optical",
        "optical optician glasses spectacles lenses frames prescription contact eyesight optique opticien \
         lunettes verres monture lentilles correction vue",
    ),
    (
        "pharmacy",
        "pharmacy pharmacist chemist medicines medication drugs prescribed prescription pharmacie \
         pharmacien médicaments ordonnance prescrits traitement",
    ),
    (
        "cancellation",
        "cancellation cancelled cancel trip holiday booking before departure refund unable to travel \
         annulation annulé annuler voyage séjour vacances réservation avant le départ remboursement \
         renoncer",
    ),
    (
        "baggage",
        "baggage luggage suitcase bag lost damaged airline airport arrival carousel belongings bagage \
         bagages valise sac perdu égaré endommagé compagnie aérienne aéroport arrivée affaires",
    ),
    (
        "medical_abroad",
        "medical expenses abroad ill sick injured holiday emergency treated doctor hospital foreign \
         travel frais médicaux à l'étranger malade blessé vacances urgences soigné médecin hôpital séjour \
         voyage",
    ),
    (
        "delay",
        "delay delayed late flight train hours missed connection departure meals hotel waiting retard \
         retardé vol train heures correspondance départ repas hôtel attente",
    ),
    (
        "death",
        "death died deceased passed away insured person beneficiary capital life décès décédé mort défunt \
         assuré bénéficiaire capital",
    ),
    (
        "disability",
        "disability disabled permanent invalidity unable to work rate incapacity invalidité invalide \
         incapacité permanente inapte travail taux",
    ),
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
