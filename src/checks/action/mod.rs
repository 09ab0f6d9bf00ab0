//! `Action` and `NotAction`.

mod invalid_action;
mod invalid_service_in_action;
mod redundant_action;
pub(crate) mod unlisted;
mod unsupported_action_in_policy;

use crate::checks::Check;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &invalid_service_in_action::INVALID_SERVICE_IN_ACTION,
    &invalid_action::INVALID_ACTION,
    &unsupported_action_in_policy::UNSUPPORTED_ACTION_IN_POLICY,
    &redundant_action::REDUNDANT_ACTION,
];

/// True if a misspelt action differs so little from a real one that nothing else can be meant: one or two letters, or
/// a plural.
fn is_certain_slip(wrong: &str, right: &str) -> bool {
    let (wrong, right) = (wrong.to_ascii_lowercase(), right.to_ascii_lowercase());
    wrong.len() > 8 && strsim::osa_distance(&wrong, &right) <= 2
}
