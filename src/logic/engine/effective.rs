//! May a principal do one thing? All its policies, its boundary, further limits and every Deny taken together, for one
//! action of one caller on given resources, with some condition keys given and the others left to whoever asks.
//!
//! Source: IAM User Guide, "Policy evaluation logic": within an account, some identity-based policy and every limit have to
//! allow, and nothing may deny.

use std::sync::Arc;

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::caller::{self, Derived, Kind};
use super::compile::{Dimension, Literal, Test, Ties, resource_patterns};
use super::key::KeyId;
use super::language::{Found, Language};
use super::others::Others;
use super::pattern::{Class, Pattern, glob};
use super::permissions::{Permissions, TOO_MANY_LIMITS};
use super::question::{About, Access, Question, demanded};
use super::value::Values;
use crate::logic::request::{Caller, Request};
use crate::policy::glob::{matches, matches_ignore_case};
use crate::policy::{Statement, StringList};

/// What the request has to be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who asks, in any session; wildcards in the ARN count. Anybody, if nobody is named.
    pub caller: Option<Caller>,
    /// The action, without wildcards.
    pub action: SmolStr,
    /// ARNs or ARN patterns, of which one has to match; `*` is the resource of actions without a resource type. Any, if there is
    /// none.
    pub resources: Vec<SmolStr>,
    /// Condition keys, each with a value that matches one of the patterns; without any, the request does not carry it.
    pub keys: Vec<(SmolStr, Vec<SmolStr>)>,
}

impl Wanted {
    /// True if the request is of the kind wanted.
    fn holds(&self, request: &Request) -> bool {
        let who = self.caller.as_ref().is_none_or(|wanted| match (wanted, &request.caller) {
            (Caller::Service { name }, Caller::Service { name: other }) => matches(name, other),
            (wanted, caller) => {
                std::mem::discriminant(wanted) == std::mem::discriminant(caller)
                    && wanted.arn().is_none_or(|arn| caller.arn().is_some_and(|other| matches(arn, other)))
            }
        });
        let resource = |pattern: &SmolStr| match pattern.as_str() {
            "*" => request.resource == "*",
            pattern => resource_patterns(pattern).iter().any(|p| p.matches(&request.resource)),
        };
        let key = |(key, patterns): &(SmolStr, Vec<SmolStr>)| match request.values(key).as_slice() {
            [] => patterns.is_empty(),
            [value] => patterns.iter().any(|pattern| matches(pattern, value)),
            _ => false,
        };
        who && (self.action.is_empty() || self.action.eq_ignore_ascii_case(&request.action))
            && (self.resources.is_empty() || self.resources.iter().any(resource))
            && self.keys.iter().all(key)
    }
}

/// A request that is allowed, and the statement that allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permitted {
    /// Position in [`Permissions::policies`].
    pub policy: usize,
    /// Position among the typed statements of the document.
    pub statement: usize,
    /// The request; the evaluator has confirmed it.
    pub request: Request,
}

/// True if the statement speaks of the action.
pub(crate) fn concerns(statement: &Statement, action: &str) -> bool {
    let listed = |list: &StringList| list.items.iter().any(|i| matches_ignore_case(i.text.as_str(), action));
    match (&statement.action, &statement.not_action) {
        (Some(list), _) => listed(list),
        (None, Some(list)) => !listed(list),
        (None, None) => false,
    }
}

