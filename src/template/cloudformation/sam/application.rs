//! `AWS::Serverless::Application`: a nested stack, of a template at hand or of one in the AWS Serverless Application
//! Repository, which is not read.

use super::construct::Generated;
use super::{Expansion, SamResource};
use crate::model::Problem;

impl Expansion<'_> {
    pub fn application(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let at = sam.place("Location");
        let mut attributes = sam.passed_on();
        attributes.extend(sam.attributes_among(&["DependsOn", "Metadata"]));
        let mut stack = Generated::new(sam.id.clone(), "AWS::CloudFormation::Stack", sam.at, attributes);
        stack.copy(&sam.properties, &["Parameters", "NotificationARNs", "TimeoutInMinutes"]);
        match sam.get("Location") {
            Some(location) if location.as_text().is_some() => stack.set("TemplateURL", location.clone()),
            Some(_) => self.notices.push(Problem {
                message: format!(
                    "application `{}` is in the AWS Serverless Application Repository, so its policies are not analysed",
                    sam.id
                ),
                span: Some(at.0),
                help: None,
            }),
            None => self.notice(sam, "`Location` is missing", sam.at),
        }
        vec![stack]
    }
}
