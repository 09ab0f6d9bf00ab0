//! `AWS::Serverless::StateMachine`: the state machine, its execution role, version and alias, and the roles with which
//! its events start it.

use smol_str::{SmolStr, format_smolstr};

use super::construct::{At, Generated};
use super::events::{Event, rule};
use super::intrinsic::resolved_bool;
use super::role::Role;
use super::{Expansion, SamResource, function};
use crate::source::{Entry, Mapping, Node};

/// What events start: a state machine or its alias.
#[derive(Clone, Debug)]
pub(super) struct Started {
    /// The logical id of the state machine.
    pub state_machine: SmolStr,
    /// The logical id of the state machine or of its alias.
    pub id: SmolStr,
    pub attributes: Vec<Entry>,
}

impl Started {
    /// The policy that lets a role start it, named after `prefix`.
    pub fn start_policy(&self, prefix: &str, at: At) -> Node {
        let statement = at.map([
            ("Effect", at.string("Allow")),
            ("Action", at.string("states:StartExecution")),
            ("Resource", at.reference(&self.id)),
        ]);
        at.inline_policy(format!("{prefix}StartExecutionPolicy"), at.unversioned_document([statement]))
    }
}

impl Expansion<'_> {
    pub fn state_machine(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let at = sam.at;
        let created_by = Some(("stateMachine:createdBy", "SAM"));
        let mut machine = Generated::new(sam.id.clone(), "AWS::StepFunctions::StateMachine", at, sam.attributes());
        machine.copy(&sam.properties, &["Definition", "DefinitionSubstitutions"]);
        for (from, to) in [
            ("Name", "StateMachineName"),
            ("Type", "StateMachineType"),
            ("Logging", "LoggingConfiguration"),
            ("Tracing", "TracingConfiguration"),
        ] {
            machine.set_some(to, sam.get(from).cloned());
        }
        if let Some(uri) = sam.get("DefinitionUri") {
            machine.set_some("DefinitionS3Location", function::s3_location(uri, ["Bucket", "Key", "Version"]));
        }
        machine.set("Tags", at.tags(created_by, sam.get("Tags")));
        if sam.get("Role").is_some() && sam.get("Policies").is_some() {
            self.notice(sam, "`Role` and `Policies` exclude each other", sam.place("Policies"));
        }
        let mut generated = Vec::new();
        match sam.get("Role") {
            Some(role) => machine.set("RoleArn", role.clone()),
            None => {
                let role_id = format_smolstr!("{}Role", sam.id);
                machine.set("RoleArn", at.get_att(&role_id, "Arn"));
                let mut role = Role::new(role_id, at, sam.passed_on(), at.trust_service("states.amazonaws.com"));
                role.resource.set_some("Path", sam.get("RolePath").cloned());
                role.resource.set_some("PermissionsBoundary", sam.get("PermissionsBoundary").cloned());
                role.resource.set("Tags", at.tags(created_by, sam.get("Tags")));
                if let Some(policies) = sam.get("Policies") {
                    self.add_policies(&mut role, policies);
                }
                if let Some(enabled) = sam.get("Tracing").and_then(|t| t.get("Enabled"))
                    && resolved_bool(enabled, self.parameters) == Some(true)
                {
                    role.attach(sam.place("Tracing").managed_policy_arn(function::TRACING_POLICY));
                }
                generated.push(role.into_resource());
            }
        }
        generated.insert(0, machine);
        let mut started = Started { state_machine: sam.id.clone(), id: sam.id.clone(), attributes: sam.passed_on() };
        if let Some(alias) = sam.get("AutoPublishAlias") {
            let at = sam.place("AutoPublishAlias");
            let version_id = format_smolstr!("{}Version", sam.id);
            let version_type = "AWS::StepFunctions::StateMachineVersion";
            let mut version = Generated::new(version_id.clone(), version_type, at, sam.passed_on());
            version.set("StateMachineArn", at.reference(&sam.id));
            let alias_id = format_smolstr!("{}Alias{}", sam.id, alias.as_str().unwrap_or_default());
            let alias_type = "AWS::StepFunctions::StateMachineAlias";
            let mut resource = Generated::new(alias_id.clone(), alias_type, at, sam.passed_on());
            resource.set("Name", alias.clone());
            resource.set("DeploymentPreference", at.map([("StateMachineVersionArn", at.reference(&version_id))]));
            generated.extend([version, resource]);
            let wanted = sam.get("UseAliasAsEventTarget").and_then(|u| resolved_bool(u, self.parameters));
            if wanted == Some(true) {
                started.id = alias_id;
            }
        }
        let events = sam.get("Events").and_then(Node::as_mapping);
        for entry in events.into_iter().flat_map(Mapping::iter) {
            match Event::read(entry) {
                Some(event) => self.state_machine_event(sam, &event, &started, &mut generated),
                None => {
                    let message = format!("event `{}` needs `Type`", entry.key.display());
                    self.notice(sam, message, At(entry.key_span));
                }
            }
        }
        self.propagate_tags(sam, &mut generated);
        generated
    }

    fn state_machine_event(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        started: &Started,
        generated: &mut Vec<Generated>,
    ) {
        let at = event.at;
        let id = event.id(&started.state_machine);
        let role_id = format_smolstr!("{id}Role");
        let role = |service: &str| {
            let mut role = Role::new(role_id.clone(), at, started.attributes.clone(), at.trust_service(service));
            role.policies.push(started.start_policy(&role_id, at));
            role.resource.set_some("PermissionsBoundary", sam.get("PermissionsBoundary").cloned());
            role.into_resource()
        };
        match event.kind {
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                let (rule, mut target, _) = self.rule(sam, event, &id, &started.attributes, generated);
                target.push(at.entry("Arn", at.reference(&started.id)));
                let given = event.get("RoleArn").filter(|_| event.kind == "Schedule");
                let role_arn = given.cloned().unwrap_or_else(|| at.get_att(&role_id, "Arn"));
                target.push(at.entry("RoleArn", role_arn));
                generated.push(rule::with_target(rule, target));
                if given.is_none() {
                    generated.push(role("events.amazonaws.com"));
                }
            }
            "ScheduleV2" => {
                self.schedule(sam, event, super::events::Target::StateMachine(started), generated);
            }
            "Api" => {
                generated.push(role("apigateway.amazonaws.com"));
                let Some(route) = self.rest_route(sam, event) else { return };
                self.event_resource_policy(sam, event, &route);
                let api = route.id.as_deref().and_then(|id| self.apis.get_mut(id)).filter(|a| a.managed);
                if let Some(api) = api {
                    let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution";
                    let integration = at.map([
                        ("type", at.string("aws")),
                        ("httpMethod", at.string("POST")),
                        ("uri", at.sub(uri)),
                        ("credentials", at.get_att(&role_id, "Arn")),
                    ]);
                    let method = super::api::definition_method(route.method);
                    api.integrations.insert((route.path.into(), method), integration);
                }
            }
            other => self.notice(sam, format_args!("`{other}` is not a type of event of a state machine"), at),
        }
    }
}
