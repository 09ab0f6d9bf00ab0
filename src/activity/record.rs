//! A record of CloudTrail: the fields that bear on permissions, borrowed from the text that it was read from. Everything else
//! of it is passed over unread.
//!
//! Source: CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail userIdentity element".

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, Visitor};
use serde_json::value::RawValue;

/// Text that is copied only if it has escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Str<'a>(pub Cow<'a, str>);

impl Deref for Str<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'a> From<&'a str> for Str<'a> {
    fn from(text: &'a str) -> Str<'a> {
        Str(Cow::Borrowed(text))
    }
}

impl From<String> for Str<'_> {
    fn from(text: String) -> Self {
        Str(Cow::Owned(text))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Str<'a>, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Str<'de>, E> {
                Ok(text.into())
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Str<'de>, E> {
                Ok(text.to_owned().into())
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// What stands for a parameter that CloudTrail doesn't show.
pub const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

/// One record, or what wraps one: an entry of `lookup-events`, a row of a Lake export.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record<'a> {
    /// `1.11`
    #[serde(borrow)]
    pub event_version: Option<Str<'a>>,
    /// Who called.
    #[serde(borrow)]
    pub user_identity: Option<UserIdentity<'a>>,
    /// `2026-09-26T12:34:56Z`
    #[serde(borrow)]
    pub event_time: Option<Str<'a>>,
    /// `s3.amazonaws.com`
    #[serde(borrow)]
    pub event_source: Option<Str<'a>>,
    /// `PutObject`
    #[serde(borrow)]
    pub event_name: Option<Str<'a>>,
    /// `eu-west-1`
    #[serde(borrow)]
    pub aws_region: Option<Str<'a>>,
    /// `AccessDenied`, …; not there when the call succeeded.
    #[serde(borrow)]
    pub error_code: Option<Str<'a>>,
    /// An object, as text: it is read only for the records that matter.
    #[serde(borrow)]
    pub request_parameters: Option<&'a RawValue>,
    /// The resources that the service says were accessed.
    #[serde(borrow)]
    pub resources: Option<Vec<RecordResource<'a>>>,
    /// Unique within the account.
    #[serde(borrow, rename = "eventID")]
    pub event_id: Option<Str<'a>>,
    /// The same in the records that the accounts on both sides of a call get.
    #[serde(borrow, rename = "sharedEventID")]
    pub shared_event_id: Option<Str<'a>>,
    /// `AwsApiCall`, …
    #[serde(borrow)]
    pub event_type: Option<Str<'a>>,
    /// `Management`, `Data`, `Insight`, `NetworkActivity`; not there in old records.
    #[serde(borrow)]
    pub event_category: Option<Str<'a>>,
    /// False for data events.
    pub management_event: Option<bool>,
    /// The account whose trail this is.
    #[serde(borrow)]
    pub recipient_account_id: Option<Str<'a>>,
    /// The record as text within an entry of `aws cloudtrail lookup-events`.
    #[serde(borrow, rename = "CloudTrailEvent")]
    pub looked_up: Option<Str<'a>>,
    /// The record as text within a row of CloudTrail Lake.
    #[serde(borrow)]
    pub event_json: Option<Str<'a>>,
    /// Only in digest files.
    #[serde(rename = "digestStartTime")]
    pub digest: Option<IgnoredAny>,
}

/// `userIdentity`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserIdentity<'a> {
    /// `IAMUser`, `AssumedRole`, …
    #[serde(borrow, rename = "type")]
    pub kind: Option<Str<'a>>,
    /// The caller's ARN; of a session, that of the session.
    #[serde(borrow)]
    pub arn: Option<Str<'a>>,
    /// The caller's account.
    #[serde(borrow)]
    pub account_id: Option<Str<'a>>,
    /// `AKIA…` of a user, `ASIA…` of a session.
    #[serde(borrow)]
    pub access_key_id: Option<Str<'a>>,
    /// The user's name.
    #[serde(borrow)]
    pub user_name: Option<Str<'a>>,
    /// The service that called on the caller's behalf, or for itself.
    #[serde(borrow)]
    pub invoked_by: Option<Str<'a>>,
    /// For temporary credentials.
    #[serde(borrow)]
    pub session_context: Option<SessionContext<'a>>,
}

