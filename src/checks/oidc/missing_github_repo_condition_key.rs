//! `MISSING_GITHUB_REPO_CONDITION_KEY`: missing GitHub repo condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::trusted_providers;
use crate::checks::condition::{claim, presence, presence::Presence};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds trust policies that allow GitHub's OIDC provider without a condition on the subject of the token.
    ///
    /// ## Why it matters
    ///
    /// Every workflow on GitHub gets tokens from this provider, and may choose their audience. Only the subject,
    /// `token.actions.githubusercontent.com:sub`, tells whose repository it is.
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
    ///       "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}
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
    pub MISSING_GITHUB_REPO_CONDITION_KEY: SecurityWarning, Trust, "Missing GitHub repo condition key", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for trusted in trusted_providers(context).filter(|t| claim::is_github(t.provider)) {
        let subject = format!("{}:sub", trusted.provider);
        if presence::has_any(context.document, trusted.statement, &[&subject]) == Presence::No {
            findings.add(
                trusted.location,
                format!("Any repository on GitHub can assume the role: add a condition on `{subject}`."),
            );
        }
    }
}
