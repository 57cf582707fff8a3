//! Payable amount (montant à régler), section 6, step by step.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::calendar::full_years;
use crate::codes::ReasonCode;
use crate::contract::{Contract, Deductible};
use crate::currency::Currency;
use crate::facts::{ClaimFacts, Item};
use crate::findings::{Datum, Finding, Inputs, Money};
use crate::money;
use crate::refusals::{is_excluded_item, same_category};
use crate::selection::{Loss, Terms};

/// One line of the computation.
#[derive(Debug, Clone)]
pub struct AmountStep {
    /// `None` for the first line, the amount claimed.
    pub code: Option<ReasonCode>,
    pub before: Money,
    pub after: Money,
    pub clause: Option<String>,
    pub inputs: Inputs,
}

/// What the computation came to.
#[derive(Debug)]
pub struct Assessment {
    pub steps: Vec<AmountStep>,
    /// Above zero. `None` when D9 or D10 fired, or when nothing can be computed.
    pub payable: Option<Decimal>,
    /// D9 and D10.
    pub findings: Vec<Finding>,
}

/// Computes the amount due. Without an amount on the document or without an
/// exchange rate there is no amount and no finding: the referrals say why.
pub fn assess(facts: &ClaimFacts, loss: &Loss<'_>, terms: &Terms<'_>) -> Assessment {
    let mut ledger = Ledger { facts, loss, terms, steps: Vec::new(), findings: Vec::new() };
    let payable = ledger.run().map(money::round);
    Assessment { steps: ledger.steps, payable, findings: ledger.findings }
}

/// The computation in progress. Amounts are in the contract currency once converted.
struct Ledger<'a> {
    facts: &'a ClaimFacts,
    loss: &'a Loss<'a>,
    terms: &'a Terms<'a>,
    steps: Vec<AmountStep>,
    findings: Vec<Finding>,
}

