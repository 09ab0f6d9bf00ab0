//! AWS SAM: our expansion of `tests/data/sam` against snapshots, and against the reference translator (PyPI package
//! `aws-sam-translator`) where Python has it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use iam_preflight::catalog::Catalog;
use iam_preflight::source::{Entry, Limits, Mapping, Node, NodeKind, Sources, Text, yaml};
use iam_preflight::template::cloudformation::{self, sam};
use iam_preflight::template::{LoadContext, LoadOptions, ParsedInput};
use sam::{Transformed, is_sam, transform};
use serde_json::{Map, Value, json};

/// The templates, by file name, with intrinsic functions in their long form.
fn inputs() -> BTreeMap<String, Node> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sam");
    let mut inputs = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        inputs.insert(name.clone(), read(&name, &std::fs::read_to_string(&path).unwrap()));
    }
    inputs
}

fn read(name: &str, text: &str) -> Node {
    let sources = Sources::new();
    let id = sources.add(name, text);
    long_form(yaml::read(id, text, &Limits::default()).unwrap())
}

fn long_form(node: Node) -> Node {
    let span = node.span;
    let tag = node.tag.clone();
    let kind = match node.kind {
        NodeKind::Sequence(items) => NodeKind::Sequence(items.into_iter().map(long_form).collect()),
        NodeKind::Mapping(map) => NodeKind::Mapping(Mapping {
            entries: map.entries.into_iter().map(|e| Entry { value: long_form(e.value), ..e }).collect(),
        }),
        other => other,
    };
    let mut value = Node::new(kind, span);
    let Some(tag) = tag else { return value };
    let name = match tag.trim_start_matches('!') {
        name @ ("Ref" | "Condition") => name.to_owned(),
        name => format!("Fn::{name}"),
    };
    if name == "Fn::GetAtt"
        && let Some((id, attribute)) = value.as_str().and_then(|s| s.split_once('.'))
    {
        let parts = [id, attribute].map(|p| Node::string(p, span));
        value = Node::new(NodeKind::Sequence(parts.into()), span);
    }
    let entry = Entry { key: Text::literal(&name), key_span: span, value };
    Node::new(NodeKind::Mapping(Mapping { entries: vec![entry] }), span)
}

fn expand(template: &Node) -> Transformed {
    let parameter = |name: &str| template.at(&["Parameters", name, "Default"]).cloned();
    transform(template, &parameter, Catalog::embedded())
}

/// What is compared of a template: whatever grants or names access, in a form in which equal things are written alike.
fn comparable(template: &Value, parameters: &Value) -> Value {
    let canon = Canon { parameters };
    let mut access = Map::new();
    let mut types = Map::new();
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let resource_type = resource["Type"].as_str().unwrap();
        // Their logical ids have a hash of the API's whole definition in them, of which we write the outline alone; and
        // the details of domain names have no bearing on access.
        let outside =
            ["AWS::ApiGateway::Deployment", "AWS::ApiGateway::BasePathMapping", "AWS::Route53::RecordSetGroup"];
        if !outside.contains(&resource_type) {
            types.insert(id.clone(), json!(resource_type));
        }
        let properties = resource.get("Properties").cloned().unwrap_or_default();
        let compared = match resource_type {
            t if t.starts_with("AWS::IAM::") => properties,
            "AWS::Lambda::Permission" | "AWS::Lambda::LayerVersionPermission" => properties,
            "AWS::SQS::QueuePolicy" | "AWS::SNS::TopicPolicy" => properties,
            "AWS::ApiGateway::RestApi" => {
                json!({"Policy": properties["Policy"], "InBody": properties["Body"]["x-amazon-apigateway-policy"]})
            }
            "AWS::Lambda::Function" => json!({"Role": properties["Role"]}),
            "AWS::StepFunctions::StateMachine" => json!({"RoleArn": properties["RoleArn"]}),
            _ => continue,
        };
        let mut compared = canon.value(&compared);
        compared["Condition"] = resource.get("Condition").cloned().unwrap_or_default();
        access.insert(id.clone(), compared);
    }
    let mut conditions = canon.value(&template.get("Conditions").cloned().unwrap_or(json!({})));
    // They stand in the API's definition.
    conditions.as_object_mut().unwrap().retain(|name, _| !name.ends_with("PathCondition"));
    let outputs = canon.value(&template.get("Outputs").cloned().unwrap_or_default());
    json!({"Access": access, "Types": types, "Conditions": conditions, "Outputs": outputs})
}

