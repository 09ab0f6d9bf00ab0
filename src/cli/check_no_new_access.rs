//! `check-no-new-access`: does a policy allow anything that another, or its own earlier version, does not?

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::custom_check::{CustomCheckOptions, Questions, Setting, compiled, run};
use super::{Failure, Global, Outcome, base, batch, pipeline};
use crate::analysis::counterpart::Earlier;
use crate::analysis::custom_check::{CheckResult, CustomCheck, Unfit, Verdict, compile, kind_of};
use crate::catalog::Catalog;
use crate::logic::engine::{CompiledPolicy, Ties, no_new_access, no_new_access_smt2};
use crate::logic::evaluate::PolicyKind;
use crate::model::{InputKind, Policy, PolicyId};
use crate::policy::{PolicyDocument, PolicyType};
use crate::source::{Sources, json};

const CHECK: CustomCheck = CustomCheck::NoNewAccess;

/// Find policies that allow anything that a reference, or their own earlier version, does not.
///
/// Without `--reference-policy` and `--base`, a Terraform plan is compared with what it says is deployed now.
#[derive(Debug, Args)]
pub(super) struct CheckNoNewAccess {
    #[command(flatten)]
    options: CustomCheckOptions,

    /// The policy document to compare with
    #[arg(long, value_name = "FILE", requires = "reference_policy_type", help_heading = "Question")]
    reference_policy: Option<PathBuf>,

    /// Which policies are compared with it
    #[arg(
        long,
        value_enum,
        ignore_case = true,
        value_name = "TYPE",
        requires = "reference_policy",
        help_heading = "Question"
    )]
    reference_policy_type: Option<ReferenceType>,

    /// An earlier version of the inputs to compare with: a file, a folder, or `git:REF`
    #[arg(long, value_name = "BASE", conflicts_with = "reference_policy", help_heading = "Question")]
    base: Option<String>,
}

/// The types of policy by the names of the AWS validators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ReferenceType {
    /// Identity-based policies
    Identity,
    /// Resource-based policies and role trust policies
    Resource,
}

impl CheckNoNewAccess {
    pub(super) fn run(self, global: &Global) -> Result<Outcome, Failure> {
        if let Some(file) = &self.options.batch {
            if self.reference_policy.is_some() || self.base.is_some() {
                return Err(Failure::usage("the lines of `--batch` name what to compare with"));
            }
            return batch::run(file, &self.options, global, &batch::no_new_access);
        }
        let reference = match (&self.reference_policy, self.reference_policy_type) {
            (Some(path), Some(kind)) => Some(Reference::read(path, kind, &self.options)?),
            _ => None,
        };
        let base = self.base;
        run(CHECK, self.options, global, move |setting| match reference {
            Some(reference) => Ok(against_reference(setting, reference)),
            None => against_earlier(setting, base.as_deref()),
        })
    }
}

/// The reference policy in the engine's form; for resource policies, also as trust policies are read.
struct Reference {
    kind: ReferenceType,
    policy: CompiledPolicy,
    trust: Option<CompiledPolicy>,
}

impl Reference {
    fn read(path: &std::path::Path, kind: ReferenceType, options: &CustomCheckOptions) -> Result<Reference, Failure> {
        let shown = path.display().to_string();
        let text = pipeline::read_file(path).map_err(|e| Failure::usage(format!("reference policy {e}")))?;
        let sources = Sources::new();
        let source = sources.add(shown.clone(), text.as_str());
        let root = json::read(source, &text, &pipeline::limits(&options.input)).map_err(|e| {
            let at = sources.get(source).position(e.span.start as usize);
            Failure::usage(format!("reference policy `{shown}`, line {}, column {}: {}", at.line, at.column, e.message))
        })?;
        let unfit = |e: Unfit| {
            let failure = Failure::usage(format!("reference policy `{shown}`: {e}"));
            match e {
                Unfit::PrincipalInIdentity(..) => failure.with_help("is it of the type `resource`?"),
                Unfit::NoPrincipal(..) => failure.with_help("is it of the type `identity`?"),
                _ => failure,
            }
        };
        let document = PolicyDocument::new(root);
        let as_kind = |kind| compile(document.clone(), kind, options.ties()).map_err(unfit);
        Ok(match kind {
            ReferenceType::Identity => Reference { kind, policy: as_kind(PolicyKind::Identity)?, trust: None },
            ReferenceType::Resource => {
                let trust = Some(as_kind(PolicyKind::Trust)?);
                Reference { kind, policy: as_kind(PolicyKind::Resource)?, trust }
            }
        })
    }
}

