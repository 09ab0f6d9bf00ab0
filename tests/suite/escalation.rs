//! Privilege escalation: a case and near misses for each path, and what limits them all.

mod cases;

use std::collections::{BTreeMap, BTreeSet};

use iam_preflight::analysis::escalation::{EscalationReport, PATHS, analyse};
use iam_preflight::catalog::Catalog;
use iam_preflight::model::Deployment;
use iam_preflight::policy::PolicyDocument;
use iam_preflight::source::{Limits, SourceId, Sources, json};
use iam_preflight::template::{LoadContext, LoadOptions, ParsedInput, cloudformation};
use serde_json::{Value, json as value};

use cases::{CASES, Case, Change, Grant, Place};

const ACCOUNT: &str = "111122223333";

fn load(template: &Value) -> Deployment {
    let (sources, limits) = (Sources::new(), Limits::default());
    let options = LoadOptions {
        account_id: Some(ACCOUNT.into()),
        region: Some("us-east-1".into()),
        partition: Some("aws".into()),
        ..LoadOptions::default()
    };
    let text = template.to_string();
    let source = sources.add("template.json", text.as_str());
    let root = json::read(source, &text, &limits).expect("JSON");
    let context = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
    let input = ParsedInput { path: "template.json".into(), source, root };
    cloudformation::load(vec![input], context).pop().expect("a deployment")
}

fn document(policy: &Value) -> PolicyDocument {
    PolicyDocument::new(json::read(SourceId(0), &policy.to_string(), &Limits::default()).expect("JSON"))
}

fn found(template: &Value) -> EscalationReport {
    analyse(&load(template), &[], Catalog::embedded())
}

/// Method and gain of each escalation of `Actor`.
fn of_actor(report: &EscalationReport) -> BTreeSet<(String, String)> {
    let of = report.found.iter().filter(|e| e.principal.id == "Actor");
    of.map(|e| (e.method.to_owned(), e.gains.id.to_string())).collect()
}

fn takes(case: &Case, template: &Value) -> bool {
    of_actor(&found(template)).contains(&(case.method.to_owned(), case.gains.to_owned()))
}

fn policy(statements: &[Value]) -> Value {
    value!({"Version": "2012-10-17", "Statement": statements})
}

fn statement(grant: &Grant) -> Value {
    let (action, resource, condition) = *grant;
    let mut statement = value!({"Effect": "Allow", "Action": action, "Resource": resource});
    if !condition.is_empty() {
        statement["Condition"] = serde_json::from_str(condition).expect("a condition");
    }
    statement
}

fn trust(principal: &Value) -> Value {
    policy(&[
        value!({"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"]}),
    ])
}

fn role(name: &str, principal: &Value, policies: &Value) -> Value {
    value!({"Type": "AWS::IAM::Role", "Properties": {
        "RoleName": name, "AssumeRolePolicyDocument": trust(principal), "Policies": policies}})
}

