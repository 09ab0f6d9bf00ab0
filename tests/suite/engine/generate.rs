//! Random policies and requests, made from few words so that they meet often and at their edges.

use std::fmt::Write as _;

use iam_preflight::logic::{Caller, Context, Request};
use serde_json::{Value, json};

/// A small generator of pseudo-random numbers (xorshift64*), so that a seed gives the same cases everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % n
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    fn some<'a>(&mut self, from: &[&'a str], most: usize) -> Vec<&'a str> {
        let n = 1 + self.below(most);
        (0..n).map(|_| self.pick(from)).collect()
    }
}

const ACTIONS: &[&str] = &[
    "s3:GetObject",
    "s3:PutObject",
    "s3:Get*",
    "s3:*",
    "*",
    "s3:?etObject",
    "s3:*Object",
    "sqs:SendMessage",
    "sqs:*",
    "iam:PassRole",
    "S3:getobject",
    "*:*",
    "s*:Get*",
];
const REQUESTED_ACTIONS: &[&str] = &[
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "sqs:SendMessage",
    "iam:PassRole",
    "S3:GETOBJECT",
    "s3:letObject",
];

const RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/b*",
    "arn:aws:s3:::*/b",
    "arn:aws:s3:::a/?",
    "arn:aws:s3:::*",
    "arn:aws:s3:::a/${aws:username}",
    "arn:aws:s3:::a/${aws:PrincipalTag/t}/*",
    "arn:aws:s3:::a/${aws:PrincipalTag/t, 'b'}",
    "arn:aws:sqs:us-east-1:111122223333:q",
    "arn:aws:sqs:*:111122223333:*",
    "arn:*:s3:::a/b",
    "arn:aws:sqs",
    "arn:aws:s3:::a/${*}",
    "arn:aws:s3:::a/bob",
];
const REQUESTED_RESOURCES: &[&str] = &[
    "*",
    "arn:aws:s3:::a",
    "arn:aws:s3:::a/b",
    "arn:aws:s3:::a/bob",
    "arn:aws:s3:::a/bx",
    "arn:aws:s3:::c/b",
    "arn:aws:s3:::a/*",
    "arn:aws:s3:::a/x/y",
    "arn:aws:sqs:us-east-1:111122223333:q",
    "arn:aws:sqs:eu-west-1:111122223333:r",
    "arn:aws:s3:::a/b/z",
    "arn:aws:s3:::a/",
    "arn:aws-cn:s3:::a/b",
];

