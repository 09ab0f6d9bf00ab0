//! Privilege escalation and risks, as a part of the commands that look for them.

use clap::{ArgAction, Args};

use super::Failure;
use super::guardrails::levels;
use crate::analysis::escalation::{self, EscalationReport};
use crate::analysis::risk::{self, Risk};
use crate::catalog::Catalog;
use crate::finding::{Finding, Location};
use crate::logic::evaluate::PolicyKind;
use crate::model::{Deployment, Policy};
use crate::policy::PolicyDocument;
use crate::report::{Report, counted, location_json};
use crate::source::Sources;

/// Whether and how to look for privilege escalation.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct EscalationOptions {
    /// Find the ways by which users and roles get at more permissions than they were given
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Escalation")]
    pub escalation: bool,

    /// Find what users and roles can do to resources that nobody has named: read their contents, get credentials, change
    /// who gets at them, change them
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Escalation")]
    pub risks: bool,

    /// With --escalation, --risks or --activity: the organization's service control policies, one flag a level, from the root
    /// down
    #[arg(long, value_name = "FILE,…", help_heading = "Escalation")]
    pub scp: Vec<String>,
}

impl EscalationOptions {
    /// The service control policies, if anything that is asked for asks for them.
    pub(super) fn levels(&self, has_activity: bool, sources: &Sources) -> Result<Vec<Vec<PolicyDocument>>, Failure> {
        match self.scp.is_empty() || self.escalation || self.risks || has_activity {
            true => levels(&self.scp, PolicyKind::ServiceControl, sources),
            false => Err(Failure::usage("`--scp` has no meaning without `--escalation`, `--risks` or `--activity`")),
        }
    }

    /// Looks for what is asked for.
    pub(super) fn find(&self, deployment: &Deployment, levels: &[Vec<PolicyDocument>], catalog: &Catalog) -> Found {
        let escalations = self.escalation.then(|| escalation::analyse(deployment, levels, catalog));
        Found { escalations, risks: self.risks.then(|| risk::analyse(deployment, levels, catalog)) }
    }
}

/// What was found, of what was looked for.
#[derive(Default)]
pub(super) struct Found {
    escalations: Option<EscalationReport>,
    risks: Option<Vec<Risk>>,
}

impl Found {
    /// Remarks for the report.
    pub(super) fn notices(&self) -> Vec<String> {
        let escalations = self.escalations.iter().flat_map(|e| e.notices.iter().cloned().chain([summary(e)]));
        let risks = self.risks.iter().map(|r| counted(r.len(), "risk of a principal", "risks of principals"));
        escalations.chain(risks).collect()
    }

    /// As findings.
    pub(super) fn findings(&self, deployment: &Deployment) -> Vec<Finding> {
        let mut findings = Vec::new();
        findings.extend(self.escalations.iter().flat_map(|e| escalation::findings(&e.found, deployment)));
        findings.extend(self.risks.iter().flat_map(|r| risk::findings(r, deployment)));
        findings
    }

    /// Adds `escalations` and `risks` to the report.
    pub(super) fn add_to(&self, report: &mut Report<'_>, deployment: &Deployment, sources: &Sources) {
        let place = |policy: Option<&Policy>, location: &Location| {
            let input = policy.and_then(|p| deployment.inputs.get(p.input.0)).map_or("", |i| i.path.as_str());
            location_json(location, policy.and_then(|p| p.span), input, sources)
        };
        report.escalations = self.escalations.as_ref().map(|e| escalation::report_json(&e.found, deployment, place));
        report.risks = self.risks.as_ref().map(|r| risk::report_json(r, deployment, place));
    }
}

/// How much there is, in a sentence.
fn summary(report: &EscalationReport) -> String {
    let ways = counted(report.found.len(), "way to more permissions", "ways to more permissions");
    let administrators = report.found.iter().filter(|e| e.administrator).count();
    format!("{ways}, {administrators} of them to all permissions")
}
