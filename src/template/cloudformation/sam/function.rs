//! `AWS::Serverless::Function`: the function, its execution role, version and alias, and what its event sources need.

use smol_str::{SmolStr, format_smolstr};

use super::construct::{At, Generated};
use super::intrinsic::{branches, given, is_no_value, resolve, resolve_deep, resolved_bool, resolved_string};
use super::role::Role;
use super::{Expansion, SamResource, logical_id};
use crate::source::{Entry, Mapping, Node};

/// Properties that the Lambda function has under the same name.
const COPIED: [&str; 26] = [
    "FunctionName",
    "Handler",
    "Runtime",
    "Description",
    "MemorySize",
    "Timeout",
    "VpcConfig",
    "Environment",
    "KmsKeyArn",
    "ReservedConcurrentExecutions",
    "Layers",
    "FileSystemConfigs",
    "ImageConfig",
    "PackageType",
    "Architectures",
    "SnapStart",
    "EphemeralStorage",
    "CodeSigningConfigArn",
    "RuntimeManagementConfig",
    "LoggingConfig",
    "TenancyConfig",
    "RecursiveLoop",
    "DurableConfig",
    "FunctionScalingConfig",
    "PublishToLatestPublished",
    "Role",
];

/// What a traced function or state machine may do in the partition `aws`; in the others SAM takes the newer
/// `AWSXRayDaemonWriteAccess`.
pub(super) const TRACING_POLICY: &str = "AWSXrayWriteOnlyAccess";

/// What event sources invoke: a function or its alias.
#[derive(Clone, Debug)]
pub(super) struct Invoked {
    /// The logical id of the SAM function; ids of what events generate begin with it.
    pub function: SmolStr,
    /// The logical id of the function or of its alias.
    pub id: SmolStr,
    pub is_alias: bool,
    /// What everything generated for events takes over from the function.
    pub attributes: Vec<Entry>,
}

impl Invoked {
    /// Name of the function, or ARN of the alias.
    pub fn name_or_arn(&self, at: At) -> Node {
        at.reference(&self.id)
    }

    pub fn arn(&self, at: At) -> Node {
        if self.is_alias { at.reference(&self.id) } else { at.get_att(&self.id, "Arn") }
    }

    /// The ARN as a variable of `Fn::Sub`.
    pub fn arn_variable(&self) -> String {
        if self.is_alias { format!("${{{}}}", self.id) } else { format!("${{{}.Arn}}", self.id) }
    }
}

