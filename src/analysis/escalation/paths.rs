//! The known ways by which a principal gets permissions that it was not given: a table. What each way needs, and what has to
//! be there for it, is data here; `decide` asks whether a principal can take one.
//!
//! Sources, as the rows name them:
//! - *Rhino*: Rhino Security Labs, "AWS IAM Privilege Escalation – Methods and Mitigation" (2018 and its later parts);
//! - *pathfinding*: the path library pathfinding.cloud (Datadog Security Labs), by the id of the path;
//! - *PMapper*: Principal Mapper (NCC Group), by the name of the edge;
//! - *AgentCore*: BeyondTrust Phantom Labs, "Mapping Every Privilege Escalation Path in AWS AgentCore" (2026);
//! - names of AWS guides and API references, for what an action does.

/// One way up.
#[derive(Debug)]
pub struct Path {
    /// Its name in the reports.
    pub method: &'static str,
    /// What the principal does, to follow "it": third person, `{}` for what is gained.
    pub does: &'static str,
    /// What has to be there.
    pub target: Target,
    /// What the principal has to be allowed, in the order in which it is done.
    pub steps: &'static [Step],
    /// Where it is documented.
    pub sources: &'static [&'static str],
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The principal itself, a user: its permissions become whatever it likes.
    OwnUser,
    /// The same, for a role.
    OwnRole,
    /// A customer managed policy that is attached to the principal or to a group of it.
    OwnPolicy,
    /// A group that the user is in.
    OwnGroup,
    /// The user's permissions boundary goes.
    OwnUserBoundary,
    /// The role's permissions boundary goes.
    OwnRoleBoundary,
    /// A Deny goes with an inline policy, an attached policy or a group of the user.
    OwnUserDeny(Removal),
    /// The same, of a role.
    OwnRoleDeny(Removal),
    /// A group that the user is not in.
    OtherGroup,
    /// Another user, as it is.
    OtherUser,
    /// Another user, with the permissions that one likes.
    ChangedUser,
    /// A role that the principal may assume.
    AssumableRole,
    /// A role whose trust policy the principal rewrites.
    TrustedRole,
    /// A role that the principal may assume, with the permissions that it likes.
    ChangedRole,
    /// The same, by a customer managed policy that is attached to the role.
    ChangedRolePolicy,
    /// A role whose trust policy and permissions the principal rewrites.
    SeizedRole,
    /// A role that trusts a service, to which the principal passes it.
    PassedRole(&'static [&'static str]),
    /// A role that trusts identities of a Cognito identity pool, passed to that pool.
    PassedToIdentityPool,
    /// The role of a resource that the deployment has.
    Running(&'static [Runs]),
    /// A role that a service may assume and that is linked to something outside templates, such as a stack.
    Held(&'static [&'static str]),
    /// A role that trusts a SAML provider which the principal rewrites.
    SamlRole,
    /// Nothing has to be there: the principal makes somebody new who may do anything.
    NewPrincipal,
    /// The principal is a permission set, and changes itself.
    OwnPermissionSet,
}

/// How a Deny goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// An inline policy is deleted.
    Inline,
    /// A managed policy is detached.
    Attached,
    /// The user leaves a group.
    Group,
}

/// What runs with the permissions of a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // the names are the services' own
pub enum Runs {
    LambdaFunction,
    Instance,
    LaunchTemplate,
    BuildProject,
    TaskDefinition,
    DevEndpoint,
    NotebookInstance,
    StudioUser,
    StateMachine,
    AppRunnerService,
    CodeInterpreter,
    AgentRuntime,
    Browser,
    BatchJobDefinition,
}

/// One thing to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The action.
    pub action: &'static str,
    /// What it is done to.
    pub on: On,
}

/// What a step is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// Anything of the principal's account that the action may be done to.
    Anything,
    /// Something made on the way, without a permissions boundary.
    New,
    /// The user, role or group that the path leads to; its boundary is known.
    Target,
    /// The same, with a policy given by its ARN.
    TargetWithPolicy,
    /// Something new that gets `AdministratorAccess`.
    NewWithPolicy,
    /// The managed policy that the path changes.
    Policy,
    /// The running resource.
    Resource,
    /// One of these ARN patterns, where an action has to be allowed on several kinds of resources at once.
    Arns(&'static [&'static str]),
    /// A service, to which the role is passed.
    Pass,
    /// The role, by its trust policy.
    Assume,
    /// The identity provider that the role trusts.
    Provider,
}

const fn step(action: &'static str, on: On) -> Step {
    Step { action, on }
}

const fn any(action: &'static str) -> Step {
    step(action, On::Anything)
}

const fn on_target(action: &'static str) -> Step {
    step(action, On::Target)
}

const fn on_resource(action: &'static str) -> Step {
    step(action, On::Resource)
}

const fn launch(on: &'static [&'static str]) -> Step {
    step("ec2:RunInstances", On::Arns(on))
}

