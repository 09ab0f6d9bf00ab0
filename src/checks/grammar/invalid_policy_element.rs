//! `INVALID_POLICY_ELEMENT`: invalid policy element.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyPath;
use crate::source::Mapping;

declare_check! {
    /// ## What it does
    ///
    /// Finds keys of the policy document or of a statement that the policy grammar does not know.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the policy; a misspelt element would otherwise be lost without notice.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Conditions": {"Bool": {"aws:SecureTransport": "true"}}}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}
    ///   ]
    /// }
    /// ```
    pub INVALID_POLICY_ELEMENT: Error, All, "Invalid policy element", run
}

use super::statement_objects;

const DOCUMENT_ELEMENTS: &[&str] = &["Version", "Id", "Statement"];
const STATEMENT_ELEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    if let Some(map) = context.document.root().as_mapping() {
        unknown_elements(map, &PolicyPath::root(), "a policy document", DOCUMENT_ELEMENTS, findings);
    }
    for (statement, map) in statement_objects(context.document) {
        unknown_elements(map, &statement.path, "a statement", STATEMENT_ELEMENTS, findings);
    }
}

fn unknown_elements(map: &Mapping, path: &PolicyPath, owner: &str, known: &[&str], findings: &mut Findings<'_>) {
    for entry in map.iter().filter(|e| !e.key.has_unknown() && !known.contains(&e.key.as_str())) {
        let name = entry.key.as_str();
        let suggestion = nearest::name(name, known.iter().copied());
        let finding = findings.add(
            Location::new(path.key(name), entry.key_span),
            format!("`{name}` is not an element of {owner}{}.", nearest::did_you_mean(suggestion)),
        );
        // Only a difference in case is certain to be a slip; and not when the right name is there as well.
        if let Some(right) = suggestion.filter(|s| s.eq_ignore_ascii_case(name) && map.get(s).is_none()) {
            finding.replace(entry.key_span, name, right);
        }
    }
}
