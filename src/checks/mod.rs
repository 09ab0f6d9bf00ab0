//! Policy validation: one check a file, and the registry of them all.
//!
//! A check is declared with [`declare_check!`]: its doc comment has fixed headings (`## What it does`, `## Why it
//! matters`, `## Example`, `## Use instead`) and is the source of `explain`, of `docs/checks/` and of SARIF's help.
//! Checks read the typed view of a policy and the catalog; they never fail and never change anything.

mod action;
mod arn;
mod condition;
mod condition_key;
mod condition_operator;
mod condition_structure;
mod condition_value;
mod create_slr;
pub mod documentation;
mod grammar;
pub mod nearest;
mod oidc;
mod pass_role;
mod principal;
mod rcp;
mod rcp_condition;
mod redundant;
mod scp;
mod sensitive_action;
mod service_principal;
mod sid;
mod size;
mod strict;
mod tag;
pub mod timing;
mod trust;
mod variable;

use std::cell::OnceCell;

use crate::catalog::Catalog;
use crate::finding::{Edit, Finding, FindingType, Fix, Intent, ListEntries, ListEntry, Location};
use crate::logic::evaluate::PolicyKind;
use crate::model::{Policy, PolicyForm};
use crate::policy::{PolicyDocument, PolicyType};
use crate::source::{Limits, ReadError, SourceId, Span, json};

pub use crate::declare_check;

use arn::ResourceEntry;
use condition::KeyUse;
use timing::CheckTimings;

/// A check of policy documents.
#[derive(Debug)]
pub struct Check {
    /// The issue code.
    pub code: &'static str,
    /// How bad its findings are.
    pub finding_type: FindingType,
    /// The headline of its findings.
    pub title: &'static str,
    /// The policies it reads.
    pub applies_to: AppliesTo,
    /// Whether it is one of Access Analyzer's, on by default, or one of our own, on with `--strict`.
    pub origin: CheckOrigin,
    /// The doc comment, Markdown.
    pub documentation: &'static str,
    /// Finds what there is to find.
    pub run: fn(&CheckContext<'_>, &mut Findings<'_>),
}

/// Which policies a check reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppliesTo {
    /// Every policy.
    All,
    /// Identity-based policies.
    Identity,
    /// Resource-based policies, trust policies included.
    Resource,
    /// Resource-based policies except role trust policies.
    ResourceNotTrust,
    /// Role trust policies.
    Trust,
    /// Every policy except role trust policies.
    AllButTrust,
    /// SCPs.
    ServiceControl,
    /// RCPs.
    ResourceControl,
    /// Identity-based policies and SCPs.
    IdentityAndServiceControl,
}

/// Whose check it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckOrigin {
    /// In the check reference of IAM Access Analyzer.
    AccessAnalyzer,
    /// Our own, on with `--strict`.
    Strict,
}

pub use crate::policy::TRUST_POLICY;

/// What a check reads.
#[derive(Clone, Debug)]
pub struct CheckContext<'a> {
    /// The document.
    pub document: &'a PolicyDocument,
    /// The policy's type.
    pub policy_type: PolicyType,
    /// For resource policies: the CloudFormation type of the resource, if known.
    pub resource_type: Option<&'a str>,
    /// How the policy is stored, if known.
    pub form: Option<PolicyForm>,
    /// The text of a bare policy document as given, for sizes that count white space.
    pub text: Option<&'a str>,
    /// Facts about AWS.
    pub catalog: &'a Catalog,
    condition_keys: OnceCell<Vec<KeyUse<'a>>>,
    resource_entries: OnceCell<Vec<ResourceEntry<'a>>>,
}

impl<'a> CheckContext<'a> {
    /// How the engine reads a policy of this type.
    pub fn policy_kind(&self) -> PolicyKind {
        match self.policy_type {
            PolicyType::IdentityPolicy => PolicyKind::Identity,
            PolicyType::ResourcePolicy => PolicyKind::Resource,
            PolicyType::ServiceControlPolicy => PolicyKind::ServiceControl,
            PolicyType::ResourceControlPolicy => PolicyKind::ResourceControl,
        }
    }

