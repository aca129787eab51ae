"""A process that adds its events to a day, to be killed: `python -m tests.aggregate.adding TASK`.

It goes on where the journal says that the one before it was.
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from sealift.aggregate.aggregate import DailyAggregate
from sealift.destinations.s3_options import S3Options
from sealift.destinations.s3_versions import S3Versions
from tests.aggregate.rig import options_for, payload

UIDS = 37


def event(number: int, k: int) -> dict[str, Any]:
    """The k-th event of a process."""
    return payload(f"{number}-{k % UIDS}", f"{k}", f"of-{number}")


def main(task: dict[str, Any]) -> int:
    options = options_for(
        Path(task["journal"]), s3=S3Options(**task["s3"]), **task.get("options", {})
    )
    number, count = task["number"], task["count"]
    shift = task["shift"]
    chance = random.Random()
    store = S3Versions(options.s3)
    # Its probe asks five times in a row, and gives up when one answer is lost: alone in front
    # of a proxy that loses just every fifth, it would never end.
    store._quotes = "as given"
    with DailyAggregate(options, clock=lambda: time.time() + shift, store=store) as aggregate:
        k = aggregate._journals.own._next - 1
        while k < count:
            some = min(chance.randint(1, task["at_once"]), count - k)
            aggregate.submit_many([event(number, k + n) for n in range(some)])
            k += some
            time.sleep(task["pause"] * chance.random())
        aggregate.flush(timeout=300)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
