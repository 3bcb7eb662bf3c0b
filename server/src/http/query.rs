//! The part of an address after the question mark.

use super::refusal::Refusal;

/// Names and values, decoded. None is there twice.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if pairs.iter().any(|(other, _)| *other == name) {
            return Err(Refusal::invalid(format!("{} is there twice.", shown(&name))));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

/// Text of a client in a message about it.
pub fn shown(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn decode(text: &str) -> Result<String, Refusal> {
    let text = text.replace('+', " ");
    let decoded = percent_encoding::percent_decode_str(&text).decode_utf8();
    decoded.map(Into::into).map_err(|_| Refusal::invalid("The address is not UTF-8."))
}
