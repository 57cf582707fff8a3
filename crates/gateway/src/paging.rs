//! `limit`, `order`, `after`, `before` of OpenAI's lists.

use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use ports::responses::Page;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::errors::ApiError;

const MOST_ROWS: u32 = 100;

#[derive(Debug, Default, Deserialize)]
pub struct Paging {
    after: Option<String>,
    before: Option<String>,
    limit: Option<String>,
    order: Option<String>,
    pub model: Option<String>,
}

impl Paging {
    /// Newest first unless `order=asc`; `default` rows when not said. Whoever asks for more than 100 gets 100 and
    /// `has_more`: Llama Stack's clients ask for thousands.
    pub fn page(&self, default: u32) -> Result<Page, ApiError> {
        let limit = match self.limit.as_deref().map(str::parse::<u32>) {
            None => default,
            Some(Ok(limit)) if limit >= 1 => limit.min(MOST_ROWS),
            Some(_) => return Err(ApiError::invalid("limit", "limit must be a whole number of at least 1")),
        };
        let ascending = match self.order.as_deref() {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => return Err(ApiError::invalid("order", "order must be asc or desc")),
        };
        let given = |id: &Option<String>| id.clone().filter(|id| !id.is_empty());
        Ok(Page { after: given(&self.after), before: given(&self.before), limit, ascending })
    }
}

/// A page of a list that is in memory, oldest first. `None`: `after` or `before` names nothing in it.
pub fn cut<T>(mut all: Vec<T>, page: &Page, id: impl Fn(&T) -> Option<String>) -> Option<(Vec<T>, bool)> {
    if !page.ascending {
        all.reverse();
    }
    let place = |cursor: &String| all.iter().position(|item| id(item).as_ref() == Some(cursor));
    let from = match &page.after {
        Some(after) => place(after)? + 1,
        None => 0,
    };
    let to = match &page.before {
        Some(before) => place(before)?.max(from),
        None => all.len(),
    };
    let limit = page.limit as usize;
    let has_more = to - from > limit;
    // Only `before`: the rows next to it are wanted, not the first of all.
    let from = if page.after.is_none() && page.before.is_some() { to.saturating_sub(limit) } else { from };
    Some((all.into_iter().take(to).skip(from).take(limit).collect(), has_more))
}

/// A query string; its error is ours.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        read.map(|Query(asked)| Self(asked))
            .map_err(|rejection| ApiError::new(rejection.status(), rejection.body_text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_memory_is_cut_like_one_in_a_table() {
        let all = || vec![1, 2, 3, 4, 5];
        let id = |item: &i32| Some(item.to_string());
        let page = |after: Option<&str>, before: Option<&str>, ascending| Page {
            after: after.map(str::to_owned),
            before: before.map(str::to_owned),
            limit: 2,
            ascending,
        };
        assert_eq!(cut(all(), &page(None, None, false), id), Some((vec![5, 4], true)));
        assert_eq!(cut(all(), &page(Some("2"), None, false), id), Some((vec![1], false)));
        assert_eq!(cut(all(), &page(Some("2"), None, true), id), Some((vec![3, 4], true)));
        assert_eq!(cut(all(), &page(None, Some("4"), true), id), Some((vec![2, 3], true)));
        assert_eq!(cut(all(), &page(Some("1"), Some("3"), true), id), Some((vec![2], false)));
        assert_eq!(cut(all(), &page(Some("9"), None, true), id), None);
    }
}