    /// A context of a document without a resource type, a form or a text.
    pub fn new(document: &'a PolicyDocument, policy_type: PolicyType, catalog: &'a Catalog) -> CheckContext<'a> {
        CheckContext {
            document,
            policy_type,
            resource_type: None,
            form: None,
            text: None,
            catalog,
            condition_keys: OnceCell::new(),
            resource_entries: OnceCell::new(),
        }
    }

    /// Every use of a condition key in the document, with what the catalog says of the key.
    pub(crate) fn condition_keys(&self) -> &[KeyUse<'a>] {
        self.condition_keys.get_or_init(|| condition::key_uses(self.document, self.catalog))
    }

    /// Every entry of `Resource` and `NotResource` other than `*` whose fields can be told apart.
    pub(crate) fn resource_entries(&self) -> &[ResourceEntry<'a>] {
        self.resource_entries.get_or_init(|| arn::resource_entries(self.document, self.catalog))
    }

    /// True for role trust policies.
    pub fn is_trust_policy(&self) -> bool {
        self.policy_type == PolicyType::ResourcePolicy && self.resource_type == Some(TRUST_POLICY)
    }
}

impl AppliesTo {
    /// True if a policy of this type (and resource type) is read.
    pub fn includes(self, policy_type: PolicyType, is_trust: bool) -> bool {
        use PolicyType as P;
        match self {
            AppliesTo::All => true,
            AppliesTo::Identity => policy_type == P::IdentityPolicy,
            AppliesTo::Resource => policy_type == P::ResourcePolicy,
            AppliesTo::ResourceNotTrust => policy_type == P::ResourcePolicy && !is_trust,
            AppliesTo::Trust => is_trust,
            AppliesTo::AllButTrust => !is_trust,
            AppliesTo::ServiceControl => policy_type == P::ServiceControlPolicy,
            AppliesTo::ResourceControl => policy_type == P::ResourceControlPolicy,
            AppliesTo::IdentityAndServiceControl => {
                matches!(policy_type, P::IdentityPolicy | P::ServiceControlPolicy)
            }
        }
    }
}

/// Collects the findings of one check on one policy.
#[derive(Debug)]
pub struct Findings<'a> {
    check: &'static Check,
    out: &'a mut Vec<Finding>,
}

impl Check {
    /// The documentation as Markdown, without the blank that follows `///`.
    pub fn explanation(&self) -> String {
        let lines = self.documentation.lines().map(|l| l.strip_prefix(' ').unwrap_or(l).trim_end());
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned() + "\n"
    }
}

impl Findings<'_> {
    /// Adds a finding. The first location is the primary one; there is always one, because there is a parameter for it.
    pub fn add(&mut self, primary: Location, message: impl Into<String>) -> &mut Finding {
        self.out.push(Finding {
            code: self.check.code,
            finding_type: self.check.finding_type,
            title: self.check.title.into(),
            message: message.into(),
            policy: None,
            resource: None,
            when: None,
            locations: smallvec::smallvec![primary],
            fix: None,
            evidence: None,
        });
        let last = self.out.len() - 1;
        &mut self.out[last]
    }
}

impl Finding {
    /// Adds a further location.
    pub fn and(&mut self, location: Location) -> &mut Finding {
        self.locations.push(location);
        self
    }

    /// Adds the fix that writes `right` where `wrong` stands. Whether `span` really holds `wrong` as it is written is
    /// seen when the fix is applied: what an intrinsic function computed is never touched.
    pub fn replace(&mut self, span: Span, wrong: &str, right: &str) -> &mut Finding {
        self.fixed_by(Fix {
            description: format!("change `{wrong}` to `{right}`"),
            edits: vec![Edit { span, intent: Intent::Value(wrong.to_owned()), replacement: right.to_owned() }],
        })
    }

