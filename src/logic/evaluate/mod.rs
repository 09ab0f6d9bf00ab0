use super::request::Request;
use crate::policy::PolicyDocument;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    Identity,
    Resource,
    Trust,
    ServiceControl,
    ResourceControl,
    Boundary,
    Session,
    Endpoint,
}
pub enum Verdict {
    Allow { statements: Vec<usize> },
    NoMatch,
}
pub fn verdict(_: &PolicyDocument, _: PolicyKind, _: &Request) -> Verdict {
    Verdict::NoMatch
}
