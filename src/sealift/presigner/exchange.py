"""A request and its answer, whichever server carries them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from sealift.destinations.presigned_signing import place_of

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class Request(NamedTuple):
    """An HTTP request, read whole."""

    method: str
    path: str
    """As it was sent, still percent-encoded, without the query."""

    query: str = ""
    """As it was sent, without the question mark."""

    headers: Mapping[str, str] = NO_HEADERS
    """Names in lower case."""

    body: bytes = b""
    source: str = ""
    """Address that it came from; for the audit only."""

    authorized_device: str = ""
    """Device that a gateway's authorizer vouches for; empty if there is none."""

    @property
    def place(self) -> str:
        """What counts of the path; see `place_of`."""
        return place_of(self.path)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The query's names and values, decoded."""
        return parse_qsl(self.query, keep_blank_values=True) if self.query else []


class Answer(NamedTuple):
    """What goes back."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = NO_HEADERS
    """Further headers, names in lower case."""
