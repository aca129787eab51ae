"""Published check digits, pure and quick."""

import re
from collections.abc import Sequence
from typing import Final

_DIGIT: Final = re.compile(r"\d")
_NOT_ALNUM: Final = re.compile(r"[^0-9A-Za-z]+")
_VIN: Final = re.compile("[A-HJ-NPR-Z0-9]{17}")
_LUHN_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)

_CARD_RANGES: Final = (
    # first digits from, to, lengths
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14, 16, 17, 18, 19)),
    ("3095", "3095", (14, 16, 17, 18, 19)),
    ("36", "36", (14, 15, 16, 17, 18, 19)),
    ("38", "39", (14, 16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),
    ("4", "4", (13, 16, 19)),
    ("50", "50", (16, 17, 18, 19)),
    ("51", "55", (16,)),
    ("56", "58", (16, 17, 18, 19)),
    ("60", "69", (16, 17, 18, 19)),
    ("2014", "2014", (15,)),
    ("2149", "2149", (15,)),
    ("2200", "2205", (16, 17, 18, 19)),
    ("2221", "2720", (16,)),
    ("81", "82", (16, 17, 18, 19)),
    ("9792", "9792", (16,)),
)
"""Issuer ranges of ISO/IEC 7812 as the card networks publish them."""

_IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG DZ",
        25: "LY PT ST AO CV MZ",
        26: "IR IS TR",
        27: "BI DJ FR GR IT MC MG MR SM CF CG CM GA GQ TD KM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV BF BJ CI MA ML NE SN TG HN GW YE",
        29: "BR EG PS QA UA",
        30: "JO KW MU",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""Of the SWIFT registry, and the countries that use the form without being registered."""


_SINGAPORE: Final = {
    "S": (0, "JZIHGFEDCBA"),
    "T": (4, "JZIHGFEDCBA"),
    "F": (0, "XWUTRQPNMLK"),
    "G": (4, "XWUTRQPNMLK"),
    "M": (3, "XWUTRQPNJLK"),
}


def digits(text: str) -> list[int]:
    """Return the decimal digits of *text*, whatever stands between them."""
    return [int(digit) for digit in _DIGIT.findall(text)]


def luhn(text: str) -> bool:
    """Return whether the digits of *text* end in their Luhn check digit.

    Source: https://www.iso.org/standard/70484.html (ISO/IEC 7812-1, annex B)
    """
    found = digits(text)
    total = sum(found[-1::-2]) + sum(_LUHN_DOUBLED[digit] for digit in found[-2::-2])
    return len(found) > 1 and any(found) and total % 10 == 0


def bank_card(text: str) -> bool:
    """Return whether *text* is a payment card number: issuer range, length and check digit.

    Source: https://www.iso.org/standard/70484.html
    """
    number = _NOT_ALNUM.sub("", text)
    if not 13 <= len(number) <= 19 or not number.isdigit() or len(set(number)) < 2:
        return False
    return luhn(number) and any(
        first <= number[: len(first)] <= last and len(number) in lengths
        for first, last, lengths in _CARD_RANGES
    )


def iban(text: str) -> bool:
    """Return whether *text* is an IBAN: its country's length, and 1 modulo 97.

    Source: https://www.swift.com/standards/data-standards/iban-international-bank-account-number
    """
    compact = _NOT_ALNUM.sub("", text).upper()
    if _IBAN_LENGTHS.get(compact[:2]) != len(compact) or not compact.isascii():
        return False
    return int("".join(str(int(one, 36)) for one in compact[4:] + compact[:4])) % 97 == 1


def weighted(found: Sequence[int], weights: Sequence[int]) -> int:
    """Return the sum of *found*, each times its weight."""
    return sum(digit * weight for digit, weight in zip(found, weights, strict=False))


def nhs_number(text: str) -> bool:
    """Return whether *text* is a number of the British health service.

    Source: https://www.datadictionary.nhs.uk/attributes/nhs_number.html
    """
    found = digits(text)
    if len(found) != 10:
        return False
    return (11 - weighted(found, range(10, 1, -1)) % 11) % 11 == found[9]


def cpf(text: str) -> bool:
    """Return whether *text* is a Brazilian taxpayer number.

    Source: https://www.gov.br/receitafederal/pt-br/assuntos/meu-cpf
    """
    found = digits(text)
    if len(found) != 11 or len(set(found)) == 1:
        return False
    first = weighted(found, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(found, range(11, 1, -1)) * 10 % 11 % 10
    return found[9:] == [first, second]


def dni(text: str) -> bool:
    """Return whether *text* is a Spanish DNI or NIE: its letter is the number modulo 23.

    Source: https://www.interior.gob.es/opencms/es/servicios-al-ciudadano/tramites-y-gestiones/dni/
    """
    compact = _NOT_ALNUM.sub("", text).upper()
    number = compact[:-1].translate(str.maketrans("XYZ", "012"))
    return number.isdigit() and compact[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def nir(text: str) -> bool:
    """Return whether *text* is a French social security number: key 97 minus the rest.

    Source: https://www.insee.fr/fr/metadonnees/definition/c1409
    """
    compact = _NOT_ALNUM.sub("", text).upper().replace("2A", "19").replace("2B", "18")
    if len(compact) != 15 or not compact.isdigit():
        return False
    return int(compact[13:]) == 97 - int(compact[:13]) % 97


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


def vin(text: str) -> bool:
    """Return whether *text* is a vehicle identification number with its check digit.

    Source: https://www.ecfr.gov/current/title-49/section-565.15
    """
    number = text.upper()
    values = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    if not _VIN.fullmatch(number):
        return False
    found = [int(values.get(one, one)) for one in number]
    rest = weighted(found, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)) % 11
    return number[8] == "0123456789X"[rest]
