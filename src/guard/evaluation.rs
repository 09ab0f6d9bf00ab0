//! Runs the rule engine and reads its evaluation record.
//!
//! The record is a tree of `{context, container, children}`; a container is an object of one key, the kind of event.
//! What is read here: rules and the clauses below them that failed. Conditions and filters may fail without the rule
//! failing, so they are passed over.

use serde_json::Value;

use super::{GuardError, RuleFile};

/// A clause that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    /// The rule's name.
    pub rule: String,
    /// The clause as the engine writes it.
    pub clause: String,
    /// The message that the rule gives for it.
    pub message: Option<String>,
    /// The place in the view: `/policies/0/…`; empty when there is none.
    pub pointer: String,
    /// The value found there.
    pub value: Value,
}

/// Evaluates one rule file.
pub(super) fn failures(view: &str, file: &RuleFile) -> Result<Vec<Failure>, GuardError> {
    let record = cfn_guard::run_checks(
        cfn_guard::ValidateInput { content: view, file_name: "deployment" },
        cfn_guard::ValidateInput { content: &file.text, file_name: &file.name },
        true,
    )
    .map_err(|e| GuardError::Rejected { file: file.name.clone(), cause: one_line(&e.to_string()) })?;
    if record.is_empty() {
        // A file of comments only.
        return Ok(Vec::new());
    }
    let record: Value = serde_json::from_str(&record).map_err(|_| GuardError::Record(file.name.clone()))?;
    let rules = record["children"].as_array().ok_or_else(|| GuardError::Record(file.name.clone()))?;
    let mut out = Vec::new();
    for rule in rules {
        let check = &rule["container"]["RuleCheck"];
        if check["status"] != "FAIL" {
            continue;
        }
        let name = check["name"].as_str().unwrap_or_default();
        let before = out.len();
        clauses(rule, name, &mut out);
        if out.len() == before {
            out.push(Failure {
                rule: name.to_owned(),
                clause: format!("rule {name}"),
                message: Some(check["message"].as_str().unwrap_or("the rule does not hold").to_owned()),
                pointer: String::new(),
                value: Value::Null,
            });
        }
    }
    Ok(out)
}

fn clauses(event: &Value, rule: &str, out: &mut Vec<Failure>) {
    let Some(container) = event["container"].as_object() else { return };
    let Some((kind, content)) = container.iter().next() else { return };
    match kind.as_str() {
        "RuleCondition" | "TypeCondition" | "WhenCondition" | "Filter" => return,
        "ClauseValueCheck" => {
            clause(event, content, rule, out);
            return;
        }
        _ => {
            let status =
                content.get("status").or_else(|| content.get("block").map(|b| &b["status"])).unwrap_or(content);
            if status == "PASS" || status == "SKIP" {
                return;
            }
        }
    }
    for child in event["children"].as_array().into_iter().flatten() {
        clauses(child, rule, out);
    }
}

fn clause(event: &Value, content: &Value, rule: &str, out: &mut Vec<Failure>) {
    let Some((kind, check)) = content.as_object().and_then(|c| c.iter().next()) else { return };
    let check = if kind == "Unary" { &check["value"] } else { check };
    // A rule named in another is reported as itself.
    if kind == "DependentRule" || check["status"] == "PASS" {
        return;
    }
    let from = &check["from"];
    let place = match (&from["Resolved"], &from["UnResolved"]["traversed_to"]) {
        (Value::Null, Value::Null) => &from["Literal"],
        (Value::Null, traversed) => traversed,
        (resolved, _) => resolved,
    };
    let message =
        ["custom_message", "message"].iter().find_map(|k| check[*k].as_str()).filter(|m| !m.trim().is_empty());
    out.push(Failure {
        rule: rule.to_owned(),
        clause: event["context"].as_str().unwrap_or_default().to_owned(),
        message: message.map(one_line),
        pointer: place["path"].as_str().unwrap_or_default().to_owned(),
        value: place["value"].clone(),
    });
}

fn one_line(s: &str) -> String {
    s.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: &str = r#"{"policies": [{"id": "p", "statements": [
        {"effect": "Allow", "actions": ["s3:*", "*"]}, {"effect": "Deny", "actions": ["*"]}]}]}"#;

    fn run(rules: &str) -> Vec<Failure> {
        failures(VIEW, &RuleFile { name: "r.guard".into(), text: rules.into() }).unwrap()
    }

    #[test]
    fn a_failed_clause_is_reported_at_its_place_with_the_rule_s_message() {
        let found = run(concat!(
            "rule no_star when policies !empty {\n",
            "  policies[*].statements[ effect == \"Allow\" ].actions[*] != \"*\" <<name the actions>>\n}\n",
            "rule fine {\n  policies exists\n}\n",
            "rule other when fine {\n  no_star\n}\n",
        ));
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].rule, "no_star");
        assert_eq!(found[0].pointer, "/policies/0/statements/0/actions/1");
        assert_eq!(found[0].message.as_deref(), Some("name the actions"));
        assert_eq!((found[1].rule.as_str(), found[1].pointer.as_str()), ("other", ""));
    }

    #[test]
    fn a_condition_that_fails_skips_its_rule() {
        assert_eq!(run("rule skipped when policies empty {\n  policies[*].id == \"q\"\n}\n"), []);
    }

    #[test]
    fn many_failures_are_all_reported() {
        let statements: Vec<String> =
            (0..500).map(|i| format!(r#"{{"effect": "Allow", "actions": ["s3:A{i}"]}}"#)).collect();
        let view = format!(r#"{{"policies": [{{"statements": [{}]}}]}}"#, statements.join(","));
        let rules =
            RuleFile { name: "r".into(), text: "rule r {\n  policies[*].statements[*].effect == \"Deny\"\n}\n".into() };
        assert_eq!(failures(&view, &rules).unwrap().len(), 500);
    }

    #[test]
    fn a_syntax_error_names_the_file() {
        let error = failures(VIEW, &RuleFile { name: "bad.guard".into(), text: "rule x { a == }".into() }).unwrap_err();
        assert!(error.to_string().contains("bad.guard"), "{error}");
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
