//! Fingerprints: what makes a finding of one run the same finding in the next. Lines, columns and positions of
//! statements are no part of it, so that an edit elsewhere in the file changes nothing.

use std::fmt::Write;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use super::Finding;
use crate::model::Deployment;
use crate::policy::{PathSegment, PolicyPath};
use crate::source::Node;

/// The fingerprints of findings, in their order. Findings that nothing else tells apart are numbered.
///
/// A fingerprint is made of the issue code, the input's path, the resource, the policy's name, the conditions under
/// which the policy exists, and the place in the document: the names of elements, the statement's `Sid`, and the
/// value found there. Of an escalation, also of who gets whose permissions in which way.
pub fn fingerprints<'a>(
    findings: impl IntoIterator<Item = &'a Finding>,
    deployment: &Deployment,
    shown_path: impl Fn(&str) -> String,
) -> Vec<String> {
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    let findings = findings.into_iter();
    findings
        .map(|finding| {
            let identity = identity(finding, deployment, &shown_path);
            let count = seen.entry(identity.clone()).or_default();
            *count += 1;
            let numbered = if *count > 1 { format!("{identity}\u{0}{count}") } else { identity };
            short_hash(&numbered)
        })
        .collect()
}

/// The first 16 bytes of SHA-256, in hexadecimal digits.
fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn identity(finding: &Finding, deployment: &Deployment, shown_path: &impl Fn(&str) -> String) -> String {
    let policy = finding.policy.and_then(|id| deployment.policies.get(id.0));
    let input = policy.and_then(|p| deployment.inputs.get(p.input.0)).map(|i| shown_path(&i.path));
    let resource = finding.resource.as_ref().map(|r| r.id.as_str());
    let resource = resource.filter(|id| policy.is_none_or(|p| p.resource.id == *id && !is_file(p, deployment)));
    let name = policy.map(|p| p.name.as_str());
    let when = finding.when.as_ref().map(ToString::to_string);
    let root = policy.and_then(|p| p.document.as_ref()).map(|d| d.root());
    let place = finding.locations.first().map(|l| place(&l.path, root));
    let parts = [Some(finding.code), input.as_deref(), resource, name, when.as_deref(), place.as_deref()];
    let mut identity = parts.map(Option::unwrap_or_default).join("\u{0}");
    // Several ways up begin at one place.
    if let Some(way) = finding.evidence.as_ref().and_then(|e| e.get("escalation")).and_then(|way| way.as_str()) {
        identity.push('\u{0}');
        identity.push_str(way);
    }
    identity
}

/// A bare document's resource is its file, whose path is already there in the form that doesn't depend on how it was
/// given.
fn is_file(policy: &crate::model::Policy, deployment: &Deployment) -> bool {
    deployment.inputs.get(policy.input.0).is_some_and(|i| i.path == policy.resource.id.as_str())
}

/// Element names without positions, the `Sid`, and the value.
fn place(path: &PolicyPath, root: Option<&Node>) -> String {
    let mut out = String::new();
    let mut node = root;
    for segment in &path.0 {
        match segment {
            PathSegment::Key(key) => {
                let _ = write!(out, ".{}", crate::source::Text::from_encoded(key.clone()));
                node = node.and_then(|n| n.get(key));
            }
            PathSegment::Index(index) => {
                node = node.and_then(Node::as_sequence).and_then(|items| items.get(*index));
                if let Some(sid) = node.and_then(|n| n.get("Sid")).and_then(Node::as_text) {
                    let _ = write!(out, "[{sid}]");
                }
            }
        }
    }
    // The document itself changes with every edit; a finding about it is told by its code.
    if let Some(node) = node.filter(|_| !path.0.is_empty()) {
        let _ = write!(out, "={}", node.to_json());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyDocument;
    use crate::source::{Limits, Sources, json};

    fn place_in(text: &str, path: &PolicyPath) -> String {
        let sources = Sources::new();
        let source = sources.add("p.json", text);
        let document = PolicyDocument::new(json::read(source, text, &Limits::default()).expect("valid JSON"));
        place(path, Some(document.root()))
    }

    #[test]
    fn a_place_does_not_change_when_statements_are_added_before_it() {
        let path = |i| PolicyPath::root().key("Statement").index(i).key("Action");
        let one = r#"{"Statement": [{"Sid": "A", "Action": "s3:Get"}]}"#;
        let two = r#"{"Statement": [{"Sid": "B"},

            {"Sid": "A", "Action": "s3:Get"}]}"#;
        assert_eq!(place_in(one, &path(0)), place_in(two, &path(1)));
        assert_ne!(place_in(one, &path(0)), place_in(&one.replace("Get", "Put"), &path(0)));
    }
}
