//! Risks: what principals can do to resources that nobody has named, all their policies taken together.

use std::collections::{BTreeMap, BTreeSet};

use iam_preflight::analysis::risk::{Category, Risk, analyse};
use iam_preflight::catalog::Catalog;
use iam_preflight::policy::PolicyDocument;
use serde_json::{Value, json as value};

use crate::escalation::{document, load, policy};

const ACCOUNT: &str = "111122223333";

/// A role `Actor` with statements and a boundary.
fn template(statements: &[Value], boundary: Option<&Value>) -> Value {
    let trust = policy(&[value!({"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"})]);
    let policies: Vec<Value> = statements
        .iter()
        .enumerate()
        .map(|(i, s)| value!({"PolicyName": format!("p{i}"), "PolicyDocument": policy(std::slice::from_ref(s))}))
        .collect();
    let mut resources = value!({"Actor": {"Type": "AWS::IAM::Role", "Properties": {
        "RoleName": "actor", "AssumeRolePolicyDocument": trust, "Policies": policies}}});
    if let Some(boundary) = boundary {
        resources["Actor"]["Properties"]["PermissionsBoundary"] = value!({"Ref": "Limit"});
        let limit = policy(std::slice::from_ref(boundary));
        let named = value!({"ManagedPolicyName": "limit", "PolicyDocument": limit});
        resources["Limit"] = value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": named});
    }
    value!({"Resources": resources})
}

fn of_actor(template: &Value, scps: &[Vec<PolicyDocument>]) -> Vec<Risk> {
    let found = analyse(&load(template), scps, Catalog::embedded());
    found.into_iter().filter(|r| r.principal.id == "Actor").collect()
}

fn seen(statements: &[Value], boundary: Option<&Value>) -> BTreeMap<&'static str, Vec<String>> {
    let found = of_actor(&template(statements, boundary), &[]);
    found.into_iter().map(|r| (r.category.code(), r.actions.iter().map(ToString::to_string).collect())).collect()
}

fn allow(action: &str, resource: &str) -> Value {
    value!({"Effect": "Allow", "Action": action, "Resource": resource})
}

#[test]
fn what_is_allowed_on_any_resource_is_a_risk_and_on_named_ones_is_none() {
    let one = |action: &str, resource: &str| seen(&[allow(action, resource)], None);
    let risk = |code: &'static str, action: &str| BTreeMap::from([(code, vec![action.to_owned()])]);
    assert_eq!(one("s3:GetObject", "*"), risk("DATA_EXFILTRATION", "s3:GetObject"));
    assert_eq!(one("s3:GetObject", "arn:aws:s3:::*"), risk("DATA_EXFILTRATION", "s3:GetObject"));
    assert_eq!(one("s3:GetObject", "arn:aws:s3:::*/*"), risk("DATA_EXFILTRATION", "s3:GetObject"));
    assert_eq!(one("s3:GetObject", "arn:aws:s3:::app-*"), BTreeMap::new());
    assert_eq!(one("s3:GetObject", "arn:aws:s3:::*/public/*"), BTreeMap::new());
    assert_eq!(
        one("dynamodb:Scan", "arn:aws:dynamodb:*:111122223333:table/*"),
        risk("DATA_EXFILTRATION", "dynamodb:Scan")
    );
    assert_eq!(
        one("dynamodb:Scan", "arn:aws:dynamodb:eu-west-1:*:table/*"),
        risk("DATA_EXFILTRATION", "dynamodb:Scan")
    );
    assert_eq!(one("dynamodb:Scan", "arn:aws:dynamodb:*:444455556666:table/*"), BTreeMap::new());
    assert_eq!(one("ec2:GetPasswordData", "*"), risk("CREDENTIALS_EXPOSURE", "ec2:GetPasswordData"));
    assert_eq!(one("s3:PutBucketPolicy", "*"), risk("RESOURCE_EXPOSURE", "s3:PutBucketPolicy"));
    assert_eq!(one("s3:DeleteBucket", "*"), risk("INFRASTRUCTURE_MODIFICATION", "s3:DeleteBucket"));
    assert_eq!(one("s3:ListBucket", "*"), BTreeMap::new());
    let both = seen(&[allow("secretsmanager:GetSecretValue", "*")], None);
    assert_eq!(both.keys().copied().collect::<Vec<_>>(), ["CREDENTIALS_EXPOSURE", "DATA_EXFILTRATION"]);
}

#[test]
fn what_is_taken_away_elsewhere_is_no_risk() {
    let get = allow("s3:GetObject", "*");
    let deny = |condition: Value| value!({"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": condition});
    assert!(seen(&[get.clone(), value!({"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"})], None).is_empty());
    // A Deny of some resources leaves the others.
    let secret = value!({"Effect": "Deny", "Action": "s3:Get*", "Resource": "arn:aws:s3:::secret/*"});
    assert_eq!(seen(&[get.clone(), secret], None).len(), 1);
    let but = value!({"Effect": "Deny", "Action": "s3:Get*", "NotResource": "arn:aws:s3:::app/*"});
    assert!(seen(&[get.clone(), but], None).is_empty());
    // A condition that can be met leaves a way, one that can't leaves none.
    assert_eq!(seen(&[get.clone(), deny(value!({"Bool": {"aws:SecureTransport": "false"}}))], None).len(), 1);
    let me = value!({"ArnLike": {"aws:PrincipalArn": format!("arn:aws:iam::{ACCOUNT}:role/act*")}});
    assert!(seen(&[get.clone(), deny(me)], None).is_empty());
    assert!(seen(std::slice::from_ref(&get), Some(&allow("s3:*", "arn:aws:s3:::app/*"))).is_empty());
    assert_eq!(seen(std::slice::from_ref(&get), Some(&allow("s3:*", "*"))).len(), 1);
    let all = document(&policy(&[allow("*", "*")]));
    let no_s3 = document(&policy(&[value!({"Effect": "Deny", "NotAction": ["sqs:*"], "Resource": "*"})]));
    let under = |level: Vec<PolicyDocument>| of_actor(&template(std::slice::from_ref(&get), None), &[level]).len();
    assert_eq!(under(vec![all.clone()]), 1);
    assert_eq!(under(vec![all, no_s3]), 0);
}

#[test]
fn each_risk_has_a_request_that_the_policies_allow() {
    let all = of_actor(
        &template(&[value!({"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"})], None),
        &[],
    );
    assert_eq!(all.iter().map(|r| r.category).collect::<BTreeSet<_>>(), BTreeSet::from(Category::ALL));
    for risk in &all {
        assert!(risk.actions.iter().all(|a| !a.starts_with("iam:")), "{:?}", risk.category);
        let resource = &risk.example.request.resource;
        assert!(risk.example.request.action == risk.actions[0] && risk.example.policy.is_some(), "{resource}");
    }
}
