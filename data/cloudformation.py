"""Entries `cloudformation/NAMESPACE` (`cloudformation/AWS::SQS`): what `Ref` and `Fn::GetAtt` give for each resource type.

Types, identifiers, attributes and ARN templates are those of the npm package `@aws-cdk/aws-service-spec`, with the types
and read-only properties that only the resource schemas in the PyPI package `cfn-lint` have, and the ARN formats of the
service authorization reference where there is no template. `CORRECTIONS` holds what these sources say wrongly or not at
all, each after the type's page in the CloudFormation template reference."""

import gzip
import json
import os
import re

from container import Strings, varint

# Kinds of the parts of a format. A property has a name, what is taken from the value's beginning, and a default.
LITERAL, PARTITION, REGION, ACCOUNT, URL_SUFFIX, PROPERTY, ATTRIBUTE, UNKNOWN, PATH, QUALIFIER = range(10)
PSEUDO = {"Partition": PARTITION, "Region": REGION, "Account": ACCOUNT, "AccountId": ACCOUNT, "URLSuffix": URL_SUFFIX}

# Kinds of values.
ARN, OTHER_ARN, OF_PROPERTY, ID, URL, OTHER = range(6)

# Type: what to put in place of what the rules below make of the sources. In a format `${.X}` is the property X,
# `${.X-https://}` the property without that beginning, `${@X}` the attribute X, `${?X}` a value made at deployment,
# `${.X=default}` the property with that value if absent, `${/}` the property `Path` (`/` if absent), `${.X!default}` the property X and a slash, both left out if X is
# absent or that default.
CORRECTIONS = {
    "AWS::AmazonMQ::Broker": {"arn": "arn:${Partition}:mq:${Region}:${Account}:broker:${.BrokerName}:${@Id}"},
    "AWS::AppSync::GraphQLApi": {"arn": "arn:${Partition}:appsync:${Region}:${Account}:apis/${@ApiId}"},
    "AWS::AppStream::Fleet": {"ref": ".Name"},
    "AWS::Batch::JobDefinition": {
        "arn": "arn:${Partition}:batch:${Region}:${Account}:job-definition/${.JobDefinitionName}:${?Revision}",
        "ref": "arn"},
    "AWS::Budgets::Budget": {"ref": "?"},
    "AWS::CertificateManager::Certificate": {
        "arn": "arn:${Partition}:acm:${Region}:${Account}:certificate/${?CertificateId}", "ref": "arn"},
    "AWS::CloudFormation::Macro": {"ref": ".Name"},
    "AWS::CloudFormation::Stack": {
        "arn": "arn:${Partition}:cloudformation:${Region}:${Account}:stack/${?StackName}/${?StackGuid}", "ref": "arn"},
    "AWS::DMS::Endpoint": {"arn": None, "ref": "other arn"},
    "AWS::DMS::ReplicationInstance": {"arn": None, "ref": "other arn"},
    "AWS::DMS::ReplicationTask": {"arn": None, "ref": "other arn"},
    "AWS::DocDB::DBCluster": {"ref": ".DBClusterIdentifier"},
    "AWS::DocDB::DBInstance": {"ref": ".DBInstanceIdentifier"},
    "AWS::DynamoDB::Table": {"attributes": {
        "StreamArn": "arn:${Partition}:dynamodb:${Region}:${Account}:table/${.TableName}/stream/${?StreamLabel}"}},
    "AWS::DynamoDB::GlobalTable": {
        "arn": "arn:${Partition}:dynamodb:${Region}:${Account}:table/${.TableName}",
        "attributes": {
            "StreamArn": "arn:${Partition}:dynamodb:${Region}:${Account}:table/${.TableName}/stream/${?StreamLabel}"}},
    "AWS::EC2::SecurityGroup": {
        "arn": "arn:${Partition}:ec2:${Region}:${Account}:security-group/${@GroupId}", "ref": "@GroupId",
        "attributes": {"Id": "@GroupId"}},
    "AWS::ECS::Service": {"arn": "arn:${Partition}:ecs:${Region}:${Account}:service/${?ClusterName}/${.ServiceName}"},
    "AWS::ECS::TaskDefinition": {
        "arn": "arn:${Partition}:ecs:${Region}:${Account}:task-definition/${.Family}:${?Revision}"},
    # The bus of another than the default name stands in the ARN.
    "AWS::Events::Rule": {
        "arn": "arn:${Partition}:events:${Region}:${Account}:rule/${.EventBusName!default}${.Name}", "ref": ".Name"},
    "AWS::IAM::ManagedPolicy": {"arn": "arn:${Partition}:iam::${Account}:policy${/}${.ManagedPolicyName}"},
    # Inline policies have no ARN; the reference's page says that `Ref` gives the name.
    "AWS::IAM::Policy": {"arn": None, "ref": ".PolicyName"},
    "AWS::IAM::OIDCProvider": {"arn": "arn:${Partition}:iam::${Account}:oidc-provider/${.Url-https://}", "ref": "arn"},
    "AWS::IAM::SAMLProvider": {"arn": "arn:${Partition}:iam::${Account}:saml-provider/${.Name}", "ref": "arn"},
    # The value of the property begins with `alias/`.
    "AWS::KMS::Alias": {"arn": "arn:${Partition}:kms:${Region}:${Account}:${.AliasName}", "ref": ".AliasName"},
    "AWS::KinesisAnalytics::Application": {"ref": ".ApplicationName"},
    "AWS::Lambda::LayerVersion": {
        "arn": "arn:${Partition}:lambda:${Region}:${Account}:layer:${.LayerName}:${?Version}", "ref": "arn"},
    # `Ref` and `Arn` carry the version; the function may be given by name or by ARN.
    "AWS::Lambda::Version": {"arn": None},
    "AWS::Lambda::Alias": {"arn": None},
    "AWS::Logs::LogGroup": {"attributes": {
        "Arn": "arn:${Partition}:logs:${Region}:${Account}:log-group:${.LogGroupName}:*"}},
    # Six random characters follow the name.
    "AWS::SecretsManager::Secret": {
        "arn": "arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${.Name}-${?RandomSuffix}", "ref": "arn",
        "attributes": {"Id": "arn"}},
    "AWS::QLDB::Ledger": {"ref": ".Name"},
    "AWS::Scheduler::Schedule": {
        "arn": "arn:${Partition}:scheduler:${Region}:${Account}:schedule/${.GroupName=default}/${.Name}"},
    "AWS::SNS::Subscription": {"arn": None, "ref": "other arn"},
    "AWS::SQS::Queue": {"ref": "url", "attributes": {"QueueUrl": "url"},
        "url": "https://sqs.${Region}.${URLSuffix}/${Account}/${.QueueName}"},
    "AWS::SSM::Parameter": {"arn": "arn:${Partition}:ssm:${Region}:${Account}:parameter/${.Name-/}"},
}


