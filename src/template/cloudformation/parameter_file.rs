//! Parameter files, in the three forms that AWS's tools write: CodePipeline's template configuration
//! (`{"Parameters": {"K": "V"}}`), the CLI's list (`[{"ParameterKey": "K", "ParameterValue": "V"}]`) and `["K=V"]`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::Problem;

/// Reads a parameter file; the form is told by content.
///
/// # Errors
///
/// When the text is not JSON (line and column are in the message) or has none of the three forms.
///
/// ```
/// use iam_preflight::template::cloudformation::read_parameter_file;
/// let list = read_parameter_file(r#"[{"ParameterKey": "Env", "ParameterValue": "prod"}]"#).unwrap();
/// assert_eq!(list["Env"], "prod");
/// assert_eq!(read_parameter_file(r#"["Env=prod"]"#).unwrap(), list);
/// assert_eq!(read_parameter_file(r#"{"Parameters": {"Env": "prod"}}"#).unwrap(), list);
/// ```
pub fn read_file(text: &str) -> Result<BTreeMap<String, String>, Problem> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let value: Value =
        serde_json::from_str(text).map_err(|e| Problem::new(format!("the parameter file is not valid JSON: {e}")))?;
    let mut parameters = BTreeMap::new();
    match value {
        Value::Object(map) => match map.get("Parameters") {
            Some(Value::Object(given)) => {
                for (key, value) in given {
                    parameters.insert(key.clone(), scalar(key, value)?);
                }
            }
            Some(_) => return Err(wrong("`Parameters` must be an object")),
            None => return Err(wrong("the object has no `Parameters`")),
        },
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::String(pair) => match pair.split_once('=') {
                        Some((key, value)) => {
                            parameters.insert(key.to_owned(), value.to_owned());
                        }
                        None => return Err(wrong(&format!("`{pair}` is not of the form `KEY=VALUE`"))),
                    },
                    Value::Object(entry) => {
                        let Some(Value::String(key)) = entry.get("ParameterKey") else {
                            return Err(wrong("an entry has no `ParameterKey`"));
                        };
                        match entry.get("ParameterValue") {
                            Some(value) => {
                                parameters.insert(key.clone(), scalar(key, value)?);
                            }
                            // The value of the deployed stack stays: it is not known here.
                            None if entry.get("UsePreviousValue") == Some(&Value::Bool(true)) => {}
                            None => return Err(wrong(&format!("the entry of `{key}` has no `ParameterValue`"))),
                        }
                    }
                    _ => return Err(wrong("an entry is neither an object nor a string")),
                }
            }
        }
        _ => return Err(wrong("it is neither an object nor an array")),
    }
    Ok(parameters)
}

fn scalar(key: &str, value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(s) => Ok(s.clone()),
        Value::Number(n) => Ok(n.to_string()),
        Value::Bool(b) => Ok(b.to_string()),
        Value::Array(items) => {
            let parts: Result<Vec<String>, Problem> = items.iter().map(|i| scalar(key, i)).collect();
            Ok(parts?.join(","))
        }
        Value::Null | Value::Object(_) => Err(wrong(&format!("the value of `{key}` must be a string"))),
    }
}

fn wrong(what: &str) -> Problem {
    Problem {
        message: format!("the parameter file has none of the known forms: {what}"),
        span: None,
        help: Some(
            "write `{\"Parameters\": {\"KEY\": \"VALUE\"}}`, \
             `[{\"ParameterKey\": \"KEY\", \"ParameterValue\": \"VALUE\"}]` or `[\"KEY=VALUE\"]`"
                .to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_booleans_and_lists_become_the_strings_that_cloudformation_sees() {
        let read = read_file(r#"{"Parameters": {"N": 3, "B": true, "L": ["a", "b"]}, "Tags": {}}"#).unwrap();
        assert_eq!((read["N"].as_str(), read["B"].as_str(), read["L"].as_str()), ("3", "true", "a,b"));
    }

    #[test]
    fn a_previous_value_is_left_open_and_other_forms_are_errors() {
        assert!(read_file(r#"[{"ParameterKey": "A", "UsePreviousValue": true}]"#).unwrap().is_empty());
        for text in ["", "3", "[3]", "{}", r#"["A"]"#, r#"[{"ParameterKey": "A"}]"#, r#"{"Parameters": {"A": null}}"#] {
            assert!(read_file(text).is_err(), "{text}");
        }
    }
}
