//! Condition keys that come from an identity provider's token: `accounts.google.com:aud`, `saml:sub`.
//!
//! Source: IAM User Guide, "IAM and AWS STS condition context keys", and the shape of OIDC provider ARNs.

/// A key of an identity provider: the provider and its claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// Host and path of an OIDC provider, or `saml`.
    pub provider: &'a str,
    /// `aud`, `sub`, …
    pub name: &'a str,
}

/// GitHub's OIDC provider.
pub const GITHUB: &str = "token.actions.githubusercontent.com";

/// The providers that IAM knows without an OIDC provider resource.
pub const BUILT_IN_PROVIDERS: &[&str] =
    &["accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com"];

impl<'a> Claim<'a> {
    /// Reads a key. A prefix is a provider's if it is `saml` or has a dot: no service prefix has one.
    pub fn of(key: &'a str) -> Option<Claim<'a>> {
        let (provider, name) = key.split_once(':')?;
        let claim = Claim { provider, name };
        (claim.is_saml() || provider.contains('.')).then_some(claim)
    }

    /// True for SAML's claims.
    pub fn is_saml(&self) -> bool {
        self.provider.eq_ignore_ascii_case("saml")
    }

    /// True for the audience of an OIDC token.
    pub fn is_oidc_audience(&self) -> bool {
        !self.is_saml() && self.name.eq_ignore_ascii_case("aud")
    }

    /// True for the subject of an OIDC token.
    pub fn is_oidc_subject(&self) -> bool {
        !self.is_saml() && self.name.eq_ignore_ascii_case("sub")
    }

    /// True for one of [`BUILT_IN_PROVIDERS`].
    pub fn is_built_in(&self) -> bool {
        BUILT_IN_PROVIDERS.iter().any(|p| p.eq_ignore_ascii_case(self.provider))
    }
}

/// The OIDC provider that a `Federated` value names: the domain, or what follows `oidc-provider/` in an ARN.
pub fn oidc_provider(federated: &str) -> Option<&str> {
    if let Some((arn, provider)) = federated.split_once(":oidc-provider/") {
        return (arn.starts_with("arn:") && !provider.is_empty()).then_some(provider);
    }
    (!federated.contains(':') && federated.contains('.')).then_some(federated)
}

/// True for GitHub's provider, also with the path of an enterprise.
pub fn is_github(provider: &str) -> bool {
    let host = provider.split('/').next().unwrap_or_default();
    host.eq_ignore_ascii_case(GITHUB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_with_a_dot_and_saml_are_providers() {
        assert_eq!(Claim::of("accounts.google.com:aud").map(|c| c.name), Some("aud"));
        assert!(Claim::of("SAML:aud").is_some_and(|c| c.is_saml() && !c.is_oidc_audience()));
        assert_eq!(Claim::of("s3:prefix"), None);
        assert_eq!(Claim::of("accounts.google.com"), None);
    }

    #[test]
    fn providers_are_read_from_domains_and_arns() {
        assert_eq!(oidc_provider("www.amazon.com"), Some("www.amazon.com"));
        assert_eq!(oidc_provider("arn:aws:iam::111122223333:oidc-provider/a.b/id/C"), Some("a.b/id/C"));
        assert_eq!(oidc_provider("arn:aws:iam::111122223333:saml-provider/Corp"), None);
        assert!(is_github("token.actions.githubusercontent.com/octo"));
        assert!(!is_github("gitlab.com"));
    }
}
