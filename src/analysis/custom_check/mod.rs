//! The custom policy checks: what the engine answers, in the shape and the words of IAM Access Analyzer's own results,
//! with the request that shows each failure.
//!
//! Source of the messages: the results that `CheckNoNewAccess`, `CheckAccessNotGranted` and `CheckNoPublicAccess` give,
//! as the public samples of AWS record them.

mod access;

use std::fmt::Write;

use serde_json::{Value, json};
use smol_str::SmolStr;

use super::witness;
use crate::catalog::Catalog;
use crate::finding::{Finding, FindingType, Location};
use crate::logic::Request;
use crate::logic::engine::Answer;
use crate::model::{Policy, PolicyId};
use crate::policy::{PolicyDocument, PolicyPath, Statement};

pub use crate::access::{Unfit, compile, kind_of};
pub use access::{AccessError, action, resource, unknown_action};

/// The questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CustomCheck {
    /// Does the policy allow nothing that another does not allow?
    NoNewAccess,
    /// Does it allow none of the listed actions on the listed resources?
    AccessNotGranted,
    /// Does it let nobody in but those whom it names?
    NoPublicAccess,
}

/// What is said of a check wherever it is named.
struct Description {
    command: &'static str,
    code: &'static str,
    title: &'static str,
    pass: &'static str,
    fail: &'static str,
    /// Before ` with index: 0.` or ` with sid: Read.`
    reason: &'static str,
    /// Between the statement and the witness.
    claim: &'static str,
    documentation: &'static str,
}

const DESCRIPTIONS: [Description; 3] = [
    Description {
        command: "check-no-new-access",
        code: "CHECK_NO_NEW_ACCESS",
        title: "New access",
        pass: "The modified permissions do not grant new access compared to your existing policy.",
        fail: "The modified permissions grant new access compared to your existing policy.",
        reason: "New access in the statement",
        claim: "grants access that the existing policy does not grant",
        documentation: include_str!("no_new_access.md"),
    },
    Description {
        command: "check-access-not-granted",
        code: "CHECK_ACCESS_NOT_GRANTED",
        title: "Access that is not to be granted",
        pass: "The policy document does not grant access to perform the listed actions or resources.",
        fail: "The policy document grants access to perform one or more of the listed actions or resources.",
        reason: "One or more of the listed actions or resources in the statement",
        claim: "grants access that is not to be granted",
        documentation: include_str!("access_not_granted.md"),
    },
    Description {
        command: "check-no-public-access",
        code: "CHECK_NO_PUBLIC_ACCESS",
        title: "Public access",
        pass: "The resource policy does not grant public access for the given resource type.",
        fail: "The resource policy grants public access for the given resource type.",
        reason: "Public access granted in the following statement",
        claim: "grants public access",
        documentation: include_str!("no_public_access.md"),
    },
];

impl CustomCheck {
    /// All of them.
    pub const ALL: [CustomCheck; 3] =
        [CustomCheck::NoNewAccess, CustomCheck::AccessNotGranted, CustomCheck::NoPublicAccess];

    fn description(self) -> &'static Description {
        match self {
            CustomCheck::NoNewAccess => &DESCRIPTIONS[0],
            CustomCheck::AccessNotGranted => &DESCRIPTIONS[1],
            CustomCheck::NoPublicAccess => &DESCRIPTIONS[2],
        }
    }

    /// The command that asks it: `check-no-new-access`.
    pub fn command(self) -> &'static str {
        self.description().command
    }

    /// The issue code of its findings.
    pub fn code(self) -> &'static str {
        self.description().code
    }

    /// The headline of its findings.
    pub fn title(self) -> &'static str {
        self.description().title
    }

    /// What it means, Markdown.
    pub fn documentation(self) -> &'static str {
        self.description().documentation
    }

    /// The check of an issue code; case is ignored.
    pub fn by_code(code: &str) -> Option<CustomCheck> {
        CustomCheck::ALL.into_iter().find(|c| c.code().eq_ignore_ascii_case(code))
    }
}