    /// Adds the fix that takes redundant entries out of the list at `list`, the value of the key at `key`. Each is
    /// given with the entry of the list that stands for it.
    pub fn remove_entries(&mut self, key: Span, list: Span, redundant: Vec<(ListEntry, ListEntry)>) -> &mut Finding {
        let entries = if redundant.len() == 1 { "entry" } else { "entries" };
        self.fixed_by(Fix {
            description: format!("remove the redundant {entries}"),
            edits: vec![Edit {
                span: list,
                intent: Intent::RemoveEntries(ListEntries { key, redundant }),
                replacement: String::new(),
            }],
        })
    }

    /// Adds a fix.
    pub fn fixed_by(&mut self, fix: Fix) -> &mut Finding {
        self.fix = Some(fix);
        self
    }
}

/// Declares a check: the doc comment is its documentation.
///
/// ```ignore
/// declare_check! {
///     /// ## What it does
///     /// Finds statements without `Effect`.
///     pub MISSING_EFFECT: Error, All, "Missing effect", run
/// }
/// ```
#[macro_export]
macro_rules! declare_check {
    ($(#[doc = $doc:literal])* pub $code:ident: $kind:ident, $applies:ident, $title:literal, $run:path $(, $origin:ident)?) => {
        $(#[doc = $doc])*
        pub static $code: $crate::checks::Check = $crate::checks::Check {
            code: stringify!($code),
            finding_type: $crate::finding::FindingType::$kind,
            title: $title,
            applies_to: $crate::checks::AppliesTo::$applies,
            origin: $crate::declare_check!(@origin $($origin)?),
            documentation: concat!($($doc, "\n"),*),
            run: $run,
        };
    };
    (@origin) => { $crate::checks::CheckOrigin::AccessAnalyzer };
    (@origin $origin:ident) => { $crate::checks::CheckOrigin::$origin };
}

/// All checks, in the order of their folders.
pub fn registry() -> impl Iterator<Item = &'static Check> {
    FOLDERS.iter().flat_map(|f| f.iter().copied())
}

/// The checks of each folder. A new folder is a line here.
static FOLDERS: &[&[&Check]] = &[
    grammar::CHECKS,
    sid::CHECKS,
    size::CHECKS,
    principal::CHECKS,
    trust::CHECKS,
    scp::CHECKS,
    rcp::CHECKS,
    action::CHECKS,
    arn::CHECKS,
    variable::CHECKS,
    pass_role::CHECKS,
    create_slr::CHECKS,
    condition_structure::CHECKS,
    condition_operator::CHECKS,
    rcp_condition::CHECKS,
    service_principal::CHECKS,
    oidc::CHECKS,
    tag::CHECKS,
    condition_value::CHECKS,
    condition_key::CHECKS,
    strict::CHECKS,
];

/// The check of a code; case is ignored.
pub fn by_code(code: &str) -> Option<&'static Check> {
    registry().find(|c| c.code.eq_ignore_ascii_case(code))
}

/// Runs every check that applies, own ones only if `strict`. A key that stands twice in one object leaves open which
/// of its values counts, so it is reported alone.
pub fn run_all(context: &CheckContext<'_>, strict: bool) -> Vec<Finding> {
    run_all_timed(context, strict, None)
}

