//! Time (时间): instants come in as `now`; business days are Beijing's.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeZone, Utc};

/// An instant, in UTC, truncated to microseconds by the clock that made it.
pub type Instant = DateTime<Utc>;

/// Beijing time, the zone of every business date; China keeps no daylight saving.
pub fn beijing() -> FixedOffset {
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| unreachable!("eight hours are a valid offset"))
}

/// The business day on which an instant falls.
pub fn business_day(at: Instant) -> NaiveDate {
    at.with_timezone(&beijing()).date_naive()
}

/// The first instant of a business day.
pub fn start_of_day(day: NaiveDate) -> Instant {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    beijing().from_utc_datetime(&midnight).to_utc() - chrono::Duration::hours(8)
}

/// The first instant after a business day.
pub fn end_of_day(day: NaiveDate) -> Instant {
    start_of_day(day) + chrono::Duration::days(1)
}

/// The first instant of the month that holds `at`, in Beijing.
pub fn start_of_month(at: Instant) -> Instant {
    let day = business_day(at);
    start_of_day(day.with_day(1).unwrap_or(day))
}

/// The first instant of the quarter that holds `at`, in Beijing.
pub fn start_of_quarter(at: Instant) -> Instant {
    let day = business_day(at);
    let month = day.month0() / 3 * 3 + 1;
    start_of_day(NaiveDate::from_ymd_opt(day.year(), month, 1).unwrap_or(day))
}

/// The first instant of the year that holds `at`, in Beijing.
pub fn start_of_year(at: Instant) -> Instant {
    let day = business_day(at);
    start_of_day(NaiveDate::from_ymd_opt(day.year(), 1, 1).unwrap_or(day))
}

/// An instant as people here read it, such as `2026-11-24 09:30`.
pub fn spoken(at: Instant) -> String {
    at.with_timezone(&beijing()).format("%Y-%m-%d %H:%M").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_day_begins_at_sixteen_hundred_utc() -> Result<(), chrono::ParseError> {
        let before: Instant = "2026-11-23T15:59:59Z".parse()?;
        let after: Instant = "2026-11-23T16:00:00Z".parse()?;
        assert_eq!(business_day(before).to_string(), "2026-11-23");
        assert_eq!(business_day(after).to_string(), "2026-11-24");
        assert_eq!(start_of_day(business_day(after)), after);
        assert_eq!(end_of_day(business_day(before)), after);
        Ok(())
    }

    #[test]
    fn a_quarter_begins_in_beijing() -> Result<(), chrono::ParseError> {
        let quarter = |at: &str| Ok(start_of_quarter(at.parse()?).to_rfc3339());
        assert_eq!(quarter("2026-11-24T00:00:00Z")?, "2026-09-30T16:00:00+00:00");
        assert_eq!(quarter("2026-09-30T15:59:59Z")?, "2026-06-30T16:00:00+00:00");
        assert_eq!(quarter("2026-12-31T16:00:00Z")?, "2026-12-31T16:00:00+00:00");
        Ok(())
    }

    #[test]
    fn a_year_begins_in_beijing() -> Result<(), chrono::ParseError> {
        let at: Instant = "2026-12-31T16:30:00Z".parse()?;
        assert_eq!(start_of_year(at), "2026-12-31T16:00:00Z".parse::<Instant>()?);
        assert_eq!(spoken(at), "2027-01-01 00:30");
        Ok(())
    }
}