struct Canon<'p> {
    parameters: &'p Value,
}

impl Canon<'_> {
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => {
                let mut items: Vec<Value> = items.iter().map(|i| self.value(i)).collect();
                items.sort_by_key(Value::to_string);
                Value::Array(items)
            }
            Value::Object(map) => match map.iter().next() {
                Some((name, argument)) if map.len() == 1 && (name == "Ref" || name.starts_with("Fn::")) => {
                    self.function(name, argument)
                }
                _ => {
                    let absent = |k: &str, v: &Value| k == "ManagedPolicyArns" && v == &json!([]);
                    let given = map.iter().filter(|(k, v)| !absent(k, v));
                    let sorted: BTreeMap<_, _> = given.map(|(k, v)| (k.clone(), self.member(k, v))).collect();
                    Value::Object(sorted.into_iter().collect())
                }
            },
            other => other.clone(),
        }
    }

    /// One statement, action or resource is the same as a list of one.
    fn member(&self, key: &str, value: &Value) -> Value {
        let list = ["Statement", "Action", "Resource", "Service", "AWS"].contains(&key);
        if list && !value.is_array() { self.value(&json!([value])) } else { self.value(value) }
    }

    fn reference(&self, name: &str) -> Value {
        match name {
            "AWS::Partition" => json!("aws"),
            "AWS::Region" => json!("us-east-1"),
            _ => match self.parameters.get(name).and_then(|p| p.get("Default")) {
                Some(value) => value.clone(),
                None => json!({"Ref": name}),
            },
        }
    }

    fn function(&self, name: &str, argument: &Value) -> Value {
        match name {
            "Ref" => self.reference(argument.as_str().unwrap()),
            "Fn::GetAtt" => match argument.as_array() {
                Some(parts) => {
                    let parts: Vec<&str> = parts.iter().map(|p| p.as_str().unwrap()).collect();
                    json!({"Fn::GetAtt": parts.join(".")})
                }
                None => json!({"Fn::GetAtt": argument}),
            },
            "Fn::Sub" => self.sub(argument),
            "Fn::Or" => json!({name: self.value(argument)}),
            // The translator nests `Condition` once too often, which CloudFormation would not take.
            "Fn::And" if argument[0]["Condition"].is_object() => {
                let inner: Vec<&Value> = argument.as_array().unwrap().iter().map(|c| &c["Condition"]).collect();
                json!({name: inner})
            }
            // The order of arguments matters, and a number may be written as a string.
            _ => {
                let argument = match argument.as_array() {
                    Some(items) => {
                        let plain = |i: &Value| if i.is_number() { json!(i.to_string()) } else { self.value(i) };
                        Value::Array(items.iter().map(plain).collect())
                    }
                    None => self.value(argument),
                };
                json!({name: argument})
            }
        }
    }

    /// A list of literal text and values, so that the names of variables don't matter.
    fn sub(&self, argument: &Value) -> Value {
        let (text, variables) = match argument.as_array().map(Vec::as_slice) {
            Some([text, variables]) => (text.as_str().unwrap(), variables.clone()),
            _ => (argument.as_str().unwrap(), json!({})),
        };
        let mut parts: Vec<Value> = vec![json!("")];
        let mut push = |part: Value| match (parts.last_mut(), &part) {
            (Some(Value::String(last)), Value::String(more)) => last.push_str(more),
            _ => parts.push(part),
        };
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let end = start + rest[start..].find('}').unwrap();
            push(json!(rest[..start]));
            let name = &rest[start + 2..end];
            let value = match variables.get(name) {
                Some(value) => self.value(value),
                None if name.starts_with('!') => json!(format!("${{{}}}", &name[1..])),
                None if name.contains('.') => json!({"Fn::GetAtt": name}),
                None => self.reference(name),
            };
            match value.get("Fn::Sub").and_then(Value::as_array) {
                Some(inner) => inner.iter().cloned().for_each(&mut push),
                None => push(value),
            }
            rest = &rest[end + 1..];
        }
        push(json!(rest));
        match parts.as_slice() {
            [Value::String(text)] => json!(text),
            _ => json!({"Fn::Sub": parts}),
        }
    }
}

