//! `MISSING_ARN_FIELD`: missing ARN field.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::ResourceEntry;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resources other than `*` with fewer than the six fields of an ARN,
    /// `arn:partition:service:region:account:resource`.
    ///
    /// ## Why it matters
    ///
    /// The text is no ARN; AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub MISSING_ARN_FIELD: Error, All, "Missing ARN field", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    // API Gateway completes `execute-api:/stage/GET/path` to the ARN of the API that the policy is attached to.
    let is_api = context.resource_type == Some("AWS::ApiGateway::RestApi");
    for entry in context.resource_entries() {
        if is_api && entry.item.text.as_str().starts_with("execute-api:/") {
            continue;
        }
        if let Err(fields) = entry.arn {
            findings.add(
                ResourceEntry::location(entry),
                format!(
                    "`{}` has {fields} of the 6 fields of an ARN (arn:partition:service:region:account:resource).",
                    entry.item.text
                ),
            );
        }
    }
}
