"""Where the schemas of CloudFormation and of the Terraform AWS provider have IAM policies: lists for the tests that hold the
loaders' tables of policy locations to be complete.

A property counts by its name and its form. A policy document is free-form JSON or a string, so properties with a shape
of their own (lifecycle rules, scaling policies) and enumerations (TLS security policies) don't count."""

import glob
import os
import re

import cloudformation

# Free-form properties with these names hold a policy document.
DOCUMENT = re.compile(r"polic(y|ies)", re.IGNORECASE)
# Names with "policy" that are about something else than access.
OTHER_SUBJECT = re.compile(
    r"(ssl|tls|security|lifecycle|life_cycle|retention|deletion|removal|scaling|restart|retry|protocol|cache|request"
    r"|headers?|password|redrive|delivery|healthy|retries|redirect|routing|termination|update|creation|catch_all|signing"
    r"|failure|failover|start|stop|copy_tags|backup|snapshot|evict(ion)?|acceptance|validation|allocation|tag(ging)?|rotation|behaviou?r"
    r"|selection|concurrency|fallback|drop|buffer|duplicate|logging|sampling|expir(y|ation)|sync|replication|compaction"
    r"|stateful_.*|stateless_.*|firewall|rule_group|engine|health|throttl(e|ing)|instance_maintenance|orphan|promotion|overwrite"
    r"|tiering|consent|privacy|refresh|match(ing)?|merge|upgrade|maintenance|preservation|missing_data|default_action|traffic|parallelism|ordering|pull"
    r"|dns|https|referrer|alpn|filter|archive|answer|replay|auto_import|field_index|notification|browser|redrive_allow|safeguard|sizing|padding"
    r"|stream_exception|protection|propagation)"
    r"_?(polic(y|ies))",
    re.IGNORECASE,
)
# The part of a name after "policy" that makes it a name, an identifier or a setting instead of a document.
NOT_THE_DOCUMENT = re.compile(
    r"polic(y|ies)_?(name|names|id|ids|identifier|type|types|version|versions?_?id|description|title|store_?id|template_?id|status"
    r"|size|hash|namespace|details?|input|set|sets?_?arn|engine_?arn|grant(or)?|generation.*|priority|order|class|url|uri|mode|state|key"
    r"|option|options|action|actions|token|count|revision.*|enabled|scope|supported|target|window|resource|role.*|level|length|runtime"
    r"|language|rule_number|object_identifier|qualifier|reference_name|type_name|regions|template)s?$",
    re.IGNORECASE,
)
# Attachments of policies that stand elsewhere.
ATTACHMENT = re.compile(
    r"(managed_polic(y|ies)(_arns?|_references?|_reference_name)?|permissions?_boundary|^polic(y|ies)_arns?)$", re.IGNORECASE
)
# Grants in another form than a policy.
GRANT = re.compile(
    r"(^acl$|access_control(_list|_policy)?$|^grants?$|canned_acl|object_acl|block_public|restrict_public|ignore_public"
    r"|public_access_block|launch_permissions?$|create_volume_permissions?|allow_external_principals|^principals?$"
    r"|grantee_principal|function_url_auth_type|authorization_type$|^shared_(accounts?|with)|share_with|organization_arns?$"
    r"|principal_org_id|allowed_principals?)",
    re.IGNORECASE,
)
# What a description says when it is about an IAM policy whatever the property's name.
DESCRIBED = re.compile(
    r"(json|iam|resource(-| )based|resource|access|key|bucket|repository|topic|queue|trust|identity)[- ]polic(y|ies)[- ](document|in json)|policy document"
    r"|resource-based policy|permissions? policy statement|resource policy (document|json|text)",
    re.IGNORECASE,
)

# Documents that neither name nor description tells.
NOT_TOLD = [
    "AWS::Events::EventBusPolicy\tStatement\tdocument",
    "AWS::Organizations::Policy\tContent\tdocument",
    "aws_organizations_policy\tcontent\tdocument",
    "aws_organizations_resource_policy\tcontent\tdocument",
]


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def kind(name, is_free_form, is_enumeration, description):
    """What a property is for, or None."""
    written = snake(name)
    if ATTACHMENT.search(written):
        return "attachment"
    if GRANT.search(written):
        return "grant"
    if is_enumeration or not is_free_form or NOT_THE_DOCUMENT.search(written) or written.endswith(("arn", "arns", "_id")):
        return None
    if OTHER_SUBJECT.search(written):
        return None
    if DOCUMENT.search(written) or DESCRIBED.search(description):
        return "document"
    return None


