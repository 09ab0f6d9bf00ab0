//! What a writer says about an issue code besides its findings: the headline, a sentence about it, and its page. The
//! texts are those of `explain`. A code of the organisation's own rules is known by its findings alone.

use super::Report;
use super::escape::markdown;
use crate::analysis::custom_check::CustomCheck;
use crate::analysis::external_access;
use crate::analysis::unused_access::UnusedAccessCode;
use crate::checks::{self, documentation::Documentation};
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
        let (description, help) = match page(finding.code) {
            Some(page) => page,
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

/// The description and the whole page of a code of ours.
fn page(code: &str) -> Option<(String, String)> {
    if let Some(check) = checks::by_code(code) {
        return Some((one_line(&Documentation::of(check).what_it_does), check.explanation()));
    }
    let text = if let Some(check) = CustomCheck::by_code(code) {
        check.documentation()
    } else if let Some(unused) = UnusedAccessCode::by_code(code) {
        unused.documentation
    } else if code == external_access::CODE {
        external_access::DOCUMENTATION
    } else {
        return None;
    };
    let text = text.trim();
    let first = text.split("\n\n").find(|part| !part.starts_with('#')).unwrap_or(text);
    Some((one_line(first), text.to_owned()))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