def load(spec, cfn_lint):
    """Type to (specification or None, schema or None)."""
    with gzip.open(os.path.join(spec, "db.json.gz")) as file:
        entities = json.load(file)["schema"]["resource"]["entities"]
    entities = entities if isinstance(entities, list) else entities.values()
    types = {entity["cloudFormationType"]: (entity, None) for entity in entities}
    for name, schema in schemas(cfn_lint).items():
        types[name] = (types.get(name, (None, None))[0], schema)
    return {name: types[name] for name in sorted(types) if name.count("::") == 2 and name.startswith("AWS::")}


def schemas(cfn_lint):
    """Type to resource schema, of any Region."""
    folder = os.path.join(cfn_lint, "cfnlint", "data", "schemas")
    regions = sorted(os.listdir(os.path.join(folder, "providers")))
    regions = ["us-east-1.json"] + [r for r in regions if r.endswith(".json") and r not in ("us-east-1.json", "sam.json")]
    files = {}
    for region in regions:
        with open(os.path.join(folder, "providers", region), encoding="utf-8") as file:
            for name, digest in json.load(file).items():
                files.setdefault(name, digest)
    out = {}
    for name, digest in sorted(files.items()):
        with open(os.path.join(folder, "resources", digest + ".json"), encoding="utf-8") as file:
            out[name] = json.load(file)
    return out


def pointer(written):
    return written.removeprefix("/properties/").replace("/", ".")


