//! `SNS`: a subscription, of the function itself or, with `SqsSubscription`, of a queue that the function reads.

use smol_str::format_smolstr;

use super::super::construct::Generated;
use super::super::function::Invoked;
use super::super::intrinsic::{referenced_id, resolved_bool};
use super::super::role::Role;
use super::super::{Expansion, SamResource};
use super::{Event, Grantee, permission};
use crate::source::{Node, NodeKind};

impl Expansion<'_> {
    pub(super) fn sns(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        invoked: &Invoked,
        role: &mut Role,
        generated: &mut Vec<Generated>,
    ) {
        let at = event.at;
        let id = event.id(&invoked.function);
        let Some(topic) = event.get("Topic") else {
            return self.notice(sam, format_args!("SNS event `{}` needs `Topic`", event.name), at);
        };
        let mut subscription = Generated::new(id.clone(), "AWS::SNS::Subscription", at, invoked.attributes.clone());
        subscription.copy(event.properties, &["Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy"]);
        subscription.set("TopicArn", topic.clone());
        let queue = event.get("SqsSubscription").filter(|s| !matches!(s.kind, NodeKind::Bool(false)));
        let Some(queue) = queue else {
            subscription.set("Protocol", at.string("lambda"));
            subscription.set("Endpoint", invoked.arn(at));
            let grantee =
                Grantee { principal: "sns.amazonaws.com", source_arn: Some(topic.clone()), ..Grantee::default() };
            generated.extend([permission(&id, "", invoked, grantee, at), subscription]);
            return;
        };
        let at = event.place("SqsSubscription");
        let (arn, url, policy_id) = if queue.as_mapping().is_some() {
            let (Some(arn), Some(url)) = (queue.get("QueueArn"), queue.get("QueueUrl")) else {
                return self.notice(sam, "`SqsSubscription` needs `QueueArn` and `QueueUrl`", at);
            };
            (arn.clone(), url.clone(), queue.get("QueuePolicyLogicalId").and_then(Node::as_str).map(Into::into))
        } else {
            let queue_id = format_smolstr!("{id}Queue");
            let mut resource = Generated::new(queue_id.clone(), "AWS::SQS::Queue", at, invoked.attributes.clone());
            let topic = referenced_id(topic).and_then(|t| self.input.get(t));
            let fifo = topic.and_then(|t| t.at(&["Properties", "FifoTopic"]));
            if fifo.and_then(|f| resolved_bool(f, self.parameters)) == Some(true) {
                resource.set("FifoQueue", at.bool(true));
            }
            generated.push(resource);
            (at.get_att(&queue_id, "Arn"), at.reference(&queue_id), None)
        };
        let policy_id = policy_id.unwrap_or_else(|| format_smolstr!("{id}QueuePolicy"));
        let mut policy = Generated::new(policy_id, "AWS::SQS::QueuePolicy", at, invoked.attributes.clone());
        let statement = at.map([
            ("Effect", at.string("Allow")),
            ("Action", at.string("sqs:SendMessage")),
            ("Resource", arn.clone()),
            ("Principal", at.string("*")),
            ("Condition", at.map([("ArnEquals", at.map([("aws:SourceArn", topic.clone())]))])),
        ]);
        policy.set("PolicyDocument", at.document([statement]));
        policy.set("Queues", at.list([url]));
        subscription.set("Protocol", at.string("sqs"));
        subscription.set("Endpoint", arn.clone());
        let mapping_id = format_smolstr!("{id}EventSourceMapping");
        let mut mapping = Generated::new(mapping_id, "AWS::Lambda::EventSourceMapping", at, invoked.attributes.clone());
        mapping.set("FunctionName", invoked.name_or_arn(at));
        mapping.set("EventSourceArn", arn);
        mapping.set("BatchSize", queue.get("BatchSize").cloned().unwrap_or_else(|| at.string("10")));
        role.attach(at.managed_policy_arn("service-role/AWSLambdaSQSQueueExecutionRole"));
        generated.extend([mapping, policy, subscription]);
    }
}
