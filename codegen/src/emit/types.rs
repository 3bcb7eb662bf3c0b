//! Rust types and their static descriptions.

use std::collections::BTreeSet;

use heck::ToUpperCamelCase;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;

use super::ident::{pascal, snake};
use crate::model::{Field, Item, NamedType, Presence, Shape, StringType, Type};

/// What a record is used for: it decides which code it needs.
#[derive(Debug, Clone, Copy)]
pub struct Use {
    pub input: bool,
    pub output: bool,
}

/// Which file records go into. In those of several records, types held in place carry the name of their owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Action,
    Types,
    Events,
}

/// Emits records, and the types that their fields hold in place.
pub struct Records<'m> {
    named: &'m [NamedType],
    file: FileKind,
    /// The shared type that is under way: where it holds itself, it has to be boxed.
    within: Option<String>,
    taken: BTreeSet<String>,
    emitted: Vec<TokenStream>,
}

impl<'m> Records<'m> {
    pub fn new(named: &'m [NamedType], file: FileKind, reserved: impl IntoIterator<Item = String>) -> Self {
        Self { named, file, within: None, taken: reserved.into_iter().collect(), emitted: Vec::new() }
    }

    /// Says which shared type the next record is.
    pub fn enter(&mut self, name: &str) {
        self.within = Some(name.to_owned());
    }

    /// Types held in place, in the order of their fields.
    pub fn finish(self) -> TokenStream {
        self.emitted.into_iter().collect()
    }