/// A key, the operators that suit it, values of policies, and values of requests.
type KeyRow = (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

const KEYS: &[KeyRow] = &[
    (
        "s3:prefix",
        &[
            "StringEquals",
            "StringLike",
            "StringNotEquals",
            "StringNotLike",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
        ],
        &[
            "a",
            "b",
            "A",
            "a*",
            "*b",
            "?",
            "*",
            "${aws:username}",
            "${aws:PrincipalTag/t}*",
            "${aws:PrincipalTag/t, 'A'}",
        ],
        &["a", "b", "A", "B", "ab", "c", "", "bob", "Bob"],
    ),
    (
        "s3:max-keys",
        &[
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        &["5", "10", "5.0", "7.5", "-1"],
        &["5", "5.00", "7", "7.5", "10", "11", "-2", "many"],
    ),
    (
        "aws:CurrentTime",
        &[
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        &["2020-01-01T00:00:00Z", "2020-06-01", "1577836800"],
        &["2020-01-01T00:00:00Z", "2019-12-31T23:59:59Z", "2020-03-01T00:00:00Z", "2021-01-01T00:00:00+01:00"],
    ),
    (
        "aws:SourceIp",
        &["IpAddress", "NotIpAddress"],
        &["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32"],
        &["10.1.2.3", "10.1.9.9", "10.9.9.9", "203.0.113.10", "2001:db8::1", "2001:db9::1"],
    ),
    ("aws:SecureTransport", &["Bool"], &["true", "false", "TRUE"], &["true", "false"]),
    (
        "aws:TagKeys",
        &["StringEquals", "StringLike", "StringNotEquals", "StringNotLike"],
        &["a", "b", "a*", "*"],
        &["a", "b", "ab", "c"],
    ),
    ("aws:RequestTag/x", &["StringEquals", "StringLike", "StringNotLike"], &["a", "b*", "*"], &["a", "b", "bc", ""]),
    (
        "aws:PrincipalTag/t",
        &["StringEquals", "StringLike", "StringNotEquals"],
        &["b", "b*", "x"],
        &["b", "bob", "x", "y"],
    ),
    (
        "aws:PrincipalArn",
        &["ArnLike", "ArnEquals", "ArnNotLike", "StringEquals", "StringLike", "StringNotLike"],
        &[
            "arn:aws:iam::111122223333:role/app",
            "arn:aws:iam::*:role/*",
            "arn:aws:iam::111122223333:*",
            "arn:*",
            "*",
            "arn:aws:iam::111122223333:user/bob",
        ],
        &[],
    ),
    (
        "aws:PrincipalAccount",
        &["StringEquals", "StringNotEquals", "StringLike"],
        &["111122223333", "1111*", "444455556666"],
        &[],
    ),
    ("aws:username", &["StringEquals", "StringLike", "StringNotEquals"], &["bob", "b*", "alice"], &[]),
    ("aws:PrincipalType", &["StringEquals", "StringNotEquals"], &["User", "AssumedRole", "Anonymous"], &[]),
    (
        "aws:PrincipalOrgID",
        &["StringEquals", "StringNotEquals", "StringLike"],
        &["o-abc", "o-*", "o-def"],
        &["o-abc", "o-def", "o-x"],
    ),
    (
        "aws:SourceVpce",
        &["StringEquals", "StringNotEquals", "StringLike"],
        &["vpce-1", "vpce-*"],
        &["vpce-1", "vpce-2"],
    ),
    (
        "aws:SourceArn",
        &["ArnLike", "ArnNotLike", "ArnEquals"],
        &["arn:aws:s3:::a", "arn:aws:s3:::*", "arn:aws:sns:*:111122223333:*"],
        &["arn:aws:s3:::a", "arn:aws:s3:::b", "arn:aws:sns:us-east-1:111122223333:t"],
    ),
];

const PRINCIPALS: &[&str] = &[
    r#""*""#,
    r#"{"AWS": "*"}"#,
    r#"{"AWS": "111122223333"}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:root"}"#,
    r#"{"AWS": ["arn:aws:iam::111122223333:role/app", "444455556666"]}"#,
    r#"{"AWS": "arn:aws:iam::111122223333:user/bob"}"#,
    r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/app/s1"}"#,
    r#"{"Service": "sns.amazonaws.com"}"#,
    r#"{"Federated": "arn:aws:iam::111122223333:saml-provider/p"}"#,
    r#"{"CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be", "AWS": "444455556666"}"#,
];

fn one_or_list(random: &mut Random, mut items: Vec<&str>) -> Value {
    if items.len() == 1 && random.one_in(2) { json!(items.remove(0)) } else { json!(items) }
}

fn condition(random: &mut Random) -> (String, String, Value) {
    let (key, operators, values, _) = KEYS[random.below(KEYS.len())];
    let mut name = String::new();
    if random.one_in(8) {
        let value = random.pick(&["true", "false"]);
        return ("Null".to_owned(), key.to_owned(), json!(value));
    }
    let base = random.pick(operators);
    let set = key == "aws:TagKeys" || random.one_in(6);
    if set {
        name.push_str(random.pick(&["ForAllValues:", "ForAnyValue:"]));
    }
    name.push_str(base);
    if random.one_in(5) {
        name.push_str("IfExists");
    }
    let values = random.some(values, 3);
    let value = one_or_list(random, values);
    (name, key.to_owned(), value)
}

fn statement(random: &mut Random, resource_policy: bool) -> Value {
    let mut statement = json!({"Effect": if random.one_in(3) { "Deny" } else { "Allow" }});
    if resource_policy {
        let element = if random.one_in(7) { "NotPrincipal" } else { "Principal" };
        statement[element] = serde_json::from_str(random.pick(PRINCIPALS)).expect("the table holds JSON");
    }
    let element = if random.one_in(6) { "NotAction" } else { "Action" };
    let actions = random.some(ACTIONS, 3);
    statement[element] = one_or_list(random, actions);
    let element = if random.one_in(6) { "NotResource" } else { "Resource" };
    let resources = random.some(RESOURCES, 3);
    statement[element] = one_or_list(random, resources);
    for _ in 0..[0, 0, 1, 1, 2][random.below(5)] {
        let (operator, key, value) = condition(random);
        statement["Condition"][operator][key] = value;
    }
    statement
}

/// A policy of one to four statements.
pub fn policy(random: &mut Random, resource_policy: bool) -> Value {
    let n = 1 + random.below(4);
    let statements: Vec<Value> = (0..n).map(|_| statement(random, resource_policy)).collect();
    let version = if random.one_in(8) { "2008-10-17" } else { "2012-10-17" };
    json!({"Version": version, "Statement": statements})
}

/// The policy with one thing changed.
pub fn mutated(random: &mut Random, policy: &Value, resource_policy: bool) -> Value {
    let mut policy = policy.clone();
    let Some(statements) = policy["Statement"].as_array_mut() else { return policy };
    let at = random.below(statements.len().max(1));
    match random.below(5) {
        0 if statements.len() > 1 => {
            statements.remove(at);
        }
        1 => statements.push(statement(random, resource_policy)),
        2 => {
            if let Some(object) = statements[at].as_object_mut() {
                object.remove("Condition");
            }
        }
        3 => {
            let (operator, key, value) = condition(random);
            statements[at]["Condition"][operator][key] = value;
        }
        _ => {
            let fresh = statement(random, resource_policy);
            let element = random.pick(&["Action", "Resource"]);
            if fresh.get(element).is_some() && statements[at].get(element).is_some() {
                statements[at][element] = fresh[element].clone();
            }
        }
    }
    policy
}

/// A request that there can be: its keys agree with its caller and with each other.
pub fn request(random: &mut Random, resource_policy: bool) -> Request {
    let callers = [
        Caller::User { arn: "arn:aws:iam::111122223333:user/bob".into() },
        Caller::User { arn: "arn:aws:iam::111122223333:user/team/alice".into() },
        Caller::Role { arn: "arn:aws:iam::111122223333:role/app".into(), session: "s1".into() },
        Caller::Role { arn: "arn:aws:iam::444455556666:role/path/app".into(), session: "s2".into() },
        Caller::FederatedUser { arn: "arn:aws:sts::111122223333:federated-user/fred".into() },
        Caller::Root { arn: "arn:aws:iam::444455556666:root".into() },
        Caller::Anonymous,
        Caller::Service { name: "sns.amazonaws.com".into() },
        Caller::Federated { provider: "arn:aws:iam::111122223333:saml-provider/p".into() },
        Caller::Canonical { id: "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be".into() },
    ];
    let caller = callers[random.below(if resource_policy { callers.len() } else { 5 })].clone();
    let mut context = Context::default();
    let through_endpoint = random.one_in(3);
    for (key, _, _, values) in KEYS {
        let always = matches!(*key, "aws:CurrentTime" | "aws:SecureTransport");
        let can = match *key {
            "aws:SourceIp" => !through_endpoint,
            "aws:SourceVpce" => through_endpoint,
            "aws:SourceArn" => matches!(caller, Caller::Service { .. }) || !resource_policy,
            "aws:PrincipalOrgID" | "aws:PrincipalTag/t" => caller.account().is_some(),
            _ => true,
        };
        if values.is_empty() || !can || !(always || random.one_in(2)) {
            continue;
        }
        let mut chosen: Vec<smol_str::SmolStr> = vec![random.pick(values).into()];
        if *key == "aws:TagKeys" {
            while random.one_in(2) {
                chosen.push(random.pick(values).into());
            }
            chosen.sort();
            chosen.dedup();
        }
        context.set(*key, chosen);
    }
    if !through_endpoint && random.one_in(2) {
        context.set("aws:SourceIp", vec!["203.0.113.10".into()]);
    }
    // `aws:ViaAWSService` and the like are in every request, too, but no policy here asks for them.
    Request {
        caller,
        action: random.pick(REQUESTED_ACTIONS).into(),
        resource: random.pick(REQUESTED_RESOURCES).into(),
        resource_account: None,
        context,
    }
}

/// A request in words, for the message of a failed test.
pub fn shown(request: &Request) -> String {
    let mut text = String::new();
    let _ = write!(text, "{:?} {} {} {:?}", request.caller, request.action, request.resource, request.context);
    text
}
