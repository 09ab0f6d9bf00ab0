//! Graphs and questions beyond all bounds: work is counted and cut, and what was left out is said. Nothing here measures time;
//! `docs/performance.md` does.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use iam_preflight::access::reach::Guardrails;
use iam_preflight::analysis::escalation;
use iam_preflight::catalog::Catalog;
use iam_preflight::graph::who_can::{Who, who_can};
use iam_preflight::graph::{AccessGraph, EdgeKind, build};
use iam_preflight::model::Deployment;
use serde_json::{Map, Value, json};

use crate::escalation::load;

fn role(name: &str, trusted: &Value, statements: &Value) -> (String, Value) {
    let policy = |statements: &Value| json!({"Version": "2012-10-17", "Statement": statements});
    let trust = policy(&json!([{"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}]));
    let own = json!([{"PolicyName": "own", "PolicyDocument": policy(statements)}]);
    let properties = json!({"RoleName": name, "AssumeRolePolicyDocument": trust, "Policies": own});
    (name.to_owned(), json!({"Type": "AWS::IAM::Role", "Properties": properties}))
}

fn deployment(roles: impl Iterator<Item = (String, Value)>) -> Deployment {
    load(&json!({"Resources": roles.collect::<Map<String, Value>>()}))
}

fn graph(deployment: &Deployment) -> AccessGraph {
    build(deployment, &Guardrails::default(), Catalog::embedded())
}

fn count(graph: &AccessGraph, kind: EdgeKind) -> usize {
    graph.graph.edge_weights().filter(|e| e.kind == kind).count()
}

#[test]
fn a_graph_is_cut_at_twenty_thousand_nodes_and_says_so() {
    let mut resources = Map::new();
    for i in 0..20_100 {
        resources.insert(format!("T{i}"), json!({"Type": "AWS::SNS::Topic"}));
    }
    let graph = graph(&load(&json!({"Resources": resources})));
    assert_eq!(graph.graph.node_count(), 20_000);
    assert_eq!(graph.notices, ["the graph is cut at 20000 nodes: 100 are left out, with their edges"]);
}

#[test]
fn a_cycle_of_trust_ends_and_everybody_on_it_is_named_once() {
    let count_of = 60;
    let arn = |i: usize| format!("arn:aws:iam::111122223333:role/r{i}");
    let on_cycle = |i: usize| {
        let statements = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arn((i + 1) % count_of)}]);
        let mut of = role(&format!("r{i}"), &json!({"AWS": arn((i + count_of - 1) % count_of)}), &statements);
        if i == 0 {
            of.1["Properties"]["ManagedPolicyArns"] = json!(["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]);
        }
        of
    };
    let deployment = deployment((0..count_of).map(on_cycle));
    let (guardrails, catalog) = (Guardrails::default(), Catalog::embedded());
    let answer = who_can(&deployment, &guardrails, catalog, "s3:GetObject", "arn:aws:s3:::b/k").expect("asked");
    let mut lengths: Vec<usize> = answer.able.iter().map(|a| a.path.len()).collect();
    lengths.sort_unstable();
    assert_eq!(lengths, (1..=count_of).collect::<Vec<_>>(), "the way round, one role more for each");
    assert_eq!(count(&graph(&deployment), EdgeKind::CanAssume), count_of);
    let ways = escalation::analyse(&deployment, &[], catalog);
    assert!(ways.found.iter().all(|e| e.steps.len() <= 6), "a chain of five roles at most");
    assert!(!ways.found.is_empty());
}

/// Roles that trust everybody, and may assume and pass each other.
fn open(roles: usize) -> Deployment {
    let own = |i: usize| {
        let statements = json!([
            {"Effect": "Allow", "Action": ["sts:AssumeRole", "iam:PassRole"], "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::b{i}/*")},
        ]);
        role(&format!("r{i}"), &json!({"AWS": "*", "Service": "lambda.amazonaws.com"}), &statements)
    };
    deployment((0..roles).map(own))
}

#[test]
fn of_a_wildcard_trust_some_are_asked_and_the_rest_is_counted() {
    let (open_roles, others) = (6, 260);
    let own = |i: usize| {
        let statements = json!([{"Effect": "Allow", "Action": ["sts:AssumeRole", "iam:PassRole"], "Resource": "*"}]);
        let trusted = match i < open_roles {
            true => json!({"AWS": "*", "Service": "lambda.amazonaws.com"}),
            false => json!({"AWS": "444455556666"}),
        };
        role(&format!("r{i}"), &trusted, &statements)
    };
    let graph = graph(&deployment((0..open_roles + others).map(own)));
    // Two hundred for each role, and besides: anybody, the service, and the other account of all others.
    assert_eq!(count(&graph, EdgeKind::CanAssume), 200 * open_roles + 2 * open_roles + others);
    let notice = graph.notices.iter().find(|n| n.contains("pairs of principal and role")).expect("it is said");
    let left: usize = notice.split(' ').nth(2).and_then(|n| n.parse().ok()).expect("a number");
    assert!(
        left >= (open_roles + others - 1 - 200) * open_roles && left <= (others + open_roles) * open_roles,
        "{notice}"
    );
}

#[test]
fn a_pattern_is_compared_with_the_roles_that_it_may_be_about_and_not_without_end() {
    // Each role may assume what a pattern of its own matches, which is every role.
    let own = |i: usize| {
        let statements = json!([{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Resource": format!("arn:aws:iam::111122223333:role/*{}*", "?*".repeat(i % 7))}]);
        let trusted = if i == 0 { json!({"AWS": "111122223333"}) } else { json!({"Service": "ec2.amazonaws.com"}) };
        role(&format!("a-role-{i}"), &trusted, &statements)
    };
    let graph = graph(&deployment((0..1_600).map(own)));
    let notice = graph.notices.iter().find(|n| n.contains("were not looked at")).expect("it is said");
    assert!(notice.contains("at most 2000000 pairs of pattern and role are"), "{notice}");
    let asked = count(&graph, EdgeKind::CanAssume) - 1_599;
    assert_eq!(asked, 200, "of the one that trusts the account");
}

#[test]
fn everybody_who_can_is_named_where_roles_may_all_be_assumed_and_none_lets_anybody_in() {
    // Of each role that can, all others have to be asked, and its trust policy lets none in.
    let (able, others) = (60, 12);
    let own = |i: usize| {
        let key = if i < able { "*" } else { "other/*" };
        let statements = json!([
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": format!("arn:aws:s3:::b/{key}")},
        ]);
        let mut role = role(&format!("r{i}"), &json!({"AWS": "111122223333"}), &statements);
        role.1["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"] =
            json!({"StringEquals": {"aws:PrincipalType": "User"}});
        role
    };
    let deployment = deployment((0..able + others).map(own));
    let answer = who_can(&deployment, &Guardrails::default(), Catalog::embedded(), "s3:GetObject", "arn:aws:s3:::b/k")
        .expect("asked");
    assert_eq!(answer.notices, [] as [&str; 0]);
    let names: BTreeSet<String> = answer
        .able
        .iter()
        .filter_map(|a| match &a.who {
            Who::Principal { id, .. } => Some(id.id.to_string()),
            Who::Stranger(_) => None,
        })
        .collect();
    assert_eq!(names, (0..able).map(|i| format!("r{i}")).collect());
}

#[test]
fn escalation_looks_at_a_bounded_number_of_targets_and_says_so() {
    let deployment = open(210);
    let report = escalation::analyse(&deployment, &[], Catalog::embedded());
    assert!(report.found.len() <= 2_000, "{}", report.found.len());
    let mut by_method: std::collections::BTreeMap<(String, &str), usize> = Default::default();
    for found in &report.found {
        *by_method.entry((found.principal.id.to_string(), found.method)).or_default() += 1;
    }
    assert!(by_method.values().all(|n| *n <= 10), "ten targets of each principal and method");
    let mut said = String::new();
    for notice in &report.notices {
        let _ = writeln!(said, "{notice}");
    }
    assert!(said.contains("200") || said.contains("50 roles"), "{said}");
}
