//! Differences of fields and their types, to any depth.

use super::{Changes, Place, Rule};
use crate::model::{Field, Item, Presence, Shape, StringType, Type};

/// Which way values go: into an action, or out to those who read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Input,
    Output,
    Event,
}

/// What can happen to the values that a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    NullAdmitted,
    NullRefused,
    /// Every value of the old type is one of the new.
    TypeWidened,
    /// Every value of the new type is one of the old.
    TypeNarrowed,
    /// Neither.
    TypeChanged,
    ValueAdded,
    ValueRemoved,
    RangeWidened,
    RangeNarrowed,
    LengthWidened,
    LengthNarrowed,
    ItemsWidened,
    ItemsNarrowed,
    PatternRemoved,
    PatternChanged,
}

impl Direction {
    /// What a turn is called in this direction.
    fn rule(self, turn: Turn) -> Rule {
        match self {
            Self::Input => match turn {
                Turn::NullAdmitted => Rule::InputNullAdmitted,
                Turn::NullRefused => Rule::InputNullRefused,
                Turn::TypeWidened => Rule::InputTypeWidened,
                Turn::TypeNarrowed | Turn::TypeChanged => Rule::InputTypeChanged,
                Turn::ValueAdded => Rule::InputValueAdded,
                Turn::ValueRemoved => Rule::InputValueRemoved,
                Turn::RangeWidened => Rule::InputRangeWidened,
                Turn::RangeNarrowed => Rule::InputRangeNarrowed,
                Turn::LengthWidened => Rule::InputLengthWidened,
                Turn::LengthNarrowed => Rule::InputLengthNarrowed,
                Turn::ItemsWidened => Rule::InputItemsWidened,
                Turn::ItemsNarrowed => Rule::InputItemsNarrowed,
                Turn::PatternRemoved => Rule::InputPatternRemoved,
                Turn::PatternChanged => Rule::InputPatternChanged,
            },
            Self::Output => match turn {
                Turn::NullAdmitted => Rule::OutputNullAdmitted,
                Turn::NullRefused => Rule::OutputNullExcluded,
                Turn::TypeNarrowed => Rule::OutputTypeNarrowed,
                Turn::TypeWidened | Turn::TypeChanged => Rule::OutputTypeChanged,
                Turn::ValueAdded => Rule::OutputValueAdded,
                Turn::ValueRemoved => Rule::OutputValueRemoved,
                Turn::RangeNarrowed | Turn::LengthNarrowed | Turn::ItemsNarrowed => Rule::OutputBoundsNarrowed,
                Turn::RangeWidened
                | Turn::LengthWidened
                | Turn::ItemsWidened
                | Turn::PatternRemoved
                | Turn::PatternChanged => Rule::OutputBoundsWidened,
            },
            Self::Event => match turn {
                Turn::NullAdmitted => Rule::EventNullAdmitted,
                Turn::NullRefused => Rule::EventNullExcluded,
                Turn::TypeNarrowed => Rule::EventTypeNarrowed,
                Turn::TypeWidened | Turn::TypeChanged => Rule::EventTypeChanged,
                Turn::ValueAdded => Rule::EventValueAdded,
                Turn::ValueRemoved => Rule::EventValueRemoved,
                Turn::RangeNarrowed | Turn::LengthNarrowed | Turn::ItemsNarrowed => Rule::EventBoundsNarrowed,
                Turn::RangeWidened
                | Turn::LengthWidened
                | Turn::ItemsWidened
                | Turn::PatternRemoved
                | Turn::PatternChanged => Rule::EventBoundsWidened,
            },
        }
    }

    fn added(self, field: &Field) -> Rule {
        match (self, &field.presence) {
            (Self::Input, Presence::Required) => Rule::InputRequiredFieldAdded,
            (Self::Input, _) => Rule::InputOptionalFieldAdded,
            (Self::Output, _) => Rule::OutputFieldAdded,
            (Self::Event, _) => Rule::EventFieldAdded,
        }
    }

    fn removed(self) -> Rule {
        match self {
            Self::Input => Rule::InputFieldRemoved,
            Self::Output => Rule::OutputFieldRemoved,
            Self::Event => Rule::EventFieldRemoved,
        }
    }
}

