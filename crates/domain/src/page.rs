//! Pages (分页): how much of a list is asked for, and what comes back.

use std::fmt;
use std::str::FromStr;

use chrono::DateTime;
use thiserror::Error;

use crate::time::Instant;

/// A request for one page: at most `limit` items after the item the cursor names.
#[derive(Clone, Debug)]
pub struct PageRequest<C> {
    /// Where the previous page ended; none asks for the first.
    pub after: Option<C>,
    /// 1 to 100.
    pub limit: u64,
}

/// Where a page ended that is in the order of time, and of ids where times are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment<I> {
    /// The last item's time.
    pub at: Instant,
    /// The last item.
    pub id: I,
}

impl<I: fmt::Display> fmt::Display for Moment<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.id)
    }
}

/// A text that says where no page ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not where a page ended")]
pub struct MomentError;

impl<I: FromStr> FromStr for Moment<I> {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        let (at, id) = text.split_once('.').ok_or(MomentError)?;
        let at = at.parse().ok().and_then(DateTime::from_timestamp_micros).ok_or(MomentError)?;
        Ok(Self { at, id: id.parse().map_err(|_| MomentError)? })
    }
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::ActivityId;

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        let at = Instant::UNIX_EPOCH + chrono::Duration::microseconds(1_764_000_000_000_001);
        let moment = Moment { at, id: ActivityId::new(Uuid::from_u128(7)) };
        assert_eq!(moment.to_string().parse(), Ok(moment));
        for nonsense in ["", ".", "1", "1.x", "x.00000000-0000-0000-0000-000000000007", "99999999999999999999.7"] {
            assert_eq!(nonsense.parse::<Moment<ActivityId>>(), Err(MomentError), "{nonsense}");
        }
    }
}
