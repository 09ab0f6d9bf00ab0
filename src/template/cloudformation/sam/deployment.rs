//! `DeploymentPreference` of functions: the CodeDeploy application, its deployment groups and the service role that
//! they share.

use smol_str::{SmolStr, format_smolstr};

use super::construct::{At, Generated};
use super::intrinsic::{resolved_bool, resolved_string};
use super::role::Role;
use super::{Expansion, SamResource};
use crate::source::Node;

const APPLICATION: &str = "ServerlessDeploymentApplication";
const SERVICE_ROLE: &str = "CodeDeployServiceRole";
const CONDITION: &str = "ServerlessCodeDeployCondition";

/// The functions that are deployed gradually.
#[derive(Debug, Default)]
pub(super) struct Deployments {
    enabled: Vec<Deployment>,
}

#[derive(Debug)]
struct Deployment {
    function: SmolStr,
    at: At,
    role: Option<Node>,
    condition: Option<SmolStr>,
    tags: Option<Node>,
}

impl Expansion<'_> {
    /// Notes a function's preference.
    pub fn add_deployment(&mut self, sam: &SamResource<'_>, has_alias: bool) {
        let Some(preference) = sam.get("DeploymentPreference") else { return };
        let at = sam.place("DeploymentPreference");
        let enabled = preference.get("Enabled").map(|e| resolved_string(e, self.parameters));
        if let Some(Some(enabled)) = &enabled
            && ["false", "False", ""].contains(&enabled.as_str())
        {
            return;
        }
        if !has_alias {
            self.notice(sam, "`DeploymentPreference` needs `AutoPublishAlias`", at);
        }
        let passes_condition =
            preference.get("PassthroughCondition").and_then(|p| resolved_bool(p, self.parameters)) == Some(true);
        let propagates = sam.get("PropagateTags").and_then(|p| resolved_bool(p, self.parameters)) == Some(true);
        self.deployments.enabled.push(Deployment {
            function: sam.id.clone(),
            at,
            role: preference.get("Role").cloned(),
            condition: sam.condition().filter(|_| passes_condition).map(SmolStr::new),
            tags: sam.get("Tags").filter(|_| propagates).cloned(),
        });
    }

    /// What all the preferences together need.
    pub fn deployment_resources(&mut self) -> Vec<Generated> {
        let enabled = std::mem::take(&mut self.deployments.enabled);
        let Some(first) = enabled.first() else { return Vec::new() };
        let at = first.at;
        let mut conditions: Vec<SmolStr> = Vec::new();
        for condition in enabled.iter().filter_map(|d| d.condition.clone()) {
            if !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        let mut attributes = Vec::new();
        if enabled.iter().all(|d| d.condition.is_some()) {
            let name = match conditions.as_slice() {
                [one] => one.clone(),
                _ => SmolStr::new_static(CONDITION),
            };
            attributes.push(at.entry("Condition", at.string(name)));
        }
        if conditions.len() > 1 && !attributes.is_empty() {
            self.any_condition(CONDITION, conditions, at);
        }
        let mut application = Generated::new(APPLICATION, "AWS::CodeDeploy::Application", at, attributes.clone());
        application.set("ComputePlatform", at.string("Lambda"));
        let mut generated = vec![application];
        if enabled.iter().any(|d| d.role.is_none()) {
            let trust = at.trust_service("codedeploy.amazonaws.com");
            let mut role = Role::new(SERVICE_ROLE, at, attributes, trust);
            role.managed.push(at.managed_policy_arn("service-role/AWSCodeDeployRoleForLambda"));
            let tags: Vec<&Node> = enabled.iter().filter_map(|d| d.tags.as_ref()).collect();
            if !tags.is_empty() {
                let mut merged: Vec<crate::source::Entry> = Vec::new();
                for entry in tags.iter().filter_map(|t| t.as_mapping()).flat_map(|m| m.iter()) {
                    merged.retain(|e| e.key != entry.key);
                    merged.push(entry.clone());
                }
                role.resource.set("Tags", at.tags(None, Some(&at.mapping(merged))));
            }
            generated.push(role.into_resource());
        }
        for deployment in enabled {
            let at = deployment.at;
            let attributes = deployment.condition.map(|c| at.entry("Condition", at.string(c))).into_iter().collect();
            let id = format_smolstr!("{}DeploymentGroup", deployment.function);
            let mut group = Generated::new(id, "AWS::CodeDeploy::DeploymentGroup", at, attributes);
            group.set("ApplicationName", at.reference(APPLICATION));
            group.set("ServiceRoleArn", deployment.role.unwrap_or_else(|| at.get_att(SERVICE_ROLE, "Arn")));
            generated.push(group);
        }
        generated
    }
}
