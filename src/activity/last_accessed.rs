//! Service last accessed details: the JSON of `aws iam get-service-last-accessed-details`, at service and at action level.
//!
//! A file is about one user, role, group or policy and does not name it: [`LastAccessed::entities`] are those that it gives
//! as having used something, [`names_entity`] compares a file's name with an ARN. Whose file it is, is for the caller to say.
//! What was attempted and denied counts as access here, as AWS counts it.
//!
//! Source: IAM API Reference, `GetServiceLastAccessedDetails`; IAM User Guide, "Refine permissions in AWS using last
//! accessed information".

use std::collections::BTreeMap;

use serde_json::Value;
use smol_str::SmolStr;

use super::time::Timestamp;
use super::usage::Troubles;

/// When an entity last used what its policies allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastAccessed {
    /// When the evidence was gathered.
    pub completed: Option<Timestamp>,
    /// Every service that the entity's policies allow, by its prefix.
    pub services: BTreeMap<SmolStr, ServiceAccess>,
    /// The entities that are named as the last ones to use a service or an action, each once.
    pub entities: Vec<SmolStr>,
    /// True if a further page is missing.
    pub truncated: bool,
}

/// When a service was last used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccess {
    /// The last attempt; `None` if there was none within the tracking period of IAM (at least 400 days).
    pub last: Option<Timestamp>,
    /// The tracked actions that the policies allow, without prefix, and when each was last used; `None` if the service has
    /// no information at action level, or if none was asked for.
    pub actions: Option<BTreeMap<SmolStr, Option<Timestamp>>>,
}

impl LastAccessed {
    /// Takes over a further page, or a further file about the same entity.
    pub fn merge(&mut self, other: LastAccessed) {
        self.completed = self.completed.max(other.completed);
        self.truncated = self.truncated && other.truncated;
        for entity in other.entities {
            if !self.entities.contains(&entity) {
                self.entities.push(entity);
            }
        }
        for (prefix, access) in other.services {
            let known = self.services.entry(prefix).or_default();
            known.last = known.last.max(access.last);
            if let Some(actions) = access.actions {
                let so_far = known.actions.get_or_insert_default();
                for (action, last) in actions {
                    let slot = so_far.entry(action).or_default();
                    *slot = (*slot).max(last);
                }
            }
        }
    }

    /// The newest time in it.
    pub fn newest(&self) -> Option<Timestamp> {
        let of_service = |s: &ServiceAccess| s.last.max(s.actions.iter().flatten().filter_map(|(_, t)| *t).max());
        self.completed.max(self.services.values().filter_map(of_service).max())
    }
}

/// True for an object that has the list of services, or a job's status in its place.
pub fn looks_like(root: &Value) -> bool {
    let has = |key| root.get(key).is_some();
    has("ServicesLastAccessed") || (has("JobStatus") && (has("JobCreationDate") || has("Error")))
}

/// Reads a file. Services and actions that are not of the right shape are counted as records and passed over; without a
/// list of services the file is.
pub fn read(file: &str, root: &Value, troubles: &mut Troubles) -> Option<LastAccessed> {
    let status = root.get("JobStatus").and_then(Value::as_str).unwrap_or("COMPLETED");
    if status != "COMPLETED" {
        let why = root.pointer("/Error/Message").and_then(Value::as_str).unwrap_or("there is nothing in it yet");
        troubles.file(file, format!("the job's status is `{}`: {}", status.escape_debug(), why.escape_debug()));
        return None;
    }
    let Some(services) = root.get("ServicesLastAccessed").and_then(Value::as_array) else {
        troubles.file(file, "expected a list `ServicesLastAccessed`".to_owned());
        return None;
    };
    let mut read = LastAccessed {
        completed: time(root.get("JobCompletionDate")).unwrap_or_default(),
        truncated: root.get("IsTruncated").and_then(Value::as_bool).unwrap_or_default(),
        ..LastAccessed::default()
    };
    for (number, service) in services.iter().enumerate() {
        match read_service(service, &mut read.entities) {
            Ok((prefix, access)) => {
                let page = LastAccessed { services: BTreeMap::from([(prefix, access)]), ..LastAccessed::default() };
                let truncated = read.truncated;
                read.merge(page);
                read.truncated = truncated;
            }
            Err(why) => troubles.record(file, number as u64 + 1, why),
        }
    }
    Some(read)
}

