//! Who a quote goes to.

use std::collections::HashSet;

use actwright_runtime::decode::is_email;
use idna::AsciiDenyList;

/// Who gets a quote by mail, and who cannot get it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipients {
    pub addresses: Vec<String>,
    /// What is stored as an address and is none that mail goes to, each with the reason.
    pub left_out: Vec<String>,
}

/// The given addresses, the quote contact's and the client's billing address, in this order and without duplicates in
/// any letter case. What is stored as an address and is none is left out: it would keep the mail from everybody else.
pub fn recipients(given: &[String], contact: Option<String>, billing: Option<String>) -> Recipients {
    let mut recipients = Recipients::default();
    let mut seen = HashSet::new();
    let all = given.iter().chain(&contact).chain(&billing).map(|stored| stored.trim());
    for stored in all.filter(|stored| !stored.is_empty()) {
        let (list, text) = match address(stored) {
            Ok(address) => (&mut recipients.addresses, address),
            Err(reason) => (&mut recipients.left_out, format!("{stored} ({reason})")),
        };
        if seen.insert(text.to_lowercase()) {
            list.push(text);
        }
    }
    recipients
}

/// The address as mail servers take it: an international domain in its ASCII form.
fn address(stored: &str) -> Result<String, &'static str> {
    const NONE: &str = "no e-mail address";
    let (local, domain) = stored.rsplit_once('@').ok_or(NONE)?;
    if !local.is_ascii() {
        return Err("letters outside ASCII before the @, which not every mail server takes");
    }
    let domain = match domain.is_ascii() {
        true => domain.into(),
        false => idna::domain_to_ascii_cow(domain.as_bytes(), AsciiDenyList::URL).map_err(|_| NONE)?,
    };
    Some(format!("{local}@{domain}")).filter(|address| is_email(address)).ok_or(NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(contact: &str, billing: &str) -> Recipients {
        recipients(&[], Some(contact.to_owned()), Some(billing.to_owned()))
    }

    /// The order decides who is named first; the first spelling of an address wins.
    #[test]
    fn order_is_kept_and_duplicates_go() {
        let given = ["a@x.example".to_owned(), "B@x.example".to_owned()];
        let all = recipients(&given, Some(" b@X.example ".to_owned()), Some("c@x.example".to_owned()));
        assert_eq!(all.addresses, ["a@x.example", "B@x.example", "c@x.example"]);
        assert!(all.left_out.is_empty());
    }

    /// An empty or broken address of a record must not stop the mail, and somebody has to learn that it is broken.
    #[test]
    fn what_is_no_address_is_left_out_and_named() {
        let all = stored(" ", "see notes");
        assert_eq!((all.addresses.len(), all.left_out), (0, vec!["see notes (no e-mail address)".to_owned()]));
        for broken in [
            "@x.example",
            "a@",
            "a@b",
            "a@@x.example",
            "a@x .example",
            "a@ü..example",
            "a@x.example\r\nBcc: b@ü.example",
        ] {
            let all = stored(broken, "c@x.example");
            assert_eq!((all.addresses, all.left_out.len()), (vec!["c@x.example".to_owned()], 1), "{broken}");
        }
    }

    /// Mail servers know international domains in their ASCII form only, however they are stored.
    #[test]
    fn international_domains_are_written_in_ascii() {
        let all = stored("Dana@Exämple.de", "dana@xn--exmple-cua.de");
        assert_eq!((all.addresses, all.left_out.len()), (vec!["Dana@xn--exmple-cua.de".to_owned()], 0));
        let all = stored("müller@exämple.de", "müller@exämple.de");
        assert_eq!(all.addresses.len(), 0);
        assert_eq!(all.left_out.len(), 1, "{all:?}");
        assert!(all.left_out[0].starts_with("müller@exämple.de (letters outside ASCII before the @"), "{all:?}");
    }
}
