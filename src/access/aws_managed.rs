//! The policies that AWS manages, by the ARNs that principals name them by.

use super::compile;
use crate::catalog::Catalog;
use crate::logic::engine::{CompiledPolicy, Ties};
use crate::logic::evaluate::PolicyKind;
use crate::policy::PolicyDocument;
use crate::source::{Limits, Sources, json};

/// The document of a policy that AWS manages, by its ARN in any partition.
pub(crate) fn document_of_aws(arn: &str, catalog: &Catalog) -> Option<PolicyDocument> {
    let (_, rest) = arn.split_once(":iam::aws:")?;
    let text = catalog.managed_policy(&format!("arn:aws:iam::aws:{rest}"))?.document;
    let source = Sources::new().add(arn, text);
    json::read(source, text, &Limits::default()).ok().map(PolicyDocument::new)
}

/// The same for the engine.
pub(crate) fn policy_of_aws(arn: &str, catalog: &Catalog) -> Option<CompiledPolicy> {
    compile(document_of_aws(arn, catalog)?, PolicyKind::Identity, Ties::Tied).ok()
}
