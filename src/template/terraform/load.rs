//! From a plan or state to a [`Deployment`].

use smol_str::SmolStr;

use super::address::Mode;
use super::attachments::Attachments;
use super::expressions::{align, placed};
use super::grants::{Grant, Granted};
use super::hcl::ModuleSource;
use super::locations::{self, GrantLocation, PolicyLocation, PolicyRole, TRUST_RESOURCE_TYPE};
use super::plan::{self, Instance, Instances, Stage};
use super::resolve::Resolver;
use super::sources::ModuleTree;
use super::values::Masked;
use crate::model::{
    Deployment, Input, InputId, InputKind, Policy, PolicyForm, PolicyId, Problem, Resource, ResourceRef,
};
use crate::policy::{PolicyDocument, PolicyType};
use crate::source::{Entry, Mapping, Node, NodeKind, ReadError, Span, Text, json};
use crate::template::{LoadContext, ParsedInput};

/// Loads what a plan makes, or what a state holds.
pub fn load(input: &ParsedInput, ctx: LoadContext<'_>) -> Deployment {
    load_stage(input, Stage::After, ctx)
}

/// Loads what was deployed before a plan.
pub fn load_before(input: &ParsedInput, ctx: LoadContext<'_>) -> Deployment {
    load_stage(input, Stage::Before, ctx)
}

/// Evaluating sources goes deep: values refer to values of other resources and modules, each through expressions that
/// may be nested themselves. Both are bounded, and their product needs more stack than a thread has by itself.
const STACK: usize = 256 << 20;

fn load_stage(input: &ParsedInput, stage: Stage, ctx: LoadContext<'_>) -> Deployment {
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("terraform".to_owned()).stack_size(STACK);
        match builder.spawn_scoped(scope, || load_here(input, stage, ctx)).map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(deployment)) => deployment,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            // No memory for such a stack: what is at hand has to do.
            Err(_) => load_here(input, stage, ctx),
        }
    })
}

fn read_sources(
    input: &ParsedInput,
    instances: &Instances<'_>,
    ctx: LoadContext<'_>,
    record: &mut Input,
) -> Option<ModuleTree> {
    // The sources belong to the plan if they declare a resource or module of it.
    let declares = |source: &ModuleSource| {
        instances.all.iter().any(|i| match i.address.module.0.first() {
            Some(step) => source.module_calls.contains_key(&step.name),
            None if i.address.mode == Mode::Data => source.data(&i.address.resource_type, &i.address.name).is_some(),
            None => source.resource(&i.address.resource_type, &i.address.name).is_some(),
        })
    };
    let (mut tree, problem) = ModuleTree::read(&input.path, ctx, declares)?;
    // The plan is analysed all the same, but not as well as it could be.
    let mut unreadable = tree.unreadable.drain(..);
    record.error = unreadable.next();
    record.notices.extend(unreadable);
    record.notices.append(&mut tree.problems);
    record.notices.extend(problem);
    Some(tree)
}

fn load_here(input: &ParsedInput, stage: Stage, ctx: LoadContext<'_>) -> Deployment {
    let kind = plan::looks_like(&input.root).unwrap_or(InputKind::Unknown);
    let mut deployment = Deployment {
        inputs: vec![Input { path: input.path.clone(), kind, error: None, notices: Vec::new() }],
        ..Deployment::default()
    };
    let mut record = Input { path: input.path.clone(), kind, error: None, notices: Vec::new() };
    if let Err(problem) = plan::check_format(&input.root) {
        record.error = Some(problem);
        deployment.inputs = vec![record];
        return deployment;
    }
    if let Some(NodeKind::Bool(true)) = input.root.get("errored").map(|n| &n.kind) {
        let mut problem = Problem::new("planning ended with an error, so the plan is not whole");
        problem.span = input.root.get("errored").map(|n| n.span);
        record.notices.push(problem);
    }
    let mut instances = Instances::read(&input.root, stage);
    record.notices.append(&mut instances.problems);
    let tree = match stage {
        Stage::After => read_sources(input, &instances, ctx, &mut record),
        // The sources say what will be, not what was.
        Stage::Before => None,
    };
    let resolver = Resolver::new(&input.root, SmolStr::new(&input.path), instances, tree.as_ref(), ctx);
    let mut loader = Loader { resolver: &resolver, deployment, attachments: Attachments::new(&resolver) };
    for (id, instance) in resolver.instances.all.iter().enumerate() {
        if instance.address.mode == Mode::Managed {
            loader.add_resource(id, instance);
        }
    }
    let Loader { mut deployment, attachments, .. } = loader;
    attachments.follow(&mut deployment);
    deployment.inputs = vec![record];
    deployment
}

