//! What kinds of things can be wrong.

macro_rules! codes {
    ($($name:ident = $id:literal, $why:literal;)*) => {
        /// What kind of thing is wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $why] $name,)*
        }

        impl Code {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As people search for it.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Why it matters, in a sentence.
            pub fn why(self) -> &'static str {
                match self { $(Self::$name => $why,)* }
            }

            /// The page about it, in Markdown.
            pub fn page(self) -> &'static str {
                match self { $(Self::$name => include_str!(concat!("../../../docs/errors/", $id, ".md")),)* }
            }
        }
    };
}

impl Code {
    /// The one with this id, in any letter case.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.id().eq_ignore_ascii_case(id))
    }

    /// What it is, in a few words: the heading of its page.
    pub fn title(self) -> &'static str {
        let heading = self.page().lines().next().unwrap_or_default();
        heading.split_once(": ").map_or(heading, |(_, title)| title)
    }
}

codes! {
    UnreadableFile = "AW0001", "A file that cannot be read as text cannot be a spec.";
    Syntax = "AW0002", "The file is not valid YAML.";
    MisplacedFile = "AW0003", "Where a file stands and what it declares must agree, so that people find it.";
    UnknownKey = "AW0101", "A key that nobody reads is a spelling mistake.";
    MissingKey = "AW0102", "The spec would not be complete without it.";
    WrongShape = "AW0103", "The value is not of the kind that the key takes.";
    BadName = "AW0104", "Names become identifiers in Rust and keys in JSON.";
    Duplicate = "AW0105", "A name can mean one thing only.";
    BadText = "AW0106", "Workflow authors read labels and descriptions.";
    UnknownType = "AW0201", "A field needs a type that exists.";
    BadConstraint = "AW0202", "A constraint that cannot hold, or that nothing enforces, is not accepted.";
    BadValue = "AW0203", "A default or an example must be a value of its type.";
    BadPattern = "AW0204", "A pattern must mean the same to the runtime and to JSON Schema.";
    EndlessType = "AW0205", "A type that always holds itself has no value.";
    BadOutput = "AW0206", "Outputs and events have every field that they declare.";
    UnknownField = "AW0301", "A path must lead to a declared field.";
    UnknownPicker = "AW0302", "A picker must be declared in specs/pickers/, with all that narrows it.";
    UnknownPermission = "AW0303", "A permission must be declared in specs/permissions.yaml.";
    UnknownEvent = "AW0304", "An event must be declared in specs/events/.";
    UnknownTable = "AW0305", "A table and its columns must be declared in specs/tables.yaml.";
    UnknownAction = "AW0306", "The catalog lists actions that exist.";
    BadRule = "AW0401", "A rule must be about fields that it can judge, and must be able to fail.";
    BadCondition = "AW0501", "A condition must be able to hold, and to fail.";
    BadAudit = "AW0502", "What writes is audited, and secrets are not stored.";
    BadIdempotency = "AW0503", "The key must be a text that may be left out.";
    ReadOnly = "AW0504", "An action that only reads is not audited and emits nothing.";
    BadEventKey = "AW0505", "An event's key must tell events apart, by fields that are always there.";
    NotInCatalog = "AW0601", "An action outside the catalog cannot be chosen.";
    BadPicker = "AW0602", "A picker searches text, and finds ids.";
    BadTable = "AW0603", "Queries rest on what a table declares of itself.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_told_apart() {
        let ids: BTreeSet<&str> = Code::ALL.iter().map(|code| code.id()).collect();
        assert_eq!(ids.len(), Code::ALL.len());
        assert!(Code::ALL.windows(2).all(|pair| pair[0].id() < pair[1].id()), "in order");
    }
}
