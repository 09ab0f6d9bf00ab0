//! Witnesses, the requests that show a claim, as reports write them: in JSON, in the form that `simulate` reads, and as
//! a sentence. Unknown values stand in them as `${name}`.

use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use crate::catalog::Catalog;
use crate::logic::{Caller, Request};
use crate::policy::glob::matches_ignore_case;
use crate::policy::{PolicyDocument, Statement, StringList};
use crate::source::display_encoded;

/// The request in the form of `simulate --request`.
pub fn to_json(request: &Request) -> Value {
    let mut context = Map::new();
    for (key, values) in request.context.iter() {
        let value = match values {
            [one] => Value::String(display_encoded(one)),
            many => many.iter().map(|v| Value::String(display_encoded(v))).collect(),
        };
        context.insert(display_encoded(key), value);
    }
    // A session's ARN has no room for the path of its role.
    if let Caller::Role { arn, session } = &request.caller
        && session != ANY_SESSION
        && arn.split_once(":role/").is_some_and(|(_, name)| name.contains('/'))
        && request.context.get("aws:PrincipalArn").is_none()
    {
        context.insert("aws:PrincipalArn".to_owned(), Value::String(display_encoded(arn)));
    }
    let mut whole = json!({
        "principal": principal(&request.caller),
        "action": display_encoded(&request.action),
        "resource": display_encoded(&request.resource),
        "context": context,
    });
    if let (Some(account), Some(map)) = (&request.resource_account, whole.as_object_mut()) {
        map.insert("resourceAccount".to_owned(), Value::String(display_encoded(account)));
    }
    whole
}

fn principal(caller: &Caller) -> Value {
    match caller {
        Caller::Anonymous => Value::Null,
        Caller::Service { name } => json!({"service": display_encoded(name)}),
        Caller::Federated { provider } => json!({"federated": display_encoded(provider)}),
        Caller::Canonical { id } => json!({"canonical": display_encoded(id)}),
        Caller::Role { arn, session } => Value::String(display_encoded(&session_arn(arn, session))),
        Caller::Root { arn } | Caller::User { arn } | Caller::FederatedUser { arn } => {
            Value::String(display_encoded(arn))
        }
    }
}

/// The name that a session gets where nothing depends on it.
const ANY_SESSION: &str = "example";

/// A role by its ARN; its session by the session's ARN where the session's name was chosen for a reason.
fn session_arn(role: &str, session: &str) -> String {
    let parts = role.split_once(":iam::").and_then(|(start, rest)| Some((start, rest.split_once(":role/")?)));
    match parts {
        Some((start, (account, name))) if session != ANY_SESSION => {
            let name = name.rsplit('/').next().unwrap_or(name);
            format!("{start}:sts::{account}:assumed-role/{name}/{session}")
        }
        _ => role.to_owned(),
    }
}

/// Keys that a sentence names.
const NAMED: usize = 4;

/// `` without `aws:SourceVpc` or `aws:SourceIp` ``, or nothing.
pub fn without(absent: &[SmolStr]) -> String {
    let mut names: Vec<String> = absent.iter().take(NAMED).map(|k| format!("`{}`", display_encoded(k))).collect();
    if absent.len() > NAMED {
        names.push(format!("{} further keys", absent.len() - NAMED));
    }
    match names.split_last() {
        None => String::new(),
        Some((one, [])) => format!(" without {one}"),
        Some((last, first)) => format!(" without {} or {last}", first.join(", ")),
    }
}

/// ``role `arn:…` can call `s3:GetObject` on `arn:…` with `aws:SourceIp` = `203.0.113.10` ``
pub fn sentence(request: &Request) -> String {
    let quoted = |text: &str| format!("`{}`", display_encoded(text));
    let who = match &request.caller {
        Caller::Anonymous => "anyone, without credentials,".to_owned(),
        Caller::Root { arn } => format!("the root user {}", quoted(arn)),
        Caller::User { arn } => format!("the user {}", quoted(arn)),
        Caller::Role { arn, session } if session == ANY_SESSION => format!("the role {}", quoted(arn)),
        Caller::Role { arn, session } => format!("the session {} of the role {}", quoted(session), quoted(arn)),
        Caller::FederatedUser { arn } => format!("the federated user {}", quoted(arn)),
        Caller::Service { name } => format!("the service {}", quoted(name)),
        Caller::Federated { provider } => format!("a user of the identity provider {}", quoted(provider)),
        Caller::Canonical { id } => format!("the canonical user {}", quoted(id)),
    };
    let mut text = format!("{who} can call {}", quoted(&request.action));
    if request.resource != "*" {
        text.push_str(&format!(" on {}", quoted(&request.resource)));
    }
    for (i, (key, values)) in request.context.iter().enumerate() {
        let values: Vec<String> = values.iter().map(|v| quoted(v)).collect();
        let joint = if i == 0 { "with" } else { "and" };
        text.push_str(&format!(" {joint} {} = {}", quoted(key), values.join(", ")));
    }
    text
}

