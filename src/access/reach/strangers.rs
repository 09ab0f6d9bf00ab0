//! Who a resource's side lets in of whom the run knows nothing: other accounts, services, identity providers, anybody. Their
//! own side is taken to allow it.
//!
//! Source: IAM User Guide, "AWS JSON policy elements: Principal" and "NotPrincipal".

use std::sync::Arc;

use smol_str::SmolStr;

use super::decide::{Allowed, Beside, Estate, joined, owned, owner_key, session_of};
use super::target::{Side, Target};
use crate::access::settled::settled;
use crate::logic::engine::{CompiledPolicy, Permissions, Ties, Wanted, concerns, permitted};
use crate::logic::evaluate::combine::{PolicySet, Ruling, decide};
use crate::logic::{Caller, Request};
use crate::policy::{Arn, PolicyDocument, PrincipalElement, PrincipalKind, Statement, glob};

impl Estate<'_> {
    /// Those whom the resource's side names and who are nobody of the run: who they are, and what shows that they get in.
    /// Their own side is taken to allow it.
    pub fn strangers(
        &self,
        action: &str,
        target: &Target,
        undecided: &mut Vec<&'static str>,
    ) -> Vec<(Stranger, Allowed)> {
        let mut found: Vec<(Stranger, Vec<Beside>)> = Vec::new();
        for (number, side) in target.sides.iter().enumerate() {
            for (index, statement) in side.document.statements.iter().enumerate() {
                if !statement.is_allow() || !concerns(statement, action) {
                    continue;
                }
                let listed = self.listed_strangers(statement).len();
                let mut anybody = false;
                for (place, (stranger, element)) in
                    self.named_strangers(statement, &side.document).into_iter().enumerate()
                {
                    // Where anybody gets in, nobody has to be told whom the document spares.
                    if anybody && place >= listed {
                        break;
                    }
                    let known = found.iter().position(|(known, _)| *known == stranger);
                    let is_known =
                        |(_, ways): &(Stranger, Vec<Beside>)| ways.iter().any(|way| way.sides.contains(&number));
                    if known.and_then(|i| found.get(i)).is_some_and(is_known) {
                        anybody |= stranger == Stranger::Anyone;
                        continue;
                    }
                    let mut document = (*side.document).clone();
                    document.statements.retain(Statement::is_deny);
                    let mut narrowed = statement.clone();
                    narrowed.principal = Some(element);
                    document.statements.push(narrowed);
                    let Ok(granting) = CompiledPolicy::new(document, side.kind, Ties::Tied) else { continue };
                    match self.gets_in(&stranger, action, target, side, index, &granting) {
                        Ok(Some(allowed)) => {
                            anybody |= stranger == Stranger::Anyone;
                            let way = Beside { allowed, sides: vec![number] };
                            match known.and_then(|i| found.get_mut(i)) {
                                Some((_, ways)) => ways.push(way),
                                None => found.push((stranger, vec![way])),
                            }
                        }
                        Ok(None) => {}
                        Err(why) => undecided.push(why),
                    }
                }
            }
        }
        let holds = |request: &Request, number: usize| {
            let side = target.sides.get(number);
            side.is_some_and(|side| decide(&self.of_stranger(side), request, self.catalog).ruling == Ruling::Allowed)
        };
        let each = |(stranger, ways): (Stranger, Vec<_>)| {
            joined(ways, &holds).into_iter().map(move |allowed| (stranger.clone(), allowed))
        };
        found.into_iter().flat_map(each).collect()
    }

    /// The policies that bear on somebody of whom nothing is known: its own are taken to allow everything.
    fn of_stranger(&self, side: &Side) -> PolicySet {
        PolicySet {
            identity: vec![Arc::new(self.policies.everything.document().clone())],
            resource: Some(Arc::clone(&side.document)),
            rcp: self.guards.rcps.clone(),
            ..PolicySet::default()
        }
    }

    fn gets_in(
        &self,
        stranger: &Stranger,
        action: &str,
        target: &Target,
        side: &Side,
        index: usize,
        granting: &CompiledPolicy,
    ) -> Result<Option<Allowed>, &'static str> {
        let set = self.of_stranger(side);
        let mut unknown = None;
        for caller in stranger.callers() {
            let wanted = Wanted {
                caller: Some(caller.clone()),
                action: action.into(),
                resources: target.arns.clone(),
                keys: owner_key(target, [granting].into_iter().chain(&self.guards.rcps_compiled)).into_iter().collect(),
            };
            let way = Permissions {
                policies: vec![granting],
                denying: self.rcps(&wanted, &caller),
                ..Permissions::default()
            };
            // The engine takes any session of a role; who is named by a session is that one.
            let in_session =
                |request: &Request| Request { caller: stranger.session(&request.caller), ..owned(request, target) };
            let judge = |request: &Request| decide(&set, &in_session(request), self.catalog);
            match permitted(&way, &wanted, Ties::Tied, &|r| judge(r).ruling == Ruling::Allowed) {
                Ok(Some(found)) => {
                    let request = in_session(&found.request);
                    let explanation = judge(&request).explanation;
                    let grounds = self.of_side(side.kind, side, index).into_iter().collect();
                    return Ok(Some(Allowed { request, grounds, explanation, when: side.when.clone() }));
                }
                Ok(None) => {}
                Err(why) => unknown = Some(why),
            }
        }
        unknown.map_or(Ok(None), Err)
    }

    /// The users and roles of the run that an entry of a `Principal` element names, by themselves or by a session.
    pub fn named(&self, text: &str) -> Vec<usize> {
        let Some((account, role, _)) = session_of(text) else { return self.holders.named(text).to_vec() };
        let of_account = |i: &usize| {
            let arn = self.holders.all.get(*i).map(|h| h.arn.as_str());
            arn.and_then(Arn::split).is_some_and(|a| a.account == settled(account))
        };
        self.holders.roles(role).into_iter().filter(of_account).collect()
    }

    /// Those whom a statement of a document names and who are nobody of the run, each with an element that names nobody else.
    /// After [`Stranger::Anyone`] come those whom the document spares by name: they may get in where not anybody does.
    pub fn named_strangers(
        &self,
        statement: &Statement,
        document: &PolicyDocument,
    ) -> Vec<(Stranger, PrincipalElement)> {
        let mut found = self.listed_strangers(statement);
        if let Some((_, element)) = found.iter().find(|(stranger, _)| *stranger == Stranger::Anyone).cloned() {
            for stranger in self.spared(document) {
                if !found.iter().any(|(known, _)| *known == stranger) {
                    found.push((stranger, element.clone()));
                }
            }
        }
        found
    }

    /// Those whom a document tells apart from anybody: by conditions on who asks, and by the `NotPrincipal` of a Deny.
    fn spared(&self, document: &PolicyDocument) -> Vec<Stranger> {
        let mut found = Vec::new();
        for statement in &document.statements {
            let keys = statement.conditions.iter().flat_map(|b| &b.keys);
            let keys = keys.filter(|k| OF_CALLER.iter().any(|name| name.eq_ignore_ascii_case(k.name.as_str())));
            for value in keys.flat_map(|k| &k.values) {
                let text = SmolStr::from(settled(value.text.as_str()));
                let account = Arn::split(&text).map_or(text.as_str(), |a| a.account);
                found.extend(match Arn::split(&text) {
                    Some(arn) if arn.resource != "root" && !glob::has_wildcard(&text) => self.stranger("AWS", &text),
                    _ if glob::has_wildcard(account) => None,
                    _ => (!self.holders.is_own_account(account)).then(|| Stranger::Account(account.into())),
                });
            }
            if let Some(PrincipalElement { kind: PrincipalKind::Map(lists), .. }) = &statement.not_principal {
                for (element, item) in lists.iter().flat_map(|l| l.items.iter().map(move |i| (&l.element, i))) {
                    found.extend(self.stranger(element, &settled(item.text.as_str()).into()));
                }
            }
        }
        found
    }

    /// Those whom its `Principal` element names.
    pub fn listed_strangers(&self, statement: &Statement) -> Vec<(Stranger, PrincipalElement)> {
        let Some(element) = &statement.principal else {
            // `NotPrincipal` lets everybody else in.
            let everybody = statement.not_principal.clone().map(|e| PrincipalElement { kind: star(), ..e });
            return everybody.map(|e| (Stranger::Anyone, e)).into_iter().collect();
        };
        let mut found = Vec::new();
        match &element.kind {
            PrincipalKind::Text(text) if text.as_str() == "*" => found.push((Stranger::Anyone, element.clone())),
            PrincipalKind::Text(_) | PrincipalKind::Other => {}
            PrincipalKind::Map(lists) => {
                for list in lists {
                    for item in &list.items {
                        let text = SmolStr::from(settled(item.text.as_str()));
                        let mut one = list.clone();
                        one.items = vec![item.clone()];
                        let one = PrincipalElement { kind: PrincipalKind::Map(vec![one]), ..element.clone() };
                        found.extend(self.stranger(&list.element, &text).map(|stranger| (stranger, one)));
                    }
                }
            }
        }
        found
    }

    fn stranger(&self, principal_type: &str, text: &SmolStr) -> Option<Stranger> {
        match principal_type {
            "AWS" if text == "*" => Some(Stranger::Anyone),
            "AWS" => {
                let account = Arn::split(text).map_or(text.as_str(), |a| a.account);
                let is_root = Arn::split(text).is_none_or(|a| a.resource == "root");
                if is_root {
                    return (!self.holders.is_own_account(account)).then(|| Stranger::Account(account.into()));
                }
                self.named(text).is_empty().then(|| Stranger::Principal(text.clone()))
            }
            "Service" => Some(Stranger::Service(text.clone())),
            "Federated" => Some(Stranger::IdentityProvider(text.clone())),
            "CanonicalUser" => Some(Stranger::Canonical(text.clone())),
            _ => None,
        }
    }
}

