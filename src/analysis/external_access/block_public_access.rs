//! What S3's Block Public Access takes back of the grants to a bucket or access point.
//!
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".

use crate::model::{Deployment, Policy, Resource};
use crate::source::Node;

/// The two settings that bear on what stands already; the other two refuse changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BlockPublicAccess {
    /// Grants of ACLs to everybody count for nothing.
    pub ignores_public_acls: bool,
    /// A public policy lets in nobody but services and the owner's account.
    pub restricts_public_buckets: bool,
}

/// Types of separate settings: for one bucket, or for the account.
const OF_BUCKET: &str = "aws_s3_bucket_public_access_block";
const OF_ACCOUNT: &str = "aws_s3_account_public_access_block";

impl BlockPublicAccess {
    /// The settings that hold for what the policy is attached to: its own, or the account's.
    pub(super) fn of(policy: &Policy, deployment: &Deployment) -> BlockPublicAccess {
        let concerned = |r: &&Resource| policy.attached_to.contains(&r.id) || r.id == policy.resource;
        let targets: Vec<&Resource> = deployment.resources.iter().filter(concerned).collect();
        let mut settings = BlockPublicAccess::default();
        for resource in &targets {
            let Some(properties) = &resource.properties else { continue };
            let own = properties.get("PublicAccessBlockConfiguration");
            let block = properties.get("public_access_block_configuration");
            let block = block.map(|b| b.as_sequence().and_then(<[Node]>::first).unwrap_or(b));
            own.iter().chain(&block).for_each(|node| settings.add(node));
        }
        for resource in &deployment.resources {
            let Some(properties) = &resource.properties else { continue };
            let bucket = || properties.get("bucket").and_then(Node::as_text);
            let holds = match resource.id.resource_type.as_str() {
                OF_ACCOUNT => true,
                OF_BUCKET => bucket().is_some_and(|name| targets.iter().any(|t| names(t, name.as_str()))),
                _ => false,
            };
            if holds {
                settings.add(properties);
            }
        }
        settings
    }

    fn add(&mut self, node: &Node) {
        let on = |names: [&str; 2]| {
            let mut given = names.iter().filter_map(|n| node.get(n)).filter_map(Node::scalar_text);
            given.any(|t| t.as_str().eq_ignore_ascii_case("true"))
        };
        self.ignores_public_acls |= on(["IgnorePublicAcls", "ignore_public_acls"]);
        self.restricts_public_buckets |= on(["RestrictPublicBuckets", "restrict_public_buckets"]);
    }
}

/// True if a setting for a bucket of that name is one for the resource.
fn names(resource: &Resource, name: &str) -> bool {
    let arn = resource.arn.as_ref().map(crate::source::Text::as_str).unwrap_or_default();
    arn.split(":::").nth(1).is_some_and(|of_arn| of_arn == name) || arn == name
}