/// A Python that has the translator, or why there is none.
fn python() -> Result<String, String> {
    let name = std::env::var("IAM_PREFLIGHT_SAM_PYTHON").unwrap_or_else(|_| "python3".into());
    let run =
        Command::new(&name).args(["-c", "import samtranslator, boto3; print(samtranslator.__version__)"]).output();
    match run {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            let numbers: Vec<u32> = version.split('.').filter_map(|n| n.parse().ok()).collect();
            // The version that the tables are of; older ones lack resource types.
            let new_enough = numbers.as_slice() >= [1, 115].as_slice();
            new_enough.then_some(name).ok_or(format!("aws-sam-translator {version} is older than 1.115.0"))
        }
        Ok(_) => Err(format!("{name} has no package aws-sam-translator")),
        Err(error) => Err(format!("{name}: {error}")),
    }
}

/// A Python that has the translator; without one the test is skipped, unless tools are required.
fn python_or_skip() -> Option<String> {
    match python() {
        Ok(python) => Some(python),
        Err(reason) => {
            let required = std::env::var("IAM_PREFLIGHT_REQUIRE_TOOLS").is_ok_and(|v| v == "1");
            assert!(!required, "the reference translator is missing: {reason}");
            println!("skipped: {reason}");
            None
        }
    }
}

fn reference(python: &str, inputs: &BTreeMap<String, Node>) -> Map<String, Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sam/expand.py");
    let templates: Map<String, Value> = inputs.iter().map(|(name, node)| (name.clone(), node.to_json())).collect();
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        // The translator tells of its metrics there.
        .stderr(Stdio::null())
        .spawn()
        .expect("python starts");
    let mut stdin = child.stdin.take().unwrap();
    let text = serde_json::to_vec(&templates).unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "the reference translator failed");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What differs, and what the translator does not take.
fn compare(python: &str, inputs: &BTreeMap<String, Node>) -> (Vec<String>, Vec<String>) {
    let mut differences = Vec::new();
    let mut refused = Vec::new();
    for (name, result) in reference(python, inputs) {
        let input = &inputs[&name];
        let parameters = input.get("Parameters").map(Node::to_json).unwrap_or_default();
        let Some(theirs) = result.get("template") else {
            refused.push(format!("{name}: the translator says {}", result["error"]));
            continue;
        };
        let ours = comparable(&expand(input).template.to_json(), &parameters);
        let theirs = comparable(theirs, &parameters);
        for section in ["Types", "Access", "Conditions", "Outputs"] {
            let empty = Map::new();
            let (ours, theirs) =
                (ours[section].as_object().unwrap_or(&empty), theirs[section].as_object().unwrap_or(&empty));
            let mut ids: Vec<&String> = ours.keys().chain(theirs.keys()).collect();
            ids.sort();
            ids.dedup();
            for id in ids.into_iter().filter(|id| ours.get(*id) != theirs.get(*id)) {
                let show = |v: Option<&Value>| v.map_or("nothing".into(), Value::to_string);
                let (ours, theirs) = (show(ours.get(id)), show(theirs.get(id)));
                differences.push(format!("{name}: {section} {id}\n  ours   {ours}\n  theirs {theirs}"));
            }
        }
    }
    (differences, refused)
}