const PASS: Step = step("iam:PassRole", On::Pass);
const ASSUME: Step = step("sts:AssumeRole", On::Assume);

const EC2: &[&str] = &["ec2.amazonaws.com"];
const ECS: &[&str] = &["ecs-tasks.amazonaws.com"];
const GLUE: &[&str] = &["glue.amazonaws.com"];
const LAMBDA: &[&str] = &["lambda.amazonaws.com"];
const SAGEMAKER: &[&str] = &["sagemaker.amazonaws.com"];
const CODEBUILD: &[&str] = &["codebuild.amazonaws.com"];
const CLOUDFORMATION: &[&str] = &["cloudformation.amazonaws.com"];
const AGENTCORE: &[&str] = &["bedrock-agentcore.amazonaws.com"];
/// Documents that run what they are told to.
const COMMANDS: &[&str] = &[
    "arn:*:ssm:*:*:document/AWS-RunShellScript",
    "arn:*:ssm:*:*:document/AWS-RunPowerShellScript",
    "arn:*:ssm:*:*:document/AWS-RunRemoteScript",
];
/// What a launch needs at least, each of which has to be allowed (EC2 User Guide, "Launch instances (RunInstances)").
const INSTANCES: Step = launch(&["arn:*:ec2:*:*:instance/*"]);
const IMAGES: Step = launch(&["arn:*:ec2:*::image/*"]);
const SUBNETS: Step = launch(&["arn:*:ec2:*:*:subnet/*"]);
const SECURITY_GROUPS: Step = launch(&["arn:*:ec2:*:*:security-group/*"]);
const NETWORK_INTERFACES: Step = launch(&["arn:*:ec2:*:*:network-interface/*"]);
const VOLUMES: Step = launch(&["arn:*:ec2:*:*:volume/*"]);
const SSM: &[&str] = &["ssm.amazonaws.com"];

const fn path(
    method: &'static str,
    does: &'static str,
    target: Target,
    steps: &'static [Step],
    sources: &'static [&'static str],
) -> Path {
    Path { method, does, target, steps, sources }
}

