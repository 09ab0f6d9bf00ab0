//! The CloudFormation loader: what templates come to.

use std::collections::BTreeMap;

use iam_preflight::catalog::Catalog;
use iam_preflight::model::{Deployment, Policy, PolicyStatus};
use iam_preflight::source::{Limits, Sources, json, yaml};
use iam_preflight::template::{LoadContext, LoadOptions, ParsedInput, cloudformation};

/// A run over templates given as text.
struct Run {
    sources: Sources,
    options: LoadOptions,
    limits: Limits,
}

impl Run {
    fn new() -> Run {
        Run { sources: Sources::new(), options: LoadOptions::default(), limits: Limits::default() }
    }

    fn parameters(mut self, given: &[(&str, &str)]) -> Run {
        self.options.parameters = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        self
    }

    fn context(&self) -> LoadContext<'_> {
        LoadContext {
            sources: &self.sources,
            catalog: Catalog::embedded(),
            options: &self.options,
            limits: &self.limits,
        }
    }

    fn parse(&self, path: &str, text: &str) -> ParsedInput {
        let source = self.sources.add(path, text);
        let root = if text.trim_start().starts_with('{') {
            json::read(source, text, &self.limits)
        } else {
            yaml::read(source, text, &self.limits)
        };
        ParsedInput { path: path.to_owned(), source, root: root.unwrap() }
    }

    fn load(&self, text: &str) -> Deployment {
        let input = self.parse("template.yaml", text);
        cloudformation::load(vec![input], self.context()).pop().unwrap()
    }
}

fn load(text: &str) -> Deployment {
    Run::new().load(text)
}

fn document(policy: &Policy) -> serde_json::Value {
    policy.document.as_ref().unwrap_or_else(|| panic!("no document: {:?}", policy.gaps)).root().to_json()
}

/// The resource ARN of the only statement of the only policy of a template whose statement's resource is `expression`.
fn resource(header: &str, expression: &str) -> serde_json::Value {
    let text = format!(
        "{header}\nResources:\n  Orders: {{Type: AWS::SQS::Queue}}\n  Logs: {{Type: AWS::S3::Bucket, Properties: {{BucketName: my-logs}}}}\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Statement:\n          - Effect: Allow\n            Action: s3:GetObject\n            Resource: {expression}\n"
    );
    let deployment = load(&text);
    assert!(deployment.inputs[0].error.is_none(), "{expression}: {:?}", deployment.inputs[0].error);
    assert_eq!(deployment.policies.len(), 1);
    document(&deployment.policies[0])["Statement"][0]["Resource"].clone()
}

