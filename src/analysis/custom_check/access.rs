//! Actions and resources as they are listed for `check-access-not-granted`.
//!
//! Source: IAM Access Analyzer API, `Access` (actions as in the `Action` element, resources as ARNs); its quotas of 100
//! each don't bind here.

use crate::catalog::Catalog;
use crate::checks::nearest;
use crate::policy::Arn;
use crate::policy::glob::has_wildcard;

/// What is no action or no ARN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Neither `*` nor `service:Name`.
    #[error("`{0}` is no action: expected `service:Action`, such as `s3:GetObject` or `s3:Put*`")]
    Action(String),
    /// Not an ARN.
    #[error("`{0}` is no ARN: expected `arn:partition:service:region:account:resource`")]
    Resource(String),
}

/// Accepts an action or a pattern of actions.
///
/// # Errors
///
/// When it is none.
pub fn action(text: &str) -> Result<(), AccessError> {
    let is_service = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.*?".contains(&b));
    let is_name = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b"*?-_".contains(&b));
    let valid = text == "*" || text.split_once(':').is_some_and(|(service, name)| is_service(service) && is_name(name));
    if valid { Ok(()) } else { Err(AccessError::Action(text.to_owned())) }
}

/// Accepts an ARN or a pattern of ARNs.
///
/// # Errors
///
/// When it is none.
pub fn resource(text: &str) -> Result<(), AccessError> {
    let wrong = || AccessError::Resource(text.to_owned());
    if text == "*" {
        return Ok(());
    }
    let arn = Arn::split(text).ok_or_else(wrong)?;
    let is_field = |s: &str| s.bytes().all(|b| b.is_ascii_alphanumeric() || b"-*?".contains(&b));
    let valid = text.starts_with("arn:")
        && !arn.partition.is_empty()
        && !arn.service.is_empty()
        && !arn.resource.is_empty()
        && [arn.partition, arn.service, arn.region, arn.account].into_iter().all(is_field);
    if valid { Ok(()) } else { Err(wrong()) }
}

/// What to say of an action, or a pattern of actions, that the service data have none of. AWS adds actions daily, so it
/// is no error.
pub fn unknown_action(text: &str, catalog: &Catalog) -> Option<String> {
    let (prefix, name) = text.split_once(':')?;
    let of = |nearest: Option<String>| nearest.map_or_else(String::new, |n| format!("; the nearest name is `{n}`"));
    if has_wildcard(prefix) {
        return None;
    }
    let date = catalog.date();
    let Some(service) = catalog.service(prefix) else {
        let nearest = nearest::name(prefix, catalog.prefixes()).map(|p| format!("{p}:{name}"));
        return Some(format!("`{text}`: the service data of {date} have no service `{prefix}`{}", of(nearest)));
    };
    if service.actions_matching(name).next().is_some() {
        return None;
    }
    let nearest = (!has_wildcard(name))
        .then(|| nearest::name(name, service.actions.iter().map(|a| a.name.as_str())))
        .flatten()
        .map(|n| format!("{}:{n}", service.prefix));
    Some(format!("`{text}` is no action in the service data of {date}{}", of(nearest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_and_arns_are_told_from_other_text() {
        for good in ["*", "s3:*", "s3:Get*", "S3:getobject", "*:*", "execute-api:Invoke"] {
            assert_eq!(action(good), Ok(()), "{good}");
        }
        for bad in ["", "s3", "s3:", ":GetObject", "s3:Get Object", "arn:aws:s3:::b"] {
            assert!(action(bad).is_err(), "{bad}");
        }
        for good in ["*", "arn:aws:s3:::b/*", "arn:aws:sqs:eu-west-1:111122223333:q", "arn:*:s3:::b"] {
            assert_eq!(resource(good), Ok(()), "{good}");
        }
        for bad in ["", "b", "arn:aws:s3", "arn:aws:s3:::", "arn::s3:::b", "urn:aws:s3:::b", "arn:aws:s3 :::b"] {
            assert!(resource(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_action_that_the_service_data_do_not_know_is_named_with_the_nearest() {
        let catalog = Catalog::embedded();
        let said = |text: &str| unknown_action(text, catalog);
        assert_eq!(said("s3:GetObject"), None);
        assert_eq!(said("S3:getobject"), None);
        assert_eq!(said("s3:Get*"), None);
        assert_eq!(said("*"), None);
        assert!(said("s3:GetObjct").is_some_and(|m| m.ends_with("; the nearest name is `s3:GetObject`")));
        assert!(said("s4:GetObject").is_some_and(|m| m.contains("no service `s4`")));
        assert!(said("s3:Frobnicate*").is_some());
    }
}
