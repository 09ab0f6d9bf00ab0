//! `USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES`: use condition key only with supported services.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; the catalog has the lists of services.

use crate::catalog::{Catalog, Service};
use crate::checks::condition::{action_keys, action_keys::ActionEntry};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::StringItem;

declare_check! {
    /// ## What it does
    ///
    /// Finds `aws:VpceAccount`, `aws:VpceOrgID` and `aws:VpceOrgPaths` in statements whose actions belong to
    /// services that do not send these keys.
    ///
    /// ## Why it matters
    ///
    /// For those services the key is missing from every request: an Allow grants nothing, and a Deny with
    /// `IfExists` or a negated operator denies everything.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "rds:DeleteDBInstance",
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:VpceAccount": "111122223333"}}
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
    ///       "Condition": {"StringEquals": {"aws:VpceAccount": "111122223333"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES: Warning, All, "Use condition key only with supported services", run
}

const VPCE_KEYS: &[&str] = &["aws:VpceAccount", "aws:VpceOrgID", "aws:VpceOrgPaths"];

/// False if the entry certainly covers an action of a service that does not send the key.
fn is_supported(item: &StringItem, key: &str, catalog: &Catalog) -> bool {
    let supplied =
        |service: &Service, action: &str| catalog.supplies_network_key(key, &service.prefix, action).unwrap_or(true);
    match action_keys::read(item, catalog) {
        ActionEntry::Everything => false,
        ActionEntry::Unknown => true,
        ActionEntry::One(service, action) => supplied(service, &action.name),
        // Whole services are meant here: a pattern that also covers an action without the key is no mistake.
        ActionEntry::Pattern(service, _) => supplied(service, ""),
    }
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let Some(key) = VPCE_KEYS.iter().find(|key| used.is(key)) else { continue };
        let list = used.statement.action.as_ref();
        let culprit = list.and_then(|l| l.items.iter().find(|item| !is_supported(item, key, context.catalog)));
        let what = match (culprit, &used.statement.not_action) {
            (Some(item), _) => format!("`{}`", item.text),
            (None, Some(_)) => "`NotAction`".to_owned(),
            (None, None) => continue,
        };
        findings.add(used.location(), format!("Not every service that {what} covers supports `{}`.", used.shown()));
    }
}
