//! `SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED`: specific GitHub repo and branch recommended.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::{claim, presence, presence::Presence, value};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;
use crate::source::Text;

declare_check! {
    /// ## What it does
    ///
    /// Finds values for the subject of GitHub's tokens with a wildcard, and such that do not name a branch.
    ///
    /// ## Why it matters
    ///
    /// Whoever can push to some branch, or open a pull request, can run a workflow. One repository and one branch
    /// limit the role to code that has been reviewed.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {
    ///         "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    ///       },
    ///       "Action": "sts:AssumeRoleWithWebIdentity",
    ///       "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:octo-org/*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {
    ///         "Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    ///       },
    ///       "Action": "sts:AssumeRoleWithWebIdentity",
    ///       "Condition": {
    ///         "StringEquals": {"token.actions.githubusercontent.com:sub": "repo:octo-org/octo-repo:ref:refs/heads/main"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED: Warning, Trust, "Specific GitHub repo and branch recommended", run
}

/// False if the subject certainly leaves the repository or the branch open.
fn is_specific(subject: &Text, has_branch: bool) -> bool {
    let text = subject.as_str();
    let repository = text.strip_prefix("repo:").and_then(|rest| rest.split(':').next());
    if has_branch && repository.is_some_and(|r| r.contains('/') && !value::has_wildcard(r)) {
        return true;
    }
    if value::has_wildcard(text) {
        return false;
    }
    if subject.has_unknown() {
        return true;
    }
    let branch = text.split_once(":ref:refs/heads/").filter(|(repository, branch)| {
        repository.starts_with("repo:") && repository.contains('/') && !branch.is_empty()
    });
    branch.is_some()
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let Some(claim) = used.facts.claim().filter(|c| claim::is_github(c.provider) && c.is_oidc_subject()) else {
            continue;
        };
        if used.statement.is_deny() || used.family() != Some(OperatorFamily::String) {
            continue;
        }
        // A condition on the branch itself makes up for a subject without one.
        let branch = format!("{}:ref", claim.provider);
        let has_branch = presence::has_any(context.document, used.statement, &[&branch]) != Presence::No;
        for value in &used.key.values {
            if !is_specific(&value.text, has_branch) {
                findings.add(
                    used.value_location(value),
                    format!(
                        "`{}` is not one branch of one repository, as `repo:owner/name:ref:refs/heads/main` is.",
                        value.text
                    ),
                );
            }
        }
    }
}
