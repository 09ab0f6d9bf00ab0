//! `EMPTY_ARRAY_RESOURCE`: empty array in resource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::statement_objects;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds an empty array as `Resource` or `NotResource`.
    ///
    /// ## Why it matters
    ///
    /// A statement that lists nothing has no effect (and, with the `Not` form, an effect that surprises).
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": []}
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
    pub EMPTY_ARRAY_RESOURCE: Suggestion, All, "Empty array in resource", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (statement, map) in statement_objects(context.document) {
        for entry in map.iter().filter(|e| e.key == "Resource" || e.key == "NotResource") {
            if entry.value.as_sequence().is_some_and(<[_]>::is_empty) {
                findings.add(
                    Location::new(statement.path.key(entry.key.as_smol().clone()), entry.value.span),
                    format!("`{}` is an empty array.", entry.key),
                );
            }
        }
    }
}