/// An account that is surely none that a policy names.
const SURELY_NO_OTHER: &str = "999988887777";

/// Keys by which conditions name those whom `*` stands for.
const OF_CALLER: [&str; 3] = ["aws:PrincipalArn", "aws:PrincipalAccount", "kms:CallerAccount"];

fn star() -> PrincipalKind {
    PrincipalKind::Text(crate::source::Text::literal("*"))
}

/// Somebody who is no principal of the run.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stranger {
    /// Anybody at all.
    Anyone,
    /// Another account.
    Account(SmolStr),
    /// A principal that the run does not define, by its ARN or unique id.
    Principal(SmolStr),
    /// An AWS service.
    Service(SmolStr),
    /// An identity provider: its ARN, or its host.
    IdentityProvider(SmolStr),
    /// A canonical user id.
    Canonical(SmolStr),
}

impl Stranger {
    /// What it is, in a word of reports.
    pub fn kind(&self) -> &'static str {
        match self {
            Stranger::Anyone => "anyone",
            Stranger::Account(_) => "external-account",
            Stranger::Principal(_) => "external-principal",
            Stranger::Service(_) => "service",
            Stranger::IdentityProvider(_) => "identity-provider",
            Stranger::Canonical(_) => "canonical-user",
        }
    }

    /// Who it is, with symbols for what is not known.
    pub fn name(&self) -> &str {
        match self {
            Stranger::Anyone => "*",
            Stranger::Account(name)
            | Stranger::Principal(name)
            | Stranger::Service(name)
            | Stranger::IdentityProvider(name)
            | Stranger::Canonical(name) => name,
        }
    }

    /// The caller in the session that names it, if one does.
    fn session(&self, caller: &Caller) -> Caller {
        match (self, caller) {
            (Stranger::Principal(own), Caller::Role { arn, session }) => {
                let session = session_of(own).map_or(session.clone(), |(_, _, named)| named.into());
                Caller::Role { arn: arn.clone(), session }
            }
            _ => caller.clone(),
        }
    }

    /// Those who may ask in its name: one of them getting in is enough.
    fn callers(&self) -> Vec<Caller> {
        let role = |arn: String| Caller::Role { arn: arn.into(), session: SmolStr::new_static("example") };
        let of_account = |id: &str| {
            let part = |what: &str| format!("arn:aws:iam::{id}:{what}");
            let (user, root) = (part("user/*").into(), part("root").into());
            [role(part("role/*")), Caller::User { arn: user }, Caller::Root { arn: root }]
        };
        match self {
            Stranger::Anyone => [Caller::Anonymous].into_iter().chain(of_account(SURELY_NO_OTHER)).collect(),
            Stranger::Account(id) => of_account(id).into(),
            Stranger::Principal(arn) => match Arn::split(arn) {
                Some(parts) if parts.resource.starts_with("assumed-role/") => {
                    let name = parts.resource.split('/').nth(1).unwrap_or_default();
                    vec![role(format!("arn:{}:iam::{}:role/{name}", parts.partition, parts.account))]
                }
                Some(parts) if parts.resource.starts_with("user/") => vec![Caller::User { arn: arn.clone() }],
                Some(parts) if parts.resource.starts_with("federated-user/") => {
                    vec![Caller::FederatedUser { arn: arn.clone() }]
                }
                _ => vec![role(arn.to_string())],
            },
            Stranger::Service(name) => vec![Caller::Service { name: name.clone() }],
            Stranger::IdentityProvider(provider) => vec![Caller::Federated { provider: provider.clone() }],
            Stranger::Canonical(id) => vec![Caller::Canonical { id: id.clone() }],
        }
    }
}
