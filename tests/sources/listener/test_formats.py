"""What leaves is well-formed, and says what came."""

import json
import random
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from sealift.sealing.compress import Compression, compress
from sealift.sealing.xml_to_json import xml_to_json
from sealift.sources.listener.closing import CLOSING_SUFFIX, Closing
from sealift.sources.listener.formats import Form, OutputFormat
from sealift.sources.listener.framing_xml import XmlFraming
from sealift.sources.listener.landing import Landing
from sealift.sources.listener.segment import Segment
from tests.sources.listener.samples import STREAM, event

EVENTS = XmlFraming(element="EVENT", root="EVENTS", max_bytes=1 << 20, max_depth=64).feed(STREAM)


def closed(folder: Path, form: Form, events: list[bytes]) -> dict[str, bytes]:
    """Close a segment of events; give the published files."""
    for name in ("segments", "closed"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    segment = Segment.create(folder / "segments", 1)
    segment.append(events, 1_800_000_000_123_000_000)
    segment.close()
    path = segment.path.rename(folder / "segments" / f"20270115_080000{CLOSING_SUFFIX}")
    fallbacks = form.writer(OutputFormat.XML), form.writer(OutputFormat.NDJSON)
    closing = Closing(folder / "segments", folder / "closed", form.writer(form.output), fallbacks)
    for one in closing.close(path):
        assert closing.facts(one.name.encode()) == {
            "events": str(one.events),
            "first_event_at": "2027-01-15T08:00:00.123Z",
            "last_event_at": "2027-01-15T08:00:00.123Z",
            "uploaded_at": "2027-01-15T08:00:00Z",
        }
    assert list((folder / "segments").iterdir()) == []
    return {p.name: p.read_bytes() for p in (folder / "closed").iterdir() if p.name[0] != "."}


def test_xml_has_one_root_and_the_events_as_they_came(tmp_path: Path) -> None:
    """Byte for byte, CDATA and comments included."""
    files = closed(tmp_path, Form(output=OutputFormat.XML), EVENTS)
    (text,) = files.values()
    assert list(files) == ["20270115_080000.xml"]
    assert text == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<EVENTS>\n'
        + b"\n".join(EVENTS)
        + b"\n</EVENTS>\n"
    )
    assert len(ET.fromstring(text)) == 24
    if xmllint := shutil.which("xmllint"):
        subprocess.run([xmllint, "--noout", "-"], input=text, check=True)


@pytest.mark.parametrize("pretty", [False, True])
def test_json_is_one_array(tmp_path: Path, pretty: bool) -> None:
    """With names, entities and CDATA as text, in UTF-8."""
    (text,) = closed(tmp_path, Form(output=OutputFormat.JSON, pretty=pretty), EVENTS).values()
    values = json.loads(text)
    assert len(values) == 24
    assert values[3]["EVENT"]["note"] == "raw </EVENT> inside & <b>"
    assert values[2]["EVENT"]["plasectrxLname"] == "Müller"
    assert "Müller".encode() in text
    if pretty:
        assert text.decode() == json.dumps(values, indent=2, ensure_ascii=False) + "\n"


def test_ndjson_is_an_object_on_each_line(tmp_path: Path) -> None:
    """Also where JSON came spread over lines."""
    came = [*EVENTS, b'{\n "a": [1,\r\n 2]\n}']
    (text,) = closed(tmp_path, Form(output=OutputFormat.NDJSON), came).values()
    lines = text.splitlines()
    assert len(lines) == 25
    assert json.loads(lines[0])["EVENT"]["cn"] == "0" * 16
    assert json.loads(lines[24]) == {"a": [1, 2]}


def test_what_cannot_be_converted_leaves_as_xml(tmp_path: Path) -> None:
    """Beside the others, counted, and not lost."""
    deep = b"<EVENT>" + b"<a>" * 300 + b"</a>" * 300 + b"</EVENT>"
    files = closed(tmp_path, Form(output=OutputFormat.JSON), [EVENTS[0], deep, EVENTS[1]])
    assert sorted(files) == ["20270115_080000.json", "20270115_080000.xml"]
    assert len(json.loads(files["20270115_080000.json"])) == 2
    assert deep in files["20270115_080000.xml"]


def test_json_in_a_route_that_was_changed_to_xml_leaves_as_ndjson(tmp_path: Path) -> None:
    """A spool may hold what an earlier configuration took."""
    files = closed(tmp_path, Form(output=OutputFormat.XML), [b'{"a":1}', EVENTS[0]])
    assert files["20270115_080000.ndjson"] == b'{"a":1}\n'


@pytest.mark.parametrize(
    ("xml", "value"),
    [
        (b"<E/>", None),
        (b"<E>  </E>", None),
        (b"<E> text </E>", "text"),
        (b"<E a='1'/>", {"@a": "1"}),
        (b"<E a='1'>t</E>", {"@a": "1", "#text": "t"}),
        (b"<E><x>1</x><y/></E>", {"x": "1", "y": None}),
        (b"<E><x>1</x><y>2</y><x>3</x><x/></E>", {"x": ["1", "3", None], "y": "2"}),
        (b"<E>a<x>1</x>b</E>", {"x": "1", "#text": "ab"}),
        (b"<E><!-- c --><![CDATA[<&>]]> &amp; &#233;</E>", "<&> & é"),
        (b"<n:E xmlns:n='u'><n:x>1</n:x></n:E>", {"@xmlns:n": "u", "n:x": "1"}),
    ],
)
def test_xml_to_json(xml: bytes, value: object) -> None:
    """As xmltodict does it."""
    (found,) = json.loads(xml_to_json(xml)).values()
    assert found == value


@pytest.mark.parametrize(
    ("output", "how", "off"),
    [
        (OutputFormat.XML, Compression.NONE, 0.0),
        (OutputFormat.JSON, Compression.NONE, 0.01),
        (OutputFormat.XML, Compression.GZIP, 0.05),
        (OutputFormat.JSON, Compression.GZIP, 0.05),
    ],
)
def test_what_lands_is_known_before(
    tmp_path: Path, output: OutputFormat, how: Compression, off: float
) -> None:
    """Exactly for plain XML, within 5 % for events that are alike."""
    chance = random.Random(1)
    events = [
        one.replace(b"</EVENT>", b"<n>%s</n></EVENT>" % chance.randbytes(60).hex().encode())
        for _ in range(100)
        for one in EVENTS
        if b"</EVENT> " not in one
    ]
    form = Form(output=output, compression=how)
    landing = Landing(form.writer(output), how)
    for at in range(0, len(events), 24):
        landing.saw(events[at : at + 24], sum(map(len, events[at : at + 24])))
    (text,) = closed(tmp_path, form, events).values()
    estimate = landing.bytes_of(sum(map(len, events)), len(events))
    assert estimate == pytest.approx(len(compress(text, how)), rel=off, abs=0)


def test_an_event_is_about_as_large_as_it_says() -> None:
    """The samples are what the tests take them for."""
    assert len(event(7, size=1000)) == pytest.approx(1000, abs=10)
