//! `Fn::Sub`, `Fn::Join`, `Fn::Split` and `Fn::Select`: strings put together with the origins of their parts, and
//! taken apart where the delimiters are known.

use smol_str::SmolStr;

use super::intrinsics::{arguments, unknown_value};
use super::resolver::Resolver;
use super::{dynamic, references, shapes};
use crate::source::{Mapping, Node, NodeKind, Piece, Shape, Span, SymbolKind, Text};

/// Finds the places in the source of consecutive parts of a string.
pub(super) struct Places {
    file: std::sync::Arc<crate::source::SourceFile>,
    span: Span,
    at: usize,
}

impl Places {
    pub fn new(r: &Resolver<'_, '_>, span: Span) -> Places {
        Places { file: r.world.ctx.sources.get(span.source), span, at: span.start as usize }
    }

    /// Where the next part is written; the whole string, if its text doesn't stand there as it is.
    pub fn next(&mut self, part: &str) -> Span {
        let rest = self.file.text().get(self.at..self.span.end as usize);
        match rest.and_then(|r| r.find(part)) {
            Some(offset) => {
                let start = self.at + offset;
                self.at = start + part.len();
                Span::new(self.span.source, start, self.at)
            }
            None => self.span,
        }
    }
}

/// Where the characters of a scalar stand, without quotes or tag, if they stand there as they are.
fn inner_span(r: &Resolver<'_, '_>, node: &Node) -> Span {
    match node.as_text() {
        Some(text) if !text.has_unknown() && !text.is_empty() => Places::new(r, node.span).next(text.as_str()),
        _ => node.span,
    }
}

/// `Fn::Sub`, with or without a map of its own variables.
pub(super) fn sub(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let none = Mapping::default();
    let (template, variables) = match &argument.kind {
        NodeKind::Sequence(items) => match items.as_slice() {
            [template, Node { kind: NodeKind::Mapping(m), .. }] => (template, m),
            [template] => (template, &none),
            _ => {
                r.problem("`Fn::Sub` needs a string, or a list of a string and a map", argument.span);
                return r.unknown("Fn::Sub", SymbolKind::Expression, Shape::Any, span);
            }
        },
        _ => (argument, &none),
    };
    let Some(text) = template.as_text().cloned() else {
        // A string from elsewhere holds nothing to substitute that could be known here, but may itself be known.
        let text = r.text(template, "the template of `Fn::Sub`");
        return substituted(r, &text, template.span, variables, span);
    };
    substituted(r, &text, template.span, variables, span)
}

fn substituted(r: &mut Resolver<'_, '_>, text: &Text, at: Span, variables: &Mapping, span: Span) -> Node {
    let whole = text.as_str();
    let mut places = Places::new(r, at);
    let mut parts: Vec<(Text, Span)> = Vec::new();
    let mut position = 0;
    while let Some(open) = whole[position..].find("${").map(|i| i + position) {
        let Some(close) = whole[open..].find('}').map(|i| i + open) else { break };
        let inner = &whole[open + 2..close];
        if open > position {
            let literal = &whole[position..open];
            parts.push((text.slice(position..open), places.next(literal)));
        }
        position = close + 1;
        let place = places.next(&whole[open..position]);
        if let Some(literal) = inner.strip_prefix('!') {
            parts.push((Text::concat([(&Text::from_encoded(format!("${{{literal}}}")), place)]), place));
            continue;
        }
        let name = inner.trim();
        let value = match variables.get(name) {
            Some(value) => r.text(value, &format!("variable `{name}` of `Fn::Sub`")),
            None => variable(r, name, place),
        };
        parts.push((value, place));
    }
    if position < whole.len() {
        parts.push((text.slice(position..whole.len()), places.next(&whole[position..])));
    }
    let joined = Text::concat(parts.iter().map(|(t, s)| (t, *s)));
    Node::text(dynamic::replace(r, &joined, span), span)
}

fn variable(r: &mut Resolver<'_, '_>, name: &str, place: Span) -> Text {
    let value = match name.split_once('.') {
        Some((id, attribute)) => Some(references::attribute(r, id, attribute, place)),
        None => references::named(r, name, place),
    };
    let Some(value) = value else { return Text::default() };
    if let Some(text) = value.scalar_text() {
        return text;
    }
    match joined_list(&value, ",") {
        Some(text) => text,
        None => {
            r.problem(format!("`${{{name}}}` is not a string"), place);
            r.unknown_text(name, SymbolKind::Expression, Shape::Any)
        }
    }
}

