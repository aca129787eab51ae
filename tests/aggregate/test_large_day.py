"""A day of very many profiles is compacted in bounded memory; AGGREGATE_PROFILES says how many."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealift.aggregate.days import Days
from sealift.aggregate.merge import Event
from sealift.aggregate.parts import Parts
from sealift.destinations.s3_versions import S3Versions
from tests.aggregate.rig import DATE, KEY, options_for
from tests.destinations.s3_samples import options_for as s3_options
from tests.servers import Bucket

PROFILES = int(os.environ.get("AGGREGATE_PROFILES", "20000"))
MOST_MB = 500
IN_A_PART = 20_000

COMPACT = """
import json, sys, time
from pathlib import Path
from sealift import AggregateOptions, S3Options, compact_segments
task = json.loads(sys.argv[1])
options = AggregateOptions(
    s3=S3Options(**task["s3"]), journal=Path("unused"), grace_seconds=0.0
)
began = time.process_time()
done = compact_segments(options, task["date"])
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
json.dump({"events": done.events, "peak": peak, "cpu": time.process_time() - began}, sys.stdout)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_large_day_in_bounded_memory(tmp_path: Path, ministack_bucket: Bucket) -> None:
    where = s3_options(ministack_bucket, prefix="p/")
    store = S3Versions(where)
    parts = Parts(Days(store, options_for(tmp_path, s3=where)))
    after = 0
    for first in range(0, PROFILES, IN_A_PART):
        events = [
            Event(n, "writer00", n + 1, f"smi-{n:06}", ("returning-visitor", f"group-{n % 100}"))
            for n in range(first, min(first + IN_A_PART, PROFILES))
        ]
        parts.put(DATE, events, after=after)
        after = events[-1].seq
    # Some of them come again, with one segment more, from another writer.
    again = range(0, PROFILES, 50)
    events = [Event(n, "writer01", n + 1, f"smi-{n:06}", ("new",)) for n in again]
    parts.put(DATE, events, after=0)
    store.close()
    server = ministack_bucket.server
    s3 = {
        "bucket": ministack_bucket.name,
        "prefix": "p/",
        "region": "us-east-1",
        "endpoint_url": server.endpoint_url,
        "access_key_id": server.access_key_id,
        "secret_access_key": server.secret_access_key,
    }
    ran = subprocess.run(
        [sys.executable, "-c", COMPACT, json.dumps({"s3": s3, "date": DATE})],
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path,
    )
    told = json.loads(ran.stdout)
    body = ministack_bucket.raw_get(KEY) or b""
    note = f"{PROFILES} profiles, {len(body) >> 20} MB: peak {told['peak']} MB, {told['cpu']:.1f} s"
    sys.stdout.write(note + "\n")
    assert told["events"] == PROFILES + len(again)
    profiles = json.loads(body)["profiles"]
    assert len({one["smi_uid"] for one in profiles}) == len(profiles)
    assert len(profiles) == PROFILES
    grown = [one["smi_uid"] for one in profiles if one["segments"][-1] == "new"]
    assert len(grown) == len(again)
    assert told["peak"] <= MOST_MB
    keys = ministack_bucket.keys()
    assert not any("/parts/" in key for key in keys)