/// How a question came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Proven.
    Pass,
    /// Refuted, with a request that shows it.
    Fail,
    /// Neither.
    Undecided,
}

impl Verdict {
    /// `PASS`, `FAIL` or `UNDECIDED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "PASS",
            Verdict::Fail => "FAIL",
            Verdict::Undecided => "UNDECIDED",
        }
    }
}

/// A statement because of which the answer is no.
#[derive(Clone, Debug)]
pub struct CheckReason {
    /// Position of the statement, from 0.
    pub statement: usize,
    /// Its `Sid`, if it has one that is not empty.
    pub sid: Option<SmolStr>,
    /// A request that shows it.
    pub witness: Request,
    /// False if no action of the service data separates the policies, so that the witness's action is made up.
    pub real_action: bool,
    /// The condition keys that the policies ask for and the witness does not carry.
    pub absent: Vec<SmolStr>,
}

/// What stood in the way of an answer.
#[derive(Clone, Debug)]
pub struct Obstacle {
    /// The statement for which there is no answer; `None` for the policy as a whole.
    pub statement: Option<usize>,
    /// What it is, lower case.
    pub why: String,
}

/// The result of one question about one policy.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// The question.
    pub check: CustomCheck,
    /// The policy, where it is one of a deployment.
    pub policy: Option<PolicyId>,
    /// How it came out.
    pub verdict: Verdict,
    /// The statements that fail, in order.
    pub reasons: Vec<CheckReason>,
    /// What could not be decided.
    pub undecided: Vec<Obstacle>,
}

impl CheckResult {
    /// The result that an answer of the engine means. `documents` are those that the question was about.
    pub fn new(check: CustomCheck, answer: Answer, documents: &[&PolicyDocument], catalog: &Catalog) -> CheckResult {
        let reasons: Vec<CheckReason> = answer
            .reasons
            .into_iter()
            .map(|r| CheckReason {
                statement: r.statement,
                sid: r.sid,
                absent: witness::absent_keys(&r.witness, documents),
                real_action: witness::has_real_action(&r.witness, catalog),
                witness: r.witness,
            })
            .collect();
        let obstacle = |(statement, why): (usize, &str)| Obstacle { statement: Some(statement), why: why.to_owned() };
        let undecided: Vec<Obstacle> = answer.undecided.into_iter().map(obstacle).collect();
        let verdict = match (reasons.is_empty(), undecided.is_empty()) {
            (false, _) => Verdict::Fail,
            (true, false) => Verdict::Undecided,
            (true, true) => Verdict::Pass,
        };
        CheckResult { check, policy: None, verdict, reasons, undecided }
    }

    /// The result for a policy of which the question could not be asked.
    pub fn undecided(check: CustomCheck, why: impl Into<String>) -> CheckResult {
        let obstacle = Obstacle { statement: None, why: why.into() };
        CheckResult { check, policy: None, verdict: Verdict::Undecided, reasons: Vec::new(), undecided: vec![obstacle] }
    }

    /// Makes the result that of a policy of a deployment. What is known in part only can fail, but not pass.
    #[must_use]
    pub fn of(mut self, id: PolicyId, policy: &Policy) -> CheckResult {
        self.policy = Some(id);
        if self.verdict == Verdict::Pass
            && let Some(gap) = policy.gaps.first()
        {
            self.verdict = Verdict::Undecided;
            self.undecided.push(Obstacle { statement: None, why: gap.message.clone() });
        }
        self
    }