fn read_service(service: &Value, entities: &mut Vec<SmolStr>) -> Result<(SmolStr, ServiceAccess), String> {
    let prefix = service.get("ServiceNamespace").and_then(Value::as_str).filter(|p| !p.is_empty());
    let prefix = prefix.ok_or("a service without `ServiceNamespace`")?;
    let last = time(service.get("LastAuthenticated")).map_err(|what| format!("`{prefix}`: {what}"))?;
    note(service.get("LastAuthenticatedEntity"), entities);
    let mut access = ServiceAccess { last, actions: None };
    if let Some(tracked) = service.get("TrackedActionsLastAccessed").filter(|t| !t.is_null()) {
        let tracked = tracked.as_array().ok_or_else(|| format!("`{prefix}`: its actions are no list"))?;
        let mut actions = BTreeMap::new();
        for action in tracked {
            let name = action.get("ActionName").and_then(Value::as_str).filter(|n| !n.is_empty());
            let name = name.ok_or_else(|| format!("`{prefix}`: an action without `ActionName`"))?;
            // The prefix is no part of the name, but costs nothing to understand.
            let name = name.rsplit(':').next().unwrap_or(name);
            let last = time(action.get("LastAccessedTime")).map_err(|what| format!("`{prefix}:{name}`: {what}"))?;
            note(action.get("LastAccessedEntity"), entities);
            actions.insert(SmolStr::from(name), last);
        }
        access.actions = Some(actions);
    }
    Ok((SmolStr::from(prefix.to_ascii_lowercase()), access))
}

fn note(entity: Option<&Value>, entities: &mut Vec<SmolStr>) {
    if let Some(arn) = entity.and_then(Value::as_str)
        && !entities.iter().any(|known| known == arn)
    {
        entities.push(arn.into());
    }
}

/// A time as the AWS CLI and SDKs write it: text or seconds. Absent is `Ok(None)`.
pub(super) fn time(value: Option<&Value>) -> Result<Option<Timestamp>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => match Timestamp::parse(text) {
            Some(time) => Ok(Some(time)),
            None => Err(format!("`{}` is no time", text.escape_debug())),
        },
        Some(Value::Number(number)) => match number.as_f64() {
            Some(seconds) => Ok(Some(Timestamp(seconds.floor() as i64))),
            None => Err(format!("`{number}` is no time")),
        },
        Some(_) => Err("a time is neither text nor a number".to_owned()),
    }
}

/// True if a file is named after an entity: by its name, by its kind and name (`role/app`, `role_app`), or by its ARN, in
/// which any other character may stand for a `:` or `/`, since no file system takes both. `path` is relative to the folder
/// that was given, without extension.
///
/// ```
/// use iam_preflight::activity::last_accessed::names_entity;
/// let arn = "arn:aws:iam::111122223333:role/team/app";
/// assert!(names_entity("app", arn) && names_entity("role_app", arn));
/// assert!(names_entity("arn_aws_iam__111122223333_role_team_app", arn));
/// assert!(names_entity("arn:aws:iam::111122223333:role/team/app", arn));
/// assert!(!names_entity("App", arn) && !names_entity("user/app", arn));
/// ```
pub fn names_entity(path: &str, arn: &str) -> bool {
    let Some((_, entity)) = arn.rsplit_once(':') else { return false };
    let Some((kind, _)) = entity.split_once('/') else { return false };
    let name = entity.rsplit('/').next().unwrap_or(entity);
    let file = path.rsplit('/').next().unwrap_or(path);
    if file == name && path.strip_suffix(name).is_none_or(|folder| !names_a_kind(folder)) {
        return true;
    }
    let same = |one: &str, other: &str| {
        one.chars().count() == other.chars().count()
            && one.chars().zip(other.chars()).all(|(a, b)| a == b || (matches!(b, ':' | '/') && !a.is_alphanumeric()))
    };
    same(path, arn) || same(file, arn) || same(path, &format!("{kind}/{name}")) || same(file, &format!("{kind}/{name}"))
}

