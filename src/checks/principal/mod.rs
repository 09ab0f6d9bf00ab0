//! `Principal` and `NotPrincipal`. What only role trust policies may or may not hold is in `trust`.

mod allow_with_not_principal;
mod empty_array_principal;
mod empty_object_principal;
mod federated_principal_not_supported;
mod invalid_principal_format;
mod invalid_principal_key;
mod invalid_role_reference;
mod invalid_user_reference;
mod missing_principal;
mod unsupported_principal;
mod unsupported_wildcard_in_principal;

use crate::checks::Check;
use crate::finding::Location;
use crate::policy::{PolicyDocument, PolicyPath, PrincipalElement, Statement, StringItem, StringList};
use crate::source::Text;

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &missing_principal::MISSING_PRINCIPAL,
    &unsupported_principal::UNSUPPORTED_PRINCIPAL,
    &invalid_principal_format::INVALID_PRINCIPAL_FORMAT,
    &invalid_principal_key::INVALID_PRINCIPAL_KEY,
    &empty_array_principal::EMPTY_ARRAY_PRINCIPAL,
    &empty_object_principal::EMPTY_OBJECT_PRINCIPAL,
    &allow_with_not_principal::ALLOW_WITH_NOT_PRINCIPAL,
    &unsupported_wildcard_in_principal::UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
    &invalid_role_reference::INVALID_ROLE_REFERENCE,
    &invalid_user_reference::INVALID_USER_REFERENCE,
    &federated_principal_not_supported::FEDERATED_PRINCIPAL_NOT_SUPPORTED,
];

/// The keys of a principal map.
pub(super) const PRINCIPAL_TYPES: &[&str] = &["AWS", "CanonicalUser", "Federated", "Service"];

/// One principal of a map.
#[derive(Clone, Copy)]
pub(super) struct PrincipalValue<'a> {
    pub statement: &'a Statement,
    pub element: &'a PrincipalElement,
    pub list: &'a StringList,
    pub item: &'a StringItem,
}

impl<'a> PrincipalValue<'a> {
    /// `AWS`, `Service`, …
    pub fn principal_type(&self) -> &'a str {
        &self.list.element
    }

    pub fn path(&self) -> PolicyPath {
        self.statement.path().key(self.element.element).key(self.list.element.clone()).maybe_index(self.item.index)
    }

    pub fn location(&self) -> Location {
        Location::new(self.path(), self.item.span)
    }
}

/// Every principal in a map of the document.
pub(super) fn values(document: &PolicyDocument) -> impl Iterator<Item = PrincipalValue<'_>> {
    document.statements.iter().flat_map(values_of)
}

/// Every principal in a map of the statement.
pub(super) fn values_of(statement: &Statement) -> impl Iterator<Item = PrincipalValue<'_>> {
    statement.principal_elements().flat_map(move |element| {
        element
            .lists()
            .iter()
            .flat_map(move |list| list.items.iter().map(move |item| PrincipalValue { statement, element, list, item }))
    })
}

/// True for a unique ID of IAM with this prefix.
fn is_unique_id(text: &Text, prefix: &str) -> bool {
    text.as_str()
        .strip_prefix(prefix)
        .is_some_and(|rest| rest.len() >= 12 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
}
