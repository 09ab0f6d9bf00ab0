//! `CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE`: create service-linked role with star in action and NotResource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::sensitive_action::{ActionForm, ResourceForm};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds an `Allow` statement that allows `iam:CreateServiceLinkedRole` by a wildcard together with `NotResource`.
    ///
    /// ## Why it matters
    ///
    /// Whoever may create any service-linked role can give any AWS service a role in the account.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "iam:*", "NotResource": "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"}
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
    ///     {"Effect": "Allow", "Action": "iam:CreateServiceLinkedRole", "Resource": "arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/*"}
    ///   ]
    /// }
    /// ```
    pub CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE: Warning, Identity, "Create service-linked role with star in action and NotResource", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    super::SENSITIVE.report(context, ActionForm::Wildcard, ResourceForm::NotResource, findings);
}
