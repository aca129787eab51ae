"""Checks what no single field can tell: templates, folders, and routes beside each other."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path

from sealift.config.complaints import Complaints, Where
from sealift.config.options import AgentOptions, DestinationConfig, RouteConfig, RouteOptions
from sealift.destinations.directory import DirectoryOptions
from sealift.destinations.presigned_options import PresignedOptions
from sealift.destinations.s3_options import S3Options
from sealift.errors import ConfigError
from sealift.naming import KeyTemplate
from sealift.sealing.convert import Conversion
from sealift.sealing.seal import Sealer, SealOptions
from sealift.sources.folder import FolderOptions
from sealift.sources.listener.options import ListenerOptions
from sealift.sources.settling import Action, After

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Checks:
    """Checks the parts of a configuration as they are read; what is wrong is complained about.

    Args:
        base: What relative paths are relative to.
        complaints: Where complaints go.
    """

    def __init__(self, base: Path, complaints: Complaints) -> None:
        self._base = base
        self._complaints = complaints

    def agent(self, agent: AgentOptions) -> None:
        """Check the section `agent`."""
        self._complaints.sentences(("agent",), agent.problems())

    def options(self, options: RouteOptions, where: Where) -> None:
        """Check a route's own settings."""
        if not _NAME.fullmatch(where[-1]):
            self._complaints.add(where, "is no name for a route. Use A-Z, a-z, 0-9, . _ and -.")
        self._complaints.sentences(where, options.problems())
        with self._adopting((*where, "key")):
            KeyTemplate.parse(options.key)
        with self._adopting((*where, "after")):
            After.parse(options.after, self._base)

    def source(self, source: FolderOptions | ListenerOptions, where: Where) -> None:
        """Check a source."""
        self._complaints.sentences(where, source.problems())

    def seal(self, seal: SealOptions, where: Where) -> None:
        """Check a seal; one that cannot be had, such as redaction, is refused here."""
        with self._adopting(where):
            Sealer(seal)

    def listeners_seal(self, seal: SealOptions, where: Where) -> None:
        """Check what a listener's seal must leave to its output."""
        if seal.convert is not Conversion.NONE:
            self._complaints.wrong_value(
                (*where, "convert"),
                seal.convert,
                "is for files of a folder. Set the output of the source instead.",
            )

    def destination(self, destination: DestinationConfig, where: Where) -> None:
        """Check a destination."""
        options = destination.options
        if not _NAME.fullmatch(options.name):
            self._complaints.wrong_value(
                (*where, "name"), options.name, "is no name. Use A-Z, a-z, 0-9, . _ and -."
            )
        self._complaints.sentences(where, destination.limits.problems())
        if isinstance(options, S3Options | PresignedOptions):
            with self._adopting(where):
                options.check()

    def neighbours(self, routes: Sequence[RouteConfig], state_dir: Path) -> None:
        """Check that nothing delivers the agent's own files, or another route's."""
        for route in routes:
            here = ("routes", route.name, "source")
            if _takes_from(route.source, state_dir):
                self._complaints.add(
                    here, f"watches the state directory {state_dir}. Set agent.state_dir elsewhere."
                )
            for destination in route.destinations:
                options = destination.options
                if isinstance(options, DirectoryOptions) and _takes_from(
                    route.source, options.path
                ):
                    self._complaints.add(
                        here, f"watches its own destination {options.path}: a loop."
                    )
            self._check_move(route)
        for one, other in combinations(routes, 2):
            if _share(one, other):
                self._complaints.add(
                    ("routes", other.name, "source"),
                    f"may take the same files as routes.{one.name}, and they would go twice or "
                    "vanish from under it. Give one route two destinations, both routes "
                    'after = "keep", or patterns that end differently, as *.json and *.xml.',
                )

    def _check_move(self, route: RouteConfig) -> None:
        _, _, folder = route.options.after.partition(":")
        if folder and _takes_from(route.source, self._base / folder):
            self._complaints.add(
                ("routes", route.name, "after"),
                f"moves files to {self._base / folder}, which is watched itself: a loop.",
            )

    @contextmanager
    def _adopting(self, where: Where) -> Iterator[None]:
        try:
            yield
        except ConfigError as error:
            self._complaints.adopt(where, error)


def _takes_from(source: FolderOptions, folder: Path) -> bool:
    """Tell whether files in *folder* are among those that *source* looks at."""
    watched, folder = source.path.resolve(), folder.resolve()
    if folder == watched:
        return True
    if not source.recursive or not folder.is_relative_to(watched):
        return False
    return not any(part.startswith(".") for part in folder.relative_to(watched).parts)


def _share(one: RouteConfig, other: RouteConfig) -> bool:
    """Tell whether two routes may take the same files and do not both leave them in place."""
    first, second = one.source, other.source
    if not (_takes_from(first, second.path) or _takes_from(second, first.path)):
        return False
    if {one.options.after, other.options.after} == {Action.KEEP.value}:
        return False
    return any(a.endswith(b) or b.endswith(a) for a in _ends(first) for b in _ends(second))


def _ends(source: FolderOptions) -> list[str]:
    """Give what the names of each pattern end with; empty where that is not plain to see."""
    only_included = source.pattern == "*" and source.include
    patterns = source.include if only_included else (source.pattern, *source.include)
    ends = [pattern.rpartition("*")[2] for pattern in patterns]
    return ["" if any(special in end for special in "?[]") else end for end in ends]
