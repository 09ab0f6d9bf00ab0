//! `iam:CreateServiceLinkedRole`: who may create roles for services.

mod create_slr_with_not_action_and_not_resource;
mod create_slr_with_not_resource;
mod create_slr_with_star_in_action_and_not_resource;
mod create_slr_with_star_in_action_and_resource;
mod create_slr_with_star_in_resource;
mod create_slr_with_star_in_resource_and_not_action;

use crate::checks::Check;
use crate::checks::sensitive_action::SensitiveAction;
use crate::policy::glob;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &create_slr_with_not_resource::CREATE_SLR_WITH_NOT_RESOURCE,
    &create_slr_with_star_in_action_and_not_resource::CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE,
    &create_slr_with_not_action_and_not_resource::CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE,
    &create_slr_with_star_in_resource::CREATE_SLR_WITH_STAR_IN_RESOURCE,
    &create_slr_with_star_in_action_and_resource::CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE,
    &create_slr_with_star_in_resource_and_not_action::CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION,
];

/// Access Analyzer's reference names a managed policy that limits the key to `*a4b.amazonaws.com`: a value that begins
/// with a wildcard leaves the service open.
static SENSITIVE: SensitiveAction = SensitiveAction {
    action: "iam:CreateServiceLinkedRole",
    limiting_key: "iam:AWSServiceName",
    is_open_value: |value| value.starts_with(['*', '?']),
    is_open,
};

/// True for patterns that leave the service open. Service-linked roles are
/// `role/aws-service-role/SERVICE.amazonaws.com/NAME`.
fn is_open(resource: &str) -> bool {
    match resource.strip_prefix("role/aws-service-role/") {
        Some(rest) => {
            let service = rest.split('/').next().unwrap_or(rest);
            glob::covers(service, "?*.amazonaws.com")
        }
        None => glob::covers(resource, "role/aws-service-role/?*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_patterns_are_told_from_limited_ones() {
        for (resource, open) in [
            ("role/*", true),
            ("*", true),
            ("role/aws-service-role/*", true),
            ("role/aws-service-role/*/AWSServiceRoleForX", true),
            ("role/aws-service-role/*.amazonaws.com/*", true),
            ("role/aws-service-role/ecs.amazonaws.com/*", false),
            ("role/app", false),
        ] {
            assert_eq!(is_open(resource), open, "{resource}");
        }
    }
}
