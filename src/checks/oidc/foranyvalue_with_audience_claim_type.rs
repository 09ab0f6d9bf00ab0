//! `FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE`: forAnyValue with audience claim type.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::SetOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds `ForAnyValue:` with the audience of an OIDC token.
    ///
    /// ## Why it matters
    ///
    /// The audience is single-valued. With `ForAnyValue:` a token that lists several audiences matches by any of
    /// them, also one that was issued for another application.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {
    ///         "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    ///       },
    ///       "Action": "sts:AssumeRoleWithWebIdentity",
    ///       "Condition": {
    ///         "ForAnyValue:StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
    ///         "StringEquals": {"token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}
    ///       }
    ///     }
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
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {
    ///         "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    ///       },
    ///       "Action": "sts:AssumeRoleWithWebIdentity",
    ///       "Condition": {
    ///         "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com", "token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE: SecurityWarning, Trust, "ForAnyValue with audience claim type", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let any = used.operator().is_some_and(|o| o.set == Some(SetOperator::ForAnyValue));
        if any && used.facts.claim().is_some_and(|c| c.is_oidc_audience()) {
            findings.add(used.location(), format!("`{}` is single-valued: leave out `ForAnyValue:`.", used.shown()));
        }
    }
}
