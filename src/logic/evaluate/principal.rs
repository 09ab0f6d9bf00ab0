//! `Principal` and `NotPrincipal`.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal". Wildcards within an ARN, which AWS
//! accepts in the reference policies of its custom checks, are compared with the caller's ARN.

use super::super::request::Caller;
use crate::policy::{PrincipalElement, PrincipalKind, Statement, glob};
use crate::source::{Shape, Symbol};

/// True if the statement names the caller. Without the element it names everyone.
pub(super) fn matches(statement: &Statement, caller: &Caller) -> bool {
    match (&statement.principal, &statement.not_principal) {
        (Some(element), _) => names(element, caller),
        (None, Some(element)) => !names(element, caller),
        (None, None) => true,
    }
}

fn names(element: &PrincipalElement, caller: &Caller) -> bool {
    match &element.kind {
        PrincipalKind::Text(text) => text.as_str() == "*",
        PrincipalKind::Other => false,
        PrincipalKind::Map(lists) => lists
            .iter()
            .any(|list| list.items.iter().any(|item| entry_names(list.element.as_str(), item.text.as_str(), caller))),
    }
}

/// True if one entry of a principal type names the caller.
pub(super) fn entry_names(principal_type: &str, text: &str, caller: &Caller) -> bool {
    match (principal_type, caller) {
        ("AWS", _) => text == "*" || aws_names(text, caller),
        ("Service", Caller::Service { name }) => text == "*" || text == name,
        ("Federated", Caller::Federated { provider }) => text == "*" || text == provider,
        ("CanonicalUser", Caller::Canonical { id }) => text == id,
        _ => false,
    }
}

/// An account, by number or root ARN, names all its callers; any other ARN one user, role or session.
fn aws_names(text: &str, caller: &Caller) -> bool {
    let Some(own) = caller.arn() else { return false };
    let own_fields: Vec<&str> = own.splitn(6, ':').collect();
    let whole_symbol = {
        let mut chars = text.chars();
        chars.next().and_then(Symbol::of).filter(|_| chars.next().is_none())
    };
    if is_account_id(text) {
        return caller.account() == Some(text);
    }
    if let Some(symbol) = whole_symbol {
        // A principal that is not known is an account or a role.
        return caller.account() == Some(text) || (symbol.info().shape != Shape::AccountId && own == text);
    }
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let ([_, partition, service, _, account, resource], [_, own_partition, _, _, own_account, _]) =
        (&*fields, &*own_fields)
    else {
        return false;
    };
    if *service == "iam" && *resource == "root" {
        return glob::matches(partition, own_partition) && glob::matches(account, own_account);
    }
    match caller {
        Caller::Role { arn, session } if *service == "sts" => {
            // Session ARNs leave out the role's path.
            let name = arn.rsplit('/').next().unwrap_or_default();
            resource.strip_prefix("assumed-role/").and_then(|r| r.split_once('/')).is_some_and(
                |(role, named_session)| {
                    glob::matches(partition, own_partition)
                        && glob::matches(account, own_account)
                        && glob::matches(role, name)
                        && glob::matches(named_session, session)
                },
            )
        }
        _ => glob::matches(text, own),
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