impl Expansion<'_> {
    pub fn function(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let mut generated = Vec::new();
        let mut function = Generated::new(sam.id.clone(), "AWS::Lambda::Function", sam.at, sam.attributes());
        function.copy(&sam.properties, &COPIED);
        let code = self.code(sam);
        function.set_some("Code", code.clone());
        function.set("Tags", sam.at.tags(Some(("lambda:createdBy", "SAM")), sam.get("Tags")));
        if let Some(mode) = sam.get("Tracing").filter(|_| self.is_traced(sam)) {
            function.set("TracingConfig", sam.place("Tracing").map([("Mode", mode.clone())]));
        }
        if let Some(arn) = sam.get("DeadLetterQueue").and_then(|q| q.get("TargetArn")) {
            function.set("DeadLetterConfig", sam.place("DeadLetterQueue").map([("TargetArn", arn.clone())]));
        }
        if let Some(config) = sam.get("CapacityProviderConfig").and_then(Node::as_mapping) {
            let at = sam.place("CapacityProviderConfig");
            let renamed = config.iter().map(|e| match e.key.as_str() {
                "Arn" => at.entry("CapacityProviderArn", e.value.clone()),
                _ => e.clone(),
            });
            let inner = at.mapping(renamed.collect());
            function.set("CapacityProviderConfig", at.map([("LambdaManagedInstancesCapacityProviderConfig", inner)]));
        }

        let mut invoked =
            Invoked { function: sam.id.clone(), id: sam.id.clone(), is_alias: false, attributes: sam.passed_on() };
        let mut published = Vec::new();
        let mut alias_name = None;
        if let Some(alias) = sam.get("AutoPublishAlias") {
            let (name, resources) = self.version_and_alias(sam, alias, code.as_ref(), &function);
            if let Some(alias) = resources.last() {
                invoked.id = alias.id.clone();
                invoked.is_alias = true;
            }
            alias_name = Some(name);
            published = resources;
        }
        self.add_deployment(sam, invoked.is_alias);
        if let Some(config) = sam.get("FunctionUrlConfig") {
            self.function_url(sam, config, &invoked, &mut generated);
        }

        let mut role = self.execution_role(sam);
        if let Some(config) = sam.get("EventInvokeConfig") {
            let policies = self.event_invoke_config(sam, config, alias_name, &invoked, &mut generated);
            role.policies.extend(policies);
        }
        if let Some(policies) = sam.get("Policies") {
            self.add_policies(&mut role, policies);
        }
        let has_role = self.choose_role(sam, &mut function, &mut role);
        let mut resources = vec![function];
        resources.append(&mut published);
        self.function_events(sam, &invoked, &mut role, &mut generated);
        if has_role {
            resources.push(role.into_resource());
        }
        resources.append(&mut generated);
        self.propagate_tags(sam, &mut resources);
        resources
    }

    /// True unless tracing is off; a mode that is not known counts as on.
    fn is_traced(&self, sam: &SamResource<'_>) -> bool {
        sam.get("Tracing").is_some_and(|t| {
            resolved_string(t, self.parameters).is_none_or(|mode| mode != "Disabled" && !mode.is_empty())
        })
    }

    /// The role with all that SAM adds of itself, `Policies` not yet in it.
    fn execution_role(&mut self, sam: &SamResource<'_>) -> Role {
        let trust = match sam.get("AssumeRolePolicyDocument") {
            Some(document) => document.clone(),
            None => sam.at.trust_service("lambda.amazonaws.com"),
        };
        let mut role = Role::new(format_smolstr!("{}Role", sam.id), sam.at, sam.passed_on(), trust);
        role.resource.set_some("Path", sam.get("RolePath").cloned());
        role.resource.set_some("PermissionsBoundary", sam.get("PermissionsBoundary").cloned());
        role.resource.set("Tags", sam.at.tags(Some(("lambda:createdBy", "SAM")), sam.get("Tags")));
        let basic = match sam.get("DurableConfig") {
            Some(_) => "service-role/AWSLambdaBasicDurableExecutionRolePolicy",
            None => "service-role/AWSLambdaBasicExecutionRole",
        };
        role.managed.push(sam.at.managed_policy_arn(basic));
        if self.is_traced(sam) {
            role.managed.push(sam.place("Tracing").managed_policy_arn(TRACING_POLICY));
        }
        if sam.get("VpcConfig").is_some_and(|v| v.as_mapping().is_none_or(|m| !m.is_empty())) {
            let at = sam.place("VpcConfig");
            role.managed.push(at.managed_policy_arn("service-role/AWSLambdaVPCAccessExecutionRole"));
        }
        if let Some(queue) = sam.get("DeadLetterQueue") {
            let at = sam.place("DeadLetterQueue");
            let action = match queue.get("Type").and_then(Node::as_str) {
                Some("SQS") => Some("sqs:SendMessage"),
                Some("SNS") => Some("sns:Publish"),
                _ => None,
            };
            match (action, queue.get("TargetArn")) {
                (Some(action), Some(arn)) => {
                    let statement = at.map([
                        ("Effect", at.string("Allow")),
                        ("Action", at.string(action)),
                        ("Resource", arn.clone()),
                    ]);
                    role.policies.push(at.inline_policy("DeadLetterQueuePolicy", at.document([statement])));
                }
                _ => self.notice(sam, "`DeadLetterQueue` needs `Type` (`SQS` or `SNS`) and `TargetArn`", at),
            }
        }
        role
    }

    /// Gives the function its role; false if it has one of its own. With `Role: !If [c, arn, !Ref AWS::NoValue]` the
    /// generated role exists only where there is no other.
    fn choose_role(&mut self, sam: &SamResource<'_>, function: &mut Generated, role: &mut Role) -> bool {
        let arn = sam.at.get_att(&role.resource.id, "Arn");
        let Some(own) = sam.get("Role") else {
            function.set("Role", arn);
            return true;
        };
        let own = resolve(own, self.parameters);
        let at = sam.place("Role");
        let Some((condition, when_true, when_false)) = branches(&own) else { return false };
        let name = condition.as_str().unwrap_or_default();
        match (is_no_value(when_true), is_no_value(when_false)) {
            (true, true) => function.set("Role", arn),
            (true, false) => {
                role.resource.set_attribute("Condition", condition.clone());
                function.set("Role", at.choose(condition.clone(), arn, when_false.clone()));
            }
            (false, true) => {
                let negated = format!("NOT{name}");
                role.resource.set_attribute("Condition", at.string(&negated));
                self.add_condition(&negated, at.combine_conditions("Fn::Not", [name]), at);
                function.set("Role", at.choose(condition.clone(), when_true.clone(), arn));
            }
            (false, false) => return false,
        }
        true
    }

    fn code(&mut self, sam: &SamResource<'_>) -> Option<Node> {
        if let Some(inline) = sam.get("InlineCode") {
            return Some(sam.place("InlineCode").map([("ZipFile", inline.clone())]));
        }
        if let Some(image) = sam.get("ImageUri") {
            return Some(sam.place("ImageUri").map([("ImageUri", image.clone())]));
        }
        s3_location(sam.get("CodeUri")?, ["S3Bucket", "S3Key", "S3ObjectVersion"])
    }

    /// The alias's name, and the version and alias.
    fn version_and_alias(
        &mut self,
        sam: &SamResource<'_>,
        alias: &Node,
        code: Option<&Node>,
        function: &Generated,
    ) -> (Node, Vec<Generated>) {
        let at = sam.place("AutoPublishAlias");
        let (name, part_of_id) = match resolved_string(alias, self.parameters) {
            Some(name) => (at.string(&name), name),
            None => {
                self.notice(sam, "the value of `AutoPublishAlias` is not known", at);
                (alias.clone(), alias.get("Ref").and_then(Node::as_str).unwrap_or_default().to_owned())
            }
        };
        let mut attributes = sam.passed_on();
        let version_id = self.version_id(sam, code, function);
        let mut version = Generated::new(version_id, "AWS::Lambda::Version", at, attributes.clone());
        if !attributes.iter().any(|a| a.key == "DeletionPolicy") {
            let policy = match sam.get("VersionDeletionPolicy") {
                Some(policy) => policy.clone(),
                None if sam.get("CapacityProviderConfig").is_some() => at.string("Delete"),
                None => at.string("Retain"),
            };
            version.set_attribute("DeletionPolicy", policy);
        }
        version.set("FunctionName", at.reference(&sam.id));
        version.set_some("Description", sam.get("VersionDescription").cloned());

        let part_of_id = part_of_id.replace('-', "D").replace('_', "U");
        let id = format_smolstr!("{}Alias{part_of_id}", sam.id);
        let mut resource = Generated::new(id, "AWS::Lambda::Alias", at, std::mem::take(&mut attributes));
        resource.set("Name", name.clone());
        resource.set("FunctionName", at.reference(&sam.id));
        resource.set("FunctionVersion", at.get_att(&version.id, "Version"));
        resource.set_some("ProvisionedConcurrencyConfig", sam.get("ProvisionedConcurrencyConfig").cloned());
        (name, vec![version, resource])
    }

    /// The version's logical id changes with the code, so that each deployment of new code publishes a version.
    fn version_id(&self, sam: &SamResource<'_>, code: Option<&Node>, function: &Generated) -> SmolStr {
        let prefix = format!("{}Version", sam.id);
        if let Some(hash) = sam.get("AutoPublishCodeSha256").and_then(|h| resolved_string(h, self.parameters)) {
            let hash: String = hash.chars().take(10).collect();
            return format_smolstr!("{prefix}{hash}");
        }
        let at = sam.at;
        let all = sam.get("AutoPublishAliasAllProperties").and_then(|b| resolved_bool(b, self.parameters));
        let data = if all == Some(true) {
            at.mapping(function.properties.clone())
        } else {
            let mut entries: Vec<Entry> = match code.map(|c| resolve_deep(c, self.parameters).kind) {
                Some(crate::source::NodeKind::Mapping(map)) => map.entries,
                _ => Vec::new(),
            };
            entries
                .extend(sam.get("Environment").and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter).cloned());
            entries.extend(sam.get("MemorySize").map(|m| at.entry("MemorySize", m.clone())));
            let snap_start =
                sam.get("SnapStart").filter(|s| s.get("ApplyOn").is_some_and(|a| a.as_str() != Some("None")));
            entries.extend(snap_start.map(|s| at.entry("SnapStart", s.clone())));
            at.mapping(entries)
        };
        let json = logical_id::canonical_json(&data);
        logical_id::with_hash(&prefix, if json == "{}" { "" } else { &json })
    }

    /// With `PropagateTags`, the tags of the resource on everything generated.
    pub fn propagate_tags(&self, sam: &SamResource<'_>, generated: &mut [Generated]) {
        let wanted = sam.get("PropagateTags").and_then(|p| resolved_bool(p, self.parameters)) == Some(true);
        let Some(tags) = sam.get("Tags").filter(|t| wanted && t.as_mapping().is_some_and(|m| !m.is_empty())) else {
            return;
        };
        for resource in generated.iter_mut().filter(|r| TAGGED.contains(&r.resource_type)) {
            resource.set("Tags", resource.at.tags(None, Some(tags)));
        }
    }
}

