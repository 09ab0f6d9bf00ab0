//! `CONFIRM_AUDIENCE_CLAIM_TYPE`: confirm audience claim type.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference. The service has been seen to report it
//! for GitHub's provider and not for those that IAM has built in.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds conditions on the audience of an OIDC provider that the account has set up itself.
    ///
    /// ## Why it matters
    ///
    /// An OIDC token can hold one audience or a list of them. STS takes the claim for single-valued; make sure
    /// that the provider issues it so, and leave out `ForAllValues:` and `ForAnyValue:`. Nothing has to be
    /// changed when that holds.
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
    ///         "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com", "token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// The condition stays as it is once the claim's type is confirmed. A condition on the subject alone does not
    /// raise the question:
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
    ///         "StringEquals": {"token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub CONFIRM_AUDIENCE_CLAIM_TYPE: Suggestion, Trust, "Confirm audience claim type", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if used.facts.claim().is_some_and(|c| c.is_oidc_audience() && !c.is_built_in()) {
            findings.add(
                used.location(),
                format!("Make sure that the provider's tokens hold one audience: `{}` is single-valued.", used.shown()),
            );
        }
    }
}
