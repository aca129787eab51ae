"""Syncs in a process of their own, to be killed; and a reader that never rests.

`python -m tests.datasets.killable sync TASK` forks a new sync for every line on standard
input, which may name a step at which it dies, and writes its process id, and then what it
ended with. `... read TASK` reads the whole
collection again and again until standard input ends, and writes every digest that it has
seen, and how often it read.
"""

import json
import os
import select
import sys
import traceback
from pathlib import Path
from typing import Any

from sealift.datasets.document import digest_of, fingerprint
from sealift.datasets.mongo import Mongo
from sealift.datasets.options import DatasetConfig, DatasetOptions, MongoOptions
from sealift.datasets.service import DatasetService
from sealift.datasets.tow_and_go import tow_and_go
from sealift.destinations.s3_options import S3Options

STEPS = ("make", "fill", "copy", "index", "claim", "rename", "settle", "transact")
STEPS += ("_change",)


def crash_at(step: str) -> None:
    """End the process before or after a step, as SIGKILL would."""
    when, _, name = step.partition(" ")
    whole = getattr(Mongo, name)

    def crashing(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            os._exit(137)
        whole(*arguments, **named)
        os._exit(137)

    setattr(Mongo, name, crashing)


def sync(task: dict[str, Any], step: str) -> None:
    if step:
        crash_at(step)
    config = DatasetConfig(
        dataset=tow_and_go(),
        destinations=(S3Options(**task["s3"]),),
        options=DatasetOptions(),
        mongo=MongoOptions(**task["mongo"]),
    )
    with DatasetService(config, Path(task["state_dir"])) as service:
        service.sync()


def serve(task: dict[str, Any]) -> None:
    import obstore  # noqa: PLC0415  loaded once for all children, used only in them
    import obstore.store  # noqa: F401, PLC0415
    import pymongo  # noqa: F401, PLC0415

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                sync(task, line.strip())
                code = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                os._exit(code)
        _say(child)
        _, status = os.waitpid(child, 0)
        _say(os.waitstatus_to_exitcode(status))


def read(task: dict[str, Any]) -> None:
    import pymongo  # noqa: PLC0415

    seen: dict[str, int] = {}
    broken = 0
    with pymongo.MongoClient(task["mongo"]["uri"]) as client:
        collection = client[task["mongo"]["database"]]["tow_and_go"]
        while not select.select([sys.stdin], [], [], 0)[0]:
            try:
                records = _whole(client, collection, snapshot=task["snapshot"])
            except pymongo.errors.OperationFailure as error:
                # A rename ends cursors that are open; the reader then reads again.
                if error.code not in {43, 175, 237}:
                    raise
                broken += 1
                continue
            digest = digest_of(map(fingerprint, records))
            seen[digest] = seen.get(digest, 0) + 1
            if len(seen) == 1 and sum(seen.values()) == 1:
                _say("reading")
    _say({"seen": seen, "broken": broken})


def _whole(client: Any, collection: Any, *, snapshot: bool) -> list[dict[str, Any]]:
    if not snapshot:
        return list(collection.find({}, {"_id": 0}, batch_size=100))
    with client.start_session(snapshot=True) as session:
        return list(collection.find({}, {"_id": 0}, batch_size=100, session=session))


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = json.loads(sys.argv[2])
    serve(given) if sys.argv[1] == "sync" else read(given)