/// The condition keys that the policies ask for where they speak of the request's action, and that the request does not
/// carry.
pub fn absent_keys(request: &Request, documents: &[&PolicyDocument]) -> Vec<SmolStr> {
    let lists = |list: &StringList| list.items.iter().any(|i| matches_ignore_case(i.text.as_str(), &request.action));
    let concerns = |s: &&Statement| match (&s.action, &s.not_action) {
        (Some(list), _) => lists(list),
        (None, Some(list)) => !lists(list),
        (None, None) => false,
    };
    let statements = documents.iter().flat_map(|d| &d.statements).filter(concerns);
    let mut absent: Vec<SmolStr> = Vec::new();
    for key in statements.flat_map(|s| &s.conditions).flat_map(|b| &b.keys) {
        let name = key.name.as_str();
        if request.values(name).is_empty() && !absent.iter().any(|a| a.eq_ignore_ascii_case(name)) {
            absent.push(name.into());
        }
    }
    absent
}

/// True if the service data know the request's action.
pub fn has_real_action(request: &Request, catalog: &Catalog) -> bool {
    catalog.action(&request.action).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::Context;

    fn request(caller: Caller) -> Request {
        let mut context = Context::default();
        context.set("aws:SourceIp", vec!["203.0.113.10".into()]);
        context.set("aws:TagKeys", vec!["a".into(), "b".into()]);
        Request {
            caller,
            action: "s3:GetObject".into(),
            resource: "arn:aws:s3:::b/x".into(),
            resource_account: None,
            context,
        }
    }

    #[test]
    fn a_witness_has_the_form_that_simulate_reads() {
        let role = Caller::Role { arn: "arn:aws:iam::111122223333:role/app".into(), session: "example".into() };
        assert_eq!(
            to_json(&request(role)),
            json!({
                "principal": "arn:aws:iam::111122223333:role/app",
                "action": "s3:GetObject",
                "resource": "arn:aws:s3:::b/x",
                "context": {"aws:SourceIp": "203.0.113.10", "aws:TagKeys": ["a", "b"]},
            })
        );
        assert_eq!(to_json(&request(Caller::Anonymous))["principal"], Value::Null);
        let service = Caller::Service { name: "sns.amazonaws.com".into() };
        assert_eq!(to_json(&request(service))["principal"], json!({"service": "sns.amazonaws.com"}));
    }

    #[test]
    fn a_session_is_named_where_its_name_matters() {
        let role = Caller::Role { arn: "arn:aws:iam::111122223333:role/app".into(), session: "alice".into() };
        assert_eq!(to_json(&request(role))["principal"], "arn:aws:sts::111122223333:assumed-role/app/alice");
    }

    #[test]
    fn what_is_written_is_what_simulate_reads() {
        let role = |arn: &str| Caller::Role { arn: arn.into(), session: "alice".into() };
        for caller in [
            Caller::Anonymous,
            Caller::Root { arn: "arn:aws:iam::111122223333:root".into() },
            Caller::User { arn: "arn:aws:iam::111122223333:user/a/b".into() },
            role("arn:aws:iam::111122223333:role/app"),
            role("arn:aws:iam::111122223333:role/path/app"),
            Caller::Federated { provider: "accounts.google.com".into() },
            Caller::Canonical { id: "0123abc".into() },
        ] {
            let read = crate::simulate::parse_request(&to_json(&request(caller.clone())).to_string());
            assert_eq!(read.expect("a request").caller, caller);
        }
    }

    #[test]
    fn a_sentence_says_who_what_and_under_which_context() {
        assert_eq!(
            sentence(&request(Caller::Anonymous)),
            "anyone, without credentials, can call `s3:GetObject` on `arn:aws:s3:::b/x` with `aws:SourceIp` = \
             `203.0.113.10` and `aws:TagKeys` = `a`, `b`"
        );
        assert_eq!(without(&[]), "");
        assert_eq!(without(&["a:b".into(), "c:d".into()]), " without `a:b` or `c:d`");
    }
}
