//! `DUPLICATE_KEYS_WITH_DIFFERENT_CASE`: duplicate keys with different case.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::source::display_encoded;
use rustc_hash::FxHashMap;

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys that stand twice under one operator, spelt with different capitals.
    ///
    /// ## Why it matters
    ///
    /// Names of condition keys ignore case, so both are one key, and only one of them can count. Which one is not
    /// defined.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1a2b3c4d", "AWS:sourcevpc": "vpc-5e6f7a8b"}}
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
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:SourceVpc": ["vpc-1a2b3c4d", "vpc-5e6f7a8b"]}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub DUPLICATE_KEYS_WITH_DIFFERENT_CASE: Error, All, "Duplicate keys with different case", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for block in &statement.conditions {
            let mut spellings: FxHashMap<String, &str> = FxHashMap::default();
            for key in &block.keys {
                let spelling = key.name.as_str();
                let first = *spellings.entry(spelling.to_ascii_lowercase()).or_insert(spelling);
                if first != spelling {
                    let path = key.path(&block.path(&statement.path()));
                    findings.add(
                        Location::new(path, key.name_span),
                        format!(
                            "`{}` and `{}` under `{}` are one condition key. Put the values of both into one list.",
                            display_encoded(first),
                            key.name,
                            block.operator_text
                        ),
                    );
                }
            }
        }
    }
}
