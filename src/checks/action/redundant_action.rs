//! `REDUNDANT_ACTION`: redundant action.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::redundant;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::logic::engine::Entry;

declare_check! {
    /// ## What it does
    ///
    /// Finds entries of an `Action` list that another entry of the list covers.
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
    ///     {"Effect": "Allow", "Action": ["s3:Get*", "s3:GetObject"], "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub REDUNDANT_ACTION: Suggestion, All, "Redundant action", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let Some(list) = &statement.action else { continue };
        let pairs = redundant::entries(list, |item| item.text.as_str().to_ascii_lowercase().into(), Entry::action);
        let at = |i: usize| Location::new(statement.item_path(list, &list.items[i]), list.items[i].span);
        let Some((first, rest)) = pairs.split_first() else { continue };
        let (example, cover) = (&list.items[first.entry].text, &list.items[first.covered_by].text);
        let count = pairs.len();
        let noun = if count == 1 { "action is" } else { "actions are" };
        let finding =
            findings.add(at(first.entry), format!("{count} {noun} redundant: `{example}` is covered by `{cover}`."));
        for pair in rest {
            let cover = &list.items[pair.covered_by].text;
            finding.and(at(pair.entry).labelled(format!("covered by `{cover}`")));
        }
        redundant::removed_from(finding, list, &pairs);
    }
}
