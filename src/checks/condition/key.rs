//! What a condition key is: global, of a service, of an identity provider, or nothing known.
//!
//! Names are compared without case. Source of the names: the service authorization reference (catalog) and the IAM
//! User Guide's list of global condition keys.

use crate::catalog::{Catalog, ConditionKeyDefinition, GlobalConditionKey, KeyKind, KeyType, Service};
use crate::source::Text;

use super::claim::Claim;

/// What is known about a condition key.
#[derive(Clone, Copy, Debug)]
pub struct KeyFacts<'a> {
    /// What kind of key it is.
    pub class: KeyClass<'a>,
    /// The type of its values, where the key is known.
    pub key_type: Option<KeyType>,
}

/// Kinds of condition keys.
#[derive(Clone, Copy, Debug)]
pub enum KeyClass<'a> {
    /// The name depends on an unknown value.
    Undecided,
    /// Not `prefix:name`.
    Malformed,
    /// A tag family without tag key; the family's name with its slash.
    BareTagFamily(&'static str),
    /// A tag family of a service without tag key.
    BareServiceTagFamily(&'a ConditionKeyDefinition),
    /// A global key.
    Global(&'static GlobalConditionKey),
    /// Prefix `aws:`, but no such key.
    UnknownGlobal,
    /// A service's key that requests to other services carry too.
    CrossService,
    /// A key of an identity provider.
    Claim(Claim<'a>),
    /// A key that a service defines.
    Service(&'a Service, &'a ConditionKeyDefinition),
    /// The prefix is a service's, but there is no such key.
    UnknownOfService(&'a Service),
    /// The prefix is nothing known.
    UnknownPrefix(&'a str),
}

/// The tag families of the global condition keys.
pub const TAG_FAMILIES: &[&str] = &["aws:PrincipalTag/", "aws:RequestTag/", "aws:ResourceTag/"];

/// Prefixes whose keys are defined (also) by other services than the one of that name. A test holds the table to the
/// catalog.
pub const DEFINED_ELSEWHERE: &[(&str, &[&str])] = &[
    ("catalog", &["aws-marketplace"]),
    ("cognito-identity-auth", &["cognito-identity"]),
    ("cognito-identity-unauth", &["cognito-identity"]),
    ("connect", &["cases"]),
    ("ec2", &["ec2-instance-connect", "ec2messages", "ssm", "ssmmessages"]),
    ("elasticloadbalancing", &["arc-zonal-shift"]),
    ("iam", &["codestar", "sts"]),
    ("identitycenter", &["sso"]),
    ("identitystore", &["q", "qbusiness"]),
    ("iot", &["iotjobsdata"]),
    ("logs", &["xray"]),
    ("ssm", &["ec2messages", "ssmmessages"]),
];

/// Multivalued or not is told differently by different AWS pages; nothing is said about their number of values.
const UNSURE_CARDINALITY: &[&str] = &["cognito-identity.amazonaws.com:amr"];

impl<'a> KeyFacts<'a> {
    /// Looks a key up.
    pub fn new(name: &'a Text, catalog: &'a Catalog) -> KeyFacts<'a> {
        match name.known() {
            Some(name) => KeyFacts::of(name, catalog),
            // A tag key may be unknown, and the key is still one of its family.
            None => match TAG_FAMILIES.iter().find(|f| starts_with_ignore_case(name.as_str(), f)) {
                Some(family) => KeyFacts::of(family_member(family), catalog),
                None => KeyFacts { class: KeyClass::Undecided, key_type: None },
            },
        }
    }

    fn of(name: &'a str, catalog: &'a Catalog) -> KeyFacts<'a> {
        let plain = |class| KeyFacts { class, key_type: None };
        let Some((prefix, rest)) = name.split_once(':') else { return plain(KeyClass::Malformed) };
        if prefix.is_empty() || rest.is_empty() {
            return plain(KeyClass::Malformed);
        }
        if prefix.eq_ignore_ascii_case("aws") {
            let bare = |family: &&&str| {
                name.eq_ignore_ascii_case(family) || name.eq_ignore_ascii_case(family.trim_end_matches('/'))
            };
            if let Some(family) = TAG_FAMILIES.iter().find(bare) {
                return plain(KeyClass::BareTagFamily(family));
            }
            return match catalog.global_condition_key(name) {
                Some(key) => KeyFacts { class: KeyClass::Global(key), key_type: Some(key.key_type) },
                None => plain(KeyClass::UnknownGlobal),
            };
        }
        if let Some(key) = catalog.cross_service_condition_key(name) {
            return KeyFacts { class: KeyClass::CrossService, key_type: Some(key.key_type) };
        }
        if let Some(claim) = Claim::of(name) {
            return KeyFacts { class: KeyClass::Claim(claim), key_type: claim_type(claim, name, catalog) };
        }
        let own = catalog.service(prefix);
        let elsewhere = DEFINED_ELSEWHERE.iter().find(|(p, _)| p.eq_ignore_ascii_case(prefix)).map(|(_, s)| *s);
        let others = elsewhere.unwrap_or_default().iter().filter_map(|p| catalog.service(p));
        for service in own.into_iter().chain(others) {
            if let Some(definition) = definition(service, name) {
                let key_type = Some(definition.key_type);
                return KeyFacts { class: KeyClass::Service(service, definition), key_type };
            }
        }
        match own.or_else(|| elsewhere?.first().and_then(|p| catalog.service(p))) {
            Some(service) => match bare_family(service, name) {
                Some(definition) => plain(KeyClass::BareServiceTagFamily(definition)),
                None => plain(KeyClass::UnknownOfService(service)),
            },
            None => plain(KeyClass::UnknownPrefix(prefix)),
        }
    }

    /// The type of one value, where the key is known.
    pub fn kind(&self) -> Option<KeyKind> {
        self.key_type.map(|t| t.kind)
    }

    /// Whether a request holds several values of the key, where that is known.
    pub fn is_multivalued(&self) -> Option<bool> {
        if let KeyClass::Claim(claim) = self.class {
            let unsure = |key: &&&str| Claim::of(key).is_some_and(|c| same_claim(c, claim));
            if UNSURE_CARDINALITY.iter().any(|key| unsure(&key)) {
                return None;
            }
        }
        self.key_type.map(|t| t.multivalued)
    }

    /// True for `aws:ResourceTag/` with a tag key, and so on.
    pub fn is_member_of(&self, family: &str) -> bool {
        matches!(self.class, KeyClass::Global(key) if key.name.eq_ignore_ascii_case(family))
    }

    /// The claim, for keys of identity providers.
    pub fn claim(&self) -> Option<Claim<'a>> {
        match self.class {
            KeyClass::Claim(claim) => Some(claim),
            _ => None,
        }
    }
}

fn same_claim(a: Claim<'_>, b: Claim<'_>) -> bool {
    a.provider.eq_ignore_ascii_case(b.provider) && a.name.eq_ignore_ascii_case(b.name)
}

/// A member of a tag family, to look the family up.
fn family_member(family: &str) -> &'static str {
    match family {
        "aws:PrincipalTag/" => "aws:PrincipalTag/key",
        "aws:RequestTag/" => "aws:RequestTag/key",
        _ => "aws:ResourceTag/key",
    }
}

fn claim_type(claim: Claim<'_>, name: &str, catalog: &Catalog) -> Option<KeyType> {
    // Audience and subject are one string in any OIDC token that STS accepts, whatever the provider.
    if claim.is_oidc_audience() || claim.is_oidc_subject() {
        return Some(KeyType { kind: KeyKind::String, multivalued: false });
    }
    catalog.service("sts").and_then(|sts| definition(sts, name)).map(|d| d.key_type)
}

/// The definition of a key in one service's list.
pub fn definition<'a>(service: &'a Service, name: &str) -> Option<&'a ConditionKeyDefinition> {
    let mut candidates = service.condition_keys.iter();
    // A literal entry says more than one with a free part.
    let exact = service.condition_keys.iter().find(|d| d.name.eq_ignore_ascii_case(name));
    exact.or_else(|| candidates.find(|d| matches(&d.name, name)))
}

