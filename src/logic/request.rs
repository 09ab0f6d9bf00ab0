//! A request: who asks for which action on which resource, in which context.
//!
//! Source: IAM User Guide, "The request context" and "AWS global condition context keys".

use smol_str::SmolStr;

/// One request as IAM sees it. Strings may hold symbols, encoded as in [`crate::source::Text::as_str`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// `service:Name`; compared without regard to case.
    pub action: SmolStr,
    /// An ARN, or `*` for actions without a resource type.
    pub resource: SmolStr,
    /// The account that owns the resource, where that is known.
    pub resource_account: Option<SmolStr>,
    /// The context keys that the request carries, besides those that follow from the caller.
    pub context: Context,
}

/// Who makes a request. ARNs are complete; `path` and names are parts of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// No credentials.
    Anonymous,
    /// `arn:aws:iam::111122223333:root`.
    Root {
        /// The root user's ARN.
        arn: SmolStr,
    },
    /// `arn:aws:iam::111122223333:user/path/name`.
    User {
        /// The user's ARN.
        arn: SmolStr,
    },
    /// A session of a role.
    Role {
        /// The role's ARN, path included: `arn:aws:iam::111122223333:role/path/name`.
        arn: SmolStr,
        /// The session's name.
        session: SmolStr,
    },
    /// `arn:aws:sts::111122223333:federated-user/name`.
    FederatedUser {
        /// The session's ARN.
        arn: SmolStr,
    },
    /// An AWS service: `sns.amazonaws.com`.
    Service {
        /// The service principal.
        name: SmolStr,
    },
    /// Somebody with a token of an identity provider: the provider's ARN, or a host such as `accounts.google.com`.
    Federated {
        /// The provider.
        provider: SmolStr,
    },
    /// An account or CloudFront identity known by its canonical user id.
    Canonical {
        /// The canonical user id.
        id: SmolStr,
    },
}

/// Context keys with their values. Names are kept as given and found without regard to case. A key without values is
/// as good as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context(Vec<(SmolStr, Vec<SmolStr>)>);

impl Context {
    /// Sets a key, replacing its values.
    pub fn set(&mut self, key: impl Into<SmolStr>, values: Vec<SmolStr>) {
        let key = key.into();
        match self.0.iter_mut().find(|(k, _)| k.eq_ignore_ascii_case(&key)) {
            Some(entry) => entry.1 = values,
            None => self.0.push((key, values)),
        }
    }

    /// The values of a key that is there.
    pub fn get(&self, key: &str) -> Option<&[SmolStr]> {
        self.0.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v.as_slice())
    }

    /// Keys and values, in the order in which they were set.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, &[SmolStr])> {
        self.0.iter().map(|(k, v)| (k, v.as_slice()))
    }

    /// True without any key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Caller {
    /// The caller's own ARN; a role session's is its role's.
    pub fn arn(&self) -> Option<&str> {
        match self {
            Caller::Root { arn } | Caller::User { arn } | Caller::Role { arn, .. } | Caller::FederatedUser { arn } => {
                Some(arn)
            }
            Caller::Anonymous | Caller::Service { .. } | Caller::Federated { .. } | Caller::Canonical { .. } => None,
        }
    }

    /// The account that the caller belongs to.
    pub fn account(&self) -> Option<&str> {
        self.arn()?.split(':').nth(4)
    }

    /// The values of a context key that follows from who the caller is. `Some(&[])` says that this caller never carries
    /// the key; `None`, that the key does not follow from the caller.
    pub fn derived(&self, key: &str) -> Option<Vec<SmolStr>> {
        let is = |name: &str| key.eq_ignore_ascii_case(name);
        let present = |value: Option<&str>| value.map(SmolStr::from).into_iter().collect();
        if is("aws:PrincipalArn") {
            Some(present(self.arn()))
        } else if is("aws:PrincipalAccount") || is("kms:CallerAccount") {
            Some(present(self.account()))
        } else if is("aws:username") {
            Some(match self {
                Caller::User { arn } => present(arn.rsplit('/').next()),
                _ => Vec::new(),
            })
        } else if is("aws:PrincipalType") {
            Some(match self {
                Caller::Anonymous => present(Some("Anonymous")),
                Caller::Root { .. } => present(Some("Account")),
                Caller::User { .. } => present(Some("User")),
                Caller::Role { .. } => present(Some("AssumedRole")),
                Caller::FederatedUser { .. } => present(Some("FederatedUser")),
                Caller::Service { .. } | Caller::Federated { .. } | Caller::Canonical { .. } => Vec::new(),
            })
        } else if is("aws:PrincipalIsAWSService") {
            Some(present(Some(if matches!(self, Caller::Service { .. }) { "true" } else { "false" })))
        } else if is("aws:PrincipalServiceName") {
            Some(match self {
                Caller::Service { name } => present(Some(name)),
                _ => Vec::new(),
            })
        } else {
            None
        }
    }
}

impl Request {
    /// The values of a context key: as the context gives them, else as they follow from the caller. Empty when the
    /// request does not carry the key.
    pub fn values(&self, key: &str) -> Vec<SmolStr> {
        match self.context.get(key) {
            Some(values) => values.to_vec(),
            None => self.caller.derived(key).unwrap_or_default(),
        }
    }
}
