//! Checks of our own, on with `--strict`: statements and conditions that cannot do what they say.
//!
//! Decided by the containment of patterns, so what is reported is certain and not everything is found.

mod action_without_matching_resource;
mod allow_cancelled_by_deny;
mod condition_key_unsupported_by_actions;
mod condition_never_true;
mod deny_without_effect;
mod reach;

use crate::checks::Check;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &allow_cancelled_by_deny::ALLOW_CANCELLED_BY_DENY,
    &deny_without_effect::DENY_WITHOUT_EFFECT,
    &action_without_matching_resource::ACTION_WITHOUT_MATCHING_RESOURCE,
    &condition_key_unsupported_by_actions::CONDITION_KEY_UNSUPPORTED_BY_ACTIONS,
    &condition_never_true::CONDITION_NEVER_TRUE,
];
