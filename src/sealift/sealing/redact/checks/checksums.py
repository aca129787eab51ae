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

_SHORTEST_CARD: Final = 13
_LONGEST_CARD: Final = 19

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
    if len(text) < _SHORTEST_CARD:
        return False
    number = _NOT_ALNUM.sub("", text)
    if not _SHORTEST_CARD <= len(number) <= _LONGEST_CARD:
        return False
    if not number.isdigit() or len(set(number)) < 2:
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
