//! `checks`: the registry of policy checks.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Failure, Outcome, output};
use crate::checks::{Check, CheckOrigin, registry};
use crate::finding::FindingType;

/// List all checks.
#[derive(Debug, Args)]
pub(super) struct Checks {
    /// The form of the list
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// A line a check
    Text,
    /// A JSON array
    Json,
}

impl Checks {
    pub(super) fn run(self) -> Result<Outcome, Failure> {
        let mut checks: Vec<&Check> = registry().collect();
        let rank = |check: &Check| FindingType::ALL.iter().position(|t| *t == check.finding_type);
        checks.sort_by_key(|c| (c.origin == CheckOrigin::Strict, rank(c), c.code));
        let text = match self.format {
            ListFormat::Text => list(&checks),
            ListFormat::Json => json_list(&checks),
        };
        output::print(&text)?;
        Ok(Outcome::Passed)
    }
}

fn list(checks: &[&Check]) -> String {
    let width = checks.iter().map(|c| c.code.len()).max().unwrap_or_default();
    let mut text = String::new();
    for check in checks {
        let strict = if check.origin == CheckOrigin::Strict { " (--strict)" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:width$}  {:16}  {}{strict}", check.code, check.finding_type.as_str(), check.title);
    }
    let _ = writeln!(text, "{} checks", checks.len());
    text
}

fn json_list(checks: &[&Check]) -> String {
    let checks: Vec<_> = checks
        .iter()
        .map(|check| {
            json!({
                "issueCode": check.code,
                "findingType": check.finding_type.as_str(),
                "title": check.title,
                "strict": check.origin == CheckOrigin::Strict,
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(checks))
}
