//! Who a quote goes to.

use std::collections::HashSet;

use actwright_runtime::decode::is_email;

/// The given addresses, the quote contact's and the client's billing address, in this order and without duplicates in
/// any letter case. What is stored as an address and is none is left out: it would keep the mail from everybody else.
pub fn recipients(given: &[String], contact: Option<String>, billing: Option<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    given
        .iter()
        .chain(&contact)
        .chain(&billing)
        .map(|address| address.trim())
        .filter(|address| is_email(address) && seen.insert(address.to_lowercase()))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order decides who is named first; the first spelling of an address wins.
    #[test]
    fn order_is_kept_and_duplicates_go() {
        let given = ["a@x.example".to_owned(), "B@x.example".to_owned()];
        let all = recipients(&given, Some(" b@X.example ".to_owned()), Some("c@x.example".to_owned()));
        assert_eq!(all, ["a@x.example", "B@x.example", "c@x.example"]);
    }

    /// An empty or broken address of a record must not stop the mail.
    #[test]
    fn what_is_no_address_is_left_out() {
        assert!(recipients(&[], Some(String::new()), Some("see notes".to_owned())).is_empty());
    }
}
