//! `UNSUPPORTED_SID`: unsupported Sid.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::source::Piece;

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Sid` in an identity-based policy with characters other than `a`-`z`, `A`-`Z` and `0`-`9`.
    ///
    /// ## Why it matters
    ///
    /// IAM rejects the policy. Resource-based policies of other services may allow more.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Sid": "Read reports", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub UNSUPPORTED_SID: Error, Identity, "Unsupported Sid", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let Some(sid) = &statement.sid else { continue };
        let unsupported =
            |p: Piece<'_>| matches!(p, Piece::Literal(s) if s.bytes().any(|b| !b.is_ascii_alphanumeric()));
        if !sid.text.pieces().any(unsupported) {
            continue;
        }
        let finding = findings.add(
            Location::new(statement.path().key("Sid"), sid.span),
            format!("The Sid `{}` holds characters other than a-z, A-Z and 0-9.", sid.text),
        );
        let right: String = sid.text.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
        let taken = |s: &crate::policy::Statement| s.sid.as_ref().is_some_and(|other| other.text == right.as_str());
        let is_free = !right.is_empty() && !context.document.statements.iter().any(taken);
        if let Some(wrong) = sid.text.known().filter(|_| is_free) {
            finding.replace(sid.span, wrong, &right);
        }
    }
}
