//! No check panics, whatever the text: the conformance cases with values replaced, cut and mixed.

use std::path::Path;

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::policy::PolicyType;
use iam_preflight::source::SourceId;
use serde_json::Value;

const TYPES: [PolicyType; 4] = [
    PolicyType::IdentityPolicy,
    PolicyType::ResourcePolicy,
    PolicyType::ServiceControlPolicy,
    PolicyType::ResourceControlPolicy,
];

/// Values that some check reads with care: separators alone, broken variables, characters of several bytes, symbols'
/// own range of characters, every JSON type.
fn odd_values() -> Vec<Value> {
    let texts = [
        "",
        ":",
        "::::::",
        "*",
        "?",
        "*?*",
        "${",
        "${}",
        "${*}",
        "}",
        "${é",
        "é:é",
        "arn:",
        "arn:::::",
        "arn:aws:s3:::",
        "arn:*:*:*:*:*",
        "\u{F0000}",
        "a\u{F0000}:*",
        "s3:",
        ":*",
        "s3:*:*",
        "/",
        "0.0.0.0/33",
        "::/129",
        "-1",
        "1e999",
        "\u{0}",
        "AROA",
        "sts:AssumeRole",
        "iam:PassRole",
        "2012-10-17",
        "arn:aws:iam::111122223333:saml-provider/",
        "ForAllValues:",
        "aws:",
        "aws:RequestTag/",
        "repo:*",
        "9999-99-99T99:99:99Z",
        "vpc-",
        "token.actions.githubusercontent.com",
    ];
    let mut values: Vec<Value> = texts.into_iter().map(Value::from).collect();
    values.extend([
        Value::Null,
        Value::from(true),
        Value::from(-0.5),
        serde_json::json!([]),
        serde_json::json!({}),
        serde_json::json!([[[]], {}, null]),
        serde_json::json!({"": {"": [""]}}),
        serde_json::json!(["*", "*", "a*", "a?"]),
    ]);
    values
}

/// Small, repeatable and good enough to mix cases.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % n.max(1)
    }
}

fn policies() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/validate-policy");
    let mut out = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    for path in files.iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let cases = file["cases"].as_array().unwrap().iter();
        out.extend(cases.map(|c| c["policy"].as_str().unwrap().to_owned()).filter(|p| p.len() < 4000));
    }
    out
}

fn validate(text: &str, random: &mut Random) {
    let resource_type = match random.below(3) {
        0 => Some("AWS::S3::Bucket"),
        1 => Some(checks::TRUST_POLICY),
        _ => None,
    };
    let policy_type = TYPES[random.below(TYPES.len())];
    let resource_type = resource_type.filter(|_| policy_type == PolicyType::ResourcePolicy);
    for f in checks::validate_text(SourceId(0), text, policy_type, resource_type, Catalog::embedded(), true) {
        assert!(!f.locations.is_empty() && !f.message.is_empty(), "{}", f.code);
        for span in f.locations.iter().filter_map(|l| l.span) {
            assert!(span.start <= span.end && span.end as usize <= text.len().max(1), "{}: {span:?}", f.code);
        }
    }
}

fn replace_somewhere(value: &mut Value, odd: &Value, random: &mut Random) {
    let go_on = random.below(4) > 0;
    match value {
        Value::Array(items) if go_on && !items.is_empty() => {
            let i = random.below(items.len());
            replace_somewhere(&mut items[i], odd, random);
        }
        Value::Object(map) if go_on && !map.is_empty() => {
            let key = map.keys().nth(random.below(map.len())).cloned().unwrap();
            if random.below(5) == 0 {
                if let (Some(entry), Some(new)) = (map.remove(&key), odd.as_str()) {
                    map.insert(new.to_owned(), entry);
                }
            } else {
                replace_somewhere(&mut map[&key], odd, random);
            }
        }
        _ => *value = odd.clone(),
    }
}

#[test]
fn checks_take_any_value_in_any_place() {
    let mut random = Random(7);
    let odd = odd_values();
    for policy in policies() {
        let Ok(value) = serde_json::from_str::<Value>(&policy) else { continue };
        for _ in 0..8 {
            let mut changed = value.clone();
            for _ in 0..=random.below(3) {
                replace_somewhere(&mut changed, &odd[random.below(odd.len())], &mut random);
            }
            validate(&changed.to_string(), &mut random);
        }
    }
}

#[test]
fn checks_take_text_that_is_cut_or_mixed() {
    let mut random = Random(11);
    let policies = policies();
    for policy in &policies {
        for _ in 0..3 {
            let mut text: Vec<char> = policy.chars().collect();
            let at = random.below(text.len());
            match random.below(4) {
                0 => text.truncate(at),
                1 => drop(text.remove(at)),
                2 => text[at] = ['"', '{', '}', '[', ',', ':', '\\', '*', 'é', '\u{F0000}', '$'][random.below(11)],
                _ => text.splice(at..at, policies[random.below(policies.len())].chars().take(40)).for_each(drop),
            }
            validate(&text.into_iter().collect::<String>(), &mut random);
        }
    }
}
