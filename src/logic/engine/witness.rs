//! Requests that people recognise: real actions, ARNs in the form that the action's resources have, accounts and names of
//! documentation. The engine tries these first; what is right is decided by the constraints alone.

use std::sync::OnceLock;

use smol_str::SmolStr;

use super::caller::{decode, encode};
use super::key::KeyId;
use super::language::Fits;
use super::pattern::{MARK, Pattern};
use super::search::Sketch;
use super::variable;
use crate::catalog::Catalog;
use crate::logic::request::{Caller, Context, Request};

/// What to try first.
#[derive(Clone, Debug, Default)]
pub(super) struct Preferences {
    /// Callers, the most welcome first.
    pub callers: Vec<Caller>,
}

const ACCOUNT: &str = "111122223333";

/// Actions that everybody knows, in lower case.
const WELL_KNOWN: &[&str] = &[
    "s3:getobject",
    "s3:putobject",
    "ec2:runinstances",
    "iam:passrole",
    "iam:createuser",
    "lambda:invokefunction",
    "dynamodb:getitem",
    "sqs:sendmessage",
    "sns:publish",
    "kms:decrypt",
    "sts:assumerole",
    "secretsmanager:getsecretvalue",
    "logs:putlogevents",
    "cloudwatch:putmetricdata",
];

impl Preferences {
    pub(super) fn usual() -> Preferences {
        let arn = |rest: &str| SmolStr::from(format!("arn:aws:iam::{ACCOUNT}:{rest}"));
        Preferences {
            callers: vec![
                Caller::Role { arn: arn("role/example"), session: "example".into() },
                Caller::User { arn: arn("user/example") },
                Caller::Role { arn: "arn:aws:iam::444455556666:role/example".into(), session: "example".into() },
                Caller::User { arn: "arn:aws:iam::444455556666:user/example".into() },
                Caller::Service { name: "sns.amazonaws.com".into() },
                Caller::Anonymous,
            ],
        }
    }

    /// For questions about the public: nobody first.
    pub(super) fn strangers() -> Preferences {
        let mut usual = Preferences::usual();
        usual.callers.retain(|c| *c != Caller::Anonymous);
        usual.callers.insert(0, Caller::Anonymous);
        usual
    }

    pub(super) fn caller(&self, pattern: &Pattern, fits: Fits<'_>) {
        if self.callers.iter().any(|c| fits(&encode(c))) {
            return;
        }
        // The same callers in an account of which only a name is known.
        let known = |symbol: &char| {
            let mut callers = self.callers.iter().map(encode).filter(|c| c.contains(ACCOUNT));
            callers.any(|c| fits(&c.replace(ACCOUNT, symbol.encode_utf8(&mut [0; 4]))))
        };
        if pattern.special().iter().filter(|c| **c != MARK).any(known) {
            return;
        }
        let filled = pattern.filled(|text, _| match text.rsplit(':').next() {
            _ if text.ends_with("arn:") => "aws",
            Some("") => ACCOUNT,
            _ => "example",
        });
        fits(&filled);
    }

    pub(super) fn action(&self, pattern: &Pattern, fits: Fits<'_>) {
        if pattern.is_literal() || WELL_KNOWN.iter().any(|a| pattern.matches(a) && fits(a)) {
            return;
        }
        let fixed = pattern.fixed_text();
        let catalog = Catalog::embedded();
        let service = fixed.split_once(':').map(|(service, _)| service);
        for prefix in catalog.prefixes() {
            if service.is_some_and(|s| s != prefix) || (service.is_none() && !prefix.starts_with(fixed)) {
                continue;
            }
            let Some(service) = catalog.service(prefix) else { continue };
            for action in &service.actions {
                let name = format!("{prefix}:{}", action.name.to_ascii_lowercase());
                if name.starts_with(fixed) && fits(&name) {
                    return;
                }
            }
        }
    }

    pub(super) fn resource(&self, action: Option<&str>, pattern: &Pattern, fits: Fits<'_>) {
        let known = action.and_then(|a| Catalog::embedded().action(a));
        if let Some((service, action)) = known {
            if action.resources.is_empty() && pattern.matches("*") && fits("*") {
                return;
            }
            let types = action.resources.iter().filter_map(|r| service.resource_type(&r.name));
            for format in types.flat_map(|t| &t.arns) {
                if fits(&filled_format(format)) {
                    return;
                }
            }
        }
        let service = action.and_then(|a| a.split(':').next()).and_then(well_known_service).unwrap_or("s3");
        for last in ["example", "", "x", "example-2"] {
            let filled = pattern.filled(|text, _| match text.matches(':').count() {
                1 => "aws",
                2 => service,
                3 if service == "s3" => "",
                3 => "us-east-1",
                4 if service == "s3" => "",
                4 => ACCOUNT,
                _ => last,
            });
            if fits(&filled) {
                return;
            }
        }
    }

