//! The tree that every input is read into and every resolved policy document is made of.

use smol_str::SmolStr;

use super::files::Span;
use super::text::Text;

/// A value and where it was written.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub kind: NodeKind,
    /// From its first to its last character; with a YAML tag, the tag included.
    pub span: Span,
    /// A YAML tag as written (`!Sub`), when it is not one of YAML's own (`!!str`).
    pub tag: Option<Box<str>>,
}

/// The value of a [`Node`]. Scalars stay as written: an account id never becomes a number, a policy version never
/// a date.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false` (in YAML, unquoted, in any of the three cases `true`, `True`, `TRUE`).
    Bool(bool),
    /// An unquoted number, as written.
    Number(SmolStr),
    /// A string; quoted, block or any other plain scalar. Unknown values of any type are strings too, of one symbol.
    String(Text),
    /// A list.
    Sequence(Vec<Node>),
    /// A map.
    Mapping(Mapping),
}

/// The entries of a map, in order, duplicates included.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// The entries in the order of the input.
    pub entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Text,
    /// Where the key was written.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Mapping {
    /// The value of the first entry with this key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|e| &e.value)
    }

    /// The first entry with this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.key == key)
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Node {
    /// A node without tag.
    pub fn new(kind: NodeKind, span: Span) -> Node {
        Node { kind, span, tag: None }
    }

    /// A string node of known text.
    pub fn string(s: impl AsRef<str>, span: Span) -> Node {
        Node::new(NodeKind::String(Text::literal(s)), span)
    }

    /// A string node.
    pub fn text(text: Text, span: Span) -> Node {
        Node::new(NodeKind::String(text), span)
    }

    /// The map, if it is one.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.kind {
            NodeKind::Mapping(m) => Some(m),
            _ => None,
        }
    }

    /// The list, if it is one.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        match &self.kind {
            NodeKind::Sequence(s) => Some(s),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_text(&self) -> Option<&Text> {
        match &self.kind {
            NodeKind::String(t) => Some(t),
            _ => None,
        }
    }

    /// The string, if it is one and all of it is known.
    pub fn as_str(&self) -> Option<&str> {
        self.as_text().and_then(Text::known)
    }

    /// The scalar as text, whatever its type; `None` for lists, maps and null.
    pub fn scalar_text(&self) -> Option<Text> {
        match &self.kind {
            NodeKind::Bool(b) => Some(Text::from_encoded(if *b { "true" } else { "false" })),
            NodeKind::Number(n) => Some(Text::from_encoded(n.clone())),
            NodeKind::String(t) => Some(t.clone()),
            NodeKind::Null | NodeKind::Sequence(_) | NodeKind::Mapping(_) => None,
        }
    }

    /// The value of a key, if this is a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_mapping().and_then(|m| m.get(key))
    }

    /// The value at a chain of keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Node> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// `null`, `boolean`, `number`, `string`, `array` or `object`: JSON's words for messages.
    pub fn type_name(&self) -> &'static str {
        match &self.kind {
            NodeKind::Null => "null",
            NodeKind::Bool(_) => "boolean",
            NodeKind::Number(_) => "number",
            NodeKind::String(_) => "string",
            NodeKind::Sequence(_) => "array",
            NodeKind::Mapping(_) => "object",
        }
    }

    /// True if any string in it holds an unknown value.
    pub fn has_unknown(&self) -> bool {
        match &self.kind {
            NodeKind::String(t) => t.has_unknown(),
            NodeKind::Sequence(items) => items.iter().any(Node::has_unknown),
            NodeKind::Mapping(m) => m.iter().any(|e| e.key.has_unknown() || e.value.has_unknown()),
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => false,
        }
    }

    /// The same value, ignoring spans and tags; keys in any order.
    pub fn same_value(&self, other: &Node) -> bool {
        match (&self.kind, &other.kind) {
            (NodeKind::Null, NodeKind::Null) => true,
            (NodeKind::Bool(a), NodeKind::Bool(b)) => a == b,
            (NodeKind::Number(a), NodeKind::Number(b)) => a == b,
            (NodeKind::String(a), NodeKind::String(b)) => a == b,
            (NodeKind::Sequence(a), NodeKind::Sequence(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_value(b))
            }
            (NodeKind::Mapping(a), NodeKind::Mapping(b)) => {
                a.len() == b.len()
                    && a.iter().all(|e| b.entry(e.key.as_str()).is_some_and(|o| e.value.same_value(&o.value)))
            }
            _ => false,
        }
    }

    /// The value as JSON for output: unknown parts as `${name}`.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(b) => Value::Bool(*b),
            NodeKind::Number(n) => serde_json::from_str::<serde_json::Number>(n)
                .map_or_else(|_| Value::String(n.to_string()), Value::Number),
            NodeKind::String(t) => Value::String(t.display()),
            NodeKind::Sequence(items) => Value::Array(items.iter().map(Node::to_json).collect()),
            NodeKind::Mapping(m) => Value::Object(m.iter().map(|e| (e.key.display(), e.value.to_json())).collect()),
        }
    }
}