struct Loader<'r, 'a> {
    resolver: &'r Resolver<'a>,
    deployment: Deployment,
    attachments: Attachments<'r, 'a>,
}

/// A policy document as it was found.
struct Found {
    document: Option<PolicyDocument>,
    gaps: Vec<Problem>,
    syntax_error: Option<ReadError>,
    span: Span,
}

impl<'a> Loader<'_, 'a> {
    fn add_resource(&mut self, id: usize, instance: &Instance<'a>) {
        let properties = self.resolver.properties(id);
        let resource_type = instance.address.resource_type.as_str();
        for location in locations::policies_of(resource_type) {
            self.add_policies(id, instance, location);
        }
        for location in locations::grants_of(resource_type) {
            self.add_grant(id, instance, location, properties.as_ref());
        }
        self.attachments.add_principal(id, instance, &mut self.deployment);
        let has_arn = instance.masked().key("arn").is_set() || super::arns::format_of(resource_type, "arn").is_some();
        self.deployment.resources.push(Resource {
            id: reference(instance),
            input: InputId(0),
            span: Some(self.resolver.source_block(&instance.address).map_or(instance.span, |(_, header)| header)),
            arn: has_arn.then(|| self.resolver.text(id, "arn")).flatten(),
            properties,
            when: None,
            construct_path: None,
        });
    }

    /// True for an attribute of a deployed resource that the configuration does not set: the provider read it back, and
    /// the resource that does set it (`aws_s3_bucket_policy`, …) is judged by itself.
    fn is_read_back(&self, instance: &Instance<'a>, attribute: &str) -> bool {
        let block = self.resolver.configuration.block(&instance.address);
        instance.existed && block.is_some() && !self.resolver.is_configured(&instance.address, attribute)
    }

    fn add_policies(&mut self, id: usize, instance: &Instance<'a>, location: &PolicyLocation) {
        let masked = instance.masked();
        match location.attribute.split_once('.') {
            None => {
                let part = masked.key(location.attribute);
                let found = self.top_level(id, instance, location.attribute, part);
                let name = SmolStr::new_static(location.attribute);
                found.into_iter().for_each(|f| self.push(id, instance, location, name.clone(), f));
            }
            Some((block, attribute)) => {
                let blocks = masked.key(block);
                if blocks.is_unknown() && self.resolver.is_configured(&instance.address, block) {
                    let gap = format!("the blocks `{block}` are not known before apply");
                    let found = Found {
                        document: None,
                        gaps: vec![Problem::new(gap)],
                        syntax_error: None,
                        span: instance.span,
                    };
                    return self.push(id, instance, location, SmolStr::new(block), found);
                }
                for (i, item) in blocks.items().into_iter().enumerate() {
                    let part = item.key(attribute);
                    let name = item.key("name").value.and_then(Node::as_str).map(SmolStr::new);
                    let name = name.unwrap_or_else(|| format!("{block}[{i}]").into());
                    if let Some(found) = self.nested(instance, block, i, attribute, part) {
                        self.push(id, instance, location, name, found);
                    }
                }
            }
        }
    }

    /// The policy in an attribute of the resource itself.
    fn top_level(&mut self, id: usize, instance: &Instance<'a>, name: &str, part: Masked<'a>) -> Option<Found> {
        if part.is_sensitive() {
            // The sources tell which part is the secret; the rest can be read.
            let sourced = self.resolver.sourced(&instance.address, name).filter(Node::has_unknown);
            return Some(match sourced {
                Some(node) => self.read(&node, Vec::new()),
                None => sensitive(part.value.map_or(instance.span, |v| v.span)),
            });
        }
        if part.is_unknown() {
            let resolver = self.resolver;
            // Without a configuration nothing tells whether the provider alone computes it.
            if !resolver.configuration.is_empty()
                && resolver.configuration.block(&instance.address).is_some()
                && !resolver.is_configured(&instance.address, name)
            {
                return None;
            }
            resolver.gaps.borrow_mut().clear();
            let node = resolver.attribute(id, name)?;
            let gaps = std::mem::take(&mut *resolver.gaps.borrow_mut());
            return Some(self.read_guessed(&node, gaps));
        }
        if self.is_read_back(instance, name) {
            return None;
        }
        let found = self.read_known(part.value?)?;
        let resolver = self.resolver;
        match resolver.source_span(&instance.address, name) {
            Some(place) => Some(self.at_source(found, resolver.sourced(&instance.address, name).as_ref(), place)),
            None => Some(found),
        }
    }

    /// The policy of the plan with the places of its source, so far as the source gives the same.
    fn at_source(&self, found: Found, sourced: Option<&Node>, place: Span) -> Found {
        let Found { document, mut gaps, .. } = found;
        let text = sourced.and_then(|n| n.as_text().map(|t| (t, n.span)));
        let source = text.and_then(|(t, span)| json::read_embedded(t, span, self.resolver.ctx.limits).ok());
        let document = document.map(|d| {
            PolicyDocument::new(match &source {
                Some(source) => align(d.root(), source),
                None => placed(d.root(), place),
            })
        });
        gaps.iter_mut().for_each(|g| g.span = Some(place));
        Found { document, gaps, syntax_error: None, span: place }
    }

    /// The policy in an attribute of a nested block.
    fn nested(
        &mut self,
        instance: &Instance<'a>,
        block: &str,
        i: usize,
        name: &str,
        part: Masked<'a>,
    ) -> Option<Found> {
        if part.is_sensitive() {
            return Some(sensitive(part.value.map_or(instance.span, |v| v.span)));
        }
        if part.is_unknown() {
            let resolver = self.resolver;
            let configured = resolver.configuration.block(&instance.address);
            let blocks = plan::sequence(configured.and_then(|b| b.at(&["expressions", block])));
            let expression = blocks.get(i).filter(|_| blocks.len() > i).and_then(|b| b.get(name));
            resolver.gaps.borrow_mut().clear();
            let only = blocks.len() == 1;
            let node = expression.filter(|_| only).and_then(|e| resolver.expression(e, &instance.address.module, name));
            let sourced = || self.sourced_block(instance, block, i, name, None).and_then(|n| n.get(name).cloned());
            let node = sourced().or(node);
            let gaps = std::mem::take(&mut *resolver.gaps.borrow_mut());
            return Some(match node {
                Some(node) => self.read_guessed(&node, gaps),
                None => not_known(instance.span, None),
            });
        }
        let found = self.read_known(part.value?)?;
        let Some(sourced) = self.sourced_block(instance, block, i, name, found.document.as_ref()) else {
            return Some(found);
        };
        Some(self.at_source(found, sourced.get(name), sourced.get(name).map_or(sourced.span, |n| n.span)))
    }

    /// The source of a nested block. Blocks are sets in the plan, so it is the one that says the same, or else the one
    /// at the same place among as many.
    fn sourced_block(
        &self,
        instance: &Instance<'a>,
        block: &str,
        i: usize,
        name: &str,
        document: Option<&PolicyDocument>,
    ) -> Option<Node> {
        let blocks = self.resolver.sourced_blocks(&instance.address, block, &["name", name])?;
        let same = document.and_then(|d| {
            blocks.iter().find(|b| {
                let text = b.get(name).and_then(Node::as_text);
                let read = text.and_then(|t| json::read_embedded(t, b.span, self.resolver.ctx.limits).ok());
                read.is_some_and(|r| r.same_value(d.root()))
            })
        });
        let count = instance.masked().key(block).items().len();
        same.or_else(|| blocks.get(i).filter(|_| blocks.len() == count)).cloned()
    }

    fn read_known(&self, value: &Node) -> Option<Found> {
        match &value.kind {
            NodeKind::Null => None,
            NodeKind::String(text) if text.as_str().trim().is_empty() => None,
            _ => Some(self.read(value, Vec::new())),
        }
    }

    /// Reads a document whose value is not in the plan. The plan lists what an expression refers to, not what it makes
    /// of it: `jsonencode({… aws_s3_bucket.b.arn …})` looks as `aws_s3_bucket.b.arn` does. A text that is no JSON is
    /// therefore not the policy, and no fault of it.
    fn read_guessed(&self, value: &Node, gaps: Vec<Problem>) -> Found {
        let found = self.read(value, gaps);
        if found.syntax_error.is_some() { not_known(found.span, None) } else { found }
    }

    /// Reads a document from JSON text, or from an object.
    fn read(&self, value: &Node, mut gaps: Vec<Problem>) -> Found {
        let span = value.span;
        let Some(text) = value.as_text() else {
            return match value.as_mapping() {
                Some(_) => Found { document: Some(PolicyDocument::new(value.clone())), gaps, syntax_error: None, span },
                None => {
                    gaps.push(Problem::at(format!("policy is a {}, not a JSON string", value.type_name()), span));
                    Found { document: None, gaps, syntax_error: None, span }
                }
            };
        };
        if let Some(symbol) = text.as_symbol() {
            let mut found = not_known(span, Some(&symbol.info().name));
            gaps.append(&mut found.gaps);
            return Found { document: None, gaps, syntax_error: None, span };
        }
        match json::read_embedded(text, span, self.resolver.ctx.limits) {
            Ok(root) => Found { document: Some(PolicyDocument::new(root)), gaps, syntax_error: None, span },
            Err(e) => {
                let mut problem = Problem::from(e.clone());
                problem.message = format!("policy is not valid JSON: {}", problem.message);
                gaps.push(problem);
                Found { document: None, gaps, syntax_error: Some(e), span }
            }
        }
    }

    fn push(&mut self, id: usize, instance: &Instance<'a>, location: &PolicyLocation, name: SmolStr, found: Found) {
        let resolver = self.resolver;
        let mut gaps = found.gaps;
        let mut document = found.document;
        let (policy_type, resource_type, form) = match location.role {
            PolicyRole::Identity(form) => (PolicyType::IdentityPolicy, None, form),
            PolicyRole::Trust => (PolicyType::ResourcePolicy, Some(TRUST_RESOURCE_TYPE), PolicyForm::Resource),
            PolicyRole::Resource(protected) => (PolicyType::ResourcePolicy, Some(protected), PolicyForm::Resource),
            PolicyRole::Organizations => {
                let kind = resolver.text(id, "type");
                let policy_type = match kind.as_ref().map(Text::known) {
                    None | Some(Some("SERVICE_CONTROL_POLICY")) => PolicyType::ServiceControlPolicy,
                    Some(Some("RESOURCE_CONTROL_POLICY")) => PolicyType::ResourceControlPolicy,
                    // Tag, backup, chatbot and other policies are not IAM's.
                    Some(Some(_)) => return,
                    Some(None) => {
                        document = None;
                        gaps.push(Problem::at("the type of the policy is not known before apply", found.span));
                        PolicyType::ServiceControlPolicy
                    }
                };
                (policy_type, None, PolicyForm::Managed)
            }
        };
        let target = self.attachments.protected(id, instance, location.protects, location.protected_types);
        let resource_type = match (resource_type, target.as_ref().map(|t| t.resource_type.as_str())) {
            (Some("AWS::S3::Bucket"), Some("aws_s3_directory_bucket")) => Some("AWS::S3Express::DirectoryBucket"),
            (Some("AWS::DynamoDB::Table"), _) if self.names(id, location.protects, "/stream/") => {
                Some("AWS::DynamoDB::Stream")
            }
            (Some("AWS::Kinesis::Stream"), _) if self.names(id, location.protects, "/consumer/") => {
                Some("AWS::Kinesis::StreamConsumer")
            }
            (other, _) => other,
        };
        let policy = PolicyId(self.deployment.policies.len());
        self.deployment.policies.push(Policy {
            input: InputId(0),
            resource: reference(instance),
            attached_to: target.into_iter().collect(),
            name,
            policy_type,
            resource_type: resource_type.map(SmolStr::new_static),
            form,
            document,
            gaps,
            syntax_error: found.syntax_error,
            span: Some(found.span),
            when: None,
            is_own: true,
        });
        self.attachments.add_policy(id, instance, location, policy);
    }

    fn names(&self, id: usize, attribute: &str, part: &str) -> bool {
        !attribute.is_empty() && self.resolver.text(id, attribute).is_some_and(|t| t.as_str().contains(part))
    }

    fn add_grant(&mut self, id: usize, instance: &Instance<'a>, location: &GrantLocation, properties: Option<&Node>) {
        let Some(properties) = properties else { return };
        let (outer, _) = location.attribute.split_once('.').unwrap_or((location.attribute, ""));
        let dynamic = || self.resolver.sourced_blocks(&instance.address, outer, &[]).is_some_and(|b| !b.is_empty());
        if self.is_read_back(instance, outer) && !dynamic() {
            return;
        }
        let part = instance.masked().key(outer);
        if !part.is_set() || (part.is_unknown() && !self.resolver.is_configured(&instance.address, outer)) {
            // A launch permission names a group or an organization instead of an account.
            let other = ["group", "organization_arn", "organizational_unit_arn"];
            let is_image = instance.address.resource_type == "aws_ami_launch_permission";
            // `aws_cloudwatch_event_permission` and others have a default for what they would name.
            if !is_image || !other.iter().any(|name| instance.masked().key(name).is_set()) {
                return;
            }
        }
        let properties = &self.at_sources(instance, properties);
        let target = self.attachments.protected(id, instance, location.protects, location.protected_types);
        let protected = self.protected_arn(id, instance, location, target.as_ref());
        let span = part.value.map_or(instance.span, |v| v.span);
        let block = self.resolver.source_block(&instance.address).map_or(instance.span, |(_, header)| header);
        let span = self.resolver.source_span(&instance.address, outer).unwrap_or(span);
        let granted = Grant { properties, protected, span: block }.statements(location.form);
        let (document, gaps) = match granted {
            Granted::Nothing => return,
            Granted::Statements(statements) => (Some(document(statements, block)), Vec::new()),
            Granted::Unwritable(why) => (None, vec![Problem::at(why, span)]),
        };
        self.deployment.policies.push(Policy {
            input: InputId(0),
            resource: reference(instance),
            attached_to: target.into_iter().collect(),
            name: SmolStr::new_static(location.attribute),
            policy_type: PolicyType::ResourcePolicy,
            resource_type: Some(SmolStr::new_static(location.protected)),
            form: PolicyForm::Synthesised,
            document,
            gaps,
            syntax_error: None,
            span: Some(span),
            when: None,
            is_own: true,
        });
    }

    /// The attributes of an instance with the places of their sources.
    fn at_sources(&self, instance: &Instance<'a>, properties: &Node) -> Node {
        let mut node = properties.clone();
        if let NodeKind::Mapping(m) = &mut node.kind {
            for e in &mut m.entries {
                let place = self.resolver.source_span(&instance.address, e.key.as_str());
                if let Some(source) = place.and_then(|_| self.resolver.sourced(&instance.address, e.key.as_str())) {
                    e.value = align(&e.value, &source);
                }
            }
        }
        node
    }

    /// The ARN of what a grant protects: of the resource it names, or made from the name as far as that is possible.
    fn protected_arn(
        &self,
        id: usize,
        instance: &Instance<'a>,
        location: &GrantLocation,
        target: Option<&ResourceRef>,
    ) -> Text {
        let resolver = self.resolver;
        let arn_of = |id: usize| {
            let types = ["arn", "db_snapshot_arn", "db_cluster_snapshot_arn"];
            types.into_iter().find_map(|name| resolver.text(id, name))
        };
        let arn = target.and_then(|t| resolver.instances.at(&t.id)).and_then(arn_of);
        if let Some(arn) = arn {
            return arn;
        }
        let named = if location.protects.is_empty() { None } else { resolver.text(id, location.protects) };
        let (region, account) = (resolver.region(&instance.address), resolver.account(&instance.address));
        let partition = resolver.partition();
        let made = |parts: &[&str]| Text::from_encoded(parts.concat());
        let arn = |service: &str, region: &str, account: &str, resource: &str| {
            made(&["arn:", partition.as_str(), ":", service, ":", region, ":", account, ":", resource])
        };
        match named {
            Some(name) if name.as_str().starts_with("arn:") => name,
            Some(name) => match location.protected {
                "AWS::Lambda::Function" => {
                    arn("lambda", region.as_str(), account.as_str(), &format!("function:{}", name.as_str()))
                }
                "AWS::Lambda::LayerVersion" => {
                    arn("lambda", region.as_str(), account.as_str(), &format!("layer:{}:*", name.as_str()))
                }
                "AWS::S3::Bucket" => arn("s3", "", "", name.as_str()),
                "AWS::KMS::Key" => arn("kms", region.as_str(), account.as_str(), &format!("key/{}", name.as_str())),
                "AWS::EC2::Image" => arn("ec2", region.as_str(), "", &format!("image/{}", name.as_str())),
                "AWS::EC2::Snapshot" => arn("ec2", region.as_str(), "", &format!("snapshot/{}", name.as_str())),
                "AWS::Events::EventBus" => {
                    arn("events", region.as_str(), account.as_str(), &format!("event-bus/{}", name.as_str()))
                }
                _ => Text::from_encoded("*"),
            },
            None if location.protected == "AWS::Events::EventBus" => {
                arn("events", region.as_str(), account.as_str(), "event-bus/default")
            }
            // The object's own ARN when the ACL is an object's; else the resource itself, whatever its ARN.
            None => arn_of(id).unwrap_or_else(|| Text::from_encoded("*")),
        }
    }
}