/// Compares the fields of a record.
pub(super) fn compare(
    changes: &mut Changes<'_>,
    place: &Place<'_>,
    direction: Direction,
    path: &str,
    records: (&[Field], &[Field]),
) {
    Comparison { changes, place, direction, looked_into: Vec::new() }.records(path, records);
}

struct Comparison<'c, 'm> {
    changes: &'c mut Changes<'m>,
    place: &'c Place<'c>,
    direction: Direction,
    /// Pairs of named types that are being compared: a type may hold itself.
    looked_into: Vec<(String, String)>,
}

impl Comparison<'_, '_> {
    fn add(&mut self, path: &str, rule: Rule, detail: impl Into<String>) {
        self.changes.add(self.place, path, rule, detail);
    }

    fn turn(&mut self, path: &str, turn: Turn, detail: impl Into<String>) {
        let rule = self.direction.rule(turn);
        self.add(path, rule, detail);
    }

    fn records(&mut self, path: &str, (old, new): (&[Field], &[Field])) {
        for before in old {
            let path = format!("{path}.{}", before.name);
            match new.iter().find(|after| after.name == before.name) {
                Some(after) => self.field(&path, before, after),
                None => self.add(&path, self.direction.removed(), "it is gone"),
            }
        }
        for after in new.iter().filter(|after| !old.iter().any(|before| before.name == after.name)) {
            self.add(&format!("{path}.{}", after.name), self.direction.added(after), "it is new");
        }
    }

    fn field(&mut self, path: &str, old: &Field, new: &Field) {
        if (&old.label, &old.description) != (&new.label, &new.description) {
            self.add(path, Rule::TextChanged, "its label or description");
        }
        self.presence(path, &old.presence, &new.presence);
        let secret = match self.direction {
            Direction::Input => Some((Rule::InputSecretAdded, Rule::InputSecretRemoved)),
            Direction::Output => Some((Rule::OutputSecretAdded, Rule::OutputSecretRemoved)),
            Direction::Event => None,
        };
        match (secret, old.secret, new.secret) {
            (Some((added, _)), false, true) => self.add(path, added, "it is secret now"),
            (Some((_, removed)), true, false) => self.add(path, removed, "it is no longer secret"),
            _ => {}
        }
        if old.picker != new.picker && self.direction == Direction::Input {
            self.add(path, Rule::InputPickerChanged, "it is picked in another way");
        }
        self.item(path, (&old.ty, old.nullable), (&new.ty, new.nullable));
    }

    fn presence(&mut self, path: &str, old: &Presence, new: &Presence) {
        use Presence::{Default, Optional, Required};
        let rule = match (self.direction, old, new) {
            (Direction::Output, ..) => return,
            (Direction::Event, Required, Optional | Default(_)) => Rule::EventFieldMadeOptional,
            (Direction::Event, Optional | Default(_), Required) => Rule::EventFieldMadeRequired,
            (Direction::Event, ..) => return,
            (Direction::Input, Required, Optional | Default(_)) => Rule::InputFieldMadeOptional,
            (Direction::Input, Optional | Default(_), Required) => Rule::InputFieldMadeRequired,
            (Direction::Input, old, new) if old != new => Rule::InputDefaultChanged,
            (Direction::Input, ..) => return,
        };
        self.add(path, rule, format!("{} became {}", presence(old), presence(new)));
    }

    fn item(&mut self, path: &str, (old, old_null): (&Type, bool), (new, new_null): (&Type, bool)) {
        match (old_null, new_null) {
            (false, true) => self.turn(path, Turn::NullAdmitted, "it may be null now"),
            (true, false) => self.turn(path, Turn::NullRefused, "it is never null now"),
            _ => {}
        }
        self.types(path, old, new);
    }

    fn types(&mut self, path: &str, old: &Type, new: &Type) {
        if let (Type::Ref(before), Type::Ref(after)) = (old, new) {
            let pair = (before.clone(), after.clone());
            if self.looked_into.contains(&pair) {
                return;
            }
            self.looked_into.push(pair);
            self.shapes(path, old, new);
            self.looked_into.pop();
        } else {
            self.shapes(path, old, new);
        }
    }

