//! What a file says about how the loss came: circumstances, excuses, evidence that is gone.

use std::sync::LazyLock;

use regex::Regex;

use super::fold::plain;

/// A circumstance of the decision policy found in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstance {
    pub code: &'static str,
    /// Established rather than hedged or second-hand.
    pub stated: bool,
    pub sentence: String,
}

struct Rule {
    code: &'static str,
    says: Regex,
    /// Wording with a negation of its own; other matches are dropped when negated.
    negative_wording: bool,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

fn rule(code: &'static str, negative_wording: bool, says: &str) -> Rule {
    Rule { code, says: pattern(says), negative_wording }
}

/// On sentences in plain form.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    vec![
        rule(
            "ALCOHOL",
            false,
            r"alcool|ivresse|ethylotest|ethylometre|ivre\b|\balcohol|\bdrunk|intoxicat|breathaly|g/l\b|mg/l\b|over the (?:legal )?(?:drink|limit)|drink[- ]driv|drinking\b|avais bu|avait bu",
        ),
        rule(
            "UNLICENSED_DRIVER",
            true,
            r"(?:sans|pas|plus|non titulaire|jamais)[^.]{0,40}permis|permis[^.]{0,40}(?:suspendu|retire|annule|perime|invalide|expire|invalid)|without (?:a |any )?(?:valid )?(?:driving )?licen[cs]e|unlicen[cs]ed|(?:no|not|never)[^.]{0,40}(?:driving )?licen[cs]e|licen[cs]e[^.]{0,40}(?:suspended|revoked|expired|withdrawn|disqualified)|disqualified from driving",
        ),
        rule(
            "RACING",
            false,
            r"\bcourse (?:automobile|de voitures?|sauvage|poursuite|de cote)|faisais? (?:la |une )?course|participais? a une course|\brac(?:e|ing|ed)\b|competition|circuit\b[^.]{0,40}(?:piste|tour|auto|chrono|prive|race)|sur (?:un |le )?circuit|track day|journee piste|chronometr|\brallye|timed (?:trial|lap)|on (?:a|the) (?:race ?track|circuit)",
        ),
        rule(
            "KEYS_IN_VEHICLE",
            false,
            r"cles?[^.]{0,50}(?:sur le contact|dans (?:la|le|ma|mon) (?:voiture|vehicule|boite|habitacle)|au contact|a l'interieur|sur (?:la|le) (?:voiture|vehicule|siege|tableau)|sous le pare-soleil)|laisse[^.]{0,40}\bcles?\b|keys?[^.]{0,50}(?:in the (?:ignition|car|vehicle|glove)|on the (?:seat|dashboard)|inside (?:the |my )?(?:car|vehicle)|under the)|left[^.]{0,30}\bkeys?\b|moteur tournant|engine running",
        ),
        rule(
            "COMMERCIAL_USE",
            false,
            r"\bvtc\b|\btaxi\b|chauffeur (?:prive|de)|livrais?\b|livraisons?\b|course remuneree|transport(?:ais)? (?:remunere|a titre onereux|de marchandises|des passagers|de personnes)|client[^.]{0,20}(?:payant|remunere)|(?:contre|moyennant) (?:paiement|remuneration)|passagers? payants?|uber|bolt\b|deliveroo|deliver(?:y|ies|ing)\b|paid (?:passenger|fare|carriage|ride|trip)|paying (?:passenger|customer)|for hire|hire and reward|hire or reward|ride[- ]?(?:hail|shar)|courier|private hire|carrying goods",
        ),
        rule(
            "WEAR_AND_TEAR",
            false,
            r"\bus(?:e|ee|es|ees|ure)\b|vetust|corro|rouill|defaut d'entretien|manque d'entretien|(?:jamais|pas|plus|mal)[^.]{0,25}(?:ete )?entreten|deterioration progressive|wear and tear|worn[- ]?out|\bworn\b|(?:never|not|poorly|badly)[^.]{0,20}maintain|lack of maintenance|gradual(?:ly)? (?:deteriorat|wear)|\brust(?:ed|y)?\b|perish(?:ed|ing) (?:seal|pipe|hose)|(?:seal|roof|pipe|joint)s?[^.]{0,20}(?:rotten|perished)|\bpourri",
        ),
        rule(
            "UNOCCUPIED",
            false,
            r"inoccup|inhabite|unoccupied|\bvacant|(?:personne n'|nobody |no one )[^.]{0,25}(?:habit|occup|vecu|lived|living|been there)|(?:maison|logement|appartement|house|home|flat|property)[^.]{0,40}(?:vide|empty)\b|absent[es]* (?:depuis|pendant) (?:plus de )?\d+ jours",
        ),
        rule(
            "NO_FORCED_ENTRY",
            true,
            r"sans (?:aucune )?(?:trace d'|signe d')?effraction|(?:aucune|pas d'|ni|non) (?:trace d'|trace d’|signe d')?effraction|no (?:sign|trace|evidence)s? of (?:a )?(?:forced|break)|without (?:any )?(?:forced|forcing|break)|no forced entry|(?:door|window)[^.]{0,30}(?:left |was |were )(?:open|unlocked)|(?:porte|fenetre|baie)[^.]{0,40}(?:restee?|laissee?|etait) (?:ouverte|non verrouillee)|(?:pas|non|oublie de) (?:ferme|verrouille)[^.]{0,20}(?:cle|porte|fenetre)",
        ),
        rule(
            "COSMETIC",
            true,
            r"esthetique|cosmetic|not medically necessary|sans necessite medicale|aesthetic|pour (?:des raisons|convenance) (?:esthetiques?|personnelles?)",
        ),
        rule(
            "UNATTENDED",
            true,
            r"sans surveillance|unattended|(?:laisse|quitte|pose)[^.]{0,30}(?:valise|bagage|sac|affaires|sacoche|appareil|effets)[^.]{0,60}(?:seule?s?\b|le temps d|pendant que|quelques (?:minutes|instants)|sur (?:un|le|la) (?:banc|plage|siege|chaise|table|quai|chariot))|left[^.]{0,30}(?:bag|case|luggage|belongings|camera|backpack|rucksack|things|laptop|tablet)[^.]{0,60}(?:while (?:i|we)|on (?:a|the) (?:bench|beach|seat|chair|table|platform|trolley)|alone|for a (?:few|couple|moment|while))|(?:nobody|no one|personne)[^.]{0,30}(?:watch|surveill|look)",
        ),
        rule(
            "EXTREME_SPORT",
            false,
            r"base[- ]?jump|wing ?suit|saut (?:en|a l')elastique|saut en parachute|parapente|deltaplane|paraglid|hang[- ]?glid|sky ?div|bungee|parachut|alpinisme|free[- ]?solo|canyoning|heli[- ]?ski|sports? extremes?|extreme sport",
        ),
        rule(
            "PRE_EXISTING",
            false,
            r"affection anterieure|maladie (?:anterieure|preexistante|chronique)|pre-?existing|deja (?:malade|souffr|diagnosti|suivi|traite)|(?:souffr(?:e|ais|ait)|suivie?|traitee?|diagnosti\w+)[^.]{0,40}depuis (?:\d|plusieurs|des|l'|\w+ (?:ans|annees))|diagnos(?:ed|tique\w*)[^.]{0,50}(?:before|prior|avant|years? ago|il y a)|(?:avant|before|prior to) (?:la souscription|souscription|l'adhesion|taking out|the policy|the contract|cover)[^.]{0,30}|(?:had|been)[^.]{0,30}(?:suffer|treated|condition)[^.]{0,40}(?:for (?:years|several)|since (?:19|20)\d\d)|antecedent",
        ),
        rule(
            "SUICIDE_FIRST_YEAR",
            false,
            r"suicid|mis fin a ses jours|took (?:his|her|their) own life|intentional self|s'est donne la mort|own hand",
        ),
    ]
});

static HEDGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"peut-etre|peut etre|semble|semblait|sembl\w+|serait|seraient|aurait|auraient|pourrait|pourraient|sans certitude|sans (?:pouvoir|en etre)|probable|possib|eventuel|apparem|suppos|soupcon|suspect|presum|pense que|pense avoir|pensait|crois|croyait|dirait|selon (?:un|une|des|le|la|les) (?:voisin|temoin|passant|riverain|client|ami|proche|gardien)|d'apres (?:un|une|des|le|la|les) |un (?:voisin|temoin|passant)[^.]{0,40}(?:croit|pense|dit|evoque|suppose|affirme|imagin)|on (?:m'a|lui a|nous a) dit|a confirmer|\bdoute|pas (?:certain|sur)\b|may have|might|could have|\bmaybe|perhaps|possibl|probabl|seem|appear|suspect|alleg|apparent|reported(?:ly)?\b|not (?:certain|sure|confirmed)|uncertain|unsure|unconfirmed|believe|thought|thinks|\bheard (?:that|from)|according to (?:a|an|some|the) (?:neighbo|witness|passer|bystander|friend)|(?:neighbo\w+|witness|passer-?by)[^.]{0,40}(?:said|says|thought|thinks|told|suggest|mention|claim)|rumou?r|to be confirmed|cannot rule out|n'est pas exclu|ne peut (?:etre )?exclu",
    )
});

