//! `INVALID_SERVICE_PRINCIPAL_FORMAT`: invalid service principal format.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values of keys that hold service principals, such as `iam:PassedToService`, that are not of the form
    /// `name.amazonaws.com`; for `kms:ViaService` of the form `name.region.amazonaws.com`.
    ///
    /// ## Why it matters
    ///
    /// The name of a service without the domain, or for KMS without the Region, is never in a request.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "iam:PassRole",
    ///       "Resource": "arn:aws:iam::111122223333:role/app",
    ///       "Condition": {"StringEquals": {"iam:PassedToService": "ec2"}}
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "iam:PassRole",
    ///       "Resource": "arn:aws:iam::111122223333:role/app",
    ///       "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_SERVICE_PRINCIPAL_FORMAT: Error, All, "Invalid service principal format", run
}

/// What the values of a key look like.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// `name.amazonaws.com`
    Principal,
    /// `name.region.amazonaws.com`
    Regional,
}

/// The keys that hold service principals.
const KEYS: &[(&str, Form)] = &[
    ("iam:PassedToService", Form::Principal),
    ("aws:CalledVia", Form::Principal),
    ("aws:CalledViaFirst", Form::Principal),
    ("aws:CalledViaLast", Form::Principal),
    ("aws:PrincipalServiceName", Form::Principal),
    ("aws:PrincipalServiceNamesList", Form::Principal),
    ("kms:ViaService", Form::Regional),
];

/// The domains of the partitions. Source: AWS General Reference and the partitions' own user guides.
const SUFFIXES: &[&str] = &[
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".cloud.adc-e.uk",
    ".csp.hci.ic.gov",
];

impl Form {
    fn fits(self, text: &str) -> bool {
        let Some(name) = SUFFIXES.iter().find_map(|s| text.strip_suffix(s)) else { return false };
        let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !name.split('.').all(label) {
            return false;
        }
        match self {
            Form::Principal => true,
            Form::Regional => name.rsplit_once('.').is_some_and(|(_, region)| looks_like_region(region)),
        }
    }
}

/// `eu-west-1`: at least three parts, the last a number.
fn looks_like_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    parts.len() >= 3
        && parts.last().is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
        && parts.iter().rev().skip(1).all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()))
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let Some(form) = KEYS.iter().find(|(key, _)| used.is(key)).map(|(_, form)| *form) else { continue };
        let Some(base) = used.base().filter(|b| b.family() == OperatorFamily::String) else { continue };
        for (value, text) in used.known_values() {
            let pattern = base.reads_wildcards() && value::has_wildcard(text);
            if pattern || value::references(text).next().is_some() || form.fits(text) {
                continue;
            }
            let expected = match form {
                Form::Principal => "name.amazonaws.com",
                Form::Regional => "name.region.amazonaws.com",
            };
            findings.add(
                used.value_location(value),
                format!("`{text}` is not of the form `{expected}` that `{}` has.", used.shown()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_principals_have_a_domain_and_those_of_kms_a_region() {
        assert!(Form::Principal.fits("ecs-tasks.amazonaws.com"));
        assert!(Form::Principal.fits("delivery.logs.amazonaws.com"));
        assert!(Form::Principal.fits("ec2.amazonaws.com.cn"));
        assert!(!Form::Principal.fits("ec2"));
        assert!(!Form::Principal.fits(".amazonaws.com"));
        assert!(Form::Regional.fits("s3.us-gov-west-1.amazonaws.com"));
        assert!(!Form::Regional.fits("s3.amazonaws.com"));
        assert!(!Form::Regional.fits("us-east-1.amazonaws.com"));
    }
}