/// True for `…/role/`, `user/`, and so on: a folder that says what its files are about.
fn names_a_kind(folder: &str) -> bool {
    let folder = folder.trim_end_matches('/');
    ["role", "user", "group", "policy"].contains(&folder.rsplit('/').next().unwrap_or(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> (Option<LastAccessed>, Troubles) {
        let mut troubles = Troubles::default();
        let root: Value = serde_json::from_str(text).expect("JSON");
        assert!(looks_like(&root));
        (read("f.json", &root, &mut troubles), troubles)
    }

    #[test]
    fn services_and_tracked_actions_are_read_with_their_times() {
        let (read, troubles) = read_text(
            r#"{"JobStatus": "COMPLETED", "JobType": "ACTION_LEVEL", "JobCompletionDate": "2026-09-26T10:00:00+00:00",
                "ServicesLastAccessed": [
                  {"ServiceName": "Amazon S3", "ServiceNamespace": "s3", "LastAuthenticated": "2026-09-20T00:00:00+00:00",
                   "LastAuthenticatedEntity": "arn:aws:iam::111122223333:role/app", "TotalAuthenticatedEntities": 1,
                   "TrackedActionsLastAccessed": [
                     {"ActionName": "CreateBucket"},
                     {"ActionName": "ListAllMyBuckets", "LastAccessedTime": 1790000000.5}]},
                  {"ServiceName": "Amazon SQS", "ServiceNamespace": "sqs"}], "IsTruncated": false}"#,
        );
        let read = read.expect("details");
        assert!(troubles.is_empty());
        assert_eq!(read.entities, ["arn:aws:iam::111122223333:role/app"]);
        let s3 = &read.services["s3"];
        assert_eq!(s3.last, Timestamp::parse("2026-09-20"));
        let actions = s3.actions.as_ref().expect("actions");
        assert_eq!(actions["CreateBucket"], None);
        assert_eq!(actions["ListAllMyBuckets"], Some(Timestamp(1_790_000_000)));
        assert_eq!(read.services["sqs"], ServiceAccess::default());
        assert_eq!(read.newest(), Timestamp::parse("2026-09-26T10:00:00Z"));
    }

    #[test]
    fn a_record_of_the_wrong_shape_is_counted_and_the_others_are_read() {
        let (read, troubles) = read_text(
            r#"{"JobStatus": "COMPLETED", "ServicesLastAccessed": [
                 {"ServiceName": "nameless"}, 7, {"ServiceNamespace": "s3", "LastAuthenticated": "lately"},
                 {"ServiceNamespace": "ec2", "TrackedActionsLastAccessed": [{}]}, {"ServiceNamespace": "sqs"}]}"#,
        );
        assert_eq!(read.expect("details").services.keys().collect::<Vec<_>>(), ["sqs"]);
        assert_eq!((troubles.files, troubles.records), (0, 4));
    }

    #[test]
    fn a_job_that_is_not_done_is_a_file_without_evidence() {
        let (read, troubles) = read_text(r#"{"JobStatus": "IN_PROGRESS", "JobCreationDate": "2026-09-26"}"#);
        assert_eq!((read, troubles.files), (None, 1));
        assert_eq!(troubles.described[0].message, "the job's status is `IN_PROGRESS`: there is nothing in it yet");
    }

    #[test]
    fn pages_make_one() {
        let page = |text| read_text(text).0.expect("details");
        let mut first = page(
            r#"{"JobStatus": "COMPLETED", "IsTruncated": true, "Marker": "m",
                "ServicesLastAccessed": [{"ServiceNamespace": "s3", "LastAuthenticated": "2026-01-01"}]}"#,
        );
        assert!(first.truncated);
        first.merge(page(
            r#"{"JobStatus": "COMPLETED", "ServicesLastAccessed": [{"ServiceNamespace": "s3",
                "LastAuthenticated": "2026-02-01"}, {"ServiceNamespace": "sqs"}]}"#,
        ));
        assert!(!first.truncated);
        assert_eq!(first.services["s3"].last, Timestamp::parse("2026-02-01"));
        assert_eq!(first.services.len(), 2);
    }
}
