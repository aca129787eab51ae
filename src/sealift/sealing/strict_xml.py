"""XML without its traps: one UTF-8 document, no DTD, no entities of its own."""

from collections.abc import Callable
from typing import Final
from xml.parsers import expat

from sealift.errors import InvalidContentError
from sealift.sealing.strict_json import invalid, too_large

_UTF16_MARKS: Final = (b"\xfe\xff", b"\xff\xfe")


class XmlChecker:
    """Checks one XML document piece by piece; memory holds no more than one unfinished tag.

    Refused: a DTD or entity declaration, another encoding than UTF-8, more or less
    than one root element, too deep a nest. Namespaces are not looked at.

    Args:
        max_bytes: Largest single tag, comment or instruction in bytes; text between
            tags has no limit.

        max_depth: Deepest nesting of elements; the root is 1 deep.
    """

    def __init__(self, *, max_bytes: int, max_depth: int) -> None:
        self._max_bytes = max_bytes
        # The encoding given here overrides what a declaration says, so no other is ever tried.
        self._parser = expat.ParserCreate("UTF-8")
        _refuse_traps(self._parser, max_depth)
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._parsed_bytes = 0
        self._unfinished_bytes = 1

    def feed(self, chunk: bytes) -> None:
        """Check the next piece.

        Raises:
            InvalidContentError: The document is refused; the checker is spent.
            TooLargeError: One tag is over the limit; the checker is spent.
        """
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        # Expat reads an unfinished tag anew each time, so it gets as much again before it does.
        if self._held_bytes > self._unfinished_bytes:
            self._parse(final=False)

    def close(self) -> None:
        """Check that the document is complete.

        Raises:
            InvalidContentError: It is not; the checker is spent.
        """
        self._parse(final=True)

    def _parse(self, *, final: bool) -> None:
        data = b"".join(self._held)
        self._held.clear()
        self._held_bytes = 0
        if not self._parsed_bytes and (data.startswith(_UTF16_MARKS) or 0 in data[:2]):
            # Expat would read UTF-16 all the same, whatever encoding it was told.
            raise self._invalid("it is not UTF-8")
        fault: str
        try:
            self._parser.Parse(data, final)
        except expat.ExpatError as error:
            fault = expat.ErrorString(error.code) or "it is not well-formed"
        except _RefusedError as error:
            fault = str(error)
        except (ValueError, LookupError):
            fault = "its encoding is not supported"
        else:
            self._parsed_bytes += len(data)
            self._unfinished_bytes = max(1, self._parsed_bytes - self._parser.CurrentByteIndex)
            if self._unfinished_bytes > self._max_bytes and not final:
                raise too_large("A single tag of the XML", self._max_bytes)
            return
        # Outside the handler: no foreign error hangs on ours.
        raise self._invalid(fault)

    def _invalid(self, fault: str) -> InvalidContentError:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber
        return invalid("XML", f"line {line}, column {column + 1}", fault)


class _RefusedError(Exception):
    """What a rule refused, carried through the parser to where the place is known."""


def _refuse_traps(parser: expat.XMLParserType, max_depth: int) -> None:
    """Set the rules on *parser*; they do not hold it, so both go when the checker goes."""
    depth = 0

    def start(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > max_depth:
            raise _RefusedError(f"nested deeper than max_depth = {max_depth}")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def declaration(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() != "utf-8":
            raise _RefusedError("it declares another encoding than UTF-8")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.XmlDeclHandler = declaration
    parser.StartDoctypeDeclHandler = _refuser("a DTD is not taken")
    parser.EntityDeclHandler = _refuser("an entity declaration is not taken")


def _refuser(why: str) -> Callable[..., None]:
    def refuse(*_arguments: object) -> None:
        raise _RefusedError(why)

    return refuse
