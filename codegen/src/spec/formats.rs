//! Texts of a fixed shape, judged exactly as the runtime and the JSON Schemas judge them.

/// Hyphenated, in any letter case.
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// `YYYY-MM-DD`, years 1000 to 2999.
pub fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *bytes else { return false };
    let parts = (two(y1, y2), two(y3, y4), two(m1, m2), two(d1, d2));
    let (Some(century), Some(year), Some(month), Some(day)) = parts else { return false };
    let year = century * 100 + year;
    (1000..3000).contains(&year) && (1..=days(year, month)).contains(&day)
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// RFC 3339 with any offset, up to nine digits of a second, no leap seconds.
pub fn is_date_time(text: &str) -> bool {
    let (Some(date), Some(rest)) = (text.get(..10), text.get(10..)) else { return false };
    let Some((clock, rest)) = rest.as_bytes().split_first_chunk::<9>() else { return false };
    let [b'T' | b't', h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return false };
    let below = |value: Option<u32>, limit: u32| value.is_some_and(|value| value < limit);
    let Some(zone) = after_fraction(rest) else { return false };
    let zone_fits = match *zone {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => below(two(h1, h2), 24) && below(two(m1, m2), 60),
        _ => false,
    };
    is_date(date) && below(two(h1, h2), 24) && below(two(m1, m2), 60) && below(two(s1, s2), 60) && zone_fits
}

/// Dates and date-times in the order of time; other texts have no place in it.
pub fn instant(text: &str) -> Option<(i64, u32)> {
    let (day, rest) = (text.get(..10).filter(|day| is_date(day))?, &text[10..]);
    let number = |text: &str| text.parse::<i64>().ok();
    let (year, month, day) = (number(&day[..4])?, number(&day[5..7])?, number(&day[8..])?);
    let days = days_before(year, month) + day;
    if rest.is_empty() {
        return Some((days * 86_400, 0));
    }
    if !is_date_time(text) {
        return None;
    }
    let seconds = number(&rest[1..3])? * 3600 + number(&rest[4..6])? * 60 + number(&rest[7..9])?;
    let (fraction, zone) = rest[9..].split_at(rest[9..].find(['Z', 'z', '+', '-'])?);
    let nanoseconds = format!("{:0<9}", fraction.trim_start_matches('.')).parse().ok()?;
    let offset = match zone.len() {
        6 => (number(&zone[1..3])? * 3600 + number(&zone[4..])? * 60) * if zone.starts_with('-') { -1 } else { 1 },
        _ => 0,
    };
    Some((days * 86_400 + seconds - offset, nanoseconds))
}

/// Days from the year 0 to the first of a month.
fn days_before(year: i64, month: i64) -> i64 {
    let past = year - 1;
    let years = past * 365 + past / 4 - past / 100 + past / 400;
    let months = (1..month).filter_map(|month| Some(i64::from(days(year.try_into().ok()?, month.try_into().ok()?))));
    years + months.sum::<i64>()
}

fn after_fraction(text: &[u8]) -> Option<&[u8]> {
    let Some((b'.', text)) = text.split_first() else { return Some(text) };
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (1..=9).contains(&digits).then(|| &text[digits..])
}

fn two(tens: u8, ones: u8) -> Option<u32> {
    let both = tens.is_ascii_digit() && ones.is_ascii_digit();
    both.then(|| u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

/// `local@domain`: a dot-atom of at most 64 characters before the `@`, at least two labels after it, 254 in all.
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
    (1..=63).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_calendar_days() {
        assert!(is_date("2024-02-29") && is_date("1000-01-01") && is_date("2999-12-31"));
        for text in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-01",
            "2024-04-31",
            "0999-01-01",
            "2024-2-29",
            "2024-02-2é",
        ] {
            assert!(!is_date(text), "{text}");
        }
    }

    #[test]
    fn date_times_have_an_offset() {
        for text in ["2026-01-02T03:04:05Z", "2026-01-02t03:04:05.1z", "2026-01-02T03:04:05.123456789+05:30"] {
            assert!(is_date_time(text), "{text}");
        }
        for text in [
            "2026-01-02",
            "2026-01-02T03:04:05",
            "2026-01-02 03:04:05Z",
            "2026-01-02T24:00:00Z",
            "2026-01-02T23:59:60Z",
            "2026-01-02T03:04:05.Z",
            "2026-01-02T03:04:05.1234567890Z",
            "2026-01-02T03:04:05+24:00",
            "éééééééééé",
        ] {
            assert!(!is_date_time(text), "{text}");
        }
    }

    #[test]
    fn times_are_ordered_whatever_their_offset() {
        let ordered = [
            "2024-02-28T23:59:59Z",
            "2024-02-29",
            "2024-02-28T23:30:00.5-00:30",
            "2024-03-01T01:00:00+02:00",
            "2024-03-01T00:00:00Z",
            "2024-12-31T23:59:59.999999999Z",
            "2025-01-01T00:00:00Z",
        ];
        assert!(ordered.windows(2).all(|pair| instant(pair[0]) < instant(pair[1])), "{:?}", ordered.map(instant));
        assert_eq!(instant("2024-03-01T01:00:00+01:00"), instant("2024-03-01T00:00:00Z"));
        assert_eq!(instant("soon"), None);
    }

    #[test]
    fn addresses_have_a_local_part_and_a_domain() {
        assert!(is_email("ann.o'neil+x@mail.example.com"));
        for text in ["ann", "ann@localhost", "@example.com", "a..b@example.com", "ann@-example.com", "a b@example.com"]
        {
            assert!(!is_email(text), "{text}");
        }
    }

    #[test]
    fn uuids_are_hyphenated() {
        assert!(is_uuid("3F2B6C1E-0d4a-4f57-9a1b-8c2d7e6f5a40"));
        assert!(!is_uuid("3f2b6c1e0d4a4f579a1b8c2d7e6f5a40") && !is_uuid("3f2b6c1e0-d4a-4f57-9a1b-8c2d7e6f5a40"));
    }
}
