//! Access through access points: what a policy of one lets in to the bucket behind it. Whoever comes from outside has to be let
//! in by both, the access point's policy and the bucket's, which mostly leaves the choice to the owner's access points
//! (`s3:DataAccessPointAccount`).
//!
//! Source: Amazon S3 User Guide, "Configuring IAM policies for using access points", "Creating access points restricted to a
//! virtual private cloud" and "Bucket policies and multi-Region access points"; Service Authorization Reference, condition keys of
//! Amazon S3 and Amazon S3 Express.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::cube::with_statements;
use super::settings::{AllSettings, Settings, is_access_point, nodes_at};
use crate::logic::engine::Access;
use crate::model::{Deployment, Policy, PolicyForm, Resource, ResourceRef};
use crate::policy::{Arn, PolicyDocument, glob};
use crate::source::{Entry, Mapping, Node, NodeKind, Span, Text};

/// Where a type of access point names its bucket or buckets, its VPC, and the prefix of its condition keys.
struct Row {
    resource_type: &'static str,
    bucket: &'static [&'static str],
    vpc: &'static [&'static str],
    keys: &'static str,
    /// False for types whose ARN has a name of AWS's making.
    has_name_in_arn: bool,
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { resource_type: "AWS::S3::AccessPoint", bucket: &["Bucket"], vpc: &["VpcConfiguration", "VpcId"], keys: "s3", has_name_in_arn: true },
    Row { resource_type: "AWS::S3::MultiRegionAccessPoint", bucket: &["Regions", "Bucket"], vpc: &[], keys: "s3", has_name_in_arn: false },
    Row { resource_type: "AWS::S3Express::AccessPoint", bucket: &["Bucket"], vpc: &["VpcConfiguration", "VpcId"], keys: "s3express", has_name_in_arn: true },
    Row { resource_type: "aws_s3_access_point", bucket: &["bucket"], vpc: &["vpc_configuration", "vpc_id"], keys: "s3", has_name_in_arn: true },
    Row { resource_type: "aws_s3control_multi_region_access_point", bucket: &["details", "region", "bucket"], vpc: &[], keys: "s3", has_name_in_arn: false },
];

/// The access points and buckets of a deployment.
pub(super) struct AccessPoints<'a> {
    resources: FxHashMap<&'a ResourceRef, &'a Resource>,
    /// By name and by ARN.
    buckets: FxHashMap<SmolStr, &'a Resource>,
    policies: FxHashMap<&'a ResourceRef, Vec<&'a Policy>>,
}

/// The access point that a policy is one of.
pub(super) struct AccessPoint<'a> {
    /// Its ARN, if it is known at all.
    pub arn: Option<Text>,
    /// The VPC to which it is restricted.
    pub vpc: Option<Text>,
    /// Its own settings; those of the account and bucket come on top.
    pub settings: Settings,
    /// What is behind it.
    pub behind: Vec<Behind<'a>>,
    keys: &'static str,
}

/// A bucket behind an access point.
pub(super) struct Behind<'a> {
    /// As the access point names it.
    pub name: Text,
    /// The bucket, if it is in the inputs.
    pub bucket: Option<&'a Resource>,
    /// All its policies as one; `None` where there is none.
    pub policy: Option<PolicyDocument>,
    /// True if the bucket has a policy whose document is not known.
    pub is_open: bool,
}

impl<'a> AccessPoints<'a> {
    pub(super) fn new(deployment: &'a Deployment) -> AccessPoints<'a> {
        let mut all = AccessPoints {
            resources: FxHashMap::default(),
            buckets: FxHashMap::default(),
            policies: FxHashMap::default(),
        };
        if !deployment.resources.iter().any(|r| is_access_point(&r.id.resource_type)) {
            return all;
        }
        for resource in &deployment.resources {
            all.resources.insert(&resource.id, resource);
            if !is_bucket(&resource.id.resource_type) {
                continue;
            }
            let Some(arn) = &resource.arn else { continue };
            let name = arn.as_str().rsplit_once([':', '/']).map_or(arn.as_str(), |(_, name)| name);
            all.buckets.entry(name.into()).or_insert(resource);
            all.buckets.entry(arn.as_smol().clone()).or_insert(resource);
        }
        for policy in &deployment.policies {
            let of_bucket = policy
                .resource_type
                .as_deref()
                .is_some_and(|t| matches!(t, "AWS::S3::Bucket" | "AWS::S3Express::DirectoryBucket"));
            if of_bucket && policy.form != PolicyForm::Synthesised {
                policy.attached_to.iter().chain([&policy.resource]).for_each(|bucket| {
                    all.policies.entry(bucket).or_default().push(policy);
                });
            }
        }
        all
    }

    /// The access point of a policy, if it is one's.
    pub(super) fn of(&self, policy: &Policy, settings: &AllSettings<'_>) -> Option<AccessPoint<'a>> {
        let mut targets = policy.attached_to.iter().chain([&policy.resource]);
        let (resource, row) = targets.find_map(|target| {
            let row = ROWS.iter().find(|row| row.resource_type == target.resource_type)?;
            Some((*self.resources.get(target)?, row))
        })?;
        let texts = |path: &[&str]| -> Vec<Text> {
            let nodes = resource.properties.iter().flat_map(|properties| nodes_at(properties, path));
            nodes.filter_map(Node::scalar_text).filter(|text| !text.is_empty()).collect()
        };
        let vpc = if row.vpc.is_empty() { None } else { texts(row.vpc).into_iter().next() };
        let behind = texts(row.bucket).into_iter().map(|name| self.behind(name)).collect();
        let settings = settings.of_resource(&resource.id);
        let arn = resource.arn.clone().filter(|_| row.has_name_in_arn);
        Some(AccessPoint { arn, vpc, settings, behind, keys: row.keys })
    }

    fn behind(&self, name: Text) -> Behind<'a> {
        let bucket = self.buckets.get(name.as_smol()).copied();
        let policies = bucket.and_then(|b| self.policies.get(&b.id)).map(Vec::as_slice).unwrap_or_default();
        let documents: Vec<&PolicyDocument> = policies.iter().filter_map(|p| p.document.as_ref()).collect();
        Behind { name, bucket, policy: joined(&documents), is_open: documents.len() < policies.len() }
    }
}

impl Behind<'_> {
    /// The bucket's ARN.
    pub(super) fn arn(&self) -> Text {
        match self.bucket.and_then(|bucket| bucket.arn.clone()) {
            Some(arn) => arn,
            None if self.name.as_str().starts_with("arn:") => self.name.clone(),
            None => Text::from_encoded(format!("arn:aws:s3:::{}", self.name.as_str())),
        }
    }
}

