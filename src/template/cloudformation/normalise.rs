//! Short forms of intrinsic functions (`!Sub x`) to their long forms (`{"Fn::Sub": x}`), spans kept.
//!
//! Lives here: what CloudFormation's YAML reader does before anything is evaluated. Tags that it does not know become
//! maps with the tag as their only key, which the resolver reports where they are used. Source of the list: the
//! intrinsic function reference and the rule functions of the CloudFormation user guide.

use crate::source::{Entry, Mapping, Node, NodeKind, Text};

/// Functions with a short form, without `!` and `Fn::`.
const SHORT: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Contains",
    "EachMemberEquals",
    "EachMemberIn",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "GetStackOutput",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "RefAll",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
    "ValueOf",
    "ValueOfAll",
];

/// The tree with every short form written out. Recursion is bounded by the depth that the readers allow.
pub(super) fn normalise(node: &Node) -> Node {
    let kind = match &node.kind {
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(normalise).collect()),
        NodeKind::Mapping(map) => {
            let entries = map.iter().map(|e| {
                let mut value = normalise(&e.value);
                if e.key == "Fn::GetAtt" {
                    value = split_attribute(value);
                }
                Entry { key: e.key.clone(), key_span: e.key_span, value }
            });
            NodeKind::Mapping(Mapping { entries: entries.collect() })
        }
        other => other.clone(),
    };
    let inner = Node::new(kind, node.span);
    let Some(tag) = node.tag.as_deref() else { return inner };
    let name = tag.strip_prefix('!').unwrap_or(tag);
    let (key, value) = match name {
        "Ref" | "Condition" => (name.to_owned(), inner),
        "GetAtt" => ("Fn::GetAtt".to_owned(), split_attribute(inner)),
        _ if SHORT.contains(&name) => (format!("Fn::{name}"), inner),
        _ => (format!("!{name}"), inner),
    };
    let entry = Entry { key: Text::literal(key), key_span: node.span, value };
    Node::new(NodeKind::Mapping(Mapping { entries: vec![entry] }), node.span)
}

/// `A.B.C` to `[A, B.C]`; the long form may be written as one string, too.
fn split_attribute(value: Node) -> Node {
    let NodeKind::String(text) = &value.kind else { return value };
    let Some(dot) = text.as_str().find('.') else { return value };
    let (id, attribute) = (text.slice(0..dot), text.slice(dot + 1..text.as_str().len()));
    let span = value.span;
    Node::new(NodeKind::Sequence(vec![Node::text(id, span), Node::text(attribute, span)]), span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, yaml};

    fn written(text: &str) -> String {
        let sources = Sources::new();
        let id = sources.add("t", text);
        normalise(&yaml::read(id, text, &Limits::default()).unwrap()).to_json().to_string()
    }

    #[test]
    fn short_forms_become_long_forms_at_every_depth() {
        assert_eq!(written("a: !Sub '${X}'"), r#"{"a":{"Fn::Sub":"${X}"}}"#);
        assert_eq!(written("a: !GetAtt N.Outputs.X"), r#"{"a":{"Fn::GetAtt":["N","Outputs.X"]}}"#);
        assert_eq!(written("a: {'Fn::GetAtt': A.B}"), r#"{"a":{"Fn::GetAtt":["A","B"]}}"#);
        assert_eq!(
            written("a: !Join ['', [!Ref B, !If [C, !GetAtt [D, E], x]]]"),
            r#"{"a":{"Fn::Join":["",[{"Ref":"B"},{"Fn::If":["C",{"Fn::GetAtt":["D","E"]},"x"]}]]}}"#
        );
        assert_eq!(written("a: !Condition C"), r#"{"a":{"Condition":"C"}}"#);
    }

    #[test]
    fn an_unknown_tag_is_kept_as_the_key_of_a_map() {
        assert_eq!(written("a: !Nope x"), r#"{"a":{"!Nope":"x"}}"#);
    }
}
