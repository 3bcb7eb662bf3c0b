//! Amounts of money as people read them.

/// Currencies of ISO 4217 that have no minor unit.
const NO_DECIMALS: [&str; 16] =
    ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"];
/// Currencies whose minor unit is a thousandth.
const THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// Symbols that mean one currency only to most readers; the others are written with their code.
const SYMBOLS: [(&str, &str); 15] = [
    ("AUD", "A$"),
    ("BRL", "R$"),
    ("CAD", "CA$"),
    ("CNY", "CN¥"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("HKD", "HK$"),
    ("ILS", "₪"),
    ("INR", "₹"),
    ("JPY", "¥"),
    ("KRW", "₩"),
    ("MXN", "MX$"),
    ("NZD", "NZ$"),
    ("USD", "$"),
    ("VND", "₫"),
];

/// Writes an amount given in the minor unit of an ISO 4217 currency, with its symbol or code, thousands separators, the
/// currency's decimals and a true minus sign.
///
/// ```
/// use actwright_documents::format_money;
///
/// assert_eq!(format_money(123_456, "USD"), "$1,234.56");
/// assert_eq!(format_money(-123_456, "JPY"), "−¥123,456");
/// assert_eq!(format_money(123_456, "KWD"), "KWD\u{a0}123.456");
/// ```
pub fn format_money(amount: i64, currency: &str) -> String {
    let code = currency.trim().to_ascii_uppercase();
    let decimals = decimals(&code);
    let digits = format!("{:0>width$}", amount.unsigned_abs(), width = decimals + 1);
    let (major, minor) = digits.split_at(digits.len() - decimals);
    let sign = if amount < 0 { "−" } else { "" };
    let point = if decimals == 0 { "" } else { "." };
    let unit = match SYMBOLS.iter().find(|(known, _)| *known == code) {
        Some((_, symbol)) => (*symbol).to_owned(),
        None if code.is_empty() => String::new(),
        None => format!("{code}\u{a0}"),
    };
    format!("{sign}{unit}{}{point}{minor}", group_thousands(major))
}

/// Writes a whole number with thousands separators.
pub(crate) fn format_number(number: i64) -> String {
    let sign = if number < 0 { "−" } else { "" };
    format!("{sign}{}", group_thousands(&number.unsigned_abs().to_string()))
}

fn decimals(code: &str) -> usize {
    match code {
        code if NO_DECIMALS.contains(&code) => 0,
        code if THREE_DECIMALS.contains(&code) => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

fn group_thousands(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_decimals_of_the_currency() {
        assert_eq!(format_money(0, "USD"), "$0.00");
        assert_eq!(format_money(5, "USD"), "$0.05");
        assert_eq!(format_money(99_999, "EUR"), "€999.99");
        assert_eq!(format_money(100_000, "GBP"), "£1,000.00");
        assert_eq!(format_money(1_234_567_890, "CHF"), "CHF\u{a0}12,345,678.90");
        assert_eq!(format_money(1_000, "JPY"), "¥1,000");
        assert_eq!(format_money(7, "KWD"), "KWD\u{a0}0.007");
        assert_eq!(format_money(1_234_567, "OMR"), "OMR\u{a0}1,234.567");
        assert_eq!(format_money(12_345, "CLF"), "CLF\u{a0}1.2345");
    }

    #[test]
    fn puts_the_sign_before_the_symbol() {
        assert_eq!(format_money(-5, "USD"), "−$0.05");
        assert_eq!(format_money(i64::MIN, "USD"), "−$92,233,720,368,547,758.08");
        assert_eq!(format_money(i64::MAX, "JPY"), "¥9,223,372,036,854,775,807");
    }

    #[test]
    fn reads_codes_leniently() {
        assert_eq!(format_money(100, " usd "), "$1.00");
        assert_eq!(format_money(100, "XYZ"), "XYZ\u{a0}1.00");
        assert_eq!(format_money(100, ""), "1.00");
    }

    #[test]
    fn groups_whole_numbers() {
        assert_eq!(format_number(1), "1");
        assert_eq!(format_number(-1_234_567), "−1,234,567");
    }
}