#[test]
fn sam_expansion_agrees_with_the_reference_translator() {
    let Some(python) = python_or_skip() else { return };
    let inputs = inputs();
    assert!(inputs.len() >= 40);
    let (differences, refused) = compare(&python, &inputs);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

/// Every template of the folder has its snapshot, so that the expansion is held without the translator, too.
#[test]
fn sam_expansion_is_as_it_was() {
    for (name, input) in inputs() {
        let parameters = input.get("Parameters").map(Node::to_json).unwrap_or_default();
        let expanded = expand(&input);
        let notices: Vec<&str> = expanded.notices.iter().map(|n| n.message.as_str()).collect();
        let mut shown = comparable(&expanded.template.to_json(), &parameters);
        shown["Notices"] = json!(notices);
        insta::with_settings!({snapshot_path => "../snapshots/sam", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_json_snapshot!(name, shown);
        });
    }
}

#[test]
fn no_serverless_resource_is_left_and_every_reference_leads_somewhere() {
    for (name, input) in inputs() {
        let template = expand(&input).template.to_json();
        let resources = template["Resources"].as_object().unwrap();
        for (id, resource) in resources {
            let resource_type = resource["Type"].as_str().unwrap();
            assert!(!resource_type.starts_with("AWS::Serverless::"), "{name}: {id} is still {resource_type}");
            if let Some(condition) = resource.get("Condition") {
                assert!(template["Conditions"].get(condition.as_str().unwrap()).is_some(), "{name}: {id}: {condition}");
            }
        }
        references(&template, &mut |id| {
            let known = id.starts_with("AWS::") || resources.contains_key(id) || !template["Parameters"][id].is_null();
            assert!(known, "{name}: nothing is named {id}");
        });
    }
}

fn references(value: &Value, seen: &mut impl FnMut(&str)) {
    match value {
        Value::Array(items) => items.iter().for_each(|i| references(i, seen)),
        Value::Object(map) => {
            if let Some(id) = map.get("Ref").and_then(Value::as_str) {
                seen(id);
            }
            if let Some(id) = map.get("Fn::GetAtt").and_then(|a| a[0].as_str()) {
                seen(id);
            }
            map.values().for_each(|v| references(v, seen));
        }
        _ => {}
    }
}

#[test]
fn what_sam_generates_points_at_the_property_that_caused_it() {
    let text = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - SQSPollerPolicy: {QueueName: !GetAtt Jobs.QueueName}
      Events:
        Web: {Type: Api, Properties: {Path: /a, Method: get}}
";
    let template = expand(&read("spans.yaml", text)).template;
    let written = |keys: &[&str]| {
        let span = template.get("Resources").unwrap().at(keys).unwrap().span;
        &text[span.start as usize..span.end as usize]
    };
    let policies = template.at(&["Resources", "ShopRole", "Properties", "Policies"]).unwrap();
    let policy = &policies.as_sequence().unwrap()[0];
    let statement = &policy.at(&["PolicyDocument", "Statement"]).unwrap().as_sequence().unwrap()[0];
    let span = statement.span;
    assert_eq!(&text[span.start as usize..span.end as usize], "SQSPollerPolicy: {QueueName: !GetAtt Jobs.QueueName}");
    assert_eq!(written(&["ShopRole"]), "Shop");
    assert_eq!(written(&["ShopWebPermissionProd"]), "Web: {Type: Api, Properties: {Path: /a, Method: get}}");
}

#[test]
fn what_is_not_as_sam_wants_it_is_told_with_its_place() {
    let cases = [
        ("Policies: [{SQSPollerPolicy: {Queue: a}}]", "needs a value for `QueueName`"),
        ("Policies: [{NoSuchTemplate: {}}]", "`NoSuchTemplate` is not a SAM policy template"),
        ("Policies: [{SQSPollerPolicy: a}]", "needs a map of parameters"),
        ("Policies: [3]", "neither a policy document"),
        ("Policies: [NoSuchPolicy]", "`NoSuchPolicy` is not the name of an AWS managed policy"),
        ("Events: {A: {Properties: {}}}", "event `A` needs `Type`"),
        ("Events: {A: {Type: Telegraph}}", "`Telegraph` is not a type of event"),
        ("Events: [A]", "`Events` must be a map"),
        ("Events: {A: {Type: Api, Properties: {Path: /a}}}", "event `A` needs `Path` and `Method`"),
        ("Events: {A: {Type: Api, Properties: {Path: /a, Method: get, RestApiId: !Ref Gone}}}", "refers to no API"),
        ("Events: {A: {Type: SNS, Properties: {}}}", "needs `Topic`"),
        ("Events: {A: {Type: MQ, Properties: {Broker: b}}}", "needs `BASIC_AUTH`"),
        ("Events: {A: {Type: Cognito, Properties: {UserPool: x}}}", "user pool of the template"),
        (
            "Events: {A: {Type: Schedule, Properties: {DeadLetterConfig: {Type: SNS}}}}",
            "`DeadLetterConfig` needs `Arn`",
        ),
        ("DeadLetterQueue: {Type: Pigeon}", "`DeadLetterQueue` needs `Type`"),
        ("DeploymentPreference: {Type: AllAtOnce}", "`DeploymentPreference` needs `AutoPublishAlias`"),
        ("FunctionUrlConfig: {}", "`FunctionUrlConfig` needs `AuthType`"),
        ("AutoPublishAlias: !Ref Unknown", "the value of `AutoPublishAlias` is not known"),
        ("EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: Lambda}}}", "needs `Destination`"),
    ];
    for (property, message) in cases {
        let text =
            format!("Resources:\n  Shop:\n    Type: AWS::Serverless::Function\n    Properties:\n      {property}\n");
        let notices = expand(&read("bad.yaml", &text)).notices;
        let found = notices.iter().find(|n| n.message.contains(message));
        let found = found.unwrap_or_else(|| panic!("{property}: {notices:?}"));
        assert!(found.span.is_some_and(|s| s.start > 10), "{property}: no place");
    }
}

/// Each node of each template in turn is replaced by something that is not expected there.
#[test]
fn no_broken_template_makes_the_expansion_panic() {
    fn count(node: &Node) -> usize {
        1 + match &node.kind {
            NodeKind::Sequence(items) => items.iter().map(count).sum(),
            NodeKind::Mapping(map) => map.iter().map(|e| count(&e.value)).sum(),
            _ => 0,
        }
    }
    fn replace(node: &mut Node, at: &mut usize, with: &Node) {
        if *at == 0 {
            node.kind = with.kind.clone();
            *at = usize::MAX;
            return;
        }
        *at -= 1;
        let children: Vec<&mut Node> = match &mut node.kind {
            NodeKind::Sequence(items) => items.iter_mut().collect(),
            NodeKind::Mapping(map) => map.entries.iter_mut().map(|e| &mut e.value).collect(),
            _ => return,
        };
        for child in children {
            if *at == usize::MAX {
                return;
            }
            replace(child, at, with);
        }
    }
    for (name, input) in inputs().iter().filter(|(name, _)| !name.starts_with("connectors-from")) {
        let span = input.span;
        let others = [
            Node::new(NodeKind::Null, span),
            Node::string("{", span),
            Node::new(NodeKind::Sequence(Vec::new()), span),
            Node::new(NodeKind::Mapping(Mapping::default()), span),
        ];
        for index in 0..count(input) {
            let mut broken = input.clone();
            replace(&mut broken, &mut index.clone(), &others[index % others.len()]);
            let result = std::panic::catch_unwind(|| expand(&broken).notices.len());
            assert!(result.is_ok(), "{name}: node {index}");
        }
    }
}

/// The same comparison over templates at hand: `IAM_PREFLIGHT_SAM_TEMPLATES` names a folder. Templates that the
/// translator refuses are counted, not compared.
#[test]
fn sam_expansion_agrees_with_the_reference_translator_on_templates_at_hand() {
    let Ok(folder) = std::env::var("IAM_PREFLIGHT_SAM_TEMPLATES") else {
        println!("skipped: IAM_PREFLIGHT_SAM_TEMPLATES names no folder");
        return;
    };
    let python = python().unwrap_or_else(|reason| panic!("the reference translator is missing: {reason}"));
    let mut inputs = BTreeMap::new();
    let mut folders = vec![std::path::PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let sources = Sources::new();
            let id = sources.add("t", text.as_str());
            let read = yaml::read(id, &text, &Limits::default());
            if let Ok(node) = read
                && is_sam(&node)
            {
                inputs.insert(path.display().to_string(), packaged(long_form(node)));
            }
        }
    }
    let (differences, refused) = compare(&python, &inputs);
    println!("{} templates, of which {} are refused:\n{}", inputs.len(), refused.len(), refused.join("\n"));
    for (name, input) in &inputs {
        for notice in expand(input).notices {
            println!("{name}: {}", notice.message);
        }
    }
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

/// The template as it is once its local code is uploaded.
fn packaged(mut node: Node) -> Node {
    match &mut node.kind {
        NodeKind::Sequence(items) => items.iter_mut().for_each(|n| *n = packaged(n.clone())),
        NodeKind::Mapping(map) => {
            for entry in &mut map.entries {
                let is_code = ["CodeUri", "ContentUri", "DefinitionUri"].iter().any(|k| entry.key == *k);
                if is_code && entry.value.as_str().is_some_and(|s| !s.starts_with("s3://")) {
                    entry.value = Node::string("s3://artifacts/code.zip", entry.value.span);
                } else {
                    entry.value = packaged(entry.value.clone());
                }
            }
        }
        _ => {}
    }
    node
}

/// Combinations of what SAM expands. `IAM_PREFLIGHT_SAM_RANDOM` is how many (60 when not set); templates that the
/// translator refuses or fails on are passed over.
#[test]
fn sam_expansion_agrees_with_the_reference_translator_on_random_templates() {
    let Some(python) = python_or_skip() else { return };
    let count = std::env::var("IAM_PREFLIGHT_SAM_RANDOM").unwrap_or_else(|_| "60".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sam/random_templates.py");
    let output = Command::new(&python).arg(script).args(["20", &count]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let made: Map<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    // JSON is YAML: read as the templates of the folder are.
    let inputs: BTreeMap<String, Node> =
        made.iter().map(|(name, template)| (name.clone(), read(name, &template.to_string()))).collect();
    let (differences, refused) = compare(&python, &inputs);
    assert!(refused.len() * 5 < inputs.len(), "{} of {} are refused", refused.len(), inputs.len());
    assert!(differences.is_empty(), "{} differences\n{}", differences.len(), differences.join("\n"));
}

#[test]
fn the_policies_of_an_expanded_template_are_loaded_with_their_documents() {
    let sources = Sources::new();
    let (limits, options) = (Limits::default(), LoadOptions::default());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sam");
    let mut inputs = Vec::new();
    for name in ["event-sns", "function-url", "policy-templates-1", "connectors-embedded"] {
        let text = std::fs::read_to_string(folder.join(name).with_extension("yaml")).unwrap();
        let source = sources.add(name, text.as_str());
        let root = yaml::read(source, &text, &limits).unwrap();
        inputs.push(ParsedInput { path: name.into(), source, root });
    }
    let context = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
    let deployments = cloudformation::load(inputs, context);
    let held = |input: usize, id: &str| -> Vec<bool> {
        let policies = deployments[input].policies.iter().filter(|p| p.is_own && p.resource.id == id);
        policies.map(|p| p.document.is_some() && p.gaps.is_empty()).collect()
    };
    // The trust policy is one of a role's policies.
    assert_eq!(held(0, "HearsQueuedQueuePolicy"), [true]);
    assert_eq!(held(1, "OpenUrlPublicPermissions"), [true]);
    assert_eq!(held(2, "UsesRole"), [true; 15]);
    assert_eq!(held(3, "ShopTablePolicy"), [true]);
}