/// Every path.
#[rustfmt::skip]
pub const PATHS: &[Path] = &[
    // The principal's own permissions.
    path("put-user-policy", "puts an inline policy of its choice into itself", Target::OwnUser,
        &[on_target("iam:PutUserPolicy")], &["Rhino", "pathfinding iam-007"]),
    path("put-role-policy", "puts an inline policy of its choice into itself", Target::OwnRole,
        &[on_target("iam:PutRolePolicy")], &["Rhino", "pathfinding iam-005"]),
    path("attach-user-policy", "attaches a managed policy to itself", Target::OwnUser,
        &[step("iam:AttachUserPolicy", On::TargetWithPolicy)], &["Rhino", "pathfinding iam-008"]),
    path("attach-role-policy", "attaches a managed policy to itself", Target::OwnRole,
        &[step("iam:AttachRolePolicy", On::TargetWithPolicy)], &["Rhino", "pathfinding iam-009"]),
    path("put-group-policy", "puts an inline policy of its choice into its group `{}`", Target::OwnGroup,
        &[on_target("iam:PutGroupPolicy")], &["Rhino", "pathfinding iam-011"]),
    path("attach-group-policy", "attaches a managed policy to its group `{}`", Target::OwnGroup,
        &[step("iam:AttachGroupPolicy", On::TargetWithPolicy)], &["Rhino", "pathfinding iam-010"]),
    path("create-policy-version", "rewrites the managed policy `{}`, which it has", Target::OwnPolicy,
        &[step("iam:CreatePolicyVersion", On::Policy)], &["Rhino", "pathfinding iam-001"]),
    path("set-default-policy-version", "goes back to any earlier version of the managed policy `{}`, which it has",
        Target::OwnPolicy, &[step("iam:SetDefaultPolicyVersion", On::Policy)], &["Rhino"]),
    path("delete-user-permissions-boundary", "takes off its own permissions boundary", Target::OwnUserBoundary,
        &[on_target("iam:DeleteUserPermissionsBoundary")], &["pathfinding iam-022"]),
    path("put-user-permissions-boundary", "exchanges its own permissions boundary", Target::OwnUserBoundary,
        &[on_target("iam:PutUserPermissionsBoundary")], &["IAM User Guide, Permissions boundaries for IAM entities"]),
    path("delete-role-permissions-boundary", "takes off its own permissions boundary", Target::OwnRoleBoundary,
        &[on_target("iam:DeleteRolePermissionsBoundary")], &["pathfinding iam-023"]),
    path("put-role-permissions-boundary", "exchanges its own permissions boundary", Target::OwnRoleBoundary,
        &[on_target("iam:PutRolePermissionsBoundary")], &["IAM User Guide, Permissions boundaries for IAM entities"]),
    path("delete-user-policy", "deletes its own inline policy `{}`, which denies", Target::OwnUserDeny(Removal::Inline),
        &[on_target("iam:DeleteUserPolicy")], &["IAM API Reference, DeleteUserPolicy"]),
    path("detach-user-policy", "detaches the policy `{}`, which denies, from itself",
        Target::OwnUserDeny(Removal::Attached),
        &[step("iam:DetachUserPolicy", On::TargetWithPolicy)], &["IAM API Reference, DetachUserPolicy"]),
    path("remove-user-from-group", "leaves its group `{}`, whose policies deny", Target::OwnUserDeny(Removal::Group),
        &[on_target("iam:RemoveUserFromGroup")], &["IAM API Reference, RemoveUserFromGroup"]),
    path("delete-role-policy", "deletes its own inline policy `{}`, which denies", Target::OwnRoleDeny(Removal::Inline),
        &[on_target("iam:DeleteRolePolicy")], &["IAM API Reference, DeleteRolePolicy"]),
    path("detach-role-policy", "detaches the policy `{}`, which denies, from itself",
        Target::OwnRoleDeny(Removal::Attached),
        &[step("iam:DetachRolePolicy", On::TargetWithPolicy)], &["IAM API Reference, DetachRolePolicy"]),
    path("add-user-to-group", "puts itself into the group `{}`", Target::OtherGroup,
        &[on_target("iam:AddUserToGroup")], &["Rhino", "pathfinding iam-013"]),
    path("put-inline-policy-to-permission-set", "puts an inline policy of its choice into its own permission set",
        Target::OwnPermissionSet, &[on_target("sso:PutInlinePolicyToPermissionSet")], &["pathfinding sso-003"]),
    path("attach-managed-policy-to-permission-set", "attaches AdministratorAccess to its own permission set",
        Target::OwnPermissionSet, &[on_target("sso:AttachManagedPolicyToPermissionSet")], &["pathfinding sso-002"]),

    // Somebody new.
    path("create-user-put-user-policy", "makes a user with an inline policy of its choice and an access key",
        Target::NewPrincipal,
        &[step("iam:CreateUser", On::New), step("iam:PutUserPolicy", On::New), any("iam:CreateAccessKey")],
        &["IAM User Guide, Delegating responsibility to others using permissions boundaries"]),
    path("create-user-attach-user-policy", "makes a user with AdministratorAccess and an access key",
        Target::NewPrincipal,
        &[step("iam:CreateUser", On::New), step("iam:AttachUserPolicy", On::NewWithPolicy), any("iam:CreateAccessKey")],
        &["IAM User Guide, Delegating responsibility to others using permissions boundaries"]),
    path("create-role-put-role-policy", "makes a role that trusts it, with an inline policy of its choice",
        Target::NewPrincipal, &[step("iam:CreateRole", On::New), step("iam:PutRolePolicy", On::New)],
        &["IAM User Guide, Delegating responsibility to others using permissions boundaries"]),
    path("create-role-attach-role-policy", "makes a role that trusts it, with AdministratorAccess",
        Target::NewPrincipal, &[step("iam:CreateRole", On::New), step("iam:AttachRolePolicy", On::NewWithPolicy)],
        &["IAM User Guide, Delegating responsibility to others using permissions boundaries"]),
    path("create-permission-set", "makes a permission set with AdministratorAccess and assigns it to somebody",
        Target::NewPrincipal,
        &[any("sso:CreatePermissionSet"), any("sso:AttachManagedPolicyToPermissionSet"),
          any("sso:CreateAccountAssignment")], &["pathfinding sso-001"]),

    // Other users.
    path("create-access-key", "makes an access key for the user `{}`", Target::OtherUser,
        &[on_target("iam:CreateAccessKey")], &["Rhino", "pathfinding iam-002"]),
    path("create-login-profile", "makes a console password for the user `{}`", Target::OtherUser,
        &[on_target("iam:CreateLoginProfile")], &["Rhino", "pathfinding iam-004"]),
    path("update-login-profile", "changes the console password of the user `{}`", Target::OtherUser,
        &[on_target("iam:UpdateLoginProfile")], &["Rhino", "pathfinding iam-006"]),
    path("put-user-policy-create-access-key",
        "puts an inline policy of its choice into the user `{}` and makes an access key for it", Target::ChangedUser,
        &[on_target("iam:PutUserPolicy"), on_target("iam:CreateAccessKey")], &["pathfinding iam-018"]),
    path("attach-user-policy-create-access-key",
        "attaches a managed policy to the user `{}` and makes an access key for it", Target::ChangedUser,
        &[step("iam:AttachUserPolicy", On::TargetWithPolicy), on_target("iam:CreateAccessKey")],
        &["pathfinding iam-015"]),

    // Roles.
    path("assume-role", "assumes the role `{}`", Target::AssumableRole, &[ASSUME], &["PMapper sts", "pathfinding sts-001"]),
    path("update-assume-role-policy", "rewrites the trust policy of the role `{}` and assumes it", Target::TrustedRole,
        &[on_target("iam:UpdateAssumeRolePolicy")], &["Rhino", "pathfinding iam-012"]),
    path("put-role-policy-assume-role", "puts an inline policy of its choice into the role `{}` and assumes it",
        Target::ChangedRole, &[on_target("iam:PutRolePolicy"), ASSUME], &["pathfinding iam-017"]),
    path("attach-role-policy-assume-role", "attaches a managed policy to the role `{}` and assumes it",
        Target::ChangedRole, &[step("iam:AttachRolePolicy", On::TargetWithPolicy), ASSUME], &["pathfinding iam-014"]),
    path("create-policy-version-assume-role", "rewrites a managed policy of the role `{}` and assumes it",
        Target::ChangedRolePolicy, &[step("iam:CreatePolicyVersion", On::Policy), ASSUME], &["pathfinding iam-016"]),
    path("put-role-policy-update-assume-role-policy",
        "puts an inline policy of its choice into the role `{}`, rewrites its trust policy and assumes it",
        Target::SeizedRole, &[on_target("iam:PutRolePolicy"), on_target("iam:UpdateAssumeRolePolicy")],
        &["pathfinding iam-021"]),
    path("attach-role-policy-update-assume-role-policy",
        "attaches a managed policy to the role `{}`, rewrites its trust policy and assumes it", Target::SeizedRole,
        &[step("iam:AttachRolePolicy", On::TargetWithPolicy), on_target("iam:UpdateAssumeRolePolicy")],
        &["pathfinding iam-019"]),
    path("update-saml-provider", "puts its own metadata into the SAML provider that the role `{}` trusts",
        Target::SamlRole, &[step("iam:UpdateSAMLProvider", On::Provider)], &["IAM API Reference, UpdateSAMLProvider"]),

    // A role passed to something new.
    path("passrole-lambda-create-function", "makes a Lambda function that runs as `{}` and invokes it",
        Target::PassedRole(LAMBDA), &[PASS, any("lambda:CreateFunction"), any("lambda:InvokeFunction")],
        &["Rhino", "pathfinding lambda-001"]),
    path("passrole-lambda-create-event-source-mapping",
        "makes a Lambda function that runs as `{}` and lets a stream invoke it", Target::PassedRole(LAMBDA),
        &[PASS, any("lambda:CreateFunction"), any("lambda:CreateEventSourceMapping")],
        &["Rhino", "pathfinding lambda-002"]),
    path("passrole-lambda-add-permission",
        "makes a Lambda function that runs as `{}` and lets somebody else invoke it", Target::PassedRole(LAMBDA),
        &[PASS, any("lambda:CreateFunction"), any("lambda:AddPermission")], &["pathfinding lambda-006"]),
    path("passrole-lambda-create-function-url",
        "makes a Lambda function that runs as `{}` and has a public URL", Target::PassedRole(LAMBDA),
        &[PASS, any("lambda:CreateFunction"), any("lambda:CreateFunctionUrlConfig"), any("lambda:AddPermission")],
        &["Lambda Developer Guide, Creating and managing Lambda function URLs"]),
    path("passrole-ec2-run-instances", "launches an instance that runs as `{}`, with user data of its choice",
        Target::PassedRole(EC2), &[PASS, INSTANCES, IMAGES, SUBNETS, SECURITY_GROUPS, NETWORK_INTERFACES, VOLUMES],
        &["Rhino", "pathfinding ec2-001"]),
    path("passrole-ec2-request-spot-instances", "requests a spot instance that runs as `{}`", Target::PassedRole(EC2),
        &[PASS, any("ec2:RequestSpotInstances")], &["pathfinding ec2-004"]),
    path("passrole-ec2-associate-instance-profile", "gives the instance profile of `{}` to an instance of its own",
        Target::PassedRole(EC2), &[PASS, any("ec2:AssociateIamInstanceProfile")], &["PMapper ec2"]),
    path("passrole-ec2-replace-instance-profile", "exchanges the instance profile of an instance for that of `{}`",
        Target::PassedRole(EC2), &[PASS, any("ec2:ReplaceIamInstanceProfileAssociation")], &["PMapper ec2"]),
    path("passrole-autoscaling-create-group", "launches instances that run as `{}` by an Auto Scaling group",
        Target::PassedRole(EC2),
        &[PASS, any("autoscaling:CreateLaunchConfiguration"), any("autoscaling:CreateAutoScalingGroup")],
        &["PMapper autoscaling"]),
    path("passrole-autoscaling-update-group", "makes an Auto Scaling group launch instances that run as `{}`",
        Target::PassedRole(EC2),
        &[PASS, any("autoscaling:CreateLaunchConfiguration"), any("autoscaling:UpdateAutoScalingGroup")],
        &["PMapper autoscaling"]),
    path("passrole-imagebuilder-create-image", "builds an image on an instance that runs as `{}`",
        Target::PassedRole(EC2),
        &[PASS, any("imagebuilder:CreateComponent"), any("imagebuilder:CreateImageRecipe"),
          any("imagebuilder:CreateInfrastructureConfiguration"), any("imagebuilder:CreateImage")],
        &["pathfinding imagebuilder-001"]),
    path("passrole-ecs-run-task", "runs a container as `{}`", Target::PassedRole(ECS),
        &[PASS, any("ecs:RegisterTaskDefinition"), any("ecs:RunTask")], &["pathfinding ecs-002", "pathfinding ecs-004"]),
    path("passrole-ecs-create-service", "runs a service of containers as `{}`", Target::PassedRole(ECS),
        &[PASS, any("ecs:RegisterTaskDefinition"), any("ecs:CreateService")],
        &["pathfinding ecs-001", "pathfinding ecs-003"]),
    path("passrole-ecs-update-service", "makes a service run containers as `{}`", Target::PassedRole(ECS),
        &[PASS, any("ecs:RegisterTaskDefinition"), any("ecs:UpdateService")],
        &["ECS API Reference, UpdateService"]),
    path("passrole-ecs-start-task", "starts a container as `{}` on a container instance", Target::PassedRole(ECS),
        &[PASS, any("ecs:RegisterTaskDefinition"), any("ecs:StartTask")], &["pathfinding ecs-005", "pathfinding ecs-007"]),
    path("passrole-ecs-run-task-override", "runs an existing task with the role `{}` in the place of its own",
        Target::PassedRole(ECS), &[PASS, any("ecs:RunTask")], &["pathfinding ecs-008"]),
    path("passrole-ecs-start-task-override",
        "starts an existing task on a container instance with the role `{}` in the place of its own",
        Target::PassedRole(ECS), &[PASS, any("ecs:StartTask")], &["pathfinding ecs-009"]),
    path("passrole-cloudformation-create-stack", "makes a stack whose resources are made as `{}`",
        Target::PassedRole(CLOUDFORMATION), &[PASS, any("cloudformation:CreateStack")],
        &["Rhino", "pathfinding cloudformation-001"]),
    path("passrole-cloudformation-update-stack", "updates a stack as `{}`", Target::PassedRole(CLOUDFORMATION),
        &[PASS, any("cloudformation:UpdateStack")], &["CloudFormation API Reference, UpdateStack"]),
    path("passrole-cloudformation-change-set", "changes a stack as `{}`, by a change set",
        Target::PassedRole(CLOUDFORMATION),
        &[PASS, any("cloudformation:CreateChangeSet"), any("cloudformation:ExecuteChangeSet")],
        &["CloudFormation API Reference, CreateChangeSet"]),
    path("passrole-cloudformation-create-stack-set", "makes a stack set whose administration role is `{}`",
        Target::PassedRole(CLOUDFORMATION),
        &[PASS, any("cloudformation:CreateStackSet"), any("cloudformation:CreateStackInstances")],
        &["pathfinding cloudformation-003"]),
    path("passrole-cloudformation-update-stack-set", "updates a stack set whose administration role is `{}`",
        Target::PassedRole(CLOUDFORMATION), &[PASS, any("cloudformation:UpdateStackSet")],
        &["pathfinding cloudformation-004"]),
    path("passrole-codebuild-start-build", "makes a build project that runs as `{}` and starts it",
        Target::PassedRole(CODEBUILD), &[PASS, any("codebuild:CreateProject"), any("codebuild:StartBuild")],
        &["pathfinding codebuild-001"]),
    path("passrole-codebuild-start-build-batch", "makes a build project that runs as `{}` and starts a batch of it",
        Target::PassedRole(CODEBUILD), &[PASS, any("codebuild:CreateProject"), any("codebuild:StartBuildBatch")],
        &["pathfinding codebuild-004"]),
    path("passrole-codebuild-update-project", "makes a build project run as `{}` and starts it",
        Target::PassedRole(CODEBUILD), &[PASS, any("codebuild:UpdateProject"), any("codebuild:StartBuild")],
        &["PMapper codebuild"]),
    path("passrole-codepipeline-create-pipeline", "makes a pipeline that runs as `{}`",
        Target::PassedRole(&["codepipeline.amazonaws.com"]), &[PASS, any("codepipeline:CreatePipeline")],
        &["CodePipeline API Reference, CreatePipeline"]),
    path("passrole-datapipeline-create-pipeline", "makes a data pipeline that runs as `{}`",
        Target::PassedRole(&["datapipeline.amazonaws.com", "ec2.amazonaws.com", "elasticmapreduce.amazonaws.com"]),
        &[PASS, any("datapipeline:CreatePipeline"), any("datapipeline:PutPipelineDefinition"),
          any("datapipeline:ActivatePipeline")], &["Rhino", "pathfinding datapipeline-001"]),
    path("passrole-glue-create-dev-endpoint", "makes a development endpoint that runs as `{}`",
        Target::PassedRole(GLUE), &[PASS, any("glue:CreateDevEndpoint")], &["Rhino", "pathfinding glue-001"]),
    path("passrole-glue-start-job-run", "makes a Glue job that runs as `{}` and starts it", Target::PassedRole(GLUE),
        &[PASS, any("glue:CreateJob"), any("glue:StartJobRun")], &["pathfinding glue-003"]),
    path("passrole-glue-create-trigger", "makes a Glue job that runs as `{}` and a trigger for it",
        Target::PassedRole(GLUE), &[PASS, any("glue:CreateJob"), any("glue:CreateTrigger")], &["pathfinding glue-004"]),
    path("passrole-glue-update-job-start-job-run", "makes a Glue job run as `{}` and starts it",
        Target::PassedRole(GLUE), &[PASS, any("glue:UpdateJob"), any("glue:StartJobRun")], &["pathfinding glue-005"]),
    path("passrole-glue-update-job-create-trigger", "makes a Glue job run as `{}` and a trigger for it",
        Target::PassedRole(GLUE), &[PASS, any("glue:UpdateJob"), any("glue:CreateTrigger")], &["pathfinding glue-006"]),
    path("passrole-glue-create-session", "runs statements in an interactive session as `{}`", Target::PassedRole(GLUE),
        &[PASS, any("glue:CreateSession"), any("glue:RunStatement")], &["pathfinding glue-007"]),
    path("passrole-sagemaker-create-notebook-instance", "makes a notebook instance that runs as `{}` and opens it",
        Target::PassedRole(SAGEMAKER),
        &[PASS, any("sagemaker:CreateNotebookInstance"), any("sagemaker:CreatePresignedNotebookInstanceUrl")],
        &["Rhino", "pathfinding sagemaker-001"]),
    path("passrole-sagemaker-notebook-lifecycle-config",
        "makes a notebook instance that runs as `{}`, with a start script of its choice", Target::PassedRole(SAGEMAKER),
        &[PASS, any("sagemaker:CreateNotebookInstanceLifecycleConfig"), any("sagemaker:CreateNotebookInstance")],
        &["SageMaker API Reference, CreateNotebookInstance"]),
    path("passrole-sagemaker-create-training-job", "runs a training job of its choice as `{}`",
        Target::PassedRole(SAGEMAKER), &[PASS, any("sagemaker:CreateTrainingJob")], &["pathfinding sagemaker-002"]),
    path("passrole-sagemaker-create-processing-job", "runs a processing job of its choice as `{}`",
        Target::PassedRole(SAGEMAKER), &[PASS, any("sagemaker:CreateProcessingJob")], &["pathfinding sagemaker-003"]),
    path("passrole-states-create-state-machine", "makes a state machine that calls AWS as `{}` and starts it",
        Target::PassedRole(&["states.amazonaws.com"]),
        &[PASS, any("states:CreateStateMachine"), any("states:StartExecution")], &["pathfinding stepfunctions-001"]),
    path("passrole-scheduler-create-schedule", "makes a schedule that calls AWS as `{}`",
        Target::PassedRole(&["scheduler.amazonaws.com"]), &[PASS, any("scheduler:CreateSchedule")],
        &["pathfinding scheduler-001"]),
    path("passrole-ssm-start-automation-execution", "runs an automation of its choice as `{}`", Target::PassedRole(SSM),
        &[PASS, any("ssm:CreateDocument"), any("ssm:StartAutomationExecution")], &["pathfinding ssm-003"]),
    path("passrole-apprunner-create-service", "makes an App Runner service that runs as `{}`",
        Target::PassedRole(&["tasks.apprunner.amazonaws.com"]), &[PASS, any("apprunner:CreateService")],
        &["pathfinding apprunner-001"]),
    path("passrole-bedrock-agentcore-create-code-interpreter", "makes a code interpreter that runs as `{}` and uses it",
        Target::PassedRole(AGENTCORE),
        &[PASS, any("bedrock-agentcore:CreateCodeInterpreter"), any("bedrock-agentcore:StartCodeInterpreterSession"),
          any("bedrock-agentcore:InvokeCodeInterpreter")], &["pathfinding bedrock-001", "AgentCore"]),
    path("passrole-bedrock-agentcore-create-agent-runtime", "makes an agent runtime that runs as `{}` and commands it",
        Target::PassedRole(AGENTCORE),
        &[PASS, any("bedrock-agentcore:CreateAgentRuntime"), any("bedrock-agentcore:CreateAgentRuntimeEndpoint"),
          any("bedrock-agentcore:CreateWorkloadIdentity"), any("bedrock-agentcore:InvokeAgentRuntimeCommand")],
        &["pathfinding bedrock-003", "AgentCore"]),
    path("passrole-bedrock-agentcore-create-browser", "makes a browser that runs as `{}` and drives it",
        Target::PassedRole(AGENTCORE),
        &[PASS, any("bedrock-agentcore:CreateBrowser"), any("bedrock-agentcore:StartBrowserSession"),
          any("bedrock-agentcore:ConnectBrowserAutomationStream")], &["AgentCore"]),
    path("passrole-batch-submit-job", "runs a batch job as `{}`", Target::PassedRole(ECS),
        &[PASS, any("batch:RegisterJobDefinition"), any("batch:SubmitJob")], &["pathfinding batch-001"]),
    path("passrole-braket-create-job", "runs a hybrid job as `{}`", Target::PassedRole(&["braket.amazonaws.com"]),
        &[PASS, any("braket:CreateJob")], &["pathfinding braket-001"]),
    path("passrole-elasticmapreduce-run-job-flow", "makes a cluster whose nodes run as `{}`", Target::PassedRole(EC2),
        &[PASS, any("elasticmapreduce:RunJobFlow")], &["pathfinding emr-001"]),
    path("passrole-emr-serverless-start-job-run", "runs a Spark job as `{}`",
        Target::PassedRole(&["emr-serverless.amazonaws.com"]),
        &[PASS, any("emr-serverless:CreateApplication"), any("emr-serverless:StartJobRun")],
        &["pathfinding emrserverless-001"]),
    path("passrole-gamelift-create-fleet", "runs a game server of its choice as `{}`",
        Target::PassedRole(&["gamelift.amazonaws.com"]),
        &[PASS, any("gamelift:CreateBuild"), any("gamelift:CreateFleet")], &["pathfinding gamelift-001"]),
    path("passrole-kinesisanalytics-create-application", "runs a streaming application as `{}`",
        Target::PassedRole(&["kinesisanalytics.amazonaws.com"]),
        &[PASS, any("kinesisanalytics:CreateApplication"), any("kinesisanalytics:StartApplication")],
        &["pathfinding kinesisanalytics-001"]),
    path("passrole-omics-start-run", "runs a workflow of its choice as `{}`",
        Target::PassedRole(&["omics.amazonaws.com"]), &[PASS, any("omics:CreateWorkflow"), any("omics:StartRun")],
        &["pathfinding omics-001"]),
    path("passrole-eks-create-pod-identity-association", "lets pods of a cluster run as `{}`",
        Target::PassedRole(&["pods.eks.amazonaws.com"]), &[PASS, any("eks:CreatePodIdentityAssociation")],
        &["EKS User Guide, Assign an IAM role to a Kubernetes service account"]),
    path("passrole-rolesanywhere-create-profile", "makes certificates of its own stand for `{}`",
        Target::PassedRole(&["rolesanywhere.amazonaws.com"]),
        &[PASS, any("rolesanywhere:CreateTrustAnchor"), any("rolesanywhere:CreateProfile")],
        &["IAM Roles Anywhere User Guide, CreateProfile"]),
    path("passrole-cognito-set-identity-pool-roles", "gives `{}` to everybody who uses an identity pool",
        Target::PassedToIdentityPool, &[PASS, any("cognito-identity:SetIdentityPoolRoles")],
        &["pathfinding cognitoidentity-001"]),
    path("passrole-lambda-update-function-configuration", "makes a Lambda function run as `{}` and invokes it",
        Target::PassedRole(LAMBDA),
        &[PASS, any("lambda:UpdateFunctionConfiguration"), any("lambda:InvokeFunction")],
        &["Lambda API Reference, UpdateFunctionConfiguration"]),

    // Something that runs already.
    path("lambda-update-function-code", "changes the code of the function `{}`", Target::Running(&[Runs::LambdaFunction]),
        &[on_resource("lambda:UpdateFunctionCode")], &["Rhino", "pathfinding lambda-003"]),
    path("lambda-update-function-configuration", "puts a layer of its own into the function `{}`",
        Target::Running(&[Runs::LambdaFunction]), &[on_resource("lambda:UpdateFunctionConfiguration")],
        &["Rhino"]),
    path("ec2-modify-instance-attribute", "stops the instance `{}`, changes its user data and starts it again",
        Target::Running(&[Runs::Instance]),
        &[on_resource("ec2:StopInstances"), on_resource("ec2:ModifyInstanceAttribute"),
          on_resource("ec2:StartInstances")], &["pathfinding ec2-002"]),
    path("ec2-instance-connect-send-ssh-public-key", "logs in to the instance `{}` with a key of its own",
        Target::Running(&[Runs::Instance]), &[on_resource("ec2-instance-connect:SendSSHPublicKey")],
        &["pathfinding ec2-003"]),
    path("ec2-instance-connect-send-serial-console-key", "logs in to the serial console of the instance `{}`",
        Target::Running(&[Runs::Instance]), &[on_resource("ec2-instance-connect:SendSerialConsoleSSHPublicKey")],
        &["EC2 User Guide, EC2 Serial Console"]),
    path("ec2-modify-launch-template", "changes the user data of the launch template `{}`",
        Target::Running(&[Runs::LaunchTemplate]),
        &[on_resource("ec2:CreateLaunchTemplateVersion"), on_resource("ec2:ModifyLaunchTemplate")],
        &["pathfinding ec2-005"]),
    path("ssm-start-session", "opens a session on the instance `{}`", Target::Running(&[Runs::Instance]),
        &[on_resource("ssm:StartSession")], &["pathfinding ssm-001"]),
    path("ssm-send-command", "runs a command on the instance `{}`", Target::Running(&[Runs::Instance]),
        &[on_resource("ssm:SendCommand"), step("ssm:SendCommand", On::Arns(COMMANDS))],
        &["pathfinding ssm-002"]),
    path("ssm-create-association", "runs a document of its choice on the instance `{}`",
        Target::Running(&[Runs::Instance]),
        &[on_resource("ssm:CreateAssociation"), step("ssm:CreateAssociation", On::Arns(COMMANDS))],
        &["Systems Manager API Reference, CreateAssociation"]),
    path("cloudformation-update-stack", "updates a stack whose service role is `{}`", Target::Held(CLOUDFORMATION),
        &[any("cloudformation:UpdateStack")], &["pathfinding cloudformation-002"]),
    path("cloudformation-execute-change-set", "changes a stack whose service role is `{}`",
        Target::Held(CLOUDFORMATION), &[any("cloudformation:CreateChangeSet"), any("cloudformation:ExecuteChangeSet")],
        &["pathfinding cloudformation-005"]),
    path("codebuild-start-build", "starts the build project `{}` with commands of its own",
        Target::Running(&[Runs::BuildProject]), &[on_resource("codebuild:StartBuild")], &["pathfinding codebuild-002"]),
    path("codebuild-start-build-batch", "starts a batch of the build project `{}` with commands of its own",
        Target::Running(&[Runs::BuildProject]), &[on_resource("codebuild:StartBuildBatch")],
        &["pathfinding codebuild-003"]),
    path("ecs-execute-command", "runs a command in a container of the task `{}`",
        Target::Running(&[Runs::TaskDefinition]), &[any("ecs:ExecuteCommand")], &["pathfinding ecs-006"]),
    path("glue-update-dev-endpoint", "puts a key of its own into the development endpoint `{}`",
        Target::Running(&[Runs::DevEndpoint]), &[on_resource("glue:UpdateDevEndpoint")],
        &["Rhino", "pathfinding glue-002"]),
    path("sagemaker-create-presigned-notebook-url", "opens the notebook instance `{}`",
        Target::Running(&[Runs::NotebookInstance]), &[on_resource("sagemaker:CreatePresignedNotebookInstanceUrl")],
        &["pathfinding sagemaker-004"]),
    path("sagemaker-update-notebook-lifecycle-config", "gives the notebook instance `{}` a start script of its own",
        Target::Running(&[Runs::NotebookInstance]),
        &[any("sagemaker:CreateNotebookInstanceLifecycleConfig"), on_resource("sagemaker:StopNotebookInstance"),
          on_resource("sagemaker:UpdateNotebookInstance"), on_resource("sagemaker:StartNotebookInstance")],
        &["pathfinding sagemaker-005"]),
    path("sagemaker-create-presigned-domain-url", "opens Studio as the user `{}`", Target::Running(&[Runs::StudioUser]),
        &[any("sagemaker:CreatePresignedDomainUrl")], &["SageMaker API Reference, CreatePresignedDomainUrl"]),
    path("states-update-state-machine", "rewrites the state machine `{}` and starts it",
        Target::Running(&[Runs::StateMachine]),
        &[on_resource("states:UpdateStateMachine"), on_resource("states:StartExecution")],
        &["pathfinding stepfunctions-002"]),
    path("apprunner-update-service", "gives the App Runner service `{}` an image of its own",
        Target::Running(&[Runs::AppRunnerService]), &[on_resource("apprunner:UpdateService")],
        &["pathfinding apprunner-002"]),
    path("bedrock-agentcore-invoke-code-interpreter", "runs code in the code interpreter `{}`",
        Target::Running(&[Runs::CodeInterpreter]),
        &[on_resource("bedrock-agentcore:StartCodeInterpreterSession"),
          on_resource("bedrock-agentcore:InvokeCodeInterpreter")], &["pathfinding bedrock-002", "AgentCore"]),
    path("bedrock-agentcore-invoke-agent-runtime-command", "runs a command in the agent runtime `{}`",
        Target::Running(&[Runs::AgentRuntime]), &[on_resource("bedrock-agentcore:InvokeAgentRuntimeCommand")],
        &["AgentCore"]),
    path("bedrock-agentcore-connect-browser", "drives the browser `{}`", Target::Running(&[Runs::Browser]),
        &[on_resource("bedrock-agentcore:StartBrowserSession"),
          on_resource("bedrock-agentcore:ConnectBrowserAutomationStream")], &["AgentCore"]),
    path("batch-submit-job", "runs the job definition `{}` with a command of its own",
        Target::Running(&[Runs::BatchJobDefinition]), &[on_resource("batch:SubmitJob")], &["pathfinding batch-002"]),
];
