//! The documentation of a check, taken apart: its doc comment has fixed headings, and its examples are policies.
//!
//! A fence says what kind of policy its example is: ` ```json RESOURCE_POLICY AWS::S3::Bucket `, or nothing for an
//! identity-based policy. `statements=80` means the statement shown, 80 times over (the checks of sizes).

use crate::checks::Check;
use crate::policy::PolicyType;

/// The sections of a check's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Documentation {
    /// What is found.
    pub what_it_does: String,
    /// Why it is reported.
    pub why_it_matters: String,
    /// A policy in which it is found.
    pub example: Option<Example>,
    /// What to write: Markdown, with a policy or without.
    pub use_instead: String,
    /// The policy of `use_instead`.
    pub instead: Option<Example>,
}

/// A policy of the documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The text in the fence.
    pub text: String,
    /// Its type.
    pub policy_type: PolicyType,
    /// For resource policies: the CloudFormation type of the resource.
    pub resource_type: Option<String>,
    /// How often its statement is meant to be repeated.
    pub statements: usize,
}

impl Example {
    /// The policy as it is meant, statements repeated.
    pub fn policy(&self) -> String {
        if self.statements == 1 {
            return self.text.clone();
        }
        let is_statement = |l: &&str| l.trim_start().starts_with("{\"Effect\"");
        let Some(statement) = self.text.lines().find(is_statement) else { return self.text.clone() };
        let repeated = vec![statement.trim_end(); self.statements].join(",\n");
        self.text.replacen(statement, &repeated, 1)
    }

    fn read(info: &str, text: String) -> Example {
        let mut example = Example { text, policy_type: PolicyType::IdentityPolicy, resource_type: None, statements: 1 };
        for word in info.split_whitespace().skip(1) {
            match word {
                "RESOURCE_POLICY" => example.policy_type = PolicyType::ResourcePolicy,
                "SERVICE_CONTROL_POLICY" => example.policy_type = PolicyType::ServiceControlPolicy,
                "RESOURCE_CONTROL_POLICY" => example.policy_type = PolicyType::ResourceControlPolicy,
                _ => match word.strip_prefix("statements=").and_then(|n| n.parse().ok()) {
                    Some(n) => example.statements = n,
                    None if word.contains("::") => example.resource_type = Some(word.to_owned()),
                    None => {}
                },
            }
        }
        example
    }
}

impl Documentation {
    /// Takes a check's documentation apart.
    pub fn of(check: &Check) -> Documentation {
        let text = check.explanation();
        let section = |heading: &str| {
            let after = text.split_once(&format!("## {heading}\n")).map_or("", |(_, after)| after);
            after.split("\n## ").next().unwrap_or(after).trim().to_owned()
        };
        let use_instead = section("Use instead");
        Documentation {
            what_it_does: section("What it does"),
            why_it_matters: section("Why it matters"),
            example: fence(&section("Example")),
            instead: fence(&use_instead),
            use_instead,
        }
    }
}

/// The first JSON fence of a text.
fn fence(text: &str) -> Option<Example> {
    let after = &text[text.find("```json")? + 3..];
    let (info, rest) = after.split_once('\n')?;
    let (body, _) = rest.split_once("```")?;
    Some(Example::read(info, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_says_what_kind_of_policy_it_holds() {
        let example =
            fence("Text.\n\n```json RESOURCE_POLICY AWS::S3::Bucket statements=3\n{\n  {\"Effect\": 1}\n}\n```\n")
                .unwrap();
        assert_eq!(example.policy_type, PolicyType::ResourcePolicy);
        assert_eq!(example.resource_type.as_deref(), Some("AWS::S3::Bucket"));
        assert_eq!(example.policy().matches("Effect").count(), 3);
        assert_eq!(fence("no fence"), None);
    }
}
