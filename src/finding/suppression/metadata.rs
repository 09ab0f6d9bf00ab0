//! Rules in CloudFormation metadata, of a resource or of the whole template:
//!
//! ```yaml
//! Metadata:
//!   iam-preflight:
//!     ignore:
//!       - code: PASS_ROLE_WITH_STAR_IN_RESOURCE
//!         reason: the role is made in the next release
//!         expires: 2027-06-30
//! ```
//!
//! The CDK writes it through `cfnOptions.metadata`.

use std::ops::Range;

use super::entry::{EntryError, nearest, read_entry};
use super::rule::{IgnoreRule, Origin};
use super::yaml_comments::end_of;
use crate::source::Node;

/// The key of our metadata.
const KEY: &str = "iam-preflight";

/// What the metadata says.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// Each rule with its place and the resource's bytes; without them it holds for the template.
    pub rules: Vec<(usize, IgnoreRule, Option<Range<usize>>)>,
    pub errors: Vec<EntryError>,
}

/// The rules of a template.
pub(super) fn rules(root: &Node) -> Metadata {
    let mut found = Metadata::default();
    found.read(root, None);
    for section in ["Resources", "Parameters"] {
        for entry in root.get(section).and_then(Node::as_mapping).into_iter().flat_map(|map| map.iter()) {
            let end = end_of(&entry.value).max(entry.key_span.end as usize);
            found.read(&entry.value, Some(entry.key_span.start as usize..end));
        }
    }
    found
}

impl Metadata {
    fn read(&mut self, of: &Node, block: Option<Range<usize>>) {
        let Some(ours) = of.get("Metadata").and_then(|m| m.get(KEY)) else { return };
        let wrong = |node: &Node, message: String| EntryError { span: node.span, message, help: None };
        let Some(map) = ours.as_mapping() else {
            return self.errors.push(wrong(ours, format!("the metadata `{KEY}` is a map with `ignore`")));
        };
        for entry in map.iter() {
            if entry.key.as_str() != "ignore" {
                let help = nearest(entry.key.as_str(), ["ignore"]).map(|n| format!("did you mean `{n}`?"));
                let message = format!("unknown key `{}` of the metadata `{KEY}`", entry.key.display());
                self.errors.push(EntryError { span: entry.key_span, message, help });
                continue;
            }
            let Some(items) = entry.value.as_sequence() else {
                self.errors.push(wrong(&entry.value, "`ignore` is a list".to_owned()));
                continue;
            };
            for item in items {
                match read_entry(item, Origin::Metadata) {
                    Ok(rule) => self.rules.push((item.span.start as usize, rule, block.clone())),
                    Err(error) => self.errors.push(error),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, yaml};

    #[test]
    fn rules_of_resources_and_of_the_template_are_read_and_faults_are_named() {
        let text = "
Metadata:
  iam-preflight:
    ignore: [{code: A, resource: B*}]
    ignroe: []
Resources:
  B:
    Type: X
    Metadata:
      other: {ignore: 1}
      iam-preflight:
        ignore:
          - INVALID_ACTION
          - reason: everything here
          - code: !Ref A
  C:
    Metadata: {iam-preflight: [x]}
";
        let source = Sources::new().add("t", text);
        let found = rules(&yaml::read(source, text, &Limits::default()).unwrap());
        let rules: Vec<(String, bool)> =
            found.rules.iter().map(|(_, rule, block)| (rule.pattern().into_owned(), block.is_some())).collect();
        let expected = [("code: A; resource: B*", false), ("INVALID_ACTION", true), ("", true)];
        assert_eq!(rules, expected.map(|(p, b)| (p.to_owned(), b)));
        let errors: Vec<&str> = found.errors.iter().map(|e| e.message.as_str()).collect();
        let expected = [
            "unknown key `ignroe` of the metadata `iam-preflight`",
            "`code` takes text",
            "the metadata `iam-preflight` is a map with `ignore`",
        ];
        assert_eq!(errors, expected);
    }
}