/// Finds a request of the kind wanted that the permissions allow. `confirm` is asked of each before it is shown.
///
/// # Errors
///
/// When it can't be decided whether there is one.
pub fn permitted(
    permissions: &Permissions<'_>,
    wanted: &Wanted,
    ties: Ties,
    confirm: &dyn Fn(&Request) -> bool,
) -> Result<Option<Permitted>, &'static str> {
    let concerned = |statement: &Statement| concerns(statement, &wanted.action);
    let granting: Vec<(usize, usize)> = permissions
        .policies
        .iter()
        .enumerate()
        .flat_map(|(number, policy)| {
            let statements = policy.document().statements.iter().enumerate();
            statements.filter(|(_, s)| s.is_allow() && concerned(s)).map(move |(index, _)| (number, index))
        })
        .collect();
    if granting.is_empty() {
        return Ok(None);
    }
    let Some(limits) = permissions.within_limits(&concerned) else { return Err(TOO_MANY_LIMITS) };
    let also = literals(wanted);
    // Statements that don't speak of the action have no say; leaving them out keeps the question small.
    let denying = permissions.all().flat_map(|p| {
        let statements = p.document().statements.iter().zip(&p.statements);
        statements.filter(|(s, compiled)| !compiled.allows && concerned(s)).flat_map(|(_, compiled)| &compiled.regions)
    });
    let denies = Others::new(denying);
    let policies: Vec<_> = permissions.all().collect();
    // A value that the search could not decide is left out of what it finds, and made up for the witness.
    let confirmed = |request: &Request| wanted.holds(request) && permissions.allow(request) && confirm(request);
    let question = Question::new(&policies, &also, ties, About::Anyone, &confirmed);
    let mut unknown = None;
    for (done, (number, index)) in granting.iter().copied().enumerate() {
        question.begin_part(granting.len() - done);
        let compiled = permissions.policies.get(number).and_then(|p| p.statements.get(index));
        for region in compiled.iter().flat_map(|c| &c.regions) {
            for limit in &limits {
                let also: SmallVec<[&Literal; 4]> = also.iter().chain(limit).collect();
                match question.within(region).escape(&also, &denies) {
                    Found::Nothing => {}
                    Found::Some(request) => {
                        return Ok(Some(Permitted { policy: number, statement: index, request }));
                    }
                    Found::Unknown(why) => unknown = Some(why),
                }
            }
        }
    }
    unknown.map_or(Ok(None), Err)
}

