//! `external-access`: who outside the zone of trust gets at the resources.

use clap::Args;

use super::guardrails::levels;
use super::options::{InputOptions, JudgementOptions, OutputOptions, account_id, canonical_user_id};
use super::{Failure, Global, Outcome, base, config, output, pipeline};
use crate::access::reach::Guardrails;
use crate::analysis::counterpart::Earlier;
use crate::analysis::external_access::{self, ExternalAccessReport};
use crate::analysis::internal_access::{self, InternalAccessReport};
use crate::catalog::Catalog;
use crate::logic::engine::Zone;
use crate::logic::evaluate::PolicyKind;
use crate::model::{Deployment, InputKind, Policy};
use crate::policy::PolicyDocument;
use crate::report::who_can;
use crate::report::{Format, counted, location_json};
use crate::source::Sources;

/// The zone of trust, and what is meant.
#[derive(Debug, Default, Args)]
pub(super) struct ZoneOptions {
    /// Further accounts of the zone of trust
    #[arg(
        long,
        value_name = "ID,…",
        value_delimiter = ',',
        value_parser = account_id,
        help_heading = "External access"
    )]
    trusted_accounts: Vec<String>,

    /// Canonical user ids of the zone's accounts, which ACLs name instead of account ids
    #[arg(
        long,
        value_name = "ID,…",
        value_delimiter = ',',
        value_parser = canonical_user_id,
        help_heading = "External access"
    )]
    canonical_user_ids: Vec<String>,

    /// The organization's resource control policies: findings say whether any bears on their actions
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "External access")]
    rcp: Vec<std::path::PathBuf>,

    /// Principals that may come in: account ids, ARNs, identity providers, canonical ids; `*` for anybody
    #[arg(long, value_name = "PRINCIPAL,…", value_delimiter = ',', help_heading = "External access")]
    allow_external_principals: Vec<String>,
}

/// Of what the external access is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Every policy of the inputs.
    Everything,
    /// What a deployment makes anew: no bare documents, which belong to no resource, and of a plan what was not there before.
    Deployed,
}

/// What was read before access is looked for in it.
pub(super) struct Read<'a> {
    pub(super) input: &'a InputOptions,
    pub(super) loaded: &'a pipeline::Loaded,
    pub(super) config: &'a config::Config,
    pub(super) sources: &'a Sources,
    pub(super) catalog: &'a Catalog,
}

impl ZoneOptions {
    fn zone(&self, read: &Read<'_>) -> Result<Zone, Failure> {
        let trusted = read.config.trusted_accounts(&self.trusted_accounts)?;
        let mut zone =
            external_access::zone(read.input.account_id.as_deref(), &trusted, read.input.organization_id.as_deref());
        let ids = read.config.canonical_user_ids(&self.canonical_user_ids)?;
        zone.canonical_ids = ids.into_iter().map(Into::into).collect();
        Ok(zone)
    }

    /// The resource control policies that were given.
    fn rcps(&self, sources: &Sources) -> Result<Vec<PolicyDocument>, Failure> {
        let read = |path: &std::path::PathBuf| super::simulate::read_policy(sources, path, PolicyKind::ResourceControl);
        self.rcp.iter().map(read).collect()
    }

    /// The external access of the inputs, and the earlier version that it was compared with.
    pub(super) fn find(
        &self,
        read: &Read<'_>,
        base: Option<&str>,
        scope: Scope,
    ) -> Result<(ExternalAccessReport, Option<Earlier>), Failure> {
        let &Read { input, loaded, config, sources, catalog } = read;
        let zone = self.zone(read)?;
        let belongs = |policy: &Policy| {
            let kind = loaded.deployment.inputs.get(policy.input.0).map(|i| i.kind);
            scope == Scope::Everything || kind != Some(InputKind::PolicyDocument)
        };
        let rcps = self.rcps(sources)?;
        let mut found = external_access::analyse_under(&loaded.deployment, &zone, &rcps, catalog, belongs);
        let is_plan = || loaded.deployment.inputs.iter().any(|i| i.kind == InputKind::TerraformPlan);
        let earlier = match base {
            Some(base) => Some(base::load(base, input, loaded, sources, catalog)?),
            None if scope == Scope::Deployed && is_plan() => {
                Some(Earlier::new(pipeline::load_before(input, &loaded.found, sources, catalog)?, &[]))
            }
            None => None,
        };
        if let Some(earlier) = &earlier {
            let before = external_access::analyse(earlier.deployment(), &zone, catalog, |_| true);
            external_access::compare(&mut found, before);
        }
        let allowed = config.allowed_principals(&self.allow_external_principals)?;
        if !allowed.is_empty() {
            external_access::allow(&mut found, &allowed);
        }
        external_access::archive(&mut found, &config.archive_rules);
        Ok((found, earlier))
    }
}

