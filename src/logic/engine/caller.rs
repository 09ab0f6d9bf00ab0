//! Callers as strings, so that the `Principal` element and the condition keys that follow from the caller
//! (`aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:username`, …) are patterns over one and the same value and can never
//! contradict each other.
//!
//! A caller is written as a letter for its kind, a mark, and its ARN, name or id; a role's session follows after another
//! mark. Which keys a caller has is told by its kind alone.

use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

use super::language::Language;
use super::pattern::{Class, Element, MARK, Pattern, Unit, glob, literal};
use crate::logic::request::Caller;
use crate::policy::{PrincipalElement, PrincipalKind, arn::Arn};
use crate::source::Symbol;

/// Kinds of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Anonymous,
    Root,
    User,
    Role,
    FederatedUser,
    Service,
    Federated,
    Canonical,
}

const KINDS: [Kind; 8] = [
    Kind::Role,
    Kind::User,
    Kind::Root,
    Kind::FederatedUser,
    Kind::Service,
    Kind::Anonymous,
    Kind::Federated,
    Kind::Canonical,
];

/// Kinds that have an ARN of their own, and so an account.
const WITH_ARN: [Kind; 4] = [Kind::Role, Kind::User, Kind::Root, Kind::FederatedUser];

impl Kind {
    fn letter(self) -> char {
        match self {
            Kind::Anonymous => 'A',
            Kind::Root => 'T',
            Kind::User => 'U',
            Kind::Role => 'R',
            Kind::FederatedUser => 'F',
            Kind::Service => 'S',
            Kind::Federated => 'W',
            Kind::Canonical => 'C',
        }
    }

    /// `aws:PrincipalType` of a caller of this kind.
    fn principal_type(self) -> Option<&'static str> {
        match self {
            Kind::Anonymous => Some("Anonymous"),
            Kind::Root => Some("Account"),
            Kind::User => Some("User"),
            Kind::Role => Some("AssumedRole"),
            Kind::FederatedUser => Some("FederatedUser"),
            Kind::Service | Kind::Federated | Kind::Canonical => None,
        }
    }

    /// The pattern of callers of this kind whose ARN, name or id the elements describe.
    fn pattern(self, main: impl IntoIterator<Item = Element>) -> Pattern {
        let session = (self == Kind::Role).then_some([one(MARK), Element::Star(Class::Name)]);
        Pattern::new([one(self.letter()), one(MARK)].into_iter().chain(main).chain(session.into_iter().flatten()))
    }
}

fn one(c: char) -> Element {
    Element::One(Unit::Char(c))
}

/// The caller as a string.
pub(super) fn encode(caller: &Caller) -> String {
    let (kind, main) = match caller {
        Caller::Anonymous => (Kind::Anonymous, ""),
        Caller::Root { arn } => (Kind::Root, arn.as_str()),
        Caller::User { arn } => (Kind::User, arn.as_str()),
        Caller::Role { arn, .. } => (Kind::Role, arn.as_str()),
        Caller::FederatedUser { arn } => (Kind::FederatedUser, arn.as_str()),
        Caller::Service { name } => (Kind::Service, name.as_str()),
        Caller::Federated { provider } => (Kind::Federated, provider.as_str()),
        Caller::Canonical { id } => (Kind::Canonical, id.as_str()),
    };
    let mut text = format!("{}{MARK}{main}", kind.letter());
    if let Caller::Role { session, .. } = caller {
        text.push(MARK);
        text.push_str(session);
    }
    text
}

/// The caller that a string stands for.
pub(super) fn decode(text: &str) -> Option<Caller> {
    let (kind, main) = text.split_once(MARK)?;
    let arn = SmolStr::new(main);
    Some(match kind {
        "A" => Caller::Anonymous,
        "T" => Caller::Root { arn },
        "U" => Caller::User { arn },
        "R" => {
            let (arn, session) = main.rsplit_once(MARK)?;
            Caller::Role { arn: arn.into(), session: session.into() }
        }
        "F" => Caller::FederatedUser { arn },
        "S" => Caller::Service { name: arn },
        "W" => Caller::Federated { provider: arn },
        "C" => Caller::Canonical { id: arn },
        _ => return None,
    })
}

/// All callers that there can be.
pub(super) fn everyone() -> &'static Language {
    static EVERYONE: OnceLock<Language> = OnceLock::new();
    EVERYONE.get_or_init(|| shapes(&KINDS))
}

/// The callers that identity-based policies speak of.
pub(super) fn identities() -> &'static Language {
    static IDENTITIES: OnceLock<Language> = OnceLock::new();
    IDENTITIES.get_or_init(|| shapes(&[Kind::Role, Kind::User, Kind::FederatedUser]))
}

