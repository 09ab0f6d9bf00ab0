//! What SAM itself reads of intrinsic functions: it replaces references to template parameters whose values are
//! known, looks for `Fn::If` and `AWS::NoValue`, and otherwise passes functions on unread.

use std::borrow::Cow;

use crate::source::{Entry, Mapping, Node, NodeKind, Text};

/// Gives the value of a template parameter, where one is given or defaulted.
pub(super) type Parameters<'a> = &'a dyn Fn(&str) -> Option<Node>;

/// The name and argument of an intrinsic function (`Ref` and `Condition` included).
pub(super) fn function(node: &Node) -> Option<(&str, &Node)> {
    match node.as_mapping()?.entries.as_slice() {
        [Entry { key, value, .. }] => {
            let name = key.known()?;
            (name == "Ref" || name == "Condition" || name.starts_with("Fn::")).then_some((name, value))
        }
        _ => None,
    }
}

/// True for any intrinsic function.
pub(super) fn is_function(node: &Node) -> bool {
    function(node).is_some()
}

/// True for `{"Ref": "AWS::NoValue"}`.
pub(super) fn is_no_value(node: &Node) -> bool {
    matches!(function(node), Some(("Ref", name)) if name.as_str() == Some("AWS::NoValue"))
}

/// Condition and branches of `Fn::If`.
pub(super) fn branches(node: &Node) -> Option<(&Node, &Node, &Node)> {
    match function(node)? {
        ("Fn::If", value) => match value.as_sequence()? {
            [condition, when_true, when_false] => Some((condition, when_true, when_false)),
            _ => None,
        },
        _ => None,
    }
}

/// The logical id that a `Ref` or `Fn::GetAtt` with one attribute names.
pub(super) fn referenced_id(node: &Node) -> Option<&str> {
    match function(node)? {
        ("Ref", value) => value.as_str(),
        ("Fn::GetAtt", value) => match value.as_sequence() {
            Some([id, _]) => id.as_str(),
            Some(_) => None,
            None => value.as_str()?.split_once('.').filter(|(_, rest)| !rest.contains('.')).map(|(id, _)| id),
        },
        _ => None,
    }
}

/// The node with a `Ref` to a parameter of known value replaced; other functions stay.
pub(super) fn resolve<'n>(node: &'n Node, parameters: Parameters<'_>) -> Cow<'n, Node> {
    match function(node) {
        Some(("Ref", name)) => match name.as_str().and_then(parameters) {
            Some(value) => Cow::Owned(value),
            None => Cow::Borrowed(node),
        },
        _ => Cow::Borrowed(node),
    }
}

/// The string that a node is or refers to.
pub(super) fn resolved_string(node: &Node, parameters: Parameters<'_>) -> Option<String> {
    resolve(node, parameters).scalar_text().and_then(|t| t.known().map(str::to_owned))
}

/// True or false as the node says, directly or by a parameter; `None` when that is not known.
pub(super) fn resolved_bool(node: &Node, parameters: Parameters<'_>) -> Option<bool> {
    match resolved_string(node, parameters)?.as_str() {
        "true" | "True" => Some(true),
        "false" | "False" => Some(false),
        _ => None,
    }
}

/// The whole tree with `Ref` and `${…}` of parameters of known value replaced.
pub(super) fn resolve_deep(node: &Node, parameters: Parameters<'_>) -> Node {
    match function(node) {
        Some(("Ref", _)) => return resolve(node, parameters).into_owned(),
        Some(("Fn::Sub", argument)) => {
            let replaced = match argument.as_sequence() {
                Some([text, variables]) => Node::new(
                    NodeKind::Sequence(vec![sub_text(text, parameters), resolve_deep(variables, parameters)]),
                    argument.span,
                ),
                _ => sub_text(argument, parameters),
            };
            let entry = Entry { key: Text::literal("Fn::Sub"), key_span: node.span, value: replaced };
            return Node::new(NodeKind::Mapping(Mapping { entries: vec![entry] }), node.span);
        }
        _ => {}
    }
    let kind = match &node.kind {
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(|n| resolve_deep(n, parameters)).collect()),
        NodeKind::Mapping(map) => {
            let entry = |e: &Entry| Entry { value: resolve_deep(&e.value, parameters), ..e.clone() };
            NodeKind::Mapping(Mapping { entries: map.iter().map(entry).collect() })
        }
        other => other.clone(),
    };
    Node::new(kind, node.span)
}

fn sub_text(node: &Node, parameters: Parameters<'_>) -> Node {
    let Some(text) = node.as_str() else { return node.clone() };
    let replaced = replace_variables(text, |name| {
        let value = parameters(name)?.scalar_text()?;
        value.known().map(str::to_owned)
    });
    Node::string(replaced, node.span)
}

/// Replaces `${name}` where `value` knows one; `${!name}` is literal text.
pub(super) fn replace_variables(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, variable) = rest.split_at(start);
        result.push_str(before);
        let Some(end) = variable.find('}') else {
            rest = variable;
            break;
        };
        let (variable, after) = variable.split_at(end + 1);
        let name = variable[2..end].trim();
        match value(name).filter(|_| !name.starts_with('!')) {
            Some(value) => result.push_str(&value),
            None => result.push_str(variable),
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

/// The value of a key unless it is null: SAM takes `null` for absent.
pub(super) fn given<'n>(map: &'n Mapping, key: &str) -> Option<&'n Node> {
    map.get(key).filter(|n| !matches!(n.kind, NodeKind::Null))
}
