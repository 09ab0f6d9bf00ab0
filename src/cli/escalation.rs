//! Privilege escalation, as a part of the commands that look for it.

use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::Failure;
use crate::analysis::escalation::{self, EscalationReport};
use crate::catalog::Catalog;
use crate::logic::evaluate::PolicyKind;
use crate::model::Deployment;
use crate::report::{counted, location_json};
use crate::source::Sources;

/// Whether and how to look for privilege escalation.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct EscalationOptions {
    /// Find the ways by which users and roles get at more permissions than they were given
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Escalation")]
    pub escalation: bool,

    /// With --escalation: the organization's service control policies, one flag a level, from the root down
    #[arg(long, value_name = "FILE,…", requires = "escalation", help_heading = "Escalation")]
    pub scp: Vec<String>,
}

impl EscalationOptions {
    /// The escalations of a deployment, if they are asked for.
    pub(super) fn find(
        &self,
        deployment: &Deployment,
        sources: &Sources,
        catalog: &Catalog,
    ) -> Result<Option<EscalationReport>, Failure> {
        if !self.escalation {
            return Ok(None);
        }
        let mut levels = Vec::new();
        for level in &self.scp {
            let files = level.split(',').filter(|f| !f.is_empty());
            let read =
                files.map(|f| super::simulate::read_policy(sources, &PathBuf::from(f), PolicyKind::ServiceControl));
            levels.push(read.collect::<Result<Vec<_>, Failure>>()?);
        }
        let mut report = escalation::analyse(deployment, &levels, catalog);
        report.notices.push(summary(&report));
        Ok(Some(report))
    }
}

/// `escalations` of the JSON report.
pub(super) fn in_json(report: &EscalationReport, deployment: &Deployment, sources: &Sources) -> serde_json::Value {
    escalation::report_json(&report.found, deployment, |policy, location| {
        let input = policy.and_then(|p| deployment.inputs.get(p.input.0)).map_or("", |i| i.path.as_str());
        location_json(location, policy.and_then(|p| p.span), input, sources)
    })
}

/// How much there is, in a sentence.
fn summary(report: &EscalationReport) -> String {
    let ways = counted(report.found.len(), "way to more permissions", "ways to more permissions");
    let administrators = report.found.iter().filter(|e| e.administrator).count();
    format!("{ways}, {administrators} of them to all permissions")
}
