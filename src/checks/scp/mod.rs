//! What service control policies may not hold.

mod scp_syntax_error_action_wildcard;
mod scp_syntax_error_principal;

use crate::checks::Check;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &scp_syntax_error_principal::SCP_SYNTAX_ERROR_PRINCIPAL,
    &scp_syntax_error_action_wildcard::SCP_SYNTAX_ERROR_ACTION_WILDCARD,
];
