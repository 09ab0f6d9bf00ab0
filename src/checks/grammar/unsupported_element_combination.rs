//! `UNSUPPORTED_ELEMENT_COMBINATION`: unsupported element combination.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::statement_objects;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds statements that hold both an element and its negation: `Action` with `NotAction`, `Resource` with
    /// `NotResource`, `Principal` with `NotPrincipal`.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the policy: each statement takes one of the two.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "NotAction": "iam:*", "Resource": "*"}
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
    pub UNSUPPORTED_ELEMENT_COMBINATION: Error, All, "Unsupported element combination", run
}

const PAIRS: &[(&str, &str)] = &[("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (statement, map) in statement_objects(context.document) {
        for (positive, negative) in PAIRS {
            let (Some(first), Some(second)) = (map.entry(positive), map.entry(negative)) else { continue };
            let message = format!("`{positive}` and `{negative}` cannot stand in one statement.");
            findings
                .add(Location::new(statement.path.key(*negative), second.key_span), message)
                .and(Location::new(statement.path.key(*positive), first.key_span).labelled("the other element"));
        }
    }
}
