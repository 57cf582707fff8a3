//! Keyset paging. A statement for each direction; a page that ends before a row is read backwards and turned round.

use ports::responses::{Listed, Page, StoreError};
use sqlx::any::AnyRow;

pub struct Cursor<'a> {
    pub ascending: bool,
    /// Empty: from the beginning.
    pub after: &'a str,
    /// Empty: to the end.
    pub before: &'a str,
    /// One row more than the page holds, which tells whether there is more.
    pub fetch: i64,
    turned: bool,
}

impl<'a> Cursor<'a> {
    pub fn of(page: &'a Page) -> Self {
        let fetch = i64::from(page.limit.clamp(1, 100)) + 1;
        let (after, before) = (page.after.as_deref().unwrap_or_default(), page.before.as_deref().unwrap_or_default());
        let turned = after.is_empty() && !before.is_empty();
        if turned {
            Self { ascending: !page.ascending, after: before, before: "", fetch, turned }
        } else {
            Self { ascending: page.ascending, after, before, fetch, turned }
        }
    }

    pub fn listed<T>(
        &self,
        rows: &[AnyRow],
        read: impl Fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Listed<T>, StoreError> {
        let has_more = rows.len() as i64 == self.fetch;
        let kept = rows.iter().take((self.fetch - 1) as usize);
        let mut rows: Vec<T> = kept.map(read).collect::<Result<_, _>>()?;
        if self.turned {
            rows.reverse();
        }
        Ok(Listed { rows, has_more })
    }
}
