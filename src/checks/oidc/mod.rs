//! Trust in OIDC providers: conditions on the claims of their tokens.

mod confirm_audience_claim_type;
mod foranyvalue_with_audience_claim_type;
mod missing_condition_key_for_oidc_principal;
mod missing_github_repo_condition_key;
mod specific_github_repo_and_branch_recommended;

use crate::checks::Check;
use crate::checks::CheckContext;
use crate::checks::condition::claim;
use crate::finding::Location;
use crate::policy::Statement;
use crate::source::Symbol;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &missing_condition_key_for_oidc_principal::MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL,
    &missing_github_repo_condition_key::MISSING_GITHUB_REPO_CONDITION_KEY,
    &specific_github_repo_and_branch_recommended::SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED,
    &confirm_audience_claim_type::CONFIRM_AUDIENCE_CLAIM_TYPE,
    &foranyvalue_with_audience_claim_type::FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE,
];

/// An OIDC provider that a statement allows to assume the role.
struct TrustedProvider<'c> {
    statement: &'c Statement,
    /// Host and path.
    provider: &'c str,
    /// Where it is named.
    location: Location,
}

/// The OIDC providers that Allow statements name. One whose name is not known may be that of any condition key, so it
/// is left out.
fn trusted_providers<'c>(context: &'c CheckContext<'_>) -> impl Iterator<Item = TrustedProvider<'c>> {
    let statements = context.document.statements.iter().filter(|s| s.is_allow());
    statements.flat_map(|statement| {
        let lists = statement.principal.iter().flat_map(|p| p.of_type("Federated"));
        lists.flat_map(move |list| {
            list.items.iter().filter_map(move |item| {
                let provider = claim::oidc_provider(item.text.as_str()).filter(|p| !Symbol::occurs_in(p))?;
                let path = statement.path().key("Principal").key(list.element.clone()).maybe_index(item.index);
                Some(TrustedProvider { statement, provider, location: Location::new(path, item.span) })
            })
        })
    })
}
