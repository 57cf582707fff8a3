//! Lists: one way to ask for a page of rows, whatever the table. Pages go on from a row (keyset), not from a number, so
//! that rows that come and go neither repeat nor hide others.

use ports::responses::{Listed, Page, StoreError};
use sqlx::Row;
use sqlx::any::AnyRow;

use crate::Store;
use crate::access::Sight;
use crate::error::store_error;

#[derive(Clone, Copy)]
pub enum Bind<'a> {
    Text(&'a str),
    Number(i64),
}

impl<'a> From<&'a str> for Bind<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Bind<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

/// Rows that are judged and left out before a page is full; each round asks for as many as are missing.
const ROUNDS: usize = 100;

/// What a list is of. Every text is a constant of this crate; what callers give is bound.
pub struct List<'a> {
    table: &'static str,
    /// What `read` needs, beside the id.
    columns: &'static str,
    id: &'static str,
    /// Columns that order the rows, the last of which tells equals apart.
    order: &'static [&'static str],
    /// Conditions, `{}` standing for their value; whether a cursor must fulfil them too.
    conditions: Vec<(&'static str, Bind<'a>, bool)>,
    sight: Option<&'a Sight>,
}

/// From which row to which.
#[derive(Clone, Copy)]
struct Span<'a> {
    ascending: bool,
    after: Option<&'a str>,
    before: Option<&'a str>,
}

impl<'a> List<'a> {
    /// By creation.
    pub fn of(table: &'static str, columns: &'static str) -> Self {
        Self { table, columns, id: "id", order: &["created_at", "id"], conditions: Vec::new(), sight: None }
    }

    pub fn by(mut self, id: &'static str, order: &'static [&'static str]) -> Self {
        (self.id, self.order) = (id, order);
        self
    }

    /// The part of the table in which ids are looked for.
    pub fn within(mut self, condition: &'static str, value: impl Into<Bind<'a>>) -> Self {
        self.conditions.push((condition, value.into(), true));
        self
    }

    pub fn only(mut self, condition: &'static str, value: Option<impl Into<Bind<'a>>>) -> Self {
        self.conditions.extend(value.map(|value| (condition, value.into(), false)));
        self
    }

    pub fn seen(mut self, sight: &'a Sight) -> Self {
        self.sight = Some(sight);
        self
    }

    /// One page; `read` gives nothing for a row that the caller may not see.
    pub async fn page<T>(
        &self,
        store: &Store,
        page: &Page,
        read: impl Fn(&AnyRow) -> Result<Option<T>, StoreError>,
    ) -> Result<Listed<T>, StoreError> {
        let (after, before) = (page.after.as_deref(), page.before.as_deref());
        // A page that ends before a row is read backwards and turned round.
        let turned = after.is_none() && before.is_some();
        let mut from = if turned { before } else { after }.map(str::to_owned);
        let wanted = page.limit.max(1) as usize;
        let (mut rows, mut has_more) = (Vec::new(), false);
        for _ in 0..ROUNDS {
            let span = Span {
                ascending: page.ascending != turned,
                after: from.as_deref(),
                before: before.filter(|_| !turned),
            };
            let missing = wanted - rows.len();
            let found = self.fetch(store, span, missing as i64 + 1, 0).await?;
            has_more = found.len() > missing;
            for row in found.iter().take(missing) {
                rows.extend(read(row)?);
                from = Some(row.try_get("row_id").map_err(store_error)?);
            }
            if rows.len() == wanted || !has_more {
                break;
            }
        }
        if turned {
            rows.reverse();
        }
        Ok(Listed { rows, has_more })
    }

    /// The rows `start..start + limit`, oldest first, without those that the caller may not see.
    pub async fn slice<T>(
        &self,
        store: &Store,
        start: u32,
        limit: u32,
        read: impl Fn(&AnyRow) -> Result<Option<T>, StoreError>,
    ) -> Result<Listed<T>, StoreError> {
        let span = Span { ascending: true, after: None, before: None };
        let found = self.fetch(store, span, i64::from(limit) + 1, i64::from(start)).await?;
        let rows = found.iter().take(limit as usize).map(read).filter_map(Result::transpose);
        Ok(Listed { rows: rows.collect::<Result<_, _>>()?, has_more: found.len() > limit as usize })
    }

    async fn fetch(&self, store: &Store, span: Span<'_>, limit: i64, offset: i64) -> Result<Vec<AnyRow>, StoreError> {
        let (sql, binds) = self.sql(span, limit, offset);
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for bind in binds {
            query = match bind {
                Bind::Text(text) => query.bind(text.to_owned()),
                Bind::Number(number) => query.bind(number),
            };
        }
        query.fetch_all(store.pool().await?).await.map_err(store_error)
    }

    fn sql<'b>(&'b self, span: Span<'b>, limit: i64, offset: i64) -> (String, Vec<Bind<'b>>) {
        let mut binds: Vec<Bind<'b>> = Vec::new();
        let (mut wanted, mut scope) = (Vec::new(), String::new());
        for (condition, value, of_cursor) in &self.conditions {
            binds.push(*value);
            let condition = condition.replace("{}", &format!("${}", binds.len()));
            if *of_cursor {
                scope.push_str(&format!(" and {condition}"));
            }
            wanted.push(condition);
        }
        wanted.extend(self.sight.map(|sight| sight.condition(&mut binds)));
        let (id, table, order) = (self.id, self.table, self.order.join(", "));
        for (cursor, past) in [(span.after, span.ascending), (span.before, !span.ascending)] {
            let Some(cursor) = cursor else { continue };
            binds.push(Bind::Text(cursor));
            let (compared, at) = (if past { ">" } else { "<" }, binds.len());
            wanted.push(format!("({order}) {compared} (select {order} from {table} where {id} = ${at}{scope})"));
        }
        let direction = if span.ascending { "" } else { " desc" };
        let order: Vec<String> = self.order.iter().map(|column| format!("{column}{direction}")).collect();
        let wanted = if wanted.is_empty() { "1 = 1".into() } else { wanted.join(" and ") };
        binds.extend([Bind::Number(limit), Bind::Number(offset)]);
        let sql = format!(
            "select {id} as row_id, {} from {table} where {wanted} order by {} limit ${} offset ${}",
            self.columns,
            order.join(", "),
            binds.len() - 1,
            binds.len()
        );
        (sql, binds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_one_statement_of_bound_values() {
        let sight = Sight::Some { own: Some("ann".into()), unowned: true, set: "s1".into() };
        let list = List::of("files", "body").only("purpose = {}", Some("batch")).only("model = {}", None::<&str>);
        let list = list.within("store = {}", "x").seen(&sight);
        let span = Span { ascending: false, after: Some("f1"), before: None };
        let (sql, binds) = list.sql(span, 3, 0);
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(
            sql,
            "select id as row_id, body from files where purpose = $1 and store = $2 and (owner = $3 or owner = '' or \
             access in (select theirs.set_id from access_tags mine join access_tags theirs on mine.tag = theirs.tag \
             where mine.set_id = $4)) and (created_at, id) < (select created_at, id from files where id = $5 and \
             store = $2) order by created_at desc, id desc limit $6 offset $7"
        );
        assert_eq!(binds.len(), 7);
    }
}
