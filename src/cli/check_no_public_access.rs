//! `check-no-public-access`: does a resource policy let the public in?

use clap::Args;

use super::custom_check::{CustomCheckOptions, Questions, run};
use super::{Failure, Global, Outcome, batch};
use crate::analysis::custom_check::{CheckResult, CustomCheck, kind_of};
use crate::logic::engine::{PUBLIC_RESOURCE_TYPES, no_public_access, no_public_access_smt2};
use crate::logic::evaluate::PolicyKind;

const CHECK: CustomCheck = CustomCheck::NoPublicAccess;

/// Find resource policies that let the public in.
#[derive(Debug, Args)]
pub(super) struct CheckNoPublicAccess {
    #[command(flatten)]
    options: CustomCheckOptions,
}

impl CheckNoPublicAccess {
    pub(super) fn run(self, global: &Global) -> Result<Outcome, Failure> {
        if let Some(file) = &self.options.batch {
            return batch::run(file, &self.options, global, &batch::no_public_access);
        }
        if let Some(given) = &self.options.input.resource_type
            && !PUBLIC_RESOURCE_TYPES.contains(&given.as_str())
        {
            return Err(unknown_type(given));
        }
        run(CHECK, self.options, global, |setting| {
            let (ties, catalog, copies) = (setting.options.ties(), setting.catalog, setting.copies());
            let policies = &setting.loaded.deployment.policies;
            Ok(Questions {
                applies: Box::new(|policy| matches!(kind_of(policy), PolicyKind::Resource | PolicyKind::Trust)),
                ask: Box::new(move |id, compiled| {
                    let policy = policies.get(id.0);
                    let resource_type = policy.and_then(|p| p.resource_type.as_deref()).unwrap_or_default();
                    copies.write(id, None, || no_public_access_smt2(compiled, resource_type, ties));
                    let answer = no_public_access(compiled, resource_type, ties);
                    vec![CheckResult::new(CHECK, answer, &[compiled.document()], catalog)]
                }),
                otherwise: "only resource-based policies and role trust policies can be public",
            })
        })
    }
}

fn unknown_type(given: &str) -> Failure {
    let failure = Failure::usage(format!("`{given}` is not a resource type that check-no-public-access knows"));
    match crate::checks::nearest::name(given, PUBLIC_RESOURCE_TYPES.iter().copied()) {
        Some(nearest) => failure.with_help(format!("did you mean `{nearest}`?")),
        None => failure.with_help(format!("one of {}", PUBLIC_RESOURCE_TYPES.join(", "))),
    }
}
