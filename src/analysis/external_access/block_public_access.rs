//! What S3's Block Public Access takes back of the grants to a bucket or access point.
//!
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage".

use rustc_hash::FxHashMap;

use crate::model::{Deployment, Policy, ResourceRef};
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

/// The settings of a deployment, by what they hold for.
#[derive(Debug, Default)]
pub(super) struct Blocks<'a> {
    account: BlockPublicAccess,
    of_resource: FxHashMap<&'a ResourceRef, BlockPublicAccess>,
    /// By the bucket's name or ARN, for settings that are resources of their own.
    of_name: FxHashMap<&'a str, BlockPublicAccess>,
    arns: FxHashMap<&'a ResourceRef, &'a str>,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(deployment: &'a Deployment) -> Blocks<'a> {
        let mut blocks = Blocks::default();
        for resource in &deployment.resources {
            let Some(properties) = &resource.properties else { continue };
            match resource.id.resource_type.as_str() {
                OF_ACCOUNT => blocks.account.add(properties),
                OF_BUCKET => {
                    if let Some(name) = properties.get("bucket").and_then(Node::as_text) {
                        blocks.of_name.entry(name.as_str()).or_default().add(properties);
                    }
                }
                kind if kind.contains("S3") || kind.contains("_s3") => {
                    let own = properties.get("PublicAccessBlockConfiguration");
                    let block = properties.get("public_access_block_configuration");
                    let block = block.map(|b| b.as_sequence().and_then(<[Node]>::first).unwrap_or(b));
                    let settings = blocks.of_resource.entry(&resource.id).or_default();
                    own.iter().chain(&block).for_each(|node| settings.add(node));
                    if let Some(arn) = &resource.arn {
                        blocks.arns.insert(&resource.id, arn.as_str());
                    }
                }
                _ => {}
            }
        }
        blocks
    }

    /// The settings that hold for what the policy is attached to: its own, or the account's.
    pub(super) fn of(&self, policy: &Policy) -> BlockPublicAccess {
        let mut settings = self.account;
        for target in policy.attached_to.iter().chain([&policy.resource]) {
            let arn = self.arns.get(target).copied().unwrap_or_default();
            let name = arn.split(":::").nth(1).unwrap_or_default();
            let own = self.of_resource.get(target);
            for more in own.into_iter().chain(self.of_name.get(name)).chain(self.of_name.get(arn)) {
                settings.ignores_public_acls |= more.ignores_public_acls;
                settings.restricts_public_buckets |= more.restricts_public_buckets;
            }
        }
        settings
    }
}

impl BlockPublicAccess {
    fn add(&mut self, node: &Node) {
        let on = |names: [&str; 2]| {
            let mut given = names.iter().filter_map(|n| node.get(n)).filter_map(Node::scalar_text);
            given.any(|t| t.as_str().eq_ignore_ascii_case("true"))
        };
        self.ignores_public_acls |= on(["IgnorePublicAcls", "ignore_public_acls"]);
        self.restricts_public_buckets |= on(["RestrictPublicBuckets", "restrict_public_buckets"]);
    }
}
