"""Turns one XML element into JSON by the conventions of xmltodict."""

from typing import Any
from xml.parsers import expat

import orjson


def xml_to_json(event: bytes, *, pretty: bool = False) -> bytes:
    """Give an element as a JSON object with its name as the only key.

    Attributes become keys with `@` before their names, text beside attributes or
    elements becomes `#text`, elements of one name a list, an empty element null. Text
    loses the blanks around it; comments are left out.

    Raises:
        ValueError: It cannot be written as JSON: it is not well-formed, or too deep.

    Source: https://github.com/martinblech/xmltodict
    """
    parser = expat.ParserCreate("UTF-8")
    parser.buffer_text = True
    tree = _Tree(parser)
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    try:
        parser.Parse(event, True)
        return orjson.dumps(tree.root, option=orjson.OPT_INDENT_2 if pretty else None)
    except (expat.ExpatError, TypeError) as error:
        raise ValueError(type(error).__name__) from None


class _Tree:
    """Builds the value as the parser goes through the element."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.root: dict[str, Any] = {}
        self._parser = parser
        self._item = self.root
        self._texts: list[str] = []
        self._above: list[tuple[dict[str, Any], list[str]]] = []

    def start(self, _name: str, attributes: dict[str, str]) -> None:
        self._above.append((self._item, self._texts))
        self._item = {f"@{key}": value for key, value in attributes.items()}
        self._texts = []
        self._parser.CharacterDataHandler = self._texts.append

    def end(self, name: str) -> None:
        item, text = self._item, "".join(self._texts).strip()
        self._item, self._texts = self._above.pop()
        self._parser.CharacterDataHandler = self._texts.append
        value: Any = item or None
        if text:
            value = {**item, "#text": text} if item else text
        if name not in self._item:
            self._item[name] = value
        elif isinstance(earlier := self._item[name], list):
            earlier.append(value)
        else:
            self._item[name] = [earlier, value]
