//! The form of `Condition`: empty lists and objects, JSON types of values, keys that stand twice.

mod duplicate_keys_with_different_case;
mod empty_array_condition;
mod empty_array_condition_forallvalues;
mod empty_array_condition_foranyvalue;
mod empty_array_condition_ifexists;
mod empty_object_condition;
mod invalid_condition_data_type;
mod invalid_condition_multiple_boolean;

use crate::checks::Check;
use crate::checks::CheckContext;
use crate::checks::condition::KeyUse;
use crate::policy::ConditionOperator;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &duplicate_keys_with_different_case::DUPLICATE_KEYS_WITH_DIFFERENT_CASE,
    &invalid_condition_data_type::INVALID_CONDITION_DATA_TYPE,
    &invalid_condition_multiple_boolean::INVALID_CONDITION_MULTIPLE_BOOLEAN,
    &empty_array_condition::EMPTY_ARRAY_CONDITION,
    &empty_array_condition_forallvalues::EMPTY_ARRAY_CONDITION_FORALLVALUES,
    &empty_array_condition_foranyvalue::EMPTY_ARRAY_CONDITION_FORANYVALUE,
    &empty_array_condition_ifexists::EMPTY_ARRAY_CONDITION_IFEXISTS,
    &empty_object_condition::EMPTY_OBJECT_CONDITION,
];

/// The keys with an empty list under an operator of a certain form.
fn empty_lists<'c>(
    context: &'c CheckContext<'_>,
    form: impl Fn(ConditionOperator) -> bool + 'c,
) -> impl Iterator<Item = &'c KeyUse<'c>> {
    let empty = context.condition_keys().iter().filter(|used| used.key.is_empty_array);
    empty.filter(move |used| used.operator().is_some_and(&form))
}