fn joined_list(value: &Node, delimiter: &str) -> Option<Text> {
    let delimiter = Text::literal(delimiter);
    let mut parts = Vec::new();
    for (i, item) in value.as_sequence()?.iter().enumerate() {
        if i > 0 {
            parts.push((delimiter.clone(), value.span));
        }
        parts.push((item.scalar_text()?, item.span));
    }
    Some(Text::concat(parts.iter().map(|(t, s)| (t, *s))))
}

/// `Fn::Join`.
pub(super) fn join(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let Some([delimiter, list]) = arguments::<2>(r, "Fn::Join", argument) else {
        return r.unknown("Fn::Join", SymbolKind::Expression, Shape::Any, span);
    };
    let delimiter_text = r.text(delimiter, "the delimiter of `Fn::Join`");
    let delimiter_place = inner_span(r, delimiter);
    let mut parts: Vec<(Text, Span)> = Vec::new();
    let push = |parts: &mut Vec<(Text, Span)>, text: Text, place: Span| {
        if !parts.is_empty() {
            parts.push((delimiter_text.clone(), delimiter_place));
        }
        parts.push((text, place));
    };
    let is_literal = list.as_sequence().is_some();
    let items = match list.as_sequence() {
        Some(items) => items.to_vec(),
        None => match r.resolve(list) {
            Some(Node { kind: NodeKind::Sequence(items), .. }) => items,
            Some(value) if value.as_text().is_some_and(Text::has_unknown) => {
                let values = [Node::text(delimiter_text.clone(), span), value];
                return unknown_value(r, "Fn::Join", &values, SymbolKind::Expression, Shape::Any, span);
            }
            Some(value) => {
                r.problem(format!("`Fn::Join` needs a list, not an {}", value.type_name()), list.span);
                return r.unknown("Fn::Join", SymbolKind::Expression, Shape::Any, span);
            }
            None => Vec::new(),
        },
    };
    for item in items {
        let value = if is_literal { r.resolve(&item) } else { Some(item.clone()) };
        let Some(value) = value else { continue };
        match value.scalar_text() {
            Some(text) => {
                let place = if item.as_text().is_some() { inner_span(r, &item) } else { item.span };
                push(&mut parts, text, place);
            }
            None => {
                r.problem(format!("`Fn::Join` needs strings, not an {}", value.type_name()), item.span);
                let text = r.unknown_text("Fn::Join", SymbolKind::Expression, Shape::Any);
                push(&mut parts, text, item.span);
            }
        }
    }
    let joined = Text::concat(parts.iter().map(|(t, s)| (t, *s)));
    Node::text(dynamic::replace(r, &joined, span), span)
}

/// The parts of a text between delimiters as far as they are certain, and whether that is all.
fn split_text(text: &Text, delimiter: &str) -> (Vec<Text>, bool) {
    let whole = text.as_str();
    if delimiter.is_empty() {
        return (vec![text.clone()], true);
    }
    // From the first unknown that may hold the delimiter, nothing is certain.
    let mut certain_to = whole.len();
    let mut at = 0;
    for piece in text.pieces() {
        match piece {
            Piece::Literal(s) => at += s.len(),
            Piece::Symbol(s) => {
                let letters: Vec<String> = delimiter.chars().map(String::from).collect();
                if letters.iter().any(|l| shapes::may_hold(s.info().shape, l)) {
                    certain_to = at;
                    break;
                }
                at += s.as_char().len_utf8();
            }
        }
    }
    let all = certain_to == whole.len();
    let mut parts = Vec::new();
    let mut start = 0;
    while let Some(end) = whole[start..].find(delimiter).map(|i| i + start) {
        if end + delimiter.len() > certain_to {
            break;
        }
        parts.push(text.slice(start..end));
        start = end + delimiter.len();
    }
    if all {
        parts.push(text.slice(start..whole.len()));
    }
    (parts, all)
}

