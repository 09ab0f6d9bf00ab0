//! `VARIABLE_USAGE_TOO_PERMISSIVE`: variable usage too permissive.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::{OperatorFamily, Version};
use std::ops::Range;

use super::restricted::Restricted;

declare_check! {
    /// ## What it does
    ///
    /// Finds policy variables that open a condition too wide: any variable with a `Like` operator under a key
    /// that names an account, an organization, a VPC or an endpoint; a variable for the id in `aws:userid`; and
    /// in the subject of an OIDC token a variable with fewer than six characters right before it.
    ///
    /// ## Why it matters
    ///
    /// Whoever can choose what the variable stands for, a tag for instance, can choose `*` or another's name.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": "*",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringLike": {"aws:PrincipalOrgID": "${aws:PrincipalTag/org}"}}
    ///     }
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
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": "*",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub VARIABLE_USAGE_TOO_PERMISSIVE: Error, All, "Variable usage too permissive", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    if context.document.version != Version::V2012 {
        return;
    }
    for used in context.condition_keys() {
        let Some(base) = used.base().filter(|b| b.family() == OperatorFamily::String) else { continue };
        let Some(class) = Restricted::of(used) else { continue };
        // Comparing one organization with another by a variable is common: `aws:ResourceOrgID` with the caller's.
        if class == Restricted::Sensitive && !base.reads_wildcards() {
            continue;
        }
        for value in &used.key.values {
            let text = value.text.as_str();
            let variables: Vec<Range<usize>> = value::variables(text).collect();
            if class.is_opened_by(text, &variables) {
                findings.add(
                    used.value_location(value),
                    format!("The variable in `{}` opens `{}` too wide{}.", value.text, used.shown(), class.remedy()),
                );
            }
        }
    }
}
