//! What only role trust policies may or may not hold. Their conditions are judged elsewhere.

mod invalid_federated_principal_syntax_in_role_trust_policy;
mod mismatched_action_for_principal;
mod missing_action_for_roles_anywhere_trust_policy;
mod provider;
mod redundant_principal_in_role_trust_policy;
mod role_trust_policy_syntax_error_notprincipal;
mod role_trust_policy_syntax_error_resource;
mod role_trust_policy_unsupported_wildcard_in_principal;

use crate::checks::Check;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &role_trust_policy_syntax_error_notprincipal::ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL,
    &role_trust_policy_unsupported_wildcard_in_principal::ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
    &role_trust_policy_syntax_error_resource::ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE,
    &invalid_federated_principal_syntax_in_role_trust_policy::INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY,
    &mismatched_action_for_principal::MISMATCHED_ACTION_FOR_PRINCIPAL,
    &missing_action_for_roles_anywhere_trust_policy::MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY,
    &redundant_principal_in_role_trust_policy::REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY,
];
