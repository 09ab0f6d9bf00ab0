//! Intrinsic functions: telling them from plain maps, and evaluating those that choose, look up and count.
//!
//! Those that put strings together or take them apart are in `text_functions`. Source: "Intrinsic function reference"
//! in the CloudFormation user guide.

use base64::Engine as _;
use smol_str::SmolStr;

use super::resolver::Resolver;
use super::{include, references, shapes, text_functions};
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, Span, SymbolKind, Text, json};

/// Functions that `Rules` alone can use.
const RULES_ONLY: &[&str] =
    &["Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"];

/// Every function, to tell a misspelt one.
const FUNCTIONS: &[&str] = &[
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::ForEach",
    "Fn::GetAZs",
    "Fn::GetAtt",
    "Fn::GetStackOutput",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Length",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Fn::ToJsonString",
    "Fn::Transform",
];

/// The function call that a map is, if it is one: its only key is `Ref`, `Fn::…` or an unknown tag.
pub(super) fn of(map: &Mapping) -> Option<&Entry> {
    let [entry] = map.entries.as_slice() else { return None };
    let key = entry.key.as_str();
    (key == "Ref" || key.starts_with("Fn::") || key.starts_with('!')).then_some(entry)
}

/// Evaluates a function call; `None` for `AWS::NoValue`.
pub(super) fn call(r: &mut Resolver<'_, '_>, call: &Entry, span: Span) -> Option<Node> {
    let argument = &call.value;
    match call.key.as_str() {
        "Ref" => references::reference(r, argument, span),
        "Fn::GetAtt" => Some(references::get_att(r, argument, span)),
        "Fn::If" => choose(r, argument, span),
        "Fn::Sub" => Some(text_functions::sub(r, argument, span)),
        "Fn::Join" => Some(text_functions::join(r, argument, span)),
        "Fn::Split" => Some(text_functions::split(r, argument, span)),
        "Fn::Select" => text_functions::select(r, argument, span),
        "Fn::FindInMap" => Some(find_in_map(r, argument, span)),
        "Fn::ImportValue" => Some(references::import_value(r, argument, span)),
        "Fn::GetStackOutput" => Some(unknown_call(r, "Fn::GetStackOutput", argument, SymbolKind::ImportValue, span)),
        "Fn::Base64" => Some(base64(r, argument, span)),
        "Fn::Cidr" => Some(cidr(r, argument, span)),
        "Fn::GetAZs" => Some(unknown_call(r, "Fn::GetAZs", argument, SymbolKind::External, span)),
        "Fn::Length" => Some(length(r, argument, span)),
        "Fn::ToJsonString" => {
            let value = r.resolve(argument)?;
            Some(Node::text(Text::from_encoded(json::write_encoded(&value)), span))
        }
        "Fn::Transform" => include::transform(r, argument, span),
        "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals" => {
            let node = Node::new(NodeKind::Mapping(Mapping { entries: vec![call.clone()] }), span);
            let value = r.boolean(&node);
            Some(Node::new(NodeKind::Bool(value.unwrap_or(false)), span))
        }
        name if RULES_ONLY.contains(&name) => {
            r.problem(format!("`{name}` can be used in section `Rules` only"), call.key_span);
            Some(r.unknown(name, SymbolKind::Expression, Shape::Any, span))
        }
        name => {
            let message = match name.strip_prefix('!') {
                Some(_) => format!("unknown tag `{name}`"),
                None => format!("unknown intrinsic function `{name}`"),
            };
            let full = name.replace('!', "Fn::");
            let help = references::nearest(&full, FUNCTIONS.iter().copied());
            r.problems.push(crate::model::Problem { message, span: Some(call.key_span), help });
            Some(unknown_call(r, name, argument, SymbolKind::Expression, span))
        }
    }
}

/// The elements of an argument list of the right length; a wrong one is told.
pub(super) fn arguments<'n, const N: usize>(
    r: &mut Resolver<'_, '_>,
    function: &str,
    argument: &'n Node,
) -> Option<&'n [Node; N]> {
    let list = argument.as_sequence().and_then(|s| <&[Node; N]>::try_from(s).ok());
    if list.is_none() {
        r.problem(format!("`{function}` needs a list of {N} arguments"), argument.span);
    }
    list
}

/// A symbol for a call that can't be worked out, named by the call.
pub(super) fn unknown_call(
    r: &mut Resolver<'_, '_>,
    function: &str,
    argument: &Node,
    kind: SymbolKind,
    span: Span,
) -> Node {
    let value = r.resolve(argument);
    unknown_value(r, function, value.as_slice(), kind, Shape::Any, span)
}

