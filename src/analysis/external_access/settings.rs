//! What the settings of buckets and access points take back of what is granted: S3's Block Public Access and Object Ownership.
//!
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage" (of access points all four settings are on
//! unless they are turned off), "Controlling ownership of objects and disabling ACLs for your bucket", and "Security for
//! directory buckets" (public access is always blocked there).

use rustc_hash::FxHashMap;

use crate::model::{Deployment, Policy, Resource, ResourceRef};
use crate::source::{Node, NodeKind};

/// The settings that hold for one bucket or access point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings {
    /// Grants of ACLs to everybody count for nothing.
    pub ignores_public_acls: bool,
    /// A public policy lets in nobody but services and the owner's account.
    pub restricts_public_buckets: bool,
    /// A public policy is refused. Set only where the setting is made together with the policy's resource.
    pub refuses_public_policies: bool,
    /// ACLs grant nothing at all.
    pub disables_acls: bool,
}

/// Types of separate settings: for one bucket, or for the account.
const OF_BUCKET: &str = "aws_s3_bucket_public_access_block";
const OF_ACCOUNT: &str = "aws_s3_account_public_access_block";
const OWNERSHIP: &str = "aws_s3_bucket_ownership_controls";
/// Where other types keep theirs.
const BLOCKS: [&[&str]; 3] =
    [&["PublicAccessBlockConfiguration"], &["public_access_block_configuration"], &["details", "public_access_block"]];

/// The settings of a deployment, by what they hold for.
#[derive(Debug, Default)]
pub(super) struct AllSettings<'a> {
    account: Settings,
    of_resource: FxHashMap<&'a ResourceRef, Settings>,
    /// By the bucket's name or ARN, for settings that are resources of their own.
    of_name: FxHashMap<&'a str, Settings>,
    arns: FxHashMap<&'a ResourceRef, &'a str>,
}

impl<'a> AllSettings<'a> {
    pub(super) fn new(deployment: &'a Deployment) -> AllSettings<'a> {
        let mut all = AllSettings::default();
        for resource in &deployment.resources {
            let Some(properties) = &resource.properties else { continue };
            match resource.id.resource_type.as_str() {
                OF_ACCOUNT => all.account.add(properties),
                OF_BUCKET => {
                    if let Some(name) = properties.get("bucket").and_then(Node::as_text) {
                        all.of_name.entry(name.as_str()).or_default().add(properties);
                    }
                }
                OWNERSHIP => {
                    if let Some(name) = properties.get("bucket").and_then(Node::as_text) {
                        let enforced = nodes_at(properties, &["rule", "object_ownership"]).any(is_enforced);
                        all.of_name.entry(name.as_str()).or_default().disables_acls |= enforced;
                    }
                }
                kind if kind.contains("S3") || kind.contains("_s3") => {
                    let settings = all.of_resource.entry(&resource.id).or_default();
                    *settings = if is_access_point(kind) {
                        Settings::of_access_point(resource)
                    } else {
                        Settings::of_bucket(properties)
                    };
                    if let Some(arn) = &resource.arn {
                        all.arns.insert(&resource.id, arn.as_str());
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// The settings that hold for what the policy is attached to: its own, or the account's.
    pub(super) fn of(&self, policy: &Policy) -> Settings {
        let targets = policy.attached_to.iter().chain([&policy.resource]);
        targets.fold(self.account, |settings, target| settings.and(self.of_resource(target)))
    }

    /// The settings of a resource and of the account.
    pub(super) fn of_resource(&self, target: &ResourceRef) -> Settings {
        let arn = self.arns.get(target).copied().unwrap_or_default();
        let name = arn.split(":::").nth(1).unwrap_or_default();
        let own = self.of_resource.get(target);
        let all = own.into_iter().chain(self.of_name.get(name)).chain(self.of_name.get(arn));
        all.fold(self.account, |settings, more| settings.and(*more))
    }
}

impl Settings {
    /// Both at once.
    pub(super) fn and(self, other: Settings) -> Settings {
        Settings {
            ignores_public_acls: self.ignores_public_acls || other.ignores_public_acls,
            restricts_public_buckets: self.restricts_public_buckets || other.restricts_public_buckets,
            refuses_public_policies: self.refuses_public_policies || other.refuses_public_policies,
            disables_acls: self.disables_acls || other.disables_acls,
        }
    }

    fn of_bucket(properties: &Node) -> Settings {
        let mut settings = Settings::default();
        for block in BLOCKS.iter().flat_map(|path| nodes_at(properties, path)) {
            settings.add(block);
            settings.refuses_public_policies |= is(block, ["BlockPublicPolicy", "block_public_policy"], "true");
        }
        settings.disables_acls =
            nodes_at(properties, &["OwnershipControls", "Rules", "ObjectOwnership"]).any(is_enforced);
        settings
    }

    /// What is not turned off is on.
    fn of_access_point(resource: &Resource) -> Settings {
        let blocks = || resource.properties.iter().flat_map(|p| BLOCKS.iter().flat_map(|path| nodes_at(p, path)));
        let on = |names: [&str; 2]| !blocks().any(|block| is(block, names, "false"));
        Settings {
            ignores_public_acls: on(["IgnorePublicAcls", "ignore_public_acls"]),
            restricts_public_buckets: on(["RestrictPublicBuckets", "restrict_public_buckets"]),
            refuses_public_policies: on(["BlockPublicPolicy", "block_public_policy"]),
            disables_acls: false,
        }
    }

    fn add(&mut self, node: &Node) {
        self.ignores_public_acls |= is(node, ["IgnorePublicAcls", "ignore_public_acls"], "true");
        self.restricts_public_buckets |= is(node, ["RestrictPublicBuckets", "restrict_public_buckets"], "true");
    }
}

fn is(node: &Node, names: [&str; 2], value: &str) -> bool {
    let mut given = names.iter().filter_map(|n| node.get(n)).filter_map(Node::scalar_text);
    given.any(|t| t.as_str().eq_ignore_ascii_case(value))
}

fn is_enforced(node: &Node) -> bool {
    node.as_str() == Some("BucketOwnerEnforced")
}

/// True for the types of access points to buckets, but not for those of Object Lambda, which lead to a function.
pub(super) fn is_access_point(resource_type: &str) -> bool {
    matches!(
        resource_type,
        "AWS::S3::AccessPoint"
            | "AWS::S3::MultiRegionAccessPoint"
            | "AWS::S3Express::AccessPoint"
            | "aws_s3_access_point"
            | "aws_s3control_multi_region_access_point"
    )
}

/// The values at a path of keys, through lists.
pub(super) fn nodes_at<'n>(node: &'n Node, path: &[&str]) -> impl Iterator<Item = &'n Node> + use<'n> {
    fn walk<'n>(node: &'n Node, path: &[&str], found: &mut Vec<&'n Node>) {
        match (&node.kind, path.split_first()) {
            (NodeKind::Sequence(items), _) => items.iter().for_each(|item| walk(item, path, found)),
            (_, None) => found.push(node),
            (_, Some((key, rest))) => node.get(key).into_iter().for_each(|inner| walk(inner, rest, found)),
        }
    }
    let mut found = Vec::new();
    walk(node, path, &mut found);
    found.into_iter()
}
