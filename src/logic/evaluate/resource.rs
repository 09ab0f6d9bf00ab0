//! `Resource` and `NotResource`.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Resource"; how a short ARN is read follows from the kind of policy.

use super::super::request::Request;
use super::PolicyKind;
use super::variable::{expand, matches as pattern_matches};
use crate::policy::{Statement, StringList, Version, glob};

/// True if the statement's resources match. A statement without the element speaks of whatever it is attached to.
pub(super) fn matches(statement: &Statement, version: Version, kind: PolicyKind, request: &Request) -> bool {
    let listed = |list: &StringList| list.items.iter().any(|i| pattern(i.text.as_str(), version, kind, request));
    match (&statement.resource, &statement.not_resource) {
        (Some(list), _) => listed(list),
        (None, Some(list)) => !listed(list),
        (None, None) => true,
    }
}

fn pattern(text: &str, version: Version, kind: PolicyKind, request: &Request) -> bool {
    if text == "*" {
        return true;
    }
    let Some(asked) = split(&request.resource) else { return false };
    let short;
    let fields = match split(text) {
        Some(fields) => fields,
        None if short_is_padded(text, kind) => {
            short = format!("{text}{}", ":*".repeat(5 - text.matches(':').count()));
            match split(&short) {
                Some(fields) => fields,
                None => return false,
            }
        }
        None => return false,
    };
    // Wildcards stay within their field; variables count in the last one only, which is all the rest.
    let ([first @ .., last], [asked_first @ .., asked_last]) = (&fields, &asked);
    first.iter().zip(asked_first).all(|(pattern, field)| glob::matches(pattern, field))
        && expand(last, true, version, request).is_some_and(|p| pattern_matches(&p, asked_last, false))
}

/// The six fields of an ARN.
fn split(text: &str) -> Option<[&str; 6]> {
    let mut fields = text.splitn(6, ':');
    let mut next = || fields.next();
    Some([next()?, next()?, next()?, next()?, next()?, next()?])
}

/// True if the missing fields of a short ARN stand for anything; otherwise it matches nothing.
fn short_is_padded(text: &str, kind: PolicyKind) -> bool {
    match kind {
        PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => true,
        PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint => text.contains(['*', '?']),
        PolicyKind::ServiceControl => text.ends_with('*'),
        PolicyKind::ResourceControl => false,
    }
}
