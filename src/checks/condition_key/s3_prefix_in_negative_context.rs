//! `S3_PREFIX_IN_NEGATIVE_CONTEXT`: s3 prefix in negative context.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::{Effect, OperatorFamily};

declare_check! {
    /// ## What it does
    ///
    /// Finds `s3:prefix` used to shut out: in a Deny with `StringLike` or `StringEquals`, in an Allow with
    /// `StringNotLike` or `StringNotEquals`.
    ///
    /// ## Why it matters
    ///
    /// The prefix only filters a listing. Whoever is denied `private/` may list with the shorter prefix `priv`,
    /// or with none, and sees the same keys.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringLike": {"s3:prefix": "private/*"}}
    ///     }
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
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringLike": {"s3:prefix": "public/*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub S3_PREFIX_IN_NEGATIVE_CONTEXT: SecurityWarning, All, "S3 prefix in negative context", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is("s3:prefix")) {
        let Some(operator) = used.operator().filter(|o| o.base.family() == OperatorFamily::String) else { continue };
        let negated = operator.base.is_negated();
        let statement = match used.statement.effect {
            Some(Effect::Allow) if negated => "an Allow",
            Some(Effect::Deny) if !negated => "a Deny",
            _ => continue,
        };
        findings.add(
            used.location(),
            format!(
                "`{}` under `{}` in {statement} does not keep the keys from being listed with another prefix.",
                used.shown(),
                used.shown_operator()
            ),
        );
    }
}
