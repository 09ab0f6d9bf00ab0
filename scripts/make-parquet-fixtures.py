#!/usr/bin/env python3
"""Writes the Parquet files of `tests/parquet`, in all the forms that results of queries on CloudTrail have, and broken ones.

    scripts/make-parquet-fixtures.py

The same events are in each of the good ones and in `events.json`. Needs `duckdb` and `pyarrow`, which write Parquet in different ways:
DuckDB as it is done today, PyArrow also as the writers of Athena and Spark have done it (times as INT96, lists of the old form).
"""

import json
import pathlib

import duckdb
import pyarrow
import pyarrow.parquet

FOLDER = pathlib.Path(__file__).parent.parent / "tests" / "parquet"
ROLE = "arn:aws:iam::111122223333:role/team/app"
COLUMNS = {
    "eventversion": "VARCHAR",
    "useridentity": (
        "STRUCT(type VARCHAR, arn VARCHAR, accountid VARCHAR, invokedby VARCHAR,"
        " sessioncontext STRUCT(sessionissuer STRUCT(type VARCHAR, arn VARCHAR)))"
    ),
    "eventtime": "VARCHAR",
    "eventsource": "VARCHAR",
    "eventname": "VARCHAR",
    "awsregion": "VARCHAR",
    "errorcode": "VARCHAR",
    "requestparameters": "VARCHAR",
    "responseelements": "VARCHAR",
    "eventid": "VARCHAR",
    "managementevent": "BOOLEAN",
    "resources": "STRUCT(arn VARCHAR, accountid VARCHAR, type VARCHAR)[]",
    "eventtype": "VARCHAR",
    "recipientaccountid": "VARCHAR",
    "eventcategory": "VARCHAR",
}


def events():
    calls = [
        ("s3", "GetObject", {"bucketName": "b", "key": "a/é.txt"}, ["arn:aws:s3:::b/a/é.txt", "arn:aws:s3:::b"]),
        ("sqs", "SendMessage", {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"}, None),
        ("ec2", "DescribeInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}]}}, None),
        ("ec2", "StartInstances", {"instancesSet": {"items": [{"instanceId": "i-1"}]}}, []),
        ("kms", "Decrypt", None, ["arn:aws:kms:eu-west-1:111122223333:key/k-1"]),
        ("nowhere", "DoSomething", {"x": "-"}, None),
    ]
    for number in range(14):
        service, name, parameters, arns = calls[number % len(calls)]
        is_data = name in ("GetObject", "SendMessage")
        yield {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "AssumedRole",
                "arn": "arn:aws:sts::111122223333:assumed-role/app/session",
                "accountId": "111122223333",
                **({"invokedBy": "athena.amazonaws.com"} if number % 7 == 0 else {}),
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}},
            },
            "eventTime": f"2026-09-{1 + number % 28:02}T12:00:{number:02}Z",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": "eu-west-1",
            **({"errorCode": "AccessDenied"} if number % 5 == 0 else {}),
            "requestParameters": parameters,
            "responseElements": {"any": ["thing"]},
            "eventID": f"00000000-0000-4000-8000-{number:012}",
            "managementEvent": not is_data,
            **({"resources": [{"ARN": arn, "accountId": "111122223333"} for arn in arns]} if arns is not None else {}),
            "eventType": "AwsApiCall",
            "recipientAccountId": "111122223333",
            "eventCategory": "Data" if is_data else "Management",
        }


def lower(value):
    if isinstance(value, dict):
        return {name.lower(): lower(inner) for name, inner in value.items()}
    return [lower(item) for item in value] if isinstance(value, list) else value


def main():
    FOLDER.mkdir(exist_ok=True)
    records = list(events())
    log = FOLDER / "events.json"
    log.write_text(json.dumps({"Records": records}, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    rows = FOLDER / "rows.tmp"
    with open(rows, "w", encoding="utf-8") as file:
        for record in records:
            row = lower({name: inner for name, inner in record.items() if not name.endswith(("Parameters", "Elements"))})
            for name in ("requestParameters", "responseElements"):
                row[name.lower()] = json.dumps(record[name]) if record[name] is not None else None
            file.write(json.dumps({name: row.get(name) for name in COLUMNS}) + "\n")
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in COLUMNS.items())
    db.execute(
        f"CREATE TABLE logs AS SELECT * FROM read_json('{rows}', format = 'newline_delimited', columns = {{{columns}}})"
    )
    rows.unlink()

    def copy(name, query, options):
        db.execute(f"COPY ({query}) TO '{FOLDER / name}.parquet' (FORMAT parquet, {options})")

    lake = """SELECT * REPLACE (CAST(eventtime AS TIMESTAMP) AS eventtime,
        CASE WHEN requestparameters IS NOT NULL THEN map_from_entries(
            [{'k': k, 'v': json_extract_string(requestparameters, '$.' || k)} FOR k IN json_keys(requestparameters)]) END
        AS requestparameters) FROM logs"""
    flat = """SELECT useridentity.type AS principal_type, useridentity.sessioncontext.sessionissuer.arn AS principal_arn,
        useridentity.invokedby AS invoked_by, eventsource AS event_source, eventname AS event_name, eventtype AS event_type,
        awsregion AS region, recipientaccountid AS account, errorcode AS error_code, eventcategory AS event_category,
        requestparameters AS request_parameters, CAST(to_json([r.arn FOR r IN resources]) AS VARCHAR) AS resources,
        count(*) AS event_count, min(CAST(eventtime AS TIMESTAMP_MS)) AS first_seen, max(CAST(eventtime AS TIMESTAMP_NS)) AS last_seen
        FROM logs GROUP BY ALL ORDER BY ALL"""
    whole = f"SELECT CAST(json AS VARCHAR) AS eventJson FROM (SELECT unnest(\"Records\") AS json FROM read_json('{log}', columns = {{Records: 'JSON[]'}}))"
    copy("athena.zstd", "SELECT * FROM logs", "COMPRESSION zstd")
    copy("lake.gzip", lake, "COMPRESSION gzip")
    copy("lake.delta", lake, "COMPRESSION uncompressed, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1")
    copy("flat.snappy", flat, "COMPRESSION snappy")
    copy("whole.uncompressed", whole, "COMPRESSION uncompressed")
    copy("brotli", flat, "COMPRESSION brotli")
    copy("wrong-type", "SELECT * REPLACE (42 AS eventname) FROM logs", "COMPRESSION snappy")
    copy("other-columns", "SELECT eventname AS a, eventtime AS b FROM logs", "COMPRESSION snappy")
    db.execute("SET force_mbedtls_unsafe = 'true'")
    db.execute("PRAGMA add_parquet_key('key', '0123456789012345')")
    copy("encrypted", flat, "COMPRESSION snappy, ENCRYPTION_CONFIG {footer_key: 'key'}")

    # As Athena's and Spark's writers do it: INT96, lists of the old form, dictionaries, several pages and row groups.
    table = pyarrow.parquet.read_table(FOLDER / "lake.gzip.parquet")
    old = {"use_deprecated_int96_timestamps": True, "use_compliant_nested_type": False, "row_group_size": 5}
    pyarrow.parquet.write_table(table, FOLDER / "lake.int96.parquet", compression="snappy", data_page_size=64, **old)
    pyarrow.parquet.write_table(
        table,
        FOLDER / "lake.pages-v2.parquet",
        compression="zstd",
        data_page_version="2.0",
        use_dictionary=False,
        column_encoding={"eventname": "DELTA_BYTE_ARRAY", "eventsource": "DELTA_LENGTH_BYTE_ARRAY"},
    )


if __name__ == "__main__":
    main()
