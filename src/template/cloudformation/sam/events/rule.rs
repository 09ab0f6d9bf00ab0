//! EventBridge rules (`Schedule`, `EventBridgeRule`, `CloudWatchEvent`) and the dead-letter queues that SAM makes for
//! them, with the queue policy that lets the rule send.

use smol_str::format_smolstr;

use super::Event;
use crate::source::{Entry, Node};
use crate::template::cloudformation::sam::construct::{At, Generated};
use crate::template::cloudformation::sam::{Expansion, SamResource};

/// The rule with its one target.
pub(in super::super) fn with_target(mut rule: Generated, target: Vec<Entry>) -> Generated {
    let at = rule.at;
    rule.set("Targets", at.list([at.mapping(target)]));
    rule
}

impl Expansion<'_> {
    /// The rule without targets, what of its target does not depend on what is invoked, and its ARN.
    pub(in super::super) fn rule(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        id: &str,
        attributes: &[Entry],
        generated: &mut Vec<Generated>,
    ) -> (Generated, Vec<Entry>, Node) {
        let at = event.at;
        let mut rule = Generated::new(id, "AWS::Events::Rule", at, attributes.to_vec());
        rule.copy(event.properties, &["EventBusName", "Description", "State"]);
        rule.set_some("ScheduleExpression", event.get("Schedule").cloned());
        rule.set_some("EventPattern", event.get("Pattern").cloned());
        rule.set_some("Name", event.get(if event.kind == "Schedule" { "Name" } else { "RuleName" }).cloned());
        let arn = at.get_att(id, "Arn");
        let mut target = Vec::new();
        let target_id = event.get("Target").and_then(|t| t.get("Id")).cloned();
        target.push(at.entry("Id", target_id.unwrap_or_else(|| at.string(format!("{id}Target")))));
        let copied = ["Input", "InputPath", "InputTransformer", "RetryPolicy"];
        target.extend(event.properties.iter().filter(|e| copied.iter().any(|c| e.key == *c)).cloned());
        if let Some((queue, made)) = self.dead_letter_queue(sam, event, id, attributes) {
            let at = event.place("DeadLetterConfig");
            if let Some(made) = made {
                let policy_id = format_smolstr!("{id}QueuePolicy");
                let mut policy = Generated::new(policy_id, "AWS::SQS::QueuePolicy", at, attributes.to_vec());
                let statement = at.map([
                    ("Effect", at.string("Allow")),
                    ("Action", at.string("sqs:SendMessage")),
                    ("Resource", queue.clone()),
                    ("Principal", at.map([("Service", at.string("events.amazonaws.com"))])),
                    ("Condition", at.map([("ArnEquals", at.map([("aws:SourceArn", arn.clone())]))])),
                ]);
                policy.set("PolicyDocument", at.document([statement]));
                policy.set("Queues", at.list([at.reference(&made.id)]));
                generated.extend([made, policy]);
            }
            target.push(at.entry("DeadLetterConfig", at.map([("Arn", queue)])));
        }
        (rule, target, arn)
    }

    /// The ARN of the queue for failed events, and the queue if SAM makes it.
    pub(super) fn dead_letter_queue(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        id: &str,
        attributes: &[Entry],
    ) -> Option<(Node, Option<Generated>)> {
        let config = event.get("DeadLetterConfig")?;
        let at: At = event.place("DeadLetterConfig");
        if let Some(arn) = config.get("Arn") {
            return Some((arn.clone(), None));
        }
        if config.get("Type").and_then(Node::as_str) != Some("SQS") {
            self.notice(sam, "`DeadLetterConfig` needs `Arn`, or `Type` with the value `SQS`", at);
            return None;
        }
        let queue_id = match config.get("QueueLogicalId").and_then(Node::as_str) {
            Some(id) => id.into(),
            None => format_smolstr!("{id}Queue"),
        };
        let arn = at.get_att(&queue_id, "Arn");
        Some((arn, Some(Generated::new(queue_id, "AWS::SQS::Queue", at, attributes.to_vec()))))
    }
}