static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\bn(?:e |')[^.,;]{0,40}\b(?:pas|jamais|aucun\w*|plus|ni|rien)\b|\b(?:pas|aucune?|sans|ni|non|nulle?)\b|\b(?:no|not|never|neither|nor|without|none|wasn't|weren't|isn't|didn't|hadn't|haven't|negative|nil)\b|n'[^.]{0,30}\bni\b|negatif|\b0[.,]0+ ?(?:g/l|mg)",
    )
});

/// Legal wording, notices and terms speak of circumstances without any having occurred.
static NOTICE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"fausse declaration|false statement|decheance|toute reticence|exclusions?\b|(?:est|sont|reste|restent) exclue?s?\b|excluded\b|ne (?:sont|est) pas (?:garanti|couvert)|not covered|article l ?\d|code des assurances|conditions generales|general conditions|terms and conditions|vos donnees|your data|je certifie|i declare|i certify|conservez|keep the damaged",
    )
});

static DISPOSED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:deja |ai |avons |ont |ete |avait )(?:[a-z']+ ){0,2}(?:jete|jetes|jetee|jetees|debarrasse|evacue|mis (?:a la|au) (?:benne|rebut|decheterie)|detrui|repare|reparee|reparees|repares)|(?:jete|jetes|jetees?|porte|apporte|emmene)[^.]{0,60}(?:dechetterie|decheterie|poubelle|benne|ordures)|thrown (?:\w+ )?(?:away|out)|threw (?:\w+ ){0,4}(?:away|out)|disposed of|already (?:been )?(?:repaired|scrapped|discarded|binned|dumped)|(?:taken|took)[^.]{0,40}(?:the tip|to the dump|recycling)|nothing (?:is )?left to inspect|plus rien a (?:expertiser|examiner|voir|inspecter)|n'est plus (?:visible|possible)[^.]{0,30}expert|no longer (?:be )?(?:available|inspect)|ne peu(?:t|vent) plus etre (?:expertis|examin|inspect)",
    )
});

static EXCUSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:could not|couldn't|unable to|was not able to|prevented (?:me )?from|impossible (?:for me )?to|not (?:been )?able to)[^.]{0,60}(?:report|notify|declare|write|inform|contact|let you know|send|submit)|(?:n'ai|n'avons|n'avais|ne) (?:pas )?(?:pu|pouvais|pas pu)[^.]{0,60}(?:declar|prevenir|avertir|informer|ecrire|contacter|signaler|envoyer|transmettre|faire)|(?:empeche|incapable|impossibilite|impossible)[^.]{0,50}(?:declar|prevenir|avertir|signaler|informer|ecrire)|(?:plus tot|earlier|sooner|retard|delay in (?:reporting|notif)|late notice|late report)[^.]{0,80}(?:hospital|soins intensifs|reanimation|intensive care|coma|force majeure|accident|deces|death|grave|illness|malad|earthquake|seisme|surgery|opere)|(?:hospital|soins intensifs|reanimation|intensive care|coma|force majeure)[^.]{0,80}(?:plus tot|earlier|sooner|retard|late\b|delai|declar|report|notif)",
    )
});