/// The family of tags that a name stands for when the tag key is missing.
fn bare_family<'a>(service: &'a Service, name: &str) -> Option<&'a ConditionKeyDefinition> {
    let name = name.trim_end_matches('/');
    service.condition_keys.iter().find(|d| {
        let family = d.name.as_str().rsplit_once('/').filter(|(_, key)| is_free_part(key)).map(|(family, _)| family);
        family.is_some_and(|f| f.to_ascii_lowercase().ends_with("tag") && f.eq_ignore_ascii_case(name))
    })
}

/// True for what stands for any text at the end of a name in the service data.
fn is_free_part(part: &str) -> bool {
    part.is_empty()
        || part == "tag-key"
        || (part.starts_with("${") && part.ends_with('}'))
        || (part.starts_with('<') && part.ends_with('>'))
}

/// True if the name of the service data, where `${TagKey}`, `<key>`, a final `tag-key` and a final slash stand for
/// any text, matches a key. Case is ignored.
pub fn matches(pattern: &str, name: &str) -> bool {
    let bytes = pattern.as_bytes();
    if let Some(family) = pattern.strip_suffix("/tag-key").or_else(|| pattern.strip_suffix('/')) {
        let tail = name.get(family.len()..).and_then(|t| t.strip_prefix('/'));
        return starts_with_ignore_case(name, family) && tail.is_some_and(|t| !t.is_empty());
    }
    let Some(open) = bytes.iter().position(|b| matches!(b, b'$' | b'<')) else {
        return pattern.eq_ignore_ascii_case(name);
    };
    let close = if bytes[open] == b'<' { '>' } else { '}' };
    let Some(length) = pattern[open..].find(close) else { return pattern.eq_ignore_ascii_case(name) };
    let (head, tail) = (&pattern[..open], &pattern[open + length + 1..]);
    if !starts_with_ignore_case(name, head) {
        return false;
    }
    let rest = &name[head.len()..];
    if tail.is_empty() {
        return !rest.is_empty();
    }
    // Few names have a second part after a free one, and those are short: try every cut.
    rest.char_indices().skip(1).any(|(i, _)| matches(tail, &rest[i..]))
}

