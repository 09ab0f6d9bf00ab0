"""Prints random SAM templates as one JSON object, by name: combinations of what SAM expands, for comparison with the
reference translator.

Usage: random_templates.py SEED COUNT
"""

import json
import random
import sys

ref = lambda name: {"Ref": name}
att = lambda name, attribute="Arn": {"Fn::GetAtt": [name, attribute]}
no_value = ref("AWS::NoValue")
pick = lambda *choices: random.choice(choices)
often = lambda chance: random.random() < chance
choose = lambda condition, yes, no: {"Fn::If": [condition, yes, no]}

paths = 0


def path():
    global paths
    paths += 1
    return pick("/p%d", "/p%d/{id}", "/p%d/{proxy+}", "/p%d/", "/p%d/{a}/b") % paths


def policies():
    queue = pick("q", ref("Value"), att("Queue", "QueueName"), {"Fn::Sub": "${Value}-x"})
    deny = {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    items = [
        "AmazonS3ReadOnlyAccess",
        "AWSLambdaBasicExecutionRole",
        {"SQSPollerPolicy": {"QueueName": queue}},
        {"S3CrudPolicy": {"BucketName": ref("Bucket")}},
        {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": att("Bucket")}]},
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "*"}},
        ref("Value"),
        choose("First", "AmazonS3FullAccess", no_value),
    ]
    if often(0.1):
        items += [choose("Second", {"CloudWatchPutMetricPolicy": {}}, no_value), choose("First", deny, deny)]
    return random.sample(items, random.randint(1, 4))


def dead_letters():
    return pick(
        {"Type": "SQS"},
        {"Arn": att("Queue")},
        {"Type": "SQS", "QueueLogicalId": f"Lost{random.randint(0, 99999)}"},
    )


def resource_policy():
    custom = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    return {
        "ResourcePolicy": pick(
            {"IpRangeWhitelist": ["203.0.113.0/24"]},
            {"AwsAccountBlacklist": ["111122223333"]},
            {"CustomStatements": [custom]},
            {"SourceVpcWhitelist": ["vpc-1", "vpce-2"]},
            {"IntrinsicVpceBlacklist": [ref("Bucket")]},
        )
    }


def kafka():
    kind = pick("BASIC_AUTH", "SASL_SCRAM_256_AUTH", "IAM_AUTH")
    access = [{"Type": kind, "URI": ref("Value")}]
    if often(0.4):
        access += [{"Type": "VPC_SUBNET", "URI": "s"}, {"Type": "VPC_SECURITY_GROUP", "URI": "g"}]
    properties = {"KafkaBootstrapServers": ["b"], "Topics": ["t"], "SourceAccessConfigurations": access}
    if often(0.3):
        properties["SchemaRegistryConfig"] = {
            "SchemaRegistryURI": pick(
                "arn:aws:glue:us-east-1:111122223333:registry/r",
                "https://registry.example.com",
                {"Fn::Sub": "arn:${AWS::Partition}:glue:${AWS::Region}:111122223333:registry/r"},
                {"Fn::Sub": "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:registry/r"},
            ),
            "EventRecordFormat": "JSON",
            "SchemaValidationConfigs": [],
            "AccessConfigs": [{"Type": "BASIC_AUTH", "URI": "u"}],
        }
    return properties


def stream(kind):
    source = pick(att("Queue"), "arn:aws:sqs:us-east-1:111122223333:q")
    properties = {"Queue": source} if kind == "SQS" else {"Stream": source, "StartingPosition": "LATEST"}
    if kind == "MSK":
        properties["Topics"] = ["t"]
    if often(0.4):
        destination = {"Type": pick("SQS", "SNS", "S3"), "Destination": pick(ref("Topic"), "arn:aws:s3:::b")}
        properties["DestinationConfig"] = {"OnFailure": destination}
    return properties


def api_event(of_function):
    properties = {"Path": path(), "Method": pick("get", "POST", "any")}
    if often(0.4):
        properties["RestApiId"] = pick(ref("Rest"), ref("Rest2"), "Rest")
    if of_function and often(0.3):
        properties["Auth"] = resource_policy()
    return properties


def http_event():
    properties = {"Path": path(), "Method": pick("get", "POST", "any")} if often(0.7) else {}
    if often(0.4):
        properties["ApiId"] = pick(ref("Http"), ref("Http2"))
    return properties


def sns_event():
    properties = {"Topic": pick(ref("Topic"), "arn:aws:sns:us-east-1:111122223333:t")}
    if often(0.5):
        given = {"QueueArn": att("Queue"), "QueueUrl": ref("Queue")}
        properties["SqsSubscription"] = pick(True, False, given)
    return properties


