//! Condition keys: whether they exist, whether the actions of the statement support them, and which of them
//! do not do what they seem to.

mod deprecated_global_condition_key;
mod dynamodb_attributes_without_select;
mod invalid_condition_key_format;
mod invalid_global_condition_key;
mod invalid_service;
mod invalid_service_condition_key;
mod irrelevant_condition_key_in_policy;
mod missing_action_for_condition_key;
mod missing_paired_condition_keys;
mod s3_prefix_in_negative_context;
mod unsupported_action_for_condition_key;
mod unsupported_global_condition_key;
mod untrustworthy_condition_key;
mod use_condition_key_only_with_supported_services;

use crate::checks::Check;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &invalid_condition_key_format::INVALID_CONDITION_KEY_FORMAT,
    &invalid_global_condition_key::INVALID_GLOBAL_CONDITION_KEY,
    &invalid_service::INVALID_SERVICE,
    &invalid_service_condition_key::INVALID_SERVICE_CONDITION_KEY,
    &unsupported_global_condition_key::UNSUPPORTED_GLOBAL_CONDITION_KEY,
    &deprecated_global_condition_key::DEPRECATED_GLOBAL_CONDITION_KEY,
    &untrustworthy_condition_key::UNTRUSTWORTHY_CONDITION_KEY,
    &unsupported_action_for_condition_key::UNSUPPORTED_ACTION_FOR_CONDITION_KEY,
    &missing_action_for_condition_key::MISSING_ACTION_FOR_CONDITION_KEY,
    &missing_paired_condition_keys::MISSING_PAIRED_CONDITION_KEYS,
    &use_condition_key_only_with_supported_services::USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES,
    &irrelevant_condition_key_in_policy::IRRELEVANT_CONDITION_KEY_IN_POLICY,
    &dynamodb_attributes_without_select::DYNAMODB_ATTRIBUTES_WITHOUT_SELECT,
    &s3_prefix_in_negative_context::S3_PREFIX_IN_NEGATIVE_CONTEXT,
];

/// The condition key that `aws:PrincipalArn` has replaced.
const AWS_ARN: &str = "aws:ARN";
