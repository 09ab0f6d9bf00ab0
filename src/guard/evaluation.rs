//! Runs the rule engine and reads its evaluation record.
//!
//! The engine is the `cfn-guard` crate. Its short report is cut at 8 KiB, so the whole evaluation record is asked for;
//! it knows no lines of JSON input, so places are found again through the view. The record is a tree of
//! `{context, container, children}`; a container is an object of one key, the kind of event. Conditions and filters
//! may fail without the rule failing, so they are passed over.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{GuardError, RuleFile};

/// What a rule comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    /// Nothing there that the rule is about.
    Skip,
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
}

impl Status {
    /// Guard's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Skip => "SKIP",
            Status::Pass => "PASS",
            Status::Fail => "FAIL",
        }
    }
}

/// A rule and what it comes to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RuleResult {
    /// The rule's name.
    pub name: String,
    /// What it comes to.
    pub status: Status,
    /// The clauses to blame, if it fails.
    pub failures: Vec<Failure>,
}

/// A clause that does not hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure {
    /// The clause as the engine writes it.
    pub clause: String,
    /// The message that the rule gives for it.
    pub message: Option<String>,
    /// The place in the view: `/policies/0/…`; empty when there is none.
    pub pointer: String,
    /// The value found there, if it is not a list or a map.
    pub value: Value,
}

/// An event of the record. Only what is read of it is kept.
#[derive(Deserialize)]
struct Event<'r> {
    #[serde(borrow)]
    context: std::borrow::Cow<'r, str>,
    #[serde(borrow)]
    container: Option<Container<'r>>,
    #[serde(borrow, default)]
    children: Vec<Event<'r>>,
}

/// The kind of an event and what the engine says about it.
struct Container<'r> {
    kind: String,
    content: Option<&'r RawValue>,
}

impl<'de: 'r, 'r> Deserialize<'de> for Container<'r> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Container<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the kind of an event")
            }
            fn visit_str<E: serde::de::Error>(self, kind: &str) -> Result<Container<'de>, E> {
                Ok(Container { kind: kind.to_owned(), content: None })
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Container<'de>, A::Error> {
                let entry: Option<(String, &'de RawValue)> = map.next_entry()?;
                while map.next_entry::<serde::de::IgnoredAny, serde::de::IgnoredAny>()?.is_some() {}
                let (kind, content) = entry.ok_or_else(|| serde::de::Error::custom("an event of no kind"))?;
                Ok(Container { kind, content: Some(content) })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Container<'_> {
    /// The content as JSON; the engine's words when it can't be read.
    fn json(&self) -> Value {
        self.content.and_then(|c| serde_json::from_str(c.get()).ok()).unwrap_or_default()
    }

    /// Whether the event failed.
    fn failed(&self) -> bool {
        let content = self.json();
        let status = content.get("status").or_else(|| content.get("block").map(|b| &b["status"])).unwrap_or(&content);
        status != "PASS" && status != "SKIP"
    }
}

/// Evaluates one rule file.
pub(super) fn evaluate(view: &str, file: &RuleFile) -> Result<Vec<RuleResult>, GuardError> {
    // A syntax error quotes all that follows it; the line and what it begins with say enough.
    let short = |cause: &str| {
        let cause = one_line(cause);
        let end = cause.char_indices().nth(300).map_or(cause.len(), |(i, _)| i);
        format!("{}{}", &cause[..end], if end < cause.len() { "…" } else { "" })
    };
    let rejected = |cause: &str| GuardError::Rejected { file: file.name.clone(), cause: short(cause) };
    let run = || {
        cfn_guard::run_checks(
            cfn_guard::ValidateInput { content: view, file_name: "deployment" },
            cfn_guard::ValidateInput { content: &file.text, file_name: &file.name },
            true,
        )
    };
    // The engine is not ours: a panic in it is about the file that it reads, and the run says which.
    let record = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(record) => record.map_err(|e| rejected(&e.to_string()))?,
        Err(_) => return Err(rejected("the rule engine stopped with a fault of its own")),
    };
    if record.is_empty() {
        // A file of comments only.
        return Ok(Vec::new());
    }
    let root: Event<'_> = serde_json::from_str(&record).map_err(|_| GuardError::Record(file.name.clone()))?;
    root.children
        .iter()
        .filter_map(|event| rule(event).transpose())
        .map(|r| r.map_err(|()| record_error(file)))
        .collect()
}

fn record_error(file: &RuleFile) -> GuardError {
    GuardError::Record(file.name.clone())
}

#[derive(Deserialize)]
struct RuleCheck {
    name: String,
    status: Status,
    message: Option<String>,
}

fn rule(event: &Event<'_>) -> Result<Option<RuleResult>, ()> {
    let Some(container) = event.container.as_ref().filter(|c| c.kind == "RuleCheck") else { return Ok(None) };
    let check: RuleCheck = serde_json::from_str(container.content.ok_or(())?.get()).map_err(|_| ())?;
    let mut failures = Vec::new();
    if check.status == Status::Fail {
        for child in &event.children {
            clauses(child, &mut failures);
        }
        if failures.is_empty() {
            failures.push(Failure {
                clause: format!("rule {}", check.name),
                message: check.message.or_else(|| Some("the rule does not hold".to_owned())),
                pointer: String::new(),
                value: Value::Null,
            });
        }
    }
    Ok(Some(RuleResult { name: check.name, status: check.status, failures }))
}