const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// The template of a case: `Actor` with the grants, and what the path leads to.
fn template(case: &Case, grants: &[Value], changes: &[Change]) -> Value {
    let own = policy(grants);
    let inline = value!([{"PolicyName": "own", "PolicyDocument": own}]);
    let by_account = value!({"AWS": ACCOUNT});
    let user = value!({"Type": "AWS::IAM::User", "Properties": {"UserName": "actor", "Policies": inline}});
    let mut resources = BTreeMap::from([("Actor", role("actor", &by_account, &inline))]);
    let admin = |resources: &mut BTreeMap<&'static str, Value>, principal: Value| {
        let mut target = role("target", &principal, &value!([]));
        target["Properties"]["ManagedPolicyArns"] = value!([ADMINISTRATOR]);
        resources.insert("Target", target);
    };
    let deny = policy(&[value!({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})]);
    let with_s3 = {
        let mut grants = grants.to_vec();
        grants.push(value!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
        value!([{"PolicyName": "own", "PolicyDocument": policy(&grants)}])
    };
    match case.place {
        Place::User => {
            resources.insert("Actor", user);
        }
        Place::Role | Place::New => {}
        Place::OwnPolicy => {
            let mut actor = role("actor", &by_account, &value!([]));
            actor["Properties"]["ManagedPolicyArns"] = value!([{"Ref": "Own"}]);
            resources.insert("Actor", actor);
            let named = value!({"ManagedPolicyName": "own", "PolicyDocument": own});
            resources.insert("Own", value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": named}));
        }
        Place::Group { member } => {
            let mut actor = user;
            if member {
                actor["Properties"]["Groups"] = value!([{"Ref": "Group"}]);
            }
            resources.insert("Actor", actor);
            let mut group = value!({"Type": "AWS::IAM::Group", "Properties": {"GroupName": "group"}});
            if !member {
                group["Properties"]["ManagedPolicyArns"] = value!([ADMINISTRATOR]);
            }
            resources.insert("Group", group);
        }
        Place::Boundary { is_user } => {
            let kind = if is_user { user } else { role("actor", &by_account, &inline) };
            let mut actor = kind;
            let mut all = grants.to_vec();
            all.push(value!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"}));
            actor["Properties"]["Policies"] = value!([{"PolicyName": "own", "PolicyDocument": policy(&all)}]);
            actor["Properties"]["PermissionsBoundary"] = value!({"Ref": "Boundary"});
            resources.insert("Actor", actor);
            let limit = policy(&[value!({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})]);
            let named = value!({"ManagedPolicyName": "boundary", "PolicyDocument": limit});
            resources.insert("Boundary", value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": named}));
        }
        Place::InlineDeny { is_user } => {
            let mut actor = if is_user { user } else { role("actor", &by_account, &inline) };
            actor["Properties"]["Policies"] =
                value!([with_s3[0].clone(), {"PolicyName": "deny", "PolicyDocument": deny}]);
            resources.insert("Actor", actor);
        }
        Place::AttachedDeny { is_user } => {
            let mut actor = if is_user { user } else { role("actor", &by_account, &inline) };
            actor["Properties"]["Policies"] = with_s3.clone();
            actor["Properties"]["ManagedPolicyArns"] = value!([{"Ref": "Deny"}]);
            resources.insert("Actor", actor);
            let named = value!({"ManagedPolicyName": "deny", "PolicyDocument": deny});
            resources.insert("Deny", value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": named}));
        }
        Place::GroupDeny => {
            let mut actor = user;
            actor["Properties"]["Policies"] = with_s3.clone();
            actor["Properties"]["Groups"] = value!([{"Ref": "Group"}]);
            resources.insert("Actor", actor);
            let policies = value!([{"PolicyName": "deny", "PolicyDocument": deny}]);
            let group = value!({"GroupName": "group", "Policies": policies});
            resources.insert("Group", value!({"Type": "AWS::IAM::Group", "Properties": group}));
        }
        Place::OtherUser => {
            let named = value!({"UserName": "target", "ManagedPolicyArns": [ADMINISTRATOR]});
            resources.insert("Target", value!({"Type": "AWS::IAM::User", "Properties": named}));
        }
        Place::WeakUser => {
            let named = value!({"UserName": "target"});
            resources.insert("Target", value!({"Type": "AWS::IAM::User", "Properties": named}));
        }
        Place::Trusting(principal) => {
            admin(&mut resources, serde_json::from_str(principal).expect("a principal"));
        }
        Place::WeakRole(principal) => {
            let principal = serde_json::from_str(principal).expect("a principal");
            resources.insert("Target", role("target", &principal, &value!([])));
        }
        Place::RoleWithPolicy(principal) => {
            let principal = serde_json::from_str(principal).expect("a principal");
            let mut target = role("target", &principal, &value!([]));
            target["Properties"]["ManagedPolicyArns"] = value!([{"Ref": "Theirs"}]);
            resources.insert("Target", target);
            let nothing = policy(&[value!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"})]);
            let named = value!({"ManagedPolicyName": "theirs", "PolicyDocument": nothing});
            resources.insert("Theirs", value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": named}));
        }
        Place::Running { service, resource_type, properties } => {
            admin(&mut resources, value!({"Service": service}));
            let properties: Value = serde_json::from_str(properties).expect("properties");
            resources.insert("Thing", value!({"Type": resource_type, "Properties": properties}));
            let profile = value!({"Roles": [{"Ref": "Target"}], "InstanceProfileName": "profile"});
            resources.insert("Profile", value!({"Type": "AWS::IAM::InstanceProfile", "Properties": profile}));
        }
        Place::PermissionSet => {
            let named = value!({"Name": "actor", "InstanceArn": "arn:aws:sso:::instance/ssoins-1111222233334444",
                "InlinePolicy": own});
            resources.insert("Actor", value!({"Type": "AWS::SSO::PermissionSet", "Properties": named}));
        }
    }
    for change in changes {
        match change {
            Change::Boundary(actions) => {
                let actor = resources.get_mut("Actor").expect("the actor");
                actor["Properties"]["PermissionsBoundary"] = value!({"Ref": "Limit"});
                let limit = policy(&[value!({"Effect": "Allow", "NotAction": actions, "Resource": "*"})]);
                let named = value!({"ManagedPolicyName": "limit", "PolicyDocument": limit});
                resources.insert("Limit", value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": named}));
            }
            Change::Trust(principal) => {
                let target = resources.get_mut("Target").expect("a target");
                let principal = serde_json::from_str(principal).expect("a principal");
                target["Properties"]["AssumeRolePolicyDocument"] = trust(&principal);
            }
            Change::Weak => {
                let target = resources.get_mut("Target").expect("a target");
                let weak = policy(&[statement(&case.grants[0])]);
                target["Properties"]["ManagedPolicyArns"] = value!([]);
                target["Properties"]["Policies"] = value!([{"PolicyName": "weak", "PolicyDocument": weak}]);
            }
            Change::Gone(name) => {
                resources.remove(name);
            }
            Change::Limited => {
                // Whatever the target gets, its boundary leaves nothing that the actor has not.
                let target = resources.get_mut("Target").expect("a target");
                target["Properties"]["PermissionsBoundary"] = value!({"Ref": "Limit"});
                let limit = policy(&[statement(&case.grants[0])]);
                let named = value!({"ManagedPolicyName": "limit", "PolicyDocument": limit});
                resources.insert("Limit", value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": named}));
            }
            Change::Set(name, property, with) => {
                let resource = resources.get_mut(name).expect("a resource");
                resource["Properties"][*property] = serde_json::from_str(with).expect("a value");
            }
            Change::Grant(..) | Change::Deny(..) => {}
        }
    }
    value!({"Resources": resources})
}

fn with_changes(case: &Case, changes: &[Change]) -> Value {
    let mut grants: Vec<Value> = case.grants.iter().map(statement).collect();
    for change in changes {
        match change {
            Change::Grant(action, resource, condition) => {
                let at = case.grants.iter().position(|g| g.0 == *action);
                let at = at.unwrap_or_else(|| panic!("{}: no grant of {action}", case.method));
                grants[at] = statement(&(action, resource, condition));
            }
            Change::Deny(action, condition) => {
                let mut deny = statement(&(action, "*", condition));
                deny["Effect"] = value!("Deny");
                grants.push(deny);
            }
            _ => {}
        }
    }
    template(case, &grants, changes)
}

#[test]
fn every_action_of_the_table_is_one_that_exists() {
    let exists = |name: &str| {
        let known = Catalog::embedded().action(name);
        known.is_some_and(|(service, action)| format!("{}:{}", service.prefix, action.name) == name)
    };
    let unknown: BTreeSet<&str> = PATHS.iter().flat_map(|p| p.steps).map(|s| s.action).filter(|a| !exists(a)).collect();
    assert_eq!(unknown, BTreeSet::new());
    let methods: BTreeSet<&str> = PATHS.iter().map(|p| p.method).collect();
    assert!(PATHS.len() >= 45 && methods.len() == PATHS.len());
    assert!(PATHS.iter().all(|p| !p.sources.is_empty() && !p.steps.is_empty()));
}

#[test]
fn every_path_has_a_case_and_a_near_miss() {
    let paths: BTreeSet<&str> = PATHS.iter().map(|p| p.method).collect();
    let cases: BTreeSet<&str> = CASES.iter().map(|c| c.method).collect();
    assert_eq!(paths, cases);
    assert!(CASES.iter().all(|c| !c.miss.is_empty()));
}

#[test]
fn every_path_is_found_where_it_is_open() {
    let closed = |case: &&Case| !takes(case, &with_changes(case, &[]));
    let missed: Vec<&str> = CASES.iter().filter(closed).map(|c| c.method).collect();
    assert_eq!(missed, Vec::<&str>::new());
}

#[test]
fn no_path_is_found_where_one_thing_is_in_the_way() {
    let mut wrong = Vec::new();
    for case in CASES {
        for change in case.miss {
            if takes(case, &with_changes(case, std::slice::from_ref(change))) {
                wrong.push(format!("{}: {change:?}", case.method));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_path_is_found_without_each_of_its_permissions() {
    let mut wrong = Vec::new();
    for case in CASES.iter().filter(|c| c.method != "assume-role") {
        for left_out in 0..case.grants.len() {
            let kept = case.grants.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, g)| statement(g));
            let mut kept: Vec<Value> = kept.collect();
            // A policy has to say something.
            kept.push(value!({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}));
            if takes(case, &template(case, &kept, &[])) {
                wrong.push(format!("{} without {}", case.method, case.grants[left_out].0));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
