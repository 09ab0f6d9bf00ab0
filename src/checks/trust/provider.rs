//! The two kinds of identity provider that a `Federated` principal names.

use crate::policy::Arn;
use crate::source::Text;

/// A kind of identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provider {
    Saml,
    /// OpenID Connect; a bare domain name stands for one of the built-in providers.
    Oidc,
}

impl Provider {
    /// The kind that a value names; `None` for what names none, or may name either.
    pub fn of(value: &Text) -> Option<Provider> {
        if let Some(arn) = Arn::split(value.as_str()).filter(|a| a.prefix == "arn") {
            let is_name = |rest: &str| !rest.is_empty() && !rest.contains(char::is_whitespace);
            return match arn.resource.split_once('/') {
                Some(("saml-provider", name)) if arn.service == "iam" && is_name(name) => Some(Provider::Saml),
                Some(("oidc-provider", name)) if arn.service == "iam" && is_name(name) => Some(Provider::Oidc),
                _ => None,
            };
        }
        is_domain(value.as_str()).then_some(Provider::Oidc)
    }
}

/// Labels of letters, digits and hyphens between dots, at least two; a path may follow, as issuers have one.
fn is_domain(value: &str) -> bool {
    let (host, path) = value.split_once('/').unwrap_or((value, "x"));
    let label = |l: &str| {
        !l.is_empty()
            && l.len() <= 63
            && !l.starts_with('-')
            && !l.ends_with('-')
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.contains('.') && host.split('.').all(label) && !path.is_empty() && !path.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_told_by_arn_or_domain() {
        for (value, expected) in [
            ("arn:aws:iam::111122223333:saml-provider/Corp", Some(Provider::Saml)),
            (
                "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A",
                Some(Provider::Oidc),
            ),
            ("accounts.google.com", Some(Provider::Oidc)),
            ("arn:aws:iam::111122223333:user/bob", None),
            ("https://accounts.google.com", None),
            ("CorpIdp", None),
            ("a..b", None),
            ("", None),
        ] {
            assert_eq!(Provider::of(&Text::literal(value)), expected, "{value}");
        }
    }
}
