//! Promises that hold for any facts, sensible or not.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod samples;

use decision::facts::{Conflict, Field, Item, Share};
use decision::{
    ClaimFacts, Currency, Decision, Deductible, Opinion, OpinionRule, Outcome, Peril, Policy, Product, ReasonCode,
    Tier, advise, decide,
};
use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rust_decimal::Decimal;
use samples::{json_file, policy};

/// The facts of the worked examples, as starting points.
fn examples() -> Vec<ClaimFacts> {
    let examples = json_file("policy_examples.json");
    examples.as_array().unwrap().iter().map(|source| decision::explicit::facts(source).unwrap()).collect()
}

fn any_date() -> impl Strategy<Value = Date> {
    prop_oneof![
        6 => (2024i16..2028, 1i8..13, 1i8..29).prop_map(|(year, month, day)| date(year, month, day)),
        1 => prop::sample::select(vec![Date::MIN, Date::MAX, date(0, 1, 1), date(2024, 2, 29), date(9999, 12, 31)]),
    ]
}

fn any_amount() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        8 => (0i64..2_000_000).prop_map(|cents| Decimal::new(cents, 2)),
        1 => prop::sample::select(vec![Decimal::ZERO, Decimal::NEGATIVE_ONE, Decimal::MAX, Decimal::MIN, Decimal::new(1, 28), Decimal::new(1_000_000_000_000, 0)]),
    ]
}

fn any_item() -> impl Strategy<Value = Item> {
    let category = prop::sample::select(vec!["general", "cash", "jewellery", "electronics", "labour", "parts", ""]);
    (category, any_amount(), prop::option::of(any_date())).prop_map(|(category, amount, purchase_date)| Item {
        description: String::new(),
        category: category.into(),
        amount,
        purchase_date,
    })
}

