//! Inputs of any size: CloudFormation templates and Terraform plans with a realistic mix of roles, managed policies,
//! inline policies and bucket policies. The same size always gives the same text.

use serde_json::{Map, Value, json};

/// The sizes that are measured, in IAM resources.
pub const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// A template with `count` resources that hold IAM policies, and the buckets and queues that they are about.
pub fn template(count: usize) -> Value {
    let mut resources = Map::new();
    for i in 0..count {
        match i % 10 {
            0..=3 => {
                resources.insert(format!("Role{i}"), role(i));
            }
            4..=6 => {
                resources.insert(format!("Policy{i}"), managed_policy(i));
            }
            7 | 8 => {
                resources.insert(format!("Bucket{i}"), json!({"Type": "AWS::S3::Bucket"}));
                resources.insert(format!("BucketPolicy{i}"), bucket_policy(i));
            }
            _ => {
                resources.insert(format!("Queue{i}"), json!({"Type": "AWS::SQS::Queue"}));
                resources.insert(format!("Inline{i}"), inline_policy(i));
            }
        }
    }
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Generated for measurements",
        "Parameters": {
            "Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]},
            "PartnerAccount": {"Type": "String", "Default": "444455556666"},
        },
        "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
        "Resources": resources,
    })
}

fn role(i: usize) -> Value {
    json!({
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Fn::Sub": format!("worker-{i}-${{Stage}}")},
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${PartnerAccount}:root"}},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"sts:ExternalId": format!("worker-{i}")}},
                    },
                ],
            },
            "ManagedPolicyArns": [
                {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"},
            ],
            "Policies": [{
                "PolicyName": "table",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{
                        "Sid": "Items",
                        "Effect": "Allow",
                        "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"],
                        "Resource": {"Fn::Sub": format!(
                            "arn:${{AWS::Partition}}:dynamodb:${{AWS::Region}}:${{AWS::AccountId}}:table/items-{i}"
                        )},
                    }],
                },
            }],
        },
    })
}

fn managed_policy(i: usize) -> Value {
    // The role of the same ten; there always is one.
    let role = format!("Role{}", i - i % 10);
    json!({
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Roles": [{"Ref": role}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "Logs",
                        "Effect": "Allow",
                        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                        "Resource": {"Fn::Join": ["", [
                            "arn:", {"Ref": "AWS::Partition"}, ":logs:", {"Ref": "AWS::Region"}, ":",
                            {"Ref": "AWS::AccountId"}, format!(":log-group:/workers/{i}:*"),
                        ]]},
                    },
                    {
                        "Sid": "Objects",
                        "Effect": "Allow",
                        "Action": ["s3:GetObject*", "s3:PutObject"],
                        "Resource": [format!("arn:aws:s3:::exports-{i}/*"), format!("arn:aws:s3:::imports-{i}/*")],
                        "Condition": {
                            "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                            "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]},
                        },
                    },
                ],
            },
        },
    })
}

fn bucket_policy(i: usize) -> Value {
    let bucket = format!("Bucket{i}");
    json!({
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": bucket},
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Sid": "OnlyEncryptedTransport",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [
                        {"Fn::GetAtt": [bucket, "Arn"]},
                        {"Fn::Join": ["/", [{"Fn::GetAtt": [bucket, "Arn"]}, "*"]]},
                    ],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }],
            },
        },
    })
}

fn inline_policy(i: usize) -> Value {
    json!({
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": format!("queue-{i}"),
            "Roles": [{"Ref": format!("Role{}", i - i % 10)}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [{
                    "Effect": "Allow",
                    "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
                    "Resource": {"Fn::If": ["IsProd", {"Fn::GetAtt": [format!("Queue{i}"), "Arn"]}, "*"]},
                }],
            },
        },
    })
}

/// The value as YAML in block style, the long forms of intrinsic functions as in JSON.
pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    write_yaml(value, 0, &mut out);
    out
}

