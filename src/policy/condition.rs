//! `Condition`: operators, keys and values.
//!
//! Source of the operator table: IAM User Guide, "IAM JSON policy elements: Condition operators".

use smol_str::SmolStr;

use super::path::PolicyPath;
use crate::source::{Node, NodeKind, Span, Text};

/// One operator of a `Condition` with its keys.
#[derive(Clone, Debug)]
pub struct ConditionBlock {
    /// The operator as written.
    pub operator_text: SmolStr,
    /// Where it was written.
    pub operator_span: Span,
    /// The operator, if it is one. Case is ignored.
    pub operator: Option<ConditionOperator>,
    /// The keys, in order; empty when the operator's value is no object.
    pub keys: Vec<ConditionKey>,
}

/// One condition key under an operator.
#[derive(Clone, Debug)]
pub struct ConditionKey {
    /// The key as written.
    pub name: Text,
    /// Where it was written.
    pub name_span: Span,
    /// The value or list of values.
    pub value_span: Span,
    /// True for a list.
    pub is_array: bool,
    /// True for the list `[]`.
    pub is_empty_array: bool,
    /// The values that are scalars.
    pub values: Vec<ConditionValue>,
}

/// One value of a condition key.
#[derive(Clone, Debug)]
pub struct ConditionValue {
    /// The value as text: condition values are compared by their text.
    pub text: Text,
    /// `string`, `number`, `boolean` or `null`, as written.
    pub json_type: &'static str,
    /// Where it was written.
    pub span: Span,
    /// Position in the list; `None` for a single value.
    pub index: Option<usize>,
}

/// `ForAllValues:` or `ForAnyValue:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// Every value of the request matches; true without values.
    ForAllValues,
    /// Some value of the request matches; false without values.
    ForAnyValue,
}

/// What values an operator compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperatorFamily {
    /// Text.
    String,
    /// Integers and decimals.
    Numeric,
    /// Instants.
    Date,
    /// `true` and `false`.
    Bool,
    /// Base64.
    Binary,
    /// Addresses and ranges.
    IpAddress,
    /// ARNs, part by part.
    Arn,
    /// Presence of the key.
    Null,
}

/// An operator without prefix and suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are IAM's own
pub enum BaseOperator {
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    NotIpAddress,
    ArnEquals,
    ArnLike,
    ArnNotEquals,
    ArnNotLike,
    Null,
}

/// Name, family and whether it is negated, for every base operator.
pub const OPERATORS: &[(&str, BaseOperator, OperatorFamily, bool)] = {
    use BaseOperator as B;
    use OperatorFamily as F;
    &[
        ("StringEquals", B::StringEquals, F::String, false),
        ("StringNotEquals", B::StringNotEquals, F::String, true),
        ("StringEqualsIgnoreCase", B::StringEqualsIgnoreCase, F::String, false),
        ("StringNotEqualsIgnoreCase", B::StringNotEqualsIgnoreCase, F::String, true),
        ("StringLike", B::StringLike, F::String, false),
        ("StringNotLike", B::StringNotLike, F::String, true),
        ("NumericEquals", B::NumericEquals, F::Numeric, false),
        ("NumericNotEquals", B::NumericNotEquals, F::Numeric, true),
        ("NumericLessThan", B::NumericLessThan, F::Numeric, false),
        ("NumericLessThanEquals", B::NumericLessThanEquals, F::Numeric, false),
        ("NumericGreaterThan", B::NumericGreaterThan, F::Numeric, false),
        ("NumericGreaterThanEquals", B::NumericGreaterThanEquals, F::Numeric, false),
        ("DateEquals", B::DateEquals, F::Date, false),
        ("DateNotEquals", B::DateNotEquals, F::Date, true),
        ("DateLessThan", B::DateLessThan, F::Date, false),
        ("DateLessThanEquals", B::DateLessThanEquals, F::Date, false),
        ("DateGreaterThan", B::DateGreaterThan, F::Date, false),
        ("DateGreaterThanEquals", B::DateGreaterThanEquals, F::Date, false),
        ("Bool", B::Bool, F::Bool, false),
        ("BinaryEquals", B::BinaryEquals, F::Binary, false),
        ("IpAddress", B::IpAddress, F::IpAddress, false),
        ("NotIpAddress", B::NotIpAddress, F::IpAddress, true),
        ("ArnEquals", B::ArnEquals, F::Arn, false),
        ("ArnLike", B::ArnLike, F::Arn, false),
        ("ArnNotEquals", B::ArnNotEquals, F::Arn, true),
        ("ArnNotLike", B::ArnNotLike, F::Arn, true),
        ("Null", B::Null, F::Null, false),
    ]
};

