//! All inputs of a run, from texts to one [`Deployment`]: each is read and told by its content on its own, in
//! parallel where there are many; CloudFormation templates are loaded together, since one can import what another
//! exports. An input that fails is listed with its error and stops no other.

use rayon::prelude::*;

use super::detect::{Candidate, Detected, detect};
use super::{LoadContext, ParsedInput, document};
use crate::model::{Deployment, Input, InputKind, Problem};

/// A file of the run.
#[derive(Debug)]
pub enum FoundInput {
    /// Its text is registered.
    Text(Candidate),
    /// It could not be read.
    Unreadable {
        /// As given or found.
        path: String,
        /// Why.
        problem: Problem,
    },
}

/// What came of the inputs.
#[derive(Debug)]
pub struct Loaded {
    /// Everything in them.
    pub deployment: Deployment,
    /// How many files of a search are none of ours.
    pub passed_over: usize,
}

/// From this many bytes of input on, reading it is shared between threads.
const WORTH_THREADS: usize = 64 << 10;

/// Loads all inputs, in their order.
pub fn load_all(inputs: &[FoundInput], ctx: LoadContext<'_>) -> Loaded {
    let size = |input: &FoundInput| match input {
        FoundInput::Text(candidate) => ctx.sources.get(candidate.source).text().len(),
        FoundInput::Unreadable { .. } => 0,
    };
    let many = inputs.len() > 1 && inputs.iter().map(size).sum::<usize>() >= WORTH_THREADS;
    let loaded: Vec<Step> = if many {
        inputs.par_iter().map(|input| step(input, ctx)).collect()
    } else {
        inputs.iter().map(|input| step(input, ctx)).collect()
    };
    let mut result = Loaded { deployment: Deployment::default(), passed_over: 0 };
    let mut templates = Vec::new();
    let mut order = Vec::with_capacity(loaded.len());
    for step in loaded {
        match step {
            Step::PassedOver => result.passed_over += 1,
            Step::Loaded(deployment) => order.push(Some(deployment)),
            Step::Template(parsed) => {
                templates.push(parsed);
                order.push(None);
            }
        }
    }
    let mut templates = super::cloudformation::load(templates, ctx).into_iter();
    for loaded in order {
        match loaded {
            Some(deployment) => result.deployment.append(*deployment),
            // There is one for each template, in order.
            None => result.deployment.append(templates.next().unwrap_or_default()),
        }
    }
    result
}

/// Loads what was deployed before each plan among the inputs, as the plan itself gives it. Other inputs say nothing of
/// it and are left out.
pub fn load_before_plans(inputs: &[FoundInput], ctx: LoadContext<'_>) -> Deployment {
    let mut before = Deployment::default();
    for input in inputs {
        let FoundInput::Text(candidate) = input else { continue };
        let file = ctx.sources.get(candidate.source);
        if let Detected::Input(InputKind::TerraformPlan, parsed) = detect(candidate, file.text(), ctx) {
            before.append(super::terraform::load_before(&parsed, ctx));
        }
    }
    before
}

enum Step {
    PassedOver,
    Loaded(Box<Deployment>),
    /// Loaded with the other templates.
    Template(ParsedInput),
}

fn step(input: &FoundInput, ctx: LoadContext<'_>) -> Step {
    let candidate = match input {
        FoundInput::Text(candidate) => candidate,
        FoundInput::Unreadable { path, problem } => {
            return Step::Loaded(Box::new(failed(path.clone(), InputKind::Unknown, problem.clone())));
        }
    };
    let file = ctx.sources.get(candidate.source);
    let deployment = match detect(candidate, file.text(), ctx) {
        Detected::Nothing if !candidate.named => return Step::PassedOver,
        Detected::Nothing => failed(candidate.path.clone(), InputKind::Unknown, not_ours()),
        Detected::Failed(kind, problem) => {
            super::unread::hide_defaults(candidate.source, ctx.sources);
            failed(candidate.path.clone(), kind, problem)
        }
        Detected::BrokenDocument(error) => document::load_broken(&candidate.path, candidate.source, error, ctx),
        Detected::Input(InputKind::Cloudformation, parsed) => return Step::Template(parsed),
        Detected::Input(InputKind::PolicyDocument, parsed) => document::load(&parsed, ctx),
        Detected::Input(InputKind::TerraformPlan | InputKind::TerraformState, parsed) => {
            super::terraform::load(&parsed, ctx)
        }
        Detected::Input(InputKind::CdkAssembly, parsed) => super::cloudformation::load_assembly(&parsed, ctx),
        Detected::Input(InputKind::AuthorizationDetails, parsed) => {
            crate::activity::authorization_details::load(&parsed.path, &parsed.root)
        }
        Detected::Input(InputKind::Unknown, parsed) => failed(parsed.path, InputKind::Unknown, not_ours()),
    };
    Step::Loaded(Box::new(deployment))
}

fn not_ours() -> Problem {
    Problem {
        message: "neither a CloudFormation template, nor a Terraform plan or state in JSON, nor a policy document"
            .into(),
        span: None,
        help: Some("give `--policy-type` if it is a policy document".into()),
    }
}

fn failed(path: String, kind: InputKind, problem: Problem) -> Deployment {
    let input = Input { path, kind, error: Some(problem), notices: Vec::new() };
    Deployment { inputs: vec![input], ..Deployment::default() }
}