/// Writes a value whose first line is already indented.
fn write_yaml(value: &Value, indent: usize, out: &mut String) {
    let new_line = |first: bool, out: &mut String| {
        if !first {
            out.push_str(&" ".repeat(indent));
        }
    };
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (i, (key, value)) in map.iter().enumerate() {
                new_line(i == 0, out);
                out.push_str(&scalar(key));
                out.push(':');
                match value {
                    Value::Object(inner) if !inner.is_empty() => {
                        out.push_str(&format!("\n{}", " ".repeat(indent + 2)));
                        write_yaml(value, indent + 2, out);
                    }
                    Value::Array(inner) if !inner.is_empty() => {
                        out.push_str(&format!("\n{}", " ".repeat(indent)));
                        write_yaml(value, indent, out);
                    }
                    _ => {
                        out.push(' ');
                        write_yaml(value, indent, out);
                    }
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, item) in items.iter().enumerate() {
                new_line(i == 0, out);
                out.push_str("- ");
                write_yaml(item, indent + 2, out);
            }
        }
        Value::String(text) => out.push_str(&format!("{}\n", scalar(text))),
        // Empty collections, numbers, booleans and null are in YAML what they are in JSON.
        other => out.push_str(&format!("{other}\n")),
    }
}

/// A string as people write it: plain where that is surely a string, else quoted as in JSON.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !matches!(text, "true" | "false" | "null")
        && !text.ends_with(':')
        && !text.contains(": ")
        && !text.contains(" #");
    if plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// A plan with `count` resources that hold IAM policies, and the buckets that they are about. A third of the policies
/// are known only after apply, as those that name a new bucket are.
pub fn plan(count: usize) -> Value {
    let mut plan = Plan::default();
    for i in 0..count {
        match i % 10 {
            0..=3 => plan.role(i),
            4 | 5 => plan.policy(i),
            6 => plan.policy_of_a_data_source(i),
            7 | 8 => plan.bucket_policy(i),
            _ => plan.role_policy(i),
        }
    }
    json!({
        "format_version": "1.2",
        "terraform_version": "1.13.4",
        "planned_values": {"root_module": {"resources": plan.planned}},
        "resource_changes": plan.changes,
        "configuration": {
            "provider_config": {"aws": {
                "name": "aws",
                "full_name": "registry.terraform.io/hashicorp/aws",
                "expressions": {"region": {"constant_value": "eu-west-1"}},
            }},
            "root_module": {"resources": plan.configuration},
        },
        "applyable": true,
        "complete": true,
        "errored": false,
    })
}

const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

#[derive(Default)]
struct Plan {
    planned: Vec<Value>,
    changes: Vec<Value>,
    configuration: Vec<Value>,
}