/// What the request has to fulfil; any action will do if none is named.
pub(super) fn literals(wanted: &Wanted) -> Vec<Literal> {
    let actions = if wanted.action.is_empty() { Vec::new() } else { vec![wanted.action.clone()] };
    let mut literals = demanded(&Access { actions, resources: Vec::new() });
    if !wanted.resources.is_empty() {
        let patterns = wanted.resources.iter().flat_map(|resource| match resource.as_str() {
            "*" => vec![Pattern::literal("*")],
            arn => resource_patterns(arn),
        });
        let language = Language::new(patterns.map(Arc::new));
        literals.push(Literal::new(Dimension::Resource, Test::In(language), true));
    }
    let text = |values: &[SmolStr], class: Class| {
        Language::new(values.iter().map(|value| Arc::new(Pattern::new(glob(value, class)))))
    };
    if let Some(who) = &wanted.caller {
        let is = |language| Literal::new(Dimension::Caller, Test::In(language), true);
        let kind = match who {
            Caller::Anonymous => Kind::Anonymous,
            Caller::Root { .. } => Kind::Root,
            Caller::User { .. } => Kind::User,
            Caller::Role { .. } => Kind::Role,
            Caller::FederatedUser { .. } => Kind::FederatedUser,
            Caller::Service { .. } => Kind::Service,
            Caller::Federated { .. } => Kind::Federated,
            Caller::Canonical { .. } => Kind::Canonical,
        };
        literals.push(is(caller::of_kinds(&[kind])));
        match who {
            Caller::Service { name } => {
                literals.push(is(Derived::ServiceName.callers(&text(std::slice::from_ref(name), Class::NoColon))));
            }
            _ => literals
                .extend(who.arn().map(|arn| is(Derived::Arn.callers(&text(&[SmolStr::new(arn)], Class::NoColon))))),
        }
    }
    for (key, patterns) in &wanted.keys {
        let test = match patterns.as_slice() {
            [] => Test::Absent,
            _ => Test::Value { values: Values::Text(text(patterns, Class::All)), negated: false, or_absent: false },
        };
        literals.push(Literal::new(Dimension::Key(KeyId::of(key)), test, true));
    }
    literals
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::engine::CompiledPolicy;
    use crate::logic::engine::permissions::exceeds;
    use crate::logic::evaluate::PolicyKind;
    use crate::policy::PolicyDocument;
    use crate::source::{Limits, SourceId, json};

    fn policy(statements: &str, kind: PolicyKind) -> CompiledPolicy {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#);
        let root = json::read(SourceId(0), &text, &Limits::default()).expect("valid JSON");
        CompiledPolicy::new(PolicyDocument::new(root), kind, Ties::Tied).expect("a policy")
    }

    fn pass_role(service: &str) -> Wanted {
        Wanted {
            caller: Some(Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into() }),
            action: "iam:PassRole".into(),
            resources: vec!["arn:aws:iam::111122223333:role/admin".into()],
            keys: vec![("iam:PassedToService".into(), vec![service.into()])],
        }
    }

    fn ask(permissions: &Permissions<'_>, wanted: &Wanted) -> Option<Permitted> {
        permitted(permissions, wanted, Ties::Tied, &|_| true).expect("decided")
    }

    #[test]
    fn given_keys_have_the_given_value_and_others_are_free() {
        let grant = policy(
            r#"[{"Effect": "Allow", "Action": "iam:Pass*", "Resource": "*", "Condition": {
                 "StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"},
                 "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}}]"#,
            PolicyKind::Identity,
        );
        let permissions = Permissions { policies: vec![&grant], ..Permissions::default() };
        let found = ask(&permissions, &pass_role("lambda.amazonaws.com")).expect("allowed");
        assert_eq!((found.policy, found.statement), (0, 0));
        assert_eq!(found.request.caller.arn(), Some("arn:aws:iam::111122223333:user/ann"));
        assert_eq!(found.request.resource, "arn:aws:iam::111122223333:role/admin");
        assert!(found.request.context.get("aws:SourceIp").is_some());
        assert_eq!(ask(&permissions, &pass_role("ec2.amazonaws.com")), None);
    }

    #[test]
    fn every_limit_has_to_allow_and_nothing_may_deny() {
        let grant = policy(r#"[{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]"#, PolicyKind::Identity);
        let boundary = policy(
            r#"[{"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::*:role/app-*"}]"#,
            PolicyKind::Boundary,
        );
        let all = policy(r#"[{"Effect": "Allow", "Action": "*", "Resource": "*"}]"#, PolicyKind::ServiceControl);
        let none = policy(
            r#"[{"Effect": "Deny", "NotAction": "s3:*", "Resource": "*", "Condition": {
                 "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/root-*"}}}]"#,
            PolicyKind::ServiceControl,
        );
        let lambda = pass_role("lambda.amazonaws.com");
        let alone = Permissions { policies: vec![&grant], limits: vec![vec![&all]], ..Permissions::default() };
        assert!(ask(&alone, &lambda).is_some());
        let limited = Permissions { boundary: Some(&boundary), ..alone.clone() };
        assert_eq!(ask(&limited, &lambda), None);
        let denied = Permissions { limits: vec![vec![&all, &none]], ..alone.clone() };
        assert_eq!(ask(&denied, &lambda), None);
        let other = Caller::User { arn: "arn:aws:iam::111122223333:user/root-1".into() };
        assert!(ask(&denied, &Wanted { caller: Some(other), ..lambda.clone() }).is_some());
        let no_level = Permissions { limits: vec![Vec::new()], ..alone };
        assert_eq!(ask(&no_level, &lambda), None);
    }

    #[test]
    fn one_principal_exceeds_another_by_what_its_limits_leave() {
        let narrow = policy(
            r#"[{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*"}]"#,
            PolicyKind::Identity,
        );
        let wide = policy(r#"[{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]"#, PolicyKind::Identity);
        let limit = policy(
            r#"[{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::logs/a/*"}]"#,
            PolicyKind::Boundary,
        );
        let of = |p| Permissions { policies: vec![p], ..Permissions::default() };
        assert_eq!(exceeds(&of(&narrow), &of(&wide), Ties::Tied), None);
        let request = exceeds(&of(&wide), &of(&narrow), Ties::Tied).expect("more").expect("decided");
        assert!(of(&wide).allow(&request) && !of(&narrow).allow(&request));
        let limited = Permissions { boundary: Some(&limit), ..of(&wide) };
        let gained = exceeds(&limited, &of(&narrow), Ties::Tied).expect("more").expect("decided");
        assert!(gained.resource.starts_with("arn:aws:s3:::logs/a/") && gained.action != "s3:GetObject", "{gained:?}");
        let by_scp = Permissions { limits: vec![vec![&limit]], ..of(&wide) };
        assert!(exceeds(&by_scp, &of(&narrow), Ties::Tied).is_some_and(|found| found.is_ok()));
    }
}