    fn shapes(&mut self, path: &str, old: &Type, new: &Type) {
        let (old_values, new_values) = (values(&self.changes.before, old), values(&self.changes.after, new));
        let (old_fields, new_fields) = (fields(&self.changes.before, old), fields(&self.changes.after, new));
        if let (Some(old), Some(new)) = (old_fields, new_fields) {
            return self.records(path, (&old, &new));
        }
        if let (Some(old), Some(new)) = (&old_values, &new_values) {
            for value in new.iter().filter(|value| !old.contains(value)) {
                self.turn(path, Turn::ValueAdded, value.clone());
            }
            for value in old.iter().filter(|value| !new.contains(value)) {
                self.turn(path, Turn::ValueRemoved, value.clone());
            }
            return;
        }
        match (old, new) {
            (Type::List { items, .. }, Type::List { items: new_items, .. }) => {
                self.lists(path, old, new);
                self.items(&format!("{path}[]"), items, new_items);
            }
            (Type::Map(items), Type::Map(new_items)) => self.items(&format!("{path}{{}}"), items, new_items),
            (Type::String(old), Type::String(new)) => self.strings(path, old, new),
            _ => self.scalars(path, (old, old_values.is_some()), (new, new_values.is_some())),
        }
    }

    fn items(&mut self, path: &str, old: &Item, new: &Item) {
        self.item(path, (&old.ty, old.nullable), (&new.ty, new.nullable));
    }

    fn lists(&mut self, path: &str, old: &Type, new: &Type) {
        let (Type::List { min_items: a, max_items: b, unique: u, .. }, Type::List { min_items, max_items, unique, .. }) =
            (old, new)
        else {
            return;
        };
        let (widened, narrowed) =
            bounds((a.unwrap_or(0), b.unwrap_or(u64::MAX)), (min_items.unwrap_or(0), max_items.unwrap_or(u64::MAX)));
        if widened || *u && !unique {
            self.turn(path, Turn::ItemsWidened, "more lists are right");
        }
        if narrowed || !u && *unique {
            self.turn(path, Turn::ItemsNarrowed, "fewer lists are right");
        }
    }

    fn strings(&mut self, path: &str, old: &StringType, new: &StringType) {
        match (old.multiline, new.multiline) {
            (false, true) => self.turn(path, Turn::TypeWidened, "a line became a text"),
            (true, false) => self.turn(path, Turn::TypeNarrowed, "a text became a line"),
            _ => {}
        }
        let lengths = |text: &StringType| (text.min_length.unwrap_or(0), text.max_length.unwrap_or(u64::MAX));
        let (widened, narrowed) = bounds(lengths(old), lengths(new));
        let detail = || format!("{} became {}", length(old), length(new));
        if widened {
            self.turn(path, Turn::LengthWidened, detail());
        }
        if narrowed {
            self.turn(path, Turn::LengthNarrowed, detail());
        }
        match (&old.pattern, &new.pattern) {
            (Some(pattern), None) => self.turn(path, Turn::PatternRemoved, pattern.clone()),
            (None, Some(pattern)) => self.turn(path, Turn::PatternChanged, format!("it must match {pattern}")),
            (Some(before), Some(after)) if before != after => {
                self.turn(path, Turn::PatternChanged, format!("{before} became {after}"));
            }
            _ => {}
        }
        if old.trimmed != new.trimmed && self.direction == Direction::Input {
            let detail = if new.trimmed { "it is trimmed now" } else { "it is no longer trimmed" };
            self.add(path, Rule::InputTrimmingChanged, detail);
        }
    }

    fn scalars(&mut self, path: &str, (old, old_enum): (&Type, bool), (new, new_enum): (&Type, bool)) {
        let (before, after) = (Kind::of(old, old_enum), Kind::of(new, new_enum));
        let detail = format!("{} became {}", before.as_str(), after.as_str());
        match (before.is_within(after, new), after.is_within(before, old)) {
            (true, true) => {}
            (true, false) => self.turn(path, Turn::TypeWidened, detail),
            (false, true) => self.turn(path, Turn::TypeNarrowed, detail),
            (false, false) => self.turn(path, Turn::TypeChanged, detail),
        }
        if let (Some(before), Some(after)) = (range(old), range(new)) {
            let (widened, narrowed) = bounds(before, after);
            let detail = format!("{} to {} became {} to {}", before.0, before.1, after.0, after.1);
            if widened {
                self.turn(path, Turn::RangeWidened, detail.clone());
            }
            if narrowed {
                self.turn(path, Turn::RangeNarrowed, detail);
            }
        }
    }
}

