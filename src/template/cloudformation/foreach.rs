//! `Fn::ForEach`: loops written out before anything else is evaluated.
//!
//! A collection that is not known (a list parameter without a value) gives one round for an unknown element, so that
//! what the loop makes is still analysed. Source: "Fn::ForEach" in the CloudFormation user guide.

use super::resolver::Resolver;
use crate::model::Problem;
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, Span, SymbolKind, Text};

/// Nodes that loops of one template may make.
const LIMIT: usize = 500_000;

/// The tree with its loops written out.
pub(super) fn expand(r: &mut Resolver<'_, '_>, node: Node) -> Node {
    let mut budget = LIMIT;
    expand_node(r, node, &mut budget, 0)
}

/// True if the tree has a loop.
pub(super) fn occurs_in(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().any(occurs_in),
        NodeKind::Mapping(m) => m.iter().any(|e| e.key.as_str().starts_with("Fn::ForEach") || occurs_in(&e.value)),
        _ => false,
    }
}

fn expand_node(r: &mut Resolver<'_, '_>, node: Node, budget: &mut usize, depth: usize) -> Node {
    if depth > 200 {
        return node;
    }
    let kind = match node.kind {
        NodeKind::Sequence(items) => {
            NodeKind::Sequence(items.into_iter().map(|i| expand_node(r, i, budget, depth + 1)).collect())
        }
        NodeKind::Mapping(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for entry in map.entries {
                if entry.key.as_str().starts_with("Fn::ForEach::") {
                    round(r, entry, &mut entries, budget, depth);
                } else {
                    let value = expand_node(r, entry.value, budget, depth + 1);
                    entries.push(Entry { value, ..entry });
                }
            }
            NodeKind::Mapping(Mapping { entries })
        }
        other => other,
    };
    Node { kind, ..node }
}

fn round(r: &mut Resolver<'_, '_>, entry: Entry, out: &mut Vec<Entry>, budget: &mut usize, depth: usize) {
    let span = entry.key_span;
    let parts = entry.value.as_sequence().unwrap_or(&[]);
    let [identifier, collection, Node { kind: NodeKind::Mapping(body), .. }] = parts else {
        r.problem(format!("`{}` needs an identifier, a collection and a map", entry.key), span);
        return;
    };
    let Some(identifier) = identifier.as_str() else {
        r.problem(format!("the identifier of `{}` must be a string", entry.key), identifier.span);
        return;
    };
    let items = elements(r, collection, &entry.key, span);
    let size = body.iter().map(|e| 1 + size(&e.value)).sum::<usize>();
    for item in items {
        let Some(left) = budget.checked_sub(size) else {
            r.problem(format!("loops make more than {LIMIT} values"), span);
            return;
        };
        *budget = left;
        for e in body.iter() {
            let key = replaced(&e.key, identifier, &item, e.key_span);
            let value = substitute(&e.value, identifier, &item);
            let made = Entry { key, key_span: e.key_span, value };
            if made.key.as_str().starts_with("Fn::ForEach::") {
                round(r, made, out, budget, depth + 1);
            } else {
                let value = expand_node(r, made.value, budget, depth + 1);
                out.push(Entry { value, ..made });
            }
        }
    }
}

fn elements(r: &mut Resolver<'_, '_>, collection: &Node, name: &Text, span: Span) -> Vec<Text> {
    let value = r.resolve(collection);
    let items = match value.as_ref().map(|v| &v.kind) {
        Some(NodeKind::Sequence(items)) => items.clone(),
        Some(NodeKind::String(text)) if text.has_unknown() => {
            r.problems.notice(Problem::at(
                format!("the collection of `{name}` is not known; one round for an unknown element is analysed"),
                span,
            ));
            let element = r.unknown_text(format!("{text} element"), SymbolKind::Expression, Shape::Name);
            return vec![element];
        }
        _ => {
            r.problem(format!("the collection of `{name}` must be a list"), collection.span);
            return Vec::new();
        }
    };
    items
        .iter()
        .flat_map(|i| match i.as_sequence() {
            // A list inside the list, as `Ref` to a list parameter gives it.
            Some(inner) => inner.iter().filter_map(Node::scalar_text).collect(),
            None => i.scalar_text().into_iter().collect::<Vec<_>>(),
        })
        .collect()
}

fn size(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Sequence(items) => 1 + items.iter().map(size).sum::<usize>(),
        NodeKind::Mapping(m) => 1 + m.iter().map(|e| size(&e.value)).sum::<usize>(),
        _ => 1,
    }
}

fn substitute(node: &Node, identifier: &str, item: &Text) -> Node {
    let kind = match &node.kind {
        NodeKind::String(text) => NodeKind::String(replaced(text, identifier, item, node.span)),
        NodeKind::Sequence(items) => {
            NodeKind::Sequence(items.iter().map(|i| substitute(i, identifier, item)).collect())
        }
        NodeKind::Mapping(map) => {
            if let [entry] = map.entries.as_slice()
                && entry.key == "Ref"
                && entry.value.as_text().is_some_and(|t| *t == *identifier)
            {
                return Node::text(item.clone(), node.span);
            }
            let entries = map.iter().map(|e| Entry {
                key: replaced(&e.key, identifier, item, e.key_span),
                key_span: e.key_span,
                value: substitute(&e.value, identifier, item),
            });
            NodeKind::Mapping(Mapping { entries: entries.collect() })
        }
        other => other.clone(),
    };
    Node::new(kind, node.span)
}

/// `${X}` by the element, `&{X}` by its letters and digits.
fn replaced(text: &Text, identifier: &str, item: &Text, span: Span) -> Text {
    let whole = text.as_str();
    let plain = format!("${{{identifier}}}");
    let safe = format!("&{{{identifier}}}");
    if !whole.contains(&plain) && !whole.contains(&safe) {
        return text.clone();
    }
    let letters: String = item
        .as_str()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || crate::source::Symbol::of(*c).is_some())
        .collect();
    let letters = Text::from_encoded(letters);
    let mut parts: Vec<(Text, Span)> = Vec::new();
    let mut position = 0;
    loop {
        let rest = &whole[position..];
        let next = [(rest.find(&plain), plain.len(), item), (rest.find(&safe), safe.len(), &letters)]
            .into_iter()
            .filter_map(|(at, length, value)| at.map(|at| (at, length, value)))
            .min_by_key(|(at, _, _)| *at);
        let Some((at, length, value)) = next else { break };
        parts.push((text.slice(position..position + at), span));
        parts.push((value.clone(), span));
        position += at + length;
    }
    parts.push((text.slice(position..whole.len()), span));
    Text::concat(parts.iter().map(|(t, s)| (t, *s)))
}
