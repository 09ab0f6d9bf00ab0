//! `MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL`: missing condition key for OIDC principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::trusted_providers;
use crate::checks::condition::{claim, presence, presence::Presence};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::source::display_encoded;

declare_check! {
    /// ## What it does
    ///
    /// Finds trust policies that allow an OIDC provider without a condition on a key of that provider.
    ///
    /// ## Why it matters
    ///
    /// The provider issues tokens to all its customers' applications. Without a condition on the audience or the
    /// subject, any of them can assume the role.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {"Federated": "accounts.google.com"},
    ///       "Action": "sts:AssumeRoleWithWebIdentity"
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
    ///       "Principal": {"Federated": "accounts.google.com"},
    ///       "Action": "sts:AssumeRoleWithWebIdentity",
    ///       "Condition": {"StringEquals": {"accounts.google.com:aud": "client.apps.googleusercontent.com"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL: SecurityWarning, Trust, "Missing condition key for OIDC principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    // GitHub's provider has a check of its own, which asks for more.
    for trusted in trusted_providers(context).filter(|t| !claim::is_github(t.provider)) {
        let conditions = presence::find(context.document, trusted.statement, |_, key| {
            let prefix = key.name.as_str().split(':').next().unwrap_or_default();
            prefix.eq_ignore_ascii_case(trusted.provider)
        });
        if conditions == Presence::No {
            let shown = display_encoded(trusted.provider);
            findings.add(
                trusted.location,
                format!("`{shown}` is trusted without a condition on a key of its own, such as `{shown}:aud`."),
            );
        }
    }
}