    pub(super) fn value(&self, key: &str, pattern: &Pattern, fits: Fits<'_>) {
        let own = if key.ends_with("account") || key.ends_with("owner") {
            Some(ACCOUNT)
        } else if key.ends_with("orgid") {
            Some("o-exampleorg")
        } else if key.ends_with("region") {
            Some("us-east-1")
        } else if key.ends_with("sourceip") {
            Some("203.0.113.10")
        } else if key.ends_with("vpc") {
            Some("vpc-0example")
        } else if key.ends_with("vpce") {
            Some("vpce-0example")
        } else if key == "aws:currenttime" {
            Some("2026-01-01T00:00:00Z")
        } else if key.ends_with("securetransport") || key.ends_with("authpresent") || key.ends_with("viaawsservice") {
            Some("true")
        } else {
            None
        };
        if own.is_some_and(&mut *fits) || (own == Some("true") && fits("false")) {
            return;
        }
        // Tags of different things differ, so that a variable's value does not happen to be another key's.
        let first = match key.split_once('/') {
            Some(("aws:principaltag", _)) => "example-principal",
            Some(("aws:requesttag", _)) => "example-request",
            _ => "example",
        };
        let fillings = [first, "example", "", "x", "example-2"];
        let _ = fillings.into_iter().any(|filling| {
            let filled = pattern.filled(|text, _| match text.matches(':').count() {
                1 if text.starts_with("arn:") => "aws",
                3 if text.starts_with("arn:") => "us-east-1",
                4 if text.starts_with("arn:") => ACCOUNT,
                _ => filling,
            });
            fits(&filled)
        });
    }
}

/// Services whose ARNs a reader knows by sight; others would need the action's own formats.
fn well_known_service(prefix: &str) -> Option<&'static str> {
    WELL_KNOWN.iter().filter_map(|a| a.split(':').next()).find(|s| *s == prefix)
}

/// An ARN format of the service data with documentation's values in its parts.
fn filled_format(format: &str) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(match name {
            "Partition" => "aws",
            "Region" => "us-east-1",
            "Account" => ACCOUNT,
            _ => "example",
        });
        rest = tail;
    }
    text.push_str(rest);
    text
}

/// The request that a sketch describes, with usual values where the question leaves the choice.
pub(super) fn request(sketch: Sketch, preferences: &Preferences) -> Option<Request> {
    let caller = match &sketch.caller {
        Some(text) => decode(text)?,
        None => preferences.callers.first().cloned().unwrap_or(Caller::Anonymous),
    };
    let action = sketch.action.unwrap_or_else(|| SmolStr::new_static(WELL_KNOWN[0]));
    let resource = sketch.resource.unwrap_or_else(|| {
        static USUAL: OnceLock<Preferences> = OnceLock::new();
        let mut shown = SmolStr::new_static("*");
        let every = Pattern::new([super::pattern::Element::Star(super::pattern::Class::All)]);
        USUAL.get_or_init(Preferences::default).resource(Some(&action), &every, &mut |text| {
            shown = text.into();
            true
        });
        shown
    });
    let mut context = Context::default();
    for (key, values) in sketch.keys {
        if !values.is_empty() {
            context.set(key.info().spelling.clone(), values);
        }
    }
    let mut request = Request { caller, action: spelled(&action), resource, resource_account: None, context };
    fill_variables(&mut request);
    Some(request)
}

/// The action as the service data write it.
fn spelled(action: &str) -> SmolStr {
    match Catalog::embedded().action(action) {
        Some((service, known)) => format!("{}:{}", service.prefix, known.name).into(),
        None => action.into(),
    }
}

/// The text with the case of its ASCII letters turned round.
fn in_other_case(text: &str) -> SmolStr {
    let turned = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    text.chars().map(turned).collect()
}

/// Puts values in the place of the letters that stand for policy variables.
fn fill_variables(request: &mut Request) {
    let letters =
        |text: &str| -> Vec<(char, SmolStr)> { text.chars().filter_map(|c| Some((c, variable::key_of(c)?))).collect() };
    let mut found = letters(&request.resource);
    for (_, values) in request.context.iter() {
        found.extend(values.iter().flat_map(|v| letters(v)));
    }
    found.extend(letters(&encode(&request.caller)));
    found.sort();
    found.dedup();
    for (letter, key) in found {
        let known = request.values(&key).into_iter().next().filter(|v| !v.contains(letter));
        let value = known.unwrap_or_else(|| {
            let own: SmolStr = match key.as_str() {
                k if k.ends_with("account") => ACCOUNT.into(),
                k => format!("example-{}", k.rsplit([':', '/']).next().unwrap_or(k)).into(),
            };
            own
        });
        let shown = if variable::is_in_other_case(letter) { in_other_case(&value) } else { value.clone() };
        let replace = |text: &str| -> SmolStr { text.replace(letter, &shown).into() };
        request.resource = replace(&request.resource);
        let context: Vec<(SmolStr, Vec<SmolStr>)> = request
            .context
            .iter()
            .map(|(k, values)| (k.clone(), values.iter().map(|v| replace(v)).collect()))
            .collect();
        for (k, values) in context {
            request.context.set(k, values);
        }
        if let Some(caller) = decode(&replace(&encode(&request.caller))) {
            request.caller = caller;
        }
        if request.values(&key).is_empty() {
            request.context.set(KeyId::of(&key).info().spelling.clone(), vec![value]);
        }
    }
}
