//! Which resources run with the permissions of which role, by their properties: a table.
//!
//! Source: CloudFormation Template Reference and the Terraform AWS provider's documentation, each type's page.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::paths::Runs;
use crate::access::settled::settled;
use crate::model::{Deployment, Resource};
use crate::policy::Arn;
use crate::source::{Node, NodeKind, Text};

/// How a property names the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// By its ARN or name.
    Role,
    /// By the ARN or name of an instance profile.
    Profile,
}

struct Row {
    resource_type: &'static str,
    /// Keys from the properties down; lists are gone through.
    property: &'static [&'static str],
    names: Names,
    runs: Runs,
}

const fn row(resource_type: &'static str, property: &'static [&'static str], names: Names, runs: Runs) -> Row {
    Row { resource_type, property, names, runs }
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    row("AWS::Lambda::Function", &["Role"], Names::Role, Runs::LambdaFunction),
    row("aws_lambda_function", &["role"], Names::Role, Runs::LambdaFunction),
    row("AWS::EC2::Instance", &["IamInstanceProfile"], Names::Profile, Runs::Instance),
    row("aws_instance", &["iam_instance_profile"], Names::Profile, Runs::Instance),
    row("aws_spot_instance_request", &["iam_instance_profile"], Names::Profile, Runs::Instance),
    row("AWS::AutoScaling::LaunchConfiguration", &["IamInstanceProfile"], Names::Profile, Runs::Instance),
    row("aws_launch_configuration", &["iam_instance_profile"], Names::Profile, Runs::Instance),
    row("AWS::EC2::LaunchTemplate", &["LaunchTemplateData", "IamInstanceProfile", "Arn"], Names::Profile, Runs::LaunchTemplate),
    row("AWS::EC2::LaunchTemplate", &["LaunchTemplateData", "IamInstanceProfile", "Name"], Names::Profile, Runs::LaunchTemplate),
    row("aws_launch_template", &["iam_instance_profile", "arn"], Names::Profile, Runs::LaunchTemplate),
    row("aws_launch_template", &["iam_instance_profile", "name"], Names::Profile, Runs::LaunchTemplate),
    row("AWS::CodeBuild::Project", &["ServiceRole"], Names::Role, Runs::BuildProject),
    row("aws_codebuild_project", &["service_role"], Names::Role, Runs::BuildProject),
    row("AWS::ECS::TaskDefinition", &["TaskRoleArn"], Names::Role, Runs::TaskDefinition),
    row("aws_ecs_task_definition", &["task_role_arn"], Names::Role, Runs::TaskDefinition),
    row("AWS::Glue::DevEndpoint", &["RoleArn"], Names::Role, Runs::DevEndpoint),
    row("aws_glue_dev_endpoint", &["role_arn"], Names::Role, Runs::DevEndpoint),
    row("AWS::SageMaker::NotebookInstance", &["RoleArn"], Names::Role, Runs::NotebookInstance),
    row("aws_sagemaker_notebook_instance", &["role_arn"], Names::Role, Runs::NotebookInstance),
    row("AWS::SageMaker::UserProfile", &["UserSettings", "ExecutionRole"], Names::Role, Runs::StudioUser),
    row("AWS::SageMaker::Domain", &["DefaultUserSettings", "ExecutionRole"], Names::Role, Runs::StudioUser),
    row("aws_sagemaker_user_profile", &["user_settings", "execution_role"], Names::Role, Runs::StudioUser),
    row("aws_sagemaker_domain", &["default_user_settings", "execution_role"], Names::Role, Runs::StudioUser),
    row("AWS::StepFunctions::StateMachine", &["RoleArn"], Names::Role, Runs::StateMachine),
    row("aws_sfn_state_machine", &["role_arn"], Names::Role, Runs::StateMachine),
    row("AWS::AppRunner::Service", &["InstanceConfiguration", "InstanceRoleArn"], Names::Role, Runs::AppRunnerService),
    row("aws_apprunner_service", &["instance_configuration", "instance_role_arn"], Names::Role, Runs::AppRunnerService),
    row("AWS::BedrockAgentCore::CodeInterpreterCustom", &["ExecutionRoleArn"], Names::Role, Runs::CodeInterpreter),
    row("aws_bedrockagentcore_code_interpreter", &["execution_role_arn"], Names::Role, Runs::CodeInterpreter),
    row("AWS::BedrockAgentCore::Runtime", &["RoleArn"], Names::Role, Runs::AgentRuntime),
    row("aws_bedrockagentcore_agent_runtime", &["role_arn"], Names::Role, Runs::AgentRuntime),
    row("AWS::BedrockAgentCore::BrowserCustom", &["ExecutionRoleArn"], Names::Role, Runs::Browser),
    row("aws_bedrockagentcore_browser", &["execution_role_arn"], Names::Role, Runs::Browser),
    row("AWS::Batch::JobDefinition", &["ContainerProperties", "JobRoleArn"], Names::Role, Runs::BatchJobDefinition),
];

/// Where an instance profile names its roles: type, property, and the attributes that name the profile itself.
const PROFILES: [(&str, &str, &str); 2] =
    [("AWS::IAM::InstanceProfile", "Roles", "InstanceProfileName"), ("aws_iam_instance_profile", "role", "name")];

/// A resource that runs as a role.
pub(super) struct Running<'a> {
    pub runs: Runs,
    pub resource: &'a Resource,
    /// The principals' positions that go by the role's name or ARN.
    pub roles: Vec<usize>,
}

