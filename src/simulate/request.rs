//! The JSON form of a request:
//! `{"principal": "arn:…" | {"service": …} | {"federated": …} | {"canonical": …} | null, "action": …, "resource": …,
//! "resourceAccount": …, "context": {…}}`.
//!
//! The context holds what it lists, and what follows from the caller; `aws:ResourceAccount` follows from
//! `resourceAccount`. Nothing else is made up: a key that is not listed is absent.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use smol_str::SmolStr;

use crate::logic::request::{Caller, Context, Request};
use crate::policy::Arn;
use crate::source::Text;

/// Context keys of one request; real ones carry some dozens.
const KEYS: usize = 1_000;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", expecting = "a request: an object")]
struct Written<'a> {
    #[serde(borrow, default, deserialize_with = "given")]
    principal: Option<Principal<'a>>,
    #[serde(borrow)]
    action: Str<'a>,
    #[serde(borrow)]
    resource: Str<'a>,
    #[serde(borrow, default)]
    resource_account: Option<Str<'a>>,
    #[serde(borrow, default)]
    context: Entries<'a>,
}

/// Tells a principal that is `null` from one that is not there.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Principal<'de>>, D::Error> {
    Principal::deserialize(deserializer).map(Some)
}

enum Principal<'a> {
    Nobody,
    Arn(Cow<'a, str>),
    Typed(Cow<'a, str>, Cow<'a, str>),
}

/// A string, borrowed from the JSON text where it has no escapes.
struct Str<'a>(Cow<'a, str>);

#[derive(Default)]
struct Entries<'a>(Vec<(Cow<'a, str>, Vec<SmolStr>)>);

/// The values of one context key.
struct ContextValue(Vec<SmolStr>);

/// Reads a request.
///
/// # Errors
///
/// What is wrong with it, with its column (and line, if there are several).
pub fn parse_request(json: &str) -> Result<Request, String> {
    let written: Written<'_> = serde_json::from_str(json).map_err(|e| cause(&e))?;
    let mut context = Context::default();
    if written.context.0.len() > KEYS {
        return Err(format!("`context` has {} keys, over the limit of {KEYS}", written.context.0.len()));
    }
    for (key, values) in written.context.0 {
        if context.get(&key).is_some() {
            return Err(format!("`context` has the key `{key}` twice"));
        }
        context.set(text(&key), values);
    }
    let action = &written.action.0;
    match action.split_once(':') {
        Some((service, name)) if !service.is_empty() && !name.is_empty() && !name.contains(':') => {}
        _ => return Err(format!("`action` is `{action}`, not of the form `service:Name`")),
    }
    if action.contains(['*', '?']) {
        return Err(format!("`action` is the pattern `{action}`; a request has one action"));
    }
    let resource = &written.resource.0;
    if resource != "*" && Arn::split(resource).is_none_or(|a| a.prefix != "arn") {
        return Err(format!("`resource` is `{resource}`, neither an ARN nor `*`"));
    }
    let caller = match written.principal {
        None => return Err("`principal` is missing; `null` is a caller without credentials".to_owned()),
        Some(Principal::Nobody) => Caller::Anonymous,
        Some(Principal::Arn(arn)) => caller(&arn, &context)?,
        Some(Principal::Typed(kind, value)) => match &*kind {
            "service" => Caller::Service { name: text(&value) },
            "federated" => Caller::Federated { provider: text(&value) },
            "canonical" => Caller::Canonical { id: text(&value) },
            _ => return Err(format!("`principal` has the type `{kind}`, not `service`, `federated` or `canonical`")),
        },
    };
    let resource_account = written.resource_account.map(|a| a.0);
    if let Some(account) = &resource_account {
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("`resourceAccount` is `{account}`, not an account id of 12 digits"));
        }
        if context.get("aws:ResourceAccount").is_none() {
            context.set("aws:ResourceAccount", vec![text(account)]);
        }
    }
    let resource_account = resource_account.map(|a| text(&a));
    Ok(Request { caller, action: text(action), resource: text(resource), resource_account, context })
}

/// What serde found, without the line of a text that has only one.
pub(super) fn cause(error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let message = whole.rsplit_once(" at line ").map_or(&*whole, |(message, _)| message);
    match error.line() {
        0 | 1 => format!("column {}: {message}", error.column()),
        line => format!("line {line}, column {}: {message}", error.column()),
    }
}