#[test]
fn every_function_gives_what_cloudformation_gives() {
    let header = "Parameters:\n  Env: {Type: String, Default: prod}\n  Names: {Type: CommaDelimitedList, Default: 'a, b'}\n  Role: {Type: String, AllowedPattern: 'arn:aws:iam::[0-9]{12}:role/[a-z]+'}\nMappings:\n  Accounts:\n    prod: {Id: '111122223333'}\n    dev: {Id: '444455556666'}\n";
    for (expression, expected) in [
        ("!Ref Env", "prod"),
        ("!Ref Logs", "my-logs"),
        ("!GetAtt Logs.Arn", "arn:${AWS::Partition}:s3:::my-logs"),
        ("!GetAtt Orders.Arn", "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Orders.QueueName}"),
        ("!Sub '${Logs.Arn}/${Env}/*'", "arn:${AWS::Partition}:s3:::my-logs/prod/*"),
        ("!Sub 'x${!aws:username}-${Env}'", "x${aws:username}-prod"),
        ("!Sub ['${A}-${Env}', {A: !Ref Logs}]", "my-logs-prod"),
        ("!Join ['-', [a, !Ref Env, !Ref 'AWS::NoValue', c]]", "a-prod-c"),
        ("!Join ['|', !Ref Names]", "a|b"),
        ("!Select [1, !Split [':', 'a:b:c']]", "b"),
        ("!Select [2, !Split [':', !GetAtt Orders.Arn]]", "sqs"),
        ("!Select [5, !Split [':', !GetAtt Orders.Arn]]", "${Orders.QueueName}"),
        ("!Select ['1', !Ref Names]", "b"),
        ("!FindInMap [Accounts, !Ref Env, Id]", "111122223333"),
        ("!FindInMap [Accounts, test, Id, {DefaultValue: none}]", "none"),
        ("!Base64 abc", "YWJj"),
        ("!Select [1, !Cidr [10.0.0.0/16, 2, 8]]", "10.0.1.0/24"),
        ("!Sub '${AWS::StackName}-x'", "${AWS::StackName}-x"),
        ("!Sub '{{resolve:ssm:/app/bucket}}/*'", "${resolve:ssm:/app/bucket}/*"),
        ("!ImportValue Shared", "${Fn::ImportValue(Shared)}"),
        ("{'Fn::ToJsonString': {a: !Ref Env}}", r#"{"a":"prod"}"#),
        ("{'Fn::Join': ['', [!Length [1, 2, 3], x]]}", "3x"),
    ] {
        assert_eq!(resource(header, expression), expected, "{expression}");
    }
}

#[test]
fn an_undecided_condition_gives_a_version_for_each_branch() {
    let deployment = load(
        "Parameters:\n  Env: {Type: String, AllowedValues: [dev, prod]}\nConditions:\n  IsProd: !Equals [!Ref Env, prod]\nResources:\n  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {Statement: []}\n      Policies:\n        - PolicyName: p\n          PolicyDocument:\n            Statement:\n              Effect: Allow\n              Action: !If [IsProd, s3:GetObject, 's3:*']\n              Resource: !Sub 'arn:aws:s3:::${Env}'\n",
    );
    let versions: Vec<(String, serde_json::Value)> = deployment
        .policies
        .iter()
        .filter(|p| p.name == "p")
        .map(|p| (p.when.as_ref().unwrap().to_string(), document(p)["Statement"]["Resource"].clone()))
        .collect();
    let expected = [("IsProd", "arn:aws:s3:::prod"), ("not IsProd", "arn:aws:s3:::dev")];
    assert_eq!(versions, expected.map(|(w, r)| (w.to_owned(), serde_json::Value::from(r))));
    let trust: Vec<_> = deployment.policies.iter().filter(|p| p.name == "AssumeRolePolicyDocument").collect();
    assert_eq!(trust.len(), 1, "what the condition does not touch is there once");
    assert!(trust[0].when.is_none());
}

#[test]
fn what_is_wrong_with_a_template_is_told_with_its_place() {
    for (text, message) in [
        ("Resources: {A: {Type: AWS::S3::Bucket, Properties: {X: !Ref Nope}}}", "`Nope` is neither"),
        ("Resources: {A: {Type: AWS::S3::Bucket, Properties: {X: !GetAtt Nope.Arn}}}", "`Nope` is no resource"),
        ("Resources: {A: {Type: AWS::S3::Bucket, Properties: {X: {'Fn::Nope': 1}}}}", "unknown intrinsic function"),
        ("Resources: {A: {Type: AWS::S3::Bucket, Properties: {X: !Nope 1}}}", "unknown tag `!Nope`"),
        ("Resources: {A: {Type: AWS::S3::Bucket, Properties: {X: !If [C, 1, 2]}}}", "condition `C` is not declared"),
        ("Resources: {A: {Type: AWS::S3::Bucket, Properties: {X: !FindInMap [M, a, b]}}}", "mapping `M`"),
        (
            "Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}\nResources: {A: {Type: AWS::S3::Bucket, Condition: C}}",
            "depends on itself",
        ),
        (
            "Resources: {A: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref B}}, B: {Type: AWS::S3::Bucket, Properties: {BucketName: !Ref A}}}",
            "refers to itself",
        ),
        ("Parameters: {P: {Type: Number, Default: x}}\nResources: {}", "must be a number"),
        ("Parameters: {P: {Type: String, Default: x, AllowedValues: [y]}}\nResources: {}", "allowed values"),
        ("Resources: {A: {Properties: {}}}", "has no type"),
        ("Resources: []", "must be a map"),
        ("[]", "must be a map"),
    ] {
        let deployment = load(text);
        let error = deployment.inputs[0].error.as_ref().unwrap_or_else(|| panic!("no error: {text}"));
        assert!(error.message.contains(message), "{text}: {}", error.message);
        assert!(error.span.is_some(), "{text}");
    }
}

#[test]
fn policies_attach_to_what_they_name_by_reference_or_by_name() {
    let deployment = load(
        "Resources:\n  R: {Type: AWS::IAM::Role, Properties: {RoleName: app, AssumeRolePolicyDocument: {Statement: []}, ManagedPolicyArns: [!Ref M, 'arn:aws:iam::aws:policy/ReadOnlyAccess'], PermissionsBoundary: !Ref M}}\n  M: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: []}}}\n  P: {Type: AWS::IAM::Policy, Properties: {PolicyName: p, Roles: [app], PolicyDocument: {Statement: []}}}\n  Q: {Type: AWS::SQS::Queue}\n  QP: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [!Ref Q], PolicyDocument: {Statement: []}}}\n  U: {Type: AWS::IAM::User}\n  G: {Type: AWS::IAM::Group}\n  A: {Type: AWS::IAM::UserToGroupAddition, Properties: {GroupName: !Ref G, Users: [!Ref U]}}\n",
    );
    assert!(deployment.inputs[0].error.is_none(), "{:?}", deployment.inputs[0].error);
    let attached: BTreeMap<String, Vec<String>> = deployment
        .policies
        .iter()
        .map(|p| (p.resource.id.to_string(), p.attached_to.iter().map(|a| a.id.to_string()).collect()))
        .collect();
    assert_eq!(attached["P"], ["R"]);
    assert_eq!(attached["QP"], ["Q"]);
    assert_eq!(attached["M"], ["R"]);
    let role = deployment.principals.iter().find(|p| p.id.id == "R").unwrap();
    assert!(role.trust_policy.is_some());
    assert_eq!(role.policies.len(), 2);
    assert_eq!(role.managed_policies.len(), 2);
    assert!(role.managed_policies[0].policy.is_some() && role.managed_policies[1].policy.is_none());
    assert!(role.permissions_boundary.as_ref().unwrap().policy.is_some());
    assert_eq!(role.arn.display(), "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/app");
    let user = deployment.principals.iter().find(|p| p.id.id == "U").unwrap();
    assert_eq!(user.groups[0].id, "G");
}

#[test]
fn a_secret_parameter_decides_conditions_and_is_shown_nowhere() {
    let text = "Parameters: {Secret: {Type: String, NoEcho: true, Default: hunter2}}\nConditions: {Has: !Not [!Equals [!Ref Secret, '']]}\nResources:\n  P: {Type: AWS::IAM::ManagedPolicy, Condition: Has, Properties: {PolicyDocument: {Statement: {Effect: Allow, Action: 's3:*', Resource: !Ref Secret}}}}\n";
    for run in [Run::new(), Run::new().parameters(&[("Secret", "topsecret")])] {
        let deployment = run.load(text);
        assert_eq!(deployment.policies.len(), 1);
        assert!(deployment.policies[0].when.is_none());
        let shown = format!("{deployment:?}");
        assert!(shown.contains("${Secret}") && !shown.contains("hunter2") && !shown.contains("topsecret"));
    }
}

#[test]
fn a_document_that_is_not_known_is_accounted_for() {
    let deployment = load(
        "Parameters: {Doc: {Type: String}}\nResources:\n  P: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: !Ref Doc}}\n",
    );
    assert_eq!(deployment.policies.len(), 1);
    assert_eq!(deployment.policies[0].status(), PolicyStatus::NotAnalysable);
    assert!(deployment.policies[0].gaps[0].message.contains("${Doc}"));
}

#[test]
fn loops_are_written_out_also_for_unknown_collections() {
    let text = "Transform: AWS::LanguageExtensions\nParameters: {Extra: {Type: CommaDelimitedList}}\nResources:\n  Fn::ForEach::Topics:\n    - Name\n    - [Orders, Refunds]\n    - Topic${Name}: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub 'x-${Name}'}}\n      Policy${Name}: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref 'Topic${Name}'], PolicyDocument: {Statement: {Resource: !Ref 'Topic${Name}'}}}}\n  Fn::ForEach::More:\n    - X\n    - !Ref Extra\n    - Queue${X}: {Type: AWS::SQS::QueuePolicy, Properties: {Queues: [], PolicyDocument: {Statement: {Resource: !Ref X}}}}\n";
    let deployment = load(text);
    assert!(deployment.inputs[0].error.is_none(), "{:?}", deployment.inputs[0].error);
    let found: Vec<(String, serde_json::Value)> = deployment
        .policies
        .iter()
        .map(|p| (p.resource.id.to_string(), document(p)["Statement"]["Resource"].clone()))
        .collect();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].0, "PolicyOrders");
    assert_eq!(found[0].1, "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:x-Orders");
    assert_eq!(deployment.policies[0].attached_to[0].id, "TopicOrders");
    assert!(deployment.inputs[0].notices.iter().any(|n| n.message.contains("`Fn::ForEach::More`")));
}

