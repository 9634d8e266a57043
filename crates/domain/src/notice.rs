//! Notices (到期提醒): a member is told some days before points go, once for each of those days.

use chrono::{Duration, NaiveDate};

use crate::id::{MemberId, NoticeId};
use crate::time::{Instant, business_day, start_of_day};

/// A notice that points go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The notice.
    pub id: NoticeId,
    /// Who is told.
    pub member: MemberId,
    /// The first instant at which the points are gone.
    pub gone_at: Instant,
    /// For which of the notice days it is.
    pub days_before: u32,
    /// How many points go.
    pub points: i64,
    /// When it was written.
    pub created_at: Instant,
}

impl Notice {
    /// The last day on which the points can be spent.
    pub fn last_day(&self) -> NaiveDate {
        last_day(self.gone_at)
    }

    /// What the member reads.
    pub fn sentence(&self) -> String {
        format!("您有 {} 分积分将于 {} 到期，当天仍可使用，过后作废。", self.points, self.last_day())
    }
}

/// The last day of points that are gone at this instant.
pub fn last_day(gone_at: Instant) -> NaiveDate {
    business_day(gone_at - Duration::microseconds(1))
}

/// The notice that is due today for points that are gone at this instant, if one closer to the end was not given before.
/// Whoever was not told in time is told once, not once for every day that was missed.
pub fn due(notice_days: &[u32], gone_at: Instant, told: Option<u32>, today: NaiveDate) -> Option<u32> {
    let left = u32::try_from((last_day(gone_at) - today).num_days()).ok()?;
    let closest = notice_days.iter().copied().filter(|days| left <= *days).min()?;
    told.is_none_or(|told| closest < told).then_some(closest)
}

/// The end after which no notice is due today.
pub fn horizon(notice_days: &[u32], today: NaiveDate) -> Instant {
    let farthest = notice_days.iter().copied().max().unwrap_or(0);
    start_of_day(today + Duration::days(i64::from(farthest) + 1))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const NOTICE_DAYS: [u32; 3] = [60, 30, 7];

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap_or_default()
    }

    #[test]
    fn each_notice_day_begins_a_time_in_which_one_notice_is_due() {
        let gone_at = start_of_day(day("2027-04-01"));
        let due = |today: &str, told| due(&NOTICE_DAYS, gone_at, told, day(today));
        assert_eq!(due("2027-01-29", None), None);
        assert_eq!(due("2027-01-30", None), Some(60));
        assert_eq!(due("2027-01-30", Some(60)), None);
        assert_eq!(due("2027-02-28", Some(60)), None);
        assert_eq!(due("2027-03-01", Some(60)), Some(30));
        assert_eq!(due("2027-03-24", Some(30)), Some(7));
        assert_eq!(due("2027-03-31", None), Some(7));
        assert_eq!(due("2027-03-31", Some(7)), None);
        assert_eq!(due("2027-04-01", None), None);
    }

    #[test]
    fn the_horizon_is_the_farthest_end_with_a_notice() {
        let gone_at = horizon(&NOTICE_DAYS, day("2027-01-30"));
        assert_eq!(gone_at, start_of_day(day("2027-04-01")));
        assert_eq!(due(&NOTICE_DAYS, gone_at, None, day("2027-01-30")), Some(60));
        assert_eq!(due(&NOTICE_DAYS, gone_at + Duration::microseconds(1), None, day("2027-01-30")), None);
        assert_eq!(horizon(&[], day("2027-01-30")), start_of_day(day("2027-01-31")));
    }

    #[test]
    fn a_notice_names_the_last_day() {
        let notice = Notice {
            id: NoticeId::new(Uuid::nil()),
            member: MemberId::new(Uuid::nil()),
            gone_at: start_of_day(day("2027-04-01")),
            days_before: 60,
            points: 36,
            created_at: start_of_day(day("2027-01-30")),
        };
        assert_eq!(notice.sentence(), "您有 36 分积分将于 2027-03-31 到期，当天仍可使用，过后作废。");
    }
}
