//! Which policy documents are taken for a decision: those that IAM would store. Anything else has no meaning that could be
//! decided by, so it is an error with its place, and nothing of it is passed over.
//!
//! Source: IAM User Guide, "Grammar of the IAM JSON policy language".

use crate::logic::evaluate::PolicyKind;
use crate::logic::scalar::{parse_instant, parse_network, parse_number};
use crate::policy::{ConditionOperator, OperatorFamily, PolicyDocument};
use crate::source::{Entry, Mapping, Node, NodeKind, ReadError, json};

/// What a document is used as, as far as its grammar depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyRole {
    /// Says what its owner may do: no `Principal`, always a `Resource`.
    OfCaller,
    /// Says who may use a resource: always a `Principal`.
    OfResource,
    /// Of a VPC endpoint: a `Principal` may be there.
    OfEndpoint,
}

impl From<PolicyKind> for PolicyRole {
    fn from(kind: PolicyKind) -> PolicyRole {
        match kind {
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session | PolicyKind::ServiceControl => {
                PolicyRole::OfCaller
            }
            PolicyKind::Resource | PolicyKind::Trust | PolicyKind::ResourceControl => PolicyRole::OfResource,
            PolicyKind::Endpoint => PolicyRole::OfEndpoint,
        }
    }
}

/// The elements of a document.
const DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
/// The elements of a statement.
const STATEMENT: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
const PRINCIPAL_TYPES: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

/// Reads a tree as a policy document.
///
/// # Errors
///
/// The first place at which IAM would not accept it.
pub fn accept(root: Node, role: PolicyRole) -> Result<PolicyDocument, ReadError> {
    let document = object(&root, "a policy document")?;
    no_key_twice(&root)?;
    known_elements(document, &DOCUMENT)?;
    if let Some(version) = document.get("Version")
        && !matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"))
    {
        return Err(error("`Version` is neither `2012-10-17` nor `2008-10-17`", version));
    }
    let statement = document.get("Statement").ok_or_else(|| error("the document has no `Statement`", &root))?;
    match &statement.kind {
        NodeKind::Sequence(items) => items.iter().try_for_each(|item| self::statement(item, role))?,
        _ => self::statement(statement, role)?,
    }
    Ok(PolicyDocument::new(root))
}

fn error(message: impl Into<String>, node: &Node) -> ReadError {
    ReadError::new(message, node.span)
}

fn object<'a>(node: &'a Node, what: &str) -> Result<&'a Mapping, ReadError> {
    node.as_mapping().ok_or_else(|| error(format!("{what} is an object, not of type `{}`", node.type_name()), node))
}

fn no_key_twice(node: &Node) -> Result<(), ReadError> {
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().try_for_each(no_key_twice),
        NodeKind::Mapping(map) => {
            if let Some(entry) = json::duplicate_keys(map).first() {
                return Err(ReadError::new(format!("`{}` is there twice", entry.key.display()), entry.key_span));
            }
            map.iter().try_for_each(|entry| no_key_twice(&entry.value))
        }
        _ => Ok(()),
    }
}

fn known_elements(map: &Mapping, known: &[&str]) -> Result<(), ReadError> {
    match map.iter().find(|entry| !known.contains(&entry.key.as_str())) {
        Some(entry) => {
            let message = format!("`{}` is no element of the policy language", entry.key.display());
            let nearest = known.iter().find(|name| entry.key.as_str().eq_ignore_ascii_case(name));
            let error = ReadError::new(message, entry.key_span);
            Err(match nearest {
                Some(name) => error.with_help(format!("write `{name}`")),
                None => error,
            })
        }
        None => Ok(()),
    }
}

