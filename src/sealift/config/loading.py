"""Loads a configuration: lays the layers over each other, reads the tables, checks the whole."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sealift.config.checking import Checks
from sealift.config.complaints import Complaints, Where
from sealift.config.datasets import read_datasets
from sealift.config.desktop import is_flat, unfolded
from sealift.config.layers import Tree, lay_environment, lay_overrides, read_file
from sealift.config.options import (
    AgentOptions,
    Config,
    DestinationConfig,
    LimitOptions,
    RouteConfig,
    RouteOptions,
)
from sealift.config.reading import Options, Reader, names
from sealift.destinations.directory import DirectoryOptions
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.s3_options import S3Options
from sealift.sealing.seal import SealOptions
from sealift.sources.folder import FolderOptions
from sealift.sources.listener.options import ListenerOptions
from sealift.sources.listener.place import closed_files
from sealift.sources.settling import Action

T = TypeVar("T", bound=Options)

_DESTINATIONS: Mapping[str, type[S3Options | PresignedOptions | DirectoryOptions]] = {
    "s3": S3Options,
    "presigned": PresignedOptions,
    "directory": DirectoryOptions,
}
_SOURCES: Mapping[str, type[FolderOptions] | type[ListenerOptions]] = {
    "folder": FolderOptions,
    "listener": ListenerOptions,
}
_SECTIONS = ("source", "seal", "destination")


def load(
    path: Path,
    environ: Mapping[str, str] | None,
    overrides: Mapping[str, object],
    *,
    check: bool,
) -> Config:
    """Load and check a configuration; see `Config.load`."""
    environ = os.environ if environ is None else environ
    tree = read_file(path)
    tree, written = unfolded(tree, path, environ) if is_flat(tree) else (tree, {})
    origins = lay_environment(tree, environ) | lay_overrides(tree, overrides)
    complaints = Complaints(path, origins, written)
    checks = Checks(path.absolute().parent, complaints if check else Complaints(path))
    config = _Loading(path, environ if check else None, complaints, checks).config(tree)
    complaints.raise_if_any()
    return config


class _Loading:
    """Reads the tree into a Config; what is wrong goes to the complaints."""

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str] | None,
        complaints: Complaints,
        checks: Checks,
    ) -> None:
        self._path = path
        self._checks = checks
        self._base = path.absolute().parent
        self._state_dir = self._base
        self._device_id = ""
        self._complaints = complaints
        self._reader = Reader(self._base, environ, complaints)

    def config(self, tree: Tree) -> Config:
        self._reader.refuse_unknown(tree, ("agent", "routes", "datasets"), (), _homes("NAME"))
        found = self._section(AgentOptions, tree.get("agent", {}), ("agent",), {})
        agent = found or AgentOptions()
        agent = replace(agent, state_dir=self._base / agent.state_dir)
        self._checks.agent(agent)
        self._state_dir, self._device_id = agent.state_dir, agent.device_id
        tables = self._as_table(tree.get("routes", {}), ("routes",))
        if not tables and not tree.get("datasets"):
            self._complaints.add((), "no route is set up. Add [routes.NAME.source] and the rest.")
        routes = tuple(filter(None, (self._route(name, tables[name]) for name in tables)))
        self._checks.neighbours(routes, agent.state_dir)
        datasets = read_datasets(tree.get("datasets", {}), self._reader, self._complaints)
        return Config(file=self._path, agent=agent, routes=routes, datasets=datasets)

    def _route(self, name: str, value: object) -> RouteConfig | None:
        where = ("routes", name)
        table = self._as_table(value, where)
        homes = _homes(name)
        known = (*names(RouteOptions), *_SECTIONS)
        self._reader.refuse_unknown(table, known, where, homes)
        options = self._reader.read(RouteOptions, table, where)
        source = self._source(table, where, homes)
        seal = self._section(SealOptions, table.get("seal", {}), (*where, "seal"), homes)
        destinations = self._destinations(table, where, homes)
        if options is not None:
            self._checks.options(options, where)
        if source is not None:
            self._checks.source(source, (*where, "source"))
        if seal is not None:
            self._checks.seal(seal, (*where, "seal"))
            if isinstance(source, ListenerOptions):
                self._checks.listeners_seal(seal, (*where, "seal"))
        if options is None or source is None or seal is None or not destinations:
            return None
        listener = source if isinstance(source, ListenerOptions) else None
        if isinstance(source, ListenerOptions):
            source = closed_files(source, self._state_dir, name)
            options = replace(options, after=Action.DELETE.value)
        return RouteConfig(
            name=name,
            source=source,
            seal=seal,
            destinations=destinations,
            options=options,
            listener=listener,
        )

    def _source(
        self, table: Tree, where: Where, homes: Mapping[str, str]
    ) -> FolderOptions | ListenerOptions | None:
        here = (*where, "source")
        if "source" not in table:
            self._complaints.add(here, 'is missing. Add it with kind = "folder" and a path.')
            return None
        source = self._as_table(table["source"], here)
        if not self._kind(source, here, tuple(_SOURCES)):
            return None
        kind: type[Any] = _SOURCES[str(source["kind"])]
        found: FolderOptions | ListenerOptions | None = self._section(kind, source, here, homes)
        return found

    def _destinations(
        self, table: Tree, where: Where, homes: Mapping[str, str]
    ) -> tuple[DestinationConfig, ...]:
        here = (*where, "destination")
        given = table.get("destination")
        if not given:
            self._complaints.add(here, 'is missing. Add it with kind = "s3" and a bucket.')
            return ()
        places = (
            [((*here, str(number)), one) for number, one in enumerate(given)]
            if isinstance(given, list)
            else [(here, given)]
        )
        taken: set[str] = set()
        found = []
        for place, one in places:
            destination = self._destination(self._as_table(one, place), place, homes, taken)
            if destination is not None:
                found.append(destination)
        return tuple(found) if len(found) == len(places) else ()

    def _destination(
        self, table: Tree, where: Where, homes: Mapping[str, str], taken: set[str]
    ) -> DestinationConfig | None:
        if not self._kind(table, where, tuple(_DESTINATIONS)):
            return None
        kind = _DESTINATIONS[str(table["kind"])]
        self._reader.refuse_unknown(table, ("kind", *names(kind, LimitOptions)), where, homes)
        name = table.get("name") or _free_name(str(table["kind"]), taken)
        if name in taken:
            self._complaints.wrong_value((*where, "name"), name, "is taken by another destination.")
        taken.add(str(name))
        table = table | {"name": name}
        if kind is PresignedOptions and not table.get("device_id"):
            table["device_id"] = self._device_id
        options: Any = self._reader.read(kind, table, where)
        limits = self._reader.read(LimitOptions, table, where)
        if options is None or limits is None:
            return None
        destination = DestinationConfig(options=options, limits=limits)
        self._checks.destination(destination, where)
        return destination

    def _kind(self, table: Tree, where: Where, known: tuple[str, ...]) -> bool:
        kind = table.get("kind")
        here = (*where, "kind")
        if kind in known:
            return True
        choices = f"{', '.join(known[:-1])} or {known[-1]}"
        if kind is None:
            self._complaints.add(here, f"is missing. Use {choices}.")
        else:
            self._complaints.wrong_value(here, kind, f"is not known. Use {choices}.")
        return False

    def _section(
        self, kind: type[T], value: object, where: Where, homes: Mapping[str, str]
    ) -> T | None:
        table = self._as_table(value, where)
        known = names(kind) if where[-1] != "source" else ["kind", *names(kind)]
        self._reader.refuse_unknown(table, known, where, homes)
        return self._reader.read(kind, table, where)

    def _as_table(self, value: object, where: Where) -> Tree:
        if isinstance(value, dict):
            return value
        self._complaints.wrong_value(where, value, f"is not a section. Write [{'.'.join(where)}].")
        return {}


def _free_name(kind: str, taken: set[str]) -> str:
    """Name a destination after its kind, with a number from the second of a kind on."""
    number = 1
    name = kind
    while name in taken:
        number += 1
        name = f"{kind}-{number}"
    return name


def _homes(route: str) -> dict[str, str]:
    """Tell for each setting that stands in one section only, which one that is."""
    homes: dict[str, str] = {}
    doubtful: set[str] = set()
    sections: tuple[tuple[str, tuple[type[Options], ...]], ...] = (
        ("agent", (AgentOptions,)),
        (f"routes.{route}", (RouteOptions,)),
        (f"routes.{route}.source", tuple(_SOURCES.values())),
        (f"routes.{route}.seal", (SealOptions,)),
        (f"routes.{route}.destination", (S3Options, LimitOptions)),
    )
    for section, kinds in sections:
        for name in names(*kinds):
            if name in homes:
                doubtful.add(name)
            homes[name] = section
    return {name: home for name, home in homes.items() if name not in doubtful}