#[test]
fn imports_meet_the_exports_of_the_run() {
    let run = Run::new();
    let exporting = run.parse(
        "a.yaml",
        "Resources: {B: {Type: AWS::S3::Bucket}}\nOutputs: {O: {Value: !GetAtt B.Arn, Export: {Name: SharedBucket}}}\n",
    );
    let importing = run.parse(
        "b.yaml",
        "Resources: {P: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Resource: !ImportValue SharedBucket}}}}}\n",
    );
    let deployments = cloudformation::load(vec![exporting, importing], run.context());
    let policy = &deployments[1].policies[0];
    assert_eq!(document(policy)["Statement"]["Resource"], "arn:${AWS::Partition}:s3:::${B.BucketName}");
}

#[test]
fn nested_stacks_take_parameters_and_give_outputs() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("child.yaml"),
        "Parameters: {Queue: {Type: String}}\nResources:\n  P: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: {Resource: !Ref Queue}}}}\nOutputs: {Policy: {Value: !Ref P}}\n",
    )
    .unwrap();
    let run = Run::new();
    let path = folder.path().join("parent.yaml").display().to_string();
    let parent = run.parse(
        &path,
        "Resources:\n  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}\n  Nested: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./child.yaml, Parameters: {Queue: !GetAtt Q.Arn}}}\n  R: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Statement: []}, ManagedPolicyArns: [!GetAtt Nested.Outputs.Policy]}}\n",
    );
    let deployment = cloudformation::load(vec![parent], run.context()).pop().unwrap();
    assert!(deployment.inputs[0].error.is_none(), "{:?}", deployment.inputs[0].error);
    let policy = deployment.policies.iter().find(|p| p.resource.id == "Nested.P").unwrap();
    assert_eq!(
        document(policy)["Statement"]["Resource"],
        "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:orders"
    );
    assert_eq!(policy.attached_to[0].id, "R");
}

