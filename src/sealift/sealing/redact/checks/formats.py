"""Checks of form: ranges that a pattern cannot tell, and look-alikes that are no identifiers."""

import ipaddress
import re
from typing import Final

from sealift.sealing.redact.checks.word_lists import listed

_DATE: Final = re.compile(
    r"\D*(?:(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])([-./ ])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d(?!\d)"
    r"|(?:0?[1-9]|1[0-2])([-./ ])(?:0?[1-9]|[12]\d|3[01])\2(?:19|20)\d\d(?!\d))",
)
_YEAR_OR_MONTH: Final = re.compile(
    r"(?:19|20)\d\d(?:[-./ ](?:0?[1-9]|1[0-2]|(?:19|20)?\d\d))?"
    r"|(?:0?[1-9]|1[0-2])[-./ ](?:19|20)\d\d",
)
_PICTURE: Final = re.compile(r"@[1-4]x\.(?:png|jpe?g|gif|webp|svg|avif|heic)$", re.IGNORECASE)
_FILE: Final = re.compile(
    r"\.(?:html?|php|py|js|ts|css|json|xml|txt|csv|pdf|docx?|md|sh|png|jpe?g)$"
)
_SERVICE_LOGINS: Final = ("git@",)
_EXTENSION: Final = re.compile(r"[xX#;,]|[eE][xX][tT]")
_NOT_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_HAS_HEX_LETTER: Final = re.compile(r"[A-Fa-f]")
_NOBODYS_PAGE: Final = re.compile(
    r"(?:https?://|www\.)?[^\s/?#@]+/(?:[a-z]{1,4}\d{0,2}/){0,3}"
    r"(?:users?|profiles?|people|members?|accounts?|customers?|clients?|contacts?)/"
    r"(?:new|log-?(?:in|out)|sign-?(?:in|up|out)|register|settings|edit|list|all|index|search|me"
    r"|help|about|export|import|create|add|count|preferences|security|billing|notifications"
    r"|password|profile|dashboard)(?:\.[a-z]{2,5})?/?"
    r"|(?:https?://)?(?:www\.|m\.)?(?:facebook|instagram|twitter|x|tiktok|threads|linkedin"
    r"|pinterest|telegram|paypal|patreon)\.(?:com|me|net|org)/(?:home|explore|login|signup|search"
    r"|privacy|help|about|company|school|jobs|legal|tos|terms|settings|policies|developers?"
    r"|business|events|groups|download)(?:/[^?#]*)?",
    re.IGNORECASE,
)
_SHORTEST_PAPER: Final = 6
_GERMAN_PAPER: Final = re.compile(r"(?=[A-Z]*[0-9])[CFGHJKLMNPRTVWXYZ0-9]{9}")
"""German passports use neither vowels nor B, D, Q and S, and may have one digit only."""

