//! Who made a call, as a user or role: the sessions of a role are the role, and a service that calls on a principal's behalf
//! calls with the principal's permissions.
//!
//! Source: CloudTrail User Guide, "CloudTrail userIdentity element".

use smol_str::{SmolStr, format_smolstr};

use super::record::UserIdentity;
use super::usage::{PrincipalKey, PrincipalKind};
use crate::policy::Arn;

/// Who made a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalledBy<'r> {
    /// A user or role, by an ARN of it.
    Principal(&'r str),
    /// Somebody without identity-based policies, by the reason that events of theirs are passed over for.
    Other(&'static str),
}

/// Kinds of caller that have no identity-based policies of their own, and why their events are passed over.
const OTHERS: &[(&str, &str)] = &[
    ("Root", "root user"),
    ("AWSService", "service for itself"),
    ("AWSAccount", "another account"),
    ("WebIdentityUser", "web identity that assumes a role"),
    ("SAMLUser", "SAML identity that assumes a role"),
    ("Directory", "directory user"),
    ("IdentityCenterUser", "identity center user"),
];
const UNKNOWN: &str = "unknown caller";

impl<'r> CalledBy<'r> {
    /// Of `userIdentity`.
    pub fn of(identity: Option<&'r UserIdentity<'_>>) -> CalledBy<'r> {
        let Some(identity) = identity else { return CalledBy::Other(UNKNOWN) };
        let issuer = identity.session_context.as_ref().and_then(|context| context.session_issuer.as_ref());
        let issuer = issuer.and_then(|issuer| issuer.arn.as_deref());
        let arn = match identity.kind.as_deref() {
            Some("IAMUser") => identity.arn.as_deref(),
            // The session's own ARN will do where the record lacks the role's.
            Some("AssumedRole") => issuer.or(identity.arn.as_deref()),
            Some("FederatedUser") => issuer,
            // A role of another account in the trail of the resource's account, and records that lost the kind.
            Some("Role") | None => issuer.or(identity.arn.as_deref()),
            Some(kind) => {
                let known = OTHERS.iter().find(|(name, _)| *name == kind);
                return CalledBy::Other(known.map_or(UNKNOWN, |(_, reason)| reason));
            }
        };
        match arn {
            Some(arn) if is_principal(arn) => CalledBy::Principal(arn),
            Some(arn) if arn.ends_with(":root") => CalledBy::Other("root user"),
            _ => CalledBy::Other(UNKNOWN),
        }
    }
}

fn is_principal(arn: &str) -> bool {
    let Some(arn) = Arn::split(arn) else { return false };
    match arn.service {
        "iam" => arn.resource.starts_with("role/") || arn.resource.starts_with("user/"),
        "sts" => arn.resource.starts_with("assumed-role/"),
        _ => false,
    }
}

/// The ARN of a role for the ARN of one of its sessions, without a path since that of a session has none; others as given.
pub fn identity_arn(arn: &str) -> SmolStr {
    match (Arn::split(arn), PrincipalKey::of_arn(arn)) {
        (Some(fields), Some(key)) if fields.service == "sts" => {
            format_smolstr!("arn:{}:iam::{}:role/{}", fields.partition, fields.account, key.name)
        }
        _ => arn.into(),
    }
}

/// Which principal is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalSelector {
    /// This one.
    Key(PrincipalKey),
    /// Any of this name, in any account.
    Name(SmolStr),
}

impl PrincipalSelector {
    /// From the ARN of a user, a role or a role's session, or from a name.
    ///
    /// # Errors
    ///
    /// An ARN of something else.
    pub fn parse(text: &str) -> Result<PrincipalSelector, String> {
        if let Some(key) = PrincipalKey::of_arn(text) {
            return Ok(PrincipalSelector::Key(key));
        }
        if text.starts_with("arn:") {
            return Err(format!("`{text}` is not the ARN of an IAM user or role"));
        }
        let name = text.rsplit('/').next().unwrap_or(text);
        if name.is_empty() {
            Err("the principal's name is empty".to_owned())
        } else {
            Ok(PrincipalSelector::Name(name.into()))
        }
    }

    /// True if it means the principal with this key.
    pub fn means(&self, key: &PrincipalKey) -> bool {
        match self {
            PrincipalSelector::Key(meant) => meant == key,
            PrincipalSelector::Name(name) => key.name == *name,
        }
    }
}

impl PrincipalKind {
    /// `user`, `role`
    pub fn as_str(self) -> &'static str {
        match self {
            PrincipalKind::User => "user",
            PrincipalKind::Role => "role",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(identity: &str) -> CalledBy<'static> {
        let identity: UserIdentity<'static> =
            serde_json::from_str(Box::leak(identity.to_owned().into_boxed_str())).unwrap();
        CalledBy::of(Some(Box::leak(Box::new(identity))))
    }

    #[test]
    fn a_session_is_its_role() {
        let arn = "arn:aws:iam::111122223333:role/service/app";
        let session = r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app/i-1","sessionContext":
            {"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/service/app"}}}"#;
        assert_eq!(by(session), CalledBy::Principal(arn));
        let without = r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/app/i-1"}"#;
        let CalledBy::Principal(session) = by(without) else { panic!("{without}") };
        assert_eq!(PrincipalKey::of_arn(session), PrincipalKey::of_arn(arn));
        assert_eq!(identity_arn(session), "arn:aws:iam::111122223333:role/app");
    }

    #[test]
    fn callers_without_policies_of_their_own_are_told_by_kind() {
        for (identity, reason) in [
            (r#"{"type":"Root","arn":"arn:aws:iam::111122223333:root"}"#, "root user"),
            (r#"{"type":"AWSService","invokedBy":"config.amazonaws.com"}"#, "service for itself"),
            (r#"{"type":"AWSAccount","accountId":"444455556666"}"#, "another account"),
            (
                r#"{"type":"FederatedUser","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:root"}}}"#,
                "root user",
            ),
            (r#"{"type":"Something"}"#, UNKNOWN),
            (r#"{}"#, UNKNOWN),
        ] {
            assert_eq!(by(identity), CalledBy::Other(reason), "{identity}");
        }
    }

    #[test]
    fn a_principal_is_chosen_by_any_of_its_arns_or_by_name() {
        let key = PrincipalKey::of_arn("arn:aws:iam::111122223333:role/a/b/app").unwrap();
        for text in
            ["arn:aws:iam::111122223333:role/app", "arn:aws:sts::111122223333:assumed-role/app/x", "app", "a/b/app"]
        {
            assert!(PrincipalSelector::parse(text).unwrap().means(&key), "{text}");
        }
        for text in ["arn:aws:iam::111122223333:user/app", "arn:aws:iam::444455556666:role/app", "b"] {
            assert!(!PrincipalSelector::parse(text).unwrap().means(&key), "{text}");
        }
        for text in ["arn:aws:s3:::bucket", "arn:aws:iam::111122223333:policy/p", ""] {
            assert!(PrincipalSelector::parse(text).is_err(), "{text}");
        }
    }
}