impl AccessPoint<'_> {
    /// What can be done through it.
    pub(super) fn access(&self, bucket: &Text) -> Access {
        let bucket = bucket.as_smol();
        Access {
            actions: vec![SmolStr::new(format!("{}:*", self.keys))],
            resources: vec![bucket.clone(), SmolStr::new(format!("{bucket}/*"))],
        }
    }

    /// The condition keys that every request through it carries.
    pub(super) fn keys(&self, account: &str) -> Vec<(SmolStr, SmolStr)> {
        let key = |name: &str| SmolStr::new(format!("{}:{name}", self.keys));
        let mut keys = vec![(key("DataAccessPointAccount"), SmolStr::new(account))];
        keys.extend(self.arn.as_ref().map(|arn| (key("DataAccessPointArn"), arn.as_smol().clone())));
        let origin = if self.vpc.is_some() { "VPC" } else { "Internet" };
        keys.push((key("AccessPointNetworkOrigin"), origin.into()));
        keys.extend(self.vpc.as_ref().map(|vpc| ("aws:SourceVpc".into(), vpc.as_smol().clone())));
        keys
    }

    /// The access point's policy as one of the bucket: resources that are the access point, and objects through it, are the
    /// bucket and objects in it. Statements keep their places; those about another access point apply to nothing.
    pub(super) fn policy_on_bucket(&self, policy: &PolicyDocument, bucket: &Text) -> PolicyDocument {
        let nodes = policy.statements.iter().filter_map(|statement| {
            let mut mapping = policy.object(statement)?.clone();
            for entry in mapping.entries.iter_mut().filter(|e| e.key == "Resource" || e.key == "NotResource") {
                self.on_bucket(entry, bucket);
            }
            Some(Node::new(NodeKind::Mapping(mapping), statement.span))
        });
        let nodes: Vec<Node> = nodes.collect();
        with_statements(policy, nodes)
    }

    fn on_bucket(&self, entry: &mut Entry, bucket: &Text) {
        let single = std::slice::from_ref(&entry.value);
        let items = entry.value.as_sequence().unwrap_or(single);
        let patterns = items.iter().filter_map(|item| Some((item.as_text()?, item.span)));
        let replaced = patterns.flat_map(|(pattern, span)| {
            let on_bucket = self.residues(pattern);
            let whole = on_bucket.whole.then(|| bucket.clone());
            let objects = on_bucket.objects.into_iter().map(move |rest| object(bucket, &rest, span));
            whole.into_iter().chain(objects).map(move |text| Node::text(text, span))
        });
        entry.value = Node::new(NodeKind::Sequence(replaced.collect()), entry.value.span);
    }

    /// What of a resource pattern is left for the bucket. As everywhere in resources, wildcards stay within their field of the
    /// ARN, and policy variables count in the last field.
    fn residues(&self, pattern: &Text) -> Residues {
        let text = pattern.as_str();
        if text == "*" {
            return Residues { whole: true, objects: vec!["*".into()] };
        }
        let fields = text.matches(':').count();
        let padded = format!("{text}{}", ":*".repeat(5usize.saturating_sub(fields)));
        let Some(asked) = Arn::split(&padded).filter(|_| fields >= 5 || glob::has_wildcard(text)) else {
            return Residues { whole: false, objects: Vec::new() };
        };
        if let Some(own) = self.arn.as_ref().and_then(|arn| Arn::split(arn.as_str())) {
            let pairs = [
                (asked.prefix, own.prefix),
                (asked.partition, own.partition),
                (asked.service, own.service),
                (asked.region, own.region),
                (asked.account, own.account),
            ];
            let is_own = pairs.iter().all(|(pattern, field)| glob::matches(pattern, field));
            let whole = is_own && glob::matches(asked.resource, own.resource);
            let objects = after(asked.resource, &format!("{}/object/", own.resource));
            let is_open = pattern.has_unknown() || self.arn.as_ref().is_some_and(Text::has_unknown);
            match objects {
                Some(objects) if is_own && (whole || !objects.is_empty() || !is_open) => {
                    return Residues { whole, objects };
                }
                Some(_) if !is_open => return Residues { whole: false, objects: Vec::new() },
                _ => {}
            }
        }
        // Names that aren't known may be the access point's: then the form of the ARN has to do.
        match asked.resource.split_once("/object/") {
            Some((_, rest)) => Residues { whole: false, objects: vec![rest.into()] },
            None if asked.resource.ends_with('*') => Residues { whole: true, objects: vec!["*".into()] },
            None => Residues { whole: true, objects: Vec::new() },
        }
    }
}

