//! `check-access-not-granted`: does anything allow these actions, on these resources?

use clap::Args;

use super::custom_check::{CustomCheckOptions, Questions, run};
use super::{Failure, Global, Outcome, batch, output};
use crate::analysis::custom_check::{self, CheckResult, CustomCheck, kind_of};
use crate::catalog::Catalog;
use crate::logic::engine::{Access, access_not_granted, access_not_granted_smt2};
use crate::logic::evaluate::PolicyKind;

const CHECK: CustomCheck = CustomCheck::AccessNotGranted;

/// Find policies that allow any of the listed actions on any of the listed resources.
#[derive(Debug, Args)]
pub(super) struct CheckAccessNotGranted {
    #[command(flatten)]
    options: CustomCheckOptions,

    /// Actions that must not be allowed; wildcards are as in a policy [default: any]
    #[arg(long, value_name = "ACTION,…", value_delimiter = ',', help_heading = "Question")]
    actions: Vec<String>,

    /// ARNs on which they must not be allowed [default: any]
    #[arg(long, value_name = "ARN,…", value_delimiter = ',', help_heading = "Question")]
    resources: Vec<String>,

    /// The same in one argument, for several questions in one run: `actions=A,…;resources=R,…` (repeatable)
    #[arg(long, value_name = "ACCESS", help_heading = "Question")]
    access: Vec<String>,
}

impl CheckAccessNotGranted {
    pub(super) fn run(self, global: &Global) -> Result<Outcome, Failure> {
        if let Some(file) = &self.options.batch {
            if !(self.actions.is_empty() && self.resources.is_empty() && self.access.is_empty()) {
                return Err(Failure::usage("the lines of `--batch` name their own actions and resources"));
            }
            return batch::run(file, &self.options, global, &batch::access_not_granted);
        }
        let mut accesses = Vec::new();
        if !(self.actions.is_empty() && self.resources.is_empty()) {
            accesses.push(listed("--actions", &self.actions, "--resources", &self.resources)?);
        }
        for text in &self.access {
            accesses.push(parse(text)?);
        }
        if accesses.is_empty() {
            return Err(Failure::usage("nothing is listed that must not be granted")
                .with_help("give `--actions`, `--resources`, or `--access \"actions=…;resources=…\"`"));
        }
        run(CHECK, self.options, global, |setting| {
            let (ties, catalog, copies) = (setting.options.ties(), setting.catalog, setting.copies());
            if !global.quiet {
                warn_of_unknown(&accesses, catalog);
            }
            Ok(Questions {
                applies: Box::new(|policy| {
                    matches!(kind_of(policy), PolicyKind::Identity | PolicyKind::Resource | PolicyKind::Trust)
                }),
                ask: Box::new(move |id, policy| {
                    let ask = |(number, access)| {
                        let part = (accesses.len() > 1).then_some(number);
                        copies.write(id, part, || access_not_granted_smt2(policy, access, ties));
                        let answer = access_not_granted(policy, access, ties);
                        CheckResult::new(CHECK, answer, &[policy.document()], catalog)
                    };
                    accesses.iter().enumerate().map(ask).collect()
                }),
                otherwise: "control policies and policies of VPC endpoints grant nothing",
            })
        })
    }
}

fn warn_of_unknown(accesses: &[Access], catalog: &Catalog) {
    for warning in accesses.iter().flat_map(|a| &a.actions).filter_map(|a| custom_check::unknown_action(a, catalog)) {
        eprintln!("warning: {}", output::printable(&warning));
    }
}

/// `actions=A,…;resources=R,…`, either part alone, in any order.
fn parse(text: &str) -> Result<Access, Failure> {
    let wrong = |what: String| {
        Failure::usage(format!("`--access`: {what}")).with_help("expected `actions=A,…;resources=R,…`, or one of them")
    };
    let (mut actions, mut resources) = (None, None);
    for part in text.split(';').map(str::trim).filter(|p| !p.is_empty()) {
        let (name, list) = part.split_once('=').ok_or_else(|| wrong(format!("`{part}` has no `=`")))?;
        let slot = match name.trim() {
            "actions" => &mut actions,
            "resources" => &mut resources,
            other => return Err(wrong(format!("`{other}` is neither `actions` nor `resources`"))),
        };
        let list: Vec<String> = list.split(',').map(|i| i.trim().to_owned()).collect();
        if slot.replace(list).is_some() {
            return Err(wrong(format!("`{}` is given twice", name.trim())));
        }
    }
    if actions.is_none() && resources.is_none() {
        return Err(wrong(format!("`{text}` lists nothing")));
    }
    listed("--access", &actions.unwrap_or_default(), "--access", &resources.unwrap_or_default())
}

fn listed(actions_by: &str, actions: &[String], resources_by: &str, resources: &[String]) -> Result<Access, Failure> {
    let failure = |by: &str, e: custom_check::AccessError| Failure::usage(format!("`{by}`: {e}"));
    actions.iter().try_for_each(|a| custom_check::action(a.trim()).map_err(|e| failure(actions_by, e)))?;
    resources.iter().try_for_each(|r| custom_check::resource(r.trim()).map_err(|e| failure(resources_by, e)))?;
    let trimmed = |list: &[String]| list.iter().map(|i| i.trim().into()).collect();
    Ok(Access { actions: trimmed(actions), resources: trimmed(resources) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_lists_actions_resources_or_both() {
        let both = parse("actions=s3:GetObject, s3:Put*;resources=arn:aws:s3:::b/*").expect("an access");
        assert_eq!(both.actions, ["s3:GetObject", "s3:Put*"]);
        assert_eq!(both.resources, ["arn:aws:s3:::b/*"]);
        assert!(parse("resources=arn:aws:s3:::b").is_ok_and(|a| a.actions.is_empty()));
        for wrong in ["", "s3:GetObject", "action=s3:GetObject", "actions=s3", "resources=b", "actions=*;actions=*"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
