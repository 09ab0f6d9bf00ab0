//! `WILDCARD_IN_SERVICE_NAME`: wildcard in service name.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds `*` or `?` in the service field of a resource ARN.
    ///
    /// ## Why it matters
    ///
    /// The pattern may match the resources of services that were not meant, also of future ones.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sq?:us-east-1:111122223333:orders"}
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
    ///     {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111122223333:orders"}
    ///   ]
    /// }
    /// ```
    pub WILDCARD_IN_SERVICE_NAME: Suggestion, All, "Wildcard in service name", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        if !arn.service.contains("${") && arn.service.contains(['*', '?']) {
            findings.add(entry.location(), format!("The service field of `{}` holds a wildcard.", entry.item.text));
        }
    }
}