def timed(kind, of_function):
    properties = {"EventBridgeRule": {"Pattern": {"source": ["a"]}}, "CloudWatchEvent": {"Pattern": {"source": ["a"]}}}
    properties = properties.get(kind) or {"Schedule" if kind == "Schedule" else "ScheduleExpression": "rate(1 day)"}
    if often(0.5):
        properties["DeadLetterConfig"] = dead_letters()
    if (kind == "ScheduleV2" or (kind == "Schedule" and not of_function)) and often(0.3):
        properties["RoleArn"] = "arn:aws:iam::111122223333:role/r"
    if kind == "ScheduleV2" and often(0.3):
        properties["PermissionsBoundary"] = ref("Value")
    return properties


def secret_reader(kind):
    properties = {"SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": ref("Value")}]}
    if kind == "MQ":
        properties.update({"Broker": "arn:aws:mq:us-east-1:111122223333:broker:b:1", "Queues": ["q"]})
    else:
        properties.update({"Cluster": "arn:aws:rds:us-east-1:111122223333:cluster:c", "DatabaseName": "d"})
    if often(0.4):
        properties["SecretsManagerKmsKeyId"] = "k"
    return properties


def cognito():
    path()
    return {"UserPool": ref("Users"), "Trigger": f"T{paths}"}


def event(of_function):
    timers = ["Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent"]
    others = {
        "HttpApi": http_event,
        "S3": lambda: {"Bucket": ref("Bucket"), "Events": "s3:ObjectCreated:*"},
        "SNS": sns_event,
        "CloudWatchLogs": lambda: {"LogGroupName": pick("/a/b", ref("Value")), "FilterPattern": "x"},
        "IoTRule": lambda: {"Sql": "SELECT 1"},
        "AlexaSkill": lambda: pick({}, {"SkillId": "s"}),
        "Cognito": cognito,
        "SelfManagedKafka": kafka,
    }
    streams, secrets = ["SQS", "Kinesis", "DynamoDB", "MSK"], ["MQ", "DocumentDB"]
    kinds = ["Api", "Api", *timers]
    if of_function:
        kinds += [*others, *streams, *secrets]
    kind = random.choice(kinds)
    if kind == "Api":
        properties = api_event(of_function)
    elif kind in timers:
        properties = timed(kind, of_function)
    elif kind in streams:
        properties = stream(kind)
    elif kind in secrets:
        properties = secret_reader(kind)
    else:
        properties = others[kind]()
    return {"Type": kind, "Properties": properties}


def resource(resource_type, properties):
    result = {"Type": f"AWS::Serverless::{resource_type}", "Properties": properties}
    for chance, name, value in [
        (0.3, "Condition", pick("First", "Second")),
        (0.1, "DeletionPolicy", pick("Retain", "Delete")),
        (0.1, "UpdateReplacePolicy", pick("Retain", "Delete")),
        (0.1, "DependsOn", pick("Queue", ["Queue", "Topic"])),
        (0.1, "Metadata", {"a": 1}),
    ]:
        if often(chance):
            result[name] = value
    return result


def destination():
    perhaps = choose("Second", att("Queue"), no_value)
    return pick(
        {"Type": "SQS"},
        {"Type": "SNS"},
        {"Type": "Lambda", "Destination": ref("Value")},
        {"Type": "EventBridge", "Destination": "arn:aws:events:us-east-1:111122223333:event-bus/b"},
        {"Type": "S3Bucket", "Destination": att("Bucket")},
        {"Type": "SQS", "Destination": perhaps},
    )


def function():
    code = pick("s3://b/k", "s3://b/k?versionId=3", {"Bucket": "b", "Key": "k"})
    properties = {"Runtime": "python3.13", "Handler": "a.b", "CodeUri": code}
    if often(0.1):
        del properties["CodeUri"]
        properties["InlineCode"] = 'x\n"é"'
    role = "arn:aws:iam::111122223333:role/r"
    ends = random.sample(["OnSuccess", "OnFailure"], pick(1, 2))
    for chance, name, value in [
        (0.6, "Policies", policies()),
        (0.15, "Role", pick(role, ref("Value"), choose("First", role, no_value), choose("Second", no_value, role))),
        (0.3, "AutoPublishAlias", pick("live", ref("AliasName"), "a-b_c")),
        (0.2, "MemorySize", pick(128, ref("Memory"))),
        (0.2, "Environment", {"Variables": {"A": ref("Value"), "B": pick("b", True, 3, 1.5)}}),
        (0.2, "Tracing", pick("Active", "PassThrough", "Disabled", ref("TracingMode"))),
        (0.2, "VpcConfig", pick({"SubnetIds": ["s"]}, choose("First", {"SubnetIds": ["s"]}, no_value))),
        (0.2, "DeadLetterQueue", {"Type": pick("SQS", "SNS"), "TargetArn": ref("Topic")}),
        (0.2, "Tags", {"a": "b", "c": ref("Value")}),
        (0.2, "PropagateTags", pick(True, False)),
        (0.2, "FunctionUrlConfig", {"AuthType": pick("NONE", "AWS_IAM")}),
        (0.15, "RolePath", "/x/"),
        (0.15, "PermissionsBoundary", ref("Value")),
        (0.3, "EventInvokeConfig", {"DestinationConfig": {end: destination() for end in ends}}),
        (0.7, "Events", {f"E{i}": event(True) for i in range(random.randint(1, 5))}),
    ]:
        if often(chance):
            properties[name] = value
    if "AutoPublishAlias" in properties and often(0.4):
        enabled = pick(True, False, "true", "false", ref("Gradual"))
        properties["DeploymentPreference"] = {"Type": "AllAtOnce", "Enabled": enabled}
        if often(0.3):
            properties["DeploymentPreference"]["Role"] = ref("Value")
    return resource("Function", properties)


