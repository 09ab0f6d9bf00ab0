//! The organisation's own rules, in the language of AWS CloudFormation Guard, over the resolved deployment.
//!
//! - [`rule_file`]: rule files as text, and reading them;
//! - [`view`]: the JSON that rules read; `place` leads back from it to the source;
//! - `evaluation`: the rule engine and its record;
//! - [`packs`]: the rules that are part of the program;
//! - [`unit_test`]: Guard's own unit tests of rules.

mod evaluation;
pub mod packs;
mod place;
pub mod rule_file;
pub mod unit_test;
pub mod view;

use std::sync::Mutex;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use smallvec::smallvec;

use crate::finding::{Finding, Location};
use crate::model::{Deployment, PolicyId};
pub use evaluation::Status;
pub use rule_file::{Rule, RuleFile, read_rules};
use view::View;

/// Rules that could not be read or evaluated.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The file or folder could not be read.
    #[error("could not read the rules `{path}`: {cause}")]
    Unreadable {
        /// The file or folder.
        path: String,
        /// Why.
        cause: std::io::Error,
    },
    /// A folder without rules.
    #[error("no rule files (`*.guard`) in `{0}`")]
    NoRules(String),
    /// No pack of that name.
    #[error("no pack of rules is called `{0}`")]
    NoPack(String),
    /// The rule engine refused the file.
    #[error("rules `{file}`: {cause}")]
    Rejected {
        /// The rule file.
        file: String,
        /// The engine's words.
        cause: String,
    },
    /// The evaluation record is not what this version expects.
    #[error("rules `{0}`: the rule engine's evaluation record could not be read")]
    Record(String),
    /// A file of unit tests is not one.
    #[error("tests `{file}`: {cause}")]
    Tests {
        /// The file.
        file: String,
        /// Why.
        cause: String,
    },
}

/// What rules may ask about besides the deployment itself.
#[derive(Clone, Debug, Default)]
pub struct Context<'a> {
    /// The ids under which the report lists policies, by [`PolicyId`].
    pub policy_ids: &'a [String],
    /// Access from outside the zone of trust.
    pub external_access: Vec<Fact>,
    /// The edges of the access graph.
    pub edges: Vec<Fact>,
}

/// What an analysis found, as rules see it, and where it comes from.
#[derive(Clone, Debug)]
pub struct Fact {
    /// As the JSON report of the analysis has it.
    pub json: serde_json::Value,
    /// The policy that says so.
    pub policy: Option<PolicyId>,
    /// Where it is written.
    pub locations: Vec<Location>,
}

/// Evaluates rules; one finding for each failed clause, in the order of the rules.
///
/// # Errors
///
/// When a rule file has a syntax error or can't be evaluated.
pub fn check(deployment: &Deployment, rules: &[RuleFile], context: &Context<'_>) -> Result<Vec<Finding>, GuardError> {
    let view = View::new(deployment, context);
    let one = |file: &RuleFile| {
        let json = view.json(&[file]).to_string();
        let results = evaluation::evaluate(&json, file)?;
        let mut seen = FxHashSet::default();
        let mut findings = Vec::new();
        for result in results {
            for failure in result.failures {
                // Two clauses with one message at one place are one thing to mend.
                if seen.insert((result.name.clone(), failure.message.clone(), failure.pointer.clone())) {
                    findings.push(finding(&view, file, &result.name, failure));
                }
            }
        }
        Ok(findings)
    };
    let found: Vec<Result<Vec<Finding>, GuardError>> = rules.par_iter().map(one).collect();
    let found: Result<Vec<Vec<Finding>>, GuardError> = found.into_iter().collect();
    Ok(found?.into_iter().flatten().collect())
}

fn finding(view: &View<'_>, file: &RuleFile, name: &str, failure: evaluation::Failure) -> Finding {
    let place = place::locate(view, &failure.pointer);
    let rule = file.rule(name);
    let reason = failure.message.unwrap_or_else(|| format!("the clause `{}` does not hold", failure.clause.trim()));
    let line = rule.map_or(1, |r| r.line);
    let text = rule.and_then(|r| file.text.get(r.range.clone())).unwrap_or_default();
    let policy = place.policy.and_then(|id| view.deployment.policies.get(id.0));
    Finding {
        code: code(name),
        finding_type: rule.map_or(crate::finding::FindingType::Error, |r| r.finding_type),
        title: rule.and_then(Rule::title).unwrap_or("A rule of the organisation is not met").to_owned().into(),
        message: format!("Rule `{name}` ({}:{line}): {}.", file.name, reason.trim().trim_end_matches('.')),
        policy: place.policy,
        when: policy.and_then(|p| p.when.clone()),
        resource: place.resource,
        locations: smallvec![Location { span: place.span, path: place.path, label: None }],
        fix: None,
        evidence: Some(serde_json::json!({
            "rule": name,
            "ruleFile": file.name,
            "ruleLine": line,
            "ruleText": text,
            "clause": failure.clause.trim(),
            "value": failure.value,
        })),
    }
}

/// A rule's name as an issue code. Codes live as long as the program; there are no more of them than rules.
fn code(name: &str) -> &'static str {
    static CODES: Mutex<Option<FxHashSet<&'static str>>> = Mutex::new(None);
    let mut codes = CODES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let codes = codes.get_or_insert_default();
    match codes.get(name) {
        Some(code) => code,
        None => {
            let code: &'static str = Box::leak(name.to_owned().into_boxed_str());
            codes.insert(code);
            code
        }
    }
}
