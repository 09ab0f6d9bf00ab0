//! Events of functions: each becomes what brings it about, and the permission or the role statements that let it.

mod http;
mod pull;
pub(super) mod rule;
mod scheduler;
mod sns;

pub(super) use scheduler::Target;
use smol_str::{SmolStr, format_smolstr};

use super::api::ApiKind;
use super::construct::{At, Generated};
use super::function::Invoked;
use super::implicit_api::route;
use super::intrinsic::{function, given};
use super::role::Role;
use super::{Expansion, SamResource, logical_id};
use crate::source::{Entry, Mapping, Node};

static NONE: Mapping = Mapping { entries: Vec::new() };

/// One event of a function or state machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event<'e> {
    /// Its key in `Events`.
    pub name: &'e str,
    pub kind: &'e str,
    pub properties: &'e Mapping,
    pub at: At,
}

impl<'e> Event<'e> {
    /// The event that an entry of `Events` is.
    pub fn read(entry: &'e Entry) -> Option<Event<'e>> {
        Some(Event {
            name: entry.key.as_str(),
            kind: entry.value.get("Type")?.as_str()?,
            properties: entry.value.get("Properties").and_then(Node::as_mapping).unwrap_or(&NONE),
            at: At(entry.key_span.join(entry.value.span)),
        })
    }

    pub fn get(&self, name: &str) -> Option<&'e Node> {
        given(self.properties, name)
    }

    /// The logical id of the event's main resource.
    pub fn id(&self, prefix: &str) -> SmolStr {
        format_smolstr!("{prefix}{}", self.name)
    }

    /// The place of a property, or of the event.
    pub fn place(&self, name: &str) -> At {
        self.properties.entry(name).map_or(self.at, |e| At(e.key_span.join(e.value.span)))
    }
}

/// What a service may do with the function: the fields of a Lambda permission that differ between events.
#[derive(Debug, Default)]
struct Grantee {
    principal: &'static str,
    source_arn: Option<Node>,
    source_account: Option<Node>,
    event_source_token: Option<Node>,
}

/// The permission for an event; its logical id is `prefix`, `Permission`, `suffix`.
fn permission(prefix: &str, suffix: &str, invoked: &Invoked, grantee: Grantee, at: At) -> Generated {
    let id = logical_id::with_suffix(prefix, "Permission", suffix);
    let mut permission = Generated::new(id, "AWS::Lambda::Permission", at, invoked.attributes.clone());
    permission.set("Action", at.string("lambda:InvokeFunction"));
    permission.set("FunctionName", invoked.name_or_arn(at));
    permission.set("Principal", at.string(grantee.principal));
    permission.set_some("SourceArn", grantee.source_arn);
    permission.set_some("SourceAccount", grantee.source_account);
    permission.set_some("EventSourceToken", grantee.event_source_token);
    permission
}

