#!/usr/bin/env python3
"""Writes N requests for `iam-preflight simulate --batch`, the same for the same N: 50 sets of policies (an identity policy of
four statements, a bucket policy, a boundary, an SCP), principals, actions and objects in turn."""

import json
import sys


def statement(effect, actions, resources, **more):
    return {"Effect": effect, "Action": actions, "Resource": resources, **more}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def policies(n):
    bucket = f"arn:aws:s3:::data-{n}"
    tls = {"Bool": {"aws:SecureTransport": "false"}}
    return {
        "identity": [
            document(
                statement("Allow", ["s3:GetObject", "s3:PutObject"], bucket + "/${aws:username}/*"),
                statement("Allow", "s3:ListBucket", bucket, Condition={"StringLike": {"s3:prefix": "${aws:username}/*"}}),
                statement("Allow", ["sqs:*", "sns:Publish"], "*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
                statement("Deny", "s3:Delete*", "*"),
            )
        ],
        "resource": document(statement("Deny", "s3:*", bucket + "/*", Principal="*", Condition=tls)),
        "boundary": document(statement("Allow", ["s3:*", "sqs:*"], "*")),
        "scp": [[document(statement("Allow", "*", "*"))]],
    }


def main():
    count = int(sys.argv[1])
    sets = [json.dumps(policies(n)) for n in range(50)]
    actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:GetObjectTagging"]
    for i in range(count):
        user = f"user{i % 7}"
        request = {
            "principal": f"arn:aws:iam::111122223333:user/{user}",
            "action": actions[i % 4],
            "resource": f"arn:aws:s3:::data-{i % 50}/user{i % 3}/{i}.csv",
            "context": {"aws:SourceIp": f"10.0.{i % 256}.7", "aws:SecureTransport": i % 11 != 0},
        }
        print(f'{{"id": {i}, "request": {json.dumps(request)}, "policies": {sets[i % 50]}}}')


if __name__ == "__main__":
    main()
