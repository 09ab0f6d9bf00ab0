//! How large policies are, and the quotas that AWS sets.
//!
//! A bare document is measured as it is written. A policy of a template has no text yet: it is measured as compact
//! JSON, which is what is deployed at the least, and unknown values count with the least length they can have, so a
//! finding is certain.

mod policy_size_exceeds_identity_policy_quota;
mod policy_size_exceeds_rcp_quota;
mod policy_size_exceeds_resource_policy_quota;
mod policy_size_exceeds_role_trust_policy_quota;
mod policy_size_exceeds_scp_quota;

use crate::checks::{Check, CheckContext, Findings};
use crate::finding::Location;
use crate::policy::PolicyPath;
use crate::source::{Node, NodeKind, Piece, Shape, Text};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &policy_size_exceeds_identity_policy_quota::POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA,
    &policy_size_exceeds_resource_policy_quota::POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA,
    &policy_size_exceeds_role_trust_policy_quota::POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA,
    &policy_size_exceeds_scp_quota::POLICY_SIZE_EXCEEDS_SCP_QUOTA,
    &policy_size_exceeds_rcp_quota::POLICY_SIZE_EXCEEDS_RCP_QUOTA,
];

fn report(size: usize, quota: usize, what: &str, context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    if size > quota {
        findings.add(
            Location::new(PolicyPath::root(), context.document.root().span),
            format!("The policy has {size} characters; the quota is {quota} for {what}."),
        );
    }
}

/// Characters of the text as given, or of compact JSON.
fn characters(context: &CheckContext<'_>) -> usize {
    context.text.map_or_else(|| compact_length(context.document.root()), |t| t.chars().count())
}

/// Bytes of the text as given, or of compact JSON.
fn with_white_space(context: &CheckContext<'_>) -> usize {
    context.text.map_or_else(|| compact_length(context.document.root()), str::len)
}

/// Characters that are not white space between the tokens of JSON.
fn without_white_space(context: &CheckContext<'_>) -> usize {
    let Some(text) = context.text else { return compact_length(context.document.root()) };
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for c in text.chars() {
        if in_string {
            count += 1;
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => in_string = false,
                _ => {}
            }
        } else if !matches!(c, ' ' | '\t' | '\n' | '\r') {
            count += 1;
            in_string = c == '"';
        }
    }
    count
}

/// The least length of the tree as JSON without white space.
fn compact_length(node: &Node) -> usize {
    match &node.kind {
        NodeKind::Null => 4,
        NodeKind::Bool(value) => 5 - usize::from(*value),
        NodeKind::Number(written) => written.len(),
        NodeKind::String(text) => 2 + text_length(text),
        NodeKind::Sequence(items) => {
            2 + items.len().saturating_sub(1) + items.iter().map(compact_length).sum::<usize>()
        }
        NodeKind::Mapping(map) => {
            let entries = map.iter().map(|e| 3 + text_length(&e.key) + compact_length(&e.value));
            2 + map.len().saturating_sub(1) + entries.sum::<usize>()
        }
    }
}

fn text_length(text: &Text) -> usize {
    // Characters that JSON escapes count twice; those of UTF-8 that continue a character don't count.
    let letter = |b: u8| usize::from(b & 0xC0 != 0x80) + usize::from(matches!(b, b'"' | b'\\' | b'\n' | b'\t' | b'\r'));
    let literal_length = |s: &str| s.bytes().map(letter).sum::<usize>();
    if !text.has_unknown() {
        return literal_length(text.as_str());
    }
    text.pieces()
        .map(|piece| match piece {
            Piece::Literal(s) => literal_length(s),
            Piece::Symbol(symbol) => match symbol.info().shape {
                Shape::Any => 0,
                Shape::Name | Shape::Literal => 1,
                Shape::Arn => "arn:aws:s3:::abc".len(),
                Shape::Partition => "aws".len(),
                Shape::Region => "us-east-1".len(),
                Shape::AccountId => 12,
                Shape::UrlSuffix => "amazonaws.com".len(),
            },
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, SourceId, json};

    #[test]
    fn the_length_of_a_tree_is_that_of_its_compact_json() {
        for text in [r#"{"a":[1,true,false,null,"x\"y\\z"],"b":{}}"#, "[]", "{}", r#""é""#] {
            let node = json::read(SourceId(0), text, &Limits::default()).unwrap();
            assert_eq!(compact_length(&node), text.chars().count(), "{text}");
        }
    }
}
