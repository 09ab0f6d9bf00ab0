//! `MISSING_RESOURCE`: missing resource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{lacks, statement_objects};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::{PolicyType, StringList};
use crate::source::Mapping;

declare_check! {
    /// ## What it does
    ///
    /// Finds statements with neither `Resource` nor `NotResource`. Role trust policies need none.
    ///
    /// ## Why it matters
    ///
    /// The element is required; AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject"}
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
    pub MISSING_RESOURCE: Error, AllButTrust, "Missing resource", run
}

/// Resource types whose policies need no `Resource`: the repository itself is meant (Amazon ECR User Guide).
const RESOURCE_IS_IMPLIED: &[&str] = &["AWS::ECR::Repository", "AWS::ECR::PublicRepository"];

/// Actions on what the policy is attached to alone: dashboards of CloudTrail Lake have policies without `Resource`
/// (AWS CloudTrail User Guide), although other policies of CloudTrail need one.
const ACTIONS_ON_THE_OWNER: &[&str] = &["cloudtrail:StartDashboardRefresh"];

/// True if the statement of a resource policy names such actions and no others.
fn is_about_the_owner(context: &CheckContext<'_>, map: &Mapping) -> bool {
    let is_one = |name: &str| ACTIONS_ON_THE_OWNER.iter().any(|a| a.eq_ignore_ascii_case(name));
    let actions = map.entry("Action").and_then(StringList::new).filter(|a| !a.items.is_empty());
    context.policy_type == PolicyType::ResourcePolicy
        && actions.is_some_and(|a| a.items.iter().all(|i| i.text.known().is_some_and(is_one)))
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    if context.resource_type.is_some_and(|t| RESOURCE_IS_IMPLIED.contains(&t)) {
        return;
    }
    for (statement, map) in statement_objects(context.document) {
        if lacks(map, &["Resource", "NotResource"]) && !is_about_the_owner(context, map) {
            findings.add(
                Location::new(statement.path, statement.node.span),
                "The statement has neither `Resource` nor `NotResource`.",
            );
        }
    }
}
