//! The mail that a quote goes out with.

use actwright_documents::{Quote, format_money};
use actwright_runtime::Date;
use actwright_runtime::template::MailTemplate;
use serde::Serialize;

use super::delivery::Delivery;

/// What it says where nobody has replaced it.
pub const TEMPLATE: MailTemplate = MailTemplate {
    name: "quote",
    subject: include_str!("../../../templates/quote.subject"),
    text: include_str!("../../../templates/quote.txt"),
    html: include_str!("../../../templates/quote.html"),
    samples: &[include_str!("../../../templates/quote.full.json"), include_str!("../../../templates/quote.bare.json")],
};

/// The values of the template. What there is not is null.
#[derive(Debug, Serialize)]
pub struct Content {
    /// As the call gave it.
    subject: Option<String>,
    /// As the call gave it.
    message: Option<String>,
    quote: Figures,
    client: Somebody,
    contact: Option<Somebody>,
    seller: Somebody,
    /// The quote in the client portal.
    portal_link: Option<String>,
    /// Whether the PDF goes with the mail.
    attached: bool,
}

/// The quote, as its reader sees it.
#[derive(Debug, Serialize)]
struct Figures {
    number: Option<String>,
    title: String,
    issued: Option<Date>,
    valid_until: Option<Date>,
    subtotal: String,
    discount: String,
    tax: String,
    total: String,
    currency: String,
}

#[derive(Debug, Serialize)]
struct Somebody {
    name: String,
    email: Option<String>,
    phone: Option<String>,
}

impl Content {
    /// What the mail of this quote says. No file goes with it yet.
    pub fn of(delivery: &Delivery, quote: &Quote) -> Self {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        let money = |amount| format_money(amount, &quote.currency);
        Self {
            subject: given(&delivery.subject),
            message: given(&delivery.message),
            quote: Figures {
                number: quote.number.clone(),
                title: quote.title.clone(),
                issued: quote.issued,
                valid_until: quote.valid_until,
                subtotal: money(quote.subtotal),
                discount: money(quote.discount_total),
                tax: money(quote.tax),
                total: money(quote.total),
                currency: quote.currency.clone(),
            },
            client: Somebody::of(&quote.client),
            contact: quote.contact.as_ref().map(Somebody::of),
            seller: Somebody::of(&quote.seller),
            portal_link: quote.portal_link.clone(),
            attached: false,
        }
    }

    /// Says whether the PDF goes with the mail.
    pub fn attached(self, attached: bool) -> Self {
        Self { attached, ..self }
    }
}

impl Somebody {
    fn of(party: &actwright_documents::Party) -> Self {
        Self { name: party.name.clone(), email: party.email.clone(), phone: party.phone.clone() }
    }
}

#[cfg(test)]
mod tests {
    use actwright_documents::Party;
    use actwright_runtime::template::{Templates, WrittenMail};
    use actwright_runtime::{Uuid, Value};

    use super::*;

    fn delivery() -> Delivery {
        Delivery {
            quote_id: Uuid::nil(),
            activity_id: Uuid::nil(),
            recipients: vec!["dana@contoso.example".to_owned()],
            subject: None,
            message: None,
            message_id: None,
        }
    }

    fn quote() -> Quote {
        Quote {
            number: Some("QUO-0001".to_owned()),
            title: "Firewall & <b>backup</b>".to_owned(),
            currency: "EUR".to_owned(),
            total: 123_450,
            seller: Party { name: "Northstar".to_owned(), ..Party::default() },
            client: Party { name: "Contoso".to_owned(), ..Party::default() },
            portal_link: Some("https://portal.example/quotes/1?a=1&b=\"2\"".to_owned()),
            ..Quote::default()
        }
    }

    fn written(content: &Content) -> WrittenMail {
        Templates::default().write(Uuid::nil(), &TEMPLATE, content).unwrap()
    }

    /// Whoever writes templates relies on the samples: they have the variables that a mail gets, and no others.
    #[test]
    fn samples_have_the_values_of_a_mail() {
        let keys = |value: &Value| -> Vec<String> {
            let mut keys = Vec::new();
            for (name, value) in value.as_object().into_iter().flatten() {
                keys.push(name.clone());
                keys.extend(value.as_object().into_iter().flatten().map(|(inner, _)| format!("{name}.{inner}")));
            }
            keys.sort();
            keys
        };
        let mut quote = quote();
        quote.contact = Some(Party::default());
        let content = serde_json::to_value(Content::of(&delivery(), &quote)).unwrap();
        let [full, bare] = TEMPLATE.samples else { panic!("two samples") };
        let (full, bare): (Value, Value) = (serde_json::from_str(full).unwrap(), serde_json::from_str(bare).unwrap());
        assert_eq!(keys(&full), keys(&content));
        let top = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(top(&bare), top(&full));
        let nulls: Vec<&str> =
            ["subject", "message", "contact", "portal_link"].into_iter().filter(|key| bare[*key].is_null()).collect();
        assert_eq!(nulls.len(), 4, "what may be null is null in the bare one");
    }

    /// What somebody wrote into a quote is text, never markup; the link stays inside its attribute.
    #[test]
    fn the_page_escapes_what_it_shows() {
        let mut delivery = delivery();
        delivery.message = Some("Dear Dana,\n<script>alert(1)</script>".to_owned());
        let mail = written(&Content::of(&delivery, &quote()));
        assert_eq!(mail.subject, "Quote QUO-0001: Firewall & <b>backup</b>");
        assert!(mail.text.starts_with("Dear Dana,\n<script>alert(1)</script>\n"), "{}", mail.text);
        assert!(!mail.html.contains("<script>") && !mail.html.contains("<b>backup"), "{}", mail.html);
        assert!(mail.html.contains("Dear Dana,<br>"), "{}", mail.html);
        assert!(!mail.html.contains("b=\"2\""), "{}", mail.html);
    }

    /// The mail promises an attachment only where there is one, and names neither number nor date that there is not.
    #[test]
    fn the_mail_says_what_is_so() {
        let with = written(&Content::of(&delivery(), &quote()).attached(true));
        assert!(with.text.contains("attached") && with.html.contains("attached"), "{with:?}");
        let mut bare = quote();
        (bare.number, bare.portal_link) = (None, None);
        let without = written(&Content::of(&delivery(), &bare));
        assert_eq!(without.subject, "Quote: Firewall & <b>backup</b>");
        assert!(!without.text.contains("attached") && !without.html.contains("attached"), "{without:?}");
        assert!(!without.text.contains("portal") && !without.text.contains("until"), "{}", without.text);
        assert!(!without.html.contains("href"), "{}", without.html);
    }
}
