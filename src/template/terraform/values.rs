//! Values of the plan with its masks laid over them: an unknown value becomes a symbol named by its address, a sensitive
//! one a symbol that may not be printed.

use smol_str::SmolStr;

use super::plan::sequence;
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, Span, Symbol, SymbolInfo, SymbolKind, Text};

/// The values of one instance and its masks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masked<'a> {
    pub value: Option<&'a Node>,
    pub unknown: Option<&'a Node>,
    pub sensitive: Option<&'a Node>,
}

impl<'a> Masked<'a> {
    /// The part under a key.
    pub fn key(self, key: &str) -> Masked<'a> {
        let under = |mask: Option<&'a Node>| mask.and_then(|m| if all(m) { Some(m) } else { m.get(key) });
        Masked {
            value: self.value.and_then(|v| v.get(key)),
            unknown: under(self.unknown),
            sensitive: under(self.sensitive),
        }
    }

    /// The items of a list or set; a single nested block is a list of one.
    pub fn items(self) -> Vec<Masked<'a>> {
        let values = match self.value {
            Some(node) => match &node.kind {
                NodeKind::Sequence(items) => items.as_slice(),
                NodeKind::Null => &[],
                _ => return vec![self],
            },
            None => &[],
        };
        let unknown = sequence(self.unknown);
        let sensitive = sequence(self.sensitive);
        if unknown.len() <= values.len() {
            let item = |(i, v): (usize, &'a Node)| Masked {
                value: Some(v),
                unknown: self.unknown.filter(|m| all(m)).or(unknown.get(i)),
                sensitive: self.sensitive.filter(|m| all(m)).or(sensitive.get(i)),
            };
            return values.iter().enumerate().map(item).collect();
        }
        // Formats before 1.0 leave unknown elements out of the values, but not out of the mask.
        let mut known = values.iter();
        let item = |(i, mask): (usize, &'a Node)| Masked {
            value: if all(mask) { None } else { known.next() },
            unknown: Some(mask),
            sensitive: sensitive.get(i),
        };
        unknown.iter().enumerate().map(item).collect()
    }

    /// The whole of it is unknown.
    pub fn is_unknown(self) -> bool {
        self.unknown.is_some_and(all)
    }

    /// The whole of it must not be printed.
    pub fn is_sensitive(self) -> bool {
        self.sensitive.is_some_and(all)
    }

    /// Some part of it must not be printed.
    pub fn has_secret(self) -> bool {
        self.sensitive.is_some_and(any)
    }

    /// No part of it is unknown or sensitive.
    pub fn is_plain(self) -> bool {
        !self.unknown.is_some_and(any) && !self.sensitive.is_some_and(any)
    }

    /// Set to something, known or not.
    pub fn is_set(self) -> bool {
        self.is_unknown() || self.value.is_some_and(|v| !matches!(v.kind, NodeKind::Null))
    }
}

/// True for the mask that covers all below it.
fn all(mask: &Node) -> bool {
    matches!(mask.kind, NodeKind::Bool(true))
}

fn any(mask: &Node) -> bool {
    match &mask.kind {
        NodeKind::Bool(b) => *b,
        NodeKind::Sequence(items) => items.iter().any(any),
        NodeKind::Mapping(m) => m.iter().any(|e| any(&e.value)),
        _ => false,
    }
}

/// Lays the masks over a value. `path` is its address, for the names of symbols.
pub(super) fn overlay(masked: Masked<'_>, scope: &SmolStr, path: &str, span: Span) -> Node {
    let span = masked.value.map_or(span, |v| v.span);
    if masked.is_sensitive() || masked.is_unknown() {
        return Node::text(Text::symbol(attribute_symbol(scope, path, masked.is_sensitive())), span);
    }
    if masked.is_plain() {
        return masked.value.cloned().unwrap_or_else(|| Node::new(NodeKind::Null, span));
    }
    let keys = masked.value.and_then(Node::as_mapping);
    let unknown_keys = masked.unknown.and_then(Node::as_mapping);
    if keys.is_some() || (masked.value.is_none() && unknown_keys.is_some()) {
        let mut entries = Vec::new();
        for e in keys.into_iter().flat_map(Mapping::iter) {
            let path = format!("{path}.{}", e.key.as_str());
            let value = overlay(masked.key(e.key.as_str()), scope, &path, e.value.span);
            entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value });
        }
        for e in unknown_keys.into_iter().flat_map(Mapping::iter) {
            let key = e.key.as_str();
            if any(&e.value) && keys.is_none_or(|k| k.get(key).is_none()) {
                let value = overlay(masked.key(key), scope, &format!("{path}.{key}"), span);
                entries.push(Entry { key: e.key.clone(), key_span: span, value });
            }
        }
        return Node::new(NodeKind::Mapping(Mapping { entries }), span);
    }
    if masked.value.is_none_or(|v| v.as_sequence().is_some()) {
        let item = |(i, m): (usize, Masked<'_>)| overlay(m, scope, &format!("{path}[{i}]"), span);
        return Node::new(NodeKind::Sequence(masked.items().into_iter().enumerate().map(item).collect()), span);
    }
    masked.value.cloned().unwrap_or_else(|| Node::new(NodeKind::Null, span))
}

/// The symbol of an attribute that is not known, by its address.
pub(super) fn attribute_symbol(scope: &SmolStr, path: &str, sensitive: bool) -> Symbol {
    Symbol::intern(SymbolInfo {
        scope: scope.clone(),
        name: path.into(),
        kind: SymbolKind::ResourceAttribute,
        shape: shape_of(path),
        sensitive,
    })
}

/// What a computed attribute looks like, by its name. `id` is a name for the types that policies speak of; those whose
/// id is an ARN or URL are in the table of computed attributes and never come here.
fn shape_of(path: &str) -> Shape {
    let attribute = path.rsplit('.').next().unwrap_or(path);
    let attribute = attribute.split('[').next().unwrap_or(attribute);
    match attribute {
        "account_id" | "owner_id" | "registry_id" => Shape::AccountId,
        "region" => Shape::Region,
        "partition" => Shape::Partition,
        "dns_suffix" => Shape::UrlSuffix,
        "arn" => Shape::Arn,
        "id" | "name" | "bucket" | "hex" | "result" | "dec" | "unique_id" | "key_id" | "function_name" => Shape::Name,
        _ if attribute.ends_with("_arn") => Shape::Arn,
        _ if attribute.ends_with("_id") || attribute.ends_with("_name") || attribute.ends_with("_identifier") => {
            Shape::Name
        }
        "url" | "endpoint" | "domain" | "path" | "dns_name" => Shape::Literal,
        _ => Shape::Any,
    }
}

/// A value that is the same for all of a run: account, Region, partition, by CloudFormation's names, so that inputs of
/// both kinds speak of the same unknown.
pub(super) fn pseudo_parameter(name: &'static str, shape: Shape) -> Symbol {
    Symbol::intern(SymbolInfo {
        scope: SmolStr::default(),
        name: SmolStr::new_static(name),
        kind: SymbolKind::PseudoParameter,
        shape,
        sensitive: false,
    })
}
