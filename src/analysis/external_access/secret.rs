//! Secrets under the key that AWS manages: no other account can use that key, so whatever a secret's policy says, others can
//! neither read nor write its value.
//!
//! Source: AWS Secrets Manager User Guide, "Access AWS Secrets Manager secrets from a different account" (the secret has to be
//! encrypted with a customer managed key) and "Secret encryption and decryption" (which calls use the key).

use rustc_hash::FxHashSet;

use super::ExternalAccess;
use crate::model::{Deployment, ResourceRef};
use crate::source::{Node, NodeKind};

/// Actions that decrypt the value or encrypt a new one.
const USE_THE_KEY: &[&str] =
    &["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecret"];

/// The name of the key that AWS manages.
const MANAGED_KEY: &str = "alias/aws/secretsmanager";

/// The secrets of a deployment that are under that key.
pub(super) struct Secrets<'a> {
    under_managed_key: FxHashSet<&'a ResourceRef>,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(deployment: &'a Deployment) -> Secrets<'a> {
        let key = |resource_type: &str| match resource_type {
            "AWS::SecretsManager::Secret" => Some("KmsKeyId"),
            "aws_secretsmanager_secret" => Some("kms_key_id"),
            _ => None,
        };
        let is_managed = |node: Option<&Node>| match node.map(|n| (&n.kind, n)) {
            None | Some((NodeKind::Null, _)) => true,
            Some((_, node)) => node.as_str().is_some_and(|k| k.is_empty() || k.ends_with(MANAGED_KEY)),
        };
        let of_managed = deployment.resources.iter().filter(|resource| {
            key(&resource.id.resource_type)
                .is_some_and(|key| resource.properties.as_ref().is_some_and(|p| is_managed(p.get(key))))
        });
        Secrets { under_managed_key: of_managed.map(|resource| &resource.id).collect() }
    }

    /// Takes off what needs the key, and says so.
    pub(super) fn take_back(&self, found: &mut Vec<ExternalAccess>, notices: &mut Vec<String>) {
        let uses_key = |action: &str| USE_THE_KEY.iter().any(|a| a.eq_ignore_ascii_case(action));
        for access in found.iter_mut().filter(|a| self.under_managed_key.contains(&a.resource)) {
            let before = access.actions.len();
            access.actions.retain(|action| !uses_key(action));
            if access.actions.len() < before {
                let notice = format!(
                    "`{}` is encrypted with the key that AWS manages, which no other account can use: its value is out of \
                     reach from outside, whatever its policy says",
                    access.resource.id
                );
                if !notices.contains(&notice) {
                    notices.push(notice);
                }
            }
        }
        found.retain(|access| access.witness.is_err() || !access.actions.is_empty());
    }
}