    /// The result as one sentence, in the words of the service.
    pub fn message(&self) -> String {
        let description = self.check.description();
        let mut text = match self.verdict {
            Verdict::Pass => description.pass.to_owned(),
            Verdict::Fail => description.fail.to_owned(),
            Verdict::Undecided => {
                let why: Vec<String> = self.undecided.iter().map(Obstacle::sentence).collect();
                format!("The check could not be decided: {}.", why.join("; "))
            }
        };
        if self.verdict == Verdict::Fail && self.reasons.iter().all(|r| !r.real_action) {
            let _ = write!(text, " {}", self.made_up_action());
        }
        text
    }

    fn made_up_action(&self) -> &'static str {
        match self.check {
            CustomCheck::NoNewAccess => "Only an action that does not exist today separates the policies.",
            CustomCheck::AccessNotGranted | CustomCheck::NoPublicAccess => {
                "Only an action that does not exist today is granted."
            }
        }
    }

    /// The reasons as the service gives them.
    pub fn reasons_json(&self) -> Value {
        self.reasons
            .iter()
            .map(|r| {
                json!({
                    "description": self.reason_description(r),
                    "statementIndex": r.statement,
                    "statementId": r.sid.as_deref().map(crate::source::display_encoded),
                })
            })
            .collect()
    }

    fn reason_description(&self, reason: &CheckReason) -> String {
        let description = self.check.description().reason;
        match &reason.sid {
            Some(sid) => format!("{description} with sid: {}.", crate::source::display_encoded(sid)),
            None => format!("{description} with index: {}.", reason.statement),
        }
    }

    /// The request that shows the first reason; null without one.
    pub fn witness_json(&self) -> Value {
        self.reasons.first().map_or(Value::Null, |r| witness::to_json(&r.witness))
    }

    /// The failures as findings, each at the statement that it is about.
    pub fn findings(&self, policy: &Policy) -> Vec<Finding> {
        let document = policy.document.as_ref();
        let root = || Location { span: policy.span, path: PolicyPath::root(), label: None };
        let statement = |index: usize| match document.and_then(|d| statement_at(d, index)) {
            Some(s) => Location::new(s.path(), s.span),
            None => root(),
        };
        let mut findings = Vec::new();
        for reason in &self.reasons {
            let mut message = format!(
                "{} {}: {}{}.",
                named(reason.statement, reason.sid.as_deref()),
                self.check.description().claim,
                witness::sentence(&reason.witness),
                witness::without(&reason.absent)
            );
            if !reason.real_action {
                let _ = write!(message, " {}", self.made_up_action());
            }
            let absent: Vec<String> = reason.absent.iter().map(|k| crate::source::display_encoded(k)).collect();
            let evidence = json!({"witness": witness::to_json(&reason.witness), "absentKeys": absent});
            findings.push(self.finding(policy, statement(reason.statement), message, Some(evidence)));
        }
        for obstacle in &self.undecided {
            let message = format!("Undecided: {}.", obstacle.sentence());
            let location = obstacle.statement.map_or_else(root, statement);
            findings.push(self.finding(policy, location, message, None));
        }
        findings
    }

    fn finding(&self, policy: &Policy, at: Location, message: String, evidence: Option<Value>) -> Finding {
        Finding {
            code: self.check.code(),
            finding_type: FindingType::SecurityWarning,
            title: self.check.title().into(),
            message,
            policy: self.policy,
            resource: Some(policy.resource.clone()),
            when: policy.when.clone(),
            locations: smallvec::smallvec![at],
            fix: None,
            evidence,
        }
    }
}

impl Obstacle {
    fn sentence(&self) -> String {
        match self.statement {
            Some(index) => format!("statement {index}: {}", self.why),
            None => self.why.clone(),
        }
    }
}

fn named(index: usize, sid: Option<&str>) -> String {
    match sid {
        Some(sid) => format!("Statement `{}`", crate::source::display_encoded(sid)),
        None => format!("Statement {index}"),
    }
}

fn statement_at(document: &PolicyDocument, index: usize) -> Option<&Statement> {
    document.statements.iter().enumerate().find(|(i, s)| s.index.unwrap_or(*i) == index).map(|(_, s)| s)
}