/// `sessionContext`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionContext<'a> {
    /// Whose session it is.
    #[serde(borrow)]
    pub session_issuer: Option<SessionIssuer<'a>>,
}

/// `sessionIssuer`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SessionIssuer<'a> {
    /// `Role`, `IAMUser`, `Root`
    #[serde(borrow, rename = "type")]
    pub kind: Option<Str<'a>>,
    /// With path.
    #[serde(borrow)]
    pub arn: Option<Str<'a>>,
}

/// An entry of `resources`. Services write the names of its fields in several ways.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct RecordResource<'a> {
    /// The resource.
    #[serde(borrow, rename = "ARN", alias = "arn")]
    pub arn: Option<Str<'a>>,
    /// All resources whose ARNs begin so.
    #[serde(borrow, rename = "ARNPrefix", alias = "arnPrefix")]
    pub arn_prefix: Option<Str<'a>>,
    /// The resource's account.
    #[serde(borrow, rename = "accountId")]
    pub account_id: Option<Str<'a>>,
    /// `AWS::S3::Object`
    #[serde(borrow, rename = "type")]
    pub kind: Option<Str<'a>>,
}

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// It was done.
    Succeeded,
    /// It was authorised and failed for another reason.
    Failed,
    /// It was not authorised.
    Denied,
}

/// Error codes that say "not authorised", besides those that hold one of [`DENIED_PARTS`]. Services spell it in many ways.
///
/// Source: "Common errors" of the services' API references.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AuthorizationError",
    "AuthorizationErrorException",
    "Client.UnauthorizedOperation",
    "ForbiddenException",
    "NotAuthorized",
    "NotAuthorizedException",
    "UnauthorizedOperation",
    "Unauthorized",
    "UnauthorizedException",
];
const DENIED_PARTS: &[&str] = &["AccessDenied", "UnauthorizedOperation", "UnauthorizedAccess"];

impl CallOutcome {
    /// From `errorCode`.
    pub fn of(error_code: Option<&str>) -> CallOutcome {
        match error_code.filter(|code| !code.is_empty()) {
            None => CallOutcome::Succeeded,
            Some(code) if DENIED.contains(&code) || DENIED_PARTS.iter().any(|part| code.contains(part)) => {
                CallOutcome::Denied
            }
            Some(_) => CallOutcome::Failed,
        }
    }
}

impl<'a> Record<'a> {
    /// The record that this one wraps as text, if it does.
    pub fn wrapped(&self) -> Option<&str> {
        self.looked_up.as_deref().or(self.event_json.as_deref())
    }

    /// True for what is logged only where data events were asked for.
    pub fn is_data_event(&self) -> bool {
        match self.event_category.as_deref() {
            Some(category) => category == "Data",
            None => self.management_event == Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn denied_failed_and_done_are_told_apart() {
        for (code, outcome) in [
            (None, CallOutcome::Succeeded),
            (Some(""), CallOutcome::Succeeded),
            (Some("AccessDenied"), CallOutcome::Denied),
            (Some("Client.UnauthorizedOperation"), CallOutcome::Denied),
            (Some("KmsAccessDeniedException"), CallOutcome::Denied),
            (Some("NoSuchKey"), CallOutcome::Failed),
            (Some("ThrottlingException"), CallOutcome::Failed),
            (Some("Client.DryRunOperation"), CallOutcome::Failed),
        ] {
            assert_eq!(CallOutcome::of(code), outcome, "{code:?}");
        }
    }

    #[test]
    fn text_without_escapes_is_not_copied() {
        let record: Record<'_> = serde_json::from_str(r#"{"eventName": "GetObject", "errorCode": "a\"b"}"#).unwrap();
        assert!(matches!(record.event_name, Some(Str(Cow::Borrowed("GetObject")))));
        assert_eq!(record.error_code.as_deref(), Some("a\"b"));
    }
}
