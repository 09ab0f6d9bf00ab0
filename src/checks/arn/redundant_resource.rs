//! `REDUNDANT_RESOURCE`: redundant resource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::redundant;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::logic::engine::Entry;

declare_check! {
    /// ## What it does
    ///
    /// Finds entries of a `Resource` or `NotResource` list that another entry of the list covers.
    ///
    /// ## Why it matters
    ///
    /// They change nothing and take room in the size quota.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket/*", "arn:aws:s3:::amzn-s3-demo-bucket/reports/*"]}
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
    pub REDUNDANT_RESOURCE: Suggestion, All, "Redundant resource", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for list in statement.resource_lists() {
            let entry = |text: &str| Entry::resource(text, context.policy_kind(), context.document.version);
            let pairs = redundant::entries(list, |item| item.text.as_smol().clone(), entry);
            let at = |i: usize| Location::new(statement.item_path(list, &list.items[i]), list.items[i].span);
            let Some((first, rest)) = pairs.split_first() else { continue };
            let (example, cover) = (&list.items[first.entry].text, &list.items[first.covered_by].text);
            let count = pairs.len();
            let noun = if count == 1 { "resource is" } else { "resources are" };
            let message = format!("{count} {noun} redundant: `{example}` is covered by `{cover}`.");
            let finding = findings.add(at(first.entry), message);
            for pair in rest {
                let cover = &list.items[pair.covered_by].text;
                finding.and(at(pair.entry).labelled(format!("covered by `{cover}`")));
            }
            redundant::removed_from(finding, list, &pairs);
        }
    }
}
