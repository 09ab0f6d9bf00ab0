//! The organisation's own rules, in the language of AWS CloudFormation Guard, over the resolved deployment.
//!
//! Rules read the JSON view that [`view`] describes. The rule engine is the `cfn-guard` crate, with its known faults
//! worked round: its short report is cut at 8 KiB, so the whole evaluation record is asked for and read; it knows no
//! lines of JSON input, so places are found again through the view.

mod evaluation;
pub mod view;

use std::path::{Path, PathBuf};

use crate::finding::{Finding, FindingType, Location};
use crate::model::{Deployment, PolicyId};

/// The issue code of a failed rule.
pub const CODE: &str = "GUARD_RULE";

/// A file of Guard rules.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// As messages name it.
    pub name: String,
    /// Its text.
    pub text: String,
}

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
}

/// Reads rule files: a file, or all `*.guard` files of a folder and its subfolders, in the order of their names.
///
/// # Errors
///
/// When a file can't be read, or a folder holds none.
pub fn read_rules(path: &Path) -> Result<Vec<RuleFile>, GuardError> {
    let unreadable = |path: &Path, cause| GuardError::Unreadable { path: path.display().to_string(), cause };
    let files: Vec<PathBuf> = if path.is_dir() {
        let walk = ignore::WalkBuilder::new(path).sort_by_file_path(Ord::cmp).build();
        let files = walk.filter_map(Result::ok).map(ignore::DirEntry::into_path);
        files.filter(|f| f.extension().is_some_and(|e| e == "guard")).collect()
    } else {
        vec![path.to_owned()]
    };
    if files.is_empty() {
        return Err(GuardError::NoRules(path.display().to_string()));
    }
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).map_err(|cause| unreadable(file, cause))?;
        Ok(RuleFile { name: file.display().to_string(), text })
    };
    files.iter().map(read).collect()
}

/// Evaluates rules; one finding for each failed clause, in the order of the rules.
///
/// `policy_id` gives the id under which the report lists a policy.
///
/// # Errors
///
/// When a rule file has a syntax error or can't be evaluated.
pub fn check(
    deployment: &Deployment,
    rules: &[RuleFile],
    policy_id: &dyn Fn(PolicyId) -> String,
) -> Result<Vec<Finding>, GuardError> {
    let view = view::of(deployment, policy_id).to_string();
    let mut findings = Vec::new();
    for file in rules {
        for failure in evaluation::failures(&view, file)? {
            findings.push(finding(deployment, file, failure));
        }
    }
    Ok(findings)
}

fn finding(deployment: &Deployment, file: &RuleFile, failure: evaluation::Failure) -> Finding {
    let place = view::locate(deployment, &failure.pointer);
    let reason = failure.message.unwrap_or_else(|| format!("the clause `{}` does not hold", failure.clause.trim()));
    Finding {
        code: CODE,
        finding_type: FindingType::Error,
        title: "A rule of the organisation is not met".into(),
        message: format!("Rule {} of {}: {}", failure.rule, file.name, reason.trim()),
        policy: place.policy,
        when: place.policy.and_then(|id| deployment.policies.get(id.0)?.when.clone()),
        resource: place.resource,
        locations: smallvec::smallvec![Location { span: place.span, path: place.path, label: None }],
        fix: None,
        evidence: Some(serde_json::json!({
            "rule": failure.rule, "ruleFile": file.name, "clause": failure.clause.trim(), "value": failure.value,
        })),
    }
}
