//! The options that give an organization's policies to commands that ask what is allowed in effect.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use super::simulate::read_policy;
use crate::access::reach::Guardrails;
use crate::logic::evaluate::PolicyKind;
use crate::policy::PolicyDocument;
use crate::source::Sources;

/// Policies of the organization, by level.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct GuardrailOptions {
    /// The organization's service control policies, one flag a level, from the root down
    #[arg(long, value_name = "FILE,…", help_heading = "Organization")]
    scp: Vec<String>,

    /// The organization's resource control policies, one flag a level, from the root down
    #[arg(long, value_name = "FILE,…", help_heading = "Organization")]
    rcp: Vec<String>,
}

impl GuardrailOptions {
    pub(super) fn read(&self, sources: &Sources) -> Result<Guardrails, Failure> {
        Ok(Guardrails {
            scps: levels(&self.scp, PolicyKind::ServiceControl, sources)?,
            rcps: levels(&self.rcp, PolicyKind::ResourceControl, sources)?,
        })
    }
}

/// The policies of each level: files with commas between.
pub(super) fn levels(
    levels: &[String],
    kind: PolicyKind,
    sources: &Sources,
) -> Result<Vec<Vec<PolicyDocument>>, Failure> {
    let level = |files: &String| {
        let files = files.split(',').filter(|f| !f.is_empty());
        files.map(|file| read_policy(sources, &PathBuf::from(file), kind)).collect()
    };
    levels.iter().map(level).collect()
}
