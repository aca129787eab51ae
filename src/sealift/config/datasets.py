"""Reads the tables `datasets.NAME` of a configuration."""

from collections.abc import Mapping
from typing import Any

from sealift.config.complaints import Complaints, Where
from sealift.config.layers import Tree
from sealift.config.reading import Reader, names
from sealift.datasets.declared import declared
from sealift.datasets.options import DatasetConfig, DatasetOptions, MongoOptions
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError

_SECTIONS = ("destination", "mongo")


def read_datasets(
    value: object, reader: Reader, complaints: Complaints
) -> tuple[DatasetConfig, ...]:
    """Read all datasets; what is wrong is complained about.

    Args:
        value: What stands under `datasets`.
        reader: Reads tables into options.
        complaints: Where complaints go.
    """
    reading = _Reading(reader, complaints)
    tables = reading.table(value, ("datasets",))
    return tuple(filter(None, (reading.dataset(name, tables[name]) for name in tables)))


class _Reading:
    def __init__(self, reader: Reader, complaints: Complaints) -> None:
        self._reader = reader
        self._complaints = complaints

    def dataset(self, name: str, value: object) -> DatasetConfig | None:
        """Read one; None if it cannot be had."""
        where = ("datasets", name)
        table = self.table(value, where)
        self._refuse_unknown(table, (*names(DatasetOptions), *_SECTIONS), where)
        options = self._reader.read(DatasetOptions, table, where)
        destinations = self._destinations(table, where)
        mongo = self._mongo(table, (*where, "mongo"))
        if options is None or not destinations:
            return None
        self._complaints.sentences(where, options.problems())
        try:
            dataset = declared(name, options)
        except ConfigError as error:
            self._complaints.adopt(where, error)
            return None
        return DatasetConfig(
            dataset=dataset, destinations=destinations, options=options, mongo=mongo
        )

    def table(self, value: object, where: Where) -> Tree:
        """Give a table as it is; complain about what is none."""
        if isinstance(value, dict):
            return value
        self._complaints.wrong_value(where, value, f"is not a section. Write [{'.'.join(where)}].")
        return {}

    def _destinations(self, table: Tree, where: Where) -> tuple[S3Options, ...]:
        here = (*where, "destination")
        given = table.get("destination")
        if not given:
            self._complaints.add(here, "is missing. Add it with a bucket.")
            return ()
        places = (
            [((*here, str(number)), one) for number, one in enumerate(given)]
            if isinstance(given, list)
            else [(here, given)]
        )
        found = [self._destination(self.table(one, place), place) for place, one in places]
        return tuple(one for one in found if one is not None) if all(found) else ()

    def _destination(self, table: Tree, where: Where) -> S3Options | None:
        self._refuse_unknown(table, ("kind", *names(S3Options)), where)
        if table.get("kind", "s3") != "s3":
            self._complaints.wrong_value(
                (*where, "kind"), table["kind"], "cannot be here. A dataset goes to s3 only."
            )
        options = self._reader.read(S3Options, table, where)
        if options is not None:
            try:
                options.check()
            except ConfigError as error:
                self._complaints.adopt(where, error)
        return options

    def _mongo(self, table: Tree, where: Where) -> MongoOptions | None:
        if "mongo" not in table:
            return None
        section = self.table(table["mongo"], where)
        self._refuse_unknown(section, names(MongoOptions), where)
        options = self._reader.read(MongoOptions, section, where)
        if options is not None:
            self._complaints.sentences(where, options.problems())
        return options

    def _refuse_unknown(self, table: Mapping[str, Any], known: Any, where: Where) -> None:
        self._reader.refuse_unknown(table, known, where, {})
