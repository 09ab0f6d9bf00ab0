//! `DYNAMODB_ATTRIBUTES_WITHOUT_SELECT`: dynamoDB attributes without select.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference and Amazon DynamoDB Developer Guide,
//! "Using IAM policy conditions for fine-grained access control".

use crate::checks::condition::{action_keys, presence, presence::Presence};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::{BaseOperator, ConditionValue, OperatorFamily, Statement};

declare_check! {
    /// ## What it does
    ///
    /// Finds `dynamodb:Attributes` in an Allow of read actions without `dynamodb:Select` held to
    /// `SPECIFIC_ATTRIBUTES`.
    ///
    /// ## Why it matters
    ///
    /// A read that does not list attributes returns all of them. Its request names none, so the condition on
    /// names lets it through.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "dynamodb:Query",
    ///       "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/Orders",
    ///       "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["Id", "Name"]}}
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
    ///       "Action": "dynamodb:Query",
    ///       "Resource": "arn:aws:dynamodb:us-east-1:111122223333:table/Orders",
    ///       "Condition": {
    ///         "ForAllValues:StringEquals": {"dynamodb:Attributes": ["Id", "Name"]},
    ///         "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub DYNAMODB_ATTRIBUTES_WITHOUT_SELECT: SecurityWarning, All, "DynamoDB attributes without select", run
}

/// The actions that return items.
const READS: &[&str] = &[
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:PartiQLSelect",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:TransactGetItems",
];

fn reads(statement: &Statement) -> bool {
    match (&statement.action, &statement.not_action) {
        (Some(list), _) => READS.iter().any(|action| action_keys::covers(list, action)),
        (None, Some(list)) => {
            !list.items.iter().any(|i| i.text.has_unknown()) && READS.iter().any(|a| !action_keys::covers(list, a))
        }
        (None, None) => false,
    }
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is("dynamodb:Attributes")) {
        if !used.statement.is_allow() || used.family() != Some(OperatorFamily::String) || !reads(used.statement) {
            continue;
        }
        let selects = presence::find(context.document, used.statement, |block, key| {
            let equals = block.operator.is_some_and(|o| o.base == BaseOperator::StringEquals);
            let of_select = key.name.as_str().eq_ignore_ascii_case("dynamodb:Select");
            // A value that is not known may be the right one.
            let narrow = |v: &ConditionValue| matches!(v.text.known(), None | Some("SPECIFIC_ATTRIBUTES" | "COUNT"));
            let specific = |v: &ConditionValue| matches!(v.text.known(), None | Some("SPECIFIC_ATTRIBUTES"));
            equals && of_select && key.values.iter().all(narrow) && key.values.iter().any(specific)
        });
        if selects == Presence::No {
            findings.add(
                used.location(),
                format!(
                    "`{}` limits no read that leaves out the attributes: add `dynamodb:Select` with \
                     `SPECIFIC_ATTRIBUTES` under `StringEquals`.",
                    used.shown()
                ),
            );
        }
    }
}
