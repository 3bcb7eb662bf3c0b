//! The header `Retry-After`.

use std::time::{Duration, SystemTime};

/// How long the other side asks to wait: in seconds, or until a date. A date that is over asks for nothing.
pub(super) fn pause(header: &str, now: SystemTime) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(header).ok()?;
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both forms of RFC 9110 are understood; what is neither is no reason to wait.
    #[test]
    fn seconds_and_dates_are_understood() {
        let now = httpdate::parse_http_date("Fri, 31 Dec 1999 23:59:00 GMT").unwrap();
        let asked = |header| pause(header, now).map(|pause| pause.as_secs());
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked(" 0 "), Some(0));
        assert_eq!(asked("Fri, 31 Dec 1999 23:59:59 GMT"), Some(59));
        assert_eq!(asked("Fri, 31 Dec 1999 23:58:00 GMT"), Some(0), "that is over");
        assert_eq!(["soon", "", "-1", "1.5"].map(asked), [None; 4]);
    }
}