impl Plan {
    fn create(&mut self, kind: &str, name: &str, values: &Value, unknown: &Value, expressions: &Value) {
        let address = format!("{kind}.{name}");
        self.planned.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name, "provider_name": PROVIDER,
            "schema_version": 0, "values": values, "sensitive_values": {},
        }));
        self.changes.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name, "provider_name": PROVIDER,
            "change": {
                "actions": ["create"], "before": null, "after": values, "after_unknown": unknown,
                "before_sensitive": false, "after_sensitive": {},
            },
        }));
        self.configuration.push(json!({
            "address": address, "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws",
            "expressions": expressions, "schema_version": 0,
        }));
    }

    fn role(&mut self, i: usize) {
        let trust = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}},
        }]});
        let name = format!("worker-{i}");
        self.create(
            "aws_iam_role",
            &format!("worker_{i}"),
            &json!({
                "assume_role_policy": trust.to_string(), "description": null, "force_detach_policies": false,
                "max_session_duration": 3600, "name": name, "path": "/", "permissions_boundary": null, "tags": null,
            }),
            &json!({"arn": true, "create_date": true, "id": true, "inline_policy": true, "managed_policy_arns": true,
                "name_prefix": true, "tags_all": true, "unique_id": true}),
            &json!({"assume_role_policy": {}, "name": {"constant_value": name}}),
        );
    }

    fn policy(&mut self, i: usize) {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {
                "Sid": "Logs", "Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": format!("arn:aws:logs:eu-west-1:111122223333:log-group:/workers/{i}:*"),
            },
            {
                "Sid": "Objects", "Effect": "Allow", "Action": ["s3:GetObject*", "s3:PutObject"],
                "Resource": [format!("arn:aws:s3:::exports-{i}/*"), format!("arn:aws:s3:::imports-{i}/*")],
                "Condition": {
                    "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
                    "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]},
                },
            },
        ]});
        let name = format!("worker-{i}");
        self.create(
            "aws_iam_policy",
            &format!("worker_{i}"),
            &json!({"description": null, "name": name, "path": "/", "policy": document.to_string(), "tags": null}),
            &json!({"arn": true, "attachment_count": true, "id": true, "name_prefix": true, "policy_id": true,
                "tags_all": true}),
            &json!({"name": {"constant_value": name}, "policy": {}}),
        );
    }

    fn bucket(&mut self, i: usize) -> String {
        let name = format!("data_{i}");
        self.create(
            "aws_s3_bucket",
            &name,
            &json!({"bucket": format!("data-{i}"), "force_destroy": false, "tags": null}),
            &json!({"arn": true, "id": true, "region": true, "tags_all": true}),
            &json!({"bucket": {"constant_value": format!("data-{i}")}}),
        );
        format!("aws_s3_bucket.{name}")
    }

    fn policy_of_a_data_source(&mut self, i: usize) {
        let bucket = self.bucket(i);
        let name = format!("readers_{i}");
        let address = format!("data.aws_iam_policy_document.{name}");
        self.changes.push(json!({
            "address": address, "mode": "data", "type": "aws_iam_policy_document", "name": name,
            "provider_name": PROVIDER, "action_reason": "read_because_config_unknown",
            "change": {
                "actions": ["read"], "before": null,
                "after": {
                    "override_policy_documents": null, "policy_id": null, "source_policy_documents": null,
                    "version": null,
                    "statement": [{
                        "actions": ["s3:GetObject", "s3:ListBucket"], "condition": [], "effect": null,
                        "not_actions": null, "not_principals": [], "not_resources": null, "principals": [],
                        "resources": [null], "sid": "Read",
                    }],
                },
                "after_unknown": {
                    "id": true, "json": true, "minified_json": true,
                    "statement": [{
                        "actions": [false, false], "condition": [], "not_principals": [], "principals": [],
                        "resources": [true],
                    }],
                },
                "before_sensitive": false, "after_sensitive": {},
            },
        }));
        self.configuration.push(json!({
            "address": address, "mode": "data", "type": "aws_iam_policy_document", "name": name,
            "provider_config_key": "aws", "schema_version": 0,
            "expressions": {"statement": [{
                "actions": {"constant_value": ["s3:GetObject", "s3:ListBucket"]},
                "resources": {"references": [format!("{bucket}.arn"), bucket]},
                "sid": {"constant_value": "Read"},
            }]},
        }));
        self.create(
            "aws_iam_policy",
            &name,
            &json!({"description": null, "name": format!("readers-{i}"), "path": "/", "tags": null}),
            &json!({"arn": true, "id": true, "policy": true, "policy_id": true, "tags_all": true}),
            &json!({
                "name": {"constant_value": format!("readers-{i}")},
                "policy": {"references": [format!("{address}.json"), address]},
            }),
        );
    }

    fn bucket_policy(&mut self, i: usize) {
        let bucket = self.bucket(i);
        self.create(
            "aws_s3_bucket_policy",
            &format!("data_{i}"),
            &json!({}),
            &json!({"bucket": true, "id": true, "policy": true}),
            &json!({
                "bucket": {"references": [format!("{bucket}.id"), bucket]},
                "policy": {"references": [format!("{bucket}.arn"), bucket, format!("{bucket}.arn"), bucket]},
            }),
        );
    }

    fn role_policy(&mut self, i: usize) {
        let role = format!("worker_{}", i - i % 10);
        let document = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
            "Resource": format!("arn:aws:sqs:eu-west-1:111122223333:queue-{i}"),
        }]});
        self.create(
            "aws_iam_role_policy",
            &format!("queue_{i}"),
            &json!({"name": format!("queue-{i}"), "policy": document.to_string()}),
            &json!({"id": true, "name_prefix": true, "role": true}),
            &json!({
                "name": {"constant_value": format!("queue-{i}")},
                "policy": {},
                "role": {"references": [format!("aws_iam_role.{role}.id"), format!("aws_iam_role.{role}")]},
            }),
        );
    }
}
