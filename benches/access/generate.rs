//! Templates of any size for questions about access, with a realistic mix: roles of functions that write to buckets of their
//! own, roles of people that are assumed with MFA, deployers that pass roles of their team, users in groups, managed
//! policies, bucket and queue policies of which some name a partner. The same size always gives the same text.

use serde_json::{Map, Value, json};

/// The sizes that are measured, in resources that hold IAM policies.
pub const SIZES: [usize; 3] = [1_000, 10_000, 20_000];

/// Resources of a team: what names a pattern names it within one.
const TEAM: usize = 200;

fn policy(statements: Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn named(name: &str, statements: Value) -> Value {
    json!({"PolicyName": name, "PolicyDocument": policy(statements)})
}

/// A template with `count` resources that hold IAM policies, and what they are about.
pub fn template(count: usize) -> Value {
    let mut resources = Map::new();
    for team in 0..count.div_ceil(TEAM) {
        let statement = json!([{"Sid": "Audit", "Effect": "Allow", "Action": "sts:AssumeRole",
            "Resource": {"Fn::Sub": format!("arn:aws:iam::${{AWS::AccountId}}:role/team{team}/people-*")}}]);
        let group = json!({"GroupName": format!("team{team}"), "Policies": [named("assume", statement)]});
        resources.insert(format!("Group{team}"), json!({"Type": "AWS::IAM::Group", "Properties": group}));
    }
    for i in 0..count {
        let team = i / TEAM;
        let (bucket, queue) = (format!("Bucket{}", i - i % 10 + 4), format!("Queue{}", i - i % 10 + 6));
        match i % 10 {
            // Functions.
            0..=2 => {
                let write = json!([
                    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": {"Fn::Sub": format!("${{{bucket}.Arn}}/*")}},
                    {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": [queue, "Arn"]}},
                ]);
                let trust = json!([{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]);
                resources.insert(
                    format!("Role{i}"),
                    json!({"Type": "AWS::IAM::Role", "Properties": {"RoleName": format!("run-{i}"), "Path": format!("/team{team}/"),
                        "AssumeRolePolicyDocument": policy(trust), "Policies": [named("write", write)],
                        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]}}),
                );
                resources.insert(
                    format!("Function{i}"),
                    json!({"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": format!("run-{i}"),
                        "Role": {"Fn::GetAtt": [format!("Role{i}"), "Arn"]}, "Runtime": "python3.13", "Handler": "index.handler",
                        "Code": {"ZipFile": "pass"}}}),
                );
            }
            // People, and the pipeline of each team.
            3 => {
                let is_pipeline = i % TEAM == 3;
                let account = json!({"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}});
                let principal = if is_pipeline { json!({"Service": "codebuild.amazonaws.com"}) } else { account };
                let mut trust = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
                if !is_pipeline {
                    trust["Condition"] = json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}});
                }
                let statements = match is_pipeline {
                    true => json!([
                        {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:UpdateFunctionCode"], "Resource": "*"},
                        {"Effect": "Allow", "Action": "iam:PassRole",
                         "Resource": {"Fn::Sub": format!("arn:aws:iam::${{AWS::AccountId}}:role/team{team}/run-*")},
                         "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}},
                    ]),
                    false => json!([
                        {"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"},
                        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::*-secret/*"},
                    ]),
                };
                let kind = if is_pipeline { "pipeline" } else { "people" };
                resources.insert(
                    format!("Role{i}"),
                    json!({"Type": "AWS::IAM::Role", "Properties": {"RoleName": format!("{kind}-{i}"), "Path": format!("/team{team}/"),
                        "AssumeRolePolicyDocument": policy(json!([trust])), "Policies": [named("own", statements)]}}),
                );
            }
            4 | 5 => {
                let name = format!("Bucket{i}");
                let mut statements = vec![json!({"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
                    "Resource": [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": format!("${{{name}.Arn}}/*")}],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}}})];
                if i % 50 == 4 {
                    statements.push(json!({"Sid": "Partner", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                        "Action": "s3:GetObject", "Resource": {"Fn::Sub": format!("${{{name}.Arn}}/shared/*")}}));
                }
                let properties = json!({"Bucket": {"Ref": name}, "PolicyDocument": policy(json!(statements))});
                resources.insert(
                    format!("{name}Policy"),
                    json!({"Type": "AWS::S3::BucketPolicy", "Properties": properties}),
                );
                resources.insert(
                    name,
                    json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": format!("team{team}-bucket-{i}")}}),
                );
            }
            6 => {
                let send = json!([{"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                    "Resource": {"Fn::GetAtt": [queue, "Arn"]}, "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}]);
                let properties = json!({"Queues": [{"Ref": queue}], "PolicyDocument": policy(send)});
                resources.insert(
                    format!("{queue}Policy"),
                    json!({"Type": "AWS::SQS::QueuePolicy", "Properties": properties}),
                );
                resources.insert(
                    queue,
                    json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": format!("team{team}-jobs-{i}")}}),
                );
            }
            7 => {
                let statements = json!([{"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": {"Fn::GetAtt": [queue, "Arn"]}}]);
                let properties =
                    json!({"ManagedPolicyName": format!("receive-{i}"), "PolicyDocument": policy(statements)});
                resources.insert(
                    format!("Managed{i}"),
                    json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}),
                );
            }
            _ => {
                let statements = json!([{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": {"Fn::GetAtt": [bucket, "Arn"]}}]);
                let mut user = json!({"UserName": format!("user-{i}"), "Groups": [{"Ref": format!("Group{team}")}],
                    "Policies": [named("list", statements)]});
                if i % 10 == 8 {
                    user["ManagedPolicyArns"] = json!([{"Ref": format!("Managed{}", i - 1)}]);
                }
                resources.insert(format!("User{i}"), json!({"Type": "AWS::IAM::User", "Properties": user}));
            }
        }
    }
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Description": "Generated for measurements", "Resources": resources})
}

/// Roles that trust everybody and may assume each other: the worst for whoever follows trust.
pub fn open_roles(count: usize) -> Value {
    let trust = policy(json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]));
    let role = |i: usize| {
        let statements = json!([
            {"Effect": "Allow", "Action": ["sts:AssumeRole", "iam:PassRole"], "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::bucket-{i}/*")},
        ]);
        let properties = json!({"RoleName": format!("r{i}"), "AssumeRolePolicyDocument": trust, "Policies": [named("own", statements)]});
        (format!("R{i}"), json!({"Type": "AWS::IAM::Role", "Properties": properties}))
    };
    json!({"Resources": (0..count).map(role).collect::<Map<String, Value>>()})
}