/// A symbol for a function of values, named by them, so that the same call is the same symbol.
pub(super) fn unknown_value(
    r: &Resolver<'_, '_>,
    function: &str,
    values: &[Node],
    kind: SymbolKind,
    shape: Shape,
    span: Span,
) -> Node {
    let written: Vec<String> = values.iter().map(short).collect();
    let mut name = format!("{function}({})", written.join(", "));
    if name.len() > 160 {
        use std::hash::{Hash, Hasher};
        let mut hasher = rustc_hash::FxHasher::default();
        name.hash(&mut hasher);
        let cut = (0..=120).rev().find(|i| name.is_char_boundary(*i)).unwrap_or(0);
        name = format!("{}… {:016x})", &name[..cut], hasher.finish());
    }
    let foreign = foreign_scopes(values, &r.stack.scope);
    if foreign.is_empty() {
        return r.unknown(name, kind, shape, span);
    }
    // Names of other stacks may look the same and mean another thing.
    let scope = SmolStr::new(format!("{} {}", r.stack.scope, foreign.join(" ")));
    let info = crate::source::SymbolInfo { scope, name: name.into(), kind, shape, sensitive: false };
    Node::text(Text::symbol(crate::source::Symbol::intern(info)), span)
}

fn foreign_scopes(values: &[Node], own: &SmolStr) -> Vec<String> {
    fn collect(node: &Node, own: &SmolStr, out: &mut std::collections::BTreeSet<String>) {
        match &node.kind {
            NodeKind::String(t) if t.has_unknown() => {
                let scopes = t.symbols().map(|s| s.info().scope.clone());
                out.extend(scopes.filter(|s| !s.is_empty() && s != own).map(String::from));
            }
            NodeKind::Sequence(items) => items.iter().for_each(|i| collect(i, own, out)),
            NodeKind::Mapping(m) => m.iter().for_each(|e| collect(&e.value, own, out)),
            _ => {}
        }
    }
    let mut out = std::collections::BTreeSet::new();
    values.iter().for_each(|v| collect(v, own, &mut out));
    out.into_iter().collect()
}