#[test]
fn a_statement_points_to_the_piece_of_the_string_that_is_to_blame() {
    let text = "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Statement: {Resource: !Sub 'arn:aws:s3:::${AWS::StackName}-logs'}\n";
    let run = Run::new();
    let deployment = run.load(text);
    let statement = &deployment.policies[0].document.as_ref().unwrap().statements[0];
    let item = &statement.resource.as_ref().unwrap().items[0];
    let written: Vec<&str> =
        item.text.segments().iter().map(|s| &text[s.origin.start as usize..s.origin.end as usize]).collect();
    assert_eq!(written, ["arn:aws:s3:::", "${AWS::StackName}", "-logs"]);
}

#[test]
fn lambda_permissions_are_statements_of_the_function() {
    let deployment = load(
        "Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {FunctionName: f}}\n  P: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref F, Action: 'lambda:InvokeFunction', Principal: s3.amazonaws.com, SourceAccount: !Ref 'AWS::AccountId'}}\n",
    );
    let policy = &deployment.policies[0];
    assert_eq!(policy.attached_to[0].id, "F");
    assert_eq!(
        document(policy)["Statement"][0],
        serde_json::json!({
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:f",
            "Condition": {"StringEquals": {"AWS:SourceAccount": "${AWS::AccountId}"}}
        })
    );
}

/// For trying real templates: set `IAM_PREFLIGHT_TEMPLATES` to a folder and read what is printed.
#[test]
fn every_template_of_a_folder_is_accounted_for() {
    let Ok(folder) = std::env::var("IAM_PREFLIGHT_TEMPLATES") else { return };
    let mut open = vec![std::path::PathBuf::from(folder)];
    let mut counts = BTreeMap::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        let run = Run::new();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let source = run.sources.add(path.display().to_string(), text.as_str());
        let root = json::read(source, &text, &run.limits).or_else(|_| yaml::read(source, &text, &run.limits));
        let Ok(root) = root else {
            println!("{}: {}", path.display(), root.unwrap_err());
            continue;
        };
        if !cloudformation::looks_like(&root) {
            continue;
        }
        let input = ParsedInput { path: path.display().to_string(), source, root };
        for deployment in cloudformation::load(vec![input], run.context()) {
            *counts.entry("templates".to_owned()).or_insert(0) += 1;
            for problem in deployment.inputs[0].error.iter().chain(&deployment.inputs[0].notices) {
                println!("{}: {}", path.display(), problem.message);
            }
            for policy in &deployment.policies {
                *counts.entry(format!("{:?}", policy.status())).or_insert(0) += 1;
                for gap in &policy.gaps {
                    println!("{}: {}: {}", path.display(), policy.resource.id, gap.message);
                }
            }
        }
    }
    println!("{counts:?}");
}

