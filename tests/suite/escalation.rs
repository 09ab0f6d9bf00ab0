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

pub fn load(template: &Value) -> Deployment {
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

pub fn document(policy: &Value) -> PolicyDocument {
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

pub fn policy(statements: &[Value]) -> Value {
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

// What limits every path, and who is looked at.

fn lambda_case() -> &'static Case {
    CASES.iter().find(|c| c.method == "passrole-lambda-create-function").expect("the case")
}

#[test]
fn an_scp_closes_a_path_for_the_account() {
    let deployment = load(&with_changes(lambda_case(), &[]));
    let all = policy(&[value!({"Effect": "Allow", "Action": "*", "Resource": "*"})]);
    let no_pass = policy(&[value!({"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}}})]);
    let only_s3 = policy(&[value!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})]);
    let under = |levels: &[&[&Value]]| {
        let levels: Vec<Vec<PolicyDocument>> =
            levels.iter().map(|level| level.iter().map(|p| document(p)).collect()).collect();
        of_actor(&analyse(&deployment, &levels, Catalog::embedded())).len()
    };
    assert_eq!(under(&[&[&all], &[&all]]), 1);
    assert_eq!(under(&[&[&all], &[&all, &no_pass]]), 0);
    assert_eq!(under(&[&[&only_s3, &all]]), 1);
    assert_eq!(under(&[&[&only_s3], &[&all]]), 0);
    assert_eq!(under(&[&[]]), 0);
}

#[test]
fn each_step_is_a_request_that_simulate_allows_and_the_gain_is_one_that_was_not() {
    use iam_preflight::logic::engine::{CompiledPolicy, Permissions, Ties};
    use iam_preflight::logic::evaluate::PolicyKind;
    let mut steps = 0;
    for case in CASES.iter().filter(|c| !matches!(c.place, Place::User | Place::OwnPolicy)) {
        let grants: Vec<Value> = case.grants.iter().map(statement).collect();
        let own = CompiledPolicy::new(document(&policy(&grants)), PolicyKind::Identity, Ties::Tied).expect("a policy");
        let own = Permissions { policies: vec![&own], ..Permissions::default() };
        for escalation in found(&with_changes(case, &[])).found {
            if escalation.principal.id != "Actor" || escalation.method != case.method {
                continue;
            }
            for step in &escalation.steps {
                assert!(own.allow(&step.request), "{}: {:?}", case.method, step.request);
                steps += 1;
            }
            if !matches!(case.place, Place::Boundary { .. }) {
                assert!(!own.allow(&escalation.witness), "{}: {:?}", case.method, escalation.witness);
            }
        }
    }
    assert!(steps > 200, "{steps} steps");
}

#[test]
fn roles_are_assumed_one_from_the_other() {
    let may_assume = |name: &str| {
        value!([{"PolicyName": "p", "PolicyDocument": policy(&[value!({"Effect": "Allow", "Action": "sts:AssumeRole",
            "Resource": format!("arn:aws:iam::{ACCOUNT}:role/{name}")})])}])
    };
    let by = |name: &str| value!({"AWS": format!("arn:aws:iam::{ACCOUNT}:role/{name}")});
    let mut admin = role("admin", &by("second"), &value!([]));
    admin["Properties"]["ManagedPolicyArns"] = value!([ADMINISTRATOR]);
    let template = value!({"Resources": {
        "Actor": role("actor", &value!({"Service": "ec2.amazonaws.com"}), &may_assume("first")),
        // Trust without permission, permission without trust by name, and a cycle.
        "First": role("first", &value!({"AWS": ACCOUNT}), &may_assume("second")),
        "Second": role("second", &by("first"), &may_assume("actor")),
        "Admin": admin,
    }});
    let report = found(&template);
    let of = of_actor(&report);
    let assumed = |name: &str| of.contains(&("assume-role".to_owned(), name.to_owned()));
    assert!(assumed("First") && assumed("Second") && assumed("Admin"), "{of:?}");
    let chain = report.found.iter().find(|e| e.principal.id == "Actor" && e.gains.id == "Admin").expect("the chain");
    let roles: Vec<&str> = chain.steps.iter().map(|s| s.request.resource.rsplit('/').next().expect("a name")).collect();
    assert_eq!(roles, ["first", "second", "admin"]);
    assert!(chain.administrator);
    assert!(report.found.iter().all(|e| e.principal.id != "Admin"), "an administrator has nothing to gain");
}

#[test]
fn a_role_that_names_a_user_is_assumed_without_permission_and_across_its_boundary() {
    let none = policy(&[value!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"})]);
    let mut admin = role("admin", &value!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/actor")}), &value!([]));
    admin["Properties"]["ManagedPolicyArns"] = value!([ADMINISTRATOR]);
    let limit = value!({"ManagedPolicyName": "limit", "PolicyDocument": none});
    let user = value!({"Type": "AWS::IAM::User", "Properties": {"UserName": "actor", "PermissionsBoundary": {"Ref": "Limit"},
        "Policies": [{"PolicyName": "own", "PolicyDocument": none}]}});
    let mut template = value!({"Resources": {"Actor": user, "Admin": admin,
        "Limit": {"Type": "AWS::IAM::ManagedPolicy", "Properties": limit}}});
    assert_eq!(of_actor(&found(&template)).len(), 1);
    let denied = policy(&[value!({"Effect": "Deny", "Action": "sts:*", "Resource": "*"})]);
    template["Resources"]["Actor"]["Properties"]["Policies"] =
        value!([{"PolicyName": "own", "PolicyDocument": denied}]);
    assert_eq!(of_actor(&found(&template)).len(), 0);
}

#[test]
fn a_group_without_users_and_a_policy_that_nobody_has_stand_for_whoever_gets_them() {
    let everybody = policy(&[value!({"Effect": "Allow", "Action": "iam:AttachUserPolicy",
        "Resource": format!("arn:aws:iam::{ACCOUNT}:user/${{aws:username}}")})]);
    let group = value!({"Type": "AWS::IAM::Group", "Properties": {"Policies": [{"PolicyName": "p", "PolicyDocument": everybody}]}});
    let managed = value!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument":
        policy(&[value!({"Effect": "Allow", "Action": "iam:*", "Resource": "*"})])}});
    let report = found(&value!({"Resources": {"Developers": group, "Actor": managed}}));
    let methods: BTreeSet<&str> =
        report.found.iter().filter(|e| e.principal.id == "Developers").map(|e| e.method).collect();
    assert_eq!(methods, BTreeSet::from(["attach-user-policy"]));
    let methods: BTreeSet<String> = of_actor(&report).into_iter().map(|(method, _)| method).collect();
    for method in ["put-user-policy", "put-role-policy", "create-policy-version", "create-user-put-user-policy"] {
        assert!(methods.contains(method), "{methods:?}");
    }
}

#[test]
fn a_policy_that_exists_under_one_condition_makes_an_escalation_under_it() {
    let mut template = with_changes(lambda_case(), &[]);
    template["Parameters"] = value!({"Stage": {"Type": "String"}});
    template["Conditions"] = value!({"IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}});
    let own = template["Resources"]["Actor"]["Properties"]["Policies"][0].clone();
    template["Resources"]["Actor"]["Properties"]["Policies"] =
        value!([{"Fn::If": ["IsDev", own, {"Ref": "AWS::NoValue"}]}]);
    let report = found(&template);
    let of: Vec<_> = report.found.iter().filter(|e| e.principal.id == "Actor").collect();
    assert_eq!(of.len(), 1, "{of:?}");
    assert_eq!(of[0].when.as_ref().map(ToString::to_string).as_deref(), Some("IsDev"));
}

#[test]
fn tags_of_principal_and_target_decide_where_they_are_known() {
    let with_tags = |condition: &str, actor: &str, target: &str| {
        let grant = Change::Grant("iam:PassRole", "*", Box::leak(condition.to_owned().into_boxed_str()));
        let mut template = with_changes(lambda_case(), &[grant]);
        let tags = |value: &str| value!([{"Key": "Team", "Value": value}]);
        template["Resources"]["Actor"]["Properties"]["Tags"] = tags(actor);
        template["Resources"]["Target"]["Properties"]["Tags"] = tags(target);
        !of_actor(&found(&template)).is_empty()
    };
    let target = r#"{"StringEquals": {"aws:ResourceTag/Team": "web"}}"#;
    assert!(with_tags(target, "x", "web"));
    assert!(!with_tags(target, "web", "x"));
    let principal = r#"{"StringEquals": {"aws:PrincipalTag/Team": "web"}}"#;
    assert!(with_tags(principal, "web", "x"));
    assert!(!with_tags(principal, "x", "web"));
    let absent = r#"{"Null": {"aws:PrincipalTag/Owner": "false"}}"#;
    assert!(!with_tags(absent, "web", "web"));
}

#[test]
fn calls_by_way_of_a_service_are_no_direct_calls() {
    let by_way = r#"{"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}"#;
    assert!(!takes(lambda_case(), &with_changes(lambda_case(), &[Change::Grant("iam:PassRole", "*", by_way)])));
    let not_direct = r#"{"Bool": {"aws:ViaAWSService": "true"}}"#;
    assert!(!takes(lambda_case(), &with_changes(lambda_case(), &[Change::Grant("iam:PassRole", "*", not_direct)])));
    let direct = r#"{"Bool": {"aws:ViaAWSService": "false"}}"#;
    assert!(takes(lambda_case(), &with_changes(lambda_case(), &[Change::Grant("iam:PassRole", "*", direct)])));
}

#[test]
fn a_weaker_policy_that_may_be_attached_gives_what_it_allows() {
    let case = CASES.iter().find(|c| c.method == "attach-role-policy").expect("the case");
    let only = |arn: &str| {
        let condition = format!(r#"{{"ArnEquals": {{"iam:PolicyARN": "{arn}"}}}}"#);
        let grant = Change::Grant("iam:AttachRolePolicy", "*", Box::leak(condition.into_boxed_str()));
        found(&with_changes(case, &[grant])).found
    };
    let s3 = only("arn:aws:iam::aws:policy/AmazonS3FullAccess");
    assert_eq!(s3.len(), 1);
    assert!(!s3[0].administrator && s3[0].witness.action.starts_with("s3"), "{:?}", s3[0].witness);
    assert_eq!(only("arn:aws:iam::aws:policy/NoSuchPolicy").len(), 0);
}

#[test]
fn what_a_service_asks_of_the_account_is_met_by_the_own_account_alone() {
    let trusted_for = |account: &str| {
        let mut template = with_changes(lambda_case(), &[]);
        template["Resources"]["Target"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] =
            value!({"StringEquals": {"aws:SourceAccount": account}});
        takes(lambda_case(), &template)
    };
    assert!(trusted_for(ACCOUNT));
    assert!(!trusted_for("444455556666"));
}

#[test]
fn of_many_targets_the_strongest_are_reported_and_the_rest_is_counted() {
    let mut template = with_changes(lambda_case(), &[]);
    let grant = template["Resources"]["Actor"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0].clone();
    template["Resources"]["Actor"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0] = {
        let mut grant = grant;
        grant["Resource"] = value!("*");
        grant
    };
    for number in 0..300 {
        let may = policy(&[
            value!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::b{number}/*")}),
        ]);
        let policies = value!([{"PolicyName": "p", "PolicyDocument": may}]);
        template["Resources"][format!("A{number}")] =
            role(&format!("a{number}"), &value!({"Service": "lambda.amazonaws.com"}), &policies);
    }
    let left_out = |report: &EscalationReport, count: &str| {
        assert!(report.notices.iter().any(|n| n.starts_with(count)), "{:?}", report.notices);
    };
    // Everything is gained by one of them: what is weaker gains nothing.
    let report = found(&template);
    let gains: Vec<String> = of_actor(&report).into_iter().map(|(_, gains)| gains).collect();
    assert_eq!(gains, ["Target"]);
    left_out(&report, "300 further targets");
    template["Resources"].as_object_mut().expect("an object").remove("Target");
    let report = found(&template);
    assert_eq!(of_actor(&report).len(), 10);
    left_out(&report, "290 further targets");
}

#[test]
fn what_is_made_and_what_is_used_have_to_be_one_thing() {
    let invoke = |resource: &'static str| {
        takes(lambda_case(), &with_changes(lambda_case(), &[Change::Grant("lambda:InvokeFunction", resource, "")]))
    };
    assert!(invoke("arn:aws:lambda:*:*:function:*"));
    assert!(invoke("arn:aws:lambda:*:*:function:app-api"));
    assert!(invoke("arn:aws:lambda:*:*:function:*-api"));
    assert!(!invoke("arn:aws:lambda:*:*:function:web-*"));
}
