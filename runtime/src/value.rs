//! Values of generated types that no library has.

use std::fmt;

use chrono::{DateTime, SecondsFormat, SubsecRound as _, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use chrono::NaiveDate as Date;
pub use serde_json::Value;

/// An instant in UTC, to the microsecond, which is what both databases store.
///
/// As text it is RFC 3339 with milliseconds and `Z`.
///
/// ```
/// use actwright_runtime::Timestamp;
///
/// let at = Timestamp::parse("2026-01-02T04:04:05.1234567+01:00").unwrap();
/// assert_eq!(at.to_string(), "2026-01-02T03:04:05.123Z");
/// assert_eq!(at.micros() % 1_000_000, 123_456);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// When 1970 began.
    pub const EPOCH: Self = Self(DateTime::UNIX_EPOCH);

    /// The time of the clock.
    pub fn now() -> Self {
        Utc::now().into()
    }

    /// The instant this many microseconds after 1970 began; `None` outside the years that a calendar holds.
    pub fn from_micros(micros: i64) -> Option<Self> {
        DateTime::from_timestamp_micros(micros).map(Self)
    }

    /// Microseconds since 1970 began.
    pub fn micros(self) -> i64 {
        self.0.timestamp_micros()
    }

    /// Reads RFC 3339 with any offset, years 1000 to 2999, without leap seconds.
    pub fn parse(text: &str) -> Option<Self> {
        crate::decode::format::date_time(text)
    }

    /// This instant for the calendar.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// This much later, or the last instant there is.
    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        let later = TimeDelta::from_std(duration).ok().and_then(|delta| self.0.checked_add_signed(delta));
        later.unwrap_or(DateTime::<Utc>::MAX_UTC).into()
    }

    /// This much earlier, or the first instant there is.
    #[must_use]
    pub fn minus(self, duration: std::time::Duration) -> Self {
        let earlier = TimeDelta::from_std(duration).ok().and_then(|delta| self.0.checked_sub_signed(delta));
        earlier.unwrap_or(DateTime::<Utc>::MIN_UTC).into()
    }

    /// This many seconds later, or the last instant there is.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let later = TimeDelta::try_seconds(seconds).and_then(|delta| self.0.checked_add_signed(delta));
        later.unwrap_or(DateTime::<Utc>::MAX_UTC).into()
    }
}

impl From<DateTime<Utc>> for Timestamp {
    /// What is finer than a microsecond is cut off.
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.trunc_subsecs(6))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &"an RFC 3339 date-time"))
    }
}

/// What an update does to a value that may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Update<T> {
    /// The field was left out: the value stays.
    #[default]
    Keep,
    /// The field was null: the value goes.
    Clear,
    /// The field had a value: it replaces the old one.
    Set(T),
}

impl<T> Update<T> {
    /// Whether the old value stays.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The same update, borrowed.
    pub fn as_ref(&self) -> Update<&T> {
        match self {
            Self::Keep => Update::Keep,
            Self::Clear => Update::Clear,
            Self::Set(value) => Update::Set(value),
        }
    }

    /// The same update of another type.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Update<U> {
        match self {
            Self::Keep => Update::Keep,
            Self::Clear => Update::Clear,
            Self::Set(value) => Update::Set(change(value)),
        }
    }

    /// What to write, if anything: `None` keeps, `Some(None)` clears.
    pub fn change(self) -> Option<Option<T>> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(None),
            Self::Set(value) => Some(Some(value)),
        }
    }

    /// The value after the update, given the one before.
    ///
    /// ```
    /// use actwright_runtime::Update;
    ///
    /// assert_eq!(Update::Keep.apply(Some(1)), Some(1));
    /// assert_eq!(Update::Clear.apply(Some(1)), None);
    /// assert_eq!(Update::Set(2).apply(Some(1)), Some(2));
    /// ```
    pub fn apply(self, before: Option<T>) -> Option<T> {
        self.change().unwrap_or(before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_written_with_milliseconds() {
        let at = Timestamp::from_micros(1_767_323_045_123_456).unwrap();
        assert_eq!(serde_json::to_string(&at).unwrap(), r#""2026-01-02T03:04:05.123Z""#);
        assert_eq!(Timestamp::parse("2026-01-02T03:04:05Z").unwrap().to_string(), "2026-01-02T03:04:05.000Z");
    }

    #[test]
    fn a_timestamp_holds_whole_microseconds() {
        let fine = DateTime::from_timestamp(0, 1_999).unwrap();
        assert_eq!(Timestamp::from(fine).utc(), DateTime::from_timestamp(0, 1_000).unwrap());
    }

    #[test]
    fn seconds_are_added_up_to_the_end_of_time() {
        let at = Timestamp::parse("2026-01-02T03:04:05Z").unwrap();
        assert_eq!(at.plus_seconds(60).to_string(), "2026-01-02T03:05:05.000Z");
        assert!(at.plus_seconds(i64::MAX) > at);
    }

    #[test]
    fn an_update_maps_and_borrows() {
        let title = Update::Set("a".to_owned());
        assert_eq!(title.as_ref().map(String::len), Update::Set(1));
        assert!(Update::<i64>::default().is_keep());
        assert_eq!(Update::<i64>::Clear.change(), Some(None));
    }
}
