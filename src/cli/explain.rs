//! `explain CODE`: what a finding means, from the documentation of its check.

use clap::Args;

use super::{Failure, Outcome, output};
use crate::analysis::issue_code::IssueCode;

/// Say what a finding's code means.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The issue code, such as PASS_ROLE_WITH_STAR_IN_RESOURCE
    code: String,
}

impl Explain {
    pub(super) fn run(self) -> Result<Outcome, Failure> {
        let code = self.code.trim().replace('-', "_");
        let Some(found) = IssueCode::by_code(&code) else {
            let failure = Failure::usage(format!("no check has the code `{}`", self.code));
            return Err(match nearest(&code) {
                Some(nearest) => failure.with_help(format!("did you mean `{nearest}`?")),
                None => failure.with_help("`iam-preflight checks` lists all codes"),
            });
        };
        let with = match found.with {
            Some("--strict") => ", with `--strict` only".to_owned(),
            Some(with) => format!(", with `{with}`"),
            None => String::new(),
        };
        let (code, title, documentation) = (found.code, found.title, found.documentation.trim());
        output::print(&format!("# {code}: {title}\n\n{}{with}\n\n{documentation}\n", found.finding_type.as_str()))?;
        Ok(Outcome::Passed)
    }
}

fn nearest(code: &str) -> Option<&'static str> {
    let wanted = code.to_ascii_uppercase();
    let codes = || IssueCode::all().map(|c| c.code);
    let distances = codes().map(|code| (strsim::damerau_levenshtein(code, &wanted), code));
    let begins = codes().find(|code| code.starts_with(&wanted));
    begins.or_else(|| distances.min().filter(|(distance, code)| *distance <= code.len() / 3).map(|(_, code)| code))
}