/// Find who outside the zone of trust gets at the resources.
///
/// The zone of trust is the account of the deployment (`--account-id`), with the accounts of `--trusted-accounts` and the
/// organization of `--organization-id`.
#[derive(Debug, Args)]
pub(super) struct ExternalAccessCommand {
    #[command(flatten)]
    input: InputOptions,

    /// An earlier version (a file, a folder, or git:REF): only external access that is new counts
    #[arg(long, value_name = "BASE", help_heading = "External access")]
    base: Option<String>,

    #[command(flatten)]
    zone: ZoneOptions,

    /// Also find who inside the zone gets at these resources: logical ids, addresses, ARNs (with wildcards) or types
    #[arg(long, value_name = "RESOURCE,…", value_delimiter = ',', help_heading = "Internal access")]
    resources: Vec<String>,

    /// With --resources: the organization's service control policies, one flag a level, from the root down
    #[arg(long, value_name = "FILE,…", requires = "resources", help_heading = "Internal access")]
    scp: Vec<String>,

    #[command(flatten)]
    judgement: JudgementOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl ExternalAccessCommand {
    pub(super) fn run(mut self, global: &Global) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        config.complete(&mut self.input, &mut self.output, &mut self.judgement)?;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let sources = Sources::new();
        let mut loaded = pipeline::load(&self.input, &sources, catalog)?;
        let read = Read { input: &self.input, loaded: &loaded, config: &config, sources: &sources, catalog };
        let (mut found, earlier) = self.zone.find(&read, self.base.as_deref(), Scope::Everything)?;
        let internal = self.internal(&read)?;
        loaded.notices.append(&mut found.notices);
        if global.verbose {
            let archived = found.found.iter().filter(|access| access.archived && !access.is_resolved());
            loaded.notices.extend(archived.map(|access| format!("archived: {}", access.sentence())));
        }
        loaded.notices.push(summary(&found));
        let mut findings = external_access::findings(&found.found, &loaded.deployment);
        if let Some(internal) = &internal {
            findings.extend(internal_access::findings(&internal.found, &loaded.deployment));
            loaded.notices.extend(internal.notices.iter().cloned());
            let instances =
                counted(internal.found.len(), "instance of internal access", "instances of internal access");
            loaded.notices.push(format!("{instances} to {}", counted(internal.resources, "resource", "resources")));
        }
        let mut report =
            pipeline::report("external-access", &loaded, &sources, catalog, findings, &self.judgement, &config)?;
        let before = earlier.as_ref().map(|e| e.deployment());
        report.external_access = Some(in_json(&found, &loaded.deployment, before, &sources));
        report.internal_access =
            internal.map(|i| who_can::internal_access_json(&i.found, &loaded.deployment, &sources));
        let outcome = pipeline::outcome(&report, &self.judgement);
        report.passes = outcome == Outcome::Passed;
        if let Some(path) = &self.judgement.write_baseline {
            output::write_file(path, &pipeline::baseline_of(&report).to_text())?;
        }
        output::write_reports(&report, &self.output, Format::Terminal, global)?;
        Ok(outcome)
    }

    /// Who inside the zone gets at the chosen resources, if any are chosen.
    fn internal(&self, read: &Read<'_>) -> Result<Option<InternalAccessReport>, Failure> {
        if self.resources.is_empty() {
            return Ok(None);
        }
        let &Read { loaded, sources, catalog, .. } = read;
        let rcps = self.zone.rcps(sources)?;
        let scps = levels(&self.scp, PolicyKind::ServiceControl, sources)?;
        let guardrails = Guardrails { scps, rcps: if rcps.is_empty() { Vec::new() } else { vec![rcps] } };
        let zone = self.zone.zone(read)?;
        let found = internal_access::analyse(&loaded.deployment, &self.resources, &zone, &guardrails, catalog);
        found.map(Some).map_err(|why| {
            Failure::usage(why)
                .with_help("`--resources` takes logical ids, addresses, ARNs and types, with commas between")
        })
    }
}

pub(super) fn in_json(
    found: &ExternalAccessReport,
    now: &Deployment,
    before: Option<&Deployment>,
    sources: &Sources,
) -> serde_json::Value {
    external_access::report_json(&found.found, |access, location| {
        let of = if access.is_resolved() { before } else { Some(now) };
        let policy = of.and_then(|d| d.policies.get(access.policy.0));
        let input = policy.and_then(|p| of?.inputs.get(p.input.0)).map_or("", |i| i.path.as_str());
        location_json(location, policy.and_then(|p| p.span), input, sources)
    })
}

/// How much there is, in a sentence.
pub(super) fn summary(found: &ExternalAccessReport) -> String {
    let active = found.found.iter().filter(|a| !a.archived && !a.is_resolved()).count();
    let public = found.found.iter().filter(|a| a.is_public && !a.is_resolved()).count();
    let gone = found.found.iter().filter(|a| a.is_resolved()).count();
    let instances = counted(active, "instance of external access", "instances of external access");
    let resolved = if gone > 0 { format!("; {gone} resolved since the base") } else { String::new() };
    format!("{instances}, {public} public{resolved}")
}
