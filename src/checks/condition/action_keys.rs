//! Which condition keys an action supports, and which actions an `Action` element names.
//!
//! Source: the service authorization reference. An action supports a key that is listed for itself, for one of its
//! resource types in the action, or for such a resource type as a whole.

use crate::catalog::{Action, Catalog, Service};
use crate::policy::glob;
use crate::policy::{StringItem, StringList};

use super::key;

/// Actions that support a key although the reference does not list it for them, with the page that says so.
const UNLISTED: &[(&str, &str)] = &[
    // Amazon Bedrock User Guide, "Access Amazon Bedrock foundation models".
    ("aws-marketplace:Subscribe", "aws-marketplace:ProductId"),
    ("aws-marketplace:Unsubscribe", "aws-marketplace:ProductId"),
];

/// True if the reference says of some action of the service, or of a resource type of it, that it supports the key. Of
/// a key that it defines and then lists nowhere nobody can tell which actions lack it.
pub fn is_listed_somewhere(service: &Service, name: &str) -> bool {
    let listed = |keys: &[smol_str::SmolStr]| keys.iter().any(|pattern| key::matches(pattern, name));
    let by_action = |a: &Action| listed(&a.condition_keys) || a.resources.iter().any(|r| listed(&r.condition_keys));
    service.actions.iter().any(by_action) || service.resource_types.iter().any(|t| listed(&t.condition_keys))
}

/// True if the action supports the key. `name` is a key of a policy, with a tag key where the key is of a family.
pub fn supports(service: &Service, action: &Action, name: &str) -> bool {
    let listed = |keys: &[smol_str::SmolStr]| keys.iter().any(|pattern| key::matches(pattern, name));
    listed(&action.condition_keys)
        || action.resources.iter().any(|resource| {
            let of_type = service.resource_types.iter().find(|t| t.name == resource.name);
            listed(&resource.condition_keys) || of_type.is_some_and(|t| listed(&t.condition_keys))
        })
        || is_unlisted(service, action, name)
}

fn is_unlisted(service: &Service, action: &Action, key: &str) -> bool {
    let is_action =
        |full: &str| full.split_once(':').is_some_and(|(prefix, name)| prefix == service.prefix && name == action.name);
    UNLISTED.iter().any(|(full, known)| known.eq_ignore_ascii_case(key) && is_action(full))
}

/// An entry of an `Action` element, read.
#[derive(Clone, Copy, Debug)]
pub enum ActionEntry<'a> {
    /// `*`, or a pattern whose prefix is not fixed.
    Everything,
    /// One action.
    One(&'a Service, &'a Action),
    /// A pattern of the names of one service.
    Pattern(&'a Service, &'a str),
    /// Nothing of the catalog, or a name that depends on an unknown value.
    Unknown,
}

/// Reads an entry of an `Action` element.
pub fn read<'a>(item: &'a StringItem, catalog: &'a Catalog) -> ActionEntry<'a> {
    let Some(text) = item.text.known() else { return ActionEntry::Unknown };
    let Some((prefix, name)) = text.split_once(':') else {
        let all = !text.is_empty() && text.bytes().all(|b| b == b'*');
        return if all { ActionEntry::Everything } else { ActionEntry::Unknown };
    };
    let Some(service) = catalog.service(prefix) else { return ActionEntry::Unknown };
    if glob::has_wildcard(name) {
        return ActionEntry::Pattern(service, name);
    }
    service.action(name).map_or(ActionEntry::Unknown, |action| ActionEntry::One(service, action))
}

/// True if some entry certainly covers the action; case is ignored.
pub fn covers(list: &StringList, action: &str) -> bool {
    list.items.iter().any(|item| item.text.known().is_some_and(|p| glob::matches_ignore_case(p, action)))
}
