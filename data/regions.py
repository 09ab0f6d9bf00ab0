"""Entry `regions` from the partition list of the PyPI package `botocore`."""

import json
import os

from container import text, varint


def entries(package):
    with open(os.path.join(package, "botocore", "data", "partitions.json"), encoding="utf-8") as file:
        partitions = json.load(file)["partitions"]
    # Pseudo-Regions such as `aws-global` stand for endpoints, not for places.
    regions = sorted(
        (region, partition["id"])
        for partition in partitions
        for region in partition["regions"]
        if not region.endswith("-global")
    )
    out = varint(len(regions)) + b"".join(text(region) + text(partition) for region, partition in regions)
    return {"regions": out}, {"partitions": len(partitions), "Regions": len(regions)}
