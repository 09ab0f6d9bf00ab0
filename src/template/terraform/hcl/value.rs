//! Terraform's values while they are evaluated: what [`Node`] doesn't tell apart (list, tuple and set, map and
//! object, a string of unknown content and a value of unknown type) is told apart here.

use std::sync::Arc;

use super::number::Number;
use crate::source::{Entry, Mapping, Node, NodeKind, ReadError, Span, Symbol, Text};

/// The result of evaluating.
pub(super) type Eval<T> = Result<T, ReadError>;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

/// Containers are shared: cloning a value costs nothing, whatever its size.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A value of unknown type.
    Unknown(Symbol),
    Null,
    Bool(bool),
    Number(Number),
    /// Parts of it, or all, may be unknown.
    String(Text),
    List(Arc<Vec<Value>>),
    /// Sorted, without duplicates.
    Set(Arc<Vec<Value>>),
    Tuple(Arc<Vec<Value>>),
    /// Sorted by key, as objects are.
    Map(Arc<Vec<Field>>),
    Object(Arc<Vec<Field>>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) key: Text,
    pub(super) key_span: Span,
    pub(super) value: Value,
}

/// An evaluation error at a place.
pub(super) fn fail<T>(message: impl Into<String>, span: Span) -> Eval<T> {
    Err(ReadError::new(message, span))
}

/// Where the characters of a string stand: inside of the quotes, if the span includes them.
pub(super) fn content_span(text: &Text, span: Span) -> Span {
    if (span.end - span.start) as usize == text.as_str().len() + 2 {
        return Span { start: span.start + 1, end: span.end - 1, ..span };
    }
    span
}

impl Value {
    pub(super) fn new(kind: Kind, span: Span) -> Value {
        Value { kind, span }
    }

    pub(super) fn string(s: impl AsRef<str>, span: Span) -> Value {
        Value::new(Kind::String(Text::literal(s)), span)
    }

    pub(super) fn text(text: Text, span: Span) -> Value {
        Value::new(Kind::String(text), span)
    }

    pub(super) fn bool(b: bool, span: Span) -> Value {
        Value::new(Kind::Bool(b), span)
    }

    pub(super) fn number(n: impl Into<Number>, span: Span) -> Value {
        Value::new(Kind::Number(n.into()), span)
    }

    pub(super) fn null(span: Span) -> Value {
        Value::new(Kind::Null, span)
    }

    pub(super) fn list(items: Vec<Value>, span: Span) -> Value {
        Value::new(Kind::List(Arc::new(items)), span)
    }

    pub(super) fn tuple(items: Vec<Value>, span: Span) -> Value {
        Value::new(Kind::Tuple(Arc::new(items)), span)
    }

    /// A set: sorted, without duplicates.
    pub(super) fn set(mut items: Vec<Value>, span: Span) -> Value {
        // What sorts beside each other is what is equal: the order is total over known values.
        items.sort_by(order);
        items.dedup_by(|a, b| order(a, b).is_eq() && !a.has_unknown_type());
        Value::new(Kind::Set(Arc::new(items)), span)
    }

    /// An object of fields in any order; of equal keys the last one counts.
    pub(super) fn object(fields: Vec<Field>, span: Span) -> Value {
        Value::new(Kind::Object(Arc::new(sorted(fields))), span)
    }