impl Expansion<'_> {
    /// Expands the events of a function. HTTP APIs' events that take every request come before those of a path.
    pub fn function_events(
        &mut self,
        sam: &SamResource<'_>,
        invoked: &Invoked,
        role: &mut Role,
        generated: &mut Vec<Generated>,
    ) {
        let Some(events) = sam.get("Events") else { return };
        let Some(map) = events.as_mapping().filter(|_| function(events).is_none()) else {
            return self.notice(sam, "`Events` must be a map", At(events.span));
        };
        let mut entries: Vec<&Entry> = map.iter().collect();
        let order = |e: &&Entry| {
            let event = Event::read(e);
            let default = event.filter(|e| e.kind == "HttpApi").and_then(|e| route(e.properties, ApiKind::Http));
            let path = e.value.at(&["Properties", "Path"]).and_then(Node::as_str);
            path.or(default.map(|(path, _)| path)).unwrap_or(e.key.as_str()).to_owned()
        };
        entries.sort_by_cached_key(order);
        for entry in entries {
            match Event::read(entry) {
                Some(event) => self.function_event(sam, &event, invoked, role, generated),
                None => {
                    let message = format!("event `{}` needs `Type`", entry.key.display());
                    self.notice(sam, message, At(entry.key_span));
                }
            }
        }
    }

    fn function_event(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        invoked: &Invoked,
        role: &mut Role,
        generated: &mut Vec<Generated>,
    ) {
        let id = event.id(&invoked.function);
        let at = event.at;
        match event.kind {
            "Api" => self.rest_api_event(sam, event, invoked, generated),
            "HttpApi" => self.http_api_event(sam, event, invoked, generated),
            "Schedule" | "CloudWatchEvent" | "EventBridgeRule" => {
                let (rule, mut target, arn) = self.rule(sam, event, &id, &invoked.attributes, generated);
                target.insert(0, at.entry("Arn", invoked.arn(at)));
                generated.push(rule::with_target(rule, target));
                let grantee =
                    Grantee { principal: "events.amazonaws.com", source_arn: Some(arn), ..Grantee::default() };
                generated.push(permission(&id, "", invoked, grantee, at));
            }
            "ScheduleV2" => self.schedule(sam, event, Target::Function(invoked), generated),
            "S3" => {
                let grantee = Grantee {
                    principal: "s3.amazonaws.com",
                    source_account: Some(at.reference("AWS::AccountId")),
                    ..Grantee::default()
                };
                let permission = permission(&id, "", invoked, grantee, at);
                if !event.get("Bucket").is_some_and(|b| self.is_in_template(b)) {
                    self.notice(
                        sam,
                        format_args!("S3 event `{}` must refer to a bucket of the template", event.name),
                        at,
                    );
                }
                generated.push(permission);
            }
            "SNS" => self.sns(sam, event, invoked, role, generated),
            "AlexaSkill" => {
                let grantee = Grantee {
                    principal: "alexa-appkit.amazon.com",
                    event_source_token: event.get("SkillId").cloned(),
                    ..Grantee::default()
                };
                generated.push(permission(&id, "", invoked, grantee, at));
            }
            "IoTRule" => {
                let arn = "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/${RuleName}";
                let grantee = Grantee {
                    principal: "iot.amazonaws.com",
                    source_arn: Some(at.sub_with(arn, [("RuleName", at.reference(&id))])),
                    source_account: Some(at.sub("${AWS::AccountId}")),
                    ..Grantee::default()
                };
                generated.push(permission(&id, "", invoked, grantee, at));
                let mut rule = Generated::new(id, "AWS::IoT::TopicRule", at, invoked.attributes.clone());
                let action = at.map([("Lambda", at.map([("FunctionArn", invoked.arn(at))]))]);
                let mut payload = vec![at.entry("Actions", at.list([action]))];
                payload.extend(event.properties.iter().cloned());
                rule.set("TopicRulePayload", at.mapping(payload));
                generated.push(rule);
            }
            "Cognito" => {
                let Some(pool) = event.get("UserPool").filter(|p| self.is_in_template(p)) else {
                    let message = format!("Cognito event `{}` must refer to a user pool of the template", event.name);
                    return self.notice(sam, message, at);
                };
                let pool = pool.get("Ref").and_then(Node::as_str).unwrap_or_default();
                let grantee = Grantee {
                    principal: "cognito-idp.amazonaws.com",
                    source_arn: Some(at.get_att(pool, "Arn")),
                    ..Grantee::default()
                };
                generated.push(permission(&format!("{}Cognito", invoked.id), "", invoked, grantee, at));
            }
            "CloudWatchLogs" => {
                let Some(group) = event.get("LogGroupName") else {
                    let message = format!("event `{}` needs `LogGroupName`", event.name);
                    return self.notice(sam, message, at);
                };
                let arn = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*";
                let grantee = Grantee {
                    principal: "logs.amazonaws.com",
                    source_arn: Some(at.sub_with(arn, [("__LogGroupName__", group.clone())])),
                    ..Grantee::default()
                };
                generated.push(permission(&id, "", invoked, grantee, at));
                let mut filter = Generated::new(id, "AWS::Logs::SubscriptionFilter", at, invoked.attributes.clone());
                filter.copy(event.properties, &["LogGroupName", "FilterPattern"]);
                filter.set("DestinationArn", invoked.arn(at));
                generated.push(filter);
            }
            _ => {
                if !self.pull(sam, event, invoked, role, generated) {
                    self.notice(sam, format_args!("`{}` is not a type of event", event.kind), at);
                }
            }
        }
    }

    /// True for `Ref` to a resource of the template.
    fn is_in_template(&self, node: &Node) -> bool {
        node.get("Ref").and_then(Node::as_str).is_some_and(|id| self.input.contains_key(id))
    }
}