#[test]
fn long_chains_of_conditions_and_references_are_errors_and_no_overflow() {
    let mut text = String::from("Conditions:\n  C0: !Equals [!Ref 'AWS::Region', x]\n");
    for i in 1..400 {
        text.push_str(&format!("  C{i}: !Not [!Condition C{}]\n", i - 1));
    }
    text.push_str("Resources:\n");
    for i in 0..400 {
        let next = if i == 399 { "last".to_owned() } else { format!("!Ref B{}", i + 1) };
        text.push_str(&format!(
            "  B{i}: {{Type: AWS::S3::Bucket, Condition: C399, Properties: {{BucketName: {next}}}}}\n"
        ));
    }
    let deployment = load(&text);
    assert!(deployment.inputs[0].error.as_ref().unwrap().message.contains("levels deep"));
    assert!(deployment.resources.len() >= 400);
}

#[test]
fn time_grows_with_the_template_and_not_faster() {
    let load_many = |n: usize| {
        let mut text = String::from(
            "Parameters: {Env: {Type: String}}\nResources:\n  M: {Type: AWS::IAM::ManagedPolicy, Properties: {PolicyDocument: {Statement: []}}}\n",
        );
        for i in 0..n {
            text.push_str(&format!(
                "  R{i}: {{Type: AWS::IAM::Role, Properties: {{RoleName: !Sub 'r-${{Env}}-{i}', ManagedPolicyArns: [!Ref M], AssumeRolePolicyDocument: {{Statement: {{Effect: Allow, Principal: {{Service: ec2.amazonaws.com}}, Action: 'sts:AssumeRole'}}}}}}}}\n"
            ));
        }
        let run = Run::new();
        let input = run.parse("t.yaml", &text);
        let start = std::time::Instant::now();
        let deployment = cloudformation::load(vec![input], run.context()).pop().unwrap();
        assert_eq!(deployment.principals.len(), n);
        start.elapsed()
    };
    load_many(100);
    let (small, large) = (load_many(500), load_many(5000));
    // Ten times the work; thirty leaves room for a busy machine, a hundred would be a quadratic loader.
    assert!(large < small * 30 + std::time::Duration::from_millis(500), "{small:?} for 500, {large:?} for 5,000");
}

#[test]
fn an_assembly_is_all_its_stacks_also_of_nested_assemblies() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let template = r#"{"Resources": {"P": {"Type": "AWS::IAM::ManagedPolicy", "Metadata": {"aws:cdk:path": "App/P/Resource"},
        "Properties": {"PolicyDocument": {"Statement": {"Resource": {"Fn::Sub": "${AWS::StackName}"}}}}}}}"#;
    let manifest = r#"{"version": "36.0.0", "artifacts": {
        "One": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "One.template.json", "stackName": "one"}},
        "Stage": {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Stage"}},
        "Gone": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Gone.template.json"}}}}"#;
    let inner = r#"{"version": "36.0.0", "artifacts": {
        "Two": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "Two.template.json"}}}}"#;
    write("One.template.json", template);
    write("assembly-Stage/manifest.json", inner);
    write("assembly-Stage/Two.template.json", template);
    let run = Run::new();
    let manifest = run.parse(&folder.path().join("manifest.json").display().to_string(), manifest);
    let deployment = cloudformation::load_assembly(&manifest, run.context());
    let resources: Vec<_> = deployment.policies.iter().map(|p| document(p)["Statement"]["Resource"].clone()).collect();
    assert_eq!(resources, ["one", "Two"]);
    assert_eq!(deployment.resources[0].construct_path.as_deref(), Some("App/P/Resource"));
    let error = deployment.inputs[0].error.as_ref().unwrap();
    assert!(error.message.contains("Gone.template.json"), "{}", error.message);
}
