//! The quota of a managed policy, and several policies where one would be larger.
//!
//! Source: IAM User Guide, "IAM and AWS STS quotas".

use super::{GeneratedStatement, document};

/// Characters of a managed policy; white space outside of strings doesn't count.
pub const MANAGED_POLICY_QUOTA: usize = 6144;

/// Characters of a document without statements.
const FRAME: usize = r#"{"Version":"2012-10-17","Statement":[]}"#.len();

/// Statements as policies, in order, each policy within the quota.
pub(super) fn split(statements: Vec<GeneratedStatement>) -> Vec<Vec<GeneratedStatement>> {
    let mut policies: Vec<Vec<GeneratedStatement>> = Vec::new();
    let mut room = 0;
    for statement in statements {
        for part in within(statement) {
            // With the comma before it.
            let size = size(&part) + 1;
            match policies.last_mut() {
                Some(policy) if size <= room => {
                    room -= size;
                    policy.push(part);
                }
                _ => {
                    policies.push(vec![part]);
                    room = (MANAGED_POLICY_QUOTA - FRAME).saturating_sub(size);
                }
            }
        }
    }
    policies
}

fn size(statement: &GeneratedStatement) -> usize {
    document(std::slice::from_ref(statement)).to_string().chars().count().saturating_sub(FRAME)
}

/// A statement that fits into a policy of its own, or its halves that do: by resources if it has the more of them.
fn within(statement: GeneratedStatement) -> Vec<GeneratedStatement> {
    let mut waiting = vec![statement];
    let mut fitting = Vec::new();
    while let Some(statement) = waiting.pop() {
        let parts = statement.resources.len().max(statement.actions.len());
        if size(&statement) < MANAGED_POLICY_QUOTA - FRAME || parts < 2 {
            fitting.push(statement);
            continue;
        }
        let (mut one, mut other) = (statement.clone(), statement);
        let of_resources: usize = one.resources.iter().map(|r| r.len()).sum();
        let of_actions: usize = one.actions.iter().map(|a| a.len()).sum();
        if one.actions.len() < 2 || (one.resources.len() > 1 && of_resources >= of_actions) {
            other.resources = one.resources.split_off(one.resources.len() / 2);
        } else {
            other.actions = one.actions.split_off(one.actions.len() / 2);
        }
        waiting.push(other);
        waiting.push(one);
    }
    if fitting.len() > 1 {
        for (number, part) in fitting.iter_mut().enumerate() {
            part.sid = format!("{}Part{}", part.sid, number + 1);
        }
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_is_within_the_quota_and_nothing_is_lost() {
        let resources: Vec<_> = (0..700).map(|n| format!("arn:aws:s3:::bucket-number-{n}/*").into()).collect();
        let actions: Vec<_> = (0..300).map(|n| format!("s3:NoSuchActionButLongEnough{n}").into()).collect();
        let statement =
            |sid: &str, actions: Vec<_>, resources| GeneratedStatement { sid: sid.to_owned(), actions, resources };
        let all = vec![
            statement("A", vec!["s3:GetObject".into()], resources.clone()),
            statement("B", actions.clone(), vec!["*".into()]),
            statement("C", vec!["s3:ListBucket".into()], vec!["*".into()]),
        ];
        let policies = split(all);
        assert!(policies.len() > 3);
        let mut sids = std::collections::BTreeSet::new();
        let (mut seen_resources, mut seen_actions) = (Vec::new(), Vec::new());
        for policy in &policies {
            assert!(document(policy).to_string().chars().count() <= MANAGED_POLICY_QUOTA);
            for part in policy {
                assert!(sids.insert(part.sid.clone()), "{}", part.sid);
                match part.sid.chars().next() {
                    Some('A') => seen_resources.extend(part.resources.clone()),
                    Some('B') => seen_actions.extend(part.actions.clone()),
                    _ => {}
                }
            }
        }
        assert_eq!((seen_resources, seen_actions), (resources, actions));
        assert!(split(Vec::new()).is_empty());
    }
}
