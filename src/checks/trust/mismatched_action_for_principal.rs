//! `MISMATCHED_ACTION_FOR_PRINCIPAL`: mismatched action for principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::principal::{PrincipalValue, values_of};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds an action that the principal of the statement cannot use: a SAML provider needs `sts:AssumeRoleWithSAML`,
    /// an OIDC provider `sts:AssumeRoleWithWebIdentity`, and accounts, users, roles and services need `sts:AssumeRole`.
    ///
    /// ## Why it matters
    ///
    /// The role cannot be assumed by way of this statement.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/CorpIdp"}, "Action": "sts:AssumeRoleWithWebIdentity"}
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
    pub MISMATCHED_ACTION_FOR_PRINCIPAL: Error, Trust, "Mismatched action for principal", run
}

use super::provider::Provider;

/// The actions that assume a role, and who can use each.
const ASSUMING: &[(&str, &str)] = &[
    ("sts:AssumeRole", "AWS and Service principals"),
    ("sts:AssumeRoleWithSAML", "SAML providers"),
    ("sts:AssumeRoleWithWebIdentity", "OIDC providers"),
];

/// The action of [`ASSUMING`] that a principal assumes roles with.
fn own_action(value: &PrincipalValue<'_>) -> Option<usize> {
    match value.principal_type() {
        // `*` stands for federated principals too.
        "AWS" if value.item.text == "*" => None,
        "AWS" | "Service" => Some(0),
        "Federated" => match Provider::of(&value.item.text)? {
            Provider::Saml => Some(1),
            Provider::Oidc => Some(2),
        },
        _ => None,
    }
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let (Some(_), Some(actions)) = (&statement.principal, &statement.action) else { continue };
        for item in &actions.items {
            let Some(action) = ASSUMING.iter().position(|a| item.text.as_str().eq_ignore_ascii_case(a.0)) else {
                continue;
            };
            let mismatched: Vec<_> = values_of(statement)
                .filter(|v| v.element.element == "Principal" && own_action(v).is_some_and(|own| own != action))
                .collect();
            let Some(first) = mismatched.first() else { continue };
            let message = format!(
                "`{}` is for {}, not for the {} principal `{}`.",
                item.text,
                ASSUMING[action].1,
                first.principal_type(),
                first.item.text
            );
            let finding = findings.add(Location::new(statement.item_path(actions, item), item.span), message);
            for value in mismatched {
                finding.and(value.location().labelled("the principal that cannot use it"));
            }
        }
    }
}
