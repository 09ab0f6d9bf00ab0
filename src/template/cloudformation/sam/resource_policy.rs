//! `Auth.ResourcePolicy` of REST APIs and of their events: lists of accounts, IP ranges and VPCs become statements
//! for each method of a path.

use super::api::{Api, ApiKind, arn_path};
use super::construct::At;
use super::implicit_api::ANY_METHOD;
use super::intrinsic::{given, resolve, resolved_string};
use super::{Expansion, SamResource, logical_id};
use crate::model::Problem;
use crate::source::{Mapping, Node, NodeKind};

impl Expansion<'_> {
    /// Adds the statements of a resource policy for one path.
    pub fn add_resource_policy(
        &mut self,
        sam: &SamResource<'_>,
        api: &mut Api,
        policy: &Node,
        path: &str,
        stage: &Node,
    ) {
        let Some(settings) = policy.as_mapping() else {
            return self.notice(sam, "`ResourcePolicy` must be a map", At(policy.span));
        };
        let place = |key: &str| settings.entry(key).map_or(At(policy.span), |e| At(e.key_span.join(e.value.span)));
        let resources = |at: At| {
            let methods = api.paths.get(path).into_iter().flatten();
            let path = arn_path(path, ApiKind::Rest);
            at.list(methods.map(|m| {
                let method = if m == ANY_METHOD || m == "any" { "*".to_owned() } else { m.to_uppercase() };
                at.sub_with(format!("execute-api:/${{__Stage__}}/{method}{path}"), [("__Stage__", stage.clone())])
            }))
        };
        let statement = |effect: &str, principal: Node, condition: Option<Node>, at: At| {
            let mut entries = vec![
                ("Effect", at.string(effect)),
                ("Action", at.string("execute-api:Invoke")),
                ("Resource", resources(at)),
                ("Principal", principal),
            ];
            entries.extend(condition.map(|c| ("Condition", c)));
            at.map(entries)
        };
        // The accounts' statements are added as often as they are asked for, the others once.
        let mut accounts = Vec::new();
        let mut once = Vec::new();
        for (key, effect) in [("AwsAccountWhitelist", "Allow"), ("AwsAccountBlacklist", "Deny")] {
            if let Some(list) = given(settings, key).and_then(|l| self.non_empty_list(l)) {
                let at = place(key);
                accounts.push(statement(effect, at.map([("AWS", list)]), None, at));
            }
        }
        let mut allow_and_deny = |condition: Node, at: At| {
            once.push(statement("Allow", at.string("*"), None, at));
            once.push(statement("Deny", at.string("*"), Some(condition), at));
        };
        for (key, operator) in [("IpRangeWhitelist", "NotIpAddress"), ("IpRangeBlacklist", "IpAddress")] {
            if let Some(list) = given(settings, key).and_then(|l| self.non_empty_list(l)) {
                let at = place(key);
                allow_and_deny(at.map([(operator, at.map([("aws:SourceIp", list)]))]), at);
            }
        }
        for (strings, vpcs, endpoints, operator) in [
            ("SourceVpcBlacklist", "IntrinsicVpcBlacklist", "IntrinsicVpceBlacklist", "StringEquals"),
            ("SourceVpcWhitelist", "IntrinsicVpcWhitelist", "IntrinsicVpceWhitelist", "StringNotEquals"),
        ] {
            if let Some((condition, at)) = self.vpc_condition(settings, [strings, vpcs, endpoints]) {
                let at = At(at.0);
                allow_and_deny(at.map([(operator, condition)]), at);
            }
        }
        api.statements.extend(accounts);
        for statement in once {
            if api.present.insert(logical_id::canonical_json(&statement)) {
                api.statements.push(statement);
            }
        }
    }

    /// Adds `CustomStatements`.
    pub fn add_custom_statements(&mut self, api: &mut Api, policy: &Node) {
        let Some(custom) = policy.as_mapping().and_then(|m| given(m, "CustomStatements")) else { return };
        let items = custom.as_sequence().unwrap_or(std::slice::from_ref(custom));
        // The first statements of a policy are taken as they are, repetitions included.
        let first = api.statements.is_empty();
        for item in items {
            if api.present.insert(logical_id::canonical_json(item)) || first {
                api.statements.push(item.clone());
            }
        }
    }

    /// The list, or a list of the one value; `None` when there is nothing in it.
    fn non_empty_list(&self, node: &Node) -> Option<Node> {
        let resolved = resolve(node, self.parameters);
        match &resolved.kind {
            NodeKind::Null => None,
            NodeKind::Sequence(items) if items.is_empty() => None,
            NodeKind::Sequence(_) => Some(resolved.into_owned()),
            _ => Some(At(node.span).list([node.clone()])),
        }
    }

    /// The condition block for lists of VPCs and endpoints: strings told by their prefixes, and two lists that may
    /// hold functions.
    fn vpc_condition(&mut self, settings: &Mapping, keys: [&str; 3]) -> Option<(Node, At)> {
        let mut vpcs: Vec<Node> = Vec::new();
        let mut endpoints: Vec<Node> = Vec::new();
        let mut at = None;
        let [strings, ..] = keys;
        for key in keys {
            let Some(entry) = settings.entry(key) else { continue };
            let list = resolve(&entry.value, self.parameters);
            let items = list.as_sequence().unwrap_or(&[]);
            if items.is_empty() {
                continue;
            }
            at.get_or_insert(At(entry.key_span.join(entry.value.span)));
            for item in items {
                if key == strings {
                    match resolved_string(item, self.parameters) {
                        Some(s) if s.starts_with("vpce-") => endpoints.push(item.clone()),
                        Some(s) if s.starts_with("vpc-") => vpcs.push(item.clone()),
                        Some(_) => {}
                        None => self.notices.push(Problem {
                            message: format!("it is not known whether this item of `{key}` is a VPC or an endpoint"),
                            span: Some(item.span),
                            help: Some("use `IntrinsicVpc…` or `IntrinsicVpce…` for values that are functions".into()),
                        }),
                    }
                } else if key.contains("Vpce") {
                    endpoints.push(item.clone());
                } else {
                    vpcs.push(item.clone());
                }
            }
        }
        let at: At = at?;
        let mut entries = Vec::new();
        if !vpcs.is_empty() {
            entries.push(("aws:SourceVpc", at.list(vpcs)));
        }
        if !endpoints.is_empty() {
            entries.push(("aws:SourceVpce", at.list(endpoints)));
        }
        (!entries.is_empty()).then(|| (at.map(entries), at))
    }
}
