//! What kinds of things can be wrong.

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be generated.
    Error,
    /// Somebody should mend it, or say why not.
    Warning,
    /// It could be better.
    Note,
}

impl Severity {
    /// As reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($name:ident = $id:literal, $severity:ident, $why:literal;)*) => {
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

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
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

    /// Whether it is found in specs that are right.
    pub fn is_lint(self) -> bool {
        self >= Self::BadSilence
    }

    /// Whether specs may have it for a reason that they give.
    pub fn is_silenceable(self) -> bool {
        self > Self::UnusedSilence
    }

    /// What it is, in a few words: the heading of its page.
    pub fn title(self) -> &'static str {
        let heading = self.page().lines().next().unwrap_or_default();
        heading.split_once(": ").map_or(heading, |(_, title)| title)
    }
}

codes! {
    UnreadableFile = "AW0001", Error, "A file that cannot be read as text cannot be a spec.";
    Syntax = "AW0002", Error, "A file that cannot be taken apart cannot be judged.";
    MisplacedFile = "AW0003", Error, "Where a file stands and what it declares must agree, so that people find it.";
    UnknownKey = "AW0101", Error, "A key that nobody reads is a spelling mistake.";
    MissingKey = "AW0102", Error, "The spec would not be complete without it.";
    WrongShape = "AW0103", Error, "The value is not of the kind that the key takes.";
    BadName = "AW0104", Error, "Names become identifiers in Rust and keys in JSON.";
    Duplicate = "AW0105", Error, "A name can mean one thing only.";
    BadText = "AW0106", Error, "Workflow authors read labels and descriptions.";
    UnknownType = "AW0201", Error, "A field needs a type that exists.";
    BadConstraint = "AW0202", Error, "A constraint that cannot hold, or that nothing enforces, is not accepted.";
    BadValue = "AW0203", Error, "A default or an example must be a value of its type.";
    BadPattern = "AW0204", Error, "A pattern must mean the same to the runtime and to JSON Schema.";
    EndlessType = "AW0205", Error, "A type that always holds itself has no value.";
    BadOutput = "AW0206", Error, "Outputs and events have every field that they declare.";
    TooLarge = "AW0207", Error, "A form with thousands of fields is filled in by nobody.";
    UnknownField = "AW0301", Error, "A path must lead to a declared field.";
    UnknownPicker = "AW0302", Error, "A picker must be declared in specs/pickers/, with all that narrows it.";
    UnknownPermission = "AW0303", Error, "A permission must be declared in specs/permissions.yaml.";
    UnknownEvent = "AW0304", Error, "An event must be declared in specs/events/.";
    UnknownTable = "AW0305", Error, "A table and its columns must be declared in specs/tables.yaml.";
    UnknownAction = "AW0306", Error, "The catalog lists actions that exist.";
    BadRule = "AW0401", Error, "A rule must be about fields that it can judge, and must be able to fail.";
    BadCondition = "AW0501", Error, "A condition must be able to hold, and to fail.";
    BadAudit = "AW0502", Error, "What writes is audited, and secrets are not stored.";
    BadIdempotency = "AW0503", Error, "The key must be a text that may be left out.";
    ReadOnly = "AW0504", Error, "An action that only reads is not audited and emits nothing.";
    BadEventKey = "AW0505", Error, "An event's key and subject must tell events apart, by fields that are always there.";
    NotInCatalog = "AW0601", Error, "An action outside the catalog cannot be chosen.";
    BadPicker = "AW0602", Error, "A picker searches text, and finds ids.";
    BadTable = "AW0603", Error, "Queries rest on what a table declares of itself.";

    BadSilence = "AW1001", Error, "A finding is silenced for a reason, which those who come later read.";
    UnusedSilence = "AW1002", Warning, "A silence without a finding hides the next one.";
    NoLabel = "AW1101", Warning, "A label made from a name is what forms show.";
    NoDescription = "AW1102", Warning, "Workflow authors choose and fill in by descriptions.";
    LabelWithoutVerb = "AW1103", Warning, "An action is found by what it does, so its label begins with the verb of its name.";
    DescriptionNoSentence = "AW1104", Note, "Descriptions are read one after the other: each is a sentence.";
    NoExample = "AW1201", Warning, "An example is what people copy, and what tests of the action begin with.";
    UnboundedList = "AW1301", Warning, "Somebody will send a list of a million.";
    UnboundedText = "AW1302", Note, "Somebody will send a text of a gigabyte.";
    UnboundedResult = "AW1303", Warning, "A list of everything is too long one day.";
    NothingAudited = "AW1401", Warning, "An audit that names the row and nothing of the change answers no question.";
    IdWithoutPicker = "AW1501", Warning, "Nobody types an id into a form.";
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