_SHORTEST_PLATE: Final = 4
_SHORTEST_NUMBER: Final = 5
_MEASURE: Final = re.compile(r"\d+[ -]?(?:[MCK]M|K?G|LBS?|OZ|[KMGT]B|[KMG]?HZ|AM|PM|ML|KW|HP|PSI)")
_WHOLE_NATIONAL: Final = 7
_SURE_NATIONAL: Final = 9
_WHOLE_WORLD: Final = 10
_NO_MACHINE: Final = ("255.", "0.")
_NOBODYS_ADDRESSES: Final = frozenset(
    (
        *("127.0.0.1", "1.1.1.1", "1.0.0.1", "1.1.1.2", "1.0.0.2", "1.1.1.3", "1.0.0.3"),
        *("8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220"),
        *("4.2.2.1", "4.2.2.2", "94.140.14.14", "94.140.15.15", "76.76.2.0", "76.76.10.0"),
        *("77.88.8.8", "77.88.8.1", "114.114.114.114", "223.5.5.5", "223.6.6.6", "119.29.29.29"),
        *("192.168.0.1", "192.168.1.1", "192.168.2.1", "192.168.8.1", "192.168.100.1"),
        *("192.168.178.1", "192.168.0.254", "192.168.1.254", "172.17.0.1", "169.254.169.254"),
        *("2606:4700:4700::1111", "2606:4700:4700::1001", "2001:4860:4860::8888"),
        *("2001:4860:4860::8844", "2620:fe::fe", "2620:fe::9"),
    )
)
"""Machines that everybody has or asks: resolvers of names, routers as they are sold, clouds' own.

Sources: https://en.wikipedia.org/wiki/Public_recursive_name_server,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

_PLAIN_QUERY: Final = re.compile(
    r"[^?#]*\?(?:(?:page|p|per_?page|page_?size|limit|offset|size|count|start|sort(?:_?by)?|order"
    r"|dir|direction|lang|language|locale|hl|format|output|family|display|subset|weight|v|ver"
    r"|version|api-version|utm_(?:source|medium|campaign|term|content)|theme|color|width|height|w|h|quality|dpr|pretty)"
    r"=[\w.,:;+|%-]{0,40}(?:&(?:amp;)?|$))+",
    re.IGNORECASE | re.ASCII,
)
"""What a URL asks for that says nothing of who asks."""

_SOMEBODYS_SITE: Final = re.compile(
    r"[@~]|%40|(?:facebook|instagram|twitter|tiktok|linkedin|telegram)\.", re.IGNORECASE
)


def ssn(text: str) -> bool:
    """Return whether *text* is in the ranges of US social security numbers.

    Source: https://www.ssa.gov/employer/randomization.html
    """
    number = _digits(text)
    area, group, serial = number[:3], number[3:5], number[5:]
    return (
        len(number) == 9
        and area not in (b"000", b"666")
        and group != b"00"
        and serial != b"0000"
        and (area < b"900" or group >= b"50")
        and len(set(number)) > 1
    )


def phone(text: str) -> bool:
    """Return whether *text* has 7 to 15 digits and does not begin as a date does.

    Source: https://www.itu.int/rec/T-REC-E.164
    """
    number = _without_extension(text)
    found = _digits(number)
    return (
        7 <= len(found) <= 15
        and len(set(found)) > 1
        and found[1:].strip(b"0") != b""
        and not (("19" in number or "20" in number) and _DATE.match(number))
        and ("\n" not in number or _broken_within(number, _whole(found)))
    )


def phone_unannounced(text: str) -> bool:
    """Return whether *text* is a `phone` of 9 digits: fewer are bytes and versions as often."""
    return len(_digits(_without_extension(text))) >= _SURE_NATIONAL and phone(text)


def international_phone(text: str) -> bool:
    """Return whether *text* is a number with its country code: 8 to 15 digits after the prefix."""
    number = _without_extension(text)
    found = _digits(number)
    if not number.startswith("+"):
        found = found.removeprefix(b"00").removeprefix(b"011")
    return (
        8 <= len(found) <= 15
        and len(set(found)) > 2
        and ("\n" not in number or _broken_within(number, _WHOLE_WORLD))
    )


def _digits(text: str) -> bytes:
    """Return the digits of *text*, quicker than a pattern takes them out."""
    return text.encode("ascii", "ignore").translate(None, _NOT_DIGITS)


def _without_extension(text: str) -> str:
    if "x" in text or "X" in text or "#" in text or "," in text or ";" in text:
        return _EXTENSION.split(text, maxsplit=1)[0]
    return text


def _whole(found: bytes) -> int:
    """Return how many digits a national number has at least."""
    return _SURE_NATIONAL if found.startswith(b"0") else _WHOLE_NATIONAL


def _broken_within(number: str, whole: int) -> bool:
    """Return whether the line's end in *number* stands where it is not yet whole.

    After as many digits as a whole number has, what the next line begins with is another one.
    """
    return len(_digits(number.partition("\n")[0])) < whole


def licence(text: str) -> bool:
    """Return whether each word of *text* has a digit and all have at least 4."""
    parts = re.split(r"[ ./-]+", text)
    return identifier(text) and all(
        part.isupper() or any(one.isdigit() for one in part) for part in parts
    )


def plate(text: str) -> bool:
    """Return whether *text* can be on a number plate: 2 digits and a letter, or 5 digits.

    Source: https://en.wikipedia.org/wiki/Vehicle_registration_plates_by_country
    """
    signs = [one for one in text if one.isalnum()]
    found = count_digits(text)
    return (
        len(signs) >= _SHORTEST_PLATE
        and (2 <= found < len(signs) or found >= _SHORTEST_NUMBER)
        and not _MEASURE.fullmatch(text)
    )


def count_digits(text: str) -> int:
    """Return how many digits *text* has, of any script."""
    return sum(one.isdigit() for one in text)


def ipv4(text: str) -> bool:
    """Return whether *text* is an address of a machine: no mask, loopback, "any" or everybody's.

    Source: https://www.iana.org/assignments/iana-ipv4-special-registry
    """
    address = re.sub(r"[\[\]()]", "", text)
    return not address.startswith(_NO_MACHINE) and address not in _NOBODYS_ADDRESSES


def ipv6(text: str) -> bool:
    """Return whether *text* is an IPv6 address that tells something, and no `a::b` of code.

    Source: https://www.rfc-editor.org/rfc/rfc4291 section 2.2
    """
    try:
        address = ipaddress.IPv6Address(text.partition("%")[0])
    except ValueError:
        return False
    if text.lower() in _NOBODYS_ADDRESSES:
        return False
    groups = [group for group in text.split(":") if group]
    if len(groups) > 2:
        return int(address) > 1
    long = any(len(group) > 2 for group in groups)
    return int(address) > 1 and long and any(one.isdigit() for one in text)


def mac(text: str) -> bool:
    """Return whether *text* is a hardware address: neither nobody's nor a plain number.

    Source: https://standards.ieee.org/products-programs/regauth/
    """
    found = re.sub(r"[^0-9A-Fa-f]", "", text)
    if len(set(found.lower())) == 1:
        return False
    return ":" in text or bool(_HAS_HEX_LETTER.search(found))


def email(text: str) -> bool:
    """Return whether *text* is a person's address: no picture's name, service's login or prose."""
    written = text.lower()
    if _PICTURE.search(written) or written.startswith(_SERVICE_LOGINS):
        return False
    if "@" in written:
        return True
    words = written.split()
    return (
        listed("prose.txt").isdisjoint(words[:-1])
        and " dot dot" not in written
        and not (words and _FILE.search(words[0]))
    )