/// The codes of all circumstances.
#[must_use]
pub fn codes() -> Vec<&'static str> {
    RULES.iter().map(|rule| rule.code).collect()
}

/// The circumstances that sentences tell; one entry a code, established before suspected.
#[must_use]
pub fn circumstances(sentences: &[String]) -> Vec<Circumstance> {
    let mut found: Vec<Circumstance> = Vec::new();
    for sentence in sentences {
        let text = plain(sentence);
        if NOTICE.is_match(&text) {
            continue;
        }
        for rule in RULES.iter() {
            let Some(stated) = speaks(rule, &text) else { continue };
            let new = Circumstance { code: rule.code, stated, sentence: sentence.clone() };
            match found.iter_mut().find(|known| known.code == rule.code) {
                Some(known) if stated && !known.stated => *known = new,
                Some(_) => {}
                None => found.push(new),
            }
        }
    }
    found
}

/// Whether a rule matches: `Some(true)` as a fact, `Some(false)` as a suspicion.
fn speaks(rule: &Rule, text: &str) -> Option<bool> {
    let hit = rule.says.find(text)?;
    let clause = clause(text, hit.start(), hit.end());
    if HEDGE.is_match(text) {
        return Some(false);
    }
    if !rule.negative_wording {
        let outside = format!("{} {}", &text[clause.0..hit.start()], &text[hit.end()..clause.1]);
        if NEGATION.is_match(&outside) && !measured(rule.code, &text[clause.0..clause.1]) {
            return None;
        }
    }
    if rule.code == "ALCOHOL" && below_limit(text) {
        return None;
    }
    if rule.code == "UNOCCUPIED" {
        return long_absence(text).then_some(true);
    }
    Some(true)
}

/// The part of a sentence between commas, semicolons and "but" around a match.
fn clause(text: &str, start: usize, end: usize) -> (usize, usize) {
    let from = [", ", "; ", " mais ", " but "].iter().filter_map(|cut| text[..start].rfind(cut)).max().unwrap_or(0);
    let to = [", ", "; ", " mais ", " but "]
        .iter()
        .filter_map(|cut| text[end..].find(cut))
        .min()
        .map_or(text.len(), |at| end + at);
    (from, to)
}

/// A maintenance defect is told by a negation: "the seal was worn and never maintained".
fn measured(code: &str, clause: &str) -> bool {
    match code {
        "WEAR_AND_TEAR" => clause.contains("entreten") || clause.contains("maint"),
        "ALCOHOL" => READING.captures_iter(clause).any(|c| level(&c).is_some_and(|level| level >= 0.5)),
        "UNOCCUPIED" => {
            clause.contains("jours") || clause.contains("days") || clause.contains("mois") || clause.contains("months")
        }
        _ => false,
    }
}

static READING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(\d+[.,]\d+) ?(?:g|mg)\b ?/? ?l?"));

fn level(captures: &regex::Captures<'_>) -> Option<f32> {
    captures.get(1)?.as_str().replace(',', ".").parse().ok()
}

/// A measured level under 0.5 g/l (0.25 mg/l of breath) is legal.
fn below_limit(text: &str) -> bool {
    let breath = text.contains("mg");
    let levels: Vec<f32> = READING.captures_iter(text).filter_map(|c| level(&c)).collect();
    !levels.is_empty() && levels.iter().all(|level| *level < if breath { 0.25 } else { 0.5 })
}

static DAYS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(\d{1,4}) (?:consecutive |full )?(jours|days|semaines|weeks|mois|months|ans|years)"));

/// The policy means more than sixty days; a stated shorter absence is nothing.
fn long_absence(text: &str) -> bool {
    let Some(captures) = DAYS.captures(text) else { return true };
    let count: u32 = captures[1].parse().unwrap_or(0);
    let unit = match &captures[2] {
        "jours" | "days" => 1,
        "semaines" | "weeks" => 7,
        "mois" | "months" => 30,
        _ => 365,
    };
    count * unit > 60 || (unit == 30 && count >= 2)
}

