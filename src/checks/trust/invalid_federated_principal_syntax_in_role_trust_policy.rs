//! `INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY`: invalid federated principal syntax in role trust policy.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::provider::Provider;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Federated` principal that is neither a domain name nor the ARN of an IAM SAML or OIDC provider.
    ///
    /// ## Why it matters
    ///
    /// IAM rejects the trust policy.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"Federated": "my identity provider"}, "Action": "sts:AssumeRoleWithWebIdentity"}
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
    ///     {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/CorpIdp"}, "Action": "sts:AssumeRoleWithSAML", "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}}
    ///   ]
    /// }
    /// ```
    pub INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY: Error, Trust, "Invalid federated principal syntax in role trust policy", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for value in crate::checks::principal::values(context.document) {
        let text = &value.item.text;
        if value.principal_type() == "Federated" && !text.has_unknown() && Provider::of(text).is_none() {
            findings.add(
                value.location(),
                format!("`{text}` is neither a domain name nor the ARN of an IAM SAML or OIDC provider."),
            );
        }
    }
}