/// The caller of an ARN. A session's ARN leaves out the path of its role; `aws:PrincipalArn` says it where there is one.
fn caller(arn: &str, context: &Context) -> Result<Caller, String> {
    let wrong =
        || format!("`principal` is `{arn}`, not the ARN of a user, role, role session, federated user or root user");
    let fields = Arn::split(arn).filter(|a| a.prefix == "arn" && a.region.is_empty()).ok_or_else(wrong)?;
    if fields.account.len() != 12 || !fields.account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("`principal` is `{arn}`, whose account is not 12 digits"));
    }
    let named =
        |prefix: &str| fields.resource.strip_prefix(prefix).filter(|name| !name.is_empty() && !name.ends_with('/'));
    match fields.service {
        "iam" if fields.resource == "root" => Ok(Caller::Root { arn: text(arn) }),
        "iam" if named("user/").is_some() => Ok(Caller::User { arn: text(arn) }),
        "iam" if named("role/").is_some() => Ok(Caller::Role { arn: text(arn), session: SmolStr::default() }),
        "sts" if named("federated-user/").is_some() => Ok(Caller::FederatedUser { arn: text(arn) }),
        "sts" => {
            let (role, session) = named("assumed-role/").and_then(|n| n.split_once('/')).ok_or_else(wrong)?;
            let prefix = format!("arn:{}:iam::{}:role/", fields.partition, fields.account);
            let with_path = context
                .get("aws:PrincipalArn")
                .and_then(<[SmolStr]>::first)
                .filter(|own| own.strip_prefix(&prefix).is_some_and(|rest| rest.rsplit('/').next() == Some(role)));
            let arn = with_path.cloned().unwrap_or_else(|| text(&format!("{prefix}{role}")));
            Ok(Caller::Role { arn, session: text(session) })
        }
        _ => Err(wrong()),
    }
}

/// Text of a request in the form that policies have theirs in.
fn text(text: &str) -> SmolStr {
    Text::literal(text).as_smol().clone()
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;
        impl<'de> Visitor<'de> for Strings {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Borrowed(v)))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Str(Cow::Owned(v.to_owned())))
            }
        }
        deserializer.deserialize_str(Strings)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Principal<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Principals;
        impl<'de> Visitor<'de> for Principals {
            type Value = Principal<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an ARN, an object with `service`, `federated` or `canonical`, or null")
            }
            fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
                Ok(Principal::Nobody)
            }
            fn visit_borrowed_str<E: Error>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Principal::Arn(Cow::Borrowed(v)))
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Principal::Arn(Cow::Owned(v.to_owned())))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let first: Option<(Str<'de>, Str<'de>)> = map.next_entry()?;
                let (kind, value) = first.ok_or_else(|| A::Error::custom("`principal` is an empty object"))?;
                if let Some((more, _)) = map.next_entry::<Str<'de>, Str<'de>>()? {
                    return Err(A::Error::custom(format!("a request has one principal; `{}` is a second", more.0)));
                }
                Ok(Principal::Typed(kind.0, value.0))
            }
        }
        deserializer.deserialize_any(Principals)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Maps;
        impl<'de> Visitor<'de> for Maps {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of context keys")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<Str<'de>, ContextValue>()? {
                    entries.push((key.0, value.0));
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Maps)
    }
}

