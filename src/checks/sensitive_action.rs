//! Statements that allow a sensitive action on more than it should reach: the ground of the six checks each on
//! `iam:PassRole` and `iam:CreateServiceLinkedRole`.

use crate::checks::{CheckContext, Findings};
use crate::finding::Location;
use crate::policy::{ConditionKey, Statement, StringItem, StringList, glob};
use crate::source::{Piece, Shape, Text};

/// How a statement allows the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ActionForm {
    /// By its name.
    Exact,
    /// By a pattern.
    Wildcard,
    /// By not being in `NotAction`.
    NotAction,
}

/// What the statement allows it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResourceForm {
    /// All but what `NotResource` names.
    NotResource,
    /// A `Resource` pattern that leaves open what matters.
    Open,
}

/// An action of IAM that should be allowed on few resources.
pub(super) struct SensitiveAction {
    pub action: &'static str,
    /// A condition on this key limits the statement instead of the resource.
    pub limiting_key: &'static str,
    /// Whether a value of that key leaves open what should be fixed.
    pub is_open_value: fn(&str) -> bool,
    /// Whether the resource part of an ARN pattern leaves open what should be fixed.
    pub is_open: fn(&str) -> bool,
}

impl SensitiveAction {
    /// Reports the `Allow` statements of this form.
    pub fn report(
        &self,
        context: &CheckContext<'_>,
        actions: ActionForm,
        resources: ResourceForm,
        findings: &mut Findings<'_>,
    ) {
        for statement in context.document.statements.iter().filter(|s| s.is_allow()) {
            let Some((second, reach)) = self.resource(statement, resources) else { continue };
            let message = |by: &str| format!("{by} allows `{}` on {reach}.", self.action);
            match actions {
                ActionForm::NotAction => {
                    let Some(list) = statement.not_action.as_ref().filter(|l| !self.may_cover(l)) else { continue };
                    let at = Location::new(statement.path().key("NotAction"), list.span);
                    findings.add(at, message("`NotAction`")).and(second.clone());
                }
                ActionForm::Exact | ActionForm::Wildcard => {
                    let Some(list) = &statement.action else { continue };
                    for item in list.items.iter().filter(|i| self.covered_by(i) == Some(actions)) {
                        let at = Location::new(statement.item_path(list, item), item.span);
                        let by = if actions == ActionForm::Exact {
                            "The statement".to_owned()
                        } else {
                            format!("`{}`", item.text)
                        };
                        findings.add(at, message(&by)).and(second.clone());
                    }
                }
            }
        }
    }

    /// The form in which an entry of `Action` certainly names the action.
    fn covered_by(&self, item: &StringItem) -> Option<ActionForm> {
        let text = item.text.as_str();
        if text.eq_ignore_ascii_case(self.action) {
            Some(ActionForm::Exact)
        } else {
            (glob::has_wildcard(text) && glob::matches_ignore_case(text, self.action)).then_some(ActionForm::Wildcard)
        }
    }

    /// True unless the entries certainly do not name the action, whatever the unknown values in them are.
    fn may_cover(&self, list: &StringList) -> bool {
        let action = self.action.to_ascii_lowercase();
        list.items.iter().any(|i| glob::may_meet(&i.text.as_str().to_ascii_lowercase(), &action))
    }

    /// The place of the resource element, and its reach in words, if the statement is of the form.
    fn resource(&self, statement: &Statement, form: ResourceForm) -> Option<(Location, String)> {
        match form {
            ResourceForm::NotResource => {
                let list = statement.not_resource.as_ref()?;
                let at = Location::new(statement.path().key("NotResource"), list.span).labelled("the resources");
                Some((at, "everything but the resources of `NotResource`".into()))
            }
            ResourceForm::Open => {
                let list = statement.resource.as_ref()?;
                let item = list.items.iter().find(|i| self.leaves_open(&i.text))?;
                let mut keys = statement.conditions.iter().flat_map(|b| &b.keys);
                let is_open = |k: &ConditionKey| k.values.iter().any(|v| (self.is_open_value)(v.text.as_str()));
                if keys.any(|k| k.name.as_str().eq_ignore_ascii_case(self.limiting_key) && !is_open(k)) {
                    return None;
                }
                let at = Location::new(statement.item_path(list, item), item.span).labelled("the resource");
                Some((at, format!("`{}`; name the resource or add a condition on `{}`", item.text, self.limiting_key)))
            }
        }
    }

    fn leaves_open(&self, resource: &Text) -> bool {
        let unclear = |p: Piece<'_>| match p {
            Piece::Symbol(s) => matches!(s.info().shape, Shape::Any | Shape::Literal | Shape::Arn),
            Piece::Literal(_) => false,
        };
        if resource.pieces().any(unclear) {
            return false;
        }
        match crate::policy::Arn::split(resource.as_str()) {
            Some(arn) => {
                glob::matches(arn.service, "iam")
                    && arn.region.trim_matches('*').is_empty()
                    && (self.is_open)(arn.resource)
            }
            None => {
                glob::has_wildcard(resource.as_str())
                    && glob::matches(resource.as_str(), "arn:aws:iam::111122223333:role/")
            }
        }
    }
}
