//! Random small deployments: users, groups and roles with all kinds of policies, resources with theirs, in one account or two,
//! as templates for the loader and as plain facts for whoever wants to decide by hand.

use iam_preflight::logic::Caller;
use serde_json::{Map, Value, json};

use crate::engine::generate::Random;

/// The account of the first template.
pub const OWN: &str = "111122223333";
/// The account of the second template, or another account where there is none.
pub const SECOND: &str = "444455556666";
/// An account that no policy names.
pub const THIRD: &str = "555566667777";
pub const PARTNER: &str = "arn:aws:iam::444455556666:role/partner";
pub const PROVIDER: &str = "arn:aws:iam::111122223333:saml-provider/corp";
/// The condition of the templates that nobody decides.
pub const CONDITION: &str = "On";

/// A policy that is there always, or only if the condition of the template has a value.
#[derive(Clone, Debug)]
pub struct Held {
    pub document: Value,
    pub only_if: Option<bool>,
}

#[derive(Clone, Debug)]
pub struct Principal {
    pub id: String,
    pub caller: Caller,
    /// Its own and those of its groups.
    pub policies: Vec<Held>,
    pub boundary: Option<Value>,
    /// Of a role.
    pub trust: Option<Value>,
}

#[derive(Clone, Debug)]
pub struct Protected {
    pub id: String,
    pub service: &'static str,
    pub account: &'static str,
    pub arn: String,
    pub policy: Option<Held>,
}

/// A condition key, what policies write of it, and requests that tell these apart.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    operators: &'static [&'static str],
    values: &'static [&'static str],
    pub requests: &'static [&'static [&'static str]],
    /// Only callers of an account carry it.
    pub of_accounts: bool,
}

/// Keys that a request may carry or not.
const KEYS: [Key; 7] = [
    Key {
        name: "aws:SourceIp",
        operators: &["IpAddress", "NotIpAddress", "IpAddressIfExists"],
        values: &["203.0.113.0/24", "203.0.113.128/25"],
        requests: &[&["203.0.113.1"], &["203.0.113.200"], &["198.51.100.1"]],
        of_accounts: false,
    },
    Key {
        name: "aws:MultiFactorAuthPresent",
        operators: &["Bool", "BoolIfExists", "Null"],
        values: &["true", "false"],
        requests: &[&["true"], &["false"]],
        of_accounts: false,
    },
    Key {
        name: "aws:SourceVpce",
        operators: &["StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists", "StringNotLike"],
        values: &["vpce-1", "vpce-2", "vpce-*"],
        requests: &[&["vpce-1"], &["vpce-2"], &["vpce-3"], &["vpce-*"], &["other"]],
        of_accounts: false,
    },
    Key {
        name: "aws:PrincipalTag/team",
        operators: &["StringEquals", "StringNotEquals", "StringLike", "StringEqualsIfExists"],
        values: &["a", "b", "ann"],
        requests: &[&["a"], &["b"], &["c"], &["ann"], &["bob"]],
        of_accounts: true,
    },
    Key {
        name: "aws:PrincipalOrgID",
        operators: &["StringEquals", "StringNotEquals", "StringEqualsIfExists"],
        values: &["o-aaaaaaaaaa", "o-bbbbbbbbbb"],
        requests: &[&["o-aaaaaaaaaa"], &["o-bbbbbbbbbb"], &["o-cccccccccc"]],
        of_accounts: true,
    },
    Key {
        name: "aws:TagKeys",
        operators: &["ForAllValues:StringEquals", "ForAnyValue:StringEquals", "ForAnyValue:StringNotEquals"],
        values: &["x", "y"],
        requests: &[&[""], &["x"], &["y"], &["z"], &["x", "y"], &["x", "z"], &["y", "z"], &["x", "y", "z"]],
        of_accounts: false,
    },
    Key {
        name: "aws:CurrentTime",
        operators: &["DateLessThan", "DateGreaterThanEquals", "DateNotEquals"],
        values: &["2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z"],
        requests: &[
            &["2029-01-01T00:00:00Z"],
            &["2030-01-01T00:00:00Z"],
            &["2030-06-01T00:00:00Z"],
            &["2031-01-01T00:00:00Z"],
            &["2032-01-01T00:00:00Z"],
        ],
        of_accounts: false,
    },
];