/// The types that `PropagateTags` reaches.
const TAGGED: [&str; 6] = [
    "AWS::IAM::Role",
    "AWS::SQS::Queue",
    "AWS::Lambda::Function",
    "AWS::Lambda::EventSourceMapping",
    "AWS::StepFunctions::StateMachine",
    "AWS::ApiGateway::Stage",
];

/// An S3 object as three properties: from `s3://bucket/key?versionId=v`, or from a map with the keys `Bucket`, `Key`
/// and `Version`. Anything else, such as a local path before packaging, stays as it is.
pub(super) fn s3_location(uri: &Node, names: [&str; 3]) -> Option<Node> {
    let at = At(uri.span);
    let parts: [Option<Node>; 3] = match uri.as_mapping() {
        Some(map) if !super::intrinsic::is_function(uri) => {
            ["Bucket", "Key", "Version"].map(|k| given(map, k).cloned())
        }
        Some(_) => return Some(uri.clone()),
        None => {
            let Some((bucket, rest)) = uri.as_str()?.strip_prefix("s3://").and_then(|r| r.split_once('/')) else {
                return Some(uri.clone());
            };
            let (key, query) = rest.split_once('?').unwrap_or((rest, ""));
            let version = query.split('&').find_map(|q| q.strip_prefix("versionId="));
            [Some(at.string(bucket)), Some(at.string(key)), version.map(|v| at.string(v))]
        }
    };
    let entries = names.into_iter().zip(parts).filter_map(|(name, value)| Some((name, value?)));
    Some(at.map(entries))
}