fn shapes(kinds: &[Kind]) -> Language {
    let digits = [Element::One(Unit::Any(Class::Digit)); 12];
    let unknown = [Element::One(Unit::Any(Class::Symbol))];
    let mut patterns = Vec::new();
    for kind in kinds {
        let (service, rest) = match kind {
            Kind::Role => ("iam", ":role/"),
            Kind::User => ("iam", ":user/"),
            Kind::Root => ("iam", ":root"),
            Kind::FederatedUser => ("sts", ":federated-user/"),
            Kind::Anonymous => {
                patterns.push(kind.pattern([]));
                continue;
            }
            Kind::Service | Kind::Federated | Kind::Canonical => {
                patterns.push(kind.pattern([Element::Star(Class::All)]));
                continue;
            }
        };
        for account in [&digits[..], &unknown[..]] {
            let star = (*kind != Kind::Root).then_some(Element::Star(Class::Path));
            patterns.push(kind.pattern(of_account(service, account.iter().copied()).chain(literal(rest)).chain(star)));
        }
    }
    // A principal of which nothing is known is taken for a role.
    patterns.push(Kind::Role.pattern(unknown));
    language(patterns)
}

fn language(patterns: Vec<Pattern>) -> Language {
    Language::new(patterns.into_iter().map(Arc::new))
}

fn of_account(service: &str, account: impl Iterator<Item = Element>) -> impl Iterator<Item = Element> {
    literal("arn:")
        .chain([Element::Star(Class::NoColon)])
        .chain(literal(":").chain(literal(service)).chain(literal("::")).collect::<Vec<_>>())
        .chain(account)
}

/// The callers that a `Principal` element names. `None` stands for everyone.
pub(super) fn of_element(element: &PrincipalElement) -> Option<Language> {
    let mut patterns = Vec::new();
    match &element.kind {
        PrincipalKind::Text(text) if text.as_str() == "*" => return None,
        PrincipalKind::Text(_) | PrincipalKind::Other => {}
        PrincipalKind::Map(lists) => {
            for list in lists {
                for item in &list.items {
                    let text = item.text.as_str();
                    match list.element.as_str() {
                        "AWS" if text == "*" => return None,
                        "AWS" => patterns.extend(of_aws(text)),
                        "Service" if text == "*" => patterns.push(Kind::Service.pattern([Element::Star(Class::All)])),
                        "Service" => patterns.push(Kind::Service.pattern(literal(text))),
                        "Federated" if text == "*" => {
                            patterns.push(Kind::Federated.pattern([Element::Star(Class::All)]));
                        }
                        "Federated" => patterns.push(Kind::Federated.pattern(literal(text))),
                        "CanonicalUser" => patterns.push(Kind::Canonical.pattern(literal(text))),
                        _ => {}
                    }
                }
            }
        }
    }
    Some(language(patterns))
}

fn of_aws(text: &str) -> Vec<Pattern> {
    let everyone_of = |partition: Option<&str>, account: &str| -> Vec<Pattern> {
        let field = |s: &str| glob(s, Class::NoColon).collect::<Vec<_>>();
        let prefix = |service: &str| -> Vec<Element> {
            literal("arn:")
                .chain(partition.map_or_else(|| vec![Element::Star(Class::NoColon)], field))
                .chain(literal(":").chain(literal(service)).chain(literal("::")).collect::<Vec<_>>())
                .chain(field(account))
                .chain([one(':')])
                .collect()
        };
        let of_kind = |kind: &Kind| {
            let service = if *kind == Kind::FederatedUser { "sts" } else { "iam" };
            kind.pattern(prefix(service).into_iter().chain([Element::Star(Class::Path)]))
        };
        WITH_ARN.iter().map(of_kind).collect()
    };
    let is_account = |s: &str| s.len() == 12 && s.bytes().all(|b| b.is_ascii_digit());
    if is_account(text) {
        return everyone_of(None, text);
    }
    if let Some(symbol) = symbol_alone(text) {
        let mut patterns = everyone_of(None, text);
        if symbol.info().shape != crate::source::Shape::AccountId {
            patterns.push(Kind::Role.pattern(literal(text)));
        }
        return patterns;
    }
    let Some(arn) = Arn::split(text) else { return Vec::new() };
    let whole = || glob(text, Class::NoColon);
    match (arn.service, arn.resource) {
        ("iam", "root") => everyone_of(Some(arn.partition), arn.account),
        ("iam", r) if r.starts_with("user/") => vec![Kind::User.pattern(whole())],
        ("iam", r) if r.starts_with("role/") => vec![Kind::Role.pattern(whole())],
        ("sts", r) if r.starts_with("federated-user/") => vec![Kind::FederatedUser.pattern(whole())],
        ("sts", r) => {
            let Some((name, session)) = r.strip_prefix("assumed-role/").and_then(|r| r.split_once('/')) else {
                return Vec::new();
            };
            let role = |path: bool| {
                let prefix = format!("arn:{}:iam::{}:role/", arn.partition, arn.account);
                let path: &[Element] = if path { &[Element::Star(Class::Path), one('/')] } else { &[] };
                let main: Vec<Element> =
                    glob(&prefix, Class::NoColon).chain(path.iter().copied()).chain(glob(name, Class::Name)).collect();
                let start = [one(Kind::Role.letter()), one(MARK)];
                Pattern::new(start.into_iter().chain(main).chain([one(MARK)]).chain(glob(session, Class::Name)))
            };
            vec![role(false), role(true)]
        }
        // A wildcard where the kind would be told.
        ("iam", _) if text.contains(['*', '?']) => {
            [Kind::User, Kind::Role, Kind::Root].iter().map(|k| k.pattern(whole())).collect()
        }
        _ => Vec::new(),
    }
}