impl Ledger<'_> {
    fn run(&mut self) -> Option<Decimal> {
        let items = self.convert(self.loss.items())?;
        let items = self.drop_excluded(items);
        let items = self.depreciate(items);
        let assessed = self.apply_sub_limits(&items);
        let due = self.subtract_other_payer(assessed)?;
        let due = self.reimburse(due);
        let due = self.subtract_deductible(due)?;
        let due = self.cap_at_limit(due);
        self.cap_at_annual_limit(due)
    }

    /// Step 1. `None` without an item or without a rate.
    fn convert(&mut self, mut items: Vec<Item>) -> Option<Vec<Item>> {
        if items.is_empty() {
            return None;
        }
        let claimed = Money::new(sum(&items), self.document_currency());
        self.steps.push(AmountStep {
            code: None,
            before: claimed.clone(),
            after: claimed.clone(),
            clause: None,
            inputs: Inputs::new(),
        });
        for item in &mut items {
            item.amount = self.in_contract_currency(item.amount)?;
        }
        if self.document_currency() == &self.terms.contract.currency {
            return Some(items);
        }
        self.steps.push(AmountStep {
            code: Some(ReasonCode::FxConverted),
            before: claimed,
            after: self.money(sum(&items)),
            clause: None,
            inputs: vec![("month", Datum::Month(self.loss.incident_date))],
        });
        Some(items)
    }

    /// Step 2.
    fn drop_excluded(&mut self, items: Vec<Item>) -> Vec<Item> {
        let before = sum(&items);
        let (dropped, kept): (Vec<Item>, Vec<Item>) =
            items.into_iter().partition(|item| is_excluded_item(&item.category, self.terms));
        let mut categories: Vec<String> = dropped.into_iter().map(|item| item.category).collect();
        categories.sort();
        categories.dedup();
        let step = Step::new(ReasonCode::ItemNotCovered, before, sum(&kept));
        self.note(step.with("categories", Datum::Words(categories)).of_cover("excluded_items"));
        kept
    }

    /// Step 3. Items without a purchase date and of exempt categories keep their value.
    fn depreciate(&mut self, mut items: Vec<Item>) -> Vec<Item> {
        let Some(terms) = &self.terms.coverage.depreciation else { return items };
        let before = sum(&items);
        let (per_year, max) = (share(terms.rate_per_year), share(terms.max));
        for item in &mut items {
            let exempt = terms.exempt.iter().any(|category| same_category(category, &item.category));
            if let (Some(purchased), false) = (item.purchase_date, exempt) {
                let years = Decimal::from(full_years(purchased, self.loss.incident_date));
                let rate = money::times(per_year, years).min(max);
                item.amount = money::round(money::times(item.amount, Decimal::ONE - rate));
            }
        }
        let step = Step::new(ReasonCode::DepreciationApplied, before, sum(&items))
            .with("rate_per_year", Datum::Share(per_year))
            .with("max_rate", Datum::Share(max));
        self.note(step.of_cover("depreciation"));
        items
    }

    /// Step 4: the assessed loss.
    fn apply_sub_limits(&mut self, items: &[Item]) -> Decimal {
        let mut by_category: BTreeMap<String, Decimal> = BTreeMap::new();
        for item in items {
            let sum = by_category.entry(item.category.trim().to_ascii_lowercase()).or_default();
            *sum = sum.saturating_add(item.amount);
        }
        let mut capped = Vec::new();
        for (category, sum) in &mut by_category {
            let mut limits = self.terms.coverage.sub_limits.iter();
            let limit = limits.find(|(name, _)| same_category(name, category));
            let limit = limit.map(|(_, limit)| limit.0.max(Decimal::ZERO));
            if let Some(limit) = limit.filter(|limit| *sum > *limit) {
                *sum = limit;
                capped.push(category.clone());
            }
        }
        let after = money::total(by_category.into_values());
        let step = Step::new(ReasonCode::SublimitApplied, sum(items), after);
        self.note(step.with("categories", Datum::Words(capped)).of_cover("sub_limits"));
        after
    }

    /// Step 5. `None` when the other payer's amount cannot be converted.
    fn subtract_other_payer(&mut self, before: Decimal) -> Option<Decimal> {
        let paid = self.loss.claim.other_payer_amount.unwrap_or_default().max(Decimal::ZERO);
        let paid = self.in_contract_currency(paid)?;
        let after = before.saturating_sub(paid).max(Decimal::ZERO);
        let paid = Datum::Money(self.money(paid));
        self.note(Step::new(ReasonCode::OtherPayerDeducted, before, after).with("other_payer", paid));
        Some(after)
    }

    /// Step 6.
    fn reimburse(&mut self, before: Decimal) -> Decimal {
        let rate = share(self.terms.coverage.reimbursement_rate);
        let after = money::round(money::times(before, rate));
        let step = Step::new(ReasonCode::CoinsuranceApplied, before, after);
        self.note(step.with("reimbursement_rate", Datum::Share(rate)).of_cover("reimbursement_rate"));
        after
    }

    /// Step 7. `None` when nothing is left: D9, and the later steps are moot.
    fn subtract_deductible(&mut self, before: Decimal) -> Option<Decimal> {
        let (deductible, after) = match &self.terms.coverage.deductible {
            None => (Decimal::ZERO, before),
            Some(Deductible::Absolute { amount }) => taken_off(before, *amount),
            Some(Deductible::Percent { rate, min }) => {
                let part = money::round(money::times(before, share(*rate)));
                taken_off(before, part.max(*min))
            }
            Some(Deductible::Relative { amount }) if before <= *amount => (*amount, Decimal::ZERO),
            Some(Deductible::Relative { amount }) => (*amount, before),
        };
        let taken = self.money(deductible);
        let step = Step::new(ReasonCode::DeductibleApplied, before, after);
        self.note(step.with("deductible", Datum::Money(taken.clone())).of_cover("deductible"));
        let nothing_left = after <= Decimal::ZERO;
        let finding = Finding::when(nothing_left, "D9", ReasonCode::BelowDeductible)
            .with("assessed", self.money(before))
            .with("deductible", taken)
            .with("contract_number", self.terms.contract.contract_number.as_str())
            .with("peril", self.loss.peril)
            .citing(self.terms.cite("deductible"));
        self.findings.push(finding);
        (!nothing_left).then_some(after)
    }

    /// Step 8. The limit is above zero, or there would be no cover.
    fn cap_at_limit(&mut self, before: Decimal) -> Decimal {
        let Some(limit) = self.terms.coverage.limit else { return before };
        let after = before.min(limit);
        let limit = Datum::Money(self.money(limit));
        let step = Step::new(ReasonCode::LimitCapped, before, after);
        self.note(step.with("limit", limit).of_cover("limit"));
        after
    }

    /// Step 9. `None` when the year's limit is used up: D10.
    fn cap_at_annual_limit(&mut self, before: Decimal) -> Option<Decimal> {
        let contract = self.terms.contract;
        let Some(limit) = contract.annual_limit else {
            self.findings.push(Finding::skipped("D10"));
            return Some(before);
        };
        let paid = self.paid_this_year(contract);
        let left = limit.saturating_sub(paid);
        let exhausted = left <= Decimal::ZERO;
        let finding = Finding::when(exhausted, "D10", ReasonCode::AnnualLimitExhausted)
            .with("annual_limit", self.money(limit))
            .with("already_paid", self.money(paid))
            .with("contract_number", contract.contract_number.as_str())
            .with("year", i64::from(self.loss.incident_date.year()))
            .citing("annual_limit");
        self.findings.push(finding);
        if exhausted {
            return None;
        }
        let after = before.min(left);
        let left = Datum::Money(self.money(left));
        let step = Step::new(ReasonCode::AnnualLimitCapped, before, after).with("annual_left", left);
        self.note(Step { clause: Some("annual_limit".into()), ..step });
        Some(after)
    }

    /// Paid under this contract for incidents of the same calendar year.
    fn paid_this_year(&self, contract: &Contract) -> Decimal {
        let year = self.loss.incident_date.year();
        let of_year = self.facts.past_claims().filter(|past| {
            let number = past.contract_number.as_deref();
            number.is_some_and(|number| contract.is_numbered(number)) && past.incident_date.year() == year
        });
        money::total(of_year.map(|past| past.paid()))
    }

    /// Amounts without a currency are taken to be in the contract's.
    fn document_currency(&self) -> &Currency {
        self.loss.claim.currency.as_ref().unwrap_or(&self.terms.contract.currency)
    }

    fn in_contract_currency(&self, amount: Decimal) -> Option<Decimal> {
        let (from, to) = (self.document_currency(), &self.terms.contract.currency);
        self.facts.parameters.rates.convert(amount, from, to, self.loss.incident_date)
    }

    fn money(&self, amount: Decimal) -> Money {
        Money::new(amount, &self.terms.contract.currency)
    }

    /// Notes a step, unless it changed nothing.
    fn note(&mut self, step: Step) {
        if step.before == step.after {
            return;
        }
        let clause = step.clause.or_else(|| step.term.map(|term| self.terms.cite(term)));
        self.steps.push(AmountStep {
            code: Some(step.code),
            before: self.money(step.before),
            after: self.money(step.after),
            clause,
            inputs: step.inputs,
        });
    }
}

/// A step being described.
struct Step {
    code: ReasonCode,
    before: Decimal,
    after: Decimal,
    inputs: Inputs,
    clause: Option<String>,
    term: Option<&'static str>,
}

impl Step {
    fn new(code: ReasonCode, before: Decimal, after: Decimal) -> Self {
        Self { code, before, after, inputs: Inputs::new(), clause: None, term: None }
    }

    fn with(mut self, name: &'static str, value: Datum) -> Self {
        self.inputs.push((name, value));
        self
    }

    fn of_cover(mut self, term: &'static str) -> Self {
        self.term = Some(term);
        self
    }
}

fn sum(items: &[Item]) -> Decimal {
    money::total(items.iter().map(|item| item.amount))
}

fn taken_off(loss: Decimal, deductible: Decimal) -> (Decimal, Decimal) {
    let deductible = deductible.max(Decimal::ZERO);
    (deductible, loss.saturating_sub(deductible).max(Decimal::ZERO))
}

/// Terms outside `0..=1` are slips; a rate never pays more than the loss.
fn share(rate: Decimal) -> Decimal {
    rate.clamp(Decimal::ZERO, Decimal::ONE)
}
