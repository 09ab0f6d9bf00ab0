//! `REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY`: redundant principal in role trust policy.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::Arn;

declare_check! {
    /// ## What it does
    ///
    /// Finds a role session among the principals whose role is a principal as well.
    ///
    /// ## Why it matters
    ///
    /// The role stands for all of its sessions, so the session adds nothing.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::111122223333:role/app", "arn:aws:sts::111122223333:assumed-role/app/session1"]}, "Action": "sts:AssumeRole"}
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
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "sts:AssumeRole"}
    ///   ]
    /// }
    /// ```
    pub REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY: Suggestion, Trust, "Redundant principal in role trust policy", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for list in statement.principal.iter().flat_map(|p| p.of_type("AWS")) {
            let roles: rustc_hash::FxHashMap<_, _> =
                list.items.iter().filter_map(|item| Some((role(item.text.as_str())?, item))).collect();
            if roles.is_empty() {
                continue;
            }
            for item in &list.items {
                let Some(role) = session_role(item.text.as_str()).and_then(|r| roles.get(&r)) else { continue };
                let path =
                    |i: &crate::policy::StringItem| statement.path().key("Principal").key("AWS").maybe_index(i.index);
                findings
                    .add(
                        crate::finding::Location::new(path(item), item.span),
                        format!("The session `{}` is covered by its role `{}`.", item.text, role.text),
                    )
                    .and(crate::finding::Location::new(path(role), role.span).labelled("the role"));
            }
        }
    }
}

/// Account and name of the role that an ARN names. Sessions are named without the role's path.
fn role(arn: &str) -> Option<(&str, &str)> {
    let arn = Arn::split(arn).filter(|a| a.service == "iam")?;
    let name = arn.resource.strip_prefix("role/")?;
    Some((arn.account, name.rsplit('/').next().unwrap_or(name)))
}

/// Account and name of the role of a session.
fn session_role(arn: &str) -> Option<(&str, &str)> {
    let arn = Arn::split(arn).filter(|a| a.service == "sts")?;
    let (name, _) = arn.resource.strip_prefix("assumed-role/")?.split_once('/')?;
    Some((arn.account, name))
}
