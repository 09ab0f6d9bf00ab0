//! `EventInvokeConfig`: destinations of asynchronous invocations, the queues and topics that SAM makes for them, and
//! the policies that the execution role needs to send to them.

use smol_str::format_smolstr;

use super::construct::{At, Generated};
use super::function::Invoked;
use super::intrinsic::{branches, given, is_no_value, resolve_deep};
use super::{Expansion, SamResource, logical_id};
use crate::source::Node;

/// The policy that lets a role send to a destination, named after `prefix`; `None` for kinds that need none.
pub(super) fn destination_policy(kind: &str, arn: &Node, prefix: &str, at: At) -> Option<Node> {
    let allow = |action: &str, resource: Node| {
        at.map([("Effect", at.string("Allow")), ("Action", at.string(action)), ("Resource", resource)])
    };
    let (suffix, statements) = match kind {
        "SQS" => ("SQSPolicy", vec![allow("sqs:SendMessage", arn.clone())]),
        "SNS" => ("SNSPolicy", vec![allow("sns:publish", arn.clone())]),
        "EventBridge" => ("EventBridgePolicy", vec![allow("events:PutEvents", arn.clone())]),
        "Lambda" => ("LambdaPolicy", vec![allow("lambda:InvokeFunction", arn.clone())]),
        "S3" | "S3Bucket" => {
            let objects = at.join("/", [arn.clone(), at.string("*")]);
            ("S3Policy", vec![allow("s3:PutObject", objects), allow("s3:ListBucket", arn.clone())])
        }
        _ => return None,
    };
    Some(at.inline_policy(format!("{prefix}{suffix}"), at.unversioned_document(statements)))
}

impl Expansion<'_> {
    /// Adds what `EventInvokeConfig` needs; the policies for the execution role.
    pub fn event_invoke_config(
        &mut self,
        sam: &SamResource<'_>,
        config: &Node,
        alias: Option<Node>,
        invoked: &Invoked,
        generated: &mut Vec<Generated>,
    ) -> Vec<Node> {
        let at = sam.place("EventInvokeConfig");
        let config_node = config;
        let config = resolve_deep(config, self.parameters);
        let id = format_smolstr!("{}EventInvokeConfig", sam.id);
        let mut resource = Generated::new(id.clone(), "AWS::Lambda::EventInvokeConfig", at, sam.attributes());
        if invoked.is_alias {
            resource.set_attribute("DependsOn", at.strings([&invoked.id]));
        }
        resource.set("FunctionName", at.reference(&sam.id));
        resource.set("Qualifier", alias.unwrap_or_else(|| at.string("$LATEST")));
        if let Some(map) = config.as_mapping() {
            resource.copy(map, &["MaximumEventAgeInSeconds", "MaximumRetryAttempts"]);
        }
        let mut policies = Vec::new();
        let mut destinations = Vec::new();
        for event in ["OnSuccess", "OnFailure"] {
            let Some(settings) = config.at(&["DestinationConfig", event]).and_then(Node::as_mapping) else { continue };
            let Some(kind) = given(settings, "Type").and_then(Node::as_str) else {
                self.notice(sam, format_args!("`{event}` of `DestinationConfig` needs `Type`"), at);
                continue;
            };
            if !["SQS", "SNS", "EventBridge", "Lambda", "S3Bucket"].contains(&kind) {
                self.notice(sam, format_args!("`{kind}` is not a type of destination"), at);
                continue;
            }
            // A destination that is made for one function serves all that have it from `Globals`, except those
            // that have a copy of `Globals` without what they ignore.
            let copied = sam.node.get("IgnoreGlobals").is_some();
            let shared = config_node.at(&["DestinationConfig", event]);
            let shared = shared.filter(|d| !copied && self.globals.holds(d)).map(|d| d.span);
            let made_before = shared.and_then(|s| self.shared_destinations.get(&s)).cloned();
            let destination = made_before.as_ref().or(given(settings, "Destination"));
            let at = destination.map_or(at, |d| At(d.span));
            let prefix = format!("{id}{event}");
            let conditional = destination.and_then(|d| self.condition_of_missing(d, &id, at));
            let arn = match (destination, conditional) {
                (Some(arn), None) => arn.clone(),
                (_, conditional) => {
                    let (resource_type, suffix, is_queue) = match kind {
                        "SQS" => ("AWS::SQS::Queue", "Queue", true),
                        "SNS" => ("AWS::SNS::Topic", "Topic", false),
                        _ => {
                            self.notice(sam, format_args!("`{event}` of type `{kind}` needs `Destination`"), at);
                            continue;
                        }
                    };
                    let made_id = format_smolstr!("{prefix}{suffix}");
                    let made_arn = if is_queue { at.get_att(&made_id, "Arn") } else { at.reference(&made_id) };
                    let mut made = Generated::new(made_id, resource_type, at, sam.passed_on());
                    let arn = match &conditional {
                        None => made_arn,
                        Some((condition, given)) => at.choose(at.string(condition), made_arn, given.clone()),
                    };
                    let condition = self.both_conditions(sam, conditional.map(|(c, _)| c), at);
                    if let Some(condition) = condition {
                        made.set_attribute("Condition", at.string(condition));
                    }
                    generated.push(made);
                    arn
                }
            };
            if let Some(shared) = shared {
                self.shared_destinations.insert(shared, arn.clone());
            }
            policies.extend(destination_policy(kind, &arn, &prefix, at));
            destinations.push((event, at.map([("Destination", arn)])));
        }
        if !destinations.is_empty() {
            resource.set("DestinationConfig", at.map(destinations));
        }
        generated.push(resource);
        policies
    }

    /// For `!If [c, arn, !Ref AWS::NoValue]`: the condition under which there is no destination, and the destination.
    fn condition_of_missing(&mut self, destination: &Node, id: &str, at: At) -> Option<(String, Node)> {
        let (condition, when_true, when_false) = branches(destination)?;
        let condition = condition.as_str()?;
        match (is_no_value(when_true), is_no_value(when_false)) {
            (true, false) => Some((condition.to_owned(), when_false.clone())),
            (false, true) => {
                let negated = logical_id::with_hash(&format!("NOT{condition}"), id).to_string();
                self.add_condition(&negated, at.combine_conditions("Fn::Not", [condition]), at);
                Some((negated, when_true.clone()))
            }
            _ => None,
        }
    }

    /// The condition that holds when the resource's own and another do.
    fn both_conditions(&mut self, sam: &SamResource<'_>, other: Option<String>, at: At) -> Option<String> {
        let Some(own) = sam.condition() else { return other };
        let Some(other) = other else { return Some(own.to_owned()) };
        let name = logical_id::with_hash(&format!("{own}AND{other}"), &sam.id).to_string();
        self.add_condition(&name, at.combine_conditions("Fn::And", [own, &other]), at);
        Some(name)
    }
}
