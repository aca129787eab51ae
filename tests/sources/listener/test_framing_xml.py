"""However a stream is split, the same events come out of it, and nothing else does."""

import re
import time
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.sources.listener.framing_xml import XmlFraming
from tests.sources.listener.samples import STREAM

BOMB = (
    b'<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><EVENT>&b;</EVENT>'
)


def framing(max_bytes: int = 1 << 20, max_depth: int = 64) -> XmlFraming:
    return XmlFraming(element="EVENT", root="EVENTS", max_bytes=max_bytes, max_depth=max_depth)


def cut(*pieces: bytes, max_bytes: int = 1 << 20) -> XmlFraming:
    """Feed the pieces and end; `good` is added to the framing for the tests."""
    made = framing(max_bytes)
    made.good = [event for piece in pieces for event in made.feed(piece)]  # type: ignore[attr-defined]
    made.end("the end")
    return made


def outcome(made: XmlFraming) -> tuple[object, ...]:
    return made.good, made.bad, made.lost, made.ended  # type: ignore[attr-defined]


WHOLE = cut(STREAM)


def test_the_fixture_has_24_events_as_they_came() -> None:
    """Each event is cut out byte for byte, and parses to what the whole stream holds."""
    good = WHOLE.good  # type: ignore[attr-defined]
    assert len(good) == WHOLE.ended == 24
    assert WHOLE.bad == []
    assert WHOLE.lost == ""
    assert b"".join(good) == STREAM.replace(b"</EVENT>\n", b"</EVENT>")
    whole = ET.fromstring(b"<r>" + STREAM + b"</r>")
    assert [ET.tostring(e) for e in whole] == [ET.tostring(ET.fromstring(e)) + b"\n" for e in good]


def test_every_split_position() -> None:
    """A split at any byte changes nothing."""
    for at in range(len(STREAM) + 1):
        assert outcome(cut(STREAM[:at], STREAM[at:])) == outcome(WHOLE), at


@pytest.mark.parametrize("step", [1, 2, 3, 7, 64, 1000])
def test_many_small_pieces(step: int) -> None:
    """One event over many reads, down to single bytes."""
    pieces = [STREAM[at : at + step] for at in range(0, len(STREAM), step)]
    assert outcome(cut(*pieces)) == outcome(WHOLE)


AWKWARD = [
    b"<EVENT/>",
    b"<EVENT a=\"x>y\" b='/'/>",
    b"<EVENT\n>text</EVENT >",
    b"<EVENT><EVENT><EVENT/></EVENT>nested</EVENT>",
    b"<EVENT><EVENTS>like the name</EVENTS><EVENT2/></EVENT>",
    b"<EVENT><![CDATA[</EVENT><EVENT>]]]]><![CDATA[>]]></EVENT>",
    b"<EVENT><!-- </EVENT> <![CDATA[ --><?pi </EVENT> ?></EVENT>",
    "<EVENT>Łódź 小雨 &amp; &#x1F600; \U0001f600</EVENT>".encode(),
    b"<EVENT>]]&gt; &lt;EVENT&gt;</EVENT>",
]


@pytest.mark.parametrize("event", AWKWARD)
def test_awkward_events(event: bytes) -> None:
    """Tags in CDATA, comments, instructions and attributes do not end an event."""
    made = cut(event + STREAM[:700])
    assert made.good[0] == event  # type: ignore[attr-defined]
    for at in range(len(event) + 1):
        assert outcome(cut(event[:at], event[at:])) == ([event], [], "", 1), at


@pytest.mark.parametrize(
    "wrapping",
    [
        (b"\xef\xbb\xbf", b""),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<EVENTS>\n', b"</EVENTS>\r\n"),
        (b"\r\n\t <!-- <EVENT> in a comment -->", b"<?done?>"),
        (b"<EVENTS xmlns:a='b'>", b"<!-- left open by nobody --></EVENTS>"),
    ],
)
def test_what_may_stand_around_events(wrapping: tuple[bytes, bytes]) -> None:
    """A mark of UTF-8, a declaration, a root and comments are no events and no faults."""
    before, after = wrapping
    text = before + STREAM + after
    for at in [*range(60), *range(len(text) - 60, len(text))]:
        assert outcome(cut(text[:at], text[at:])) == outcome(WHOLE), at