/// `Fn::Split`.
pub(super) fn split(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let Some((delimiter, text)) = split_arguments(r, argument) else {
        return r.unknown("Fn::Split", SymbolKind::Expression, Shape::Any, span);
    };
    let (parts, all) = split_text(&text, delimiter.as_str());
    if all && !delimiter.has_unknown() {
        return Node::new(NodeKind::Sequence(parts.into_iter().map(|p| Node::text(p, span)).collect()), span);
    }
    let values = [Node::text(delimiter, span), Node::text(text, span)];
    unknown_value(r, "Fn::Split", &values, SymbolKind::Expression, Shape::Any, span)
}

fn split_arguments(r: &mut Resolver<'_, '_>, argument: &Node) -> Option<(Text, Text)> {
    let [delimiter, source] = arguments::<2>(r, "Fn::Split", argument)?;
    let delimiter = r.text(delimiter, "the delimiter of `Fn::Split`");
    let place = source.span;
    let text = r.text(source, "the string of `Fn::Split`");
    let text = if text.segments().is_empty() { Text::concat([(&text, place)]) } else { text };
    Some((delimiter, text))
}

/// `Fn::Select`.
pub(super) fn select(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Option<Node> {
    let Some([index, list]) = arguments::<2>(r, "Fn::Select", argument) else {
        return Some(r.unknown("Fn::Select", SymbolKind::Expression, Shape::Any, span));
    };
    let index_text = r.text(index, "the index of `Fn::Select`");
    let position = index_text.known().and_then(|i| i.trim().parse::<usize>().ok());
    if position.is_none() && !index_text.has_unknown() {
        r.problem(format!("`{index_text}` is no index for `Fn::Select`"), index.span);
    }
    // A part of a split string may be certain where the whole list is not.
    let inner = list.as_mapping().filter(|m| m.len() == 1).and_then(|m| m.entry("Fn::Split"));
    if let (Some(split), Some(position)) = (inner, position) {
        let Some((delimiter, text)) = split_arguments(r, &split.value) else {
            return Some(r.unknown("Fn::Split", SymbolKind::Expression, Shape::Any, span));
        };
        let (parts, all) =
            if delimiter.has_unknown() { (Vec::new(), false) } else { split_text(&text, delimiter.as_str()) };
        if let Some(part) = parts.get(position) {
            return Some(Node::text(part.clone(), span));
        }
        if all {
            r.problem(format!("`{text}` has no part {position}"), span);
        }
        let shape = arn_part(&text, delimiter.as_str(), position);
        let values = [
            Node::new(NodeKind::Number(SmolStr::new(position.to_string())), span),
            Node::text(delimiter, span),
            Node::text(text, span),
        ];
        return Some(unknown_value(r, "Fn::Select", &values, SymbolKind::Expression, shape, span));
    }
    let value = match (list.as_sequence(), position) {
        // Only the element that is selected counts, so the others are not evaluated.
        (Some(items), Some(position)) => match items.get(position) {
            Some(item) => return r.resolve(item),
            None => {
                r.problem(format!("`Fn::Select` of {position} from a list of {}", items.len()), span);
                return Some(r.unknown("Fn::Select", SymbolKind::Expression, Shape::Any, span));
            }
        },
        _ => r.resolve(list)?,
    };
    match (value.as_sequence(), position) {
        (Some(items), Some(position)) => match items.get(position) {
            Some(item) => Some(item.clone()),
            None => {
                r.problem(format!("`Fn::Select` of {position} from a list of {}", items.len()), span);
                Some(r.unknown("Fn::Select", SymbolKind::Expression, Shape::Any, span))
            }
        },
        _ => {
            if value.as_sequence().is_none() && !value.has_unknown() {
                r.problem(format!("`Fn::Select` needs a list, not an {}", value.type_name()), list.span);
            }
            let values = [Node::text(index_text, span), value];
            Some(unknown_value(r, "Fn::Select", &values, SymbolKind::Expression, Shape::Any, span))
        }
    }
}

/// What a part of an unknown ARN looks like.
fn arn_part(text: &Text, delimiter: &str, position: usize) -> Shape {
    let is_arn = text.as_symbol().is_some_and(|s| s.info().shape == Shape::Arn);
    match position {
        1 if is_arn && delimiter == ":" => Shape::Partition,
        2 if is_arn && delimiter == ":" => Shape::Name,
        // A Region or account may be empty in an ARN.
        _ => Shape::Any,
    }
}
