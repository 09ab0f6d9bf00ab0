//! Condition operators: whether they exist, whether they fit the key, and what they come to.

mod equivalent_to_null_false;
mod equivalent_to_null_true;
mod forallvalues_with_single_valued_key;
mod invalid_condition_operator;
mod invalid_variable_for_operator;
mod missing_qualifier;
mod null_with_if_exists;
mod null_with_qualifier;
mod redundant_condition_value_num;
mod redundant_key_due_to_wildcard_in_condition;
mod redundant_statement_due_to_wildcard_in_condition;
mod string_like_operator_with_arn_condition_keys;
mod type_mismatch;
mod wildcard_without_like_operator;

use crate::catalog::KeyKind;
use crate::checks::Check;
use crate::checks::CheckContext;
use crate::checks::condition::{KeyUse, value};
use crate::policy::{BaseOperator, ConditionBlock, ConditionOperator, SetOperator, Statement};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &invalid_condition_operator::INVALID_CONDITION_OPERATOR,
    &null_with_if_exists::NULL_WITH_IF_EXISTS,
    &null_with_qualifier::NULL_WITH_QUALIFIER,
    &missing_qualifier::MISSING_QUALIFIER,
    &forallvalues_with_single_valued_key::FORALLVALUES_WITH_SINGLE_VALUED_KEY,
    &wildcard_without_like_operator::WILDCARD_WITHOUT_LIKE_OPERATOR,
    &invalid_variable_for_operator::INVALID_VARIABLE_FOR_OPERATOR,
    &type_mismatch::TYPE_MISMATCH,
    &string_like_operator_with_arn_condition_keys::STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS,
    &equivalent_to_null_false::EQUIVALENT_TO_NULL_FALSE,
    &equivalent_to_null_true::EQUIVALENT_TO_NULL_TRUE,
    &redundant_key_due_to_wildcard_in_condition::REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION,
    &redundant_statement_due_to_wildcard_in_condition::REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION,
    &redundant_condition_value_num::REDUNDANT_CONDITION_VALUE_NUM,
];

/// Every operator with its statement.
fn blocks<'c>(context: &'c CheckContext<'_>) -> impl Iterator<Item = (&'c Statement, &'c ConditionBlock)> {
    context.document.statements.iter().flat_map(|s| s.conditions.iter().map(move |b| (s, b)))
}

/// Prefix with its colon, base operator, and suffix, as they are written; nothing is judged.
fn split_operator(written: &str) -> (&str, &str, &str) {
    let (prefix, rest) = written.split_at(written.find(':').map_or(0, |colon| colon + 1));
    let cut = rest.len().saturating_sub("IfExists".len());
    match rest.get(cut..) {
        Some(tail) if tail.eq_ignore_ascii_case("IfExists") => (prefix, &rest[..cut], tail),
        _ => (prefix, rest, ""),
    }
}

/// True for `NullIfExists`, with a set prefix or without.
fn is_null_if_exists(written: &str) -> bool {
    let (prefix, base, suffix) = split_operator(written);
    let known_prefix = ["", "ForAllValues:", "ForAnyValue:"].iter().any(|p| p.eq_ignore_ascii_case(prefix));
    known_prefix && base.eq_ignore_ascii_case("Null") && !suffix.is_empty()
}

/// The operators of a key's type, for messages.
fn operators_for(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::String => "String",
        KeyKind::Arn => "ARN",
        KeyKind::Numeric => "Numeric",
        KeyKind::Date => "Date",
        KeyKind::Bool => "Bool",
        KeyKind::IpAddress => "IP address",
        KeyKind::Binary => "Binary",
    }
}

/// Which requests a condition matches that lists `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Those with the key.
    PresentOnly,
    /// Those without the key.
    AbsentOnly,
    /// All.
    Always,
    /// None.
    Never,
}

/// The outcome of an operator whose values hold `*`; none for operators that do not read it as a pattern of strings.
fn outcome(operator: ConditionOperator) -> Option<Outcome> {
    let present = match operator.base {
        BaseOperator::StringLike => true,
        BaseOperator::StringNotLike => false,
        _ => return None,
    };
    // A request without the key: the suffix and `ForAllValues:` let it through, `ForAnyValue:` does not, and without
    // any of them a negated operator does.
    let absent = operator.if_exists
        || match operator.set {
            Some(SetOperator::ForAllValues) => true,
            Some(SetOperator::ForAnyValue) => false,
            None => operator.base.is_negated(),
        };
    Some(match (present, absent) {
        (true, false) => Outcome::PresentOnly,
        (false, true) => Outcome::AbsentOnly,
        (true, true) => Outcome::Always,
        (false, false) => Outcome::Never,
    })
}

/// The keys that list `*` under an operator of this outcome.
fn wildcard_outcomes<'c>(context: &'c CheckContext<'_>, wanted: Outcome) -> impl Iterator<Item = &'c KeyUse<'c>> {
    let with_star = context
        .condition_keys()
        .iter()
        .filter(|used| used.key.values.iter().any(|v| value::matches_everything(v.text.as_str())));
    with_star.filter(move |used| used.operator().and_then(outcome) == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_of_a_star_follows_from_presence_and_absence() {
        let of = |s: &str| ConditionOperator::parse(s).and_then(outcome);
        let table = [
            ("StringLike", Some(Outcome::PresentOnly)),
            ("ForAnyValue:StringLike", Some(Outcome::PresentOnly)),
            ("StringNotLike", Some(Outcome::AbsentOnly)),
            ("StringNotLikeIfExists", Some(Outcome::AbsentOnly)),
            ("ForAllValues:StringNotLike", Some(Outcome::AbsentOnly)),
            ("StringLikeIfExists", Some(Outcome::Always)),
            ("ForAllValues:StringLike", Some(Outcome::Always)),
            ("ForAllValues:StringLikeIfExists", Some(Outcome::Always)),
            ("ForAnyValue:StringLikeIfExists", Some(Outcome::Always)),
            ("ForAnyValue:StringNotLike", Some(Outcome::Never)),
            ("StringEquals", None),
            ("ArnLike", None),
        ];
        for (operator, expected) in table {
            assert_eq!(of(operator), expected, "{operator}");
        }
    }
}
