//! `explain CODE`: what a finding means, from the documentation of its check.

use clap::Args;

use super::{Failure, Outcome, output};
use crate::analysis::custom_check::CustomCheck;
use crate::analysis::external_access;
use crate::analysis::unused_access::UnusedAccessCode;
use crate::checks::{CheckOrigin, by_code, registry};

/// Say what a finding's code means.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The issue code, such as PASS_ROLE_WITH_STAR_IN_RESOURCE
    code: String,
}

impl Explain {
    pub(super) fn run(self) -> Result<Outcome, Failure> {
        let code = self.code.trim().replace('-', "_");
        if let Some(check) = CustomCheck::by_code(&code) {
            let (code, title, command) = (check.code(), check.title(), check.command());
            let documentation = check.documentation().trim();
            output::print(&format!("# {code}: {title}\n\nSECURITY_WARNING, with `{command}`\n\n{documentation}\n"))?;
            return Ok(Outcome::Passed);
        }
        if let Some(unused) = UnusedAccessCode::by_code(&code) {
            let (code, title, documentation) = (unused.code, unused.title, unused.documentation.trim());
            output::print(&format!("# {code}: {title}\n\nWARNING, with `unused`\n\n{documentation}\n"))?;
            return Ok(Outcome::Passed);
        }
        if code.eq_ignore_ascii_case(external_access::CODE) {
            let (code, title, documentation) =
                (external_access::CODE, external_access::TITLE, external_access::DOCUMENTATION.trim());
            output::print(&format!(
                "# {code}: {title}\n\nSECURITY_WARNING, with `external-access`\n\n{documentation}\n"
            ))?;
            return Ok(Outcome::Passed);
        }
        let Some(check) = by_code(&code) else {
            let failure = Failure::usage(format!("no check has the code `{}`", self.code));
            return Err(match nearest(&code) {
                Some(nearest) => failure.with_help(format!("did you mean `{nearest}`?")),
                None => failure.with_help("`iam-preflight checks` lists all codes"),
            });
        };
        let strict = match check.origin {
            CheckOrigin::AccessAnalyzer => "",
            CheckOrigin::Strict => ", with `--strict` only",
        };
        let documentation: Vec<&str> =
            check.documentation.lines().map(|l| l.strip_prefix(' ').unwrap_or(l).trim_end()).collect();
        output::print(&format!(
            "# {}: {}\n\n{}{strict}\n\n{}\n",
            check.code,
            check.title,
            check.finding_type.as_str(),
            documentation.join("\n").trim()
        ))?;
        Ok(Outcome::Passed)
    }
}

fn nearest(code: &str) -> Option<&'static str> {
    let wanted = code.to_ascii_uppercase();
    let unused = UnusedAccessCode::ALL.iter().map(|unused| unused.code);
    let codes = || {
        registry()
            .map(|check| check.code)
            .chain(CustomCheck::ALL.map(CustomCheck::code))
            .chain(unused.clone())
            .chain([external_access::CODE])
    };
    let distances = codes().map(|code| (strsim::damerau_levenshtein(code, &wanted), code));
    let begins = codes().find(|code| code.starts_with(&wanted));
    begins.or_else(|| distances.min().filter(|(distance, code)| *distance <= code.len() / 3).map(|(_, code)| code))
}
