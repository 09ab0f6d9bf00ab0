//! The actions that authorise an event: that of the event's own name, unless the table `tables/event_names.tsv` says otherwise;
//! API Gateway's, which are HTTP methods on paths, from `tables/api_gateway.tsv`. Each table names its sources.
//!
//! What neither the service data nor a table has is not mapped: callers report it, nothing is guessed.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use smol_str::{SmolStr, format_smolstr};

use super::event_source::{self, rows};
use super::parameters::Parameters;
use crate::catalog::{Catalog, Service};

static NAMES: &str = include_str!("tables/event_names.tsv");
static API_GATEWAY: &str = include_str!("tables/api_gateway.tsv");

/// What authorises an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorisation {
    /// All of these.
    Actions(SmallVec<[NeededAction; 1]>),
    /// Nothing: whoever is signed in may do it.
    Nothing,
    /// Not known.
    Unknown,
}

/// An action that an event needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeededAction {
    /// With prefix, in the service's spelling.
    pub action: SmolStr,
    /// Where its resource is, if not everywhere in the event.
    pub resource: ResourceHint,
}

/// Where the resource of an action is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceHint {
    /// In the event as a whole.
    Event,
    /// In this parameter alone.
    Parameter(&'static str),
    /// It is this path of API Gateway's, with `{…}` for parameters.
    Path(&'static str),
}

/// A row of `event_names.tsv`.
struct Row {
    condition: Option<Condition>,
    actions: &'static str,
}

enum Condition {
    Present(&'static str),
    BeginsWith(&'static str, &'static str),
}

impl Condition {
    fn parse(text: &'static str) -> Option<Condition> {
        match text.split_once("^=") {
            _ if text == "-" => None,
            Some((name, beginning)) => Some(Condition::BeginsWith(name, beginning)),
            None => Some(Condition::Present(text)),
        }
    }

    fn holds(&self, parameters: &Parameters) -> bool {
        match self {
            Condition::Present(name) => parameters.has(name),
            Condition::BeginsWith(name, beginning) => parameters.values(name).any(|value| {
                let value = value.trim_start();
                value.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
            }),
        }
    }
}

/// By service prefix and event name in lower case.
type Names = FxHashMap<(&'static str, String), Vec<Row>>;

fn names() -> &'static Names {
    static TABLE: OnceLock<Names> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Names::default();
        for [prefix, event, condition, actions, _] in rows(NAMES) {
            let row = Row { condition: Condition::parse(condition), actions };
            table.entry((prefix, event.to_ascii_lowercase())).or_default().push(row);
        }
        table
    })
}

/// An operation of API Gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operation {
    of_rest_apis: bool,
    method: &'static str,
    path: &'static str,
}

/// By event name in lower case.
fn operations() -> &'static FxHashMap<String, Vec<Operation>> {
    static TABLE: OnceLock<FxHashMap<String, Vec<Operation>>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: FxHashMap<String, Vec<Operation>> = FxHashMap::default();
        for [event, version, method, path] in rows(API_GATEWAY) {
            let operation = Operation { of_rest_apis: version == "1", method, path };
            let of_event = table.entry(event.to_ascii_lowercase()).or_default();
            // The paths of both versions are often the same.
            if !of_event.iter().any(|known| (known.method, known.path) == (method, path)) {
                of_event.push(operation);
            }
        }
        table
    })
}

/// The parameters that decide what authorises an event: only if one of them is there need the parameters be read for its
/// actions. `None` if they always decide.
pub fn deciding_parameters(service: &Service, event_name: &str) -> Option<Vec<&'static str>> {
    if service.prefix == "apigateway" {
        return None;
    }
    let name = without_version(&service.prefix, event_name).to_ascii_lowercase();
    let of = |name: String| names().get(&(service.prefix.as_str(), name)).into_iter().flatten();
    let conditions = of(name).chain(of("*".to_owned())).filter_map(|row| row.condition.as_ref());
    Some(
        conditions
            .map(|condition| match condition {
                Condition::Present(name) | Condition::BeginsWith(name, _) => *name,
            })
            .collect(),
    )
}

