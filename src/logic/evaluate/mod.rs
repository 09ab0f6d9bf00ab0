//! The plain evaluator (provisional).
#![allow(missing_docs)]
use super::request::Request;
use super::scalar::*;
use crate::catalog::Catalog;
use crate::policy::*;
use smol_str::SmolStr;
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    Identity,
    Resource,
    Trust,
    ServiceControl,
    ResourceControl,
    Boundary,
    Session,
    Endpoint,
}
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow { statements: Vec<usize> },
    ExplicitDeny { statements: Vec<usize> },
    NoMatch,
}
pub fn verdict(d: &PolicyDocument, k: PolicyKind, r: &Request) -> Verdict {
    let hit = |allow: bool| -> Vec<usize> {
        d.statements
            .iter()
            .enumerate()
            .filter(|(_, s)| s.is_allow() == allow && applies(s, d.version, k, r))
            .map(|(i, _)| i)
            .collect()
    };
    let deny = hit(false);
    if !deny.is_empty() {
        return Verdict::ExplicitDeny { statements: deny };
    }
    let allow = hit(true);
    if allow.is_empty() { Verdict::NoMatch } else { Verdict::Allow { statements: allow } }
}
// text with escaped wildcard: we turn literal */? into private chars by elements
#[derive(Clone, Copy, PartialEq)]
enum E {
    C(char),
    Q,
    S,
}
fn m(p: &[E], t: &[char], fold: bool) -> bool {
    match p.first() {
        None => t.is_empty(),
        Some(E::S) => (0..=t.len()).any(|i| m(&p[1..], &t[i..], fold)),
        Some(E::Q) => !t.is_empty() && crate::source::Symbol::of(t[0]).is_none() && m(&p[1..], &t[1..], fold),
        Some(E::C(c)) => {
            !t.is_empty() && (t[0] == *c || (fold && t[0].eq_ignore_ascii_case(c))) && m(&p[1..], &t[1..], fold)
        }
    }
}
fn lit(s: &str) -> Vec<E> {
    s.chars().map(E::C).collect()
}
fn gl(s: &str) -> Vec<E> {
    s.chars()
        .map(|c| match c {
            '*' => E::S,
            '?' => E::Q,
            c => E::C(c),
        })
        .collect()
}
fn ch(s: &str) -> Vec<char> {
    s.chars().collect()
}
fn glob(p: &str, t: &str) -> bool {
    m(&gl(p), &ch(t), false)
}
fn multi(key: &str, r: &Request) -> bool {
    match Catalog::embedded().key_type(key) {
        Some(t) => t.multivalued,
        None => r.values(key).len() > 1,
    }
}
fn expand(s: &str, v: Version, r: &Request, wild: bool) -> Option<Vec<E>> {
    let plain = |s: &str| if wild { gl(s) } else { lit(s) };
    if v == Version::V2008 {
        return Some(plain(s));
    }
    let mut out = vec![];
    let mut rest = s;
    while let Some(i) = rest.find("${") {
        let Some(n) = rest[i + 2..].find('}') else { break };
        let inner = &rest[i + 2..i + 2 + n];
        out.extend(plain(&rest[..i]));
        match inner {
            "*" | "?" | "$" => out.extend(lit(inner)),
            _ => {
                let (k, d) = match inner.split_once(',') {
                    Some((k, d)) => (k.trim(), Some(d.trim().trim_matches('\''))),
                    None => (inner.trim(), None),
                };
                let vals = r.values(k);
                if vals.len() == 1 && Catalog::embedded().key_type(k).is_none_or(|t| !t.multivalued) {
                    out.extend(lit(&vals[0]));
                } else if let Some(d) = d {
                    out.extend(lit(d));
                } else {
                    return None;
                }
            }
        }
        rest = &rest[i + 3 + n..];
    }
    out.extend(plain(rest));
    Some(out)
}
fn res(p: &str, v: Version, k: PolicyKind, r: &Request) -> bool {
    if p == "*" {
        return true;
    }
    let t = &r.resource;
    let mut f: Vec<&str> = p.splitn(6, ':').collect();
    if f.len() < 6 {
        let ok = match k {
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => true,
            PolicyKind::ServiceControl => p.ends_with('*'),
            PolicyKind::ResourceControl => false,
            _ => p.contains(['*', '?']),
        };
        if !ok {
            return false;
        }
        f.resize(6, "*");
    }
    let tf: Vec<&str> = t.splitn(6, ':').collect();
    if tf.len() < 6 {
        return false;
    }
    (0..5).all(|i| glob(f[i], tf[i])) && expand(f[5], v, r, true).is_some_and(|e| m(&e, &ch(tf[5]), false))
}
fn principal(e: &PrincipalElement, r: &Request) -> bool {
    use super::request::Caller as C;
    match &e.kind {
        PrincipalKind::Text(t) => t.as_str() == "*",
        PrincipalKind::Other => false,
        PrincipalKind::Map(ls) => ls.iter().any(|l| l.items.iter().any(|i| {
            let t = i.text.as_str();
            match l.element.as_str() {
                "AWS" => t == "*" || r.caller.account().is_some_and(|a| a == t) || {
                    let f: Vec<&str> = t.splitn(6, ':').collect();
                    f.len() == 6 && (
                        (f[2] == "iam" && f[5] == "root" && r.caller.arn().is_some_and(|a| { let g: Vec<&str> = a.splitn(6, ':').collect(); glob(f[1], g[1]) && glob(f[4], g[4]) }))
                        || r.caller.arn().is_some_and(|a| glob(t, a))
                        || matches!(&r.caller, C::Role { arn, session } if { let g: Vec<&str> = arn.splitn(6, ':').collect(); let name = arn.rsplit('/').next().unwrap_or(""); f[2] == "sts" && f[4] == g[4] && glob(f[5], &format!("assumed-role/{name}/{session}")) }))
                },
                "Service" => matches!(&r.caller, C::Service { name } if t == "*" || name == t),
                "Federated" => matches!(&r.caller, C::Federated { provider } if t == "*" || provider == t),
                "CanonicalUser" => matches!(&r.caller, C::Canonical { id } if id == t),
                _ => false,
            }
        })),
    }
}
pub fn applies(s: &Statement, v: Version, k: PolicyKind, r: &Request) -> bool {
    let has =
        matches!(k, PolicyKind::Resource | PolicyKind::Trust | PolicyKind::ResourceControl | PolicyKind::Endpoint);
    let p = !has
        || match (&s.principal, &s.not_principal) {
            (Some(e), _) => principal(e, r),
            (None, Some(e)) => !principal(e, r),
            _ => true,
        };
    let al = r.action.to_ascii_lowercase();
    let act = |l: &StringList| l.items.iter().any(|i| glob(&i.text.as_str().to_ascii_lowercase(), &al));
    let a = match (&s.action, &s.not_action) {
        (Some(l), _) => act(l),
        (None, Some(l)) => !act(l),
        _ => false,
    };
    let re = |l: &StringList| l.items.iter().any(|i| res(i.text.as_str(), v, k, r));
    let rr = match (&s.resource, &s.not_resource) {
        (Some(l), _) => re(l),
        (None, Some(l)) => !re(l),
        _ => true,
    };
    p && a && rr && s.conditions.iter().all(|b| b.operator.is_some_and(|o| b.keys.iter().all(|key| cond(o, key, v, r))))
}
fn cond(o: ConditionOperator, key: &ConditionKey, v: Version, r: &Request) -> bool {
    let vals = r.values(key.name.as_str());
    if o.base == BaseOperator::Null {
        return key
            .values
            .iter()
            .any(|x| x.text.as_str().eq_ignore_ascii_case(if vals.is_empty() { "true" } else { "false" }));
    }
    let neg = o.base.is_negated();
    let one = |x: &SmolStr| key.values.iter().any(|p| positive(o.base, p.text.as_str(), x, v, r)) != neg;
    match o.set {
        None => match &vals[..] {
            [] => o.if_exists || neg,
            [x] => one(x),
            _ => false,
        },
        Some(SetOperator::ForAllValues) => vals.iter().all(|x| x.is_empty() || one(x)),
        Some(SetOperator::ForAnyValue) => (vals.is_empty() && o.if_exists) || vals.iter().any(one),
    }
}
fn positive(b: BaseOperator, p: &str, x: &str, v: Version, r: &Request) -> bool {
    use BaseOperator as B;
    let cmp = |f: fn(&bigdecimal::BigDecimal, &bigdecimal::BigDecimal) -> bool, date: bool| {
        let parse = if date { parse_instant } else { parse_number };
        match (parse(x), parse(p)) {
            (Some(a), Some(c)) => f(&a, &c),
            _ => false,
        }
    };
    match b {
        B::StringEquals | B::StringNotEquals => expand(p, v, r, false).is_some_and(|e| m(&e, &ch(x), false)),
        B::StringEqualsIgnoreCase | B::StringNotEqualsIgnoreCase | B::Bool => {
            expand(p, v, r, false).is_some_and(|e| m(&e, &ch(x), true))
        }
        B::StringLike | B::StringNotLike => expand(p, v, r, true).is_some_and(|e| m(&e, &ch(x), false)),
        B::ArnEquals | B::ArnLike | B::ArnNotEquals | B::ArnNotLike => {
            let xf: Vec<&str> = x.splitn(6, ':').collect();
            let Some(e) = expand(p, v, r, true) else { return false };
            let parts: Vec<&[E]> = e.splitn(6, |c| *c == E::C(':')).collect();
            xf.len() == 6 && parts.len() == 6 && (0..6).all(|i| m(parts[i], &ch(xf[i]), false))
        }
        B::NumericEquals | B::NumericNotEquals => cmp(|a, c| a == c, false),
        B::NumericLessThan => cmp(|a, c| a < c, false),
        B::NumericLessThanEquals => cmp(|a, c| a <= c, false),
        B::NumericGreaterThan => cmp(|a, c| a > c, false),
        B::NumericGreaterThanEquals => cmp(|a, c| a >= c, false),
        B::DateEquals | B::DateNotEquals => cmp(|a, c| a == c, true),
        B::DateLessThan => cmp(|a, c| a < c, true),
        B::DateLessThanEquals => cmp(|a, c| a <= c, true),
        B::DateGreaterThan => cmp(|a, c| a > c, true),
        B::DateGreaterThanEquals => cmp(|a, c| a >= c, true),
        B::IpAddress | B::NotIpAddress => parse_address(x).zip(parse_network(p)).is_some_and(|(a, n)| n.contains(&a)),
        B::BinaryEquals => p == x,
        B::Null => false,
    }
}
