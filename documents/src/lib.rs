//! Renders a sales quote as a PDF: plain data in, bytes out, without a database, a network or system fonts.
//!
//! ```
//! use actwright_documents::{Item, Party, Quote, render};
//!
//! let quote = Quote {
//!     number: Some("QUO-0001".to_owned()),
//!     title: "New firewall".to_owned(),
//!     currency: "USD".to_owned(),
//!     client: Party { name: "Emerald City".to_owned(), ..Party::default() },
//!     items: vec![Item {
//!         description: "Firewall appliance".to_owned(),
//!         quantity: 2,
//!         unit_price: 45_000,
//!         total: 90_000,
//!         ..Item::default()
//!     }],
//!     subtotal: 90_000,
//!     total: 90_000,
//!     ..Quote::default()
//! };
//! let pdf = render(&quote)?;
//! assert!(pdf.starts_with(b"%PDF-"));
//! # Ok::<(), actwright_documents::RenderError>(())
//! ```

mod fonts;
mod money;
mod page;
mod quote;
mod text;
mod typesetting;

pub use money::format_money;
pub use quote::{Discount, Item, Party, Quote};
pub use typesetting::RenderError;

/// Renders a quote as a PDF file (tagged, with title, author and language). Equal quotes give equal bytes.
///
/// No text of the quote is ever read as markup or code, and control characters in it are dropped.
///
/// # Errors
///
/// Fails only when the typesetting engine does, which no content of a quote should cause.
pub fn render(quote: &Quote) -> Result<Vec<u8>, RenderError> {
    typesetting::export(&typesetting::lay_out(&page::Page::new(quote))?)
}

// The samples of the example, which the tests render too, address this crate by its name.
#[cfg(test)]
extern crate self as actwright_documents;
#[cfg(test)]
mod tests;
