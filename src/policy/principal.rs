//! `Principal` and `NotPrincipal`.

use super::document::StringList;
use crate::source::{Entry, NodeKind, Span, Text};

/// A `Principal` or `NotPrincipal` element.
#[derive(Clone, Debug)]
pub struct PrincipalElement {
    /// `Principal` or `NotPrincipal`.
    pub element: &'static str,
    /// Where the name was written.
    pub key_span: Span,
    /// The value.
    pub span: Span,
    /// The value, as far as the grammar allows it.
    pub kind: PrincipalKind,
}

/// The value of a principal element.
#[derive(Clone, Debug)]
pub enum PrincipalKind {
    /// A bare string; only `*` is valid.
    Text(Text),
    /// A map of principal types.
    Map(Vec<PrincipalList>),
    /// Anything else; not valid.
    Other,
}

/// The values of one principal type: `AWS`, `Service`, `Federated`, `CanonicalUser`, or an unknown key.
/// The type is [`StringList::element`].
pub type PrincipalList = StringList;

impl PrincipalElement {
    pub(super) fn new(entry: &Entry) -> PrincipalElement {
        let kind = match &entry.value.kind {
            NodeKind::String(text) => PrincipalKind::Text(text.clone()),
            NodeKind::Mapping(map) => PrincipalKind::Map(map.iter().filter_map(StringList::new).collect()),
            _ => PrincipalKind::Other,
        };
        PrincipalElement {
            element: if entry.key == "Principal" { "Principal" } else { "NotPrincipal" },
            key_span: entry.key_span,
            span: entry.value.span,
            kind,
        }
    }

    /// The values of the principal types, none for a bare string.
    pub fn lists(&self) -> &[PrincipalList] {
        match &self.kind {
            PrincipalKind::Map(lists) => lists,
            PrincipalKind::Text(_) | PrincipalKind::Other => &[],
        }
    }

    /// The values of one principal type.
    pub fn of_type(&self, principal_type: &str) -> impl Iterator<Item = &PrincipalList> {
        self.lists().iter().filter(move |l| l.element == principal_type)
    }
}
