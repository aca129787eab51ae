"""Writes the SQL by which Snowflake loads what a route delivers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sealift import RouteConfig, S3Options
from sealift.errors import UsageError

DEFAULT_ROLE = "arn:aws:iam::123456789012:role/snowflake-reads-events"
_FORMATS = {
    "xml": "TYPE = XML STRIP_OUTER_ELEMENT = TRUE",
    "json": "TYPE = JSON STRIP_OUTER_ARRAY = TRUE",
    "ndjson": "TYPE = JSON",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What the statements create, and from what."""

    stem: str
    url: str
    kind: str
    element: str
    """The one key of each object, for XML that became JSON; else empty."""


def snowflake_sql(
    route: RouteConfig, *, role_arn: str = DEFAULT_ROLE, fields: Sequence[str] = ()
) -> str:
    """
    Give the statements for one route: integration, stage, format, table, load, pipe, query.

    They are to be read and run by a person with the rights to do so; running them
    again changes nothing that is there.

    Args:
        route: A route with an S3 destination.

        role_arn: The AWS role that Snowflake takes on to read the bucket.

        fields: Names of the events' fields for the sample query.

    Raises:
        UsageError: The route delivers to no bucket, or a name cannot stand in SQL.

    Source: https://docs.snowflake.com/en/user-guide/data-load-snowpipe-auto-s3
    """
    names = _names(route)
    for text in (role_arn, names.url, *fields):
        if not re.fullmatch(r"[\w:/.@+=,#*!()&$ -]+", text):
            raise UsageError(f"{text!r} cannot stand in SQL.", hint="Use plain characters.")
    return (
        "\n\n".join(
            [
                _integration(names, role_arn),
                _stage(names),
                _table(names),
                f"-- Load what is there now; what was loaded is not again.\n{_copy(names)};",
                _pipe(names),
                _query(
                    names, fields or ("cn",) if names.kind == "xml" or names.element else fields
                ),
            ]
        )
        + "\n"
    )


def _names(route: RouteConfig) -> _Names:
    options = next(
        (one.options for one in route.destinations if isinstance(one.options, S3Options)), None
    )
    if options is None:
        raise UsageError(
            f"The route {route.name} delivers to no bucket.",
            hint='Snowflake loads from destinations of kind = "s3".',
        )
    folder = route.options.key.partition("{")[0].rpartition("/")[0]
    below = options.prefix + (folder + "/" if folder else "")
    stem = re.sub(r"[^A-Za-z0-9_]", "_", route.name)
    listener = route.listener
    kind = listener.output.value if listener else _kind_of(route)
    return _Names(
        stem=stem if not stem[0].isdigit() else f"r_{stem}",
        url=f"s3://{options.bucket}/{below}",
        kind=kind,
        element=listener.element if listener and kind != "xml" else "",
    )


def _kind_of(route: RouteConfig) -> str:
    """Tell the format of a folder's files, by the seal or by the pattern."""
    if route.seal.format in _FORMATS:
        return route.seal.format
    suffix = route.source.pattern.rpartition(".")[2].lower()
    return {"xml": "xml", "ndjson": "ndjson", "jsonl": "ndjson"}.get(suffix, "json")


def _integration(names: _Names, role_arn: str) -> str:
    return (
        "-- Once, as ACCOUNTADMIN. Then let the role trust what DESC INTEGRATION tells.\n"
        f"CREATE STORAGE INTEGRATION IF NOT EXISTS {names.stem}_integration\n"
        "  TYPE = EXTERNAL_STAGE\n"
        "  STORAGE_PROVIDER = 'S3'\n"
        "  ENABLED = TRUE\n"
        f"  STORAGE_AWS_ROLE_ARN = '{role_arn}'\n"
        f"  STORAGE_ALLOWED_LOCATIONS = ('{names.url}');\n"
        f"DESC INTEGRATION {names.stem}_integration;"
    )


def _stage(names: _Names) -> str:
    return (
        f"CREATE FILE FORMAT IF NOT EXISTS {names.stem}_format\n"
        f"  {_FORMATS[names.kind]} COMPRESSION = AUTO;\n"
        f"CREATE STAGE IF NOT EXISTS {names.stem}_stage\n"
        f"  URL = '{names.url}'\n"
        f"  STORAGE_INTEGRATION = {names.stem}_integration\n"
        f"  FILE_FORMAT = (FORMAT_NAME = '{names.stem}_format');"
    )


def _table(names: _Names) -> str:
    return (
        f"CREATE TABLE IF NOT EXISTS {names.stem} (\n"
        "  event VARIANT,\n"
        "  file_name VARCHAR,\n"
        "  file_row NUMBER,\n"
        "  loaded_at TIMESTAMP_LTZ\n"
        ");"
    )


def _copy(names: _Names) -> str:
    suffix = {"xml": "xml", "json": "json", "ndjson": "(ndjson|jsonl)"}[names.kind]
    return (
        f"COPY INTO {names.stem} (event, file_name, file_row, loaded_at)\n"  # noqa: S608  safe names
        "FROM (\n"
        "  SELECT $1, METADATA$FILENAME, METADATA$FILE_ROW_NUMBER, METADATA$START_SCAN_TIME\n"
        f"  FROM @{names.stem}_stage\n"
        ")\n"
        f"PATTERN = '.*[.]{suffix}([.](gz|zst))?'"
    )


def _pipe(names: _Names) -> str:
    return (
        "-- Load by itself: let the bucket notify the queue that SHOW PIPES names.\n"
        f"CREATE PIPE IF NOT EXISTS {names.stem}_pipe\n"
        "  AUTO_INGEST = TRUE\n"
        "AS\n"
        f"{_copy(names)};\n"
        f"SHOW PIPES LIKE '{names.stem}_pipe';"
    )


def _query(names: _Names, fields: Sequence[str]) -> str:
    def value(field: str) -> str:
        alias = re.sub(r"[^A-Za-z0-9_]", "_", field)
        if names.kind == "xml":
            return f"XMLGET(event, '{field}'):\"$\"::VARCHAR AS {alias}"
        within = f'"{names.element}".' if names.element else ""
        return f'event:{within}"{field}"::VARCHAR AS {alias}'

    columns = ",\n  ".join([*map(value, fields), "event", "file_name", "loaded_at"])
    return (
        f"SELECT\n  {columns}\nFROM {names.stem}\n"
        "WHERE loaded_at > DATEADD(HOUR, -1, CURRENT_TIMESTAMP())\nLIMIT 10;"
    )
