"""National numbers of persons, told by their form and their check digit."""

import re
from typing import Final

from sealift.sealing.redact.checks.checksums import digits, luhn, weighted

_SINGAPORE: Final = {
    "S": (0, "JZIHGFEDCBA"),
    "T": (4, "JZIHGFEDCBA"),
    "F": (0, "XWUTRQPNMLK"),
    "G": (4, "XWUTRQPNMLK"),
    "M": (3, "XWUTRQPNJLK"),
}


def dated_id(text: str) -> bool:
    """Return whether *text* is a national number that begins with a birth date and has a check.

    Swedish, Finnish, Czech and Slovak, Belgian; of Korean ones only the date is certain, as those
    issued since 2020 have no check digit.

    Source: https://www.skatteverket.se, https://dvv.fi/en/personal-identity-code,
        https://www.mvcr.cz, https://www.ibz.rrn.fgov.be, https://www.mois.go.kr
    """
    found = digits(text)
    number = "".join(map(str, found))
    if text.count(".") == 3:
        return len(number) == 11 and any(
            97 - int(century + number[:9]) % 97 == int(number[9:]) for century in ("", "2")
        )
    if "/" in text:
        return (
            len(number) in (9, 10)
            and _dated(int(number[2:4]) % 50 % 20, int(number[4:6]))
            and (len(number) == 9 or int(number) % 11 == 0)
        )
    if len(number) == 13 and len(text) == 14:
        return _dated(int(number[2:4]), int(number[4:6]))
    if len(number) in (10, 12) and luhn(number[-10:]):
        return _dated(int(number[-8:-6]), int(number[-6:-4]) % 60)
    return _finnish(text)


def _finnish(text: str) -> bool:
    found = digits(text)
    if len(text) != 11 or len(digits(text[:6])) != 6 or len(digits(text[7:10])) != 3:
        return False
    number = int("".join(map(str, found[:9])))
    return _dated(found[2] * 10 + found[3], found[0] * 10 + found[1]) and (
        text[10] == "0123456789ABCDEFHJKLMNPRSTUVWXY"[number % 31]
    )


def _dated(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= 31


def national_id(text: str) -> bool:
    """Return whether *text* is a national number with its check digit, told by its form.

    Swiss, Chilean, Argentinian, Chinese, Taiwanese, Singaporean, Thai and Russian; South African,
    Romanian, Saudi, Egyptian, Indian, Polish, Turkish, Canadian, Australian and Irish.

    Source: https://en.wikipedia.org/wiki/National_identification_number (and those there named),
        https://en.wikipedia.org/wiki/Verhoeff_algorithm
    """
    return any(form.fullmatch(text) and check(text) for form, check in _NATIONAL)


def _swiss(text: str) -> bool:
    return weighted(digits(text), (1, 3) * 7) % 10 == 0


def _chilean(text: str) -> bool:
    body = digits(text.partition("-")[0])
    rest = (11 - weighted(body[::-1], (2, 3, 4, 5, 6, 7, 2, 3)) % 11) % 11
    return text[-1].upper() == "0123456789K"[rest]


def _argentinian(text: str) -> bool:
    found = digits(text)
    return (11 - weighted(found, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)) % 11) % 11 == found[10]


def _chinese(text: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return text[17].upper() == "10X98765432"[weighted(digits(text[:17]), weights) % 11]


def _taiwanese(text: str) -> bool:
    first = "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(text[0]) + 10
    rest = weighted(digits(text), (8, 7, 6, 5, 4, 3, 2, 1, 1))
    return (first // 10 + first % 10 * 9 + rest) % 10 == 0


def _singaporean(text: str) -> bool:
    base, table = _SINGAPORE[text[0]]
    return text[-1] == table[(base + weighted(digits(text), (2, 7, 6, 5, 4, 3, 2))) % 11]


def _thai(text: str) -> bool:
    found = digits(text)
    return (11 - weighted(found, range(13, 1, -1)) % 11) % 10 == found[12]


def _russian(text: str) -> bool:
    found = digits(text)
    return weighted(found, range(9, 0, -1)) % 101 % 100 == found[9] * 10 + found[10]


def _south_african(text: str) -> bool:
    found = digits(text)
    return _dated(found[2] * 10 + found[3], found[4] * 10 + found[5]) and luhn(text)


def _romanian(text: str) -> bool:
    found = digits(text)
    rest = weighted(found, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    return _dated(int(text[3:5]), int(text[5:7])) and (rest if rest < 10 else 1) == found[12]


def _egyptian(text: str) -> bool:
    return _dated(int(text[3:5]), int(text[5:7]))


def _indian(text: str) -> bool:
    """Verhoeff's check: permuted digits, multiplied in the dihedral group of the pentagon."""
    rest = 0
    for place, digit in enumerate(reversed(digits(text))):
        one = _VERHOEFF[place % 8][digit]
        rest = (rest + one) % 5 if rest < 5 and one < 5 else _pentagon(rest, one)
    return rest == 0


def _pentagon(first: int, second: int) -> int:
    """Multiply in the dihedral group D5: 0 to 4 are turns, 5 to 9 are reflections."""
    if first < 5:
        return 5 + (first + second) % 5
    return 5 + (first - second) % 5 if second < 5 else (first - second) % 5


def _polish(text: str) -> bool:
    found = digits(text)
    dated = _dated((found[2] * 10 + found[3]) % 20, found[4] * 10 + found[5])
    return dated and weighted(found, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def _turkish(text: str) -> bool:
    found = digits(text)
    odd, even = sum(found[0:9:2]), sum(found[1:8:2])
    return found[9] == (7 * odd - even) % 10 and found[10] == sum(found[:10]) % 10


def _australian(text: str) -> bool:
    return weighted(digits(text), (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def _irish(text: str) -> bool:
    second = ord(text[8].upper()) - 64 if len(text) > 8 else 0
    rest = weighted(digits(text), range(8, 1, -1)) + 9 * (0 if second == 23 else second)
    return text[7].upper() == "WABCDEFGHIJKLMNOPQRSTUV"[rest % 23]


_VERHOEFF: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)
_NATIONAL: Final = tuple(
    (re.compile(form, re.ASCII), check)
    for form, check in (
        (r"756\.\d{4}\.\d{4}\.\d{2}", _swiss),
        (r"\d{1,2}\.\d{3}\.\d{3}-[0-9Kk]", _chilean),
        (r"\d{2}-\d{8}-\d", _argentinian),
        (r"\d{17}[\dXx]", _chinese),
        (r"[A-Z]\d{9}", _taiwanese),
        (r"[STFGM]\d{7}[A-Z]", _singaporean),
        (r"\d-\d{4}-\d{5}-\d{2}-\d", _thai),
        (r"\d{3}-\d{3}-\d{3} \d{2}", _russian),
        (r"\d{6} ?\d{4} ?[012]\d ?\d", _south_african),
        (r"[1-9]\d{12}", _romanian),
        (r"[12]\d{9}", luhn),
        (r"[23]\d{13}", _egyptian),
        (r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", _indian),
        (r"\d{11}", _polish),
        (r"[1-9]\d{10}", _turkish),
        (r"[1-79]\d{2}[ -]?\d{3}[ -]?\d{3}", luhn),
        (r"[1-9]\d{2}[ -]?\d{3}[ -]?\d{3}", _australian),
        (r"\d{7}[A-Wa-w][A-IWa-iw]?", _irish),
    )
)
