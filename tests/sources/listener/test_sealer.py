"""What leaves says what is in it, and is redacted as on any route."""

import json

import pytest

from sealift.errors import InvalidContentError
from sealift.sealing.options import SealOptions
from sealift.sources.listener.formats import is_xml
from sealift.sources.listener.framing import Bad
from sealift.sources.listener.rejects import reject
from sealift.sources.listener.sealer import ListenerSealer

NAME = b"20261122_040057_12.xml"
DOCUMENT = b"<EVENTS>\n<EVENT><m>jo&#104;n.doe@mail.org</m></EVENT>\n</EVENTS>\n"


def sealer(**options: object) -> ListenerSealer:
    return ListenerSealer(SealOptions(**options), lambda name: {"events": "1", "of": name.decode()})  # type: ignore[arg-type]


def test_facts_become_metadata() -> None:
    """Beside what sealing itself says; the bytes are those of the file."""
    parcel = sealer().seal(DOCUMENT, NAME)
    assert parcel.metadata == {"events": "1", "of": NAME.decode()}
    assert parcel.body == DOCUMENT
    assert parcel.content_type == "application/xml"
    assert sealer().seal(b"[]", b"a.json").content_type == "application/json"


def test_redaction_sees_through_entities() -> None:
    """And leaves the file's name as it is."""
    redacting = sealer(redact=("pii",))
    parcel = redacting.seal(DOCUMENT, NAME)
    assert isinstance(parcel.body, bytes)
    assert b"mail.org" not in parcel.body
    assert b"BLOCKED" in parcel.body
    assert parcel.metadata["events"] == "1"
    assert redacting.name(NAME) == NAME


def test_what_is_redacted_is_checked() -> None:
    """Without redaction, each event was checked as it came."""
    with pytest.raises(InvalidContentError):
        sealer(redact=("pii",)).seal(b"<EVENTS>", NAME)
    with pytest.raises(InvalidContentError):
        sealer(format="xml").seal(b"<EVENTS>", NAME)


def test_rejects_are_text_that_rules_can_read() -> None:
    """Where the route redacts; elsewhere they are what came, byte for byte."""
    bad = Bad(b"<EVENT>jo&#104;n.doe@mail.org \xff</EVENT", "it is not whole")
    kept = reject(bad, "10.0.0.1", 1_800_000_000.0, redacts=True)
    assert json.loads(kept)["text"] == "<EVENT>john.doe@mail.org \\xff</EVENT"
    assert not is_xml(kept)
    parcel = sealer(redact=("pii",)).seal(kept + b"\n", b"20261122_040057.ndjson")
    assert isinstance(parcel.body, bytes)
    assert b"john" not in parcel.body
    plain = json.loads(reject(bad, "10.0.0.1", 1_800_000_000.0, redacts=False))
    assert plain["base64"] == "PEVWRU5UPmpvJiMxMDQ7bi5kb2VAbWFpbC5vcmcg/zwvRVZFTlQ="
    assert plain["time"] == "2027-01-15T08:00:00.000Z"