impl BaseOperator {
    fn row(self) -> &'static (&'static str, BaseOperator, OperatorFamily, bool) {
        // INVARIANT: the table has a row for every variant, in the order of the enum.
        &OPERATORS[self as usize]
    }

    /// IAM's spelling.
    pub fn as_str(self) -> &'static str {
        self.row().0
    }

    /// What it compares.
    pub fn family(self) -> OperatorFamily {
        self.row().2
    }

    /// True for the `Not…` forms.
    pub fn is_negated(self) -> bool {
        self.row().3
    }

    /// True where `*` and `?` in the policy's values are wildcards.
    pub fn reads_wildcards(self) -> bool {
        use BaseOperator as B;
        matches!(self, B::StringLike | B::StringNotLike | B::ArnEquals | B::ArnLike | B::ArnNotEquals | B::ArnNotLike)
    }
}

/// An operator with its prefix and suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConditionOperator {
    /// `ForAllValues:` or `ForAnyValue:`.
    pub set: Option<SetOperator>,
    /// The operator.
    pub base: BaseOperator,
    /// The `IfExists` suffix.
    pub if_exists: bool,
}

impl ConditionOperator {
    /// Reads an operator; case is ignored. `NullIfExists` is none.
    pub fn parse(s: &str) -> Option<ConditionOperator> {
        let prefix = |p: &str| s.get(..p.len()).is_some_and(|h| h.eq_ignore_ascii_case(p));
        let (set, rest) = if prefix("ForAllValues:") {
            (Some(SetOperator::ForAllValues), &s["ForAllValues:".len()..])
        } else if prefix("ForAnyValue:") {
            (Some(SetOperator::ForAnyValue), &s["ForAnyValue:".len()..])
        } else {
            (None, s)
        };
        let cut = rest.len().wrapping_sub("IfExists".len());
        let (name, if_exists) = match rest.get(cut..) {
            Some(tail) if tail.eq_ignore_ascii_case("IfExists") => (&rest[..cut], true),
            _ => (rest, false),
        };
        let (_, base, _, _) = OPERATORS.iter().find(|(n, ..)| n.eq_ignore_ascii_case(name))?;
        (!(if_exists && *base == BaseOperator::Null)).then_some(ConditionOperator { set, base: *base, if_exists })
    }
}

impl ConditionBlock {
    pub(super) fn read(condition: Option<&Node>) -> Vec<ConditionBlock> {
        let Some(map) = condition.and_then(Node::as_mapping) else { return Vec::new() };
        let block = |entry: &crate::source::Entry| ConditionBlock {
            operator_text: entry.key.as_smol().clone(),
            operator_span: entry.key_span,
            operator: ConditionOperator::parse(entry.key.as_str()),
            keys: entry.value.as_mapping().map_or_else(Vec::new, |m| m.iter().map(ConditionKey::new).collect()),
        };
        map.iter().map(block).collect()
    }

    /// The operator's place, given its statement's.
    pub fn path(&self, statement: &PolicyPath) -> PolicyPath {
        statement.key("Condition").key(self.operator_text.clone())
    }
}

impl ConditionKey {
    fn new(entry: &crate::source::Entry) -> ConditionKey {
        let value = |node: &Node, index: Option<usize>| {
            let text = match node.kind {
                NodeKind::Null => Some(Text::from_encoded("null")),
                _ => node.scalar_text(),
            };
            text.map(|text| ConditionValue { text, json_type: node.type_name(), span: node.span, index })
        };
        let (is_array, values) = match &entry.value.kind {
            NodeKind::Sequence(items) => {
                (true, items.iter().enumerate().filter_map(|(i, n)| value(n, Some(i))).collect())
            }
            _ => (false, value(&entry.value, None).into_iter().collect()),
        };
        ConditionKey {
            name: entry.key.clone(),
            name_span: entry.key_span,
            value_span: entry.value.span,
            is_array,
            is_empty_array: entry.value.as_sequence().is_some_and(<[_]>::is_empty),
            values,
        }
    }

    /// The key's place, given its operator's.
    pub fn path(&self, operator: &PolicyPath) -> PolicyPath {
        operator.key(self.name.as_smol().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_enum() {
        for (i, (name, base, ..)) in OPERATORS.iter().enumerate() {
            assert_eq!(*base as usize, i);
            assert_eq!(base.as_str(), *name);
        }
    }

    #[test]
    fn operators_are_read_with_prefix_and_suffix_in_any_case() {
        let op = ConditionOperator::parse("forallvalues:STRINGLIKEifexists").unwrap();
        assert_eq!(op.set, Some(SetOperator::ForAllValues));
        assert_eq!(op.base, BaseOperator::StringLike);
        assert!(op.if_exists);
        for wrong in ["NullIfExists", "ForAllValues:NullIfExists", "StringEqual", "", "IfExists", "ForSome:Bool", "é"]
        {
            assert_eq!(ConditionOperator::parse(wrong), None, "{wrong}");
        }
    }
}