/// Keys that follow from who asks, or from whose the resource is.
const SETTLED_KEYS: [(&str, &[&str], &[&str]); 5] = [
    (
        "aws:PrincipalArn",
        &["ArnLike", "ArnNotLike", "StringLike", "StringNotEquals", "ArnEquals"],
        &[
            "arn:aws:iam::111122223333:role/*",
            "arn:aws:iam::111122223333:role/app/r1",
            "arn:aws:iam::*:role/r0",
            "arn:aws:iam::111122223333:user/ann",
            PARTNER,
        ],
    ),
    ("aws:PrincipalAccount", &["StringEquals", "StringNotEquals", "StringEqualsIfExists"], &[OWN, SECOND]),
    ("aws:username", &["StringEquals", "StringNotLike", "StringEqualsIfExists"], &["ann", "b*"]),
    ("aws:PrincipalType", &["StringEquals", "StringNotEquals"], &["AssumedRole", "User"]),
    ("aws:ResourceAccount", &["StringEquals", "StringNotEquals"], &[OWN, SECOND]),
];

/// What stands after the name of a bucket in the ARNs of objects that policies tell apart.
pub const OBJECTS: [&str; 9] = ["a", "a/x", "ab", "ann/x", "b", "b/x", "bob/x", "c/x", "zz"];

const ACTIONS: [&str; 17] = [
    "s3:GetObject",
    "s3:Get*",
    "s3:*",
    "s3:*",
    "*",
    "sqs:SendMessage",
    "sqs:*",
    "kms:Decrypt",
    "kms:*",
    "sts:AssumeRole",
    "sts:AssumeRole",
    "sts:*",
    "s3:PutObject",
    "s3:ListBucket",
    "S3:getobject",
    "secretsmanager:GetSecretValue",
    "secretsmanager:Get*",
];