/// Finds the resources of the table. `role` gives the roles that go by an ARN or name.
pub(super) fn running<'a>(deployment: &'a Deployment, role: &dyn Fn(&str) -> Vec<usize>) -> Vec<Running<'a>> {
    let mut table: FxHashMap<&str, Vec<&Row>> = FxHashMap::default();
    for row in TABLE {
        table.entry(row.resource_type).or_default().push(row);
    }
    let profiles = profiles(deployment);
    let mut found = Vec::new();
    for resource in &deployment.resources {
        let Some(properties) = &resource.properties else { continue };
        for row in table.get(resource.id.resource_type.as_str()).into_iter().flatten() {
            let mut roles: Vec<usize> = Vec::new();
            for text in at(properties, row.property) {
                match row.names {
                    Names::Role => roles.extend(role(text.as_str())),
                    Names::Profile => {
                        let text = settled(text.as_str());
                        let of_profile = profiles.get(&*text).or_else(|| profiles.get(last_name(&text)));
                        roles.extend(of_profile.into_iter().flatten().flat_map(|name| role(name)));
                    }
                }
            }
            roles.dedup();
            if !roles.is_empty() {
                found.push(Running { runs: row.runs, resource, roles });
            }
        }
    }
    found
}

/// The roles of instance profiles, by the profile's name and ARN.
fn profiles(deployment: &Deployment) -> FxHashMap<SmolStr, Vec<SmolStr>> {
    let mut profiles: FxHashMap<SmolStr, Vec<SmolStr>> = FxHashMap::default();
    for resource in &deployment.resources {
        let row = PROFILES.iter().find(|(resource_type, ..)| resource.id.resource_type == *resource_type);
        let (Some((_, property, name)), Some(properties)) = (row, &resource.properties) else { continue };
        let roles: Vec<SmolStr> = at(properties, &[property]).into_iter().map(|t| t.as_smol().clone()).collect();
        let names = at(properties, &[name]).into_iter().map(|t| t.as_smol().clone());
        let arn = resource.arn.iter().map(|arn| settled(arn.as_str()).into());
        let in_arn = resource.arn.iter().map(|arn| SmolStr::new(last_name(arn.as_str())));
        for key in names.chain(arn).chain(in_arn).collect::<Vec<_>>() {
            profiles.insert(key, roles.clone());
        }
    }
    profiles
}

/// The name at the end of an ARN or path.
fn last_name(text: &str) -> &str {
    let path = Arn::split(text).map_or(text, |arn| arn.resource);
    path.rsplit('/').next().unwrap_or(path)
}

/// The texts at a property, lists gone through.
fn at<'n>(node: &'n Node, keys: &[&str]) -> Vec<&'n Text> {
    match (&node.kind, keys) {
        (NodeKind::Sequence(items), _) => items.iter().flat_map(|item| at(item, keys)).collect(),
        (NodeKind::String(text), []) => vec![text],
        (NodeKind::Mapping(map), [key, rest @ ..]) => map.get(key).map(|node| at(node, rest)).unwrap_or_default(),
        _ => Vec::new(),
    }
}