/// What authorises an event.
pub fn authorisation(
    catalog: &Catalog,
    event_source: &str,
    event_name: &str,
    parameters: &Parameters,
) -> Authorisation {
    let Some(service) = event_source::service(catalog, event_source) else {
        return by_table_alone(event_source, event_name);
    };
    let name = without_version(&service.prefix, event_name);
    let own = service.action(name).map(|action| format_smolstr!("{}:{}", service.prefix, action.name));
    let mut needed: SmallVec<[NeededAction; 1]> = SmallVec::new();
    let mut add = |action: SmolStr, resource: ResourceHint| {
        let new = NeededAction { action, resource };
        if !needed.contains(&new) {
            needed.push(new);
        }
    };

    if service.prefix == "apigateway"
        && let Some(operations) = operations().get(&name.to_ascii_lowercase())
    {
        let rest = parameters.has("restApiId").then_some(true);
        let version = rest.or_else(|| parameters.has("apiId").then_some(false));
        let of_version = |operation: &&Operation| version.is_none_or(|rest| operation.of_rest_apis == rest);
        let mut chosen: Vec<&Operation> = operations.iter().filter(of_version).collect();
        if chosen.is_empty() {
            chosen = operations.iter().collect();
        }
        for operation in chosen {
            let action = format_smolstr!("apigateway:{}", operation.method);
            add(action, ResourceHint::Path(operation.path));
        }
        return Authorisation::Actions(needed);
    }

    let key = |name: &str| names().get(&(service.prefix.as_str(), name.to_ascii_lowercase()));
    let rows = key(name).into_iter().chain(key("*")).flatten();
    let holding: Vec<&Row> =
        rows.clone().filter(|r| r.condition.as_ref().is_some_and(|c| c.holds(parameters))).collect();
    let replacing = holding.iter().any(|row| !row.actions.starts_with('+'));
    let default: Vec<&Row> = rows.filter(|row| row.condition.is_none()).collect();
    let applying = if replacing { holding } else { holding.into_iter().chain(default).collect() };
    let mut replaced = false;
    for written in applying.iter().flat_map(|row| row.actions.split(' ')) {
        if written == "-" {
            return Authorisation::Nothing;
        }
        let (in_addition, action) = match written.strip_prefix('+') {
            Some(action) => (true, action),
            None => (false, written),
        };
        replaced |= !in_addition;
        let (action, hint) = match action.split_once('@') {
            Some((action, parameter)) => (action, ResourceHint::Parameter(parameter)),
            None => (action, ResourceHint::Event),
        };
        let action = if action.contains(':') { action.into() } else { format_smolstr!("{}:{action}", service.prefix) };
        add(action, hint);
    }
    match own {
        Some(own) if !replaced => add(own, ResourceHint::Event),
        _ if replaced => {}
        // Something more is needed than an action that nobody knows.
        _ => return Authorisation::Unknown,
    }
    Authorisation::Actions(needed)
}

/// Event sources that are no services may have rows: signing in is nobody's action.
fn by_table_alone(event_source: &str, event_name: &str) -> Authorisation {
    let source = event_source.split('.').next().unwrap_or(event_source);
    let row = names().iter().find(|((prefix, name), _)| *prefix == source && name.eq_ignore_ascii_case(event_name));
    match row {
        Some((_, rows)) if rows.iter().any(|row| row.actions == "-") => Authorisation::Nothing,
        _ => Authorisation::Unknown,
    }
}

