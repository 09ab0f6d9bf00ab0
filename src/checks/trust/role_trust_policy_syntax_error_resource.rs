//! `ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE`: role trust policy syntax error: resource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds `Resource` or `NotResource` in a role trust policy.
    ///
    /// ## Why it matters
    ///
    /// The resource of a trust policy is its role. IAM rejects a policy that names one.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
    ///   ]
    /// }
    /// ```
    pub ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE: Error, Trust, "Role trust policy syntax error: resource", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let Some(map) = context.document.object(statement) else { continue };
        for entry in ["Resource", "NotResource"].into_iter().filter_map(|e| map.entry(e)) {
            findings.add(
                Location::new(statement.path().key(entry.key.as_smol().clone()), entry.key_span),
                format!("A role trust policy cannot have `{}`.", entry.key),
            );
        }
    }
}
