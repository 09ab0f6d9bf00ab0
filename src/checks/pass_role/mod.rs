//! `iam:PassRole`: who may hand a role to a service.

mod pass_role_with_not_action_and_not_resource;
mod pass_role_with_not_resource;
mod pass_role_with_star_in_action_and_not_resource;
mod pass_role_with_star_in_action_and_resource;
mod pass_role_with_star_in_resource;
mod pass_role_with_star_in_resource_and_not_action;

use crate::checks::Check;
use crate::checks::sensitive_action::SensitiveAction;
use crate::policy::glob;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &pass_role_with_not_resource::PASS_ROLE_WITH_NOT_RESOURCE,
    &pass_role_with_star_in_action_and_not_resource::PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
    &pass_role_with_not_action_and_not_resource::PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE,
    &pass_role_with_star_in_resource::PASS_ROLE_WITH_STAR_IN_RESOURCE,
    &pass_role_with_star_in_action_and_resource::PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE,
    &pass_role_with_star_in_resource_and_not_action::PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
];

static SENSITIVE: SensitiveAction =
    SensitiveAction { action: "iam:PassRole", limiting_key: "iam:PassedToService", is_open_value: |_| false, is_open };

/// True for patterns that leave the role open: everything, or `role/` without any part of a name. A convention for
/// names (`role/app-*`) or a path is a limit.
fn is_open(resource: &str) -> bool {
    glob::covers(resource, "role/?*")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_patterns_are_told_from_limited_ones() {
        for (resource, open) in [
            ("role/*", true),
            ("*", true),
            ("role*", true),
            ("role/app", false),
            ("role/app-*", false),
            ("role/service-role/*", false),
            ("user/*", false),
        ] {
            assert_eq!(is_open(resource), open, "{resource}");
        }
    }
}