fn run_all_timed(context: &CheckContext<'_>, strict: bool, timings: Option<&CheckTimings>) -> Vec<Finding> {
    let mut out = Vec::new();
    let run = |position: usize, check: &'static Check, out: &mut Vec<Finding>| match timings {
        Some(timings) => timings.measure(position, out, |out| (check.run)(context, &mut Findings { check, out })),
        None => (check.run)(context, &mut Findings { check, out }),
    };
    let is_syntax = |check: &Check| std::ptr::eq(check, &grammar::JSON_SYNTAX_ERROR);
    for (position, check) in registry().enumerate().filter(|(_, c)| is_syntax(c)) {
        run(position, check, &mut out);
    }
    if !out.is_empty() {
        return out;
    }
    let is_trust = context.is_trust_policy();
    let chosen = registry().enumerate().filter(|(_, c)| strict || c.origin == CheckOrigin::AccessAnalyzer);
    let chosen = chosen.filter(|(_, c)| c.applies_to.includes(context.policy_type, is_trust));
    for (position, check) in chosen.filter(|(_, c)| !is_syntax(c)) {
        run(position, check, &mut out);
    }
    out
}

/// Runs one check, whether it applies to the policy or not.
pub fn run_check(check: &'static Check, context: &CheckContext<'_>) -> Vec<Finding> {
    let mut out = Vec::new();
    (check.run)(context, &mut Findings { check, out: &mut out });
    out
}

/// Runs the checks on a policy of a deployment; nothing for one without a document.
pub fn check_policy(policy: &Policy, catalog: &Catalog, strict: bool) -> Vec<Finding> {
    check_policy_timed(policy, None, catalog, strict, None)
}

/// [`check_policy`], adding up what each check takes. `text` is that of a policy that is all of its file.
pub fn check_policy_timed(
    policy: &Policy,
    text: Option<&str>,
    catalog: &Catalog,
    strict: bool,
    timings: Option<&CheckTimings>,
) -> Vec<Finding> {
    let Some(document) = &policy.document else {
        return policy.syntax_error.iter().map(embedded_syntax_error).collect();
    };
    let context = CheckContext {
        resource_type: policy.resource_type.as_deref(),
        form: Some(policy.form).filter(|_| text.is_none()),
        text,
        ..CheckContext::new(document, policy.policy_type, catalog)
    };
    run_all_timed(&context, strict, timings)
}

/// Reads a bare policy document and runs the checks on it. Text that is not JSON gives one finding,
/// `JSON_SYNTAX_ERROR`, and no other. Spans are those of `source`, which `text` is the whole of.
pub fn validate_text(
    source: SourceId,
    text: &str,
    policy_type: PolicyType,
    resource_type: Option<&str>,
    catalog: &Catalog,
    strict: bool,
) -> Vec<Finding> {
    validate_text_timed(source, text, policy_type, resource_type, catalog, strict, None)
}

/// [`validate_text`], adding up what each check takes.
pub fn validate_text_timed(
    source: SourceId,
    text: &str,
    policy_type: PolicyType,
    resource_type: Option<&str>,
    catalog: &Catalog,
    strict: bool,
    timings: Option<&CheckTimings>,
) -> Vec<Finding> {
    let root = match json::read(source, text, &Limits::default()) {
        Ok(root) => root,
        Err(error) => return vec![syntax_error(&error, text)],
    };
    let document = PolicyDocument::new(root);
    let context =
        CheckContext { resource_type, text: Some(text), ..CheckContext::new(&document, policy_type, catalog) };
    run_all_timed(&context, strict, timings)
}

/// The finding for a document in a string that is not JSON.
fn embedded_syntax_error(error: &ReadError) -> Finding {
    let mut out = Vec::new();
    let mut findings = Findings { check: &grammar::JSON_SYNTAX_ERROR, out: &mut out };
    findings.add(
        Location::new(crate::policy::PolicyPath::root(), error.span),
        format!("The document is a string that is not JSON: {}.", error.message),
    );
    out.swap_remove(0)
}

/// The finding for text that is not JSON, given the error of [`json::read`].
pub fn syntax_error(error: &ReadError, text: &str) -> Finding {
    let mut out = Vec::new();
    grammar::report_syntax_error(error, text, &mut Findings { check: &grammar::JSON_SYNTAX_ERROR, out: &mut out });
    out.swap_remove(0)
}
