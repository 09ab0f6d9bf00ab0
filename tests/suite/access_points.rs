//! Random policies of an access point and of its bucket against the plain evaluator: whoever both let in, the access point asked for
//! what it is and the bucket for what is behind it, has a finding, and every finding's request is let in by both.
//! `IAM_PREFLIGHT_PAIRS` sets how many pairs of policies are made, `IAM_PREFLIGHT_SEED` where they begin.

use iam_preflight::analysis::external_access::{analyse, zone};
use iam_preflight::catalog::Catalog;
use iam_preflight::logic::Request;
use iam_preflight::logic::evaluate::PolicyKind;
use iam_preflight::model::{InputId, Resource, ResourceRef};
use iam_preflight::source::{Limits, SourceId, Text, json};
use serde_json::{Value, json as value};

use crate::engine::generate::{Random, policy, request, shown};
use crate::external_access::{allows, deployment, document, from_outside, is_of_s3, policy_of, takes};

const OWN: &str = "111122223333";
const POINT: &str = "arn:aws:s3:eu-west-1:111122223333:accesspoint/p";

fn resource(id: &str, resource_type: &str, arn: &str, properties: &Value) -> Resource {
    Resource {
        id: ResourceRef { id: id.into(), resource_type: resource_type.into() },
        input: InputId(0),
        span: None,
        arn: Some(Text::literal(arn)),
        properties: Some(json::read(SourceId(0), &properties.to_string(), &Limits::default()).expect("JSON")),
        when: None,
        construct_path: None,
    }
}

/// The ARN that an access point has for what is in the bucket `a`.
fn through(arn: &str) -> Option<String> {
    match arn.strip_prefix("arn:aws:s3:::a")? {
        "" => Some(POINT.to_owned()),
        key => Some(format!("{POINT}/object{key}")),
    }
}

/// A policy of the bucket `a` as one of the access point.
fn of_access_point(policy: &Value) -> Value {
    let mut policy = policy.clone();
    for statement in policy["Statement"].as_array_mut().expect("statements") {
        for element in ["Resource", "NotResource"] {
            let replace = |value: &mut Value| {
                if let Some(arn) = value.as_str().and_then(through) {
                    *value = arn.into();
                }
            };
            match statement.get_mut(element) {
                Some(Value::Array(items)) => items.iter_mut().for_each(replace),
                Some(item) => replace(item),
                None => {}
            }
        }
    }
    policy
}

fn carrying(request: &Request, is_private: bool) -> Request {
    let mut request = request.clone();
    request.context.set("s3:DataAccessPointAccount", vec![OWN.into()]);
    request.context.set("s3:DataAccessPointArn", vec![POINT.into()]);
    request.context.set("s3:AccessPointNetworkOrigin", vec![if is_private { "VPC" } else { "Internet" }.into()]);
    if is_private {
        request.context.set("aws:SourceVpc", vec!["vpc-1".into()]);
    }
    request
}

#[test]
fn whoever_the_access_point_and_the_bucket_let_in_has_a_finding() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let (pairs, seed) = (number("IAM_PREFLIGHT_PAIRS", 2_000) / 2, number("IAM_PREFLIGHT_SEED", 1));
    let zone = zone(Some(OWN), &[], None);
    let (mut let_in, mut refused, mut findings) = (0u64, 0u64, 0u64);
    for number in 0..pairs {
        let random = &mut Random::new(seed * 77_771 + number);
        let point = of_access_point(&policy(random, true));
        let mut bucket = policy(random, true);
        if random.one_in(2) {
            // What most buckets with access points say.
            let delegates = value!({"Effect": "Allow", "Principal": "*", "Action": "s3:*",
                "Resource": ["arn:aws:s3:::a", "arn:aws:s3:::a/*"],
                "Condition": {"StringEquals": {"s3:DataAccessPointAccount": OWN}}});
            bucket["Statement"].as_array_mut().expect("statements").push(delegates);
        }
        let is_private = random.one_in(3);
        let open = value!({"BlockPublicAcls": "false", "IgnorePublicAcls": "false", "BlockPublicPolicy": "false",
            "RestrictPublicBuckets": "false"});
        let vpc = if is_private { value!({"VpcId": "vpc-1"}) } else { value!({}) };
        let properties = value!({"Bucket": "a", "PublicAccessBlockConfiguration": open, "VpcConfiguration": vpc});
        let mut deployment = deployment(vec![
            policy_of("Point", "AWS::S3::AccessPoint", &point),
            policy_of("Bucket", "AWS::S3::Bucket", &bucket),
        ]);
        deployment.resources = vec![
            resource("Point", "AWS::S3::AccessPoint", POINT, &properties),
            resource("Bucket", "AWS::S3::Bucket", "arn:aws:s3:::a", &value!({})),
        ];
        let report = analyse(&deployment, &zone, Catalog::embedded(), |_| true);
        let found: Vec<_> = report.found.iter().filter(|a| a.source.kind == "S3_ACCESS_POINT").collect();
        let (point, bucket) = (document(&point), document(&bucket));
        let both = |request: &Request| {
            let at_point = through(&request.resource).is_some_and(|arn| {
                allows(&point, PolicyKind::Resource, &Request { resource: arn.into(), ..request.clone() })
            });
            at_point && allows(&bucket, PolicyKind::Resource, request)
        };
        for access in &found {
            findings += 1;
            let Ok(witness) = &access.witness else { continue };
            assert!(both(witness), "{}\n{}\n{}", point.root().to_json(), bucket.root().to_json(), shown(witness));
            assert!(!is_private || !access.is_public, "an access point in a VPC is not public");
        }
        for _ in 0..100 {
            let request = carrying(&request(random, true), is_private);
            if is_private && request.context.get("aws:SourceIp").is_some() {
                // What comes through a VPC carries no public address.
                continue;
            }
            if !(from_outside(&request) && is_of_s3(&request) && both(&request)) {
                refused += 1;
                continue;
            }
            let_in += 1;
            assert!(
                found.iter().any(|access| takes(&request, access)),
                "{}\n{}\nlet in {}\nby none of {found:#?}",
                point.root().to_json(),
                bucket.root().to_json(),
                shown(&request)
            );
        }
    }
    println!("{let_in} requests let in, {refused} not, {findings} findings");
    assert!(let_in > 0 && refused > 0 && findings > 0);
}
