//! `EMPTY_SID_VALUE`: empty Sid value.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Sid` that is the empty string.
    ///
    /// ## Why it matters
    ///
    /// The element is optional; an empty one identifies nothing.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Sid": "", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Sid": "ReadReports", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub EMPTY_SID_VALUE: Suggestion, All, "Empty Sid value", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        if let Some(sid) = statement.sid.as_ref().filter(|s| s.text.is_empty()) {
            findings.add(
                Location::new(statement.path().key("Sid"), sid.span),
                "`Sid` is empty; give it a value or leave the element out.",
            );
        }
    }
}
