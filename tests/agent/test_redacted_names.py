"""A file's name is redacted wherever it is told: in keys, events and logs."""

from pathlib import Path

from sealift.events import Delivered, Event, Quarantined
from sealift.observe.records import record
from sealift.sealing.seal import SealOptions
from sealift.testing.fault_server import FaultServer
from tests.agent.rig import Rig, s3

ADDRESS = "john.smith@example.com"


def _told(events: list[Event]) -> str:
    return repr(events) + "".join(record(e) for e in events)


def test_a_name_with_an_address_in_it_is_told_nowhere(tmp_path: Path) -> None:
    with FaultServer() as server:
        rig = Rig(tmp_path, (s3(server),), seal=SealOptions(redact=("pii",)))
        rig.write(f"{ADDRESS}.json", {"a": 1})
        rig.write(f"bad {ADDRESS}.json", b'{"a": NaN}')
        rig.run()
        (delivered,) = rig.told_of(Delivered)
        (refused,) = rig.told_of(Quarantined)
        (key,) = server.objects
    assert delivered.name == "BLOCKED.json"
    assert refused.name == "bad BLOCKED.json"
    assert key.endswith("BLOCKED.json")
    assert ADDRESS not in _told(rig.events)
    # The ledger must know the file itself: what else could be settled, or looked into?
    assert ADDRESS.encode() in rig.items()[0].path
    assert (tmp_path / "in" / f"{ADDRESS}.json.synced").exists()
