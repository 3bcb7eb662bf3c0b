//! What actions on quotes share: the row and its states, its items and what they come to, its history, its document.

pub mod delivery;
pub mod detail;
pub mod document;
pub mod draft;
pub mod expiry;
pub mod history;
pub mod items;
pub mod mail;
pub mod pricing;
pub mod recipients;
pub mod record;
pub mod status;
pub mod template;
pub mod totals;
