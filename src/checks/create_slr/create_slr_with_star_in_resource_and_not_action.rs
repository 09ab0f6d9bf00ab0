//! `CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION`: create service-linked role with star in resource and NotAction.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::sensitive_action::{ActionForm, ResourceForm};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds an `Allow` statement that allows `iam:CreateServiceLinkedRole` by a `NotAction` that does not cover it,
    /// together with a `Resource` that leaves the service open. A condition on `iam:AWSServiceName` limits the
    /// statement as well.
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
    ///     {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
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
    pub CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION: Warning, Identity, "Create service-linked role with star in resource and NotAction", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    super::SENSITIVE.report(context, ActionForm::NotAction, ResourceForm::Open, findings);
}
