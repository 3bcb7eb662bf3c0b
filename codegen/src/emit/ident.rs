//! The one policy for identifiers in generated Rust.

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use proc_macro2::{Ident, Span};

/// A field, a module or a function.
pub fn snake(name: &str) -> Ident {
    keyword_safe(&name.to_snake_case())
}

/// A type or a variant.
pub fn pascal(name: &str) -> Ident {
    keyword_safe(&name.to_upper_camel_case())
}

/// A constant.
pub fn shouty(name: &str) -> Ident {
    Ident::new(&name.to_shouty_snake_case(), Span::call_site())
}

/// Raw where Rust reserves the word. The words that cannot even be raw are refused when specs are read.
fn keyword_safe(name: &str) -> Ident {
    // Since the edition of 2024, and not known to `syn` as such.
    let is_reserved = name == "gen";
    let plain = syn::parse_str::<Ident>(name).ok().filter(|_| !is_reserved);
    plain.unwrap_or_else(|| Ident::new_raw(name, Span::call_site()))
}

/// The name of the module of an action: versions after the first carry their number.
pub fn action_module(name: &str, version: u32) -> String {
    if version == 1 { name.to_owned() } else { format!("{name}_v{version}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names of specs may be words of Rust.
    #[test]
    fn keywords_become_raw() {
        assert_eq!(snake("type").to_string(), "r#type");
        assert_eq!(snake("gen").to_string(), "r#gen");
        assert_eq!(snake("startTime").to_string(), "start_time");
        assert_eq!(pascal("client_visible").to_string(), "ClientVisible");
        assert_eq!(shouty("type").to_string(), "TYPE");
    }
}
