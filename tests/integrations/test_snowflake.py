"""The SQL for Snowflake is SQL, and is for what the route delivers."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from sealift import DestinationConfig, DirectoryOptions, OutputFormat, RouteConfig, S3Options
from sealift.config.aggregator import Wishes, aggregator_config
from sealift.errors import UsageError
from sealift.integrations.snowflake import snowflake_sql
from sealift.sealing.options import SealOptions
from tests.cli.commands import run


def listener(output: OutputFormat = OutputFormat.XML) -> RouteConfig:
    environ = {"BUCKET_NAME": "my-bucket", "USE_DATE_FOLDERS": "true"}
    (route,) = aggregator_config(environ, Wishes()).routes
    assert route.listener is not None
    return replace(route, listener=replace(route.listener, output=output))


def statements(sql: str) -> list[exp.Expression]:
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it keeps some as plain text
    return [one for one in sqlglot.parse(sql, dialect="snowflake") if one is not None]


@pytest.mark.parametrize("output", list(OutputFormat))
def test_every_statement_parses(output: OutputFormat) -> None:
    """In Snowflake's dialect; copy, table and query down to their parts."""
    found = statements(snowflake_sql(listener(output), fields=("cn", "plasectrxEventname")))
    assert len(found) == 9
    copies = [one for one in found if isinstance(one, exp.Copy)]
    assert len(copies) == 1
    assert copies[0].this.this.name == "events"
    (table,) = (one for one in found if isinstance(one, exp.Create) and one.kind == "TABLE")
    assert [column.name for column in table.this.expressions] == [
        *("event", "file_name", "file_row", "loaded_at")
    ]
    assert isinstance(found[-1], exp.Select)
    assert [one.alias_or_name for one in found[-1].expressions] == [
        *("cn", "plasectrxEventname", "event", "file_name", "loaded_at")
    ]


def test_each_format_is_read_as_it_is_written() -> None:
    """One event a row."""
    xml = snowflake_sql(listener())
    assert "TYPE = XML STRIP_OUTER_ELEMENT = TRUE" in xml
    assert "XMLGET(event, 'cn'):\"$\"::VARCHAR AS cn" in xml
    json = snowflake_sql(listener(OutputFormat.JSON), fields=("cn",))
    assert "TYPE = JSON STRIP_OUTER_ARRAY = TRUE" in json
    assert 'event:"EVENT"."cn"::VARCHAR AS cn' in json
    assert "TYPE = JSON COMPRESSION" in snowflake_sql(listener(OutputFormat.NDJSON))


def test_the_place_is_where_keys_begin() -> None:
    """Bucket, prefix, and the folder that the template names before its first field."""
    route = listener()
    assert "URL = 's3://my-bucket/xml-events/'" in snowflake_sql(route)
    deeper = replace(route, options=replace(route.options, key="a/b/c{name}"))
    assert "URL = 's3://my-bucket/xml-events/a/b/'" in snowflake_sql(deeper)


def test_a_folder_route() -> None:
    """Its format is the seal's, or by its pattern."""
    route = replace(listener(), listener=None, name="7-days", seal=SealOptions(format="ndjson"))
    sql = snowflake_sql(route, fields=("id",))
    assert "CREATE TABLE IF NOT EXISTS r_7_days" in sql
    assert 'event:"id"::VARCHAR AS id' in sql
    statements(sql)


def test_what_it_cannot_do(tmp_path: Path) -> None:
    """No bucket, and no quotes that end a text."""
    nowhere = DestinationConfig(options=DirectoryOptions(path=tmp_path))
    with pytest.raises(UsageError, match="no bucket"):
        snowflake_sql(replace(listener(), destinations=(nowhere,)))
    with pytest.raises(UsageError, match="cannot stand in SQL"):
        snowflake_sql(listener(), fields=("a'; DROP TABLE x; --",))
    quoted = DestinationConfig(options=S3Options(bucket="my-bucket", prefix="o'neil/"))
    with pytest.raises(UsageError, match="cannot stand in SQL"):
        snowflake_sql(replace(listener(), destinations=(quoted,)))


def test_the_verb(tmp_path: Path) -> None:
    """From the environment alone; an unknown route is named."""
    done = run("snowflake", "events", home=tmp_path, BUCKET_NAME="my-bucket")
    assert done.returncode == 0
    assert done.stdout == snowflake_sql(listener())
    wrong = run("snowflake", "event", home=tmp_path, BUCKET_NAME="my-bucket")
    assert wrong.returncode == 2
    assert "There is no route event" in wrong.stderr
