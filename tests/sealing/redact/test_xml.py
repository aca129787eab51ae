"""XML is redacted in its texts, attributes, comments, CDATA and instructions, in place."""

import xml.etree.ElementTree as ET

import pytest

from sealift.errors import InvalidContentError
from sealift.sealing.redact import Rule
from tests.sealing.redact.samples import CARD, EMAIL, redactor

MINE = redactor()


def clean(text: str) -> str:
    return MINE.redact(text.encode(), "xml").data.decode()


UNTOUCHED = [
    "<a/>",
    '\ufeff<?xml version="1.0" encoding="utf-8" standalone=\'yes\'?>\r\n<a b = "1" c=\'"\'/>\n',
    "<a>&amp;&#x41;&lt;é<![CDATA[ <b> & ]]><!-- - x --><?p q?></a>\n<!-- end -->",
    "<a><b>></b ></a >",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_what_holds_nothing_stays_the_very_same(text: str) -> None:
    data = text.encode()
    done = MINE.redact(data, "xml")
    assert done.data is data
    assert done.counts == {}


CHANGED = [
    (f"<a>é {EMAIL} é</a>", "<a>é BLOCKED é</a>"),
    (f"<a b='é {EMAIL}' c=\"{CARD}\">x</a>", "<a b='é BLOCKED' c=\"BLOCKED\">x</a>"),
    (f"<a><!-- {EMAIL}--></a>", "<a><!-- BLOCKED--></a>"),
    (f"<!--{EMAIL}--><a/>", "<!--BLOCKED--><a/>"),
    (f"<a><![CDATA[<{EMAIL}>]]></a>", "<a><![CDATA[<BLOCKED>]]></a>"),
    (f"<a><?mail {EMAIL}?></a>", "<a><?mail BLOCKED?></a>"),
    # References hide nothing, and those beside it stay.
    ("<a>&amp; john&#64;example&#x2e;com &lt;</a>", "<a>&amp; BLOCKED &lt;</a>"),
    ('<a b="&quot;john&#64;example.com&quot;"/>', '<a b="&quot;BLOCKED&quot;"/>'),
    # A text in several pieces is one text.
    ("<a>john<![CDATA[@]]>example.com</a>", "<a>BLOCKED<![CDATA[]]></a>"),
    ("<a>4111 1111<!-- x --> 1111 1111</a>", "<a>BLOCKED<!-- x --></a>"),
    # And each of the pieces is one, too: together they may hide each other.
    (
        "<a><![CDATA[4111 1111 1111 1111]]><!-- x -->4111111111111111</a>",
        "<a><![CDATA[BLOCKED]]><!-- x -->BLOCKED</a>",
    ),
    # Names are context.
    ("<p><ssn>123456789</ssn><n>123456789</n></p>", "<p><ssn>BLOCKED</ssn><n>123456789</n></p>"),
    ('<p ssn="123-45-6789" n="1"/>', '<p ssn="BLOCKED" n="1"/>'),
    # What is apart stays apart.
    ("<a><b>my name is</b> <c>John</c></a>", "<a><b>my name is</b> <c>John</c></a>"),
]


@pytest.mark.parametrize(("text", "expected"), CHANGED)
def test_what_is_found_goes_and_nothing_else(text: str, expected: str) -> None:
    assert clean(text) == expected
    assert clean(expected) == expected
    ET.fromstring(expected)


def test_one_match_in_several_pieces_counts_once() -> None:
    done = MINE.redact(b"<a>john<![CDATA[@]]>example.com</a>", "xml")
    assert done.counts == {"email": 1}


def test_a_match_across_elements_is_asked_for_again_in_each() -> None:
    greedy = Rule(name="greedy", label="G", pattern=r"from [^.]+\.")
    text = b"<p a='from'><b>from you</b><b>and from me.</b>from them.</p>"
    done = redactor(rules=(greedy,)).redact(text, "xml")
    assert done.data == b"<p a='from'><b>from you</b><b>and BLOCKED</b>BLOCKED</p>"


@pytest.mark.parametrize(
    "text", ["<a><u_4111111111111111/></a>", "<a><?u_4111111111111111 x?></a>"]
)
def test_a_name_in_the_markup_that_would_have_to_go_stops_the_item(text: str) -> None:
    digits = Rule(name="digits", label="D", pattern=r"\d{16}")
    with pytest.raises(InvalidContentError) as raised:
        redactor(rules=(digits,)).redact(text.encode(), "xml")
    assert "digits" in str(raised.value)
    assert "4111" not in str(raised.value)


def test_what_would_not_be_well_formed_any_more_never_leaves() -> None:
    """A label's bracket before `]>` would end a CDATA section early."""
    mine = redactor(replacement="label")
    with pytest.raises(InvalidContentError):
        mine.redact(f"<a><![CDATA[{EMAIL}]>]]></a>".encode(), "xml")
