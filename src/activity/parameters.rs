//! The request parameters of an event, flat: their values by name, wherever they stand. Names are compared without regard to case
//! and to anything that is no letter or digit, since the same parameter is `bucketName`, `BucketName` or `bucket-name`.

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::record::HIDDEN;

/// The request parameters of an event.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    values: FxHashMap<String, Vec<String>>,
    /// ARNs among the values, in order.
    arns: Vec<String>,
}

/// Parameters whose content names resources that the request does not use: policies, and the code of functions and templates.
const NOT_RESOURCES: [&str; 8] = [
    "policy",
    "bucketpolicy",
    "policydocument",
    "assumerolepolicydocument",
    "keypolicy",
    "resourcepolicy",
    "templatebody",
    "definition",
];
/// More values than this under one name are left out.
const MAX_VALUES: usize = 1000;

/// A name as it is compared.
pub fn normalised(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

impl Parameters {
    /// Reads `requestParameters`; anything but an object has none.
    pub fn read(json: &str) -> Parameters {
        let mut parameters = Parameters::default();
        if let Ok(value) = serde_json::from_str::<Value>(json) {
            parameters.add("", &value);
        }
        parameters
    }

    /// Recursion is bounded by the reader's limit of nesting.
    fn add(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(map) => {
                if !name.is_empty() {
                    self.values.entry(name.to_owned()).or_default();
                }
                for (key, value) in map {
                    let key = normalised(key);
                    if !NOT_RESOURCES.contains(&key.as_str()) {
                        self.add(&key, value);
                    }
                }
            }
            Value::Array(items) => {
                self.values.entry(name.to_owned()).or_default();
                // `instanceIds: ["i-1"]` has ids of instances, as has `instanceId`.
                let one = name.strip_suffix('s').unwrap_or(name);
                items.iter().for_each(|item| self.add(one, item));
            }
            Value::String(text) if text == HIDDEN => {}
            Value::String(text) => {
                if text.starts_with("arn:") && self.arns.len() < MAX_VALUES {
                    self.arns.push(text.clone());
                }
                self.push(name, text.clone());
            }
            Value::Number(number) => self.push(name, number.to_string()),
            Value::Bool(_) => self.push(name, String::new()),
            Value::Null => {}
        }
    }

    fn push(&mut self, name: &str, value: String) {
        let values = self.values.entry(name.to_owned()).or_default();
        if values.len() < MAX_VALUES {
            values.push(value);
        }
    }

    /// Parameters of these names.
    pub fn of(values: &[(&str, &str)]) -> Parameters {
        let mut parameters = Parameters::default();
        for (name, value) in values {
            parameters.add(&normalised(name), &Value::String((*value).to_owned()));
        }
        parameters
    }

    /// True if a parameter of that name is there, with whatever value.
    pub fn has(&self, name: &str) -> bool {
        let name = normalised(name);
        self.values.contains_key(&name)
    }

    /// The values of all parameters of a name.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.get(&normalised(name)).into_iter().flatten().map(String::as_str).filter(|value| !value.is_empty())
    }

    /// All values that are ARNs.
    pub fn arns(&self) -> impl Iterator<Item = &str> {
        self.arns.iter().map(String::as_str)
    }

    /// All values, with their names as they are compared; in no order.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.values.iter().flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_wherever_they_stand() {
        let read = Parameters::read(
            r#"{"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}, "Group-Names": ["a"],
                "policy": {"Resource": "arn:aws:s3:::secret"}, "key": "HIDDEN_DUE_TO_SECURITY_REASONS",
                "topicArn": "arn:aws:sns:us-east-1:111122223333:t", "n": 7, "none": null}"#,
        );
        assert_eq!(read.values("InstanceId").collect::<Vec<_>>(), ["i-1", "i-2"]);
        assert_eq!(read.values("groupName").collect::<Vec<_>>(), ["a"]);
        assert_eq!(read.values("n").collect::<Vec<_>>(), ["7"]);
        assert_eq!(read.arns().collect::<Vec<_>>(), ["arn:aws:sns:us-east-1:111122223333:t"]);
        assert!(read.has("instancesSet") && !read.has("none") && !read.has("key"));
        assert!(!Parameters::read("null").has("") && !Parameters::read("{").has("a"));
    }
}
