//! Everything beside the actions' modules: the pack, shared types, events, pickers and tables.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

use super::ident::{action_module, pascal, shouty, snake};
use super::types::{FileKind, Records, Use, doc_attribute, enumeration, rename};
use crate::model::{
    Authorization, Column, ColumnType, Event, Model, NamedType, Parent, Picker, Presence, Scope, Shape, Table,
};

/// `lib.rs`.
pub fn library(model: &Model, modules: &[&str]) -> TokenStream {
    let modules_idents: Vec<Ident> = modules.iter().map(|module| snake(module)).collect();
    let module_docs = modules.iter().map(|module| doc_attribute(&format!("Actions of the module `{module}`.")));
    let paths: Vec<TokenStream> = model
        .actions
        .iter()
        .map(|action| {
            let (module, name) = (snake(&action.module), snake(&action_module(&action.name, action.version)));
            quote!(#module::#name)
        })
        .collect();
    quote! {
        #![doc = " The API of the actions that `specs/` declares: types, bodies to implement, registry."]
        #![allow(missing_docs, reason = "fields are described in the schemas and in the reference")]

        #(#module_docs #[rustfmt::skip] pub mod #modules_idents;)*
        #[rustfmt::skip]
        pub mod events;
        #[rustfmt::skip]
        pub mod pickers;
        #[rustfmt::skip]
        pub mod tables;
        #[rustfmt::skip]
        pub mod types;

        #[doc = " All actions with the bodies of `B`, pickers and tables. Jobs and migrations are the pack's own to add."]
        #[rustfmt::skip]
        pub fn pack<B>() -> ::actwright_runtime::Pack
        where
            B: #(#paths::Body +)*
        {
            ::actwright_runtime::Pack {
                actions: ::std::vec::Vec::from([#(#paths::entry::<B>()),*]),
                pickers: pickers::ALL,
                tables: tables::ALL,
                catalog: ::core::include_str!("../catalog.json"),
                migrations: ::core::option::Option::None,
                jobs: ::std::vec::Vec::new(),
            }
        }
    }
}

/// `<module>.rs`.
pub fn action_modules(names: &[String]) -> TokenStream {
    let idents = names.iter().map(|name| snake(name));
    quote!(#(pub mod #idents;)*)
}

/// `types.rs`.
pub fn types(model: &Model) -> TokenStream {
    let reserved = model.types.iter().map(|named| named.name.clone());
    let mut records = Records::new(&model.types, FileKind::Types, reserved);
    let all: Vec<TokenStream> = model.types.iter().map(|named| named_type(&mut records, named)).collect();
    let held = records.finish();
    quote! {
        #![doc = " Types that several actions share."]
        #[allow(unused_imports, reason = "not every kind of type needs both")]
        use ::actwright_runtime::{decode, spec};
        #(#all)*
        #held
    }
}

fn named_type(records: &mut Records<'_>, named: &NamedType) -> TokenStream {
    let name = pascal(&named.name);
    let doc = named.description.clone().unwrap_or_else(|| format!("See {}.", named.source));
    let of = Use { input: named.used_in_input, output: named.used_in_output };
    match &named.shape {
        Shape::Enum(values) => enumeration(&name, &doc, values, of),
        Shape::Object(fields) => {
            records.enter(&named.name);
            let mut tokens = records.record(&name, &doc, fields, of, true);
            if of.input {
                tokens.extend(Records::decode_record(&name));
            }
            tokens
        }
    }
}

/// `events.rs`.
pub fn events(model: &Model) -> TokenStream {
    let reserved = model.events.iter().map(|event| pascal(&event.name.to_lowercase()).to_string());
    let mut records = Records::new(&model.types, FileKind::Events, reserved);
    let all: Vec<TokenStream> = model.events.iter().map(|event| self::event(&mut records, event)).collect();
    let held = records.finish();
    quote! {
        #![doc = " Events that actions emit, as their payloads go over the wire."]
        #[allow(unused_imports, reason = "only enums need it")]
        use ::actwright_runtime::decode;
        #(#all)*
        #held
    }
}

fn event(records: &mut Records<'_>, event: &Event) -> TokenStream {
    let ident = pascal(&event.name.to_lowercase());
    let name = &event.name;
    let doc = event.description.clone().unwrap_or_else(|| format!("The event `{name}`."));
    let members = event.payload.iter().map(|field| {
        let (ident_of_field, ty) = (snake(&field.name), records.rust_type(field, &ident.to_string()));
        let rename = (ident_of_field != field.name.as_str()).then(|| rename(&field.name));
        let skip = (field.presence != Presence::Required)
            .then(|| quote!(#[serde(skip_serializing_if = "::core::option::Option::is_none")]));
        let doc = doc_attribute(&field.description.clone().unwrap_or_else(|| format!("{}.", field.label)));
        quote!(#doc #rename #skip pub #ident_of_field: #ty,)
    });
    let members: Vec<TokenStream> = members.collect();
    let template_of = |name: &str, template: &str| {
        let (name, (format, arguments)) = (snake(name), filled(event, template));
        quote!(fn #name(&self) -> ::std::string::String { ::std::format!(#format #(, #arguments)*) })
    };
    let key = template_of("key", &event.key);
    let subject = event.subject.as_deref().map(|template| template_of("subject", template));
    let doc = doc_attribute(&doc);
    quote! {
        #doc
        #[derive(Debug, Clone, PartialEq, ::serde::Serialize)]
        pub struct #ident { #(#members)* }

        impl ::actwright_runtime::Event for #ident {
            const NAME: &'static str = #name;
            #key
            #subject
        }
    }
}

/// A template over the payload as a format string with its arguments.
fn filled(event: &Event, template: &str) -> (String, Vec<TokenStream>) {
    let mut format = String::new();
    let mut arguments = Vec::new();
    let mut rest = template;
    while let Some((text, after)) = rest.split_once('{') {
        format.push_str(text);
        let Some((name, tail)) = after.split_once('}') else { break };
        let field = snake(name);
        format.push_str("{}");
        let is_enum = event.payload.iter().any(|one| one.name == name && matches!(one.ty, crate::model::Type::Enum(_)));
        arguments.push(if is_enum { quote!(self.#field.as_str()) } else { quote!(self.#field) });
        rest = tail;
    }
    format.push_str(rest);
    (format, arguments)
}

/// `pickers.rs`.
pub fn pickers(model: &Model) -> TokenStream {
    let all = model.pickers.iter().map(picker);
    quote! {
        #![doc = " Lists of rows that forms choose from."]
        #[doc = " All pickers, by kind."]
        pub static ALL: &[::actwright_runtime::spec::PickerSpec] = &[#(#all),*];
    }
}

fn picker(picker: &Picker) -> TokenStream {
    let Picker { kind, label, hint, id, label_template, search, permission: (resource, action), .. } = picker;
    let table = snake(&picker.table);
    let fallback = option(picker.label_fallback.as_deref());
    let detail = option(picker.detail.as_deref());
    let filter = picker.filter.iter().map(|(column, value)| {
        let value = value.to_string();
        quote!((#column, #value))
    });
    let depends_on = picker.depends_on.iter().map(|(field, column)| quote!((#field, #column)));
    quote! {
        ::actwright_runtime::spec::PickerSpec {
            kind: #kind,
            label: #label,
            hint: #hint,
            table: &crate::tables::#table::TABLE,
            id: #id,
            label_template: #label_template,
            label_fallback: #fallback,
            detail: #detail,
            search: &[#(#search),*],
            filter: &[#(#filter),*],
            depends_on: &[#(#depends_on),*],
            permission: (#resource, #action),
        }
    }
}

fn option(text: Option<&str>) -> TokenStream {
    match text {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}

/// `tables.rs`.
pub fn tables(model: &Model) -> TokenStream {
    let modules = model.tables.iter().map(table);
    let all = model.tables.iter().map(|table| {
        let module = snake(&table.name);
        quote!(&#module::TABLE)
    });
    quote! {
        #![doc = " Tables and columns. The tenant's column is not among them: every statement carries it by itself."]
        #[doc = " All tables, by name."]
        pub static ALL: &[&::actwright_runtime::query::Table] = &[#(#all),*];
        #(#modules)*
    }
}

fn table(table: &Table) -> TokenStream {
    let (name, key) = (&table.name, &table.key);
    let module = snake(name);
    let doc = doc_attribute(&table.description.clone().unwrap_or_else(|| format!("The table `{name}`.")));
    let scope = match &table.scope {
        Scope::Tenant => quote!(query::Scope::Tenant),
        Scope::System => quote!(query::Scope::System),
        Scope::Through(Parent { column, table, key }) => {
            quote!(query::Scope::Through(query::Parent { column: #column, table: #table, key: #key }))
        }
    };
    let specs = table.columns.iter().map(|column| {
        let (name, nullable) = (&column.name, column.nullable);
        let ty = format_ident!("{}", format!("{:?}", column.ty));
        quote!(query::ColumnSpec { name: #name, ty: query::ColumnType::#ty, nullable: #nullable })
    });
    let authorization = match &table.authorization {
        None => quote!(::core::option::Option::None),
        Some(Authorization { resources, owner, client }) => {
            let (owner, client) = (option(owner.as_deref()), option(client.as_deref()));
            quote!(::core::option::Option::Some(query::Authorization {
                resources: &[#(#resources),*], owner: #owner, client: #client,
            }))
        }
    };
    let constants = table.columns.iter().enumerate().map(|(index, column)| column_constant(index, column));
    quote! {
        #doc
        pub mod #module {
            use ::actwright_runtime::query;

            #[doc = " The table itself."]
            pub static TABLE: query::Table = query::Table {
                name: #name,
                scope: #scope,
                key: &[#(#key),*],
                columns: &[#(#specs),*],
                authorization: #authorization,
            };
            #(#constants)*
        }
    }
}

fn column_constant(index: usize, column: &Column) -> TokenStream {
    let name = shouty(&column.name);
    let doc = doc_attribute(&format!("The column `{}`.", column.name));
    let index = Literal::usize_unsuffixed(index);
    let ty = match column.ty {
        ColumnType::Uuid => quote!(::actwright_runtime::Uuid),
        ColumnType::Text => quote!(::std::string::String),
        ColumnType::Integer | ColumnType::Bigint => quote!(i64),
        ColumnType::Boolean => quote!(bool),
        ColumnType::Timestamp => quote!(::actwright_runtime::Timestamp),
        ColumnType::Date => quote!(::actwright_runtime::Date),
        ColumnType::Decimal => quote!(::actwright_runtime::Decimal),
        ColumnType::Json => quote!(::actwright_runtime::Value),
        ColumnType::TextArray => quote!(::std::vec::Vec<::std::string::String>),
    };
    let ty = if column.nullable { quote!(::core::option::Option<#ty>) } else { ty };
    quote! {
        #doc
        pub const #name: query::Column<#ty> = query::Column::new(&TABLE, #index);
    }
}