/// Whether sentences say that the damaged goods are gone; plans and denials do not count.
#[must_use]
pub fn disposed(sentences: &[String]) -> bool {
    sentences.iter().any(|sentence| {
        let text = plain(sentence);
        let Some(hit) = DISPOSED.find(&text) else { return false };
        let before = &text[clause(&text, hit.start(), hit.end()).0..hit.start()];
        let denied = pattern_denial().is_match(before) || NOTICE.is_match(&text);
        // The printed question of a form is not its answer.
        !denied
            && !text.ends_with('?')
            && !text.contains("before this notice")
            && !text.contains("avant la declaration")
            && !HEDGE.is_match(&text)
    })
}

fn pattern_denial() -> &'static Regex {
    static DENIAL: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"\b(?:ne|n'|not|never|no|without|sans|pas|rien|nothing has)\b|n'$"));
    &DENIAL
}

/// The sentence that excuses a late report, as printed.
#[must_use]
pub fn excuse(sentences: &[String]) -> Option<String> {
    let told = |sentence: &&String| {
        let text = plain(sentence);
        EXCUSE.is_match(&text) && !NOTICE.is_match(&text)
    };
    sentences.iter().find(told).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, bool)> {
        circumstances(&[text.to_owned()]).into_iter().map(|c| (c.code, c.stated)).collect()
    }

    #[test]
    fn facts_suspicions_and_denials() {
        let cases: [(&str, &[(&str, bool)]); 20] = [
            ("Le contrôle de police a établi que je conduisais avec une alcoolémie de 1,1 g/l.", &[("ALCOHOL", true)]),
            ("The breath test showed 0.2 g/l.", &[]),
            ("Je n'avais pas bu d'alcool.", &[]),
            ("A witness thought the driver had been drinking.", &[("ALCOHOL", false)]),
            ("La maison était inoccupée depuis 95 jours consécutifs.", &[("UNOCCUPIED", true)]),
            ("The house was empty for 20 days.", &[]),
            ("Un voisin pense que la maison était peut-être inoccupée depuis des mois.", &[("UNOCCUPIED", false)]),
            (
                "Le plombier a constaté que le joint était usé depuis des années et n'avait jamais été entretenu.",
                &[("WEAR_AND_TEAR", true)],
            ),
            (
                "The plumber found that the seal had been worn out for years and never maintained.",
                &[("WEAR_AND_TEAR", true)],
            ),
            ("There was no wear and tear on the hose.", &[]),
            ("J'avais laissé les clés sur le contact le temps de payer l'essence.", &[("KEYS_IN_VEHICLE", true)]),
            ("I was carrying a paying passenger at the time.", &[("COMMERCIAL_USE", true)]),
            ("The procedure was purely cosmetic and not medically necessary.", &[("COSMETIC", true)]),
            ("J'avais laissé ma valise sans surveillance sur un banc.", &[("UNATTENDED", true)]),
            ("There were no signs of forced entry.", &[("NO_FORCED_ENTRY", true)]),
            ("Il conduisait sans permis valide.", &[("UNLICENSED_DRIVER", true)]),
            ("I broke my leg paragliding.", &[("EXTREME_SPORT", true)]),
            ("The condition may have been diagnosed before the contract.", &[("PRE_EXISTING", false)]),
            ("Le vol sans effraction est exclu.", &[]),
            ("My car was struck from behind at a roundabout in Cork.", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn goods_that_are_gone() {
        let says = |text: &str| disposed(&[text.to_owned()]);
        assert!(says("I have already thrown away the damaged property, nothing is left to inspect."));
        assert!(says("J'ai déjà jeté les biens endommagés, il ne reste plus rien à expertiser."));
        assert!(!says("I have not thrown away anything."));
        assert!(!says("Damaged property already repaired or disposed of before this notice"));
    }

    #[test]
    fn excuses_for_a_late_report() {
        let says = |text: &str| excuse(&[text.to_owned()]).is_some();
        assert!(says("I could not report earlier because I was in intensive care."));
        assert!(says("Je n'ai pas pu déclarer plus tôt car j'étais hospitalisé."));
        assert!(!says("I stayed in hospital for an appendix operation."));
    }
}