fn statement(node: &Node, role: PolicyRole) -> Result<(), ReadError> {
    let map = object(node, "a statement")?;
    known_elements(map, &STATEMENT)?;
    match map.get("Effect") {
        Some(effect) if matches!(effect.as_str(), Some("Allow" | "Deny")) => {}
        Some(effect) => return Err(error("`Effect` is neither `Allow` nor `Deny`", effect)),
        None => return Err(error("the statement has no `Effect`", node)),
    }
    if let Some(sid) = map.get("Sid").filter(|sid| sid.as_str().is_none()) {
        return Err(error("`Sid` is a string", sid));
    }
    if one_of(map, "Action", "NotAction")?.is_none() {
        return Err(error("the statement has neither `Action` nor `NotAction`", node));
    }
    if one_of(map, "Resource", "NotResource")?.is_none() && role == PolicyRole::OfCaller {
        return Err(error("the statement has neither `Resource` nor `NotResource`", node));
    }
    for name in ["Action", "NotAction", "Resource", "NotResource"] {
        map.entry(name).map_or(Ok(()), strings)?;
    }
    match (one_of(map, "Principal", "NotPrincipal")?, role) {
        (Some(entry), PolicyRole::OfCaller) => {
            let message = format!("a policy of this kind has no `{}`: it is the owner's", entry.key.display());
            return Err(ReadError::new(message, entry.key_span));
        }
        (None, PolicyRole::OfResource) => {
            return Err(error("a policy of this kind needs a `Principal` in each statement", node));
        }
        (Some(entry), _) => principal(entry)?,
        (None, _) => {}
    }
    map.get("Condition").map_or(Ok(()), condition)
}

/// The entry of the one of two elements that is there.
fn one_of<'a>(map: &'a Mapping, one: &str, other: &str) -> Result<Option<&'a Entry>, ReadError> {
    match (map.entry(one), map.entry(other)) {
        (Some(_), Some(second)) => {
            Err(ReadError::new(format!("the statement has both `{one}` and `{other}`"), second.key_span))
        }
        (first, second) => Ok(first.or(second)),
    }
}

/// A string, or a list of strings that is not empty.
fn strings(entry: &Entry) -> Result<(), ReadError> {
    let is_list = |items: &[Node]| !items.is_empty() && items.iter().all(|item| item.as_text().is_some());
    match &entry.value.kind {
        NodeKind::String(_) => Ok(()),
        NodeKind::Sequence(items) if is_list(items) => Ok(()),
        _ => Err(error(format!("`{}` is a string or a list of strings", entry.key.display()), &entry.value)),
    }
}

fn principal(entry: &Entry) -> Result<(), ReadError> {
    if entry.value.as_str() == Some("*") {
        return Ok(());
    }
    let wrong = || error(format!("`{}` is `*` or an object", entry.key.display()), &entry.value);
    let map = entry.value.as_mapping().filter(|map| !map.is_empty()).ok_or_else(wrong)?;
    for entry in map.iter() {
        if !PRINCIPAL_TYPES.contains(&entry.key.as_str()) {
            let message = format!("`{}` is not one of the types of principals", entry.key.display());
            return Err(ReadError::new(message, entry.key_span).with_help(PRINCIPAL_TYPES.join(", ")));
        }
        strings(entry)?;
    }
    Ok(())
}

fn condition(node: &Node) -> Result<(), ReadError> {
    for block in object(node, "`Condition`")?.iter() {
        let name = block.key.display();
        let Some(operator) = ConditionOperator::parse(block.key.as_str()) else {
            return Err(ReadError::new(format!("`{name}` is no condition operator"), block.key_span));
        };
        for key in object(&block.value, "what follows a condition operator")?.iter() {
            let values = match &key.value.kind {
                NodeKind::Sequence(items) => items.as_slice(),
                _ => std::slice::from_ref(&key.value),
            };
            values.iter().try_for_each(|value| condition_value(value, operator.base.family(), &name))?;
        }
    }
    Ok(())
}

