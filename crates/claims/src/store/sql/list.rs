//! Pages of claims.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AssertSqlSafe, Row};

use super::claims::CLAIM;
use super::listed::{COLUMNS, ListedClaim};
use super::{SqlStore, rows};
use crate::domain::Claim;
use crate::store::{ClaimFilter, ClaimOrder, ClaimPage, Direction, PageMark, StoreError};

/// A condition's value.
enum Value<'a> {
    Text(&'a str),
    Number(i64),
}

/// Conditions with their values. Only constant words and `$n` ever get into the text.
#[derive(Default)]
struct Conditions<'a> {
    text: String,
    values: Vec<Value<'a>>,
}

impl<'a> Conditions<'a> {
    /// The next parameter, `$n`.
    fn value(&mut self, value: Value<'a>) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn and(&mut self, condition: &str) {
        self.text.push_str(if self.text.is_empty() { "where " } else { " and " });
        self.text.push_str(condition);
    }

    fn of(filter: &'a ClaimFilter, search: &'a str) -> Self {
        let mut all = Self::default();
        if !filter.include_archived {
            all.and("c.is_archived = 0");
        }
        if !filter.statuses.is_empty() {
            let one: Vec<String> = filter.statuses.iter().map(|one| all.value(Value::Text(one.as_str()))).collect();
            all.and(&format!("c.status in ({})", one.join(", ")));
        }
        if let Some(claim_type) = &filter.claim_type {
            let given = all.value(Value::Text(claim_type));
            all.and(&format!("c.claim_type = {given}"));
        }
        if let Some(user_id) = &filter.user_id {
            let given = all.value(Value::Text(user_id));
            all.and(&format!("c.user_id = {given}"));
        }
        if !search.is_empty() {
            let given = all.value(Value::Text(search));
            let like = |column| format!("lower(c.{column}) like {given} escape '!'");
            all.and(&format!("({})", ["claim_number", "claim_id", "user_id"].map(like).join(" or ")));
        }
        all
    }

    fn bound(&self, text: String) -> Query<'static, Any, AnyArguments> {
        self.values.iter().fold(sqlx::query(AssertSqlSafe(text)), |query, value| match value {
            Value::Text(text) => query.bind((*text).to_owned()),
            Value::Number(number) => query.bind(*number),
        })
    }
}

impl ClaimOrder {
    fn column(self) -> &'static str {
        match self {
            Self::SubmittedAt => "submitted_at",
            Self::ReceivedDate => "received_date",
            Self::UpdatedAt => "updated_at",
            Self::ClaimNumber => "claim_number",
            Self::UserId => "user_id",
            Self::Status => "status",
        }
    }

    /// Where a claim stands in this order.
    fn mark(self, claim: &Claim) -> PageMark {
        let key = match self {
            Self::SubmittedAt => claim.submitted_at.as_microsecond().to_string(),
            Self::ReceivedDate => claim.received_date.clone(),
            Self::UpdatedAt => claim.updated_at.as_microsecond().to_string(),
            Self::ClaimNumber => claim.claim_number.clone(),
            Self::UserId => claim.user_id.clone(),
            Self::Status => claim.status.as_str().to_owned(),
        };
        PageMark { key, claim_id: claim.claim_id.to_string() }
    }
}

impl SqlStore {
    /// One statement and one row: what is counted and what is listed are of the same moment, and a page of a hundred
    /// claims crosses from the database's thread as one value rather than as 2,500.
    pub(super) async fn list_claims(&self, filter: &ClaimFilter) -> Result<ClaimPage, StoreError> {
        let search = filter.search.as_deref().map(like_pattern).unwrap_or_default();
        let mut conditions = Conditions::of(filter, &search);
        let total = total(filter, &conditions);
        let column = filter.order.column();
        let (sign, towards) = match filter.direction {
            Direction::Ascending => (">", ""),
            Direction::Descending => ("<", " desc"),
        };
        let mut skipped = (filter.page - 1).saturating_mul(filter.page_size);
        if let Some(mark) = &filter.after {
            let key = match filter.order {
                // A mark that is no time stands before everything: it gives the first page.
                ClaimOrder::SubmittedAt | ClaimOrder::UpdatedAt => Value::Number(mark.key.parse().unwrap_or(i64::MAX)),
                _ => Value::Text(&mark.key),
            };
            let key = conditions.value(key);
            let id = conditions.value(Value::Text(&mark.claim_id));
            conditions.and(&format!("(c.{column}, c.claim_id) {sign} ({key}, {id})"));
            skipped = 0;
        }
        // One more than asked for tells whether there is another page.
        // Written out: SQLite plans a statement anew each time that a bound limit is set.
        let limit = filter.page_size.saturating_add(1);
        let offset = conditions.value(Value::Number(skipped));
        let (array, collected) = if self.shared { POSTGRES_JSON } else { SQLITE_JSON };
        let text = format!(
            "select ({total}) as total, cast(coalesce((select {collected}({array}({COLUMNS}) \
             order by p.{column}{towards}, p.claim_id{towards}) from ({CLAIM} {} \
             order by c.{column}{towards}, c.claim_id{towards} limit {limit} offset {offset}) p), '[]') as text) as page",
            conditions.text
        );
        let row = conditions.bound(text).fetch_one(&self.read).await?;
        let page: &str = row.try_get("page")?;
        let listed: Vec<ListedClaim<'_>> = serde_json::from_str(page).map_err(|_| rows::unreadable("page"))?;
        let size = usize::try_from(filter.page_size).unwrap_or_default();
        let more = listed.len() > size;
        let claims = listed.into_iter().take(size).map(Claim::try_from).collect::<Result<Vec<_>, _>>()?;
        let next = claims.last().filter(|_| more).map(|last| filter.order.mark(last));
        Ok(ClaimPage { claims, total: row.try_get("total")?, next })
    }
}

/// What makes an array of a row, and one of many.
const SQLITE_JSON: (&str, &str) = ("json_array", "json_group_array");
const POSTGRES_JSON: (&str, &str) = ("json_build_array", "json_agg");

/// The query that counts; kept counts answer where nothing but the status is asked for.
fn total(filter: &ClaimFilter, conditions: &Conditions<'_>) -> String {
    let by_status_alone =
        !filter.include_archived && filter.claim_type.is_none() && filter.user_id.is_none() && filter.search.is_none();
    match by_status_alone {
        // The cast because a sum over BIGINT is NUMERIC in PostgreSQL, which `Any` cannot carry.
        true => {
            let kept = "select cast(coalesce(sum(c.claims), 0) as bigint) from claim_counts c";
            format!("{kept} {}", conditions.text.replace("c.is_archived = 0", "1 = 1"))
        }
        false => format!("select count(*) from claims c {}", conditions.text),
    }
}

/// `%text%` in lower case, with the wildcards of the text itself taken literally.
fn like_pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for letter in search.to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
