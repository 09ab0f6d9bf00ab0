//! The ids of access keys: the JSON of `aws iam list-access-keys`, which the credential report lacks. A key of the report is the
//! one of the user's that was created when the report says that it was.
//!
//! Source: IAM API Reference, `ListAccessKeys`.

use serde_json::Value;
use smol_str::SmolStr;

use super::last_accessed::time;
use super::time::Timestamp;
use super::usage::Troubles;

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    /// The user's name.
    pub user: SmolStr,
    /// `AKIA…`
    pub id: SmolStr,
    /// When it was created.
    pub created: Timestamp,
}

/// Seconds by which the two files may differ about one key.
const SAME: i64 = 60;

/// True for the answer of `list-access-keys`.
pub fn looks_like(root: &Value) -> bool {
    root.get("AccessKeyMetadata").is_some_and(Value::is_array)
}

/// Reads a file. Records that are not of the right shape are counted and passed over.
pub fn read(file: &str, root: &Value, troubles: &mut Troubles) -> Vec<AccessKey> {
    let keys = root.get("AccessKeyMetadata").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut read = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let text = |name: &str| key.get(name).and_then(Value::as_str).filter(|t| !t.is_empty()).map(SmolStr::from);
        let created = time(key.get("CreateDate")).unwrap_or_default();
        match (text("UserName"), text("AccessKeyId"), created) {
            (Some(user), Some(id), Some(created)) => read.push(AccessKey { user, id, created }),
            _ => {
                let why = "an access key without `UserName`, `AccessKeyId` or `CreateDate`".to_owned();
                troubles.record(file, number as u64 + 1, why);
            }
        }
    }
    read
}

/// The id of the user's key that was created then, if there is exactly one.
pub fn id_of<'k>(keys: &'k [AccessKey], user: &str, created: Option<Timestamp>) -> Option<&'k SmolStr> {
    let created = created?;
    let mut fits = keys.iter().filter(|key| key.user == user && (key.created.0 - created.0).abs() <= SAME);
    let first = fits.next()?;
    fits.all(|other| other.id == first.id).then_some(&first.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_by_its_user_and_its_age() {
        let root = serde_json::json!({"AccessKeyMetadata": [
            {"UserName": "ana", "AccessKeyId": "AKIAONE", "Status": "Active", "CreateDate": "2024-03-01T09:05:07+00:00"},
            {"UserName": "ana", "AccessKeyId": "AKIATWO", "Status": "Active", "CreateDate": "2025-03-01T09:05:07+00:00"},
            {"UserName": "bo", "AccessKeyId": "AKIABO", "Status": "Active", "CreateDate": "2024-03-01T09:05:07+00:00"},
            {"UserName": "bo"}
        ]});
        let mut troubles = Troubles::default();
        assert!(looks_like(&root));
        let keys = read("keys.json", &root, &mut troubles);
        assert_eq!((keys.len(), troubles.records), (3, 1));
        let id = |user: &str, time: &str| id_of(&keys, user, Timestamp::parse(time)).map(SmolStr::as_str);
        assert_eq!(id("ana", "2024-03-01T09:05:00Z"), Some("AKIAONE"));
        assert_eq!(id("ana", "2025-03-01T09:05:07Z"), Some("AKIATWO"));
        assert_eq!(id("bo", "2025-03-01T09:05:07Z"), None);
    }
}