/// A run with what it is made of.
#[derive(Debug)]
pub struct Generated {
    /// A template for each account.
    pub templates: Vec<(&'static str, Value)>,
    pub principals: Vec<Principal>,
    pub resources: Vec<Protected>,
    pub scps: Vec<Vec<Value>>,
    pub rcps: Vec<Vec<Value>>,
    /// The keys that occur.
    pub keys: Vec<&'static Key>,
}

impl Generated {
    /// Both values of the condition, if anything hangs on it.
    pub fn worlds(&self) -> Vec<bool> {
        let of_principals = self.principals.iter().flat_map(|p| &p.policies);
        let all = of_principals.chain(self.resources.iter().filter_map(|r| r.policy.as_ref()));
        if all.into_iter().any(|h| h.only_if.is_some()) { vec![true, false] } else { vec![true] }
    }
}

struct Maker<'r> {
    random: &'r mut Random,
    keys: Vec<&'static Key>,
    is_open: bool,
    principals: Vec<String>,
    resources: Vec<String>,
    /// The account whose template is written, and the logical ids of its principals by ARN.
    account: &'static str,
    names: Vec<(&'static str, String, String)>,
}

/// A deployment from the state of a generator.
pub fn generate(random: &mut Random) -> Generated {
    let two = random.one_in(3);
    let count = [0, 1, 1, 2, 2][random.below(5)];
    let mut keys: Vec<&'static Key> = (0..count).map(|_| &KEYS[random.below(KEYS.len())]).collect();
    keys.sort_by_key(|k| k.name);
    keys.dedup_by_key(|k| k.name);
    let is_open = random.one_in(4);
    let mut maker =
        Maker { random, keys, is_open, principals: Vec::new(), resources: Vec::new(), account: OWN, names: Vec::new() };
    let mut principals: Vec<(&'static str, bool, String, String)> = Vec::new();
    for account in if two { &[OWN, SECOND][..] } else { &[OWN] } {
        let (users, roles) = if *account == OWN { (2, 4) } else { (1, 2) };
        let letter = if *account == OWN { "A" } else { "B" };
        for (number, name) in ["ann", "bob"].iter().take(users).enumerate() {
            principals.push((account, false, format!("{letter}User{number}"), (*name).to_owned()));
        }
        for number in 0..roles {
            let path = if number == 1 { "app/" } else { "" };
            principals.push((account, true, format!("{letter}Role{number}"), format!("{path}r{number}")));
        }
    }
    let arn = |account: &str, is_role: bool, name: &str| {
        format!("arn:aws:iam::{account}:{}/{name}", if is_role { "role" } else { "user" })
    };
    maker.principals = principals.iter().map(|(account, is_role, _, name)| arn(account, *is_role, name)).collect();
    let named = |(account, is_role, id, name): &(&'static str, bool, String, String)| {
        (*account, arn(account, *is_role, name), id.clone())
    };
    maker.names = principals.iter().map(named).collect();
    let mut resources: Vec<(&'static str, &'static str, String, String)> = vec![
        (OWN, "s3", "AData".into(), "arn:aws:s3:::data".into()),
        (OWN, "s3", "ALogs".into(), "arn:aws:s3:::logs".into()),
        (OWN, "sqs", "AQueue".into(), format!("arn:aws:sqs:us-east-1:{OWN}:jobs")),
        (OWN, "kms", "AKey".into(), String::new()),
        (OWN, "secretsmanager", "ASecret".into(), String::new()),
    ];
    if two {
        resources.push((SECOND, "sqs", "BQueue".into(), format!("arn:aws:sqs:us-east-1:{SECOND}:jobs")));
    }
    maker.resources = resources.iter().map(|(.., arn)| arn.clone()).filter(|a| !a.is_empty()).collect();

    let mut made = Generated {
        templates: Vec::new(),
        principals: Vec::new(),
        resources: Vec::new(),
        scps: Vec::new(),
        rcps: Vec::new(),
        keys: maker.keys.clone(),
    };
    let mut bodies: Vec<(&'static str, Map<String, Value>)> =
        if two { vec![(OWN, Map::new()), (SECOND, Map::new())] } else { vec![(OWN, Map::new())] };
    let mut shared: Vec<(&'static str, String, Held)> = Vec::new();
    for (number, (account, is_role, id, name)) in principals.iter().enumerate() {
        let body = bodies.iter_mut().find(|(a, _)| a == account).map(|(_, b)| b).expect("a template");
        maker.account = account;
        let who = maker.principals[number].clone();
        let short = name.rsplit('/').next().unwrap_or_default();
        let mut properties = if *is_role { json!({"RoleName": short}) } else { json!({"UserName": short}) };
        if name.contains('/') {
            properties["Path"] = json!("/app/");
        }
        let mut policies: Vec<Held> = Vec::new();
        for policy in 0..maker.random.below(3) {
            let document = maker.identity();
            match maker.random.below(4) {
                // A resource of its own, which may hang on a condition.
                0 => {
                    let only_if = (maker.is_open && maker.random.one_in(2)).then_some(true);
                    let list = if *is_role { "Roles" } else { "Users" };
                    let mut resource = json!({"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": format!("p{policy}"),
                        "PolicyDocument": maker.written(&document), list: [{"Ref": id}]}});
                    if only_if.is_some() {
                        resource["Condition"] = json!(CONDITION);
                    }
                    body.insert(format!("{id}Policy{policy}"), resource);
                    policies.push(Held { document, only_if });
                }
                1 => {
                    let properties = json!({"ManagedPolicyName": format!("{id}-m{policy}"), "PolicyDocument": maker.written(&document)});
                    let managed = format!("{id}Managed{policy}");
                    body.insert(managed.clone(), json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}));
                    let held = Held { document, only_if: None };
                    policies.push(held.clone());
                    shared.push((account, managed, held));
                }
                _ => {
                    let only_if = (maker.is_open && maker.random.one_in(4)).then(|| maker.random.one_in(2));
                    let inline =
                        json!({"PolicyName": format!("i{policy}"), "PolicyDocument": maker.written(&document)});
                    let none = json!({"Ref": "AWS::NoValue"});
                    let inline = match only_if {
                        None => inline,
                        Some(true) => json!({"Fn::If": [CONDITION, inline, none]}),
                        Some(false) => json!({"Fn::If": [CONDITION, none, inline]}),
                    };
                    push(&mut properties["Policies"], inline);
                    policies.push(Held { document, only_if });
                }
            }
        }
        // Its own managed policies, and now and then one of somebody else.
        for (of, managed, held) in &shared {
            let is_own = managed.starts_with(&format!("{id}Managed"));
            if of == account && (is_own || maker.random.one_in(6)) {
                push(&mut properties["ManagedPolicyArns"], json!({"Ref": managed}));
                if !is_own {
                    policies.push(held.clone());
                }
            }
        }
        let boundary = maker.random.one_in(4).then(|| maker.limit());
        if let Some(document) = &boundary {
            let limit = json!({"ManagedPolicyName": format!("{id}-limit"), "PolicyDocument": maker.written(document)});
            body.insert(format!("{id}Limit"), json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": limit}));
            properties["PermissionsBoundary"] = json!({"Ref": format!("{id}Limit")});
        }
        let trust = is_role.then(|| maker.trust(number));
        if let Some(trust) = &trust {
            properties["AssumeRolePolicyDocument"] = maker.written(trust);
        }
        if !*is_role && maker.random.one_in(2) {
            let document = maker.identity();
            let group = json!({"GroupName": format!("{id}-group"), "Policies": [
                {"PolicyName": "g", "PolicyDocument": maker.written(&document)}]});
            body.insert(format!("{id}Group"), json!({"Type": "AWS::IAM::Group", "Properties": group}));
            properties["Groups"] = json!([{"Ref": format!("{id}Group")}]);
            policies.push(Held { document, only_if: None });
        }
        let kind = if *is_role { "AWS::IAM::Role" } else { "AWS::IAM::User" };
        body.insert(id.clone(), json!({"Type": kind, "Properties": properties}));
        let caller = match is_role {
            true => Caller::Role { arn: who.into(), session: "example".into() },
            false => Caller::User { arn: who.into() },
        };
        made.principals.push(Principal { id: id.clone(), caller, policies, boundary, trust });
    }
    for (account, service, id, arn) in resources {
        let body = bodies.iter_mut().find(|(a, _)| *a == account).map(|(_, b)| b).expect("a template");
        maker.account = account;
        let policy = (service == "kms" || !maker.random.one_in(3)).then(|| maker.resource_policy(service, &arn));
        // Names of keys and secrets are unknown, and nothing names them: they are asked for by what is known of them.
        let may_hang = policy.is_some() && service != "kms" && maker.is_open;
        let only_if = (may_hang && maker.random.one_in(2)).then_some(true);
        let document = policy.as_ref().map(|p| maker.written(p));
        let with = |kind: &str, properties: Value| {
            let mut resource = json!({"Type": kind, "Properties": properties});
            if only_if.is_some() {
                resource["Condition"] = json!(CONDITION);
            }
            resource
        };
        match (service, document) {
            ("s3", document) => {
                let name = arn.rsplit(':').next().unwrap_or_default();
                body.insert(id.clone(), json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}));
                if let Some(document) = document {
                    let properties = json!({"Bucket": {"Ref": id}, "PolicyDocument": document});
                    body.insert(format!("{id}Policy"), with("AWS::S3::BucketPolicy", properties));
                }
            }
            ("sqs", document) => {
                body.insert(id.clone(), json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}}));
                if let Some(document) = document {
                    let properties = json!({"Queues": [{"Ref": id}], "PolicyDocument": document});
                    body.insert(format!("{id}Policy"), with("AWS::SQS::QueuePolicy", properties));
                }
            }
            ("kms", document) => {
                body.insert(id.clone(), json!({"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": document}}));
            }
            (_, document) => {
                body.insert(id.clone(), json!({"Type": "AWS::SecretsManager::Secret", "Properties": {}}));
                if let Some(document) = document {
                    let properties = json!({"SecretId": {"Ref": id}, "ResourcePolicy": document});
                    body.insert(format!("{id}Policy"), with("AWS::SecretsManager::ResourcePolicy", properties));
                }
            }
        }
        let policy = policy.map(|document| Held { document, only_if });
        made.resources.push(Protected { id, service, account, arn, policy });
    }
    if maker.random.one_in(4) {
        let all = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        made.scps.push(vec![all]);
        let level = (0..1 + maker.random.below(2)).map(|_| maker.limit()).collect();
        made.scps.push(level);
    }
    if maker.random.one_in(4) {
        let mut statement = maker.statement(&ACTIONS, true);
        statement["Effect"] = json!("Deny");
        statement["Principal"] = json!("*");
        made.rcps.push(vec![policy(vec![statement])]);
    }
    let conditions = json!({CONDITION: {"Fn::Equals": [{"Ref": "Flag"}, "yes"]}});
    let parameters = json!({"Flag": {"Type": "String", "AllowedValues": ["yes", "no"]}});
    made.templates = bodies
        .into_iter()
        .map(|(account, body)| {
            (account, json!({"Parameters": parameters, "Conditions": conditions, "Resources": body}))
        })
        .collect();
    made
}

