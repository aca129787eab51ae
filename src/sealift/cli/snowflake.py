"""`sealift snowflake`: the SQL that loads what a route delivers."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

import sealift
from sealift.cli.flags import ConfigFlag
from sealift.errors import UsageError
from sealift.integrations.snowflake import DEFAULT_ROLE, snowflake_sql

app = App(
    name="snowflake",
    help_epilogue="""\
Examples:
  sealift snowflake events --config /etc/sealift.toml
  BUCKET_NAME=my-bucket sealift snowflake events --field cn""",
)


@app.default
def snowflake(
    route: str,
    *,
    config: ConfigFlag = Path("sealift.toml"),
    role_arn: str = DEFAULT_ROLE,
    field: Annotated[tuple[str, ...], Parameter(negative="", show_default=False)] = (),
) -> int:
    """
    Print the SQL by which Snowflake loads what a route delivers.

    Storage integration, file format, stage, table, COPY INTO, a pipe that loads by
    itself, and a query. Nothing is connected to. Without a configuration file, the
    environment of `sealift listen` is taken; its route is called events.

    Parameters
    ----------
    route
        Name of the route.
    role_arn
        The AWS role that Snowflake takes on to read the bucket.
    field
        A field of the events for the query; may be given several times.
    """
    if not config.exists() and "BUCKET_NAME" in os.environ:
        settings = sealift.aggregator_config(os.environ, sealift.Wishes())
    else:
        settings = sealift.Config.load(config, check=False)
    found = next((one for one in settings.routes if one.name == route), None)
    if found is None:
        known = " or ".join(one.name for one in settings.routes)
        raise UsageError(f"There is no route {route} in {settings.file}.", hint=f"Use {known}.")
    print(snowflake_sql(found, role_arn=role_arn, fields=field), end="")
    return 0
