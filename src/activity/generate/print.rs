//! Generated policies as a CloudFormation template (YAML) and as Terraform configuration (HCL).

use serde_json::Value;

use super::{GeneratedStatement, document};
use crate::activity::usage::{PrincipalKey, PrincipalKind};

/// A template with a managed policy for each, attached to the principal.
pub fn as_cloudformation(policies: &[Vec<GeneratedStatement>], key: &PrincipalKey) -> String {
    let mut out = String::from("AWSTemplateFormatVersion: \"2010-09-09\"\nResources:\n");
    if policies.is_empty() {
        out.push_str("  {}\n");
    }
    let attached = match key.kind {
        PrincipalKind::User => "Users",
        PrincipalKind::Role => "Roles",
    };
    for (number, policy) in policies.iter().enumerate() {
        let id = numbered(&logical_id(&key.name), "", number, policies.len());
        out.push_str(&format!("  {id}:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n"));
        out.push_str(&format!("      {attached}:\n        - {}\n", quoted(&key.name)));
        out.push_str("      PolicyDocument:\n");
        yaml(&document(policy), 8, &mut out);
    }
    out
}

/// A name of letters and digits.
fn logical_id(name: &str) -> String {
    let mut id = String::new();
    let mut capital = true;
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            id.push(if capital { letter.to_ascii_uppercase() } else { letter });
        }
        capital = !letter.is_ascii_alphanumeric();
    }
    format!("{id}Policy")
}

fn numbered(name: &str, separator: &str, number: usize, of: usize) -> String {
    if of == 1 { name.to_owned() } else { format!("{name}{separator}{}", number + 1) }
}

/// A JSON string is a YAML string in double quotes.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A value in block style, each line indented; it begins on a line of its own.
fn yaml(value: &Value, indent: usize, out: &mut String) {
    let space = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::Object(_) | Value::Array(_) => {
                        out.push_str(&format!("{space}{key}:\n"));
                        yaml(value, indent + 2, out);
                    }
                    scalar => out.push_str(&format!("{space}{key}: {scalar}\n")),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(_) => {
                        let mut inner = String::new();
                        yaml(item, indent + 2, &mut inner);
                        // The first line of the object stands behind the dash.
                        out.push_str(&format!("{space}- {}", inner.trim_start()));
                    }
                    scalar => out.push_str(&format!("{space}- {scalar}\n")),
                }
            }
        }
        scalar => out.push_str(&format!("{space}{scalar}\n")),
    }
}

/// Configuration with a managed policy for each, attached to the principal.
pub fn as_terraform(policies: &[Vec<GeneratedStatement>], key: &PrincipalKey) -> String {
    let kind = key.kind.as_str();
    let label: String = key.name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    // A label begins with a letter or an underscore.
    let label = if label.starts_with(|c: char| c.is_ascii_alphabetic()) { label } else { format!("_{label}") };
    let mut out = String::new();
    for (number, policy) in policies.iter().enumerate() {
        let label = numbered(&label, "_", number, policies.len());
        let name = numbered(&format!("{}-generated", key.name), "-", number, policies.len());
        if number > 0 {
            out.push('\n');
        }
        out.push_str(&format!(
            "resource \"aws_iam_policy\" \"{label}\" {{\n  name = {}\n  policy = jsonencode(",
            hcl_text(&name)
        ));
        hcl(&document(policy), 2, &mut out);
        out.push_str(")\n}\n");
        out.push_str(&format!(
            "\nresource \"aws_iam_{kind}_policy_attachment\" \"{label}\" {{\n  {kind}       = {}\n  policy_arn = aws_iam_policy.{label}.arn\n}}\n",
            hcl_text(&key.name)
        ));
    }
    out
}

/// Text in which `${` and `%{` are no templates.
fn hcl_text(text: &str) -> String {
    quoted(text).replace("${", "$${").replace("%{", "%%{")
}

fn hcl(value: &Value, indent: usize, out: &mut String) {
    let space = " ".repeat(indent + 2);
    match value {
        Value::Object(map) => {
            out.push_str("{\n");
            // As `terraform fmt` has it: attributes on lines one below the other are aligned, those on several lines are not.
            let is_long = |value: &Value| value.is_object() || value.is_array();
            let entries: Vec<(&String, &Value)> = map.iter().collect();
            for lines in entries.chunk_by(|(_, a), (_, b)| !is_long(a) && !is_long(b)) {
                let width = lines.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
                for (key, value) in lines {
                    out.push_str(&format!("{space}{key:width$} = "));
                    hcl(value, indent + 2, out);
                    out.push('\n');
                }
            }
            out.push_str(&format!("{}}}", " ".repeat(indent)));
        }
        Value::Array(items) => {
            out.push_str("[\n");
            for item in items {
                out.push_str(&space);
                hcl(item, indent + 2, out);
                out.push_str(",\n");
            }
            out.push_str(&format!("{}]", " ".repeat(indent)));
        }
        Value::String(text) => out.push_str(&hcl_text(text)),
        scalar => out.push_str(&scalar.to_string()),
    }
}