fn push(list: &mut Value, item: Value) {
    match list.as_array_mut() {
        Some(items) => items.push(item),
        None => *list = json!([item]),
    }
}

fn policy(statements: Vec<Value>) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn one_or_list(mut all: Vec<String>) -> Value {
    if all.len() == 1 { all.swap_remove(0).into() } else { all.into() }
}

impl Maker<'_> {
    fn pick(&mut self, from: &[&str]) -> String {
        self.random.pick(from).to_owned()
    }

    fn some(&mut self, from: &[&str], most: usize) -> Value {
        let n = 1 + self.random.below(most);
        one_or_list((0..n).map(|_| self.pick(from)).collect())
    }

    fn conditions(&mut self, statement: &mut Value) {
        for _ in 0..[0, 0, 0, 1, 1, 2][self.random.below(6)] {
            let (name, operators, values) = match self.keys.is_empty() || self.random.one_in(3) {
                true => SETTLED_KEYS[self.random.below(SETTLED_KEYS.len())],
                false => {
                    let key = self.keys[self.random.below(self.keys.len())];
                    (key.name, key.operators, key.values)
                }
            };
            let operator = self.pick(operators);
            let most = if operator.starts_with("Bool") || operator == "Null" { 1 } else { 2 };
            statement["Condition"][operator][name] = self.some(values, most);
        }
    }

    fn statement(&mut self, actions: &[&str], resources: bool) -> Value {
        let mut statement = json!({"Effect": if self.random.one_in(4) { "Deny" } else { "Allow" }});
        let element = if self.random.one_in(9) { "NotAction" } else { "Action" };
        statement[element] = self.some(actions, 3);
        if resources {
            let n = 1 + self.random.below(2);
            let all: Vec<String> = (0..n).map(|_| self.resource()).collect();
            let element = if self.random.one_in(9) { "NotResource" } else { "Resource" };
            statement[element] = one_or_list(all);
        }
        self.conditions(&mut statement);
        statement
    }

    fn resource(&mut self) -> String {
        let has_tag = self.keys.iter().any(|k| k.name == "aws:PrincipalTag/team");
        match self.random.below(10) {
            0..3 => "*".to_owned(),
            3 => self.resources[self.random.below(self.resources.len())].clone(),
            4..6 => {
                let bucket = self.pick(&["arn:aws:s3:::data", "arn:aws:s3:::logs"]);
                let tail = match self.random.below(6) {
                    0 | 1 => "*",
                    2 => "a*",
                    3 => "${aws:username}/*",
                    4 if has_tag => "${aws:PrincipalTag/team}/*",
                    _ => "?",
                };
                format!("{bucket}/{tail}")
            }
            6 => self.pick(&["arn:aws:sqs:*:*:*", "arn:aws:kms:*:*:key/*", "arn:aws:secretsmanager:*:*:secret:*"]),
            7 => {
                self.pick(&["arn:aws:iam::111122223333:role/*", "arn:aws:iam::*:role/app/*", "arn:aws:iam::*:role/r?"])
            }
            _ => self.principals[self.random.below(self.principals.len())].clone(),
        }
    }

    fn identity(&mut self) -> Value {
        let n = 1 + self.random.below(3);
        policy((0..n).map(|_| self.statement(&ACTIONS, true)).collect())
    }

    /// A boundary or SCP: broad, with something taken away.
    fn limit(&mut self) -> Value {
        let mut first = self.statement(&["*", "s3:*", "sqs:*", "sts:*", "kms:*"], false);
        first["Effect"] = json!("Allow");
        first["Resource"] = json!("*");
        let mut statements = vec![first];
        if self.random.one_in(2) {
            statements.push(self.statement(&ACTIONS, true));
        }
        policy(statements)
    }

    fn principal(&mut self) -> Value {
        let known = self.principals[self.random.below(self.principals.len())].clone();
        match self.random.below(14) {
            0 => json!("*"),
            1 => json!({"AWS": "*"}),
            2 => json!({"AWS": OWN}),
            3 | 4 => json!({"AWS": format!("arn:aws:iam::{OWN}:root")}),
            5 => json!({"AWS": SECOND}),
            6 => json!({"AWS": [PARTNER, known]}),
            7 => json!({"Service": "lambda.amazonaws.com"}),
            8 => {
                let role = known.rsplit('/').next().unwrap_or_default();
                let account = known.split(':').nth(4).unwrap_or_default();
                json!({"AWS": format!("arn:aws:sts::{account}:assumed-role/{role}/deploy")})
            }
            _ => json!({"AWS": known}),
        }
    }

    fn resource_policy(&mut self, service: &str, arn: &str) -> Value {
        let actions: &[&str] = match service {
            "s3" => &["s3:GetObject", "s3:*", "s3:Get*", "s3:PutObject", "s3:ListBucket"],
            "sqs" => &["sqs:SendMessage", "sqs:*", "sqs:Receive*"],
            "kms" => &["kms:Decrypt", "kms:*", "kms:De*"],
            _ => &["secretsmanager:GetSecretValue", "secretsmanager:*"],
        };
        let n = 1 + self.random.below(3);
        let mut statements = Vec::new();
        for _ in 0..n {
            let mut statement = self.statement(actions, false);
            let element = if self.random.one_in(12) { "NotPrincipal" } else { "Principal" };
            statement[element] = self.principal();
            statement["Resource"] = match service {
                "s3" => match self.random.below(3) {
                    0 => json!([arn, format!("{arn}/*")]),
                    1 => json!(format!("{arn}/a*")),
                    _ => json!(format!("{arn}/*")),
                },
                "sqs" => json!(arn),
                _ => json!("*"),
            };
            statements.push(statement);
        }
        policy(statements)
    }

    fn trust(&mut self, number: usize) -> Value {
        let n = 1 + self.random.below(2);
        let mut statements = Vec::new();
        for _ in 0..n {
            let mut statement = self.statement(&["sts:AssumeRole", "sts:AssumeRole", "sts:*"], false);
            if let Some(list) = statement.as_object_mut().and_then(|s| s.remove("NotAction")) {
                statement["Action"] = list;
            }
            statement["Principal"] = match self.random.below(8) {
                0 => {
                    statement["Action"] = json!("sts:AssumeRoleWithSAML");
                    json!({"Federated": PROVIDER})
                }
                // The one before it, so that there are chains and cycles.
                1..4 => json!({"AWS": self.principals[(number + self.principals.len() - 1) % self.principals.len()]}),
                _ => self.principal(),
            };
            statements.push(statement);
        }
        policy(statements)
    }

    /// The document as somebody might write it in a template.
    fn written(&mut self, document: &Value) -> Value {
        let is =
            |text: &str, (account, arn, _): &(&'static str, String, String)| *account == self.account && arn == text;
        match document {
            Value::String(text) if self.names.iter().any(|n| is(text, n)) && self.random.one_in(2) => {
                let id = self.names.iter().find(|(_, arn, _)| arn == text).map(|(_, _, id)| id.clone());
                json!({"Fn::GetAtt": [id, "Arn"]})
            }
            Value::String(text) if text.contains(self.account) && self.random.one_in(3) => {
                json!({"Fn::Sub": text.replace("${", "${!").replace(self.account, "${AWS::AccountId}")})
            }
            Value::Array(items) => Value::Array(items.iter().map(|i| self.written(i)).collect()),
            Value::Object(map) => {
                let entry = |(key, value): (&String, &Value)| (key.clone(), self.written(value));
                Value::Object(map.iter().map(entry).collect())
            }
            other => other.clone(),
        }
    }
}