/// The kind of value that JSON has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Uuid,
    Text,
    Integer,
    Number,
    Boolean,
    DateTime,
    Date,
    Email,
    Enum,
    Json,
    List,
    Map,
    Object,
}

impl Kind {
    fn of(ty: &Type, is_enum: bool) -> Self {
        match ty {
            Type::Uuid => Self::Uuid,
            Type::String(_) => Self::Text,
            // Money is an integer that forms show in another way.
            Type::Integer { .. } | Type::Money { .. } => Self::Integer,
            Type::Number { .. } => Self::Number,
            Type::Boolean => Self::Boolean,
            Type::DateTime => Self::DateTime,
            Type::Date => Self::Date,
            Type::Email => Self::Email,
            Type::Json => Self::Json,
            Type::List { .. } => Self::List,
            Type::Map(_) => Self::Map,
            Type::Enum(_) => Self::Enum,
            Type::Ref(_) if is_enum => Self::Enum,
            Type::Ref(_) | Type::Object(_) => Self::Object,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::DateTime => "datetime",
            Self::Date => "date",
            Self::Email => "email",
            Self::Enum => "enum",
            Self::Json => "json",
            Self::List => "list",
            Self::Map => "map",
            Self::Object => "object",
        }
    }

    /// Whether every value of this kind is one of the other type.
    fn is_within(self, other: Self, ty: &Type) -> bool {
        let free = match ty {
            Type::String(StringType { min_length: None, max_length: None, pattern: None, .. }) => true,
            _ => other == Self::Json,
        };
        match (self, other) {
            (own, other) if own == other => true,
            (_, Self::Json) => true,
            (Self::Integer, Self::Number) => true,
            (Self::Uuid | Self::DateTime | Self::Date | Self::Email | Self::Enum, Self::Text) => free,
            _ => false,
        }
    }
}

/// The values of an enum.
fn values(types: &super::Types<'_>, ty: &Type) -> Option<Vec<String>> {
    match ty {
        Type::Enum(values) => Some(values.clone()),
        Type::Ref(name) => match types.get(name)? {
            Shape::Enum(values) => Some(values.clone()),
            Shape::Object(_) => None,
        },
        _ => None,
    }
}

/// The fields of an object.
fn fields(types: &super::Types<'_>, ty: &Type) -> Option<Vec<Field>> {
    match ty {
        Type::Object(fields) => Some(fields.clone()),
        Type::Ref(name) => match types.get(name)? {
            Shape::Object(fields) => Some(fields.clone()),
            Shape::Enum(_) => None,
        },
        _ => None,
    }
}

/// Least and greatest number.
fn range(ty: &Type) -> Option<(f64, f64)> {
    match ty {
        #[expect(clippy::cast_precision_loss, reason = "bounds are numbers that JSON holds exactly")]
        Type::Integer { min, max } | Type::Money { min, max } => Some((*min as f64, *max as f64)),
        Type::Number { min, max } => Some((min.unwrap_or(f64::NEG_INFINITY), max.unwrap_or(f64::INFINITY))),
        _ => None,
    }
}

/// Whether bounds let in more than they did, and whether they let in less.
fn bounds<T: PartialOrd>(old: (T, T), new: (T, T)) -> (bool, bool) {
    (new.0 < old.0 || new.1 > old.1, new.0 > old.0 || new.1 < old.1)
}

fn length(text: &StringType) -> String {
    match (text.min_length, text.max_length) {
        (None, None) => "any length".to_owned(),
        (Some(min), None) => format!("at least {min} characters"),
        (None, Some(max)) => format!("at most {max} characters"),
        (Some(min), Some(max)) => format!("{min} to {max} characters"),
    }
}

fn presence(presence: &Presence) -> String {
    match presence {
        Presence::Required => "required".to_owned(),
        Presence::Optional => "optional".to_owned(),
        Presence::Default(value) => format!("{value} by default"),
    }
}
