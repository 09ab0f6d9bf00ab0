//! `VARIABLE_UNSUPPORTED_IN_VERSION`: variable unsupported in version.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::source::Node;

declare_check! {
    /// ## What it does
    ///
    /// Finds policy variables in a policy of version 2008-10-17 or without `Version`.
    ///
    /// ## Why it matters
    ///
    /// The old version takes `${aws:username}` for literal text.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2008-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*"}
    ///   ]
    /// }
    /// ```
    pub VARIABLE_UNSUPPORTED_IN_VERSION: Error, All, "Variable unsupported in version", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let version = context.document.root().get("Version");
    if version.is_some_and(|v| Node::as_str(v) != Some("2008-10-17")) {
        return;
    }
    super::for_each_variable(context.document, |value, variable| {
        if variable.is_closed {
            findings.add(
                value.location(variable),
                format!("The variable `{}` needs `\"Version\": \"2012-10-17\"`.", variable.shown()),
            );
        }
    });
}
