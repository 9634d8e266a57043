//! Pages (分页): how much of a list is asked for, and what comes back.

/// A request for one page: at most `limit` items after the item the cursor names.
#[derive(Clone, Debug)]
pub struct PageRequest<C> {
    /// Where the previous page ended; none asks for the first.
    pub after: Option<C>,
    /// 1 to 100.
    pub limit: u64,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T, C> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where this page ended, if more follows.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// Makes a page of rows that were fetched with one more than the limit, so that "is there more" costs no count.
    pub fn from_one_more(mut rows: Vec<T>, limit: u64, cursor: impl Fn(&T) -> C) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(cursor) } else { None };
        Self { items: rows, next }
    }

    /// The same page with every item changed.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U, C> {
        Page { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}
