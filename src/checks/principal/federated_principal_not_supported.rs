//! `FEDERATED_PRINCIPAL_NOT_SUPPORTED`: federated principal not supported.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Federated` principal in a resource-based policy other than a role trust policy.
    ///
    /// ## Why it matters
    ///
    /// Federated users act through a role or a federated user session; resources cannot name the identity provider.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/CorpIdp"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/corp-users"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub FEDERATED_PRINCIPAL_NOT_SUPPORTED: Error, ResourceNotTrust, "Federated principal not supported", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let Some(resource_type) = context.resource_type else { return };
    for value in super::values(context.document).filter(|v| v.principal_type() == "Federated") {
        findings.add(
            value.location(),
            format!("A policy of {resource_type} cannot name the federated principal `{}`.", value.item.text),
        );
    }
}
