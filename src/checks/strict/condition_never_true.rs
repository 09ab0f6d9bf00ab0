//! `CONDITION_NEVER_TRUE`: condition never true.
//!
//! Source of the rule: our own; on with `--strict`.

use crate::checks::condition::KeyUse;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::{BaseOperator, OperatorFamily, glob};

declare_check! {
    /// ## What it does
    ///
    /// Finds conditions that no request can meet: a key that must be absent and present at once, or a single-valued key
    /// that must match two values or lists without anything in common, or that must match what another operator
    /// excludes.
    ///
    /// ## Why it matters
    ///
    /// All operators and keys of a `Condition` must match. If they cannot, the statement never applies: an `Allow`
    /// grants nothing and a `Deny` protects nothing.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///      "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}, "Null": {"aws:PrincipalAccount": "true"}}}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///      "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}
    ///   ]
    /// }
    /// ```
    pub CONDITION_NEVER_TRUE: Warning, All, "Condition never true", run, Strict
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let uses = context.condition_keys();
    for (i, later) in uses.iter().enumerate() {
        // Uses are in the order of statements, so the others of this one stand right before.
        let earlier = uses[..i].iter().rev().take_while(|u| std::ptr::eq(u.statement, later.statement));
        for earlier in earlier.filter(|e| e.is(later.key.name.as_str())) {
            if let Some(why) = contradiction(earlier, later).or_else(|| contradiction(later, earlier)) {
                findings
                    .add(later.location(), format!("The condition can never be true: `{}` {why}.", later.shown()))
                    .and(earlier.location().labelled("the other requirement"));
                break;
            }
        }
    }
}

/// Why the two uses of one key cannot both match, if that is certain.
fn contradiction(a: &KeyUse<'_>, b: &KeyUse<'_>) -> Option<&'static str> {
    let (op_a, op_b) = (a.operator()?, b.operator()?);
    // Several values of one request may meet each its own requirement.
    if op_a.set.is_some() || op_b.set.is_some() || a.key.values.is_empty() || b.key.values.is_empty() {
        return None;
    }
    let is_positive = !op_a.base.is_negated() && !op_a.if_exists && op_a.base != BaseOperator::Null;
    if !is_positive {
        return None;
    }
    if op_b.base == BaseOperator::Null {
        let absent = b.key.values.iter().all(|v| v.text.as_str().eq_ignore_ascii_case("true"));
        return absent.then_some("must be absent and have a value");
    }
    let comparable = |u: &KeyUse<'_>| {
        matches!(u.base(), Some(BaseOperator::StringEquals | BaseOperator::StringNotEquals))
            && u.family() == Some(OperatorFamily::String)
            && u.key.values.iter().all(|v| !v.text.as_str().contains("${"))
    };
    let pattern_of = |u: &KeyUse<'_>| u.base() == Some(BaseOperator::StringLike);
    if op_b.base == BaseOperator::StringNotEquals
        && op_a.base == BaseOperator::StringEquals
        && comparable(a)
        && comparable(b)
    {
        let excluded = a.key.values.iter().all(|v| b.key.values.iter().any(|w| w.text == v.text));
        return excluded.then_some("must have a value that is excluded");
    }
    let known = |u: &KeyUse<'_>| u.key.values.iter().all(|v| v.text.known().is_some_and(|s| !s.contains("${")));
    let string = |u: &KeyUse<'_>| u.base() == Some(BaseOperator::StringEquals) || pattern_of(u);
    if string(a) && string(b) && !op_b.if_exists && known(a) && known(b) {
        let meets = |x: &str, y: &str| match (pattern_of(a), pattern_of(b)) {
            (true, true) => glob::meet(x, y),
            (true, false) => glob::matches(x, y),
            (false, true) => glob::matches(y, x),
            (false, false) => x == y,
        };
        let some = a.key.values.iter().any(|v| b.key.values.iter().any(|w| meets(v.text.as_str(), w.text.as_str())));
        return (!some).then_some("must have two values at once");
    }
    None
}
