//! `INVALID_PRINCIPAL_KEY`: invalid principal key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PrincipalKind;

declare_check! {
    /// ## What it does
    ///
    /// Finds keys of a `Principal` or `NotPrincipal` map other than `AWS`, `CanonicalUser`, `Federated` and `Service`.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"User": "arn:aws:iam::111122223333:user/anika"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/anika"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub INVALID_PRINCIPAL_KEY: Error, Resource, "Invalid principal key", run
}

use super::PRINCIPAL_TYPES;

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for element in statement.principal_elements().filter(|e| matches!(e.kind, PrincipalKind::Map(_))) {
            let map = context.document.object(statement).and_then(|m| m.get(element.element)?.as_mapping());
            let Some(map) = map else { continue };
            for entry in map.iter().filter(|e| !e.key.has_unknown()) {
                let key = entry.key.as_str();
                if PRINCIPAL_TYPES.contains(&key) {
                    continue;
                }
                let suggestion = nearest::name(key, PRINCIPAL_TYPES.iter().copied());
                let finding = findings.add(
                    Location::new(statement.path().key(element.element).key(key), entry.key_span),
                    format!("`{key}` is not a principal type{}.", nearest::did_you_mean(suggestion)),
                );
                if let Some(right) = suggestion.filter(|s| s.eq_ignore_ascii_case(key) && map.get(s).is_none()) {
                    finding.replace(entry.key_span, key, right);
                }
            }
        }
    }
}
