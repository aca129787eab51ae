"""Options and destinations that the tests of S3 share."""

from typing import Any

from sealift.destinations.s3 import S3Destination, S3Options
from sealift.testing.fault_server import FaultServer
from tests.servers import Bucket


def options_for(where: Bucket | FaultServer, **changes: Any) -> S3Options:
    """Options for a bucket on a real server, or for the fault server."""
    given: dict[str, Any]
    if isinstance(where, Bucket):
        given = {
            "bucket": where.name,
            "endpoint_url": where.server.endpoint_url,
            "access_key_id": where.server.access_key_id,
            "secret_access_key": where.server.secret_access_key,
        }
    else:
        given = {
            "bucket": where.bucket.name,
            "endpoint_url": where.endpoint_url,
            "access_key_id": "key",
            "secret_access_key": "secret",
            "trust_conditions": True,
            "timeout_seconds": 5.0,
            "connect_timeout_seconds": 2.0,
        }
    return S3Options(**(given | {"region": "us-east-1"} | changes))


def at(where: Bucket | FaultServer, **changes: Any) -> S3Destination:
    return S3Destination(options_for(where, **changes))
