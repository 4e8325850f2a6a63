//! The time at which an object was created.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use crate::error::{Excerpt, InvalidTimestamp};
use crate::names::serde_as_text;

/// A time in whole seconds, as an API server writes it: `2026-03-01T09:00:00Z`. It is read from any time of RFC 3339, and a
/// fraction of a second is dropped, as an API server does (`metav1.Time` of `apimachinery`). Its year in UTC has four digits.
///
/// ```
/// use canary_policy::targets::Timestamp;
///
/// let time: Timestamp = "2026-03-01T09:00:00.25+01:00".parse()?;
/// assert_eq!((time.to_string().as_str(), time.seconds()), ("2026-03-01T08:00:00Z", 1_772_352_000));
/// assert!("2026-03-01".parse::<Timestamp>().is_err());
/// # Ok::<(), canary_policy::error::InvalidTimestamp>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

serde_as_text!(Timestamp);

const SECONDS_OF_DAY: i64 = 86_400;

/// The times in UTC that RFC 3339 can write: from the beginning of the year 0 to the end of the year 9999.
const WRITTEN: RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

impl Timestamp {
    /// The seconds since the beginning of 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        parse(text.as_bytes()).map(Timestamp).ok_or_else(|| InvalidTimestamp(Excerpt::of(text)))
    }
}

/// `YYYY-MM-DDTHH:MM:SSZ`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, seconds) = (self.0.div_euclid(SECONDS_OF_DAY), self.0.rem_euclid(SECONDS_OF_DAY));
        let (year, month, day) = date(days);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The seconds since 1970 of a time of RFC 3339; `None` if the text is none.
fn parse(text: &[u8]) -> Option<i64> {
    let mut rest = Rest(text);
    let year = rest.number(4)?;
    rest.one_of(b"-")?;
    let month = rest.number(2).filter(|month| (1..=12).contains(month))?;
    rest.one_of(b"-")?;
    let day = rest.number(2).filter(|day| (1..=days_of_month(year, month)).contains(day))?;
    rest.one_of(b"Tt")?;
    let hour = rest.number(2).filter(|hour| *hour < 24)?;
    rest.one_of(b":")?;
    let minute = rest.number(2).filter(|minute| *minute < 60)?;
    rest.one_of(b":")?;
    let second = rest.number(2).filter(|second| *second < 60)?;
    rest.fraction()?;
    let offset = rest.offset()?;
    let time = days(year, month, day) * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second - offset;
    (rest.0.is_empty() && WRITTEN.contains(&time)).then_some(time)
}

/// The part of a text that is not yet read.
struct Rest<'t>(&'t [u8]);

impl Rest<'_> {
    /// A byte that is one of these.
    fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| bytes.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    /// A number of so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + i64::from(self.one_of(b"0123456789")? - b'0')))
    }

    /// A fraction of a second, if there is one. `None` if it has no digits.
    fn fraction(&mut self) -> Option<()> {
        if self.one_of(b".").is_some() {
            self.number(1)?;
            while self.number(1).is_some() {}
        }
        Some(())
    }

    /// The seconds by which local time is ahead of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.one_of(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.number(2).filter(|hours| *hours < 24)?;
        self.one_of(b":")?;
        let minutes = self.number(2).filter(|minutes| *minutes < 60)?;
        Some(sign * (hours * 3600 + minutes * 60))
    }
}

/// The days of a month in the Gregorian calendar.
fn days_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days of 400 years, after which the calendar repeats.
const DAYS_OF_ERA: i64 = 146_097;

/// The days from 1 March of the year 0 to the beginning of 1970.
const DAYS_TO_1970: i64 = 719_468;

/// The days from the beginning of 1970 to a date. Years are counted from March, so that a leap day is the last day of its year
/// (Howard Hinnant, `chrono`-compatible low-level date algorithms, `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_OF_ERA + day_of_era - DAYS_TO_1970
}

/// The year, the month and the day that are so many days after the beginning of 1970 (`civil_from_days` of the same source).
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + DAYS_TO_1970;
    let (era, day_of_era) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month < 3);
    (year, month, day)
}