fn against_reference<'a>(setting: &Setting<'a>, reference: Reference) -> Questions<'a> {
    let (ties, catalog, copies) = (setting.options.ties(), setting.catalog, setting.copies());
    let policies = &setting.loaded.deployment.policies;
    let (wanted, otherwise) = match reference.kind {
        ReferenceType::Identity => (PolicyType::IdentityPolicy, "the reference is an identity policy"),
        ReferenceType::Resource => (PolicyType::ResourcePolicy, "the reference is a resource policy"),
    };
    Questions {
        applies: Box::new(move |policy| policy.policy_type == wanted),
        ask: Box::new(move |id, new| {
            let is_trust = policies.get(id.0).is_some_and(|p| kind_of(p) == PolicyKind::Trust);
            let existing = reference.trust.as_ref().filter(|_| is_trust).unwrap_or(&reference.policy);
            copies.write(id, None, || no_new_access_smt2(new, existing, ties));
            vec![result(new, existing, ties, catalog)]
        }),
        otherwise,
    }
}

fn result(new: &CompiledPolicy, existing: &CompiledPolicy, ties: Ties, catalog: &Catalog) -> CheckResult {
    let documents = [new.document(), existing.document()];
    CheckResult::new(CHECK, no_new_access(new, existing, ties), &documents, catalog)
}

fn against_earlier<'a>(setting: &Setting<'a>, base: Option<&str>) -> Result<Questions<'a>, Failure> {
    let deployment = &setting.loaded.deployment;
    let earlier = match base {
        Some(base) => base::load(base, &setting.options.input, setting.loaded, setting.sources, setting.catalog)?,
        None => before_the_plans(setting)?,
    };
    let counterparts = earlier.counterparts(deployment);
    let (ties, catalog, copies) = (setting.options.ties(), setting.catalog, setting.copies());
    let policies = &deployment.policies;
    Ok(Questions {
        applies: Box::new(|_| true),
        ask: Box::new(move |id, new| {
            let Some(policy) = policies.get(id.0) else { return Vec::new() };
            let before = counterparts.get(id.0).map_or(&[][..], Vec::as_slice);
            vec![compare(policy, new, before, &earlier, ties, catalog, &|part, existing| {
                let part = (before.len() > 1).then_some(part);
                copies.write(id, part, || no_new_access_smt2(new, existing, ties));
            })]
        }),
        otherwise: "",
    })
}

/// Compares a policy with each of the earlier ones of which any may be the one that holds. It has to be within all.
fn compare(
    policy: &Policy,
    new: &CompiledPolicy,
    before: &[PolicyId],
    earlier: &Earlier,
    ties: Ties,
    catalog: &Catalog,
    copy: &dyn Fn(usize, &CompiledPolicy),
) -> CheckResult {
    let against = |(number, existing): (usize, Result<CompiledPolicy, String>)| match existing {
        Ok(existing) => {
            copy(number, &existing);
            result(new, &existing, ties, catalog)
        }
        Err(why) => CheckResult::undecided(CHECK, format!("the earlier version can't be read: {why}")),
    };
    let existing = before.iter().filter_map(|id| earlier.deployment().policies.get(id.0));
    let results: Vec<CheckResult> = existing.map(|p| compiled(p, ties)).enumerate().map(against).collect();
    let worst = |r: &CheckResult| match r.verdict {
        Verdict::Fail => 2,
        Verdict::Undecided => 1,
        Verdict::Pass => 0,
    };
    results.into_iter().rev().max_by_key(worst).unwrap_or_else(|| {
        let empty = PolicyDocument::new(nothing());
        against((0, compile(empty, kind_of(policy), ties).map_err(|e| e.to_string())))
    })
}

/// The document that allows nothing.
fn nothing() -> crate::source::Node {
    use crate::source::{Entry, Mapping, Node, NodeKind, SourceId, Span, Text};
    let span = Span::new(SourceId(0), 0, 0);
    let entry = |key: &'static str, value| Entry { key: Text::from_encoded(key), key_span: span, value };
    let statements = Node::new(NodeKind::Sequence(Vec::new()), span);
    Node::new(NodeKind::Mapping(Mapping { entries: vec![entry("Statement", statements)] }), span)
}

fn before_the_plans(setting: &Setting<'_>) -> Result<Earlier, Failure> {
    let loaded = setting.loaded;
    let mut inputs = loaded.deployment.inputs.iter().filter(|i| i.error.is_none());
    if let Some(other) = inputs.find(|i| i.kind != InputKind::TerraformPlan) {
        return Err(Failure::usage(format!("there is nothing to compare `{}` with", other.path)).with_help(
            "give `--reference-policy`, or an earlier version with `--base FILE`, `--base FOLDER` or `--base git:REF`",
        ));
    }
    let before = pipeline::load_before(&setting.options.input, &loaded.found, setting.sources, setting.catalog)?;
    Ok(Earlier::new(before, &[]))
}