def state_machine():
    properties = {"DefinitionUri": "s3://b/k"}
    if often(0.5):
        properties["Policies"] = policies()
    elif often(0.3):
        properties["Role"] = ref("Value")
    for chance, more in [
        (0.2, {"Tracing": {"Enabled": pick(True, False)}}),
        (0.2, {"Tags": {"a": "b"}, "PropagateTags": pick(True, False)}),
        (0.2, {"PermissionsBoundary": ref("Value")}),
        (0.2, {"AutoPublishAlias": "live", "UseAliasAsEventTarget": pick(True, False)}),
        (0.7, {"Events": {f"E{i}": event(False) for i in range(random.randint(1, 4))}}),
    ]:
        if often(chance):
            properties.update(more)
    return resource("StateMachine", properties)


def rest_api(stage):
    properties = {"StageName": stage}
    if often(0.3):
        properties["Auth"] = resource_policy()
    elif often(0.3):
        properties["Auth"] = {"Authorizers": {"A": {"FunctionArn": ref("Value")}, "B": {"UserPoolArn": "arn:u"}}}
    if often(0.2):
        properties["Cors"] = "'*'"
    return resource("Api", properties)


def http_api():
    properties = {}
    if often(0.4):
        properties["StageName"] = pick("live", "a-b", ref("Value"))
    if often(0.3):
        authorizer = {"FunctionArn": ref("Value"), "AuthorizerPayloadFormatVersion": "2.0"}
        authorizer["EnableFunctionDefaultPermissions"] = pick(True, False)
        properties["Auth"] = {"Authorizers": {"A": authorizer}}
    return resource("HttpApi", properties)


def global_properties():
    sections = {}
    of_functions = {
        "Tracing": "Active",
        "Tags": {"g": "h"},
        "VpcConfig": {"SubnetIds": ["g"]},
        "RolePath": "/g/",
        "PermissionsBoundary": "arn:aws:iam::111122223333:policy/g",
        "EventInvokeConfig": {"DestinationConfig": {"OnFailure": {"Type": "SQS"}}},
        "PropagateTags": True,
        "AutoPublishAlias": "everywhere",
    }
    if often(0.3):
        sections["Function"] = {name: value for name, value in of_functions.items() if often(0.3)}
    if often(0.2):
        sections["Api"] = {"Auth": resource_policy()}
    return sections


def template():
    global paths
    paths = 0
    string = lambda default: {"Type": "String", "Default": default}
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Bucket": {"Type": "AWS::S3::Bucket"},
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Users": {"Type": "AWS::Cognito::UserPool"},
        "Rest": rest_api(pick("live", "v1-x", ref("Value"))),
        "Rest2": rest_api("two"),
        "Http": http_api(),
        "Http2": http_api(),
    }
    resources.update({f"F{i}": function() for i in range(random.randint(1, 4))})
    resources.update({f"S{i}": state_machine() for i in range(random.randint(0, 2))})
    if often(0.2):
        properties = {"ContentUri": "s3://b/k", "Description": ref("Value")}
        resources["Layer"] = {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}
        resources["F0"]["Properties"]["Layers"] = [ref("Layer")]
    result = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {
            "Value": string("value"),
            "AliasName": string("alias"),
            "Memory": {"Type": "Number", "Default": 512},
            "TracingMode": string(pick("Active", "Disabled")),
            "Gradual": string(pick("true", "false")),
        },
        "Conditions": {
            "First": {"Fn::Equals": [ref("Value"), "a"]},
            "Second": {"Fn::Equals": [ref("Value"), "b"]},
        },
        "Resources": resources,
    }
    sections = global_properties()
    if sections:
        result["Globals"] = sections
    return result


random.seed(int(sys.argv[1]))
print(json.dumps({f"random {i}": template() for i in range(int(sys.argv[2]))}))
