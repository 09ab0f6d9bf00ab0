//! Short forms of intrinsic functions (`!Sub x`) to their long forms (`{"Fn::Sub": x}`), spans kept.
//!
//! Lives here: what CloudFormation's YAML reader does before anything is evaluated. Tags that it does not know become
//! maps with the tag as their only key, which the resolver reports where they are used. Source of the list: the
//! intrinsic function reference and the rule functions of the CloudFormation user guide.

use smol_str::format_smolstr;

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
pub(super) fn normalise(mut node: Node) -> Node {
    in_place(&mut node);
    node
}

fn in_place(node: &mut Node) {
    match &mut node.kind {
        NodeKind::Sequence(items) => items.iter_mut().for_each(in_place),
        NodeKind::Mapping(map) => {
            for entry in &mut map.entries {
                in_place(&mut entry.value);
                if entry.key == "Fn::GetAtt" {
                    split_attribute(&mut entry.value);
                }
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {}
    }
    let Some(tag) = node.tag.take() else { return };
    let span = node.span;
    let mut value = Node::new(std::mem::replace(&mut node.kind, NodeKind::Null), span);
    let name = tag.strip_prefix('!').unwrap_or(&tag);
    let key = match name {
        "Ref" | "Condition" => Text::literal(name),
        _ if SHORT.contains(&name) => Text::literal(format_smolstr!("Fn::{name}")),
        _ => Text::literal(format_smolstr!("!{name}")),
    };
    if name == "GetAtt" {
        split_attribute(&mut value);
    }
    node.kind = NodeKind::Mapping(Mapping { entries: vec![Entry { key, key_span: span, value }] });
}

/// `A.B.C` to `[A, B.C]`; the long form may be written as one string, too.
fn split_attribute(value: &mut Node) {
    let NodeKind::String(text) = &value.kind else { return };
    let Some(dot) = text.as_str().find('.') else { return };
    let (id, attribute) = (text.slice(0..dot), text.slice(dot + 1..text.as_str().len()));
    value.kind = NodeKind::Sequence(vec![Node::text(id, value.span), Node::text(attribute, value.span)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, yaml};

    fn written(text: &str) -> String {
        let sources = Sources::new();
        let id = sources.add("t", text);
        normalise(yaml::read(id, text, &Limits::default()).unwrap()).to_json().to_string()
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
