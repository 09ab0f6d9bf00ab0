//! Every issue code with its headline and its page, whatever finds it: the checks of the registry, the custom policy checks,
//! and the analyses. What `explain`, SARIF's rules and the HTML page say of a code is said here. The organisation's own rules
//! share one code, which has no page.

use std::borrow::Cow;

use super::custom_check::CustomCheck;
use super::risk::Category;
use super::unused_access::UnusedAccessCode;
use super::{escalation, external_access, internal_access};
use crate::checks::{self, Check, CheckOrigin};
use crate::finding::FindingType;

/// An issue code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueCode {
    /// The code.
    pub code: &'static str,
    /// The headline of its findings.
    pub title: &'static str,
    /// How bad they are.
    pub finding_type: FindingType,
    /// The command or option that it needs; nothing for what `validate` always looks for.
    pub with: Option<&'static str>,
    /// The page, Markdown without the headline.
    pub documentation: Cow<'static, str>,
}

impl IssueCode {
    /// That of a code; case is ignored.
    pub fn by_code(code: &str) -> Option<IssueCode> {
        let of_check = checks::by_code(code).map(IssueCode::of_check);
        of_check.or_else(|| analyses().find(|a| a.code.eq_ignore_ascii_case(code)))
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = IssueCode> {
        checks::registry().map(IssueCode::of_check).chain(analyses())
    }

    /// What is found, in one paragraph on one line.
    pub fn description(&self) -> String {
        let paragraphs = self.documentation.split("\n\n").map(str::trim);
        let first = paragraphs.filter(|p| !p.is_empty()).map(|p| match p.strip_prefix('#') {
            // The paragraph may follow its heading at once.
            Some(heading) => heading.split_once('\n').map_or("", |(_, text)| text),
            None => p,
        });
        let first = first.into_iter().find(|p| !p.is_empty()).unwrap_or(self.title);
        first.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn of_check(check: &'static Check) -> IssueCode {
        IssueCode {
            code: check.code,
            title: check.title,
            finding_type: check.finding_type,
            with: (check.origin == CheckOrigin::Strict).then_some("--strict"),
            documentation: check.explanation().into(),
        }
    }
}

/// The codes that are not of the registry.
fn analyses() -> impl Iterator<Item = IssueCode> {
    let custom = CustomCheck::ALL.into_iter().map(|check| IssueCode {
        code: check.code(),
        title: check.title(),
        finding_type: FindingType::SecurityWarning,
        with: Some(check.command()),
        documentation: check.documentation().into(),
    });
    let unused = UnusedAccessCode::ALL.iter().map(|unused| IssueCode {
        code: unused.code,
        title: unused.title,
        finding_type: FindingType::Warning,
        with: Some("unused"),
        documentation: unused.documentation.into(),
    });
    let external = IssueCode {
        code: external_access::CODE,
        title: external_access::TITLE,
        finding_type: FindingType::SecurityWarning,
        with: Some("external-access"),
        documentation: external_access::DOCUMENTATION.into(),
    };
    let internal = IssueCode {
        code: internal_access::CODE,
        title: internal_access::TITLE,
        finding_type: FindingType::Suggestion,
        with: Some("external-access"),
        documentation: internal_access::DOCUMENTATION.into(),
    };
    let escalation = IssueCode {
        code: escalation::CODE,
        title: escalation::TITLE,
        finding_type: FindingType::SecurityWarning,
        with: Some("--escalation"),
        documentation: escalation::DOCUMENTATION.into(),
    };
    let risks = Category::ALL.into_iter().map(|category| IssueCode {
        code: category.code(),
        title: category.title(),
        finding_type: FindingType::Warning,
        with: Some("--risks"),
        documentation: category.documentation().into(),
    });
    custom.chain(unused).chain([external, internal, escalation]).chain(risks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_found_by_its_name_and_says_what_it_is() {
        let mut codes: Vec<&str> = IssueCode::all().map(|c| c.code).collect();
        for code in &codes {
            let found = IssueCode::by_code(&code.to_ascii_lowercase()).expect("a code");
            assert_eq!(found.code, *code);
            let description = found.description();
            assert!(
                description.len() > 10 && description.len() <= 1024 && !description.contains('\n'),
                "{code}: {description}"
            );
            assert!(!description.starts_with('#'), "{code}: {description}");
        }
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