def identifier(text: str) -> bool:
    """Return whether *text* has at least 4 digits, as issued numbers have, and is no date."""
    return (
        count_digits(text) >= 4 and not _DATE.fullmatch(text) and not _YEAR_OR_MONTH.fullmatch(text)
    )


def paper(text: str) -> bool:
    """Return whether *text* is the number of a passport: also one of capitals and few digits.

    Source: https://www.consilium.europa.eu/prado/en/search-by-document-country.html
    """
    if _GERMAN_PAPER.fullmatch(text):
        return True
    return identifier(text) or (
        len(text) >= _SHORTEST_PAPER
        and text.isalnum()
        and text.isupper()
        and count_digits(text) >= 2
    )


def issued(text: str) -> bool:
    """Return whether *text* has 4 digits, or is one word of 5 capitals and digits with 2 digits."""
    if identifier(text):
        return True
    return len(text) >= 5 and text.isupper() and " " not in text and count_digits(text) >= 2


def url(text: str) -> bool:
    """Return whether *text* leads to somebody's page: no form, list or style, no company's."""
    if _NOBODYS_PAGE.fullmatch(text):
        return False
    if _PLAIN_QUERY.fullmatch(text) is None or _SOMEBODYS_SITE.search(text) is not None:
        return True
    path = text.partition("?")[0].casefold().split("/")
    return not listed("pages.txt").isdisjoint(path)