/// True if `s` begins with `prefix`, case ignored.
pub fn starts_with_ignore_case(s: &str, prefix: &str) -> bool {
    s.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_parts_of_the_service_data_match_any_text() {
        assert!(matches("aws:ResourceTag/${TagKey}", "AWS:resourcetag/Team"));
        assert!(!matches("aws:ResourceTag/${TagKey}", "aws:ResourceTag/"));
        assert!(matches("s3:ExistingObjectTag/<key>", "s3:existingobjecttag/a/b"));
        assert!(matches("codebuild:a/${name}.value", "codebuild:a/X.value"));
        assert!(!matches("codebuild:a/${name}.value", "codebuild:a/X.values"));
        assert!(matches("ssm:resourceTag/tag-key", "ssm:ResourceTag/x"));
        assert!(matches("token.actions.${Domain}.ghe.com:actor", "token.actions.octo.ghe.com:actor"));
        assert!(!matches("s3:prefix", "s3:prefixx"));
        assert!(matches("kms:EncryptionContext:${EncryptionContextKey}", "kms:EncryptionContext:é"));
    }

    #[test]
    fn the_prefixes_that_other_services_define_are_all_listed() {
        let catalog = Catalog::embedded();
        for prefix in catalog.prefixes() {
            let Some(service) = catalog.service(prefix) else { continue };
            for definition in &service.condition_keys {
                let Some((key_prefix, _)) = definition.name.split_once(':') else { continue };
                let key_prefix = key_prefix.to_ascii_lowercase();
                if key_prefix == prefix || key_prefix == "aws" || Claim::of(&definition.name).is_some() {
                    continue;
                }
                let row = DEFINED_ELSEWHERE.iter().find(|(p, _)| *p == key_prefix);
                assert!(row.is_some_and(|(_, s)| s.contains(&prefix)), "{} in {prefix}", definition.name);
            }
        }
    }
}
