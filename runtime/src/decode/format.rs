//! Texts of a fixed shape. The generator writes the same shapes as patterns into JSON Schema.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use uuid::Uuid;

use crate::value::Timestamp;

/// Hyphenated, in any letter case.
pub(crate) fn uuid(text: &str) -> Option<Uuid> {
    // Of the forms that the parser takes, only the hyphenated one has this length.
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// `YYYY-MM-DD`, years 1000 to 2999.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    calendar_date(text.as_bytes().try_into().ok()?)
}

fn calendar_date(text: &[u8; 10]) -> Option<NaiveDate> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text else { return None };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    if !(1000..3000).contains(&year) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.try_into().ok()?, two(m1, m2)?, two(d1, d2)?)
}

/// RFC 3339 with any offset, `T` and `Z` in either case, up to nine digits of a second, years 1000 to 2999, no leap
/// seconds.
pub(crate) fn date_time(text: &str) -> Option<Timestamp> {
    let (day, rest) = text.as_bytes().split_first_chunk::<10>()?;
    let (clock, rest) = rest.split_first_chunk::<9>()?;
    let [b'T' | b't', h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    let (micros, rest) = fraction(rest)?;
    let time = NaiveTime::from_hms_micro_opt(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?, micros)?;
    let local = NaiveDateTime::new(calendar_date(day)?, time);
    let utc = match *rest {
        [b'Z' | b'z'] => local,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(h1, h2)?, two(m1, m2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i32::try_from((hours * 60 + minutes) * 60).ok()?;
            let east = if sign == b'+' { seconds } else { -seconds };
            local.checked_sub_offset(FixedOffset::east_opt(east)?)?
        }
        _ => return None,
    };
    Some(utc.and_utc().into())
}

/// Microseconds, and what follows the fraction, if there is one.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let Some((b'.', text)) = text.split_first() else { return Some((0, text)) };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=9).contains(&digits) {
        return None;
    }
    let micros = (0..6).fold(0, |value, index| {
        let digit = if index < digits { text[index] - b'0' } else { 0 };
        value * 10 + u32::from(digit)
    });
    Some((micros, &text[digits..]))
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// `local@domain`: RFC 5321 limits, a dot-atom of at most 64 characters before the `@`, at least two labels after it.
///
/// As a pattern, beside a longest length of 254:
///
/// ```text
/// ^(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*
/// @([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$
/// ```
pub fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    text.len() <= 254
        && local.len() <= 64
        && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_label(label: &str) -> bool {
    let bytes = label.as_bytes();
    (1..=63).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn date_times_are_read_with_any_offset() {
        let utc = |text| date_time(text).map(|at| at.to_string());
        for (text, expected) in [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"),
            ("2026-01-02t03:04:05.1z", "2026-01-02T03:04:05.100Z"),
            ("2026-01-02T03:04:05.123456789+05:30", "2026-01-01T21:34:05.123Z"),
            ("2024-02-29T23:59:59-23:59", "2024-03-01T23:58:59.000Z"),
            ("1000-01-01T00:00:00+01:00", "0999-12-31T23:00:00.000Z"),
            ("2999-12-31T23:59:59-01:00", "3000-01-01T00:59:59.000Z"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_date_times_are_refused() {
        for text in [
            "",
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05Z",
            "2026-01-02T03:04Z",
            "2026-02-29T03:04:05Z",
            "2026-13-01T03:04:05Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T23:59:60Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.1234567890Z",
            "2026-01-02T03:04:05+0100",
            "2026-01-02T03:04:05+24:00",
            "2026-01-02T03:04:05+01:60",
            "0999-12-31T00:00:00Z",
            "3000-01-01T00:00:00Z",
            "+2026-01-02T03:04:05Z",
            "２026-01-02T03:04:05Z",
            "2026-01-02T03:04:05Zz",
        ] {
            assert_eq!(date_time(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_calendar_days() {
        assert_eq!(date("2024-02-29").map(|day| day.to_string()).as_deref(), Some("2024-02-29"));
        for text in ["2023-02-29", "2024-2-9", "24-02-29", "2024-02-29T", "3000-01-01", "0999-01-01"] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn uuids_are_hyphenated() {
        assert!(uuid("3F2B6C1E-0d4a-4f57-9a1b-8c2d7e6f5a40").is_some());
        for text in [
            "3f2b6c1e0d4a4f579a1b8c2d7e6f5a40",
            "{3f2b6c1e-0d4a-4f57-9a1b-8c2d7e6f5a40}",
            "urn:uuid:3f2b6c1e-0d4a-4f57-9a1b-8c2d7e6f5a40",
            "3f2b6c1e-0d4a-4f57-9a1b-8c2d7e6f5a4g",
            "3f2b6c1e0-d4a-4f57-9a1b-8c2d7e6f5a40",
            "éééééééééééééééééé",
        ] {
            assert_eq!(uuid(text), None, "{text}");
        }
    }

    #[test]
    fn email_addresses_have_a_local_part_and_a_domain() {
        let label = "a".repeat(63);
        for text in ["a@b.c", "ann.o'neil+x@mail.example.com", "a@b-c.d1", &format!("{}@{label}.com", "l".repeat(64))] {
            assert!(is_email(text), "{text}");
        }
        for text in [
            "",
            "ann",
            "ann@localhost",
            "@example.com",
            "ann@",
            ".ann@example.com",
            "ann.@example.com",
            "a..b@example.com",
            "ann@.example.com",
            "ann@example.com.",
            "ann@example..com",
            "ann@-example.com",
            "ann@example-.com",
            "ann@exam_ple.com",
            "ann@ex@ample.com",
            "ann smith@example.com",
            " ann@example.com",
            "ann@example.com\n",
            "änn@example.com",
            "ann@exämple.com",
            "\"ann\"@example.com",
            "ann@[127.0.0.1]",
            &format!("a@{label}a.com"),
            &format!("{}@example.com", "l".repeat(65)),
            &format!("a@{label}.{label}.{label}.{label}"),
        ] {
            assert!(!is_email(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_chrono_reads_is_read_alike(text in r"[12]\d{3}-[01]\d-[0-3]\d[Tt][0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-][0-2]\d:[0-5]\d)") {
            let theirs = chrono::DateTime::parse_from_rfc3339(&text).ok().map(|at| Timestamp::from(at.to_utc()));
            prop_assert_eq!(date_time(&text), theirs);
        }

        #[test]
        fn no_text_is_a_panic(text in any::<String>()) {
            let _ = (uuid(&text), date(&text), date_time(&text), is_email(&text));
        }
    }
}