/// Two services write the version of the API behind the name: `GetFunction20150331v2`, `CreateDistribution2020_05_31`. Elsewhere
/// names end in digits that are part of them.
///
/// Source: Lambda Developer Guide, "Logging AWS Lambda API calls using CloudTrail"; CloudFront Developer Guide, likewise.
fn without_version<'n>(prefix: &str, name: &'n str) -> &'n str {
    let stripped = match prefix {
        "lambda" => {
            let before_v = match name.rsplit_once('v') {
                Some((before, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => before,
                _ => name,
            };
            cut_date(before_v, "dddddddd")
        }
        "cloudfront" => cut_date(name, "dddd_dd_dd"),
        _ => None,
    };
    stripped.unwrap_or(name)
}

/// The name before a date of that form, if it ends in one.
fn cut_date<'n>(name: &'n str, form: &str) -> Option<&'n str> {
    let at = name.len().checked_sub(form.len())?;
    let date = name.get(at..)?;
    let fits = date
        .bytes()
        .zip(form.bytes())
        .all(|(byte, form)| if form == b'd' { byte.is_ascii_digit() } else { byte == form });
    name.get(..at).filter(|rest| fits && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(source: &str, event: &str, parameters: &str) -> String {
        let parameters = Parameters::read(parameters);
        match authorisation(Catalog::embedded(), source, event, &parameters) {
            Authorisation::Nothing => "-".to_owned(),
            Authorisation::Unknown => "?".to_owned(),
            Authorisation::Actions(needed) => {
                let written = needed.iter().map(|n| match &n.resource {
                    ResourceHint::Event => n.action.to_string(),
                    ResourceHint::Parameter(name) => format!("{}@{name}", n.action),
                    ResourceHint::Path(path) => format!("{} {path}", n.action),
                });
                written.collect::<Vec<_>>().join(", ")
            }
        }
    }

    #[test]
    fn every_row_names_real_actions_and_is_an_exception() {
        let catalog = Catalog::embedded();
        let lines = NAMES.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows::<5>(NAMES).count(), lines, "a row of another width");
        assert!(lines >= 150, "{lines}");
        let mut seen = rustc_hash::FxHashSet::default();
        for [prefix, event, condition, actions, source] in rows(NAMES) {
            let at = format!("{prefix} {event} {condition}");
            assert!(seen.insert((prefix, event, condition)), "{at} is there twice");
            assert!(NAMES.contains(&format!("#   {source}: ")), "{at}: no source `{source}`");
            let service = catalog.service(prefix).unwrap_or_else(|| panic!("{at}: no service"));
            if actions == "-" {
                continue;
            }
            for action in actions.split(' ') {
                let name = action.trim_start_matches('+').split('@').next().unwrap();
                let full = if name.contains(':') { name.to_owned() } else { format!("{prefix}:{name}") };
                let known =
                    catalog.action(&full).map(|(service, action)| format!("{}:{}", service.prefix, action.name));
                assert_eq!(
                    known.as_deref(),
                    Some(full.as_str()),
                    "{at}: `{full}` is not how the service data write an action"
                );
            }
            // Without a condition the event's own name would do if it were an action, unless more is needed.
            if condition == "-" && !actions.contains(event) {
                let own = service.action(event).filter(|action| action.name == event);
                assert!(own.is_none(), "{at}: the event is named after its action");
            }
        }
    }

    #[test]
    fn every_operation_of_api_gateway_has_a_method_that_is_an_action() {
        let catalog = Catalog::embedded();
        let lines = API_GATEWAY.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows::<4>(API_GATEWAY).count(), lines, "a row of another width");
        for [event, version, method, path] in rows(API_GATEWAY) {
            assert!(catalog.action(&format!("apigateway:{method}")).is_some(), "{event}: {method}");
            assert!(path.starts_with('/') && ["1", "2"].contains(&version), "{event}");
            assert!(catalog.action(&format!("apigateway:{event}")).is_none(), "{event} is an action itself");
        }
    }

    #[test]
    fn every_row_is_what_comes_out_for_its_event() {
        for [prefix, event, condition, actions, _] in rows(NAMES).filter(|row: &[&str; 5]| row[1] != "*") {
            let parameters = match Condition::parse(condition) {
                None => "{}".to_owned(),
                Some(Condition::Present(name)) => format!(r#"{{"{name}": {{}}}}"#),
                Some(Condition::BeginsWith(name, text)) => format!(r#"{{"{name}": "  {text} x"}}"#),
            };
            let result = needed(&format!("{prefix}.amazonaws.com"), event, &parameters);
            for action in actions.split(' ') {
                let action = action.trim_start_matches('+');
                assert!(result.contains(action), "{prefix} {event} {condition}: {result}");
            }
        }
    }

    #[test]
    fn versions_are_taken_off_where_services_write_them() {
        for (source, event, expected) in [
            ("lambda.amazonaws.com", "GetFunction20150331v2", "lambda:GetFunction"),
            ("lambda.amazonaws.com", "ListFunctions20150331", "lambda:ListFunctions"),
            ("lambda.amazonaws.com", "TagResource20170331v2", "lambda:TagResource"),
            ("lambda.amazonaws.com", "Invoke", "lambda:InvokeFunction"),
            ("cloudfront.amazonaws.com", "CreateDistribution2020_05_31", "cloudfront:CreateDistribution"),
            ("kafka.amazonaws.com", "CreateClusterV2", "kafka:CreateClusterV2"),
            ("cloud9.amazonaws.com", "CreateEnvironmentEC2", "cloud9:CreateEnvironmentEC2"),
            ("lambda.amazonaws.com", "20150331", "?"),
        ] {
            assert_eq!(needed(source, event, "{}"), expected, "{event}");
        }
    }

    #[test]
    fn parameters_decide_where_the_table_says_so() {
        for (source, event, parameters, expected) in [
            ("s3", "GetObject", r#"{"versionId": "v"}"#, "s3:GetObjectVersion"),
            ("s3", "GetObject", "{}", "s3:GetObject"),
            ("s3", "PutPublicAccessBlock", r#"{"bucketName": "b"}"#, "s3:PutBucketPublicAccessBlock"),
            ("s3", "PutPublicAccessBlock", "{}", "s3:PutAccountPublicAccessBlock"),
            ("s3", "CopyObject", "{}", "s3:PutObject, s3:GetObject@x-amz-copy-source"),
            ("kms", "ReEncrypt", "{}", "kms:ReEncryptFrom@sourceKeyId, kms:ReEncryptTo@destinationKeyId"),
            ("sts", "AssumeRole", "{}", "sts:AssumeRole"),
            ("sts", "AssumeRole", r#"{"tags": [{"key": "a"}]}"#, "sts:TagSession, sts:AssumeRole"),
            ("sts", "GetCallerIdentity", "{}", "-"),
            ("signin", "ConsoleLogin", "{}", "-"),
            ("dynamodb", "ExecuteStatement", r#"{"statement": "select * from t"}"#, "dynamodb:PartiQLSelect"),
            ("dynamodb", "ExecuteStatement", "{}", "?"),
            (
                "dynamodb",
                "TransactWriteItems",
                r#"{"transactItems": [{"put": {}}, {"delete": {}}]}"#,
                "dynamodb:DeleteItem, dynamodb:PutItem",
            ),
            (
                "apigateway",
                "UpdateStage",
                r#"{"restApiId": "a"}"#,
                "apigateway:PATCH /restapis/{restapi_id}/stages/{stage_name}",
            ),
            ("apigateway", "UpdateStage", r#"{"apiId": "a"}"#, "apigateway:PATCH /apis/{apiId}/stages/{stageName}"),
            ("apigateway", "GetRestApis", "{}", "apigateway:GET /restapis"),
            ("ec2", "RunInstances", r#"{"tagSpecificationSet": {}}"#, "ec2:CreateTags@resourceType, ec2:RunInstances"),
            ("s3", "NoSuchEvent", "{}", "?"),
            ("ec2", "NoSuchEvent", r#"{"tagSpecificationSet": {}}"#, "?"),
            ("nowhere", "GetObject", "{}", "?"),
        ] {
            assert_eq!(needed(&format!("{source}.amazonaws.com"), event, parameters), expected, "{event} {parameters}");
        }
    }
}