class ResourceType:
    def __init__(self, name, spec, schema, formats):
        self.name = name
        self.short = name.rsplit("::", 1)[1]
        spec, schema = spec or {}, schema or {}
        read_only = [pointer(p) for p in schema.get("readOnlyProperties", []) if "*" not in p]
        self.properties = [p for p in {**spec.get("properties", {}), **schema.get("properties", {})} if p not in read_only]
        self.attributes = sorted({*spec.get("attributes", {}), *read_only})
        self.primary = spec.get("primaryIdentifier") or [pointer(p) for p in schema.get("primaryIdentifier", [])]
        self.reference = spec.get("cfnRefIdentifier") or self.primary
        self.correction = CORRECTIONS.get(name, {})
        self.name_property = self.naming()
        if "arn" in self.correction:
            template = self.correction["arn"]
            self.arn = template and written_format(template)
        else:
            template = spec.get("arnTemplate") or formats.get(normal(self.short)) or ""
            # A few templates are written for one partition.
            template = re.sub(r"^arn:aws:", "arn:${Partition}:", template)
            self.arn = template and self.format(template)
        self.url = self.correction.get("url") and written_format(self.correction["url"])
        self.ref_value = self.reference_value()
        corrected = self.correction.get("attributes", {})
        self.values = {a: self.corrected(corrected[a]) if a in corrected else self.attribute(a) for a in
                       sorted({*self.attributes, *corrected})}

    def naming(self):
        """The property that names the resource."""
        if len(self.primary) == 1 and self.primary[0] in self.properties:
            return self.primary[0]
        wanted = [self.short + "Name", "Name", self.short + "Identifier"]
        for ending in re.findall(r"[A-Z][a-z]+$", self.short):
            wanted.append(ending + "Name")
        return next((p for p in wanted if p in self.properties), None)

    def format(self, template):
        """A template's `${…}` parts as properties, attributes and values made at deployment."""
        parts = []
        for literal, part in re.findall(r"([^$]+)|\$\{([^}]*)\}", template):
            if literal:
                parts.append((LITERAL, literal))
            elif part in PSEUDO:
                parts.append((PSEUDO[part], ""))
            elif part.endswith("NameWithPath") and parts[-1][0] == LITERAL and parts[-1][1].endswith("/"):
                # The value of `Path` begins and ends with the slash.
                parts[-1] = (LITERAL, parts[-1][1].removesuffix("/"))
                parts += [(PATH, ""), (PROPERTY, self.name_property or part.removesuffix("WithPath"))]
            elif part in self.properties:
                parts.append((PROPERTY, part))
            elif part in self.attributes:
                parts.append((ATTRIBUTE, part))
            elif self.name_property and normal(part) == normal(self.short) + "name":
                parts.append((PROPERTY, self.name_property))
            else:
                parts.append((UNKNOWN, part))
        unknown = [i for i, part in enumerate(parts) if part[0] == UNKNOWN]
        if unknown and not any(kind in (PROPERTY, ATTRIBUTE) for kind, _ in parts):
            # The last part identifies the resource itself: its name, or the identifier it gets.
            last = unknown[-1]
            written = normal(parts[last][1])
            is_name = written.endswith(("name", normal(self.short))) or len(self.primary) == 1 and self.primary[0] == self.name_property
            identifier = self.primary[0] if len(self.primary) == 1 else None
            if identifier in self.attributes and identifier.endswith("Id") and not written.endswith("name"):
                parts[last] = (ATTRIBUTE, identifier)
            elif self.name_property and is_name:
                parts[last] = (PROPERTY, self.name_property)
        return parts

    def is_own_arn(self, attribute):
        return normal(attribute) in ("arn", normal(self.short) + "arn") or (
            self.primary == [attribute] and attribute.lower().endswith("arn")
        )

    def reference_value(self):
        if "ref" in self.correction:
            return self.corrected(self.correction["ref"])
        if len(self.reference) != 1:
            return (OTHER, "")
        identifier = self.reference[0]
        if identifier in self.properties:
            return (OF_PROPERTY, identifier)
        value = self.attribute(identifier)
        # An identifier is the same unknown wherever it is used.
        return (ID, identifier) if value[0] == OTHER else value

    def attribute(self, name):
        if self.is_own_arn(name):
            return (ARN, "arn") if self.arn else (OTHER_ARN, "")
        if name.lower().endswith("arn"):
            return (OTHER_ARN, "")
        if name in self.properties:
            return (OF_PROPERTY, name)
        if self.name_property and normal(name) in ("name", normal(self.short) + "name"):
            return (OF_PROPERTY, self.name_property)
        if name.endswith("Id"):
            return (ID, name)
        return (OTHER, "")

    def corrected(self, value):
        if value == "arn":
            return (ARN, "arn")
        if value == "other arn":
            return (OTHER_ARN, "")
        if value == "url":
            return (URL, "url")
        if value == "?":
            return (OTHER, "")
        if value.startswith("."):
            return (OF_PROPERTY, value[1:])
        if value.startswith("@"):
            return (ID, value[1:])
        return (ARN, written_format(value))


