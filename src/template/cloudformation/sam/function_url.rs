//! `FunctionUrlConfig`: the function's URL, and for `AuthType: NONE` the permissions that let everyone call it.

use smol_str::format_smolstr;

use super::construct::Generated;
use super::function::Invoked;
use super::intrinsic::is_function;
use super::{Expansion, SamResource};
use crate::source::Node;

impl Expansion<'_> {
    pub fn function_url(
        &mut self,
        sam: &SamResource<'_>,
        config: &Node,
        invoked: &Invoked,
        generated: &mut Vec<Generated>,
    ) {
        let at = sam.place("FunctionUrlConfig");
        let mut url = Generated::new(format_smolstr!("{}Url", sam.id), "AWS::Lambda::Url", at, sam.passed_on());
        if is_function(config) {
            self.notice(sam, "`FunctionUrlConfig` must be a map for its permissions to be known", at);
        } else if let Some(map) = config.as_mapping() {
            url.copy(map, &["AuthType", "Cors", "InvokeMode"]);
        }
        url.set("TargetFunctionArn", invoked.name_or_arn(at));
        generated.push(url);

        let auth_type = config.get("AuthType");
        match auth_type.and_then(Node::as_str) {
            Some("NONE") => {}
            Some("AWS_IAM") => return,
            _ if auth_type.is_some_and(is_function) => {
                return self.notice(sam, "`AuthType` must be `NONE` or `AWS_IAM` for its permissions to be known", at);
            }
            _ if is_function(config) => return,
            _ => return self.notice(sam, "`FunctionUrlConfig` needs `AuthType` (`NONE` or `AWS_IAM`)", at),
        }
        let permission = |suffix: &str, action: &str| {
            let id = format_smolstr!("{}{suffix}", sam.id);
            let mut permission = Generated::new(id, "AWS::Lambda::Permission", at, sam.passed_on());
            permission.set("Action", at.string(action));
            permission.set("FunctionName", invoked.name_or_arn(at));
            permission.set("Principal", at.string("*"));
            permission
        };
        let mut url = permission("UrlPublicPermissions", "lambda:InvokeFunctionUrl");
        url.set("FunctionUrlAuthType", at.string("NONE"));
        let mut invoke = permission("URLInvokeAllowPublicAccess", "lambda:InvokeFunction");
        invoke.set("InvokedViaFunctionUrl", at.bool(true));
        generated.extend([url, invoke]);
    }
}
