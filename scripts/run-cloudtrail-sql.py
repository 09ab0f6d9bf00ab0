#!/usr/bin/env python3
"""Runs a query of `generate-policy --print-sql` on log files, in DuckDB, and writes its result as CSV or Parquet.

    scripts/run-cloudtrail-sql.py athena|cloudtrail-lake QUERY.sql RESULT… LOG.json…

Each name of a result ends in `.csv` or in `.CODEC.parquet`, where CODEC is uncompressed, snappy, gzip, zstd or another of DuckDB's. A
query of `-` gives the table itself.

The query is parsed as Trino's dialect, which Athena and CloudTrail Lake speak, and rewritten for DuckDB by sqlglot. The table has the
columns and types that the CloudTrail User Guide gives for Athena, or those of an event data store. Needs `duckdb` and `sqlglot`.
"""

import csv
import gzip
import json
import sys

import duckdb
import sqlglot

IDENTITY = (
    "STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, invokedby VARCHAR, accesskeyid VARCHAR,"
    " username VARCHAR, sessioncontext STRUCT(attributes STRUCT(mfaauthenticated VARCHAR, creationdate VARCHAR),"
    " sessionissuer STRUCT(type VARCHAR, principalid VARCHAR, arn VARCHAR, accountid VARCHAR, username VARCHAR)))"
)
COLUMNS = {
    "eventversion": "VARCHAR",
    "useridentity": IDENTITY,
    "eventtime": "VARCHAR",
    "eventsource": "VARCHAR",
    "eventname": "VARCHAR",
    "awsregion": "VARCHAR",
    "errorcode": "VARCHAR",
    "requestparameters": "VARCHAR",
    "eventid": "VARCHAR",
    "resources": "STRUCT(arn VARCHAR, accountid VARCHAR, type VARCHAR)[]",
    "eventtype": "VARCHAR",
    "recipientaccountid": "VARCHAR",
    "sharedeventid": "VARCHAR",
    "eventcategory": "VARCHAR",
}


def lower(value):
    """Names of fields in lower case, as the tables have them."""
    if isinstance(value, dict):
        return {name.lower(): lower(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [lower(item) for item in value]
    return value


def rows(paths, lake):
    for path in paths:
        opener = gzip.open if path.endswith(".gz") else open
        with opener(path, "rt", encoding="utf-8") as file:
            for record in json.load(file)["Records"]:
                parameters = record.pop("requestParameters", None)
                row = lower(record)
                if parameters is not None:
                    row["requestparameters"] = parameters if lake else json.dumps(parameters)
                yield {name: row.get(name) for name in COLUMNS}


def table_of(connection, name, lake, logs, work):
    """Makes the table of the records."""
    types = dict(COLUMNS)
    if lake:
        types |= {"eventtime": "TIMESTAMP", "requestparameters": "MAP(VARCHAR, VARCHAR)"}
    connection.execute("SET TimeZone = 'UTC'")
    with open(work, "w", encoding="utf-8") as file:
        for row in rows(logs, lake):
            if lake and row["requestparameters"] is not None:
                row["requestparameters"] = {
                    name: value if isinstance(value, str) else json.dumps(value)
                    for name, value in row["requestparameters"].items()
                }
            file.write(json.dumps(row) + "\n")
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in types.items())
    connection.execute(
        f"CREATE TABLE {name} AS SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{{columns}}})", [work]
    )


def write(connection, query, result):
    """Writes a query's result."""
    if result.endswith(".parquet"):
        codec = result.split(".")[-2]
        connection.execute(f"COPY ({query}) TO '{result}' (FORMAT parquet, COMPRESSION {codec}, ROW_GROUP_SIZE 2048)")
        return
    cursor = connection.execute(query)
    with open(result, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow([column[0] for column in cursor.description])
        writer.writerows([["" if value is None else value for value in row] for row in cursor.fetchall()])


def main():
    dialect, query, *files = sys.argv[1:]
    results = [file for file in files if file.endswith((".csv", ".parquet"))]
    logs = [file for file in files if file not in results]
    table, select = "logs", "SELECT * FROM logs"
    if query != "-":
        with open(query, encoding="utf-8") as file:
            parsed = sqlglot.parse(file.read(), read="trino")
        [statement] = [statement for statement in parsed if statement is not None]
        [table] = {t.sql() for t in statement.find_all(sqlglot.exp.Table) if t.name != "events"}
        select = statement.sql(dialect="duckdb")
    connection = duckdb.connect()
    table_of(connection, table, dialect == "cloudtrail-lake", logs, results[0] + ".rows")
    for result in results:
        write(connection, select, result)


if __name__ == "__main__":
    main()