fn symbol_alone(text: &str) -> Option<Symbol> {
    let mut chars = text.chars();
    let symbol = Symbol::of(chars.next()?)?;
    chars.next().is_none().then_some(symbol)
}

/// A condition key that follows from the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Derived {
    Arn,
    Account,
    Username,
    Type,
    IsService,
    ServiceName,
}

impl Derived {
    /// The key of that name, in lower case.
    pub(super) fn of(key: &str) -> Option<Derived> {
        Some(match key {
            "aws:principalarn" => Derived::Arn,
            "aws:principalaccount" | "kms:calleraccount" => Derived::Account,
            "aws:username" => Derived::Username,
            "aws:principaltype" => Derived::Type,
            "aws:principalisawsservice" => Derived::IsService,
            "aws:principalservicename" => Derived::ServiceName,
            _ => return None,
        })
    }

    fn kinds(self) -> &'static [Kind] {
        match self {
            Derived::Arn | Derived::Account => &WITH_ARN,
            Derived::Username => &[Kind::User],
            Derived::Type => &[Kind::Role, Kind::User, Kind::Root, Kind::FederatedUser, Kind::Anonymous],
            Derived::IsService => &KINDS,
            Derived::ServiceName => &[Kind::Service],
        }
    }

    /// The callers that carry the key.
    pub(super) fn carriers(self) -> Language {
        of_kinds(self.kinds())
    }

    /// The callers that never carry the key.
    pub(super) fn others(self) -> Language {
        let others: Vec<Kind> = KINDS.into_iter().filter(|k| !self.kinds().contains(k)).collect();
        of_kinds(&others)
    }

    /// The callers whose value of the key is in the language.
    pub(super) fn callers(self, values: &Language) -> Language {
        let mut patterns = Vec::new();
        for value in values.patterns() {
            match self {
                Derived::Arn => patterns.extend(WITH_ARN.iter().map(|k| k.pattern(value.elements().iter().copied()))),
                Derived::Account => patterns.extend(WITH_ARN.iter().map(|k| {
                    let service = if *k == Kind::FederatedUser { "sts" } else { "iam" };
                    let account = within(value, Class::NoColon);
                    k.pattern(of_account(service, account).chain([one(':'), Element::Star(Class::Path)]))
                })),
                Derived::Username => {
                    for path in [&[][..], &[Element::Star(Class::Path), one('/')]] {
                        let main = of_account("iam", [Element::Star(Class::NoColon)].into_iter())
                            .chain(literal(":user/"))
                            .chain(path.iter().copied())
                            .chain(within(value, Class::Name));
                        patterns.push(Kind::User.pattern(main));
                    }
                }
                Derived::ServiceName => patterns.push(Kind::Service.pattern(value.elements().iter().copied())),
                Derived::Type => {
                    let same = |k: &&Kind| k.principal_type().is_some_and(|t| value.matches(t));
                    patterns.extend(self.kinds().iter().filter(same).map(any_of));
                }
                Derived::IsService => {
                    let same = |k: &&Kind| value.matches(if **k == Kind::Service { "true" } else { "false" });
                    patterns.extend(KINDS.iter().filter(same).map(any_of));
                }
            }
        }
        language(patterns)
    }
}

/// The callers of some kinds.
pub(super) fn of_kinds(kinds: &[Kind]) -> Language {
    language(kinds.iter().map(any_of).collect())
}

/// The callers with an account of their own.
pub(super) fn with_account() -> Language {
    of_kinds(&WITH_ARN)
}

fn any_of(kind: &Kind) -> Pattern {
    match kind {
        Kind::Anonymous => kind.pattern([]),
        _ => kind.pattern([Element::Star(Class::All)]),
    }
}

/// The elements with every wildcard kept within a class.
fn within(pattern: &Pattern, class: Class) -> impl Iterator<Item = Element> + '_ {
    pattern.elements().iter().map(move |e| match e {
        Element::Star(_) => Element::Star(class),
        Element::One(Unit::Any(_)) => Element::One(Unit::Any(class)),
        e => *e,
    })
}
