"""Servers for the datasets' tests: a replica set's behaviour, and a standalone server's."""

from collections.abc import Iterator

import pytest

from tests.datasets.servers import MongoServer, secantus


@pytest.fixture(scope="session")
def replica_set() -> Iterator[MongoServer]:
    """A server that has transactions, and fails on command."""
    with secantus("--enable-test-commands") as server:
        yield server


@pytest.fixture(scope="session")
def standalone() -> Iterator[MongoServer]:
    """A server that does not call itself a member of a set."""
    with secantus("--standalone") as server:
        yield server


@pytest.fixture(params=["replica set", "standalone"])
def mongo(request: pytest.FixtureRequest) -> MongoServer:
    """Each kind of server in turn."""
    return request.getfixturevalue(request.param.replace(" ", "_"))