    /// As [`Value::object`], of map type.
    pub(super) fn map(fields: Vec<Field>, span: Span) -> Value {
        Value::new(Kind::Map(Arc::new(sorted(fields))), span)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The elements, if it is a list, set or tuple.
    pub(super) fn elements(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The fields, if it is a map or object.
    pub(super) fn fields(&self) -> Option<&[Field]> {
        match &self.kind {
            Kind::Map(fields) | Kind::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// The value of a key.
    pub(super) fn field(&self, key: &str) -> Option<&Field> {
        let fields = self.fields()?;
        let i = fields.binary_search_by(|f| f.key.as_str().cmp(key)).ok()?;
        fields.get(i)
    }

    /// Nothing is known about the value, its type included.
    pub(super) fn has_unknown_type(&self) -> bool {
        matches!(self.kind, Kind::Unknown(_))
    }

    /// Any part of it is unknown.
    pub(super) fn has_unknown(&self) -> bool {
        match &self.kind {
            Kind::Unknown(_) => true,
            Kind::String(t) => t.has_unknown(),
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => items.iter().any(Value::has_unknown),
            Kind::Map(fields) | Kind::Object(fields) => {
                fields.iter().any(|f| f.key.has_unknown() || f.value.has_unknown())
            }
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => false,
        }
    }

    /// Any symbol in it stands for a secret.
    pub(super) fn has_secret(&self) -> bool {
        let secret = |t: &Text| t.symbols().any(|s| s.info().sensitive);
        match &self.kind {
            Kind::Unknown(symbol) => symbol.info().sensitive,
            Kind::String(t) => t.has_unknown() && secret(t),
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => items.iter().any(Value::has_secret),
            Kind::Map(fields) | Kind::Object(fields) => fields.iter().any(|f| secret(&f.key) || f.value.has_secret()),
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => false,
        }
    }

    /// Its type in Terraform's words, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match &self.kind {
            Kind::Unknown(_) => "unknown",
            Kind::Null => "null",
            Kind::Bool(_) => "bool",
            Kind::Number(_) => "number",
            Kind::String(_) => "string",
            Kind::List(_) => "list",
            Kind::Set(_) => "set",
            Kind::Tuple(_) => "tuple",
            Kind::Map(_) => "map",
            Kind::Object(_) => "object",
        }
    }

    /// A primitive as text; `None` for null and containers.
    pub(super) fn scalar_text(&self) -> Option<Text> {
        match &self.kind {
            Kind::Bool(b) => Some(Text::from_encoded(if *b { "true" } else { "false" })),
            Kind::Number(n) => Some(Text::from_encoded(n.written())),
            Kind::String(t) => Some(t.clone()),
            Kind::Unknown(symbol) => Some(Text::symbol(*symbol)),
            _ => None,
        }
    }

    /// The value of a tree; a string of one symbol is a value of unknown type.
    pub(super) fn of_node(node: &Node) -> Value {
        let kind = match &node.kind {
            NodeKind::Null => Kind::Null,
            NodeKind::Bool(b) => Kind::Bool(*b),
            NodeKind::Number(n) => match Number::parse(n) {
                Some(number) => Kind::Number(number),
                None => Kind::String(Text::literal(n)),
            },
            NodeKind::String(t) => match t.as_symbol() {
                Some(symbol) => Kind::Unknown(symbol),
                None => Kind::String(t.clone()),
            },
            NodeKind::Sequence(items) => Kind::Tuple(Arc::new(items.iter().map(Value::of_node).collect())),
            NodeKind::Mapping(m) => {
                let fields = m.iter().map(|e| Field {
                    key: e.key.clone(),
                    key_span: e.key_span,
                    value: Value::of_node(&e.value),
                });
                return Value::object(fields.collect(), node.span);
            }
        };
        Value::new(kind, node.span)
    }

    /// As a tree, of at most `budget` nodes.
    pub(super) fn to_node(&self, budget: &mut usize) -> Eval<Node> {
        if *budget == 0 {
            return fail("value has too many elements to be analysed", self.span);
        }
        *budget -= 1;
        let kind = match &self.kind {
            Kind::Unknown(symbol) => NodeKind::String(Text::symbol(*symbol)),
            Kind::Null => NodeKind::Null,
            Kind::Bool(b) => NodeKind::Bool(*b),
            Kind::Number(n) => NodeKind::Number(n.written()),
            Kind::String(t) => NodeKind::String(t.clone()),
            Kind::List(items) | Kind::Set(items) | Kind::Tuple(items) => {
                NodeKind::Sequence(items.iter().map(|v| v.to_node(budget)).collect::<Eval<_>>()?)
            }
            Kind::Map(fields) | Kind::Object(fields) => {
                let entry = |f: &Field, budget: &mut usize| {
                    Ok(Entry { key: f.key.clone(), key_span: f.key_span, value: f.value.to_node(budget)? })
                };
                let entries = fields.iter().map(|f| entry(f, budget)).collect::<Eval<_>>()?;
                NodeKind::Mapping(Mapping { entries })
            }
        };
        Ok(Node::new(kind, self.span))
    }
}

fn sorted(mut fields: Vec<Field>) -> Vec<Field> {
    if !fields.windows(2).all(|w| matches!(w, [a, b] if a.key.as_str() < b.key.as_str())) {
        // Stable, and reversed first, so that of equal keys the last one is kept.
        fields.reverse();
        fields.sort_by(|a, b| a.key.as_str().cmp(b.key.as_str()));
        fields.dedup_by(|later, kept| later.key == kept.key);
    }
    fields
}

/// A total order of values: strings by code points, numbers by size, the rest by structure.
pub(super) fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    let rank = |v: &Value| match v.kind {
        Kind::Null => 0,
        Kind::Bool(_) => 1,
        Kind::Number(_) => 2,
        Kind::String(_) => 3,
        Kind::List(_) => 4,
        Kind::Set(_) => 5,
        Kind::Tuple(_) => 6,
        Kind::Map(_) => 7,
        Kind::Object(_) => 8,
        Kind::Unknown(_) => 9,
    };
    match (&a.kind, &b.kind) {
        (Kind::Bool(a), Kind::Bool(b)) => a.cmp(b),
        (Kind::Number(a), Kind::Number(b)) => a.cmp(b),
        (Kind::String(a), Kind::String(b)) => a.as_str().cmp(b.as_str()),
        (Kind::Unknown(a), Kind::Unknown(b)) => a.cmp(b),
        _ if rank(a) != rank(b) => rank(a).cmp(&rank(b)),
        _ => match (a.elements(), b.elements(), a.fields(), b.fields()) {
            (Some(a), Some(b), ..) => {
                let first = a.iter().zip(b).map(|(a, b)| order(a, b)).find(|o| o.is_ne());
                first.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            (.., Some(a), Some(b)) => {
                let pair = |(a, b): (&Field, &Field)| {
                    a.key.as_str().cmp(b.key.as_str()).then_with(|| order(&a.value, &b.value))
                };
                let first = a.iter().zip(b).map(pair).find(|o| o.is_ne());
                first.unwrap_or_else(|| a.len().cmp(&b.len()))
            }
            _ => Ordering::Equal,
        },
    }
}

/// Whether two values are equal; `None` when that depends on what is unknown. Values of different types are not
/// equal, lists and tuples being different types.
pub(super) fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (&a.kind, &b.kind) {
        (Kind::Unknown(a), Kind::Unknown(b)) if a == b => Some(true),
        (Kind::Unknown(_), _) | (_, Kind::Unknown(_)) => None,
        (Kind::Null, Kind::Null) => Some(true),
        (Kind::Bool(a), Kind::Bool(b)) => Some(a == b),
        (Kind::Number(a), Kind::Number(b)) => Some(a == b),
        (Kind::String(a), Kind::String(b)) => equal_text(a, b),
        (Kind::List(a), Kind::List(b)) | (Kind::Set(a), Kind::Set(b)) | (Kind::Tuple(a), Kind::Tuple(b)) => {
            if a.len() != b.len() {
                return Some(false);
            }
            all(a.iter().zip(b.iter()).map(|(a, b)| equal(a, b)))
        }
        (Kind::Map(a), Kind::Map(b)) | (Kind::Object(a), Kind::Object(b)) => {
            if a.len() != b.len() || a.iter().zip(b.iter()).any(|(a, b)| a.key != b.key) {
                return Some(false);
            }
            all(a.iter().zip(b.iter()).map(|(a, b)| equal(&a.value, &b.value)))
        }
        _ => Some(false),
    }
}

fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut result = Some(true);
    for part in parts {
        match part {
            Some(false) => return Some(false),
            None => result = None,
            Some(true) => {}
        }
    }
    result
}

/// Equality of strings that may hold unknown parts: decided when they are the same, or when the known text at the
/// start or at the end already differs.
pub(super) fn equal_text(a: &Text, b: &Text) -> Option<bool> {
    if a == b {
        return Some(true);
    }
    if !a.has_unknown() && !b.has_unknown() {
        return Some(false);
    }
    let differs = |a: &mut dyn Iterator<Item = char>, b: &mut dyn Iterator<Item = char>| loop {
        match (a.next(), b.next()) {
            (Some(a), Some(b)) if Symbol::of(a).is_some() || Symbol::of(b).is_some() => {
                if a != b {
                    return false;
                }
            }
            (Some(a), Some(b)) if a != b => return true,
            (Some(_), Some(_)) => {}
            // One ended: the other's rest may be an unknown empty string.
            _ => return false,
        }
    };
    let (a, b) = (a.as_str(), b.as_str());
    let decided = differs(&mut a.chars(), &mut b.chars()) || differs(&mut a.chars().rev(), &mut b.chars().rev());
    decided.then_some(false)
}
