//! What resource control policies may not hold. Their conditions are judged elsewhere.

mod rcp_syntax_error_action;
mod rcp_syntax_error_allow;
mod rcp_syntax_error_notaction;
mod rcp_syntax_error_principal;

use crate::checks::Check;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &rcp_syntax_error_principal::RCP_SYNTAX_ERROR_PRINCIPAL,
    &rcp_syntax_error_allow::RCP_SYNTAX_ERROR_ALLOW,
    &rcp_syntax_error_notaction::RCP_SYNTAX_ERROR_NOTACTION,
    &rcp_syntax_error_action::RCP_SYNTAX_ERROR_ACTION,
];
