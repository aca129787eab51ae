"""Events for the segments uploader, and what becomes of them in a bucket."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sealift.integrations.tracardi.settings import Place
from sealift.testing.fault_server import FaultServer
from tests.servers import Bucket

PROFILE = json.loads((Path(__file__).parents[1] / "fixtures" / "profile.json").read_bytes())
DONE = {"message": "JSON data uploaded to S3."}
NO_UID = {"error": "Could not find payload.traits.smi_uid"}
SECRET = "a-secret-that-nobody-sees"


def node_of(server: FaultServer) -> dict[str, str]:
    return {
        "aws_access_key_id": "AKIAEXAMPLE",
        "aws_secret_access_key": SECRET,
        "s3_bucket": "bucket",
        "endpoint_url": server.endpoint_url,
        "region": "us-east-1",
    }


def place_of(server: FaultServer) -> Place:
    return Place(**node_of(server))


def node_for(bucket: Bucket) -> dict[str, str]:
    return {
        "aws_access_key_id": bucket.server.access_key_id,
        "aws_secret_access_key": bucket.server.secret_access_key,
        "s3_bucket": bucket.name,
        "endpoint_url": bucket.server.endpoint_url,
        "region": bucket.server.region,
    }


def event(number: int) -> dict[str, Any]:
    return {"traits": {"smi_uid": f"smi-{number:06}"}, "segments": [f"s{number % 7}"]}


def days() -> set[str]:
    """Name today's file; near midnight, yesterday's as well."""
    moments = (time.time(), time.time() - 120)
    return {f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}_segments.json" for at in moments}


def profiles(server: FaultServer) -> list[dict[str, Any]]:
    found = [body.body for key, body in server.objects.items() if key in days()]
    return [entry for body in found for entry in json.loads(body)["profiles"]]