fn clauses(event: &Event<'_>, out: &mut Vec<Failure>) {
    let Some(container) = &event.container else { return };
    match container.kind.as_str() {
        "RuleCondition" | "TypeCondition" | "WhenCondition" | "Filter" => {}
        "ClauseValueCheck" => clause(event, &container.json(), out),
        kind => {
            if !container.failed() {
                return;
            }
            let before = out.len();
            for child in &event.children {
                clauses(child, out);
            }
            // Of several that would each do, none holds: that is one failure.
            let any_would_do = kind == "Disjunction"
                || container.json().get("at_least_one_matches").is_some_and(|b| b == &Value::Bool(true));
            if any_would_do && out.len() > before + 1 {
                let all: Vec<Failure> = out.drain(before..).collect();
                out.extend(one_of(all));
            }
        }
    }
}

/// Failures of alternatives as one, at the place that they share.
fn one_of(all: Vec<Failure>) -> Option<Failure> {
    let pointer = all.iter().map(|f| f.pointer.as_str()).reduce(shared).unwrap_or_default().to_owned();
    let clause = all.iter().map(|f| f.clause.trim()).collect::<Vec<_>>();
    let clause = if clause.windows(2).all(|pair| pair[0] == pair[1]) {
        clause.first().map(|c| (*c).to_owned()).unwrap_or_default()
    } else {
        clause.join(" or ")
    };
    let message = all.into_iter().rev().find_map(|f| f.message);
    Some(Failure { clause, message, pointer, value: Value::Null })
}

/// The steps that two pointers begin with.
fn shared<'a>(a: &'a str, b: &'a str) -> &'a str {
    let mut end = 0;
    for (x, y) in a.split_inclusive('/').zip(b.split_inclusive('/')) {
        if x.trim_end_matches('/') != y.trim_end_matches('/') {
            break;
        }
        end += x.len();
    }
    a.get(..end).unwrap_or_default().trim_end_matches('/')
}

fn clause(event: &Event<'_>, content: &Value, out: &mut Vec<Failure>) {
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
    let value = &place["value"];
    out.push(Failure {
        clause: event.context.trim().to_owned(),
        message: message.map(one_line),
        pointer: place["path"].as_str().unwrap_or_default().to_owned(),
        value: if value.is_object() || value.is_array() { Value::Null } else { value.clone() },
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

    fn run(rules: &str) -> Vec<RuleResult> {
        evaluate(VIEW, &RuleFile::new("r.guard", rules)).unwrap()
    }

    fn failures(rules: &str) -> Vec<Failure> {
        run(rules).into_iter().flat_map(|r| r.failures).collect()
    }

    #[test]
    fn a_failed_clause_is_reported_at_its_place_with_the_rule_s_message() {
        let found = run(concat!(
            "rule no_star when policies !empty {\n",
            "  policies[*].statements[ effect == \"Allow\" ].actions[*] != \"*\" <<name the actions>>\n}\n",
            "rule fine {\n  policies exists\n}\n",
            "rule other when fine {\n  no_star\n}\n",
        ));
        let [no_star, fine, other] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!((no_star.name.as_str(), no_star.status, fine.status), ("no_star", Status::Fail, Status::Pass));
        assert_eq!(no_star.failures.len(), 1);
        assert_eq!(no_star.failures[0].pointer, "/policies/0/statements/0/actions/1");
        assert_eq!(no_star.failures[0].message.as_deref(), Some("name the actions"));
        assert_eq!((other.name.as_str(), other.failures[0].pointer.as_str()), ("other", ""));
    }

    #[test]
    fn a_condition_that_fails_skips_its_rule() {
        let found = run("rule skipped when policies empty {\n  policies[*].id == \"q\"\n}\n");
        assert_eq!((found[0].status, found[0].failures.len()), (Status::Skip, 0));
    }

    #[test]
    fn alternatives_that_all_fail_are_one_failure_where_they_meet() {
        let some = failures("rule r {\n  some policies[*].statements[*].actions[*] == \"ec2:*\" <<none>>\n}\n");
        assert_eq!(some.len(), 1, "{some:?}");
        assert_eq!((some[0].pointer.as_str(), some[0].message.as_deref()), ("/policies/0/statements", Some("none")));
        let or = failures("rule r {\n  policies[0].id == \"q\" or\n  policies[0].statements empty <<neither>>\n}\n");
        assert_eq!(or.len(), 1, "{or:?}");
        assert_eq!((or[0].pointer.as_str(), or[0].message.as_deref()), ("/policies/0", Some("neither")));
    }

    #[test]
    fn many_failures_are_all_reported() {
        let statements: Vec<String> =
            (0..500).map(|i| format!(r#"{{"effect": "Allow", "actions": ["s3:A{i}"]}}"#)).collect();
        let view = format!(r#"{{"policies": [{{"statements": [{}]}}]}}"#, statements.join(","));
        let rules = RuleFile::new("r", "rule r {\n  policies[*].statements[*].effect == \"Deny\"\n}\n");
        let found = evaluate(&view, &rules).unwrap();
        assert_eq!(found[0].failures.len(), 500);
        // The engine's own short report of the same is cut: what this module is for. If it is whole one day, good.
        let input = |content| cfn_guard::ValidateInput { content, file_name: "f" };
        let short = cfn_guard::run_checks(input(&view), input(&rules.text), false).unwrap();
        assert!(serde_json::from_str::<Value>(&short).is_err());
    }

    #[test]
    fn a_syntax_error_names_the_file() {
        let error = evaluate(VIEW, &RuleFile::new("bad.guard", "rule x { a == }")).unwrap_err();
        assert!(error.to_string().contains("bad.guard"), "{error}");
        assert!(error.to_string().contains("line 1"), "{error}");
    }

    #[test]
    fn a_regular_expression_that_is_none_is_an_error_of_its_file() {
        let error = evaluate(VIEW, &RuleFile::new("bad.guard", "rule r {\n  policies[*].id == /(/\n}\n"));
        assert!(error.is_err_and(|e| e.to_string().contains("bad.guard")));
    }
}