fn short(node: &Node) -> String {
    match &node.kind {
        NodeKind::String(t) => match t.as_symbol() {
            Some(symbol) => symbol.info().name.to_string(),
            None if t.has_unknown() => t.display(),
            None => format!("'{t}'"),
        },
        NodeKind::Sequence(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        _ => node.to_json().to_string(),
    }
}

fn choose(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Option<Node> {
    let Some([name, then, otherwise]) = arguments::<3>(r, "Fn::If", argument) else {
        return Some(r.unknown("Fn::If", SymbolKind::Expression, Shape::Any, span));
    };
    let holds = match name.as_text() {
        Some(text) => {
            let text = text.as_smol().clone();
            r.condition(&text, name.span)
        }
        None => r.boolean(name),
    };
    match holds {
        Some(true) => r.resolve(then),
        Some(false) => r.resolve(otherwise),
        // Only while probing: what depends on an undecided condition can't decide another.
        None => {
            let values: Vec<Node> = [then, otherwise].iter().filter_map(|n| r.resolve(n)).collect();
            Some(unknown_value(r, "Fn::If", &values, SymbolKind::Expression, Shape::Any, span))
        }
    }
}

fn find_in_map(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let list = argument.as_sequence().unwrap_or(&[]);
    let (map, first, second, default) = match list {
        [map, first, second] => (map, first, second, None),
        [map, first, second, options] => (map, first, second, options.get("DefaultValue")),
        _ => {
            r.problem("`Fn::FindInMap` needs a list of 3 arguments, and may have a fourth", argument.span);
            return r.unknown("Fn::FindInMap", SymbolKind::Expression, Shape::Any, span);
        }
    };
    let name = r.text(map, "the name of a mapping");
    let (first_key, second_key) = (r.text(first, "a mapping's key"), r.text(second, "a mapping's key"));
    let written = [name.clone(), first_key.clone(), second_key.clone()].map(|t| Node::text(t, span));
    let unknown =
        |r: &Resolver<'_, '_>, shape| unknown_value(r, "Fn::FindInMap", &written, SymbolKind::Expression, shape, span);
    if name.has_unknown() {
        return unknown(r, Shape::Any);
    }
    let stack = r.stack;
    let Some(table) = stack.mappings.get(name.as_str()) else {
        if let Some(default) = default {
            return r.resolve(default).unwrap_or_else(|| Node::new(NodeKind::Null, span));
        }
        let help = references::nearest(name.as_str(), stack.mappings.keys().map(SmolStr::as_str));
        r.problems.push(crate::model::Problem {
            message: format!("mapping `{name}` is not declared"),
            span: Some(map.span),
            help,
        });
        return unknown(r, Shape::Any);
    };
    let entries = |node: &Node, key: &Text| -> Vec<Node> {
        let Some(map) = node.as_mapping() else { return Vec::new() };
        if key.has_unknown() {
            map.iter().map(|e| e.value.clone()).collect()
        } else {
            map.get(key.as_str()).cloned().into_iter().collect()
        }
    };
    let rows = entries(table, &first_key);
    let mut found: Vec<Node> = rows.iter().flat_map(|row| entries(row, &second_key)).collect();
    let certain = !first_key.has_unknown() && !second_key.has_unknown();
    if certain && found.is_empty() {
        if let Some(default) = default {
            return r.resolve(default).unwrap_or_else(|| Node::new(NodeKind::Null, span));
        }
        let (missing, at, known) = match rows.first() {
            None => (&first_key, first.span, Some(table)),
            Some(row) => (&second_key, second.span, Some(row)),
        };
        let keys = known.and_then(Node::as_mapping).into_iter().flat_map(|m| m.iter().map(|e| e.key.as_str()));
        let help = references::nearest(missing.as_str(), keys);
        let message = format!("mapping `{name}` has no key `{missing}`");
        let problem = crate::model::Problem { message, span: Some(at), help };
        // A value that was only chosen for an undecided condition may never be deployed.
        if r.assignment.is_empty() {
            r.problems.push(problem)
        } else {
            r.problems.notice(problem)
        }
        return unknown(r, Shape::Any);
    }
    if let (false, Some(default)) = (certain, default) {
        found.extend(r.resolve(default));
    }
    match found.split_first() {
        Some((one, rest)) if rest.iter().all(|v| v.same_value(one)) => with_origin(one, span),
        Some(_) => {
            let texts: Option<Vec<Text>> = found.iter().map(Node::scalar_text).collect();
            let known: Option<Vec<&str>> = texts.as_ref().and_then(|t| t.iter().map(Text::known).collect());
            let shape = known.map_or(Shape::Any, |values| shapes::of_values(values.into_iter()));
            unknown(r, shape)
        }
        None => unknown(r, Shape::Any),
    }
}

/// A value used at `span` and written elsewhere: strings point to where they were written.
pub(super) fn with_origin(node: &Node, span: Span) -> Node {
    match &node.kind {
        NodeKind::String(t) => Node::text(Text::concat([(t, node.span)]), span),
        NodeKind::Sequence(items) => {
            Node::new(NodeKind::Sequence(items.iter().map(|i| with_origin(i, i.span)).collect()), span)
        }
        other => Node::new(other.clone(), span),
    }
}

fn base64(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let text = r.text(argument, "the argument of `Fn::Base64`");
    match text.known() {
        Some(known) => Node::string(base64::engine::general_purpose::STANDARD.encode(known), span),
        None => {
            let value = Node::text(text, argument.span);
            unknown_value(r, "Fn::Base64", &[value], SymbolKind::Expression, Shape::Literal, span)
        }
    }
}

fn length(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    match r.resolve(argument) {
        Some(Node { kind: NodeKind::Sequence(items), .. }) => {
            Node::new(NodeKind::Number(SmolStr::new(items.len().to_string())), span)
        }
        Some(value) if value.has_unknown() => {
            unknown_value(r, "Fn::Length", &[value], SymbolKind::Expression, Shape::Name, span)
        }
        _ => {
            r.problem("`Fn::Length` needs a list", argument.span);
            r.unknown("Fn::Length", SymbolKind::Expression, Shape::Name, span)
        }
    }
}

/// `[block, count, bits]`: the first `count` subnets of the block with `bits` host bits; 8 without, as CloudFormation
/// has it for IPv4.
fn cidr(r: &mut Resolver<'_, '_>, argument: &Node, span: Span) -> Node {
    let list = argument.as_sequence().unwrap_or(&[]);
    if !(2..=3).contains(&list.len()) {
        r.problem("`Fn::Cidr` needs a list of 2 or 3 arguments", argument.span);
        return r.unknown("Fn::Cidr", SymbolKind::Expression, Shape::Any, span);
    }
    let texts: Vec<Text> = list.iter().map(|n| r.text(n, "an argument of `Fn::Cidr`")).collect();
    if texts.iter().any(Text::has_unknown) {
        let values: Vec<Node> = texts.into_iter().map(|t| Node::text(t, span)).collect();
        return unknown_value(r, "Fn::Cidr", &values, SymbolKind::Expression, Shape::Any, span);
    }
    let part = |i: usize| texts.get(i).map(Text::as_str);
    let subnets = (|| {
        let block: ipnet::IpNet = part(0)?.parse().ok()?;
        let count: usize = part(1)?.parse().ok().filter(|c| (1..=256).contains(c))?;
        let bits: u8 = part(2).map_or(Some(8), |b| b.parse().ok())?;
        let prefix = block.max_prefix_len().checked_sub(bits)?;
        let subnets: Vec<ipnet::IpNet> = block.trunc().subnets(prefix).ok()?.take(count).collect();
        (subnets.len() == count).then_some(subnets)
    })();
    match subnets {
        Some(subnets) => {
            let nodes = subnets.iter().map(|s| Node::string(s.to_string(), span));
            Node::new(NodeKind::Sequence(nodes.collect()), span)
        }
        None => {
            let shown: Vec<&str> = texts.iter().map(Text::as_str).collect();
            r.problem(format!("`Fn::Cidr` can't make subnets of `{}`", shown.join(", ")), argument.span);
            r.unknown("Fn::Cidr", SymbolKind::Expression, Shape::Any, span)
        }
    }
}
