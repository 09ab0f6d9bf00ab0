//! What the packs of rules cost on a deployment of many resources. `docs/performance.md` has its numbers.

use std::hint::black_box;
use std::time::Instant;

use iam_preflight::catalog::Catalog;
use iam_preflight::guard::{Context, check, packs};
use iam_preflight::source::Sources;
use iam_preflight::template::detect::Candidate;
use iam_preflight::template::{FoundInput, LoadContext, LoadOptions, load_all};
use serde_json::{Map, Value, json};

/// Of ten resources four roles, three managed policies, two buckets with a policy each, and a topic.
fn template(count: usize) -> Value {
    let mut resources = Map::new();
    let policy = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
    for i in 0..count {
        let (name, resource) = match i % 10 {
            0..4 => (
                format!("Role{i}"),
                json!({"Type": "AWS::IAM::Role", "Properties": {
                    "AssumeRolePolicyDocument": policy(json!([
                        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}])),
                    "Policies": [{"PolicyName": "p", "PolicyDocument": policy(json!([
                        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "dynamodb:*"], "Resource": "*"},
                        {"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]))}]}}),
            ),
            4..7 => (
                format!("Policy{i}"),
                json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy(json!([
                    {"Sid": "a", "Effect": "Allow", "Action": ["kms:Decrypt", "iam:PassRole"], "Resource": "*"},
                    {"Effect": "Allow", "Action": "ec2:*", "Resource": "*",
                     "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}}]))}}),
            ),
            7..9 => {
                resources.insert(format!("Bucket{i}"), json!({"Type": "AWS::S3::Bucket"}));
                (
                    format!("BucketPolicy{i}"),
                    json!({"Type": "AWS::S3::BucketPolicy", "Properties": {
                        "Bucket": {"Ref": format!("Bucket{i}")}, "PolicyDocument": policy(json!([
                            {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                             "Action": "s3:GetObject", "Resource": "*"}]))}}),
                )
            }
            _ => (format!("Topic{i}"), json!({"Type": "AWS::SNS::Topic", "Properties": {}})),
        };
        resources.insert(name, resource);
    }
    json!({"Resources": resources})
}

fn main() {
    // Under `cargo test --benches` a small deployment shows that it works.
    let measured = std::env::args().any(|a| a == "--bench");
    for count in if measured { vec![200, 2_000] } else { vec![20] } {
        let (sources, options, limits) = (Sources::new(), LoadOptions::default(), Default::default());
        let source = sources.add("template.json", template(count).to_string());
        let candidate = Candidate { path: "template.json".to_owned(), source, named: true };
        let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
        let deployment = load_all(&[FoundInput::Text(candidate)], ctx).deployment;
        let ids: Vec<String> = (0..deployment.policies.len()).map(|i| i.to_string()).collect();
        let context = Context { policy_ids: &ids, external_access: Vec::new(), edges: Vec::new() };
        let start = Instant::now();
        let all = check(&deployment, &packs::all(), &context).expect("the packs are sound");
        let took = start.elapsed();
        println!("{count} resources, all packs: {} findings in {took:.2?}", black_box(all).len());
        for pack in packs::all() {
            let start = Instant::now();
            let found = check(&deployment, std::slice::from_ref(&pack), &context).expect("the pack is sound");
            println!("  {:30} {:5} findings in {:.2?}", pack.name, found.len(), start.elapsed());
        }
    }
}
