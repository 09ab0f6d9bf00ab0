//! `INVALID_EFFECT`: invalid effect.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::statement_objects;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds an `Effect` that is a string other than exactly `Allow` or `Deny`.
    ///
    /// ## Why it matters
    ///
    /// The words are case-sensitive; AWS rejects anything else.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "allow", "Action": "s3:GetObject", "Resource": "*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    pub INVALID_EFFECT: Error, All, "Invalid effect", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (statement, map) in statement_objects(context.document) {
        let Some(node) = map.get("Effect") else { continue };
        let Some(effect) = node.as_str().filter(|e| !matches!(*e, "Allow" | "Deny")) else { continue };
        let finding = findings.add(
            Location::new(statement.path.key("Effect"), node.span),
            format!("`{effect}` is not an effect; it must be `Allow` or `Deny`."),
        );
        if let Some(right) = ["Allow", "Deny"].into_iter().find(|e| e.eq_ignore_ascii_case(effect)) {
            finding.replace(node.span, effect, right);
        }
    }
}