fn document(statements: Vec<Node>, span: Span) -> PolicyDocument {
    let entry = |key: &'static str, value: Node| Entry { key: Text::from_encoded(key), key_span: span, value };
    let entries = vec![
        entry("Version", Node::string("2012-10-17", span)),
        entry("Statement", Node::new(NodeKind::Sequence(statements), span)),
    ];
    PolicyDocument::new(Node::new(NodeKind::Mapping(Mapping { entries }), span))
}

fn sensitive(span: Span) -> Found {
    let problem = Problem::at("the policy is marked sensitive, so its value is not read", span);
    Found { document: None, gaps: vec![problem], syntax_error: None, span }
}

fn not_known(span: Span, name: Option<&str>) -> Found {
    let message = match name {
        Some(name) => format!("`{name}` is not known before apply"),
        None => "the policy is not known before apply".to_owned(),
    };
    let mut problem = Problem::at(message, span);
    problem.help = Some("give the folder of the Terraform sources, from which the document is rebuilt".to_owned());
    Found { document: None, gaps: vec![problem], syntax_error: None, span }
}

/// Names an instance.
pub(super) fn reference(instance: &Instance<'_>) -> ResourceRef {
    ResourceRef { id: instance.text.clone(), resource_type: instance.address.resource_type.clone() }
}