def in_schema(schema):
    """(path, kind) of the properties of a resource schema."""
    definitions = schema.get("definitions", {})

    def resolve(node):
        for _ in range(8):
            reference = node.get("$ref", "") if isinstance(node, dict) else ""
            if not reference.startswith("#/definitions/"):
                return node if isinstance(node, dict) else {}
            node = {**definitions.get(reference.removeprefix("#/definitions/"), {}), "description": node.get("description", "")}
        return {}

    def walk(properties, path, within):
        for name, written in sorted(properties.items()):
            node, through = resolve(written), []
            while node.get("type") == "array" or "items" in node:
                items = node.get("items", {})
                through.append(items.get("$ref", ""))
                node = resolve(items)
            reference = written.get("$ref", "") or "".join(through)
            own = node.get("properties", {})
            for variant in node.get("oneOf", []) + node.get("anyOf", []):
                own = {**resolve(variant).get("properties", {}), **own}
            types = node.get("type", [])
            types = [types] if isinstance(types, str) else types
            is_free_form = not own and not {"boolean", "integer", "number"} & set(types)
            described = " ".join(str(d.get("description", "")) for d in (written, node) if isinstance(d, dict))
            found = kind(name, is_free_form, "enum" in node, described)
            if found:
                yield ".".join([*path, name]), found
            if own and reference not in within and len(path) < 8:
                yield from walk(own, [*path, name], within | ({reference} if reference else set()))

    yield from walk(schema.get("properties", {}), [], frozenset())


def of_cloudformation(cfn_lint):
    lines = []
    for name, schema in cloudformation.schemas(cfn_lint).items():
        if not name.startswith("AWS::"):
            continue
        read_only = {cloudformation.pointer(p) for p in schema.get("readOnlyProperties", [])}
        lines += [f"{name}\t{path}\t{found}" for path, found in in_schema(schema) if path not in read_only]
    return sorted({*lines, *(line for line in NOT_TOLD if line.startswith("AWS::"))})


INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
ATTRIBUTE = re.compile(r"/\*\*(.*?)\*/\s*readonly (\w+)\??: ([^;]+);", re.DOTALL)
DOCUMENTED = re.compile(r"#(\w+) \w+#(\w+)\}")
RESOURCE = re.compile(r'static readonly tfResourceType = "(aws_\w+)"')


def of_terraform(bindings):
    lines = []
    for folder in sorted(glob.glob(os.path.join(bindings, "lib", "*"))):
        if not os.path.isdir(folder) or os.path.basename(folder).startswith("data-"):
            continue
        text = ""
        for path in sorted(glob.glob(os.path.join(folder, "**", "*.d.ts"), recursive=True)):
            with open(path, encoding="utf-8") as file:
                text += file.read() + "\n"
        resource = RESOURCE.search(text)
        if not resource:
            continue
        interfaces = {}
        for name, body in INTERFACE.findall(text):
            interfaces[name] = ATTRIBUTE.findall(body)
        root = next((name for name in interfaces if re.search(rf"interface {name} extends cdktf.TerraformMetaArguments", text)), None)

        def walk(interface, path, within):
            for comment, _, written in interfaces.get(interface, []):
                documented = DOCUMENTED.search(comment)
                if not documented:
                    continue
                attribute = documented.group(2)
                nested = next((word for word in re.findall(r"\w+", written) if word in interfaces), None)
                is_block = nested is not None
                is_free_form = "string" in written and not is_block
                found = kind(attribute, is_free_form, False, comment)
                if found and not (found == "document" and is_block):
                    yield ".".join([*path, attribute]), found
                if is_block and nested not in within and len(path) < 8:
                    yield from walk(nested, [*path, attribute], within | {nested})

        if root:
            lines += [f"{resource.group(1)}\t{path}\t{found}" for path, found in walk(root, [], frozenset([root]))]
    return sorted({*lines, *(line for line in NOT_TOLD if line.startswith("aws_"))})


def write(path, lines, package, what):
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"# {what} that hold a policy document, grant access in another form or attach policies:\n")
        out.write("# type, path (through lists and blocks), what it is. Made by data/update.py.\n")
        out.write(f"# From {package.name} {package.version}.\n")
        out.writelines(line + "\n" for line in lines)
