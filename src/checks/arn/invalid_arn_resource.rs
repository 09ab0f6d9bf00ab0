//! `INVALID_ARN_RESOURCE`: invalid ARN resource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::source::Text;

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs whose last part cannot match the ARN format of any resource type of the service.
    ///
    /// ## Why it matters
    ///
    /// No resource has such an ARN, so the statement applies to nothing.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:rol/app"}
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
    ///     {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:role/app"}
    ///   ]
    /// }
    /// ```
    pub INVALID_ARN_RESOURCE: Error, All, "Invalid ARN resource", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        if entry.types.as_ref().is_some_and(|types| types.matched == 0) {
            findings.add(
                entry.location(),
                format!(
                    "The resource part `{}` matches no resource type of the service `{}`.",
                    Text::from_encoded(arn.resource),
                    arn.service
                ),
            );
        }
    }
}