fn condition_value(value: &Node, family: OperatorFamily, operator: &str) -> Result<(), ReadError> {
    let text =
        value.scalar_text().ok_or_else(|| error("a condition value is a string, a number or a boolean", value))?;
    let (fits, what) = match family {
        OperatorFamily::Numeric => (parse_number(text.as_str()).is_some(), "a number"),
        OperatorFamily::Date => (parse_instant(text.as_str()).is_some(), "a date"),
        OperatorFamily::IpAddress => (parse_network(text.as_str()).is_some(), "an IP address or range"),
        _ => (true, ""),
    };
    if fits { Ok(()) } else { Err(error(format!("`{}` is not {what}, as `{operator}` needs", text.display()), value)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, SourceId};

    fn read(text: &str, role: PolicyRole) -> Result<PolicyDocument, ReadError> {
        accept(json::read(SourceId(0), text, &Limits::default())?, role)
    }

    #[test]
    fn what_iam_would_not_store_is_an_error_with_its_place() {
        let of_caller = |text: &str| (text.to_owned(), PolicyRole::OfCaller);
        let good = r#""Effect": "Allow", "Action": "s3:*""#;
        let within = |element: &str, role| (format!(r#"{{"Statement": {{{good}, {element}}}}}"#), role);
        for ((text, role), part) in [
            (of_caller("[]"), "is an object"),
            (of_caller("{}"), "no `Statement`"),
            (of_caller(r#"{"Version": "2012-10-18", "Statement": []}"#), "`Version`"),
            (of_caller(r#"{"Statement": "x"}"#), "a statement is an object"),
            (of_caller(r#"{"Statement": ["x"]}"#), "a statement is an object"),
            (of_caller(r#"{"Statement": [], "Statement": []}"#), "twice"),
            (of_caller(r#"{"Statements": []}"#), "`Statements` is no element"),
            (of_caller(r#"{"Statement": {"Action": "*", "Resource": "*"}}"#), "no `Effect`"),
            (of_caller(r#"{"Statement": {"Effect": "allow", "Action": "*", "Resource": "*"}}"#), "`Effect` is neither"),
            (of_caller(r#"{"Statement": {"Effect": "Allow", "Resource": "*"}}"#), "neither `Action`"),
            (of_caller(r#"{"Statement": {"Effect": "Allow", "Action": "*"}}"#), "neither `Resource`"),
            (of_caller(r#"{"Statement": {"Effect": "Allow", "Action": [], "Resource": "*"}}"#), "list of strings"),
            (of_caller(r#"{"Statement": {"Effect": "Allow", "Action": [1], "Resource": "*"}}"#), "list of strings"),
            (within(r#""NotAction": "x", "Resource": "*""#, PolicyRole::OfCaller), "both `Action`"),
            (within(r#""Resource": "*", "Principal": "*""#, PolicyRole::OfCaller), "has no `Principal`"),
            (within(r#""Resource": "*""#, PolicyRole::OfResource), "needs a `Principal`"),
            (within(r#""Principal": "x""#, PolicyRole::OfResource), "is `*` or an object"),
            (within(r#""Principal": {"aws": "*"}"#, PolicyRole::OfResource), "types of principals"),
            (
                within(r#""Resource": "*", "Condition": {"StringEqual": {}}"#, PolicyRole::OfCaller),
                "no condition operator",
            ),
            (within(r#""Resource": "*", "Condition": {"Bool": "x"}"#, PolicyRole::OfCaller), "is an object"),
            (within(r#""Resource": "*", "Condition": {"Bool": {"k": {}}}"#, PolicyRole::OfCaller), "a condition value"),
            (
                within(r#""Resource": "*", "Condition": {"IpAddress": {"k": "x"}}"#, PolicyRole::OfEndpoint),
                "an IP address",
            ),
        ] {
            let error = read(&text, role).expect_err(&text);
            assert!(error.message.contains(part), "{part:?} is not in {error:?}");
            assert!(error.span.end as usize <= text.len() && error.span.start < error.span.end, "{text}: {error:?}");
        }
        let endpoint = r#"{"Version": "2012-10-17", "Id": "x", "Statement": [{"Sid": "a", "Effect": "Allow", "Principal": "*",
            "NotAction": ["s3:*"], "Condition": {"NumericLessThan": {"k:k": [5, "6"]}}}]}"#;
        assert!(read(endpoint, PolicyRole::OfEndpoint).is_ok());
    }
}