impl<'de> Deserialize<'de> for ContextValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Values;
        impl<'de> Visitor<'de> for Values {
            type Value = ContextValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a number, true, false, or a list of them")
            }
            fn visit_str<E: Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(ContextValue(vec![text(v)]))
            }
            fn visit_bool<E: Error>(self, v: bool) -> Result<Self::Value, E> {
                Ok(ContextValue(vec![SmolStr::new_static(if v { "true" } else { "false" })]))
            }
            fn visit_u64<E: Error>(self, v: u64) -> Result<Self::Value, E> {
                Ok(ContextValue(vec![smol_str::format_smolstr!("{v}")]))
            }
            fn visit_i64<E: Error>(self, v: i64) -> Result<Self::Value, E> {
                Ok(ContextValue(vec![smol_str::format_smolstr!("{v}")]))
            }
            fn visit_f64<E: Error>(self, v: f64) -> Result<Self::Value, E> {
                Ok(ContextValue(vec![smol_str::format_smolstr!("{v}")]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut values = Vec::new();
                while let Some(one) = seq.next_element::<ContextValue>()? {
                    match <[SmolStr; 1]>::try_from(one.0) {
                        Ok([value]) => values.push(value),
                        Err(_) => return Err(A::Error::custom("a list within a list is no context value")),
                    }
                }
                Ok(ContextValue(values))
            }
        }
        deserializer.deserialize_any(Values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(principal: &str, rest: &str) -> Result<Request, String> {
        parse_request(&format!(r#"{{"principal": {principal}, "action": "s3:GetObject", "resource": "*"{rest}}}"#))
    }

    #[test]
    fn principals_are_told_apart_by_their_arns_and_types() {
        let role = |arn: &str, session: &str| Caller::Role { arn: arn.into(), session: session.into() };
        let cases = [
            ("null", Caller::Anonymous),
            (r#""arn:aws:iam::111122223333:root""#, Caller::Root { arn: "arn:aws:iam::111122223333:root".into() }),
            (
                r#""arn:aws:iam::111122223333:user/a/b""#,
                Caller::User { arn: "arn:aws:iam::111122223333:user/a/b".into() },
            ),
            (r#""arn:aws:iam::111122223333:role/p/n""#, role("arn:aws:iam::111122223333:role/p/n", "")),
            (r#""arn:aws-cn:sts::111122223333:assumed-role/n/s""#, role("arn:aws-cn:iam::111122223333:role/n", "s")),
            (
                r#""arn:aws:sts::111122223333:federated-user/n""#,
                Caller::FederatedUser { arn: "arn:aws:sts::111122223333:federated-user/n".into() },
            ),
            (r#"{"service": "sns.amazonaws.com"}"#, Caller::Service { name: "sns.amazonaws.com".into() }),
            (r#"{"federated": "accounts.google.com"}"#, Caller::Federated { provider: "accounts.google.com".into() }),
            (r#"{"canonical": "79a5"}"#, Caller::Canonical { id: "79a5".into() }),
        ];
        for (json, expected) in cases {
            assert_eq!(parsed(json, "").expect(json).caller, expected, "{json}");
        }
        let with_path = r#", "context": {"aws:principalarn": "arn:aws:iam::111122223333:role/p/q/n"}"#;
        let session = parsed(r#""arn:aws:sts::111122223333:assumed-role/n/s""#, with_path).expect("a request");
        assert_eq!(session.caller, role("arn:aws:iam::111122223333:role/p/q/n", "s"));
    }

    #[test]
    fn context_values_are_text_whatever_their_json_type() {
        let context =
            r#", "context": {"a:s": "x\u0041", "a:b": true, "a:n": 5, "a:d": -1.5, "a:l": ["x", 1, false], "a:e": []}"#;
        let request = parsed("null", context).expect("a request");
        let got = |key: &str| request.values(key).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(got("A:S"), ["xA"]);
        assert_eq!(got("a:b"), ["true"]);
        assert_eq!(got("a:n"), ["5"]);
        assert_eq!(got("a:d"), ["-1.5"]);
        assert_eq!(got("a:l"), ["x", "1", "false"]);
        assert_eq!(got("a:e"), Vec::<String>::new());
        let owned = parsed("null", r#", "resourceAccount": "444455556666""#).expect("a request");
        assert_eq!(owned.values("aws:ResourceAccount"), ["444455556666"]);
    }

    #[test]
    fn what_is_wrong_with_a_request_is_named() {
        let whole = |json: &str| parse_request(json).expect_err(json);
        let good = r#""action": "s3:GetObject", "resource": "*""#;
        for (error, part) in [
            (whole(""), "column 0: EOF"),
            (whole("[]"), "expected a request"),
            (whole(&format!("{{{good}}}")), "`principal` is missing"),
            (whole(r#"{"principal": null, "resource": "*"}"#), "missing field `action`"),
            (whole(r#"{"principal": null, "action": "s3:Get*", "resource": "*"}"#), "one action"),
            (whole(r#"{"principal": null, "action": "GetObject", "resource": "*"}"#), "`service:Name`"),
            (whole(r#"{"principal": null, "action": "s3:GetObject", "resource": "bucket"}"#), "neither an ARN"),
            (parsed(r#""bob""#, "").expect_err("no ARN"), "`bob`"),
            (parsed(r#""arn:aws:iam::1:user/x""#, "").expect_err("no account"), "12 digits"),
            (parsed(r#""arn:aws:iam::111122223333:group/x""#, "").expect_err("a group"), "not the ARN of a user"),
            (parsed(r#""arn:aws:sts::111122223333:assumed-role/x""#, "").expect_err("no session"), "role session"),
            (parsed(r#"{"aws": "x"}"#, "").expect_err("a type"), "`aws`"),
            (parsed("{}", "").expect_err("nobody"), "empty object"),
            (parsed(r#"{"service": "a", "canonical": "b"}"#, "").expect_err("two"), "one principal"),
            (parsed("7", "").expect_err("a number"), "expected an ARN"),
            (parsed("null", r#", "contxt": {}"#).expect_err("a misspelling"), "unknown field `contxt`"),
            (parsed("null", r#", "context": {"a:b": null}"#).expect_err("null"), "expected a string"),
            (parsed("null", r#", "context": {"a:b": [["x"], []]}"#).expect_err("lists"), "list within a list"),
            (parsed("null", r#", "context": {"a:b": 1, "A:B": 2}"#).expect_err("twice"), "twice"),
            (parsed("null", r#", "resourceAccount": "1""#).expect_err("short"), "12 digits"),
        ] {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
    }
}
