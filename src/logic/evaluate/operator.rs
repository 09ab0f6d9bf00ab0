//! Condition operators.
//!
//! Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".

use std::cmp::Ordering;

use base64::Engine as _;

use super::super::request::Request;
use super::super::scalar::{parse_address, parse_instant, parse_network, parse_number};
use super::variable::{Part, expand, matches};
use crate::policy::{BaseOperator, ConditionKey, ConditionOperator, SetOperator, Version};

/// True if an operator with one of its keys holds for the request.
pub(super) fn holds(operator: ConditionOperator, key: &ConditionKey, version: Version, request: &Request) -> bool {
    let values = request.values(key.name.as_str());
    if operator.base == BaseOperator::Null {
        let state = if values.is_empty() { "true" } else { "false" };
        return key.values.iter().any(|v| v.text.as_str().eq_ignore_ascii_case(state));
    }
    let negated = operator.base.is_negated();
    // Of the values listed one has to match; for a negated operator, none may.
    let matches_list = |value: &str| {
        key.values.iter().any(|listed| compares(operator.base, listed.text.as_str(), value, version, request))
            != negated
    };
    match operator.set {
        // Without a key, negated operators hold. Several values satisfy no plain operator.
        None => match &*values {
            [] => negated || operator.if_exists,
            [value] => matches_list(value),
            _ => false,
        },
        // An empty text is no value here.
        Some(SetOperator::ForAllValues) => values.iter().all(|value| value.is_empty() || matches_list(value)),
        Some(SetOperator::ForAnyValue) => {
            (values.is_empty() && operator.if_exists) || values.iter().any(|value| matches_list(value))
        }
    }
}

/// Compares a value of the request with one of the policy by the positive form of the operator.
fn compares(base: BaseOperator, listed: &str, value: &str, version: Version, request: &Request) -> bool {
    use BaseOperator as B;
    let text = |wildcards: bool, ignore_case: bool| {
        expand(listed, wildcards, version, request).is_some_and(|p| matches(&p, value, ignore_case))
    };
    let number = || Some(parse_number(value)?.cmp(&parse_number(listed)?));
    let instant = || Some(parse_instant(value)?.cmp(&parse_instant(listed)?));
    match base {
        B::StringEquals | B::StringNotEquals => text(false, false),
        B::StringEqualsIgnoreCase | B::StringNotEqualsIgnoreCase | B::Bool => text(false, true),
        B::StringLike | B::StringNotLike => text(true, false),
        B::ArnEquals | B::ArnLike | B::ArnNotEquals | B::ArnNotLike => {
            expand(listed, true, version, request).is_some_and(|p| arn_matches(&p, value))
        }
        B::NumericEquals | B::NumericNotEquals => number() == Some(Ordering::Equal),
        B::NumericLessThan => number().is_some_and(Ordering::is_lt),
        B::NumericLessThanEquals => number().is_some_and(Ordering::is_le),
        B::NumericGreaterThan => number().is_some_and(Ordering::is_gt),
        B::NumericGreaterThanEquals => number().is_some_and(Ordering::is_ge),
        B::DateEquals | B::DateNotEquals => instant() == Some(Ordering::Equal),
        B::DateLessThan => instant().is_some_and(Ordering::is_lt),
        B::DateLessThanEquals => instant().is_some_and(Ordering::is_le),
        B::DateGreaterThan => instant().is_some_and(Ordering::is_gt),
        B::DateGreaterThanEquals => instant().is_some_and(Ordering::is_ge),
        B::IpAddress | B::NotIpAddress => {
            parse_network(listed).zip(parse_address(value)).is_some_and(|(net, address)| net.contains(&address))
        }
        B::BinaryEquals => {
            let bytes = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
            bytes(listed).is_some_and(|b| bytes(value) == Some(b))
        }
        B::Null => false,
    }
}

/// Compares ARNs field by field; the sixth field is all the rest.
fn arn_matches(pattern: &[Part], value: &str) -> bool {
    let fields: Vec<&[Part]> = pattern.splitn(6, |part| *part == Part::Char(':')).collect();
    let own: Vec<&str> = value.splitn(6, ':').collect();
    fields.len() == 6 && own.len() == 6 && fields.iter().zip(own).all(|(p, field)| matches(p, field, false))
}