    /// A struct with what its use needs. `docs` says whether fields are documented.
    pub fn record(&mut self, name: &Ident, doc: &str, fields: &[Field], of: Use, docs: bool) -> TokenStream {
        let mut members = Vec::new();
        let mut constants = Vec::new();
        for field in fields {
            let (rust, described) = self.ty(&field.ty, &field.name, &name.to_string(), of);
            let ident = snake(&field.name);
            let ty = presented(field, rust);
            let rename =
                (of.output && ident.to_string().trim_start_matches("r#") != field.name).then(|| rename(&field.name));
            let doc = docs.then(|| doc_of(field)).map(|text| doc_attribute(&text));
            members.push(quote!(#doc #rename pub #ident: #ty,));
            constants.push(field_constant(field, &described));
        }
        let serialize = of.output.then(|| quote!(, ::serde::Serialize));
        let doc = docs.then(|| doc_attribute(doc));
        let secrets = fields.iter().any(|field| field.secret);
        let debug = (!secrets).then(|| quote!(Debug,));
        let mut tokens = quote! {
            #doc
            #[derive(#debug Clone, PartialEq #serialize)]
            pub struct #name { #(#members)* }
        };
        if secrets {
            tokens.extend(debug_without_secrets(name, fields));
        }
        if of.input {
            let idents: Vec<Ident> = fields.iter().map(|field| snake(&field.name)).collect();
            let reader = if idents.is_empty() { quote!(_) } else { quote!(reader) };
            tokens.extend(quote! {
                impl decode::Record for #name {
                    const FIELDS: &'static [spec::Field] = &[#(#constants),*];
                    fn decode(#reader: &mut decode::Reader<'_>) -> Self {
                        Self { #(#idents: #reader.take()),* }
                    }
                }
            });
        }
        tokens
    }

    /// The Rust type of a field that only goes out.
    pub fn rust_type(&mut self, field: &Field, owner: &str) -> TokenStream {
        let (rust, _) = self.ty(&field.ty, &field.name, owner, Use { input: false, output: true });
        presented(field, rust)
    }

    /// One-line delegation, for records that fields hold.
    pub fn decode_record(name: &Ident) -> TokenStream {
        quote! {
            impl decode::Decode for #name {
                fn decode(node: decode::Node<'_>) -> Self { decode::record(node) }
            }
        }
    }

    /// The Rust type, and its static description.
    fn ty(&mut self, ty: &Type, field: &str, owner: &str, of: Use) -> (TokenStream, TokenStream) {
        match ty {
            Type::Uuid => (quote!(::actwright_runtime::Uuid), quote!(spec::Type::Uuid)),
            Type::Boolean => (quote!(bool), quote!(spec::Type::Boolean)),
            Type::DateTime => (quote!(::actwright_runtime::Timestamp), quote!(spec::Type::DateTime)),
            Type::Date => (quote!(::actwright_runtime::Date), quote!(spec::Type::Date)),
            Type::Email => (quote!(::std::string::String), quote!(spec::Type::Email)),
            Type::Json => (quote!(::actwright_runtime::Value), quote!(spec::Type::Json)),
            Type::String(text) => (quote!(::std::string::String), text_constant(text)),
            Type::Integer { min, max } | Type::Money { min, max } => {
                let (min, max) = (Literal::i64_unsuffixed(*min), Literal::i64_unsuffixed(*max));
                (quote!(i64), quote!(spec::Type::Integer(#min, #max)))
            }
            Type::Number { min, max } => {
                let (min, max) = (bound(*min), bound(*max));
                (quote!(f64), quote!(spec::Type::Number(#min, #max)))
            }
            Type::List { items, min_items, max_items, unique } => {
                let (rust, item) = self.item(items, field, owner, of);
                let (min, max) = (count(min_items.unwrap_or(0)), most(*max_items));
                let unique = unique.then(|| quote!(.unique()));
                (quote!(::std::vec::Vec<#rust>), quote!(spec::Type::List(spec::List::new(#item, #min, #max) #unique)))
            }
            Type::Map(values) => {
                let (rust, item) = self.item(values, field, owner, of);
                let map = quote!(::std::collections::BTreeMap<::std::string::String, #rust>);
                (map, quote!(spec::Type::Map(#item)))
            }
            Type::Enum(values) => {
                let name = self.name(field, owner);
                let doc = format!("Values of `{field}`.");
                let tokens = enumeration(&name, &doc, values, Use { input: of.input, output: of.output });
                self.emitted.push(tokens);
                (quote!(#name), quote!(spec::Type::enumeration::<#name>()))
            }
            Type::Object(fields) => {
                let name = self.name(field, owner);
                let mut tokens = self.record(&name, &format!("The fields of `{field}`."), fields, of, false);
                if of.input {
                    tokens.extend(Self::decode_record(&name));
                }
                self.emitted.push(tokens);
                (quote!(#name), quote!(spec::Type::object::<#name>()))
            }
            Type::Ref(name) => self.reference(name),
        }
    }

    fn reference(&self, name: &str) -> (TokenStream, TokenStream) {
        let ident = pascal(name);
        let path = if self.file == FileKind::Types { quote!(#ident) } else { quote!(crate::types::#ident) };
        match self.named.iter().find(|named| named.name == name).map(|named| &named.shape) {
            Some(Shape::Enum(_)) => (quote!(#path), quote!(spec::Type::enumeration::<#path>())),
            _ if self.within.as_ref().is_some_and(|root| self.reaches(name, root, &mut BTreeSet::new())) => {
                (quote!(::std::boxed::Box<#path>), quote!(spec::Type::object::<#path>()))
            }
            _ => (quote!(#path), quote!(spec::Type::object::<#path>())),
        }
    }

    /// Whether a type holds another in itself, not in a list: then one of them has to be boxed.
    fn reaches(&self, from: &str, target: &str, seen: &mut BTreeSet<String>) -> bool {
        if from == target {
            return true;
        }
        if !seen.insert(from.to_owned()) {
            return false;
        }
        let Some(Shape::Object(fields)) = self.named.iter().find(|one| one.name == from).map(|one| &one.shape) else {
            return false;
        };
        self.any_reaches(fields, target, seen)
    }

    fn any_reaches(&self, fields: &[Field], target: &str, seen: &mut BTreeSet<String>) -> bool {
        fields.iter().any(|field| match &field.ty {
            Type::Ref(name) => self.reaches(name, target, seen),
            Type::Object(inner) => self.any_reaches(inner, target, seen),
            _ => false,
        })
    }

    fn item(&mut self, item: &Item, field: &str, owner: &str, of: Use) -> (TokenStream, TokenStream) {
        let (rust, described) = self.ty(&item.ty, field, owner, of);
        let rust = if item.nullable { quote!(::core::option::Option<#rust>) } else { rust };
        let nullable = item.nullable.then(|| quote!(.nullable()));
        (rust, quote!(spec::Item::of(&#described)#nullable))
    }

    /// A name that is free: that of the field, else with its owner's before it.
    fn name(&mut self, field: &str, owner: &str) -> Ident {
        let plain = field.to_upper_camel_case();
        let long = format!("{owner}{plain}");
        let candidates = if self.file == FileKind::Action { vec![plain, long.clone()] } else { vec![long.clone()] };
        let numbered = (2..).map(|number| format!("{long}{number}"));
        let free = candidates.into_iter().chain(numbered).find(|name| !self.taken.contains(name));
        let name = free.unwrap_or(long);
        self.taken.insert(name.clone());
        pascal(&name)
    }
}

/// An enum with its texts.
pub fn enumeration(name: &Ident, doc: &str, values: &[String], of: Use) -> TokenStream {
    let variants: Vec<Ident> = values.iter().map(|value| pascal(value)).collect();
    let doc = doc_attribute(doc);
    let mut tokens = quote! {
        #doc
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum #name { #(#variants),* }

        impl #name {
            /// As JSON has it.
            pub fn as_str(self) -> &'static str {
                <Self as decode::Enumeration>::NAMES[self as usize]
            }
        }
    };
    tokens.extend(quote! {
        impl decode::Enumeration for #name {
            const VALUES: &'static [Self] = &[#(Self::#variants),*];
            const NAMES: &'static [&'static str] = &[#(#values),*];
        }
    });
    if of.input {
        tokens.extend(quote! {
            impl decode::Decode for #name {
                fn decode(node: decode::Node<'_>) -> Self { decode::enumeration(node) }
            }
        });
    }
    if of.output {
        tokens.extend(quote! {
            impl ::serde::Serialize for #name {
                fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.as_str())
                }
            }
        });
    }
    tokens
}

/// The type with what its presence adds.
fn presented(field: &Field, rust: TokenStream) -> TokenStream {
    match (&field.presence, field.nullable) {
        (Presence::Optional, true) => quote!(::actwright_runtime::Update<#rust>),
        (Presence::Optional, false) | (_, true) => quote!(::core::option::Option<#rust>),
        _ => rust,
    }
}

/// Prints a record without its secrets, so that a line in a log is no leak.
fn debug_without_secrets(name: &Ident, fields: &[Field]) -> TokenStream {
    let shown = fields.iter().map(|field| {
        let (key, ident) = (&field.name, snake(&field.name));
        if field.secret { quote!(.field(#key, &"[redacted]")) } else { quote!(.field(#key, &self.#ident)) }
    });
    let text = name.to_string();
    quote! {
        impl ::core::fmt::Debug for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(#text)#(#shown)*.finish()
            }
        }
    }
}

fn field_constant(field: &Field, ty: &TokenStream) -> TokenStream {
    let name = &field.name;
    let base = match &field.presence {
        Presence::Required => quote!(spec::Field::required(#name, #ty)),
        Presence::Optional => quote!(spec::Field::optional(#name, #ty)),
        Presence::Default(value) => {
            let json = value.to_string();
            quote!(spec::Field::defaulted(#name, #ty, #json))
        }
    };
    let nullable = field.nullable.then(|| quote!(.nullable()));
    let secret = field.secret.then(|| quote!(.secret()));
    let picker = field.picker.as_ref().map(|picker| {
        let kind = &picker.kind;
        quote!(.picker(#kind))
    });
    quote!(#base #nullable #secret #picker)
}

fn text_constant(text: &StringType) -> TokenStream {
    if *text == (StringType { multiline: text.multiline, ..StringType::default() }) {
        return quote!(spec::Type::TEXT);
    }
    if *text == (StringType { multiline: text.multiline, min_length: Some(1), ..StringType::default() }) {
        return quote!(spec::Type::NON_EMPTY);
    }
    let (min, max) = (count(text.min_length.unwrap_or(0)), most(text.max_length));
    let trimmed = text.trimmed.then(|| quote!(.trimmed()));
    let pattern = text.pattern.as_ref().map(|pattern| quote!(.pattern(#pattern)));
    quote!(spec::Type::String(spec::Text::new(#min, #max)#trimmed #pattern))
}

fn bound(bound: Option<f64>) -> TokenStream {
    match bound {
        Some(number) => {
            let number = Literal::f64_unsuffixed(number);
            quote!(::core::option::Option::Some(#number))
        }
        None => quote!(::core::option::Option::None),
    }
}

fn count(count: u64) -> Literal {
    Literal::u64_unsuffixed(count)
}

fn most(max: Option<u64>) -> TokenStream {
    match max {
        Some(max) => {
            let max = count(max);
            quote!(#max)
        }
        None => quote!(spec::ANY),
    }
}

pub fn rename(name: &str) -> TokenStream {
    quote!(#[serde(rename = #name)])
}

/// What a field is, on one line.
fn doc_of(field: &Field) -> String {
    field.description.clone().unwrap_or_else(|| format!("{}.", field.label))
}

/// A doc comment, as prettyplease wants it.
pub fn doc_attribute(text: &str) -> TokenStream {
    let line = format!(" {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
    let line: String = line.chars().filter(|letter| !turns_text(*letter)).collect();
    quote!(#[doc = #line])
}

/// Whether a character changes the direction in which text is shown: the compiler refuses those, since code with them does
/// not read as it runs.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
