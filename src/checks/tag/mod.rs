//! Conditions on tags.

mod allow_notaction_with_unsupported_tag_condition_key_for_service;
mod allow_with_unsupported_tag_condition_key_for_service;
mod deny_notaction_with_unsupported_tag_condition_key_for_service;
mod deny_with_unsupported_tag_condition_key_for_service;
mod missing_tag_key_in_condition;

use crate::catalog::{Action, Service};
use crate::checks::Check;
use crate::checks::CheckContext;
use crate::checks::condition::{KeyUse, action_keys, action_keys::ActionEntry};
use crate::policy::Effect;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &missing_tag_key_in_condition::MISSING_TAG_KEY_IN_CONDITION,
    &allow_with_unsupported_tag_condition_key_for_service::ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
    &allow_notaction_with_unsupported_tag_condition_key_for_service::ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
    &deny_with_unsupported_tag_condition_key_for_service::DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
    &deny_notaction_with_unsupported_tag_condition_key_for_service::DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE,
];

/// The uses of `aws:ResourceTag` with the key of a tag in statements of an effect.
fn resource_tag_keys<'c>(context: &'c CheckContext<'_>, effect: Effect) -> impl Iterator<Item = &'c KeyUse<'c>> {
    context
        .condition_keys()
        .iter()
        .filter(move |used| used.statement.effect == Some(effect) && used.facts.is_member_of("aws:ResourceTag/"))
}

/// The services of which `Action` covers an action that doesn't support `aws:ResourceTag`, as messages name them, in
/// order.
fn services_without_support(context: &CheckContext<'_>, used: &KeyUse<'_>) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    let Some(list) = &used.statement.action else { return services };
    let supports = |service: &Service, action: &Action| action_keys::supports(service, action, "aws:ResourceTag/key");
    for item in &list.items {
        let lacking = match action_keys::read(item, context.catalog) {
            ActionEntry::Everything => Some("every service".to_owned()),
            ActionEntry::One(service, action) => (!supports(service, action)).then(|| format!("`{}`", service.prefix)),
            ActionEntry::Pattern(service, pattern) => {
                let mut actions = service.actions_matching(pattern);
                actions.any(|a| !supports(service, a)).then(|| format!("`{}`", service.prefix))
            }
            ActionEntry::Unknown => None,
        };
        services.extend(lacking.filter(|s| !services.contains(s)));
    }
    services
}
