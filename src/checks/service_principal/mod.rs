//! Services as principals of resource policies, and the conditions that say for whom they act.

mod recommended_condition_key_for_service_principal;
mod restrict_access_to_service_principal;
mod unsupported_condition_key_for_service_principal;

use crate::checks::Check;
use crate::finding::Location;
use crate::policy::{Statement, StringItem};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &restrict_access_to_service_principal::RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL,
    &recommended_condition_key_for_service_principal::RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL,
    &unsupported_condition_key_for_service_principal::UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL,
];

/// The keys that say on whose behalf a service acts. Source: IAM User Guide, "The confused deputy problem".
const SOURCE_KEYS: &[&str] = &["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"];

/// The services that a statement names as principals, each with its place.
fn service_principals(statement: &Statement) -> impl Iterator<Item = (Location, &StringItem)> {
    let lists = statement.principal.iter().flat_map(|p| p.of_type("Service"));
    lists.flat_map(move |list| {
        list.items.iter().map(move |item| {
            let path = statement.path().key("Principal").key(list.element.clone()).maybe_index(item.index);
            (Location::new(path, item.span), item)
        })
    })
}