BAD = {
    b"<EVENT><a></b></EVENT>": "mismatched tag",
    b"<EVENT>\xff\xfe</EVENT>": "not well-formed",
    b"<EVENT>\x00</EVENT>": "not well-formed",
    b"<EVENT>a & b</EVENT>": "not well-formed",
    b"<EVENT>&unknown;</EVENT>": "undefined entity",
    b"<EVENT a='1' a='2'/>": "duplicate attribute",
    b"<EVENT>" + b"<a>" * 100 + b"</a>" * 100 + b"</EVENT>": "nested deeper",
    b"stray text": "belongs to no event",
    b"<OTHER>1</OTHER>": "belongs to no event",
    b"</EVENT>": "belongs to no event",
    b'<?xml version="1.0" encoding="ISO-8859-1"?><EVENT>M\xfcller</EVENT>': "another encoding",
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_event_costs_no_other(bad: bytes) -> None:
    """It is refused whole, with its reason, and the events around it are not."""
    text = b"<EVENT>1</EVENT>" + bad + b"<EVENT>2</EVENT>"
    for at in range(len(text) + 1):
        made = cut(text[:at], text[at:])
        assert made.good == [b"<EVENT>1</EVENT>", b"<EVENT>2</EVENT>"], at  # type: ignore[attr-defined]
        assert [one.raw for one in made.bad] == [bad.rpartition(b"?>")[2]], at
        assert BAD[bad] in made.bad[0].reason
        assert made.lost == ""


LOST = {
    BOMB: "a DTD is not taken",
    b"<EVENT><!DOCTYPE x [<!ENTITY e '</EVENT>'>]></EVENT>": "a DTD is not taken",
    "<EVENT/>".encode("utf-16"): "not UTF-8",
    "<EVENT/>".encode("utf-16-le"): "not UTF-8",
    b'<?xml version="1.0" encoding="utf-7"?><EVENT/>': "another encoding",
    b"<EVENT a='" + b"x" * 70_000: "a tag is larger",
    b"<EVENT><![CDATA[" + b"</EVENT>" * 200_000: "larger than 1048576 bytes",
}


@pytest.mark.parametrize("attack", LOST, ids=lambda a: repr(a[:24]))
def test_where_the_next_event_cannot_be_known(attack: bytes) -> None:
    """The stream is lost with its reason, all that came is kept, and nothing more is taken."""
    made = framing()
    assert made.feed(attack) == []
    assert LOST[attack] in made.lost
    assert made.bad[-1].raw == attack
    assert made.feed(b"<EVENT/>") == []
    assert made.held == 0


def test_the_size_limit_is_exact() -> None:
    """The largest event is taken, one byte more is not, and the next one is found."""
    largest = b"<EVENT>" + b"x" * 85 + b"</EVENT>"
    for pieces in ((largest,), tuple(largest[i : i + 1] for i in range(100))):
        assert cut(*pieces, max_bytes=100).good == [largest]  # type: ignore[attr-defined]
    larger = largest.replace(b"x", b"xx", 1)
    made = cut(larger + b"<EVENT/>", max_bytes=100)
    assert made.good == [b"<EVENT/>"]  # type: ignore[attr-defined]
    assert [one.raw for one in made.bad] == [larger]
    assert (
        "larger than 100" in cut(larger[:60], larger[60:], b"<EVENT/>", max_bytes=100).bad[0].reason
    )


def test_half_an_event_at_the_end_is_refused() -> None:
    """It never gets to the good ones."""
    made = cut(STREAM[:-10])
    assert len(made.good) == 23  # type: ignore[attr-defined]
    assert [one.reason for one in made.bad] == ["the end"]
    assert STREAM.endswith(made.bad[0].raw + STREAM[-10:])


@pytest.mark.parametrize(
    "attack",
    [
        b"<EVENT><![CDATA[" + b"</EVENT>" * 100_000,
        b"<EVENT>" + b"<EVENT>" * 100_000,
        b"<EVENT a='" + b">" * 60_000,
        b"<!--" * 200_000,
        b"<" * 800_000,
    ],
    ids=["cdata", "nested", "attribute", "comments", "angles"],
)
def test_hostile_streams_cost_linear_time(attack: bytes) -> None:
    """Small pieces do not make it look through what it has already seen."""
    made = framing()
    begun = time.process_time()
    for at in range(0, len(attack), 100):
        made.feed(attack[at : at + 100])
    assert time.process_time() - begun < 3.0


CHUNKS = st.lists(
    st.one_of(
        st.sampled_from([*AWKWARD, *BAD, b" \r\n", b"<!-- c -->", b"<EVENTS>", b"</EVENTS>"]),
        st.binary(max_size=6).filter(lambda b: b"<" not in b),
    ),
    max_size=12,
)


@given(CHUNKS, st.lists(st.integers(0, 600), max_size=6))
def test_splits_never_show(chunks: list[bytes], cuts: list[int]) -> None:
    """Any stream of good and bad, split anywhere, gives what it gives unsplit."""
    text = b"\n" + b"\n".join(chunks)
    ends = sorted({min(at, len(text)) for at in cuts} | {0, len(text)})
    pieces = [text[a:b] for a, b in pairwise(ends)]
    whole, split = cut(text), cut(*pieces)
    assert outcome(split) == outcome(whole)
    for event in whole.good:  # type: ignore[attr-defined]
        assert ET.fromstring(event).tag == "EVENT"
    kept = re.sub(rb"\s", b"", b"".join(one.raw for one in whole.bad))
    for chunk in chunks:
        if chunk in BAD and b"<?xml" not in chunk and not whole.lost:
            assert re.sub(rb"\s", b"", chunk) in kept