/// What a pattern on an access point is on the bucket.
struct Residues {
    /// The bucket itself.
    whole: bool,
    /// Patterns of the keys of objects.
    objects: Vec<SmolStr>,
}

/// The patterns of what can follow `prefix` in text that matches `pattern`; `None` where that depends on a policy variable.
fn after(pattern: &str, prefix: &str) -> Option<Vec<SmolStr>> {
    let pattern: Vec<char> = pattern.chars().collect();
    let is_variable = |position: usize| pattern.get(position..).is_some_and(|rest| rest.starts_with(&['$', '{']));
    // Positions in the pattern, each a way to have read the prefix so far.
    let mut at: Vec<usize> = vec![0];
    let skip = |positions: &mut Vec<usize>| {
        // A wildcard can also end without reading anything.
        let mut next = 0;
        while let Some(&position) = positions.get(next) {
            if pattern.get(position) == Some(&'*') && !positions.contains(&(position + 1)) {
                positions.push(position + 1);
            }
            next += 1;
        }
    };
    skip(&mut at);
    for c in prefix.chars() {
        let mut next = Vec::new();
        for &position in &at {
            if is_variable(position) {
                return None;
            }
            let reads = match pattern.get(position) {
                Some('*') => Some(position),
                Some('?') => Some(position + 1),
                Some(&own) if own == c => Some(position + 1),
                _ => None,
            };
            next.extend(reads.filter(|read| !next.contains(read)));
        }
        skip(&mut next);
        at = next;
    }
    let mut rests: Vec<SmolStr> =
        at.into_iter().map(|position| pattern.get(position..).unwrap_or_default().iter().copied().collect()).collect();
    // What one rest covers needs no other.
    rests.sort_by_key(|rest| rest.len());
    let mut kept: Vec<SmolStr> = Vec::new();
    for rest in rests {
        if !kept.iter().any(|other| glob::covers(other, &rest)) {
            kept.retain(|other| !glob::covers(&rest, other));
            kept.push(rest);
        }
    }
    Some(kept)
}

fn object(bucket: &Text, rest: &SmolStr, span: Span) -> Text {
    let rest = Text::from_encoded(format!("/{rest}"));
    Text::concat([(bucket, span), (&rest, span)])
}

fn is_bucket(resource_type: &str) -> bool {
    matches!(
        resource_type,
        "AWS::S3::Bucket" | "AWS::S3Express::DirectoryBucket" | "aws_s3_bucket" | "aws_s3_directory_bucket"
    )
}

/// Several policies of one bucket as one.
fn joined(documents: &[&PolicyDocument]) -> Option<PolicyDocument> {
    let (first, others) = documents.split_first()?;
    if others.is_empty() {
        return Some((*first).clone());
    }
    let statements = documents.iter().flat_map(|document| {
        document.statements.iter().filter_map(|statement| {
            let mapping: Mapping = document.object(statement)?.clone();
            Some(Node::new(NodeKind::Mapping(mapping), statement.span))
        })
    });
    Some(with_statements(first, statements.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_a_prefix_is_told_by_every_way_to_read_it() {
        let rests = |pattern: &str| {
            let rests = after(pattern, "accesspoint/a/object/")?;
            Some(rests.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let some = |rests: &[&str]| Some(rests.iter().map(|&rest| rest.to_owned()).collect::<Vec<_>>());
        assert_eq!(rests("*"), some(&["*"]));
        assert_eq!(rests("accesspoint/a/object/reports/*"), some(&["reports/*"]));
        assert_eq!(rests("accesspoint/*"), some(&["*"]));
        assert_eq!(rests("accesspoint/?/object/x"), some(&["x"]));
        assert_eq!(rests("acc*/x"), some(&["x", "*/x"]));
        assert_eq!(rests("accesspoint/a/object/${aws:username}"), some(&["${aws:username}"]));
        assert_eq!(rests("accesspoint/${aws:username}"), None);
        assert_eq!(rests("accesspoint/b/object/*"), some(&[]));
    }
}
