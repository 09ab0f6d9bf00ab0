//! `ScheduleV2`: an EventBridge Scheduler schedule and the role with which it invokes its target.

use smol_str::format_smolstr;

use super::super::construct::{At, Generated};
use super::super::event_invoke::destination_policy;
use super::super::function::Invoked;
use super::super::role::Role;
use super::super::state_machine::Started;
use super::super::{Expansion, SamResource};
use super::Event;
use crate::source::{Entry, Node};

/// What the schedule starts.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Target<'a> {
    Function(&'a Invoked),
    StateMachine(&'a Started),
}

impl Target<'_> {
    fn prefix(&self) -> &str {
        match self {
            Target::Function(invoked) => &invoked.function,
            Target::StateMachine(started) => &started.state_machine,
        }
    }

    fn attributes(&self) -> &[Entry] {
        match self {
            Target::Function(invoked) => &invoked.attributes,
            Target::StateMachine(started) => &started.attributes,
        }
    }

    fn arn(&self, at: At) -> Node {
        match self {
            Target::Function(invoked) => invoked.arn(at),
            Target::StateMachine(started) => at.reference(&started.id),
        }
    }
}

impl Expansion<'_> {
    pub(in super::super) fn schedule(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        target: Target<'_>,
        generated: &mut Vec<Generated>,
    ) {
        let at = event.at;
        let id = event.id(target.prefix());
        let attributes = target.attributes();
        let mut schedule = Generated::new(id.clone(), "AWS::Scheduler::Schedule", at, attributes.to_vec());
        schedule.copy(
            event.properties,
            &["ScheduleExpression", "ScheduleExpressionTimezone", "State", "Description", "GroupName", "KmsKeyArn"],
        );
        let omits_name = event.get("OmitName").and_then(Node::scalar_text).is_some_and(|t| t == "true");
        if !omits_name {
            schedule.set("Name", event.get("Name").cloned().unwrap_or_else(|| at.string(&id)));
        }
        let window = event.get("FlexibleTimeWindow").cloned();
        schedule.set("FlexibleTimeWindow", window.unwrap_or_else(|| at.map([("Mode", at.string("OFF"))])));

        let queue = self.dead_letter_queue(sam, event, &id, attributes);
        let role_arn = match event.get("RoleArn") {
            Some(arn) => arn.clone(),
            None => {
                let trust = at.trust_service("scheduler.amazonaws.com");
                let role_id = format_smolstr!("{id}Role");
                let mut role = Role::new(role_id.clone(), at, attributes.to_vec(), trust);
                role.policies.extend(match target {
                    Target::Function(invoked) => destination_policy("Lambda", &invoked.arn(at), &id, at),
                    Target::StateMachine(started) => Some(started.start_policy(&id, at)),
                });
                if let Some((arn, _)) = &queue {
                    role.policies.extend(destination_policy("SQS", arn, &id, event.place("DeadLetterConfig")));
                }
                role.resource.set_some("PermissionsBoundary", event.get("PermissionsBoundary").cloned());
                generated.push(role.into_resource());
                at.get_att(&role_id, "Arn")
            }
        };
        let mut settings = vec![at.entry("Arn", target.arn(at)), at.entry("RoleArn", role_arn)];
        let copied = ["Input", "RetryPolicy"];
        settings.extend(event.properties.iter().filter(|e| copied.iter().any(|c| e.key == *c)).cloned());
        if let Some((arn, made)) = queue {
            settings.push(at.entry("DeadLetterConfig", at.map([("Arn", arn)])));
            generated.extend(made);
        }
        schedule.set("Target", at.mapping(settings));
        generated.push(schedule);
    }
}
