//! `PASS_ROLE_WITH_STAR_IN_RESOURCE`: passRole with star in resource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::sensitive_action::{ActionForm, ResourceForm};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds an `Allow` statement that names `iam:PassRole` together with a `Resource` that leaves the role open. A
    /// condition on `iam:PassedToService` limits the statement as well.
    ///
    /// ## Why it matters
    ///
    /// Whoever may pass any role to a service can act with the permissions of the most powerful role of the account.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}
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
    ///     {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/app"}
    ///   ]
    /// }
    /// ```
    pub PASS_ROLE_WITH_STAR_IN_RESOURCE: SecurityWarning, Identity, "PassRole with star in resource", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    super::SENSITIVE.report(context, ActionForm::Exact, ResourceForm::Open, findings);
}