def written_format(template):
    """A format in the notation of `CORRECTIONS`."""
    parts = []
    for literal, part in re.findall(r"([^$]+)|\$\{([^}]*)\}", template):
        if literal:
            parts.append((LITERAL, literal))
        elif part in PSEUDO:
            parts.append((PSEUDO[part], ""))
        elif part == "/":
            parts.append((PATH, ""))
        elif part.startswith("@"):
            parts.append((ATTRIBUTE, part[1:]))
        elif part.startswith("?"):
            parts.append((UNKNOWN, part[1:]))
        elif part.startswith(".") and "!" in part:
            name, default = part[1:].split("!")
            parts.append((QUALIFIER, name, default))
        elif part.startswith("."):
            name, _, default = part[1:].partition("=")
            name, _, strip = name.partition("-")
            parts.append((PROPERTY, name, strip, default))
        else:
            raise ValueError(template)
    return parts


def normal(name):
    return re.sub("[^a-z0-9]", "", name.lower())


def service_formats(iam_data, types):
    """Namespace to (normalised type name to ARN format), by the service prefix in the namespace's own templates."""
    prefixes = {}
    for name, (spec, _) in types.items():
        template = (spec or {}).get("arnTemplate")
        if template:
            counts = prefixes.setdefault(name.rsplit("::", 1)[0], {})
            prefix = template.split(":")[2]
            counts[prefix] = counts.get(prefix, 0) + 1
    out = {}
    for namespace, counts in prefixes.items():
        prefix = max(sorted(counts), key=lambda p: counts[p])
        path = os.path.join(iam_data, "data", "resourceTypes", prefix + ".json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                listed = json.load(file).values()
            out[namespace] = {normal(t["key"]): t["arn"] for t in listed if ", " not in t["arn"]}
    return out


def written_parts(strings, parts):
    out = [varint(len(parts))]
    for part in parts:
        kind, name, *more = part
        out.append(varint(kind))
        if kind in (LITERAL, PROPERTY, ATTRIBUTE, UNKNOWN, QUALIFIER):
            out.append(strings.string(name))
        if kind == PROPERTY:
            strip, default = more or ("", "")
            out += [strings.string(strip), strings.string(default)]
        elif kind == QUALIFIER:
            out.append(strings.string(more[0]))
    return b"".join(out)


def written_value(strings, resource, value):
    kind, detail = value
    if kind in (ARN, URL):
        parts = {"arn": resource.arn, "url": resource.url}[detail] if isinstance(detail, str) else detail
        return varint(kind) + written_parts(strings, parts)
    if kind in (OF_PROPERTY, ID):
        return varint(kind) + strings.string(detail)
    return varint(kind)


def entries(spec, cfn_lint, iam_data):
    types = load(spec, cfn_lint)
    formats = service_formats(iam_data, types)
    groups = {}
    for name, (specification, schema) in types.items():
        namespace = name.rsplit("::", 1)[0]
        resource = ResourceType(name, specification, schema, formats.get(namespace, {}))
        groups.setdefault(namespace, []).append(resource)
    out = {}
    for namespace, resources in groups.items():
        strings = Strings()
        body = [varint(len(resources))]
        for resource in resources:
            body += [
                strings.string(resource.name),
                strings.string(resource.name_property or ""),
                written_parts(strings, resource.arn or []),
                written_value(strings, resource, resource.ref_value),
                varint(len(resource.values)),
            ]
            for attribute, value in resource.values.items():
                body += [strings.string(attribute), written_value(strings, resource, value)]
        out["cloudformation/" + namespace] = strings.written() + b"".join(body)
    with_arn = sum(bool(r.arn) for group in groups.values() for r in group)
    return out, {"CloudFormation resource types": len(types), "of them with an ARN format": with_arn}
