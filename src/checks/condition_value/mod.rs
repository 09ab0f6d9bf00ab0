//! Values of conditions: their types, their forms, and what in them has no effect or too much.

mod addresses;
mod improve_ip_range;
mod invalid_date_value;
mod invalid_kms_key_value;
mod invalid_region;
mod invalid_service_principal_format;
mod invalid_vpc_format;
mod invalid_vpce_format;
mod private_ip_address;
mod private_ip_address_subset;
mod private_not_ip_address;
mod private_not_ip_address_subset;
mod restricted;
mod type_mismatch_boolean;
mod type_mismatch_date;
mod type_mismatch_ip_range;
mod type_mismatch_number;
mod type_mismatch_string;
mod variable_usage_too_permissive;
mod wildcard_usage_too_permissive;

use crate::checks::Check;
use crate::checks::condition::{KeyUse, value};
use crate::policy::{ConditionValue, OperatorFamily};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &type_mismatch_boolean::TYPE_MISMATCH_BOOLEAN,
    &type_mismatch_date::TYPE_MISMATCH_DATE,
    &type_mismatch_number::TYPE_MISMATCH_NUMBER,
    &type_mismatch_ip_range::TYPE_MISMATCH_IP_RANGE,
    &type_mismatch_string::TYPE_MISMATCH_STRING,
    &invalid_date_value::INVALID_DATE_VALUE,
    &invalid_region::INVALID_REGION,
    &invalid_vpc_format::INVALID_VPC_FORMAT,
    &invalid_vpce_format::INVALID_VPCE_FORMAT,
    &invalid_service_principal_format::INVALID_SERVICE_PRINCIPAL_FORMAT,
    &invalid_kms_key_value::INVALID_KMS_KEY_VALUE,
    &wildcard_usage_too_permissive::WILDCARD_USAGE_TOO_PERMISSIVE,
    &variable_usage_too_permissive::VARIABLE_USAGE_TOO_PERMISSIVE,
    &private_ip_address::PRIVATE_IP_ADDRESS,
    &private_not_ip_address::PRIVATE_NOT_IP_ADDRESS,
    &private_ip_address_subset::PRIVATE_IP_ADDRESS_SUBSET,
    &private_not_ip_address_subset::PRIVATE_NOT_IP_ADDRESS_SUBSET,
    &improve_ip_range::IMPROVE_IP_RANGE,
];

/// The values that are no id of this prefix and 8 or 17 letters and digits. Patterns and variables are left alone.
fn misformed_ids<'u>(
    used: &'u KeyUse<'_>,
    prefix: &'static str,
) -> impl Iterator<Item = (&'u ConditionValue, &'u str)> {
    let compares_text = used.family() == Some(OperatorFamily::String);
    used.known_values().filter(move |(_, text)| {
        let id = text.strip_prefix(prefix).filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric()));
        let fits = id.is_some_and(|id| matches!(id.len(), 8 | 17));
        compares_text && !fits && !value::has_wildcard(text) && value::references(text).next().is_none()
    })
}