/// One change to a claim.
#[derive(Debug, Clone)]
enum Change {
    Incident(Option<Date>),
    Received(Date),
    Claimed(Option<Decimal>),
    Items(Vec<Item>),
    /// Items whose sum is also the amount claimed.
    Consistent(Vec<Item>),
    OtherPayer(Option<Decimal>),
    Currency(&'static str),
    Country(&'static str),
    Product(Option<Product>),
    Peril(Option<Peril>),
    Contract(Option<&'static str>),
    Name(&'static str),
    Stated(Vec<&'static str>),
    Suspected(Vec<&'static str>),
    Injection(bool),
    Readable(bool),
    Confidence(i64),
    FieldConfidence(usize, i64),
    Conflict,
    Limit(Option<Decimal>),
    AnnualLimit(Option<Decimal>),
    Rate(Decimal),
    Deductible(u8, Decimal),
    Paid(Decimal),
    Disposed(bool),
    Waiting(u32),
    Notice(u32),
}

fn any_change() -> impl Strategy<Value = Change> {
    let items = || prop::collection::vec(any_item(), 0..5);
    let code = || prop::sample::select(vec!["ALCOHOL", "WEAR_AND_TEAR", "UNATTENDED", "NONSENSE", "alcohol"]);
    prop_oneof![
        prop::option::of(any_date()).prop_map(Change::Incident),
        any_date().prop_map(Change::Received),
        prop::option::of(any_amount()).prop_map(Change::Claimed),
        items().prop_map(Change::Items),
        items().prop_map(Change::Consistent),
        items().prop_map(Change::Consistent),
        prop::option::of(any_amount()).prop_map(Change::OtherPayer),
        prop::sample::select(vec!["EUR", "USD", "GBP", "XXX"]).prop_map(Change::Currency),
        prop::sample::select(vec!["FR", "TR", "", "zz", "\u{202e}"]).prop_map(Change::Country),
        prop::option::of(prop::sample::select(Product::ALL.to_vec())).prop_map(Change::Product),
        prop::option::of(prop::sample::select(Peril::ALL.to_vec())).prop_map(Change::Peril),
        Just(Change::Peril(Some(Peril::Unknown))),
        prop::option::of(prop::sample::select(vec!["A-1", "H-1", "V-1", "nothing", " "])).prop_map(Change::Contract),
        prop::sample::select(vec!["Jeanne Exemple", "Mme EXEMPLE Jeane", "Paul Autre", "", "{reasons}"])
            .prop_map(Change::Name),
        prop::collection::vec(code(), 0..3).prop_map(Change::Stated),
        prop::collection::vec(code(), 0..3).prop_map(Change::Suspected),
        any::<bool>().prop_map(Change::Injection),
        any::<bool>().prop_map(Change::Readable),
        (-50i64..300).prop_map(Change::Confidence),
        (0..Field::ALL.len(), 0i64..101).prop_map(|(field, share)| Change::FieldConfidence(field, share)),
        Just(Change::Conflict),
        prop::option::of(any_amount()).prop_map(Change::Limit),
        prop::option::of(any_amount()).prop_map(Change::AnnualLimit),
        any_amount().prop_map(Change::Rate),
        (0u8..3, any_amount()).prop_map(|(kind, amount)| Change::Deductible(kind, amount)),
        any_amount().prop_map(Change::Paid),
        any::<bool>().prop_map(Change::Disposed),
        any::<u32>().prop_map(Change::Waiting),
        any::<u32>().prop_map(Change::Notice),
    ]
}

fn apply(facts: &mut ClaimFacts, change: &Change) {
    let claim = &mut facts.claim;
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    match change.clone() {
        Change::Incident(day) => claim.incident_date = day,
        Change::Received(day) => facts.intake.received_date = day,
        Change::Claimed(amount) => claim.claimed_amount = amount,
        Change::Items(items) => claim.items = items,
        Change::Consistent(items) => {
            let total = items.iter().fold(Decimal::ZERO, |sum, item| sum.saturating_add(item.amount));
            claim.claimed_amount = (!items.is_empty()).then_some(total);
            claim.items = items;
        }
        Change::OtherPayer(amount) => claim.other_payer_amount = amount,
        Change::Currency(code) => claim.currency = Currency::parse(code),
        Change::Country(code) => claim.incident_country = Some(code.into()),
        Change::Product(product) => claim.product = product,
        Change::Peril(peril) => claim.peril = peril,
        Change::Contract(number) => claim.contract_number = number.map(str::to_owned),
        Change::Name(name) => claim.claimant_name = Some(name.into()),
        Change::Stated(stated) => claim.stated_circumstances = codes(&stated),
        Change::Suspected(suspected) => claim.suspected_circumstances = codes(&suspected),
        Change::Injection(found) => facts.document.injection = found,
        Change::Readable(readable) => facts.document.readable = readable,
        Change::Confidence(percent) => facts.document.ocr_confidence = Some(Decimal::new(percent, 2)),
        Change::FieldConfidence(field, percent) => {
            facts.document.field_confidence.insert(Field::ALL[field], Share::new(Decimal::new(percent, 2)));
        }
        Change::Conflict => claim.conflicts.push(Conflict { field: "claimed_amount".into(), values: Vec::new() }),
        Change::Disposed(disposed) => claim.evidence_disposed = disposed,
        Change::Paid(amount) => facts.history.iter_mut().for_each(|past| past.payable_amount = Some(amount)),
        Change::AnnualLimit(limit) => {
            facts.contracts.iter_mut().for_each(|contract| contract.annual_limit = limit.map(|limit| limit.round_dp(2)))
        }
        Change::Limit(_) | Change::Rate(_) | Change::Deductible(..) | Change::Waiting(_) | Change::Notice(_) => {
            apply_to_covers(facts, change);
        }
    }
}

fn apply_to_covers(facts: &mut ClaimFacts, change: &Change) {
    for cover in facts.contracts.iter_mut().flat_map(|contract| &mut contract.coverages) {
        match change.clone() {
            Change::Limit(limit) => cover.limit = limit.map(|limit| limit.round_dp(2)),
            Change::Rate(rate) => cover.reimbursement_rate = rate,
            Change::Deductible(0, amount) => cover.deductible = Some(Deductible::Absolute { amount }),
            Change::Deductible(1, amount) => cover.deductible = Some(Deductible::Relative { amount }),
            Change::Deductible(_, rate) => cover.deductible = Some(Deductible::Percent { rate, min: rate }),
            Change::Waiting(days) => cover.waiting_days = days,
            Change::Notice(days) => cover.notice.days = days,
            _ => {}
        }
    }
}

fn any_facts() -> impl Strategy<Value = ClaimFacts> {
    (prop::sample::select(examples()), prop::collection::vec(any_change(), 0..6)).prop_map(|(mut facts, changes)| {
        changes.iter().for_each(|change| apply(&mut facts, change));
        facts
    })
}

/// What must hold of any decision.
fn sound(facts: &ClaimFacts, decision: &Decision, policy: &Policy) -> Result<(), TestCaseError> {
    let codes = decision.reason_codes();
    prop_assert!(!codes.is_empty(), "no code");
    prop_assert!(codes.is_sorted() && codes.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", codes);
    prop_assert!((Decimal::ZERO..=Decimal::ONE).contains(&decision.confidence));
    let tiers: Vec<Tier> = codes.iter().map(|code| code.tier()).collect();
    prop_assert!(tiers.iter().all(|tier| *tier == tiers[0]), "{:?}", codes);
    match decision.outcome {
        Outcome::Approve => {
            prop_assert_eq!(codes[0], ReasonCode::Covered);
            prop_assert!(
                decision.confidence >= policy.parameters.decision_confidence_min - policy.parameters.precedent_penalty
            );
            within_limits(facts, decision, policy)?;
        }
        Outcome::Deny => {
            prop_assert_eq!(tiers[0], Tier::Refusal);
            prop_assert_eq!(decision.payable, Some(Decimal::ZERO));
        }
        Outcome::ManualReview => {
            prop_assert!(matches!(tiers[0], Tier::Integrity | Tier::Referral));
            prop_assert_eq!(decision.payable, None);
        }
    }
    for text in [&decision.explanation.en, &decision.explanation.fr] {
        prop_assert!(!text.is_empty() && !text.contains(['{', '}']), "{}", text);
    }
    Ok(())
}

/// Above zero, at most the limit, what is left of the year, the authority and the claim.
fn within_limits(facts: &ClaimFacts, decision: &Decision, policy: &Policy) -> Result<(), TestCaseError> {
    let payable = decision.payable.unwrap();
    let number = decision.contract_number.as_ref().unwrap();
    let contract = facts.contracts.iter().find(|contract| &contract.contract_number == number).unwrap();
    let incident = facts.claim.incident_date.unwrap();
    prop_assert!(payable > Decimal::ZERO && payable.scale() <= 2, "{}", payable);
    let cover = contract.coverage(facts.claim.peril.unwrap()).unwrap();
    prop_assert!(cover.limit.is_none_or(|limit| payable <= limit));
    let of_year = facts
        .history
        .iter()
        .filter(|past| past.contract_number.as_ref() == Some(number) && past.incident_date.year() == incident.year());
    let paid = of_year.fold(Decimal::ZERO, |sum, past| sum.saturating_add(past.paid()));
    prop_assert!(contract.annual_limit.is_none_or(|limit| payable <= limit.saturating_sub(paid)));
    let rates = &facts.parameters.rates;
    let in_euro = payable * rates.euro_per_unit(&contract.currency, incident).unwrap();
    prop_assert!(in_euro <= policy.authority(contract.product));
    let from = facts.claim.currency.clone().unwrap();
    let items = facts.claim.claimed_items();
    let claimed = items.iter().map(|item| rates.convert(item.amount, &from, &contract.currency, incident).unwrap());
    prop_assert!(payable <= claimed.sum::<Decimal>());
    Ok(())
}

/// The promises would be empty if the facts never led to an approval or a refusal.
#[test]
fn the_facts_reach_every_outcome() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let facts = any_facts();
    let mut outcomes = std::collections::HashMap::new();
    for _ in 0..500 {
        let facts = facts.new_tree(&mut runner).unwrap().current();
        *outcomes.entry(decide(&facts, policy()).outcome).or_insert(0) += 1;
    }
    let count = |outcome| outcomes.get(&outcome).copied().unwrap_or(0);
    assert!(count(Outcome::Approve) >= 20 && count(Outcome::Deny) >= 20, "{outcomes:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_facts_give_a_sound_decision(facts in any_facts()) {
        let policy = policy();
        let decision = decide(&facts, policy);
        sound(&facts, &decision, policy)?;
        let again = decide(&facts, policy);
        prop_assert_eq!(format!("{decision:?}"), format!("{again:?}"));
    }

    #[test]
    fn integrity_beats_refusal(facts in any_facts()) {
        let mut injected = facts;
        injected.document.injection = true;
        let decision = decide(&injected, policy());
        prop_assert_eq!(decision.outcome, Outcome::ManualReview);
        prop_assert!(decision.reasons.iter().all(|reason| reason.code.tier() == Tier::Integrity));
        prop_assert_eq!(decision.proposed, None);
    }

    #[test]
    fn the_order_of_items_and_records_is_irrelevant(facts in any_facts()) {
        let mut turned = facts.clone();
        turned.claim.items.reverse();
        turned.contracts.reverse();
        turned.history.reverse();
        turned.claim.stated_circumstances.reverse();
        let (decision, other) = (decide(&facts, policy()), decide(&turned, policy()));
        prop_assert_eq!(decision.outcome, other.outcome);
        prop_assert_eq!(decision.payable, other.payable);
        prop_assert_eq!(decision.proposed, other.proposed);
        prop_assert_eq!(decision.reason_codes(), other.reason_codes());
        prop_assert_eq!(decision.contract_number, other.contract_number);
        prop_assert_eq!(decision.explanation, other.explanation);
    }

    #[test]
    fn an_opinion_never_loosens(facts in any_facts(), word in "approve|deny|manual_review|APPROVED|[a-z ]{0,12}") {
        let policy = policy();
        let rule = decide(&facts, policy);
        let opinion = Opinion { decision: Some(word), ..Opinion::default() };
        let advised = advise(rule.clone(), &opinion, OpinionRule::Heed, policy).decision;
        match rule.outcome {
            Outcome::Approve => prop_assert!(advised.outcome == Outcome::Approve || advised.outcome == Outcome::ManualReview),
            other => prop_assert_eq!(advised.outcome, other),
        }
        prop_assert!(advised.payable.is_none() || advised.payable == rule.payable);
        prop_assert_eq!(advised.reason_codes(), rule.reason_codes());
    }

    #[test]
    fn precedents_never_change_the_outcome(facts in any_facts()) {
        let mut told = facts.clone();
        let precedent = |outcome| decision::Precedent { claim_number: None, product: None, peril: None, outcome, similarity: None };
        let (plain, policy) = (decide(&facts, policy()), policy());
        for outcome in [Outcome::Approve, Outcome::Deny, Outcome::ManualReview] {
            told.precedents = vec![precedent(outcome); 5];
            let other = decide(&told, policy);
            prop_assert_eq!(plain.outcome, other.outcome);
            prop_assert_eq!(plain.payable, other.payable);
            prop_assert_eq!(plain.reason_codes(), other.reason_codes());
        }
    }
}
