//! Conditions of resource control policies: exceptions for AWS services.

mod rcp_missing_related_principal_condition_key;
mod rcp_missing_related_service_principal_condition_key;
mod rcp_missing_service_condition_key_null_check;

use crate::checks::Check;
use crate::checks::CheckContext;
use crate::checks::condition::{KeyUse, presence, presence::Presence};
use crate::policy::{BaseOperator, ConditionKey, Statement};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &rcp_missing_related_principal_condition_key::RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY,
    &rcp_missing_related_service_principal_condition_key::RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY,
    &rcp_missing_service_condition_key_null_check::RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK,
];

/// The uses of a source key in Deny statements, `Null` apart: that asks for the key, not for its value.
fn source_keys<'c>(context: &'c CheckContext<'_>) -> impl Iterator<Item = &'c KeyUse<'c>> {
    const NAMES: &[&str] = &["aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "aws:SourceOrgPaths"];
    let denied = context.condition_keys().iter().filter(|u| u.statement.is_deny() && u.is_any(NAMES));
    denied.filter(|u| u.base() != Some(BaseOperator::Null))
}

/// Whether a statement holds `aws:PrincipalIsAWSService` to a value.
fn is_aws_service(context: &CheckContext<'_>, statement: &Statement, value: &str) -> Presence {
    presence::find(context.document, statement, |block, key| {
        let is_bool = block.operator.is_some_and(|o| o.base == BaseOperator::Bool);
        is_bool && key.name.as_str().eq_ignore_ascii_case("aws:PrincipalIsAWSService") && is_value(key, value)
    })
}

/// True if the key is held to this value, or to one that is not known.
fn is_value(key: &ConditionKey, wanted: &str) -> bool {
    key.values.iter().any(|v| v.text.known().is_none_or(|s| s.eq_ignore_ascii_case(wanted)))
}
