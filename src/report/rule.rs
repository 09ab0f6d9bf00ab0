//! What a writer says about an issue code besides its findings: the headline, a sentence about it, and its page. A code
//! without a page, that of the organisation's own rules, is known by its findings alone.

use super::Report;
use super::escape::markdown;
use crate::analysis::issue_code::IssueCode;
use crate::finding::{Finding, FindingType};

/// An issue code, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub code: &'static str,
    pub finding_type: FindingType,
    pub title: String,
    /// What is found, in a few sentences.
    pub description: String,
    /// All there is to say, as Markdown of our own. Without a page: the headline.
    pub help: String,
    /// Where the project's documentation has it.
    pub page: String,
}

impl Rule {
    /// The rule that a finding breaks.
    pub(super) fn of(finding: &Finding) -> Rule {
        let title = finding.title.to_string();
        let (description, help) = match IssueCode::by_code(finding.code) {
            Some(code) => (code.description(), code.documentation.trim().to_owned()),
            None => (title.clone(), markdown::text(&title)),
        };
        Rule {
            code: finding.code,
            finding_type: finding.finding_type,
            title,
            description,
            help,
            page: Report::learn_more(finding),
        }
    }
}
