//! `INVALID_ARN_SERVICE_CASE`: invalid ARN service case.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::Arn;

declare_check! {
    /// ## What it does
    ///
    /// Finds upper-case letters in the service field of a resource ARN.
    ///
    /// ## Why it matters
    ///
    /// ARNs are compared with case: the ARN matches no resource.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:S3:::amzn-s3-demo-bucket/*"}
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
    pub INVALID_ARN_SERVICE_CASE: Error, All, "Invalid ARN service case", run
}

use super::{is_arn_service, is_plain};

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        let lower = arn.service.to_ascii_lowercase();
        if is_plain(arn.service) && lower != arn.service && is_arn_service(context.catalog, &lower) {
            let text = &entry.item.text;
            let finding = findings
                .add(entry.location(), format!("The service `{}` of `{text}` must be written `{lower}`.", arn.service));
            if let Some(wrong) = text.known() {
                let range = Arn::range_of(wrong, arn.service);
                let right = format!("{}{lower}{}", &wrong[..range.start], &wrong[range.end..]);
                finding.replace(entry.item.span, wrong, &right);
            }
        }
    }
}
